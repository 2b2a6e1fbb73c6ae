//! Pods, with the one word kubectl would print and why they are not well.

use super::objects::{self, condition};
use crate::domain::{clean::Clean, revision::Pod};

/// Pods of one revision by name.
pub(super) fn pods<'a>(of: impl Iterator<Item = &'a objects::Pod>) -> Vec<Pod> {
    let mut pods: Vec<Pod> = of.map(pod).collect();
    pods.sort_by(|a, b| a.name.cmp(&b.name));
    pods
}

fn pod(pod: &objects::Pod) -> Pod {
    let restarts: i64 = pod.status.container_statuses.iter().map(|c| c.restart_count).sum();
    Pod {
        name: pod.metadata.name.as_str().into(),
        state: reason(pod).into(),
        ready: ready(pod).is_some(),
        restarts: u32::try_from(restarts).unwrap_or_default(),
        started_at: pod.status.start_time,
        ready_since: ready(pod).and_then(|condition| condition.last_transition_time),
        trouble: trouble(pod),
    }
}

/// The condition that says it takes traffic; none while it does not.
fn ready(pod: &objects::Pod) -> Option<&objects::Condition> {
    let said = condition(&pod.status.conditions, "Ready").filter(|c| c.status == "True");
    said.filter(|_| pod.metadata.deletion_timestamp.is_none())
}

/// The word kubectl prints in its STATUS column.
pub(super) fn reason(pod: &objects::Pod) -> String {
    let status = &pod.status;
    let mut reason = if status.reason.is_empty() { status.phase.clone() } else { status.reason.clone() };
    if condition(&status.conditions, "PodScheduled").is_some_and(|c| c.reason == "SchedulingGated") {
        reason = "SchedulingGated".into();
    }
    let starting = init_reason(pod);
    let initialized = condition(&status.conditions, "Initialized").is_some_and(|c| c.status == "True");
    match starting {
        Some(starting) if !initialized => reason = starting,
        Some(_) | None => {
            let mut running = false;
            for container in status.container_statuses.iter().rev() {
                let state = &container.state;
                if let Some(waiting) = state.waiting.as_ref().filter(|w| !w.reason.is_empty()) {
                    reason.clone_from(&waiting.reason);
                } else if let Some(ended) = &state.terminated {
                    reason = ending(ended);
                } else if container.ready && state.running.is_some() {
                    running = true;
                }
            }
            // A pod with a container that ended well and another that runs is not completed.
            if reason == "Completed" && running {
                reason = if ready(pod).is_some() { "Running".into() } else { "NotReady".into() };
            }
        }
    }
    if pod.metadata.deletion_timestamp.is_some() {
        return match status.phase.as_str() {
            _ if status.reason == "NodeLost" => "Unknown".into(),
            "Failed" | "Succeeded" => reason,
            _ => "Terminating".into(),
        };
    }
    reason
}

/// What the init containers are at; none when all of them are done.
fn init_reason(pod: &objects::Pod) -> Option<String> {
    let total = pod.spec.init_containers.len();
    for (place, container) in pod.status.init_container_statuses.iter().enumerate() {
        let state = &container.state;
        let is_sidecar =
            pod.spec.init_containers.iter().any(|c| c.name == container.name && c.restart_policy == "Always");
        if is_sidecar && container.started == Some(true) {
            continue;
        }
        return Some(match (&state.terminated, &state.waiting) {
            (Some(ended), _) if ended.exit_code == 0 => continue,
            (Some(ended), _) => format!("Init:{}", ending(ended)),
            (None, Some(waiting)) if !waiting.reason.is_empty() && waiting.reason != "PodInitializing" => {
                format!("Init:{}", waiting.reason)
            }
            (None, _) => format!("Init:{place}/{total}"),
        });
    }
    None
}

fn ending(ended: &objects::Terminated) -> String {
    if !ended.reason.is_empty() {
        ended.reason.clone()
    } else if ended.signal != 0 {
        format!("Signal:{}", ended.signal)
    } else {
        format!("ExitCode:{}", ended.exit_code)
    }
}

/// Why it is not well, in words, where the platform says.
fn trouble(pod: &objects::Pod) -> Option<Clean> {
    if ready(pod).is_some() || pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let status = &pod.status;
    for container in status.init_container_statuses.iter().chain(&status.container_statuses) {
        let exit = container.last_state.terminated.as_ref().or(container.state.terminated.as_ref());
        let exit = exit.filter(|e| e.exit_code != 0).map(|e| {
            let why = if e.reason.is_empty() { String::new() } else { format!(" ({})", e.reason) };
            format!("exit code {}{why}", e.exit_code)
        });
        let waiting = container.state.waiting.as_ref();
        let message = waiting.map(|w| w.message.clone()).filter(|m| !m.is_empty());
        let parts: Vec<String> = [exit, message].into_iter().flatten().collect();
        if !parts.is_empty() {
            return Some(parts.join(", ").into());
        }
    }
    if let Some(unscheduled) = condition(&status.conditions, "PodScheduled").filter(|c| c.status == "False") {
        return Some(format!("{}: {}", unscheduled.reason, unscheduled.message).into());
    }
    (!status.message.is_empty()).then(|| status.message.as_str().into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_takes_traffic_since_it_was_said_to_be_ready() {
        let since = |status: &str, leaves: Option<&str>| {
            let conditions = json!([
                {"type": "Initialized", "status": "True", "lastTransitionTime": "2026-11-20T20:00:01Z"},
                {"type": "Ready", "status": status, "lastTransitionTime": "2026-11-20T20:01:30Z"}]);
            let status = json!({"startTime": "2026-11-20T20:00:00Z", "conditions": conditions});
            let object = json!({"metadata": {"deletionTimestamp": leaves}, "status": status});
            let pod = pod(&serde_json::from_value(object).unwrap());
            (pod.ready, pod.ready_since.map(|at| at.to_rfc3339()))
        };
        assert_eq!(since("True", None), (true, Some("2026-11-20T20:01:30+00:00".to_owned())));
        assert_eq!(since("False", None), (false, None));
        assert_eq!(since("True", Some("2026-11-20T20:02:00Z")), (false, None));
    }

    #[test]
    fn the_word_is_kubectls() {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let cases = [
            ("plain", json!({"status": {"phase": "Running"}}), "Running"),
            ("evicted", json!({"status": {"phase": "Failed", "reason": "Evicted"}}), "Evicted"),
            (
                "waiting",
                json!({"status": {"phase": "Pending", "containerStatuses": [
                    {"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}}),
                "ImagePullBackOff",
            ),
            (
                "ended without a reason",
                json!({"status": {"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]}}),
                "ExitCode:3",
            ),
            (
                "one done, one running",
                json!({"status": {"phase": "Running", "conditions": ready, "containerStatuses": [
                    {"state": {"terminated": {"reason": "Completed"}}}, {"ready": true, "state": {"running": {}}}]}}),
                "Running",
            ),
            (
                "second init container",
                json!({"spec": {"initContainers": [{"name": "a"}, {"name": "b"}]}, "status": {"phase": "Pending",
                    "initContainerStatuses": [{"name": "a", "state": {"terminated": {"exitCode": 0}}},
                                              {"name": "b", "state": {"running": {}}}]}}),
                "Init:1/2",
            ),
            (
                "init container fails",
                json!({"spec": {"initContainers": [{"name": "a"}]}, "status": {"phase": "Pending",
                    "initContainerStatuses": [{"name": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}}),
                "Init:CrashLoopBackOff",
            ),
            (
                "sidecar runs",
                json!({"spec": {"initContainers": [{"name": "a", "restartPolicy": "Always"}]}, "status": {
                    "phase": "Running", "initContainerStatuses": [{"name": "a", "started": true, "state": {"running": {}}}],
                    "containerStatuses": [{"ready": true, "state": {"running": {}}}]}}),
                "Running",
            ),
            (
                "leaving",
                json!({"metadata": {"deletionTimestamp": "2026-11-20T20:00:00Z"}, "status": {"phase": "Running"}}),
                "Terminating",
            ),
        ];
        for (name, object, word) in cases {
            assert_eq!(reason(&serde_json::from_value(object).unwrap()), word, "{name}");
        }
    }
}
