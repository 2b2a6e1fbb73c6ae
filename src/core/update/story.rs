//! What only a demo does: it suggests a key to whoever does nothing, and shows at the end what was at stake.

use super::paint;
use crate::{
    core::{
        effect::Effect,
        hint::{self, IDLE_MS},
        key::Key,
        policy::SETTLE_MS,
        state::{Overlay, State, View},
    },
    domain::debrief::Debrief,
};

/// Milliseconds without a key before the card comes up, so that no key meant for something else closes it.
const CALM_MS: u64 = 1_500;
/// The same for whoever has not looked back yet and is told how.
const UNSEEN_MS: u64 = IDLE_MS + 5_000;

/// Keeps the first debrief of a run; it is shown when nothing else is.
pub(super) fn told(state: &mut State, debrief: Box<Debrief>) {
    if state.debrief.is_none() {
        state.debrief = Some(debrief);
        state.debrief_due = true;
    }
}

pub(super) fn pass(state: &mut State, effects: &mut Vec<Effect>) {
    if due_at(state).is_some_and(|due| due <= state.at.mono) {
        state.debrief_due = false;
        state.overlay = Some(Overlay::Debrief { since: state.at.mono });
        paint(effects);
    }
    let hint = hint::hint(state);
    if hint != state.hint {
        state.hint = hint;
        paint(effects);
    }
}

/// Any key closes the card once it could be seen.
pub(super) fn pressed(state: &mut State, since: u64, key: Key, effects: &mut Vec<Effect>) {
    if !key.held && state.at.millis_since(since) >= SETTLE_MS {
        state.overlay = None;
        paint(effects);
    }
}

/// When something here falls due; none while a key or news must come first.
pub(super) fn deadline(state: &State) -> Option<u64> {
    let idle = state.touched.unwrap_or(0) + IDLE_MS;
    let hint = (state.settings.demo && idle > state.at.mono).then_some(idle);
    due_at(state).into_iter().chain(hint).min()
}

/// When the card comes up: over the release as it is now.
fn due_at(state: &State) -> Option<u64> {
    let open = state.open.as_ref();
    let is_free =
        state.overlay.is_none() && open.is_none_or(|open| open.looking.is_none() && open.view == View::Cockpit);
    let calm = if state.looked_back { CALM_MS } else { UNSEEN_MS };
    (state.debrief_due && is_free).then(|| state.touched.unwrap_or(0) + calm)
}
