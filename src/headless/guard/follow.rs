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

/// How a guard that was followed came to its end, in words, and the exit code: the one that it ended with itself.
pub(super) fn ended(state: &State) -> (String, u8) {
    let sign = state.open.as_ref().and_then(|open| pulse::guard(state, open)).map(|(sign, _)| sign);
    match sign.map(|sign| (&sign.state, sign.outcome)) {
        // One of an older flightdeck does not say how.
        Some((GuardState::Ended(why), outcome)) => (format!("it has ended: {why}"), outcome.map_or(0, super::code)),
        Some((GuardState::Watching | GuardState::Blind(_) | GuardState::Acting(_), _)) | None => {
            ("its sign was removed".to_owned(), 0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::guard::{Heartbeat, Outcome},
        headless::verdict::tests::{flown, with_release},
        sim::Scenario,
    };

    #[test]
    fn whoever_followed_is_told_how_it_ended() {
        let state = flown(Scenario::Clean, 2);
        let sign = |state: &State, outcome| Heartbeat {
            id: "theirs".into(),
            by: "op2".into(),
            host: "bastion".into(),
            revision: "new".into(),
            since: state.at.wall,
            beat: state.at.wall,
            until: state.at.wall,
            state: GuardState::Ended("because".into()),
            outcome,
        };
        for (outcome, code) in [
            (Some(Outcome::Completed), 0),
            (Some(Outcome::StoodDown), 0),
            (Some(Outcome::RolledBack), 1),
            (Some(Outcome::Failed), 1),
            (Some(Outcome::TimeOver), 5),
            (None, 0),
        ] {
            let state = with_release(state.clone(), |release| release.guard = Some(sign(&state, outcome)));
            assert_eq!(ended(&state), ("it has ended: because".to_owned(), code), "{outcome:?}");
        }
        assert_eq!(ended(&with_release(state, |release| release.guard = None)).0, "its sign was removed");
    }
}
