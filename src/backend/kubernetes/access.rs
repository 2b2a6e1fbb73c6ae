//! Who we are on a cluster and what we may change there.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::cluster::{Ask, Cluster};
use crate::domain::{clean::Clean, failure::Failure, goal::Permission, update::Identity};

#[derive(Deserialize)]
struct Review<T> {
    status: T,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SelfReview {
    user_info: UserInfo,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserInfo {
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AccessReview {
    allowed: bool,
    reason: String,
}

/// Who the cluster says we are.
pub(super) async fn identity(cluster: Arc<Cluster>) -> Result<Identity, Failure> {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let review: Review<SelfReview> =
        cluster.read(Ask::post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &body)).await?;
    let user = Clean::new(review.status.user_info.username);
    Ok(Identity { user: cluster.user.get_or_init(|| user).clone() })
}

/// Whether we may patch Rollouts in a namespace, or their status. Unknown stays `Checking`.
pub(super) async fn may_patch(cluster: Arc<Cluster>, namespace: String, status: bool) -> Permission {
    let mut attributes =
        json!({"namespace": namespace, "verb": "patch", "group": "argoproj.io", "resource": "rollouts"});
    if status && let Some(attributes) = attributes.as_object_mut() {
        attributes.insert("subresource".into(), "status".into());
    }
    let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                      "spec": {"resourceAttributes": attributes}});
    let asked = cluster.read(Ask::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &body)).await;
    match asked {
        Ok(Review { status: AccessReview { allowed: true, .. } }) => Permission::Yes,
        Ok(Review { status: AccessReview { allowed: false, reason } }) => {
            let user = cluster.user.get().map_or_else(|| "this user".to_owned(), |user| format!("`{user}`"));
            let what = if status { "rollouts/status" } else { "rollouts" };
            let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            Permission::No(format!("{user} may not patch {what} in `{namespace}`{because}").into())
        }
        Err(stopped) => {
            let why = Failure::from(stopped);
            tracing::warn!(namespace, "permission cannot be checked: {why}");
            Permission::Checking
        }
    }
}
