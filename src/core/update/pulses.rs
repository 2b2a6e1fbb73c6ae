//! The heartbeats of a guard on the opened release: what is new in them is told, and their absence is said aloud.

use super::{notices, paint};
use crate::{
    core::{
        effect::Effect,
        pulse::{self, Life, Pulse},
        state::{NoticeKind, State},
    },
    domain::{
        guard::{GuardState, Heartbeat},
        release::Release,
        timeline::MomentKind,
    },
};

/// Takes note of the heartbeat that the release carries, and says once when no other has come.
pub(super) fn pass(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.at;
    let contact = state.open.as_ref().is_some_and(|open| pulse::in_contact(state, open));
    let Some(open) = &mut state.open else { return };
    let sign = open.release.as_ref().and_then(|release| release.guard.clone());
    let Some(sign) = sign else {
        open.pulse = None;
        return;
    };
    let mut pulse = Pulse::note(open.pulse.take(), &sign, now);
    let life = pulse.life(now, contact);
    let lost = !sign.state.is_over() && matches!(life, Life::Lost(_));
    let tell = lost && !pulse.told_lost;
    pulse.told_lost |= lost;
    open.pulse = Some(pulse);
    if tell && let Life::Lost(age) = life {
        let text = format!("the guard of {} on {} is LOST: no sign of it for {age}", sign.by, sign.host);
        notices::note(state, MomentKind::Guard, text.clone());
        notices::say(state, NoticeKind::Trouble, format!("{text}; nobody rolls back by itself now"), effects);
        notices::ring(effects);
    }
}

/// What became different about the guard, in words.
pub(super) fn difference(before: &Release, now: &Release) -> Option<String> {
    let who = |sign: &Heartbeat| format!("of {} on {}", sign.by, sign.host);
    let same = |one: &Heartbeat, other: &Heartbeat| one.id == other.id && one.state == other.state;
    match (&before.guard, &now.guard) {
        (Some(_), None) => Some("the guard's sign was removed".to_owned()),
        (Some(before), Some(now)) if same(before, now) => None,
        (_, Some(sign)) => Some(match &sign.state {
            GuardState::Watching => format!("a guard {} watches", who(sign)),
            GuardState::Blind(why) => format!("the guard {} cannot act: {why}", who(sign)),
            GuardState::Acting(attempt) => format!("the guard {} takes it back, try {attempt}", who(sign)),
            GuardState::Ended(why) => format!("the guard {} has ended: {why}", who(sign)),
        }),
        (None, None) => None,
    }
}

/// Rings where a guard has begun to act or has ended.
pub(super) fn ring(before: &Release, now: &Release, effects: &mut Vec<Effect>) {
    let wakes = |release: &Release| {
        release.guard.as_ref().is_some_and(|sign| match sign.state {
            GuardState::Acting(_) | GuardState::Ended(_) => true,
            GuardState::Watching | GuardState::Blind(_) => false,
        })
    };
    if difference(before, now).is_some() && wakes(now) {
        notices::ring(effects);
        paint(effects);
    }
}
