//! What the Argo Rollouts controller does with a rollout, once a second. Mirrors its rules, the awkward ones
//! included: an abort after completion is dropped without a word, a full promotion overrides an abort.

use super::{
    dice::Dice,
    rollout::{Analysis, Measurement, Pause, PauseReason, Rollout, Step, StepTime},
    scaling,
};

/// More errors than this per million requests fail a measurement.
const MOST_ERRORS: u32 = 20_000;

/// Brings the rollout one step nearer to what its spec asks for.
pub(super) fn reconcile(rollout: &mut Rollout, now: i64, errors_per_million: u32, dice: &mut Dice) {
    if is_at_rest(rollout) {
        return;
    }
    let before = rollout.clone();
    scaling::age(rollout, now);
    adopt_template(rollout, now);
    obey(rollout, now);
    measure(rollout, now, errors_per_million);
    if !rollout.spec.paused {
        advance(rollout, now, dice);
    }
    scaling::scale(rollout, now, dice);
    let ready = |rollout: &Rollout| rollout.set(&rollout.status.current).map_or(0, super::ReplicaSet::ready);
    if rollout.status.step != before.status.step
        || rollout.status.weight != before.status.weight
        || ready(rollout) > ready(&before)
    {
        rollout.status.progressed = now;
    }
    rollout.status.observed_generation = rollout.generation;
    (rollout.status.phase, rollout.status.message) = phase(rollout, now);
    if *rollout != before {
        rollout.version += 1;
    }
}

/// Whether there is nothing to do until somebody writes.
fn is_at_rest(rollout: &Rollout) -> bool {
    let (spec, status) = (&rollout.spec, &rollout.status);
    status.phase == "Healthy"
        && status.observed_generation == rollout.generation
        && status.step == spec.steps.len()
        && status.pause.is_none()
        && !(status.abort || status.promote_full || status.controller_pause)
        && rollout.sets.iter().all(|set| set.scale_down_at.is_none())
}

/// A new template starts over from the first step; the stable one comes back past all of them.
fn adopt_template(rollout: &mut Rollout, now: i64) {
    if rollout.spec.template == rollout.status.current {
        return;
    }
    let number = rollout.sets.iter().map(|set| set.revision).max().unwrap_or(0) + 1;
    let hash = rollout.spec.template.clone();
    if let Some(set) = rollout.set_mut(&hash) {
        set.revision = number;
        set.scale_down_at = None;
    }
    rollout.status.current = hash;
    rollout.status.promote_full = false;
    rollout.status.weight = 0;
    start_over(rollout, now);
    rollout.tell(now, "RolloutUpdated", format!("Rollout updated to revision {number}"));
    if rollout.is_promoted() {
        rollout.status.step = rollout.spec.steps.len();
        rollout.tell(now, "SkipSteps", "Rollback to stable ReplicaSets".to_owned());
    }
}

fn start_over(rollout: &mut Rollout, now: i64) {
    let status = &mut rollout.status;
    status.step = 0;
    status.pause = None;
    status.controller_pause = false;
    status.abort = false;
    status.aborted_at = None;
    status.times.clear();
    status.progressed = now;
    end_analyses(rollout);
}

fn end_analyses(rollout: &mut Rollout) {
    for analysis in rollout.analyses.iter_mut().filter(|analysis| analysis.phase == "Running") {
        analysis.phase = "Successful";
    }
}

/// Aborts, retries and full promotions that were asked for.
fn obey(rollout: &mut Rollout, now: i64) {
    if rollout.status.abort && (rollout.is_promoted() || rollout.status.promote_full) {
        rollout.status.abort = false;
    }
    if rollout.status.promote_full {
        if rollout.is_promoted() {
            rollout.status.promote_full = false;
        } else {
            rollout.status.pause = None;
            rollout.status.controller_pause = false;
            rollout.status.aborted_at = None;
            rollout.status.step = rollout.spec.steps.len();
            end_analyses(rollout);
            let current = rollout.status.current.clone();
            if let Some(set) = rollout.set_mut(&current) {
                set.scale_down_at = None;
            }
        }
    }
    match (rollout.status.abort, rollout.status.aborted_at) {
        (true, None) => abort(rollout, now),
        // Whoever promotes an aborted rollout moves the index; it is put back.
        (true, Some(_)) => rollout.status.step = 0,
        (false, Some(_)) => {
            start_over(rollout, now);
            let current = rollout.status.current.clone();
            if let Some(set) = rollout.set_mut(&current) {
                set.scale_down_at = None;
            }
        }
        (false, None) => {}
    }
}

fn abort(rollout: &mut Rollout, now: i64) {
    start_over(rollout, now);
    rollout.status.abort = true;
    rollout.status.aborted_at = Some(now);
    rollout.status.weight = 0;
    let deadline = now + if rollout.spec.routed { rollout.spec.scale_down_delay } else { 0 };
    let current = rollout.status.current.clone();
    let number = rollout.set_mut(&current).map_or(0, |set| {
        set.scale_down_at = Some(deadline);
        set.revision
    });
    rollout.tell(now, "RolloutAborted", format!("Rollout aborted update to revision {number}"));
}

/// Takes the measurements that are due; a pause by hand does not stop them.
fn measure(rollout: &mut Rollout, now: i64, errors_per_million: u32) {
    let mut failed = false;
    for analysis in rollout.analyses.iter_mut().filter(|analysis| analysis.phase == "Running") {
        let taken = i64::try_from(analysis.measurements.len()).unwrap_or(i64::MAX);
        if now < analysis.created.saturating_add(analysis.interval.saturating_mul(taken)) {
            continue;
        }
        let successful = errors_per_million < MOST_ERRORS;
        analysis.measurements.push(Measurement { at: now, errors_per_million, successful });
        if !successful {
            analysis.phase = "Failed";
            failed = true;
        } else if analysis.measurements.len() >= analysis.count {
            analysis.phase = "Successful";
        }
    }
    if failed {
        abort(rollout, now);
    }
}

fn advance(rollout: &mut Rollout, now: i64, dice: &mut Dice) {
    if rollout.is_promoted() {
        rollout.status.step = rollout.spec.steps.len();
        rollout.status.weight = 0;
        return;
    }
    if rollout.status.abort {
        return;
    }
    let Some(step) = rollout.spec.steps.get(rollout.status.step).copied() else {
        return finish(rollout, now);
    };
    // A step that was skipped by a write ends where the next one is first seen.
    let here = rollout.status.step;
    rollout.status.times.iter_mut().take(here).for_each(|time| time.ended = time.ended.or(Some(now)));
    while rollout.status.times.len() <= here {
        rollout.status.times.push(StepTime { began: now, ended: None });
    }
    match step {
        Step::SetWeight(weight) => {
            if scaling::is_ready_for(rollout, weight) && is_set(rollout, weight, now) {
                complete(rollout, now, &format!("setWeight: {weight}"));
            }
        }
        Step::Pause(length) => pause(rollout, length, now),
        Step::Analysis { count, interval } => analyse(rollout, count, interval, now, dice),
    }
}

/// Tells the router, and whether it already knew.
fn is_set(rollout: &mut Rollout, weight: u32, now: i64) -> bool {
    if rollout.status.weight == weight {
        return true;
    }
    let from = std::mem::replace(&mut rollout.status.weight, weight);
    if rollout.spec.routed {
        rollout.tell(now, "TrafficWeightUpdated", format!("Traffic weight updated from {from} to {weight}"));
    }
    !rollout.spec.routed
}

fn complete(rollout: &mut Rollout, now: i64, what: &str) {
    let here = rollout.status.step;
    if let Some(time) = rollout.status.times.get_mut(here) {
        time.ended = Some(now);
    }
    rollout.status.step = here + 1;
    let count = rollout.spec.steps.len();
    rollout.tell(now, "RolloutStepCompleted", format!("Rollout step {}/{count} completed ({what})", here + 1));
}

fn pause(rollout: &mut Rollout, length: Option<i64>, now: i64) {
    let text = length.map_or_else(|| "pause".to_owned(), |seconds| format!("pause: {seconds}s"));
    match (rollout.status.pause, rollout.status.controller_pause) {
        (None, false) => {
            rollout.status.pause = Some(Pause { reason: PauseReason::Step, since: now });
            rollout.status.controller_pause = true;
            rollout.tell(now, "RolloutPaused", "Rollout is paused (CanaryPauseStep)".to_owned());
        }
        (None, true) => {
            rollout.status.controller_pause = false;
            rollout.tell(now, "RolloutResumed", "Rollout is resumed".to_owned());
            complete(rollout, now, &text);
        }
        (Some(pause), _) => {
            rollout.status.controller_pause = true;
            if length.is_some_and(|seconds| now >= pause.since + seconds) {
                rollout.status.pause = None;
                rollout.status.controller_pause = false;
                complete(rollout, now, &text);
            }
        }
    }
}

fn analyse(rollout: &mut Rollout, count: usize, interval: i64, now: i64, dice: &mut Dice) {
    let step = rollout.status.step;
    let began = rollout.status.times.get(step).map_or(now, |time| time.began);
    let hash = rollout.status.current.clone();
    let this = |analysis: &&Analysis| analysis.hash == hash && analysis.step == step && analysis.created >= began;
    match rollout.analyses.iter().rev().find(this).map(|analysis| (analysis.phase, analysis.name.clone())) {
        Some(("Successful", name)) => {
            rollout.tell(now, "AnalysisRunSuccessful", format!("Step Analysis Run '{name}' Status New: 'Successful'"));
            complete(rollout, now, "analysis");
        }
        Some(_) => {}
        None => {
            let revision = rollout.set(&hash).map_or(0, |set| set.revision);
            let mut name = format!("{}-{hash}-{revision}-{step}", rollout.name);
            let again = rollout.analyses.iter().filter(|analysis| analysis.name.starts_with(&name)).count();
            if again > 0 {
                name = format!("{name}.{again}");
            }
            rollout.tell(now, "AnalysisRunRunning", format!("Step Analysis Run '{name}' Status New: 'Running'"));
            let uid = dice.name(12);
            rollout.analyses.push(Analysis {
                name,
                uid,
                created: now,
                hash,
                step,
                phase: "Running",
                count,
                interval,
                measurements: Vec::new(),
            });
        }
    }
}

/// Past the last step: everybody onto the newest revision, which then is the stable one.
fn finish(rollout: &mut Rollout, now: i64) {
    rollout.status.times.iter_mut().for_each(|time| time.ended = time.ended.or(Some(now)));
    if !scaling::is_ready_for(rollout, 100) || !is_set(rollout, 100, now) {
        return;
    }
    let deadline = now + if rollout.spec.routed { rollout.spec.scale_down_delay } else { 0 };
    let current = rollout.status.current.clone();
    for set in rollout.sets.iter_mut().filter(|set| set.hash != current && set.count() > 0) {
        set.scale_down_at = Some(deadline);
    }
    let number = rollout.set_mut(&current).map_or(0, |set| {
        set.served = true;
        set.revision
    });
    rollout.status.stable = current;
    rollout.status.weight = 0;
    rollout.status.promote_full = false;
    rollout.tell(now, "RolloutCompleted", format!("Rollout completed update to revision {number}"));
}

/// Phase and message in the controller's own order of precedence.
fn phase(rollout: &Rollout, now: i64) -> (&'static str, String) {
    let status = &rollout.status;
    let Some(set) = rollout.set(&status.current) else { return ("Degraded", "InvalidSpec: no revision".to_owned()) };
    if status.abort {
        return ("Degraded", format!("RolloutAborted: Rollout aborted update to revision {}", set.revision));
    }
    let (desired, count, ready) = (set.desired, set.count(), set.ready());
    let is_late = now - status.progressed > rollout.spec.progress_deadline && ready < desired;
    if is_late && status.pause.is_none() && !rollout.spec.paused {
        let name = rollout.set_name(&set.hash);
        return ("Degraded", format!("ProgressDeadlineExceeded: ReplicaSet \"{name}\" has timed out progressing."));
    }
    if rollout.spec.paused {
        return ("Paused", "manually paused".to_owned());
    }
    if let Some(pause) = status.pause {
        let reason = match pause.reason {
            PauseReason::Step => "CanaryPauseStep",
            PauseReason::Inconclusive => "InconclusiveAnalysisRun",
        };
        return ("Paused", reason.to_owned());
    }
    let waits = if count < desired || ready == 0 {
        "more replicas need to be updated"
    } else if ready < count {
        "updated replicas are still becoming available"
    } else if !rollout.is_promoted() {
        "waiting for all steps to complete"
    } else if !rollout.spec.routed && rollout.sets.iter().any(|other| other.hash != set.hash && other.count() > 0) {
        "old replicas are pending termination"
    } else {
        return ("Healthy", String::new());
    };
    ("Progressing", waits.to_owned())
}
