//! What time alone does, and when the state next wants to be woken for it.

use super::{
    answers, board, budgets, confirm, guarding, judging, notices, paint, past, proof, pulses, questions, sources,
    story, verdicts,
};
use crate::core::{
    effect::Effect,
    freshness::{self, Pace},
    state::{Overlay, State},
};

/// Shortest time between two wake-ups for the sake of a clock, in milliseconds.
const MIN_WAKE_MS: u64 = 200;

/// Does everything that has fallen due.
pub(super) fn pass(state: &mut State, effects: &mut Vec<Effect>) {
    if state.quitting {
        return;
    }
    notices::pass(state, effects);
    sources::disarm_expired(state, effects);
    if board::rest(state) {
        paint(effects);
    }
    proof::expire(state, effects);
    pulses::pass(state, effects);
    answers::grow_old(state, effects);
    questions::ask_due(state, effects);
    budgets::ask_due(state, effects);
    judging::pass(state, effects);
    verdicts::tell(state, effects);
    // Of the newest numbers, and after the old ones were called old.
    guarding::pass(state, effects);
    confirm::revise(state, effects);
    notices::title(state, effects);
    past::pass(state, effects);
    story::pass(state, effects);
    let clock = bucket(state);
    if clock != state.clock {
        state.clock = clock;
        paint(effects);
    }
}

/// The wall time that the screen shows, at its pace.
fn bucket(state: &State) -> i64 {
    let seconds = state.at.wall.timestamp();
    match freshness::pace(state) {
        Pace::Second => seconds,
        Pace::Calm => seconds.div_euclid(CALM_SECONDS) * CALM_SECONDS,
    }
}

/// How far clocks step when nothing counts by the second.
const CALM_SECONDS: i64 = 5;

/// When the state next wants a `Tick`, in monotonic milliseconds; none once it is quitting.
#[must_use]
pub fn deadline(state: &State) -> Option<u64> {
    if state.quitting {
        return None;
    }
    let now = state.at.mono;
    let mut next = clock_steps(state);
    let mut at = |moment: u64| next = next.min(moment.max(now + 1));
    if let Some(notice) = &state.notice {
        at(notice.until);
    }
    state.sources.iter().filter_map(|source| state.armed_for(&source.name)).map(|left| now + left).for_each(&mut at);
    story::deadline(state).into_iter().for_each(&mut at);
    if state.board.unsettled
        && let Some(moved) = state.board.moved
    {
        at(moved + board::REST_MS);
    }
    if let Some(Overlay::Confirm(dialog)) = &state.overlay
        && !dialog.ready
        && let Some(ready) = confirm::ready_at(dialog)
    {
        at(ready);
    }
    if judging::is_behind(state) {
        at(now + 1);
    }
    state.guard.iter().flat_map(|guard| guarding::moments(guard, now)).for_each(&mut at);
    for panel in state.open.iter().flat_map(|open| &open.panels) {
        match panel.asked {
            Some(asked) => at(asked.at + questions::LOST_MS),
            None if panel.arms.is_some() => at(panel.due),
            None => {}
        }
    }
    budgets::deadlines(state).for_each(&mut at);
    Some(next)
}

/// When the clock on screen next steps. Unproven acts need no moment of their own: they count by the second.
fn clock_steps(state: &State) -> u64 {
    let step = match freshness::pace(state) {
        Pace::Second => 1_000,
        Pace::Calm => CALM_SECONDS * 1_000,
    };
    let left = step - state.at.wall.timestamp_millis().rem_euclid(step);
    let millis = state.settings.millis_at_the_keyboard(left);
    state.at.mono + millis.max(if state.settings.speed > 1.0 { MIN_WAKE_MS } else { 1 })
}
