//! Holding and letting go: `spec.paused`, and nothing else, so that no step is ever skipped.

use super::{CONTROLLER_SECONDS, Ground, Planned, expect, phase, reach, request::On, steps};
use crate::domain::{
    goal::{Denied, Direction, Goal},
    plan::Condition,
    step::StepKind,
};

pub(super) fn pause(ground: &Ground<'_>) -> Planned {
    let rollout = ground.rollout();
    ground.not_promoted()?;
    if rollout.is_held() {
        return Err(Denied::new("held by hand already").hint("resume lets it go on"));
    }
    if rollout.is_aborted() {
        return Err(Denied::new("it was aborted: nobody moves"));
    }
    if rollout.is_promoting_fully() {
        return Err(ground.ignored("a full promotion does not stop at a pause"));
    }
    let patch = ground.patch(On::Spec).set("/spec/paused", true);
    let mut plan = ground.plan(
        Goal::Pause,
        Direction::Hold,
        patch,
        expect("it is held", vec![Condition::Held(true)], CONTROLLER_SECONDS),
    );
    plan.customers = format!("stays at {} on {}", ground.share(), ground.new_version()).into();
    if phase::pause_ends(rollout).is_some()
        && let Some((_, step)) = rollout.current_step()
    {
        let label = steps::label(rollout, step);
        plan.not_undone.push(format!("the clock of `{label}` goes on; once resumed the step may end at once").into());
    }
    let step_analysis = rollout.current_step().is_some_and(|(_, s)| steps::kind(rollout, s) == StepKind::Analysis);
    if step_analysis || rollout.canary().is_some_and(|canary| canary.analysis.is_some()) {
        plan.not_undone.push("analysis goes on and may abort".into());
    }
    plan.going_on = Some("resume = the same step, nothing skipped".into());
    Ok(plan)
}

pub(super) fn resume(ground: &Ground<'_>) -> Planned {
    let rollout = ground.rollout();
    if !rollout.is_held() {
        let denied = Denied::new("not held by hand");
        return Err(if rollout.status.pause_conditions.is_empty() {
            denied
        } else {
            denied.hint("promote ends the pause of a step")
        });
    }
    let place = rollout.current_step().map(|(place, _)| place);
    let rests = rollout.is_aborted() || rollout.is_fully_promoted();
    let mut patch = ground.patch(On::Spec);
    if !rests && let Some(place) = place {
        patch = patch
            .test("/status/currentStepIndex", place)
            .only_if(format!("it is still at {}", ground.step_words(place)));
    }
    let patch = patch.test("/spec/paused", true).set("/spec/paused", false).only_if("it is still held by hand");
    let direction = if rests { Direction::Hold } else { Direction::Forward };
    let expect = expect("it is no longer held", vec![Condition::Held(false)], CONTROLLER_SECONDS);
    let mut plan = ground.plan(Goal::Resume, direction, patch, expect);
    if rests {
        plan.customers = "nobody moves".into();
        return Ok(plan);
    }
    let reach = reach::reach(ground, place.unwrap_or(0));
    plan.customers =
        format!("{} on {}, goes on by itself; {}", ground.share(), ground.new_version(), reach::asked_again(&reach))
            .into();
    if phase::pause_ends(rollout).is_some() {
        plan.warnings.push("the pause's clock went on while it was held: it may end at once".into());
    }
    plan.reach = Some(reach);
    Ok(plan)
}
