//! The strategy's steps: labels, states and times.

use super::{
    Observed, lengths,
    objects::{AnalysisRun, CanaryStep, Rollout},
    passed, times,
};
use crate::domain::{
    step::{Step, StepId, StepKind, StepState},
    time::Seconds,
};

/// All steps in order; none on blue-green and on a canary that has none.
pub(super) fn steps(observed: &Observed) -> Vec<Step> {
    let rollout = &observed.rollout;
    // Before the controller said anything, and between two states, nothing is current.
    let index = rollout.step_index().unwrap_or(0);
    let passed = passed::first(observed);
    rollout
        .steps()
        .iter()
        .enumerate()
        .map(|(place, step)| {
            let state = state(rollout, place, index, passed);
            let (started_at, took) =
                if state == StepState::Skipped { (None, None) } else { times::of_step(observed, place) };
            Step {
                id: id(place),
                kind: kind(rollout, step),
                label: label(rollout, step).into(),
                after: place.checked_sub(1).map(id).into_iter().collect(),
                group: None,
                state,
                started_at,
                took,
                planned: planned(observed, place, step),
                usual: None,
            }
        })
        .collect()
}

/// Steps are counted from 1 for people.
pub(super) fn id(place: usize) -> StepId {
    StepId((place + 1).to_string())
}

/// From the step `passed` on it went past them.
fn state(rollout: &Rollout, place: usize, index: usize, passed: Option<usize>) -> StepState {
    let status = &rollout.status;
    // An abort sets the index back to 0 and waits there: nothing is current until a retry.
    if rollout.is_aborted() {
        return StepState::Ahead;
    }
    if passed.is_some_and(|first| place >= first) {
        return StepState::Skipped;
    }
    match place.cmp(&index) {
        std::cmp::Ordering::Less => StepState::Done,
        std::cmp::Ordering::Equal if invalid(rollout) => StepState::Failed,
        std::cmp::Ordering::Equal if status.current_pod_hash.is_empty() => StepState::Ahead,
        std::cmp::Ordering::Equal => StepState::Current,
        std::cmp::Ordering::Greater => StepState::Ahead,
    }
}

/// The step cannot go on by itself: the time to progress is over.
fn invalid(rollout: &Rollout) -> bool {
    rollout.status.conditions.iter().any(|c| c.reason == "ProgressDeadlineExceeded")
}

pub(super) fn kind(rollout: &Rollout, step: &CanaryStep) -> StepKind {
    if let (Some(weight), Some(canary)) = (step.set_weight, rollout.canary()) {
        return StepKind::SetWeight(canary.percent(weight));
    }
    if let Some(pause) = &step.pause {
        return if pause.duration.is_some() { StepKind::Wait } else { StepKind::Person };
    }
    if step.analysis.is_some() {
        StepKind::Analysis
    } else if step.experiment.is_some() {
        StepKind::Experiment
    } else if step.set_canary_scale.is_some() {
        StepKind::Scale
    } else if step.set_header_route.is_some() || step.set_mirror_route.is_some() {
        StepKind::Route
    } else {
        StepKind::Job
    }
}

/// In the field's words.
pub(super) fn label(rollout: &Rollout, step: &CanaryStep) -> String {
    if let (Some(weight), Some(canary)) = (step.set_weight, rollout.canary()) {
        return format!("weight {} %", percent(canary.percent(weight)));
    }
    if let Some(pause) = &step.pause {
        return match pause.duration.as_ref().map(lengths::length) {
            None => "pause".into(),
            Some(Some(length)) => format!("pause {}", lengths::short(length)),
            Some(None) => "pause of unreadable length".into(),
        };
    }
    if let Some(scale) = &step.set_canary_scale {
        return match (scale.weight, scale.replicas, scale.match_traffic_weight) {
            (Some(weight), _, _) => format!("scale to {weight} %"),
            (_, Some(replicas), _) => format!("scale to {replicas} pods"),
            (_, _, true) => "scale with traffic".into(),
            (None, None, false) => "scale".into(),
        };
    }
    if let Some(experiment) = &step.experiment {
        let length = experiment.duration.as_ref().and_then(lengths::length).map(lengths::short);
        return length.map_or_else(|| "experiment".into(), |length| format!("experiment {length}"));
    }
    if let Some(route) = &step.set_header_route {
        return format!("header route {}", route.name);
    }
    if let Some(route) = &step.set_mirror_route {
        return format!("mirror route {}", route.name);
    }
    if let Some(plugin) = &step.plugin {
        return format!("plugin {}", plugin.name);
    }
    if step.analysis.is_some() { "analysis".into() } else { "unknown step".into() }
}

/// A percentage without needless digits.
pub(super) fn percent(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// How long the spec says a step lasts, where it says so.
pub(super) fn planned(observed: &Observed, place: usize, step: &CanaryStep) -> Option<Seconds> {
    if let Some(pause) = &step.pause {
        return lengths::length(pause.duration.as_ref()?);
    }
    if let Some(experiment) = &step.experiment {
        return lengths::length(experiment.duration.as_ref()?);
    }
    step.analysis.as_ref()?;
    // The spec of an analysis lies in its template; a run of the same step carries a copy.
    let of_step = |run: &&AnalysisRun| run.metadata.label("step-index") == Some(place.to_string().as_str());
    let run = observed.analysis_runs.iter().filter(of_step).max_by_key(|run| run.metadata.creation_timestamp)?;
    run.spec.metrics.iter().map(measuring).reduce(|a, b| Some(Seconds(a?.0.max(b?.0)))).flatten()
}

/// How long one metric measures if every measurement succeeds; none if it measures until stopped.
fn measuring(metric: &super::objects::Metric) -> Option<Seconds> {
    let delay = lengths::text_length(&metric.initial_delay).unwrap_or_default();
    let count = match &metric.count {
        Some(count) => count.count()?,
        // Without an interval a metric is measured once.
        None if metric.interval.is_empty() => 1,
        None => return None,
    };
    let interval = lengths::text_length(&metric.interval).unwrap_or_default();
    Some(Seconds(delay.0 + interval.0 * f64::from(count.saturating_sub(1))))
}
