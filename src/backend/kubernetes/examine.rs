//! What a cluster is and what it lets us do, asked right by right. For a person who wants to know why something
//! is grey; the running program asks only for what it needs when it needs it.

use std::sync::Arc;

use futures::future::join_all;
use serde::Deserialize;
use serde_json::json;

use super::{
    Announce, Clock, access,
    cluster::{Ask, Cluster},
    connect,
};
use crate::{
    config::source::KubernetesConfig,
    domain::{
        clean::{Clean, Name},
        failure::Failure,
        goal::Permission,
    },
};

/// A cluster that answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Examined {
    pub server: Clean,
    pub version: Clean,
    /// As whom it knows us.
    pub user: Clean,
    pub rights: Vec<Right>,
}

/// One thing we may do there, or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Right {
    /// Behind "may": `list and watch pods`.
    pub what: Clean,
    /// All namespaces if none.
    pub namespace: Option<Name>,
    pub permission: Permission,
    /// Nothing works without it.
    pub vital: bool,
    /// What is missing without it.
    pub removes: &'static str,
}

struct Wanted {
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    verbs: &'static [&'static str],
    removes: &'static str,
}

const LOOK: &[&str] = &["list", "watch"];
const CHANGE: &[&str] = &["patch"];

#[rustfmt::skip]
const WANTED: &[Wanted] = &[
    Wanted { group: "argoproj.io", resource: "rollouts", subresource: "", verbs: LOOK, removes: "without it there is nothing to see" },
    Wanted { group: "apps", resource: "replicasets", subresource: "", verbs: LOOK, removes: "without it the revisions are not seen, nor where a way back leads" },
    Wanted { group: "", resource: "pods", subresource: "", verbs: LOOK, removes: "without it no pod is seen, nor why one is not ready" },
    Wanted { group: "", resource: "events", subresource: "", verbs: LOOK, removes: "without it the timeline begins when flightdeck does" },
    Wanted { group: "argoproj.io", resource: "analysisruns", subresource: "", verbs: LOOK, removes: "without it the controller's own analysis is not seen" },
    Wanted { group: "argoproj.io", resource: "analysistemplates", subresource: "", verbs: LOOK, removes: "without it the controller's own analysis is not seen before it runs" },
    Wanted { group: "", resource: "configmaps", subresource: "", verbs: LOOK, removes: "without it panels that travel with a release are not seen" },
    Wanted { group: "argoproj.io", resource: "rollouts", subresource: "", verbs: CHANGE, removes: "without it nothing can be held, nothing that is finished rolled back, and no guard can show that it lives" },
    Wanted { group: "argoproj.io", resource: "rollouts", subresource: "status", verbs: CHANGE, removes: "without it nothing can be promoted, aborted or retried" },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

#[derive(Deserialize)]
struct Review {
    status: Allowed,
}

#[derive(Deserialize)]
struct Allowed {
    #[serde(default)]
    allowed: bool,
}

/// Asks the cluster for its version, for who we are, and for every right that is used anywhere.
///
/// # Errors
/// When it cannot be reached or does not accept who we are.
pub async fn examine(
    name: Name,
    config: KubernetesConfig,
    clock: Clock,
    announce: Announce,
    namespaces: Vec<Name>,
) -> Result<Examined, Failure> {
    let cluster = Arc::new(connect::cluster(name, &config, clock, &announce).await?);
    let version: Version = cluster.read(Ask::get("/version".to_owned())).await?;
    let user = access::identity(Arc::clone(&cluster)).await?.user;
    let places: Vec<Option<Name>> =
        if namespaces.is_empty() { vec![None] } else { namespaces.into_iter().map(Some).collect() };
    let wanted = places.iter().flat_map(|place| WANTED.iter().map(move |wanted| (place.clone(), wanted)));
    let rights = join_all(wanted.map(|(place, wanted)| right(&cluster, place, wanted))).await;
    Ok(Examined { server: Clean::new(&cluster.server), version: version.git_version.into(), user, rights })
}

async fn right(cluster: &Cluster, namespace: Option<Name>, wanted: &'static Wanted) -> Right {
    let resource = match wanted.subresource {
        "" => wanted.resource.to_owned(),
        sub => format!("{}/{sub}", wanted.resource),
    };
    let mut permission = Permission::Yes;
    for verb in wanted.verbs {
        let attributes = json!({
            "namespace": namespace.as_ref().map_or("", Name::raw), "verb": verb, "group": wanted.group,
            "resource": wanted.resource, "subresource": wanted.subresource,
        });
        let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                          "spec": {"resourceAttributes": attributes}});
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        match cluster.read::<Review>(Ask::post(path, &body)).await {
            Ok(review) if review.status.allowed => {}
            Ok(_) => {
                permission = Permission::No(format!("{verb} {resource}").into());
                break;
            }
            Err(_) => permission = Permission::Checking,
        }
    }
    Right {
        what: format!("{} {resource}", wanted.verbs.join(" and ")).into(),
        namespace,
        permission,
        vital: wanted.resource == "rollouts" && wanted.verbs == LOOK,
        removes: wanted.removes,
    }
}
