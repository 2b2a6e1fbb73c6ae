//! Sends a plan: once, as shown, with nothing tried again.

use std::{sync::Arc, time::Duration};

use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    argo_rollouts::objects::{digest, restorable},
    cluster::{Ask, Cluster},
    failure,
};
use crate::domain::{
    clean::{Clean, Name},
    failure::{Failure, FailureKind},
    plan::{Plan, Receipt, Request, Template},
};

/// Longest wait for a reply; after it nobody knows.
const REPLY: Duration = Duration::from_secs(15);

pub(super) async fn apply(cluster: Arc<Cluster>, plan: Plan) -> Result<Receipt, Failure> {
    let mut replies = Vec::new();
    for request in &plan.requests {
        let reply = one(&cluster, &plan, request, false).await;
        replies.push(reply.map_err(|failure| after(&replies, failure))?);
    }
    Ok(Receipt { at: Some(cluster.wall()), replies })
}

/// Sends one request that belongs to no plan; nothing of it is tried again either.
pub(super) async fn once(cluster: &Cluster, ask: Ask) -> Result<(), Failure> {
    send(cluster, ask, false, REPLY).await.map(|_said| ())
}

/// The same on the server, changing nothing.
pub(super) async fn rehearse(cluster: Arc<Cluster>, plan: Plan) -> Result<(), Failure> {
    for request in &plan.requests {
        one(&cluster, &plan, request, true).await?;
    }
    Ok(())
}

/// A later request failed where earlier ones were done: that has to be said.
fn after(done: &[Clean], failure: Failure) -> Failure {
    if done.is_empty() {
        return failure;
    }
    let summary = format!("{} of its requests were done, then: {}", done.len(), failure.summary);
    Failure { kind: FailureKind::Unconfirmed, summary: summary.into(), ..failure }
}

async fn one(cluster: &Cluster, plan: &Plan, request: &Request, dry: bool) -> Result<Clean, Failure> {
    let Request::Http { method, path, content_type, body, template } = request else {
        return Err(Failure::new(FailureKind::Local, "a cluster takes only HTTP requests"));
    };
    let mut body = body.clone();
    if let Some(template) = template {
        fill_in(cluster, plan, template, &mut body).await?;
    }
    let local = |what: &str| Failure::new(FailureKind::Local, format!("the plan has {what} that cannot be sent"));
    let method = Method::from_bytes(method.as_bytes()).map_err(|_unknown| local("a method"))?;
    let content_type = match content_type.as_str() {
        "application/json-patch+json" => "application/json-patch+json",
        _ => return Err(local("a content type")),
    };
    let path = match (dry, path.contains('?')) {
        (false, _) => path.clone(),
        (true, true) => format!("{path}&dryRun=All"),
        (true, false) => format!("{path}?dryRun=All"),
    };
    let ask = Ask { method, path, content_type: Some(content_type), body: body.to_string().into_bytes() };
    send(cluster, ask, dry, REPLY).await
}

/// `limit` is how long its reply may take, not how long it takes to be let in.
async fn send(cluster: &Cluster, ask: Ask, dry: bool, limit: Duration) -> Result<Clean, Failure> {
    let name = &cluster.name;
    let request = cluster.authorised(ask).await.map_err(unsent)?;
    // Whether it was done is not known; of a rehearsal nothing can have been done.
    let unknown = |why: String| {
        if dry {
            Failure::new(FailureKind::Timeout, format!("`{name}` gave no answer to the rehearsal")).detail(why)
        } else {
            Failure::new(FailureKind::Unconfirmed, format!("`{name}` gave no answer: it may or may not have been done"))
                .detail(why)
                .hint("watch what it does before trying again")
        }
    };
    let answer = async {
        let response = match cluster.send(request).await {
            Ok(response) => response,
            Err(failure) if failure.kind.not_sent() || matches!(failure.kind, FailureKind::Auth) => {
                return Err(failure);
            }
            Err(failure) => return Err(unknown(failure.detail.map_or_else(String::new, |d| d.to_string()))),
        };
        let (head, body) = response.into_parts();
        let status = head.status;
        // The head alone says whether it was done.
        let body = body.collect().await.map(|b| b.to_bytes().to_vec()).unwrap_or_default();
        if status.is_success() {
            return Ok(said(status).into());
        }
        let failure = failure::of_status(cluster, status, &head.headers, &body);
        if status.is_server_error() {
            let words = failure.detail.map_or_else(|| said(status), |detail| format!("{}: {detail}", said(status)));
            return Err(unknown(words));
        }
        Err(failure)
    };
    match timeout(limit, answer).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(unknown(format!("no reply within {} s", limit.as_secs()))),
    }
}

/// What failed before anything was sent: where a second try can help, it is of a kind that allows one more key.
fn unsent(failure: Failure) -> Failure {
    let kind = match failure.kind {
        FailureKind::Timeout | FailureKind::Unconfirmed | FailureKind::Malformed => FailureKind::Unreachable,
        FailureKind::Auth => FailureKind::Local,
        kind => kind,
    };
    Failure { kind, ..failure }
}

/// "200 OK".
fn said(status: StatusCode) -> String {
    status.to_string()
}

/// Puts the template of the named ReplicaSet where it belongs, if it is still the one that was shown.
async fn fill_in(cluster: &Cluster, plan: &Plan, template: &Template, body: &mut Value) -> Result<(), Failure> {
    let namespace = plan.release.target.path.first().map(Name::raw).unwrap_or_default();
    let path = format!("/apis/apps/v1/namespaces/{namespace}/replicasets/{}", template.revision.raw());
    let mut set: Value = cluster.read(Ask::get(path)).await.map_err(|stopped| {
        let failure = unsent(stopped.into());
        Failure { summary: format!("the old template cannot be read: {}", failure.summary).into(), ..failure }
    })?;
    let found = restorable(set.pointer_mut("/spec/template").map(Value::take).unwrap_or_default());
    if digest(&found) != template.digest {
        let changed =
            format!("the template of `{}` is not the one that was shown: nothing was sent", template.revision);
        return Err(Failure::new(FailureKind::Conflict, changed).hint("look again"));
    }
    let place = body.pointer_mut(&template.at);
    let place = place.ok_or_else(|| Failure::new(FailureKind::Local, "the plan has no place for the template"))?;
    *place = found;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono::DateTime;

    use super::*;
    use crate::{backend::kubernetes::connect, config::source::KubernetesConfig};

    /// A cluster that nobody answers for, whose plugin takes a while and fails when it is asked again.
    async fn behind_a_slow_plugin(folder: &Path) -> Cluster {
        let script = format!(
            r#"[ -e {0} ] && sleep 0.1 && echo denied by idp >&2 && exit 3; : > {0}; printf '{{"status":{{"token":"t","expirationTimestamp":"1970-01-01T00:00:00Z"}}}}'"#,
            folder.join("ran").display()
        );
        let exec = serde_json::json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
                                      "args": ["-c", script], "interactiveMode": "Never"});
        let kubeconfig = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": "http://127.0.0.1:1"}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
            "users": [{"name": "me", "user": {"exec": exec}}],
        });
        let file = folder.join("kubeconfig");
        std::fs::write(&file, kubeconfig.to_string()).unwrap();
        let config = KubernetesConfig { kubeconfig: Some(file), context: None };
        let clock: super::super::Clock = Arc::new(|| DateTime::UNIX_EPOCH);
        let announce: super::super::Announce = Arc::new(|_line| {});
        connect::cluster("lab".into(), &config, clock, &announce).await.unwrap()
    }

    #[tokio::test]
    async fn the_time_a_plugin_takes_is_not_that_of_a_reply() {
        let folder = tempfile::tempdir().unwrap();
        let cluster = behind_a_slow_plugin(folder.path()).await;
        let failure = send(&cluster, Ask::get("/version".into()), false, Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Local, "{failure:?}");
        assert!(failure.detail.unwrap().contains("denied by idp"));
    }
}
