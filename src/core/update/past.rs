//! Going back and forth in what this run has seen, and back to now.

use super::{navigation, notices, paint};
use crate::core::{
    effect::Effect,
    past::{self, NothingOlder, Stride},
    state::{NoticeKind, Overlay, Pane, State, View},
};

/// One step back (`older`) or on.
pub(super) fn step(state: &mut State, stride: Stride, older: bool, effects: &mut Vec<Effect>) {
    let Some(open) = &mut state.open else { return };
    match past::step(open, stride, older) {
        Ok(to) => {
            open.looking = to;
            // The list of moments leads to what they looked like.
            if open.view == View::Timeline {
                open.view = View::Cockpit;
            }
            state.looked_back |= to.is_some();
            navigation::to_top(state, Pane::Timeline);
            paint(effects);
        }
        Err(NothingOlder) => notices::say(state, NoticeKind::Said, "nothing older was seen by this run", effects),
    }
}

/// Back to now. True if something older was on screen.
pub(super) fn leave(state: &mut State) -> bool {
    state.open.as_mut().is_some_and(|open| open.looking.take().is_some())
}

/// What acts, asks or answers stands over what is, never over what was.
pub(super) fn pass(state: &mut State, effects: &mut Vec<Effect>) {
    let is_now = match &state.overlay {
        Some(
            Overlay::Confirm(_)
            | Overlay::Receipt(_)
            | Overlay::Acts { .. }
            | Overlay::Guard(_)
            | Overlay::Reset(_)
            | Overlay::Arm { .. }
            | Overlay::Debrief { .. },
        ) => true,
        Some(Overlay::Help { .. } | Overlay::Filter | Overlay::Leave | Overlay::Leaving) | None => false,
    };
    if is_now && leave(state) {
        paint(effects);
    }
    past::keep(state);
}
