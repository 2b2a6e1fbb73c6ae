//! Leaves a guard's heartbeat on its Rollout: only over what was just read there, so that it never hides that the
//! guard was stood down, or that another one holds the release.

use std::sync::Arc;

use http::Method;
use serde::Deserialize;

use super::{
    apply,
    argo_rollouts::{heartbeat, objects::Meta, rollout_path},
    cluster::{Ask, Cluster},
};
use crate::domain::{
    clean::Name,
    failure::{Failure, FailureKind},
    guard::Beat,
};

#[derive(Deserialize)]
struct Object {
    metadata: Meta,
}

pub(super) async fn beat(cluster: Arc<Cluster>, beat: Beat) -> Result<(), Failure> {
    let [namespace, name] = beat.release.target.path.as_slice() else {
        return Err(Failure::new(FailureKind::NotFound, "a rollout's address is namespace and name"));
    };
    let object: Object = cluster.read(Ask::get(rollout_path(namespace.raw(), name.raw()))).await?;
    let found = object.metadata;
    if Name::from(found.uid.as_str()) != beat.release.uid {
        return Err(Failure::new(FailureKind::Conflict, "it was deleted and created anew"));
    }
    // What is no heartbeat is nobody's.
    let there = heartbeat::read(&found).ok().flatten();
    beat.may_follow(there.as_ref()).map_err(|why| Failure::new(FailureKind::Conflict, why))?;
    let (path, body) = heartbeat::patch(&found, &beat.heartbeat)
        .map_err(|error| Failure::new(FailureKind::Local, "a heartbeat cannot be written").detail(error.to_string()))?;
    let ask = Ask {
        method: Method::PATCH,
        path,
        content_type: Some("application/json-patch+json"),
        body: body.to_string().into_bytes(),
    };
    apply::once(&cluster, ask).await
}
