//! Kubernetes clusters: how they are reached, listened to and told what to do.
//!
//! What the objects mean is the business of [`argo_rollouts`]; nothing else in here knows a Rollout's rules.

mod access;
mod apply;
pub mod argo_rollouts;
mod board;
mod cluster;
mod connect;
mod credentials;
mod examine;
mod failure;
mod heartbeat;
mod listen;
mod opened;
mod shelf;

pub use examine::{Examined, Right, examine};

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use futures::{
    future::{BoxFuture, FutureExt},
    stream::{BoxStream, StreamExt},
};

use super::Backend;
use crate::{
    config::source::KubernetesConfig,
    domain::{
        clean::Name,
        failure::{Failure, FailureKind},
        guard::Beat,
        plan::{Plan, Receipt},
        update::{Scope, Update},
    },
};
use cluster::{Ask, Cluster};
use shelf::Memory;

/// Tells the time; only the runtime reads a clock.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;
/// Takes one line for the person who waits, before any screen is drawn: "asking `aws` for credentials".
pub type Announce = Arc<dyn Fn(&str) + Send + Sync>;

/// Makes the cluster reachable under the name of its source. Reads the kubeconfig and runs its credential
/// plugin, which may ask something on the terminal: call it before the terminal is taken over. The API server
/// itself is first asked by a watch, so that a dead one is a `Health` and no error.
///
/// # Errors
/// A kubeconfig that cannot be read or lacks what is asked for, or a plugin that fails or takes too long.
pub fn connect(
    name: Name,
    config: KubernetesConfig,
    clock: Clock,
    announce: Announce,
) -> BoxFuture<'static, Result<Arc<dyn Backend>, Failure>> {
    async move {
        let cluster = connect::cluster(name, &config, clock, &announce).await?;
        Ok(Arc::new(Kubernetes::new(cluster)) as Arc<dyn Backend>)
    }
    .boxed()
}

/// One cluster.
struct Kubernetes {
    cluster: Arc<Cluster>,
    /// Shared by all watches, so that opening a release keeps what the board saw of it.
    memory: Memory,
}

impl Kubernetes {
    fn new(cluster: Cluster) -> Self {
        Self { cluster: Arc::new(cluster), memory: Arc::new(Mutex::default()) }
    }
}

impl Backend for Kubernetes {
    fn watch(&self, scope: Scope) -> BoxStream<'static, Update> {
        let (cluster, memory) = (Arc::clone(&self.cluster), Arc::clone(&self.memory));
        match scope {
            Scope::Board(folders) => board::watch(cluster, memory, &folders).boxed(),
            Scope::Release(target) => opened::watch(cluster, memory, target).boxed(),
        }
    }

    fn apply(&self, plan: Plan) -> BoxFuture<'static, Result<Receipt, Failure>> {
        apply::apply(Arc::clone(&self.cluster), plan).boxed()
    }

    fn rehearse(&self, plan: Plan) -> BoxFuture<'static, Result<(), Failure>> {
        apply::rehearse(Arc::clone(&self.cluster), plan).boxed()
    }

    fn has_folder(&self, folder: Name) -> BoxFuture<'static, Option<bool>> {
        let cluster = Arc::clone(&self.cluster);
        async move {
            let path = format!("/api/v1/namespaces/{}", folder.raw());
            match cluster.read::<serde::de::IgnoredAny>(Ask::get(path)).await {
                Ok(_) => Some(true),
                Err(stopped) => (Failure::from(stopped).kind == FailureKind::NotFound).then_some(false),
            }
        }
        .boxed()
    }

    fn beat(&self, beat: Beat) -> BoxFuture<'static, Result<(), Failure>> {
        heartbeat::beat(Arc::clone(&self.cluster), beat).boxed()
    }
}
