//! Understands the writes that plans consist of, as the API server would: tests first, all or nothing.

use serde_json::Value;

use super::manifest;
use crate::{
    backend::kubernetes::argo_rollouts::objects::digest,
    domain::{
        failure::{Failure, FailureKind},
        plan::{Plan, Request, Template},
    },
    sim::{Edit, Rollout, World},
};

/// What a plan's requests would write, one list of edits per request.
///
/// # Errors
/// As the API server fails: a test that does not hold is a conflict, an unknown path or body is refused.
pub(super) fn edits(world: &World, plan: &Plan) -> Result<Vec<Vec<Edit>>, Failure> {
    let [namespace, name] = plan.release.target.path.as_slice() else { return Err(not_found(plan)) };
    let rollout = world.rollout(namespace.raw(), name.raw()).ok_or_else(|| not_found(plan))?;
    plan.requests.iter().map(|request| of_request(rollout, request)).collect()
}

fn not_found(plan: &Plan) -> Failure {
    Failure::new(FailureKind::NotFound, format!("there is no rollout `{}`", plan.release.target.within_source()))
}

fn refused(why: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Refused, why.into())
}

fn of_request(rollout: &Rollout, request: &Request) -> Result<Vec<Edit>, Failure> {
    let Request::Http { method, path, body, template, .. } = request else {
        return Err(refused("a simulated cluster takes only HTTP"));
    };
    let place = format!("/apis/argoproj.io/v1alpha1/namespaces/{}/rollouts/{}", rollout.namespace, rollout.name);
    let path = path.split_once('?').map_or(path.as_str(), |(path, _)| path);
    let root = match path.strip_prefix(&place) {
        Some("") => "/spec",
        Some("/status") => "/status",
        Some(_) | None => return Err(refused(format!("nothing answers at `{path}`"))),
    };
    let operations = body.as_array().filter(|_| method.as_str() == "PATCH");
    let operations = operations.ok_or_else(|| refused("only JSON patches are understood"))?;
    let manifest = manifest::rollout(rollout);
    let mut edits = Vec::new();
    for operation in operations {
        let text = |key: &str| operation.get(key).and_then(Value::as_str).unwrap_or_default();
        let (path, value) = (text("path"), operation.get("value").unwrap_or(&Value::Null));
        match text("op") {
            "test" if holds(&manifest, path, value) => {}
            "test" => {
                let is = manifest.pointer(path).map_or_else(|| "absent".to_owned(), ToString::to_string);
                return Err(Failure::new(FailureKind::Conflict, "it has changed since it was shown; nothing was done")
                    .detail(format!("`{path}` is {is}"))
                    .hint("look again and decide anew"));
            }
            "remove" if manifest.pointer(path).is_none() => {
                return Err(Failure::new(FailureKind::Conflict, "it has changed since it was shown; nothing was done")
                    .detail(format!("`{path}` is absent"))
                    .hint("look again and decide anew"));
            }
            // A write to the other half of the object is dropped by a real server without a word.
            _ if !path.starts_with(root) => return Err(refused(format!("`{path}` cannot be written here"))),
            op => edits.push(edit(rollout, op, path, value, template.as_ref())?),
        }
    }
    Ok(edits)
}

/// A test of `null` means that it must be absent.
fn holds(manifest: &Value, path: &str, value: &Value) -> bool {
    manifest.pointer(path).unwrap_or(&Value::Null) == value
}

fn edit(rollout: &Rollout, op: &str, path: &str, value: &Value, template: Option<&Template>) -> Result<Edit, Failure> {
    let unknown = || refused(format!("a simulated rollout has no `{op}` of `{path}` to `{value}`"));
    if op == "remove" {
        return if path == "/status/pauseConditions" { Ok(Edit::ClearPause) } else { Err(unknown()) };
    }
    let flag = || value.as_bool().ok_or_else(unknown);
    match path {
        "/spec/paused" => Ok(Edit::Paused(flag()?)),
        "/status/abort" => Ok(Edit::Abort(flag()?)),
        "/status/promoteFull" => Ok(Edit::PromoteFull(flag()?)),
        "/status/controllerPause" => Ok(Edit::ControllerPause(flag()?)),
        "/status/currentStepIndex" => {
            let step = value.as_u64().and_then(|step| usize::try_from(step).ok());
            Ok(Edit::Step(step.ok_or_else(unknown)?.min(rollout.spec.steps.len())))
        }
        "/spec/template" => restored(rollout, template.ok_or_else(unknown)?),
        _ => Err(unknown()),
    }
}

/// The revision whose template goes back, if it still is the template that was shown.
fn restored(rollout: &Rollout, template: &Template) -> Result<Edit, Failure> {
    let set = rollout.sets.iter().find(|set| rollout.set_name(&set.hash) == template.revision.raw());
    let set = set.ok_or_else(|| {
        Failure::new(FailureKind::NotFound, format!("there is no replica set `{}`", template.revision))
    })?;
    if digest(&manifest::template(rollout, set)) != template.digest {
        return Err(Failure::new(FailureKind::Conflict, "the template is not the one that was shown"));
    }
    Ok(Edit::Template(set.hash.clone()))
}
