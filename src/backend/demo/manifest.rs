//! Simulated objects as the cluster's API would print them, so that the demo runs through the same decoding and
//! the same rules as a real cluster.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use crate::{
    backend::kubernetes::argo_rollouts::{
        Observed, Permissions, Watched,
        objects::{HASH_LABEL, REVISION},
    },
    domain::goal::Permission,
    sim::{Analysis, Event, PauseReason, Pod, ReplicaSet, Rollout, Step},
};

/// A rollout with everything that belongs to it, as a watch would have seen it.
///
/// # Errors
/// When what is printed here is not what is decoded there.
pub(super) fn observed(simulated: &Rollout) -> serde_json::Result<Observed> {
    let pods = simulated.sets.iter().flat_map(|set| set.pods.iter().map(move |one| pod(simulated, set, one)));
    Ok(Observed {
        rollout: serde_json::from_value(rollout(simulated))?,
        replica_sets: decode(simulated.sets.iter().map(|set| replica_set(simulated, set)))?,
        pods: decode(pods)?,
        analysis_runs: decode(simulated.analyses.iter().map(|run| analysis(simulated, run)))?,
        events: decode(simulated.events.iter().map(|one| event(simulated, one)))?,
        config_maps: Vec::new(),
        templates: Some(decode(std::iter::once(template_of_analysis(simulated)))?),
        cluster_templates: None,
        missing: Vec::new(),
        watched: watched(simulated)?,
        permissions: Permissions { status: Permission::Yes, spec: Permission::Yes },
        context: Some("demo".to_owned()),
    })
}

fn decode<T: serde::de::DeserializeOwned>(values: impl Iterator<Item = Value>) -> serde_json::Result<Vec<T>> {
    values.map(serde_json::from_value).collect()
}

/// What somebody would have noted who watched from the beginning.
fn watched(simulated: &Rollout) -> serde_json::Result<Watched> {
    let mut watched = Watched::default();
    let mut note = |step: usize, hash: &str, stable: &str, at: i64| -> serde_json::Result<()> {
        let mut then = rollout(simulated);
        then["status"]["currentStepIndex"] = step.into();
        then["status"]["currentPodHash"] = hash.into();
        then["status"]["stableRS"] = stable.into();
        watched.observe(&serde_json::from_value(then)?, DateTime::from_timestamp(at, 0).unwrap_or_default());
        Ok(())
    };
    for set in simulated.sets.iter().filter(|set| set.served) {
        note(simulated.spec.steps.len(), &set.hash, &set.hash, set.created)?;
    }
    let stable = &simulated.status.stable;
    let Some(first) = simulated.status.times.first() else { return Ok(watched) };
    // Before the update the old revision was seen, at rest.
    note(simulated.spec.steps.len(), "before", stable, first.began)?;
    for (step, time) in simulated.status.times.iter().enumerate() {
        note(step, &simulated.status.current, stable, time.began)?;
    }
    if let Some(ended) = simulated.status.times.last().and_then(|last| last.ended) {
        note(simulated.status.times.len(), &simulated.status.current, stable, ended)?;
    }
    Ok(watched)
}

fn time(at: i64) -> String {
    DateTime::from_timestamp(at, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn meta(simulated: &Rollout, name: &str, uid: &str, created: i64) -> Value {
    json!({
        "name": name,
        "namespace": simulated.namespace,
        "uid": uid,
        "creationTimestamp": time(created),
        "labels": {},
        "annotations": {},
        "ownerReferences": [{"kind": "Rollout", "name": simulated.name, "uid": simulated.uid}],
    })
}

/// The Rollout itself. Flags that are not set are absent, as the controller leaves them.
pub(super) fn rollout(simulated: &Rollout) -> Value {
    let (spec, status) = (&simulated.spec, &simulated.status);
    let current = simulated.set(&status.current);
    let mut metadata = meta(simulated, &simulated.name, &simulated.uid, simulated.created);
    metadata["resourceVersion"] = simulated.version.to_string().into();
    metadata["generation"] = simulated.generation.into();
    metadata["annotations"] = json!({
        REVISION: current.map_or(0, |set| set.revision).to_string(),
        "flightdeck/owner": simulated.owner,
        "flightdeck/by": "ci",
    });
    if let Some(fields) = metadata.as_object_mut() {
        fields.remove("ownerReferences");
    }
    let mut canary = json!({"steps": spec.steps.iter().map(step).collect::<Vec<_>>()});
    if spec.routed {
        canary["trafficRouting"] = json!({"nginx": {"stableIngress": simulated.name}});
        canary["minPodsPerReplicaSet"] = spec.min_pods.into();
        canary["abortScaleDownDelaySeconds"] = spec.scale_down_delay.into();
    }
    let wanted = simulated.set(&spec.template);
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": metadata,
        "spec": {
            "replicas": spec.replicas,
            "paused": spec.paused,
            "progressDeadlineSeconds": spec.progress_deadline,
            "selector": {"matchLabels": {"app": simulated.name}},
            "template": wanted.map(|set| template(simulated, set)),
            "strategy": {"canary": canary},
        },
        "status": said(simulated),
    })
}

/// What the controller says of it.
fn said(simulated: &Rollout) -> Value {
    let status = &simulated.status;
    let total: u32 = simulated.sets.iter().map(ReplicaSet::count).sum();
    let ready: u32 = simulated.sets.iter().map(ReplicaSet::ready).sum();
    let updated = simulated.set(&status.current).map_or(0, ReplicaSet::count);
    let mut said = json!({
        "phase": status.phase,
        "message": status.message,
        "observedGeneration": status.observed_generation.to_string(),
        "currentStepIndex": status.step,
        "currentStepHash": "demo",
        "currentPodHash": status.current,
        "stableRS": status.stable,
        "replicas": total,
        "updatedReplicas": updated,
        "availableReplicas": ready,
        "canary": {},
    });
    if simulated.spec.routed {
        said["canary"]["weights"] = json!({
            "canary": {"weight": status.weight, "podTemplateHash": status.current},
            "stable": {"weight": 100 - status.weight.min(100), "podTemplateHash": status.stable},
        });
    }
    let here = simulated.analyses.iter().rev().find(|run| run.hash == status.current && run.step == status.step);
    if let Some(run) = here.filter(|_| !status.abort) {
        said["canary"]["currentStepAnalysisRunStatus"] = json!({"name": run.name, "status": run.phase});
    }
    if status.abort {
        said["abort"] = true.into();
    }
    if let Some(at) = status.aborted_at {
        said["abortedAt"] = time(at).into();
    }
    if status.promote_full {
        said["promoteFull"] = true.into();
    }
    if status.controller_pause {
        said["controllerPause"] = true.into();
    }
    if let Some(pause) = status.pause {
        let reason = match pause.reason {
            PauseReason::Step => "CanaryPauseStep",
            PauseReason::Inconclusive => "InconclusiveAnalysisRun",
        };
        said["pauseConditions"] = json!([{"reason": reason, "startTime": time(pause.since)}]);
    }
    said
}

fn step(step: &Step) -> Value {
    match step {
        Step::SetWeight(weight) => json!({"setWeight": weight}),
        Step::Pause(None) => json!({"pause": {}}),
        Step::Pause(Some(seconds)) if seconds % 60 == 0 => json!({"pause": {"duration": format!("{}m", seconds / 60)}}),
        Step::Pause(Some(seconds)) => json!({"pause": {"duration": format!("{seconds}s")}}),
        Step::Analysis { count, interval } => json!({"analysis": {
            "templates": [{"templateName": "error-ratio"}],
            "args": [
                {"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}},
                {"name": "count", "value": count.to_string()},
                {"name": "interval", "value": format!("{interval}s")},
            ],
        }}),
    }
}

/// What the controller measures: the errors of the newest revision, and nothing that customers came for.
fn template_of_analysis(simulated: &Rollout) -> Value {
    json!({
        "metadata": {"name": "error-ratio", "namespace": simulated.namespace},
        "spec": {"args": [{"name": "hash"}, {"name": "count"}, {"name": "interval"}], "metrics": [metric()]},
    })
}

fn metric() -> Value {
    json!({
        "name": "error-ratio",
        "count": "{{args.count}}",
        "interval": "{{args.interval}}",
        "failureLimit": 0,
        "successCondition": "result[0] < 0.02",
        "provider": {"prometheus": {
            "address": "http://prometheus.demo:9090",
            "query": "error_ratio{hash=\"{{args.hash}}\"}",
        }},
    })
}

/// A revision's pod template as a ReplicaSet holds it.
pub(super) fn template(simulated: &Rollout, set: &ReplicaSet) -> Value {
    let image = format!("{}:{}", set.image.repository, set.image.tag);
    json!({
        "metadata": {"labels": {"app": simulated.name}},
        "spec": {"containers": [{"name": simulated.name, "image": image}]},
    })
}

fn replica_set(simulated: &Rollout, set: &ReplicaSet) -> Value {
    let mut metadata = meta(simulated, &simulated.set_name(&set.hash), &set.uid, set.created);
    metadata["labels"] = json!({HASH_LABEL: set.hash});
    metadata["annotations"] = json!({REVISION: set.revision.to_string()});
    if let Some(at) = set.scale_down_at {
        metadata["annotations"]["scale-down-deadline"] = time(at).into();
    }
    let mut template = template(simulated, set);
    template["metadata"]["labels"][HASH_LABEL] = set.hash.as_str().into();
    json!({
        "metadata": metadata,
        "spec": {"replicas": set.desired, "template": template},
        "status": {"readyReplicas": set.ready(), "availableReplicas": set.ready(), "observedGeneration": 0},
    })
}

fn pod(simulated: &Rollout, set: &ReplicaSet, pod: &Pod) -> Value {
    let mut metadata = meta(simulated, &pod.name, &pod.name, pod.created);
    metadata["labels"] = json!({HASH_LABEL: set.hash});
    metadata["ownerReferences"] =
        json!([{"kind": "ReplicaSet", "name": simulated.set_name(&set.hash), "uid": set.uid}]);
    let crashed = json!({"terminated": {"exitCode": 1, "reason": "Error"}});
    let (state, last) = if pod.restarts > 0 {
        let message = format!("back-off restarting failed container {}", simulated.name);
        (json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}), crashed)
    } else if pod.ready {
        (json!({"running": {"startedAt": time(pod.created)}}), json!({}))
    } else {
        (json!({"waiting": {"reason": "ContainerCreating"}}), json!({}))
    };
    let (is_ready, since) = if pod.ready { ("True", pod.ripe.unwrap_or(pod.created)) } else { ("False", pod.created) };
    json!({
        "metadata": metadata,
        "status": {
            "phase": if pod.ready || pod.restarts > 0 { "Running" } else { "Pending" },
            "startTime": time(pod.created),
            "conditions": [{"type": "Ready", "status": is_ready, "lastTransitionTime": time(since)}],
            "containerStatuses": [{
                "name": simulated.name,
                "ready": pod.ready,
                "started": pod.ready,
                "restartCount": pod.restarts,
                "state": state,
                "lastState": last,
            }],
        },
    })
}

fn analysis(simulated: &Rollout, run: &Analysis) -> Value {
    let mut metadata = meta(simulated, &run.name, &run.uid, run.created);
    metadata["labels"] = json!({HASH_LABEL: run.hash, "step-index": run.step.to_string(), "rollout-type": "Step"});
    let measurements: Vec<Value> = run
        .measurements
        .iter()
        .map(|one| {
            json!({
                "phase": if one.successful { "Successful" } else { "Failed" },
                "value": format!("[0.{:06}]", one.errors_per_million.min(999_999)),
                "startedAt": time(one.at),
                "finishedAt": time(one.at),
            })
        })
        .collect();
    let successful = run.measurements.iter().filter(|one| one.successful).count();
    json!({
        "metadata": metadata,
        "spec": {"metrics": [{
            "name": "error-ratio",
            "count": run.count,
            "interval": format!("{}s", run.interval),
            "failureLimit": 0,
            "successCondition": "result[0] < 0.02",
        }]},
        "status": {
            "phase": run.phase,
            "startedAt": time(run.created),
            "metricResults": [{
                "name": "error-ratio",
                "phase": run.phase,
                "successful": successful,
                "failed": run.measurements.len() - successful,
                "measurements": measurements,
            }],
        },
    })
}

fn event(simulated: &Rollout, event: &Event) -> Value {
    json!({
        "metadata": {"name": format!("{}.{}", simulated.name, event.at), "namespace": simulated.namespace},
        "involvedObject": {"kind": "Rollout", "name": simulated.name, "uid": simulated.uid},
        "reason": event.reason,
        "message": event.message,
        "type": if event.warning { "Warning" } else { "Normal" },
        "lastTimestamp": time(event.at),
    })
}
