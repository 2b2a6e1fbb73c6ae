//! Going back and forth in what this run has seen, and back to now.

use super::{navigation, notices, paint};
use crate::core::{
    effect::Effect,
    freshness::{self, Standing},
    past::{self, NothingOlder, Stride},
    state::{NoticeKind, Overlay, Pane, State, View},
};

/// One step back (`older`) or on.
pub(super) fn step(state: &mut State, stride: Stride, older: bool, effects: &mut Vec<Effect>) {
    let Some(open) = &mut state.open else { return };
    match past::step(open, stride, older) {
        Ok(to) => {
            let (is_home, is_gone) = (to.is_none() && open.looking.is_some(), to.is_some() && open.looking.is_none());
            open.looking = to;
            // The list of moments leads to what they looked like.
            if open.view == View::Timeline {
                open.view = View::Cockpit;
            }
            state.looked_back |= to.is_some();
            navigation::to_top(state, Pane::Timeline);
            if is_gone {
                notices::into_past(state);
            }
            paint(effects);
            if is_home {
                welcome(state, effects);
            }
        }
        Err(NothingOlder) => {
            notices::on_screen(state, NoticeKind::Said, "nothing older was seen in this visit", effects);
        }
    }
}

/// Back to now, and says so. True if something older was on screen.
pub(super) fn leave(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let was_away = state.open.as_mut().is_some_and(|open| open.looking.take().is_some());
    if was_away {
        welcome(state, effects);
    }
    was_away
}

/// Says that what is on screen is now, and live where it is.
fn welcome(state: &mut State, effects: &mut Vec<Effect>) {
    let source = state.open.as_ref().and_then(|open| state.source(&open.target.source));
    let standing = source.map(|source| freshness::standing(state, source));
    match standing {
        Some(Standing::Live(_)) => notices::say(state, NoticeKind::Said, "now, live", effects),
        Some(Standing::Connecting | Standing::Stale(_) | Standing::Lost(..)) | None => {
            notices::say(state, NoticeKind::Warning, "now, but what is shown may be old: there is no contact", effects);
        }
    }
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
    // What is said of the dialog that came up stands before this.
    let said = state.notice.clone();
    if is_now && leave(state, effects) {
        state.notice = said.or(state.notice.take());
        paint(effects);
    }
    past::keep(state);
}
