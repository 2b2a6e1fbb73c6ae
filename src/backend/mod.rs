//! Platforms that run deploys. One folder each; nothing outside this layer knows which one it talks to.

pub mod demo;
pub mod kubeconfig;
pub mod kubernetes;

use std::sync::Arc;

use futures::{
    FutureExt,
    future::{self, BoxFuture},
    stream::BoxStream,
};

use crate::{
    config::source::SourceConfig,
    domain::{
        clean::Name,
        failure::{Failure, FailureKind},
        guard::Beat,
        plan::{Plan, Receipt},
        update::{Scope, Update},
    },
};
use kubernetes::{Announce, Clock};

/// A platform that runs deploys.
pub trait Backend: Send + Sync {
    /// What happens in `scope`, for ever: the stream reconnects by itself and says so in `Update::Health`.
    fn watch(&self, scope: Scope) -> BoxStream<'static, Update>;

    /// Sends one plan exactly as shown, once; the answer is an acknowledgement, not completion.
    /// Never retries: what may have reached the other side fails as `FailureKind::Unconfirmed`.
    fn apply(&self, plan: Plan) -> BoxFuture<'static, Result<Receipt, Failure>>;

    /// Asks the platform whether it would take the plan, changing nothing (a server-side dry run).
    fn rehearse(&self, plan: Plan) -> BoxFuture<'static, Result<(), Failure>>;

    /// Whether a folder is there at all; none where that cannot be known, for want of permission or contact.
    fn has_folder(&self, _folder: Name) -> BoxFuture<'static, Option<bool>> {
        future::ready(None).boxed()
    }

    /// Leaves a guard's heartbeat on the object, if it may follow the one that is there (`Beat::may_follow`).
    /// One that may not fails as `FailureKind::Conflict`. Without a place for heartbeats there is no guard.
    fn beat(&self, beat: Beat) -> BoxFuture<'static, Result<(), Failure>> {
        let why = format!("`{}` has no place for a guard's heartbeat", beat.release.target.source);
        future::ready(Err(Failure::new(FailureKind::Refused, why))).boxed()
    }
}

/// The backend for a configuration; none for kinds that run no deploys.
///
/// # Errors
/// When what was configured cannot be used: a kubeconfig, a credential plugin.
pub async fn connect(
    name: &Name,
    config: &SourceConfig,
    clock: Clock,
    announce: Announce,
) -> Result<Option<Arc<dyn Backend>>, Failure> {
    match config {
        SourceConfig::Kubernetes(config) => {
            kubernetes::connect(name.clone(), config.clone(), clock, announce).await.map(Some)
        }
        SourceConfig::Prometheus(_) => Ok(None),
    }
}
