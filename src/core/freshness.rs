//! How old is what is shown, when silence means trouble, and how often the clock alone changes the screen.
//!
//! A screen at rest must cost next to nothing on a slow line: ages are shown coarsely, and `Pace` says how
//! often anything on screen counts. `view` prints ages through `shown`, `update` wakes by the same rules.

use super::{
    layout::{self, Tier},
    settings::Role,
    state::{Overlay, Source, State},
};
use crate::domain::{
    failure::Failure,
    health::Health,
    release::{Release, WaitingOn},
    time::Seconds,
};

/// Below this an age reads `live`.
pub const LIVE_SECONDS: f64 = 10.0;
/// Silence of a watch that means trouble. Signs of life come at least every minute.
const SILENT_WATCH_MS: u64 = 90_000;
/// Silence of a source of numbers that means trouble: three questions without an answer.
pub const SILENT_METRICS_MS: u64 = 35_000;

/// A clock that is further off than this is worth a word: ages told by the wrong one are wrong too.
const SKEW_SECONDS: f64 = 2.0;

/// Seconds a source's clock is ahead of ours, where that is worth a word.
#[must_use]
pub fn clock_off(source: &Source) -> Option<f64> {
    source.skew.filter(|skew| skew.abs() > SKEW_SECONDS)
}

/// How a source stands now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing<'a> {
    /// Nothing was heard yet.
    Connecting,
    /// Heard of this long ago.
    Live(Seconds),
    /// Silent for this long: what is shown of it may be old.
    Stale(Seconds),
    /// Contact is lost, since it was last heard of where it ever was.
    Lost(&'a Failure, Option<Seconds>),
}

/// How `source` stands at the state's moment.
#[must_use]
pub fn standing<'a>(state: &State, source: &'a Source) -> Standing<'a> {
    let age = source.heard.map(|heard| state.at.millis_since(heard));
    let silent = match source.role {
        Role::Backend => SILENT_WATCH_MS,
        Role::Metrics => SILENT_METRICS_MS,
    };
    match (&source.health, age) {
        (Health::Lost { why, .. }, age) => Standing::Lost(why, age.map(millis)),
        (Health::Connecting | Health::Live, None) => Standing::Connecting,
        (Health::Connecting | Health::Live, Some(age)) if age >= silent && is_asked(state, source) => {
            Standing::Stale(millis(age))
        }
        (Health::Connecting | Health::Live, Some(age)) => Standing::Live(millis(age)),
    }
}

/// Whether anything is wanted of it now; a source nobody asks is silent without fault.
#[must_use]
fn is_asked(state: &State, source: &Source) -> bool {
    match source.role {
        Role::Backend => {
            source.watch.is_some() || state.open.as_ref().is_some_and(|open| open.target.source == source.name)
        }
        Role::Metrics => state
            .open
            .as_ref()
            .is_some_and(|open| open.panels.iter().any(|p| p.spec.source == source.name && p.arms.is_some())),
    }
}

fn millis(millis: u64) -> Seconds {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of one run fit f64 exactly")]
    Seconds(millis as f64 / 1000.0)
}

/// An age as it is shown: none for "live", whole seconds up to a minute, then steps of 5 s.
#[must_use]
pub fn shown(age: Seconds) -> Option<Seconds> {
    if age.0 < LIVE_SECONDS {
        None
    } else if age.0 < 60.0 {
        Some(Seconds(age.0.floor()))
    } else {
        Some(Seconds((age.0 / 5.0).floor() * 5.0))
    }
}

/// How often time alone changes what is on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Something counts by the second.
    Second,
    /// Nothing does; clocks and long ages step by 5 s.
    Calm,
}

/// The pace of what is on screen now. At `Calm` clock times are shown rounded down to 5 s.
#[must_use]
pub fn pace(state: &State) -> Pace {
    let overlay_counts = match &state.overlay {
        Some(Overlay::Receipt(act)) => state.act(*act).is_some_and(|act| act.stage.is_unproven()),
        Some(
            Overlay::Confirm(_)
            | Overlay::Acts { .. }
            | Overlay::Help { .. }
            | Overlay::Filter
            | Overlay::Leave
            | Overlay::Leaving
            | Overlay::Arm { .. }
            | Overlay::Debrief { .. }
            | Overlay::Guard(_)
            | Overlay::Reset(_),
        )
        | None => false,
    };
    let release_counts = state.open.as_ref().is_some_and(|open| open.release.as_deref().is_some_and(counts));
    let age_counts = state.sources.iter().filter(|s| is_asked(state, s)).any(|source| match standing(state, source) {
        Standing::Live(age) | Standing::Stale(age) | Standing::Lost(_, Some(age)) => {
            (LIVE_SECONDS..60.0).contains(&age.0)
        }
        Standing::Connecting | Standing::Lost(_, None) => false,
    });
    // A guard's newest sign is told by the second.
    let guard_counts = state.open.as_ref().is_some_and(|open| {
        open.release.as_ref().and_then(|release| release.guard.as_ref()).is_some_and(|sign| !sign.state.is_over())
    });
    let acts_count = state.acts.iter().any(|act| act.stage.is_unproven());
    // Three lines have no room for a clock, and what counts there is the wait.
    let chips = layout::tier(state.size) != Tier::Lines;
    let chips = chips && (age_counts || guard_counts);
    // How long ago it was that is shown.
    let is_past = state.open.as_ref().is_some_and(|open| open.looking.is_some());
    if is_past || overlay_counts || release_counts || acts_count || chips { Pace::Second } else { Pace::Calm }
}

/// Whether a release shows a length of time that grows or shrinks by the second.
fn counts(release: &Release) -> bool {
    release.waiting.as_ref().is_some_and(|waiting| match waiting.on {
        WaitingOn::Timer(_) => true,
        WaitingOn::Person | WaitingOn::Analysis | WaitingOn::Pods | WaitingOn::Controller | WaitingOn::Inconclusive => {
            waiting.since.is_some()
        }
    }) || release.current_step().is_some_and(|(_, step)| step.started_at.is_some())
        || release.revisions.iter().any(|revision| revision.scale_down_at.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn young_is_live_and_old_is_coarse() {
        let cases =
            [(0.4, None), (9.9, None), (10.2, Some(10.0)), (59.9, Some(59.0)), (64.9, Some(60.0)), (65.0, Some(65.0))];
        for (age, expected) in cases {
            assert_eq!(shown(Seconds(age)), expected.map(Seconds), "{age}");
        }
    }
}
