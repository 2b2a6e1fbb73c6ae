//! Phase, message and what it waits for, in the order in which the controller's own tools decide.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Observed, lengths,
    objects::{Rollout, condition},
    steps,
};
use crate::domain::{
    release::{Phase, Waiting, WaitingOn},
    step::StepKind,
};

/// The phase and the words for it.
pub(super) fn phase(rollout: &Rollout) -> (Phase, String) {
    let status = &rollout.status;
    if !rollout.is_observed() {
        return (Phase::Progressing, "waiting for rollout spec update to be observed".into());
    }
    if rollout.is_between() {
        return (Phase::Progressing, "waiting for rollout to unpause".into());
    }
    if !workload_is_observed(rollout) {
        return (Phase::Progressing, "waiting for the reference workload to be observed".into());
    }
    match status.phase.as_str() {
        "" => computed(rollout),
        word => (
            match word {
                "Healthy" => Phase::Healthy,
                "Progressing" => Phase::Progressing,
                "Paused" => Phase::Paused,
                "Degraded" => Phase::Degraded,
                _ => Phase::Unknown,
            },
            status.message.clone(),
        ),
    }
}

/// The controller has not yet acted on what it was told last.
pub(super) fn is_between_states(rollout: &Rollout) -> bool {
    !rollout.is_observed() || rollout.is_between() || !workload_is_observed(rollout)
}

fn workload_is_observed(rollout: &Rollout) -> bool {
    const WORKLOAD_GENERATION: &str = "rollout.argoproj.io/workload-generation";
    rollout.spec.workload_ref.is_none()
        || rollout
            .metadata
            .annotation(WORKLOAD_GENERATION)
            .is_none_or(|generation| generation == rollout.status.workload_observed_generation)
}

/// For controllers that do not write a phase.
fn computed(rollout: &Rollout) -> (Phase, String) {
    let (spec, status) = (&rollout.spec, &rollout.status);
    let desired = i64::from(spec.replicas());
    if let Some(invalid) = condition(&status.conditions, "InvalidSpec") {
        return (Phase::Degraded, format!("InvalidSpec: {}", invalid.message));
    }
    if let Some(broken) =
        status.conditions.iter().find(|c| matches!(c.reason.as_str(), "RolloutAborted" | "ProgressDeadlineExceeded"))
    {
        return (Phase::Degraded, format!("{}: {}", broken.reason, broken.message));
    }
    if spec.paused == Some(true) {
        return (Phase::Paused, "manually paused".into());
    }
    if let Some(pause) = status.pause_conditions.first() {
        return (Phase::Paused, pause.reason.clone());
    }
    let progressing = |why: &str| (Phase::Progressing, why.to_owned());
    if status.current_pod_hash.is_empty() && status.conditions.is_empty() {
        return (Phase::Unknown, "the controller has not yet said anything".into());
    }
    if spec.restart_at.is_some() && spec.restart_at != status.restarted_at {
        return progressing("rollout is restarting");
    }
    if status.updated_replicas < desired {
        return progressing("more replicas need to be updated");
    }
    if status.available_replicas < status.updated_replicas {
        return progressing("updated replicas are still becoming available");
    }
    if spec.strategy.blue_green.is_some() {
        if status.blue_green.active_selector != status.current_pod_hash {
            return progressing("active service cutover pending");
        }
        if !rollout.is_fully_promoted() {
            return progressing("waiting for post-promotion verification to complete");
        }
    } else {
        if !rollout.has_traffic_routing() && status.replicas > status.updated_replicas {
            return progressing("old replicas are pending termination");
        }
        if !rollout.is_fully_promoted() {
            return progressing("waiting for all steps to complete");
        }
    }
    (Phase::Healthy, String::new())
}

/// What it waits for now; none while it works by itself, rests or has ended badly.
pub(super) fn waiting(observed: &Observed) -> Option<Waiting> {
    let rollout = &observed.rollout;
    let status = &rollout.status;
    if is_between_states(rollout) {
        return Some(Waiting { on: WaitingOn::Controller, since: None });
    }
    if rollout.is_aborted() || (rollout.is_fully_promoted() && status.pause_conditions.is_empty()) {
        return None;
    }
    if rollout.is_held() {
        return Some(Waiting { on: WaitingOn::Person, since: held_since(observed) });
    }
    if let Some(pause) = status.pause_conditions.first() {
        let on = match pause.reason.as_str() {
            "InconclusiveAnalysisRun" | "InconclusiveExperiment" => WaitingOn::Inconclusive,
            _ => pause_ends(rollout).map_or(WaitingOn::Person, WaitingOn::Timer),
        };
        return Some(Waiting { on, since: pause.since() });
    }
    let current = rollout.current_step().map(|(index, step)| (index, steps::kind(rollout, step)));
    if let Some((index, StepKind::Analysis | StepKind::Experiment)) = current {
        return Some(Waiting { on: WaitingOn::Analysis, since: observed.watched.times.began(rollout, index) });
    }
    let not_ready = observed
        .replica_set(&status.current_pod_hash)
        .is_some_and(|rs| rs.status.available_replicas < rs.spec.replicas.unwrap_or_default());
    not_ready.then_some(Waiting { on: WaitingOn::Pods, since: None })
}

/// Since when somebody holds it by hand.
fn held_since(observed: &Observed) -> Option<DateTime<Utc>> {
    let status = &observed.rollout.status;
    let written = status.duration.as_ref().and_then(|duration| duration.manual_pause_started_at);
    // A step's pause that was there before has set the condition, and its time is not the hold's.
    let paused = || condition(&status.conditions, "Paused").filter(|c| c.status == "True");
    let alone = || paused().filter(|_| status.pause_conditions.is_empty()).and_then(|c| c.last_transition_time);
    written.or_else(|| observed.watched.held_since()).or_else(alone)
}

/// When the pause that holds it now runs out by itself; none where a person has to end it.
pub(super) fn pause_ends(rollout: &Rollout) -> Option<DateTime<Utc>> {
    let pause = rollout.status.pause_conditions.first()?;
    let after = |seconds: i64| TimeDelta::try_seconds(seconds).and_then(|d| pause.since()?.checked_add_signed(d));
    match pause.reason.as_str() {
        "CanaryPauseStep" => {
            let (_, step) = rollout.current_step()?;
            let length = lengths::length(step.pause.as_ref()?.duration.as_ref()?)?;
            pause.since()?.checked_add_signed(length.delta())
        }
        "BlueGreenPause" => {
            let spec = rollout.spec.strategy.blue_green.as_ref()?;
            (spec.auto_promotion_enabled != Some(false))
                .then_some(spec.auto_promotion_seconds)
                .flatten()
                .and_then(after)
        }
        _ => None,
    }
}
