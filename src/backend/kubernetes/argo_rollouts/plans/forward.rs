//! Acts that move customers onto new code: promote, promote fully, retry.

use serde_json::Value;

use super::{
    CONTROLLER_SECONDS, Ground, Planned, expect, reach,
    request::{On, Patch},
    steps,
};
use crate::domain::{
    clean::Clean,
    goal::{Denied, Direction, Goal},
    plan::{Condition, Plan, Reach, Stage},
    revision::Tag,
    step::StepKind,
};

const INCONCLUSIVE: &str = "InconclusiveAnalysisRun";

/// What promote and promote fully both refuse.
fn may_promote(ground: &Ground<'_>) -> Result<(), Denied> {
    let rollout = ground.rollout();
    ground.not_promoted()?;
    if rollout.is_aborted() {
        let shipped = format!("it was aborted; promoting would either do nothing or ship {}", ground.new_version());
        return Err(Denied::new(shipped).hint("retry starts it again from its first step"));
    }
    if rollout.is_promoting_fully() {
        return Err(Denied::new("a full promotion is on its way already"));
    }
    if rollout.is_held() {
        return Err(Denied::new("held by hand; promoting now could skip a step").hint("resume first"));
    }
    Ok(())
}

/// Ends the pause of the current step, and nothing else.
pub(super) fn promote(ground: &Ground<'_>) -> Planned {
    let rollout = ground.rollout();
    may_promote(ground)?;
    if rollout.steps().is_empty() {
        return Err(Denied::new("it has no steps: it goes on by itself as pods become ready"));
    }
    let Some((place, step)) = rollout.current_step() else {
        return Err(Denied::new("every step is done: it goes on by itself as pods become ready"));
    };
    let Some(pause) = rollout.status.pause_conditions.first() else {
        let label = steps::label(rollout, step);
        return Err(match steps::kind(rollout, step) {
            StepKind::Wait | StepKind::Person => Denied::new("its pause is only just beginning").hint("try again"),
            StepKind::Analysis | StepKind::Experiment => Denied::new(format!(
                "{label} ({}) is measuring: it goes on by itself if that passes",
                ground.step_words(place)
            ))
            .hint("promoting fully would skip it"),
            StepKind::SetWeight(_) | StepKind::Scale | StepKind::Route | StepKind::Job => {
                Denied::new(format!("{label} ({}) is under way: it goes on by itself", ground.step_words(place)))
            }
        });
    };
    let inconclusive = rollout.status.pause_conditions.iter().any(|p| p.reason.starts_with("Inconclusive"));
    let of_step = rollout.status.canary.current_step_analysis_run_status.as_ref();
    let skips = inconclusive && pause.reason == INCONCLUSIVE && of_step.is_some_and(|s| s.status == "Inconclusive");
    let mut patch = standing(ground, place).remove("/status/pauseConditions");
    if skips {
        // The controller would measure the same step again and pause again.
        patch = patch.set("/status/controllerPause", false).set("/status/currentStepIndex", place + 1);
    }
    let reach = reach::reach(ground, place + 1);
    let ended = format!("{} is over", ground.step_words(place));
    let expect = expect(ended, vec![Condition::StepsDone(place + 1)], CONTROLLER_SECONDS);
    let mut plan = ground.plan(Goal::Promote, Direction::Forward, patch, expect);
    plan.customers = onto(ground, &reach).into();
    if inconclusive {
        plan.warnings.push("an analysis is inconclusive: going on is your word against it".into());
        if !skips {
            plan.warnings.push("the analysis may pause it again".into());
        }
    }
    with_reach(&mut plan, reach, ground);
    Ok(plan)
}

pub(super) fn promote_full(ground: &Ground<'_>) -> Planned {
    let rollout = ground.rollout();
    may_promote(ground)?;
    let place = rollout.step_index();
    let mut patch =
        if let Some(place) = place { standing(ground, place) } else { unheld(ground, ground.patch(On::Status)) };
    patch = patch.test("/status/abort", stored(rollout.status.abort)).only_if("it was not aborted");
    let patch = patch.set("/status/promoteFull", true);
    let version = ground.new_version();
    let expect = expect(
        format!("{version} is the stable revision"),
        vec![Condition::Tagged(ground.id.revision.clone(), Tag::Stable)],
        ground.deadline(),
    );
    let mut plan = ground.plan(Goal::PromoteFull, Direction::Forward, patch, expect);
    let how = if rollout.has_traffic_routing() { "as soon as its pods are ready" } else { "by a rolling update" };
    plan.customers = format!("{} → 100 % on {version} {how}; nobody is asked again", ground.share()).into();
    plan.warnings.push(skips(ground).into());
    let ends = if ground.is_roll_back() { "" } else { "; only roll back ends it" };
    plan.warnings.push(format!("once begun it ignores hold and abort{ends}").into());
    let stages = vec![Stage { weight: 100.0, seconds: None }];
    plan.reach =
        Some(Reach { weight: 100.0, next_stop: None, seconds: None, path: vec!["weight 100 %".into()], stages });
    Ok(plan)
}

/// What a full promotion passes over, in words.
pub(super) fn skips(ground: &Ground<'_>) -> String {
    let rollout = ground.rollout();
    let ahead: Vec<_> = rollout.steps().iter().skip(rollout.step_index().unwrap_or(0)).collect();
    let analyses = ahead.iter().filter(|step| steps::kind(rollout, step) == StepKind::Analysis).count();
    match analyses {
        0 => format!("skips {} steps", ahead.len()),
        1 => format!("skips {} steps, an analysis among them", ahead.len()),
        _ => format!("skips {} steps, {analyses} analyses among them", ahead.len()),
    }
}

pub(super) fn retry(ground: &Ground<'_>) -> Planned {
    let rollout = ground.rollout();
    if !rollout.is_aborted() {
        return Err(Denied::new("it was not aborted"));
    }
    let patch =
        ground.patch(On::Status).test("/status/abort", true).only_if("it is still aborted").set("/status/abort", false);
    let expect = expect("it runs again", vec![Condition::Aborted(false)], CONTROLLER_SECONDS);
    let mut plan = ground.plan(Goal::Retry, Direction::Forward, patch, expect);
    let reach = reach::reach(ground, 0);
    plan.customers = format!(
        "{} again from step 1, up to {} %; {}",
        ground.new_version(),
        steps::percent(reach.weight),
        reach::asked_again(&reach)
    )
    .into();
    if rollout.is_held() {
        plan.warnings.push("held by hand: nothing moves until resumed".into());
    }
    with_reach(&mut plan, reach, ground);
    Ok(plan)
}

/// The tests of a forward act on status: this step, this pause.
fn standing(ground: &Ground<'_>, place: usize) -> Patch {
    let mut patch = ground.patch(On::Status).test("/status/currentStepIndex", place).only_if(
        if place < ground.rollout().steps().len() {
            format!("it is still at {}", ground.step_words(place))
        } else {
            "every step is done".into()
        },
    );
    patch = unheld(ground, patch);
    patch = match ground.rollout().status.pause_conditions.first() {
        Some(pause) => {
            let start = pause.start_time.clone().map_or(Value::Null, Value::from);
            patch.test("/status/pauseConditions/0/startTime", start).only_if("it is still the same pause")
        }
        None => patch.test("/status/pauseConditions", Value::Null).only_if("it does not pause"),
    };
    patch
}

/// Somebody else's hold, begun a moment ago, is not ended by promoting past it.
fn unheld(ground: &Ground<'_>, patch: Patch) -> Patch {
    patch.test("/spec/paused", stored(ground.rollout().spec.paused)).only_if("nobody holds it")
}

/// A flag as it is stored: often it is absent rather than false.
pub(super) fn stored(flag: Option<bool>) -> Value {
    flag.map_or(Value::Null, Value::from)
}

fn onto(ground: &Ground<'_>, reach: &Reach) -> String {
    let (share, version) = (ground.share(), ground.new_version());
    let to = steps::percent(reach.weight);
    if format!("{to} %") == share {
        format!("stays at {share} on {version}; {}", reach::asked_again(reach))
    } else {
        format!("{share} → {to} % on {version}; {}", reach::asked_again(reach))
    }
}

fn with_reach(plan: &mut Plan, reach: Reach, ground: &Ground<'_>) {
    if !ground.rollout().has_traffic_routing() {
        plan.warnings.push("without a traffic router weights are met only as closely as pods allow".into());
    }
    let measures = |label: &Clean| label.as_str() == "analysis";
    if reach.path.iter().any(measures) {
        plan.going_on = Some("an analysis on the way may abort by itself".into());
    }
    plan.reach = Some(reach);
}
