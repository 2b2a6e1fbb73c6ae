//! What a guard tells while it goes on, and following one that runs elsewhere.

use std::io::{self, Write as _};

use super::{holder, prompt};
use crate::{
    core::{
        arming,
        pulse::{self, Life},
        state::State,
    },
    domain::{guard::GuardState, timeline::MomentKind},
    headless::print,
    runtime::unmanned::{self, Unmanned, Word},
};

/// Follows the guard that holds the release until it has ended, is lost, or is there no more.
pub(super) async fn follow(unmanned: Unmanned) -> anyhow::Result<State> {
    let say = |state: &State, word: Word| match &word {
        Word::Moment(moment) if moment.kind == MomentKind::Guard => print(state, &word, false),
        Word::Trouble(_) => print(state, &word, false),
        Word::Moment(_) | Word::Bell => {}
    };
    // Whether it lives is known once the release was heard of and time has passed.
    let enough = |state: &State| {
        let known = state.open.as_ref().is_some_and(|open| open.complete);
        known && !matches!(holder(state), Some((_, Life::Unheard | Life::Alive(_) | Life::Unseen(_))))
    };
    unmanned::fly(unmanned, say, enough).await
}

/// The exit code of having followed a guard to its end.
pub(super) fn code(state: &State) -> u8 {
    let sign = state.open.as_ref().and_then(|open| pulse::guard(state, open)).map(|(sign, _)| sign);
    match sign.map(|sign| &sign.state) {
        Some(GuardState::Ended(why)) => {
            prompt::say(&format!("it has ended: {why}"));
            0
        }
        Some(GuardState::Watching | GuardState::Blind(_) | GuardState::Acting(_)) | None => {
            prompt::say("its sign was removed");
            0
        }
    }
}

/// One line for one word; a bell where somebody may hear it.
pub(super) fn print(state: &State, word: &Word, bell: bool) {
    match word {
        Word::Moment(moment) => {
            let at = arming::clock(moment.at, state.at.wall, &state.settings.zone);
            prompt::say(&format!("{at} {:9} {}", moment.kind.word(), moment.text));
        }
        Word::Trouble(why) => print::complain(why),
        Word::Bell if bell => {
            let mut out = io::stdout().lock();
            // Whoever could hear it may have gone.
            drop(out.write_all(b"\x07").and_then(|()| out.flush()));
        }
        Word::Bell => {}
    }
}
