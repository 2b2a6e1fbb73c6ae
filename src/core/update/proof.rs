//! Holding what happens against what an act promised: `sent → accepted → effect seen`, or its absence said aloud.

use super::{notices, paint};
use crate::{
    core::{
        acts,
        effect::Effect,
        state::{Act, NoticeKind, Stage, State},
    },
    domain::{
        goal::Answer,
        journal::{Entry, What},
        release::Release,
        time::{At, took},
        timeline::MomentKind,
    },
};

/// Holds a release against every act on it that still waits for its effect.
pub(super) fn look(state: &mut State, release: &Release, effects: &mut Vec<Effect>) {
    let now = state.at;
    let mut met = Vec::new();
    for (place, act) in state.acts.iter_mut().enumerate() {
        let plan = &act.plan;
        if plan.release.target != release.id.target || plan.release.uid != release.id.uid {
            continue;
        }
        note_conflict(act, release);
        if act.met.is_none() && may_still_be_seen(&act.stage) && act.plan.expect.is_met(release) {
            act.met = Some(now);
            met.push(place);
        }
    }
    for place in met {
        conclude(state, place, effects);
    }
}

/// After a conflict the newest plan shows what was different.
fn note_conflict(act: &mut Act, release: &Release) {
    let conflicted = matches!(&act.stage, Stage::Failed(f) if f.kind == crate::domain::failure::FailureKind::Conflict);
    if conflicted && let Some(offer) = release.offer(&act.plan.goal) {
        match &offer.answer {
            Answer::Plan(plan) => act.changed = acts::changes(&act.plan, plan),
            Answer::Denied(denied) => {
                act.changed = vec![acts::Change {
                    part: acts::Part::Customers,
                    was: act.plan.customers.clone(),
                    now: denied.to_string().into(),
                }];
            }
        }
    }
}

const fn may_still_be_seen(stage: &Stage) -> bool {
    match stage {
        Stage::Sent | Stage::Accepted(_) | Stage::Unconfirmed(_) | Stage::NoEffect { .. } => true,
        Stage::Failed(_) | Stage::Seen { .. } => false,
    }
}

/// Calls an act proven whose effect was met, unless its reply may still say that it was somebody else's.
pub(super) fn conclude(state: &mut State, place: usize, effects: &mut Vec<Effect>) {
    let speed = state.settings.speed;
    let Some(act) = state.acts.get_mut(place) else { return };
    let Some(met) = act.met.filter(|_| act.replied) else { return };
    let after = waited(act, met, speed);
    let after_ms = millis(after);
    act.stage = Stage::Seen { at: met.wall, after_ms };
    let (goal, text) = (act.plan.goal.clone(), act.plan.expect.text.clone());
    let shown = took(after_ms);
    let entry = Entry { at: met.wall, act: act.id, user: None, what: What::EffectSeen { after } };
    journal(state, place, entry, effects);
    notices::note(state, MomentKind::Act, format!("{goal}: {text}, seen after {shown}"));
    notices::say(state, NoticeKind::Said, format!("{text}, seen after {shown}"), effects);
}

/// Writes an entry as the user its act was sent as.
pub(super) fn journal(state: &State, place: usize, entry: Entry, effects: &mut Vec<Effect>) {
    let source = state.acts.get(place).map(|act| &act.plan.release.target.source);
    let user = source.and_then(|name| state.source(name)).and_then(|source| source.user.clone());
    effects.push(Effect::Journal(Box::new(Entry { user, ..entry })));
}

/// Says it aloud when an effect has not come in the time that is normal.
pub(super) fn expire(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.at;
    for place in 0..state.acts.len() {
        let Some(act) = state.acts.get(place) else { continue };
        let after = waited(act, now, state.settings.speed);
        // While contact is lost nothing can be said about an effect; the first look afterwards decides.
        if !act.stage.is_unproven()
            || act.met.is_some()
            || after < act.plan.expect.within.0
            || acts::is_blind(state, act)
        {
            continue;
        }
        let after_ms = millis(after);
        let (id, goal, replied) = (act.id, act.plan.goal.clone(), act.replied);
        let text = act.plan.expect.text.clone();
        if let Some(act) = state.acts.get_mut(place) {
            act.stage = Stage::NoEffect { after_ms };
        }
        let entry = Entry { at: now.wall, act: id, user: None, what: What::NoEffect { after } };
        journal(state, place, entry, effects);
        let answer = if replied { "" } else { " and no answer" };
        let said = format!("`{goal}`: no effect{answer} after {}; still waiting until {text}", took(after_ms));
        notices::note(state, MomentKind::Act, said.clone());
        notices::say(state, NoticeKind::Trouble, said, effects);
        notices::ring(effects);
        paint(effects);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, saturates")]
fn millis(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

/// Seconds from the sending of the act until then, as the world counts them: `speed` of them in one of ours. By the
/// monotonic time, because a clock that is set meanwhile makes no effect late or early.
fn waited(act: &Act, then: At, speed: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of one run fit f64 exactly")]
    let millis = then.millis_since(act.sent.mono) as f64;
    millis * speed / 1000.0
}
