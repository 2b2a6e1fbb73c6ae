//! What confirming an act takes. Pure rules: direction, verdict, arming, windows.

use serde::{Deserialize, Serialize};

use super::{evidence, number, price, state::State};
use crate::domain::{
    clean::Clean,
    goal::{Denied, Direction, Goal},
    plan::Plan,
    verdict::Word,
};

/// Milliseconds a dialog must have been on the terminal before a confirming key counts.
pub const SETTLE_MS: u64 = 400;
/// Milliseconds of quiet on the keyboard before a confirming key counts.
pub const QUIET_MS: u64 = 150;

/// What the dialog asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// One key.
    Yes,
    /// This text, to the letter.
    Type { text: Clean, with_reason: bool },
    /// Nothing confirms it: the dialog only shows and copies.
    Never,
}

/// Which way a plan really moves customers: goals that can bring new code to anybody are forward whatever
/// the backend calls them.
#[must_use]
pub const fn direction(plan: &Plan) -> Direction {
    match plan.goal {
        Goal::Promote
        | Goal::PromoteFull
        | Goal::Resume
        | Goal::Retry
        | Goal::Restart
        | Goal::SetWeight(_)
        | Goal::Approve(_)
        // An analysis that is ended early counts as passed on more than one backend.
        | Goal::Terminate(_) => Direction::Forward,
        Goal::Pause | Goal::Abort | Goal::Rollback { .. } | Goal::Reject(_) => plan.direction,
    }
}

/// What confirming `plan` takes now, or why it may not be done at all; `forward` is whether the release may go on.
///
/// # Errors
/// When policy forbids the act, or a forward act finds the source not armed.
pub fn confirmation(state: &State, plan: &Plan, forward: Word) -> Result<Confirmation, Denied> {
    if let Some(why) = &state.settings.policy.read_only {
        return Err(Denied::new(why.clone()).hint("copy the command and give it to someone who may"));
    }
    let source = &plan.release.target.source;
    let name = plan.release.target.name();
    // The evidence says that the revision to which this roll back leads is the worse one.
    let is_worse = state
        .open
        .as_ref()
        .is_some_and(|open| price::finishes(open, plan) && evidence::verdict(open).word == Word::NoGo);
    match (direction(plan), state.is_armed(source)) {
        (Direction::Back | Direction::Hold, _) if is_worse => {
            Ok(Confirmation::Type { text: format!("{name} 100").into(), with_reason: true })
        }
        (Direction::Back | Direction::Hold, true) if plan.proven => Ok(Confirmation::Yes),
        // Disarmed, the typed name arms for this one act; armed, it stands for looking at where this leads.
        (Direction::Back | Direction::Hold, _) => Ok(Confirmation::Type { text: Clean::new(name), with_reason: false }),
        (Direction::Forward, false) => {
            Err(Denied::new(format!("`{source}` is read-only")).hint("arm it: `x`, then arm"))
        }
        (Direction::Forward, true) => {
            let weight = number::weight(plan.reach.as_ref().map_or(100.0, |reach| reach.weight));
            let against = match forward {
                Word::NoGo | Word::Unknown => true,
                Word::Go | Word::Collecting => plan.goal == Goal::PromoteFull,
            };
            Ok(if against {
                Confirmation::Type { text: format!("{name} {weight}").into(), with_reason: true }
            } else {
                Confirmation::Type { text: weight.into(), with_reason: false }
            })
        }
    }
}

impl Confirmation {
    /// How much it asks for; a dialog never comes to ask for less while it is open.
    #[must_use]
    pub const fn strength(&self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::Type { with_reason: false, .. } => 1,
            Self::Type { with_reason: true, .. } => 2,
            Self::Never => 3,
        }
    }
}
