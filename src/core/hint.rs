//! What a demo suggests to whoever does nothing: one key and what it is for. It never acts.

use super::{
    acts,
    command::Command,
    content, evidence, keymap,
    state::{Overlay, Pane, State, View},
};
use crate::domain::{clean::Clean, goal::Goal, verdict::Word};

/// Milliseconds without a key after which something is suggested.
pub const IDLE_MS: u64 = 5_000;

/// The suggestion for this moment of the story; none outside a demo, where a key was just pressed, and where what is
/// open says itself which keys it takes.
#[must_use]
pub fn hint(state: &State) -> Option<Clean> {
    let idle = state.at.millis_since(state.touched.unwrap_or(0));
    if !state.settings.demo || idle < IDLE_MS || state.quitting || state.notice.is_some() {
        return None;
    }
    let key = |command: Command| keymap::keys(&state.settings, command).first().map(ToString::to_string);
    let say = |command: Command, what: &str| key(command).map(|key| format!("press {key}: {what}").into());
    match &state.overlay {
        None => {}
        Some(Overlay::Receipt(id)) => {
            let is_open = state.act(*id).is_some_and(|act| act.stage.is_unproven());
            return (!is_open).then(|| "press enter: close the receipt".into());
        }
        Some(
            Overlay::Confirm(_)
            | Overlay::Acts { .. }
            | Overlay::Help { .. }
            | Overlay::Filter
            | Overlay::Leave
            | Overlay::Leaving
            | Overlay::Arm { .. }
            | Overlay::Guard(_)
            | Overlay::Reset(_)
            | Overlay::Debrief { .. },
        ) => return None,
    }
    let Some(open) = &state.open else { return say(Command::Open, "open the release under the cursor") };
    // The bar says how to come back.
    if open.looking.is_some() {
        return None;
    }
    let release = open.release.as_deref()?;
    let everyone_is_back = release.aborted && release.weight.set.is_none_or(|weight| weight <= 0.0);
    if everyone_is_back && !state.looked_back && content::focus(state, open) == Pane::Timeline {
        return say(Command::Earlier, "what it looked like then, moment by moment");
    }
    if open.view != View::Cockpit {
        return say(Command::Back, "back to the cockpit");
    }
    match evidence::verdict(open).word {
        _ if everyone_is_back && !state.looked_back => {
            say(Command::Timeline, "what happened, and from there back to it")
        }
        // The card comes next.
        _ if everyone_is_back && (state.debrief.is_none() || state.debrief_due) => None,
        _ if everyone_is_back => say(Command::Quit, "leave; the demo tells other stories too"),
        Word::NoGo if acts::possible(state, &Goal::Rollback { to: None }).is_ok() => {
            say(Command::Rollback, "take every customer back")
        }
        Word::NoGo | Word::Unknown => say(Command::Acts, "every act, and why some cannot be done now"),
        Word::Go => say(Command::Promote, "on to the next stop; what it commits to stands beside the key"),
        Word::Collecting => Some("nothing to do yet: evidence is being collected".into()),
    }
}
