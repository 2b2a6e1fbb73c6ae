//! What the panels of a release show, and what may be said of it.
//!
//! [`Reading`] is one panel's answer; [`verdict`] is the release's, the one that screen, policy, journal, title and
//! bell all use. Missing numbers are neither zero nor good.

pub mod aged;
mod chart;
mod look;
mod pods;
mod reading;
pub mod said;
mod verdict;

pub use chart::{Line, Seen, binned, levels, rates, seen};
pub use look::{by_share, is_counted, is_counted_over, look, spans};
pub use pods::{Heard, is_whole, missing, torn, unheard, unscraped};
pub use reading::{ENOUGH, Forecast, Interval, Levels, Mark, Progress, Reading, Spread};
pub use verdict::{blind, outcome, regressed, split, uncounted, verdict};

use super::state::{Panel, Source};
pub use crate::judge::split::{SplitFinding, SplitStanding};

/// Most ticks that a chart keeps: 2 h of 10 s.
pub const MAX_TICKS: usize = 720;
/// The shortest time between ticks, in seconds. A source that scrapes less often has its own.
pub const TICK_SECONDS: i64 = 10;
/// Seconds each point of a chart looks back: a tick of a small canary holds too few events to show anything.
pub const CHART_SECONDS: i64 = 6 * TICK_SECONDS;

/// Seconds a tick of `step` seconds must be old before this source is asked for it: two scrapes may still be on their
/// way, and what it holds back has not come yet.
#[must_use]
pub fn late_seconds(source: Option<&Source>, step: i64) -> i64 {
    let held_back: f64 = source.map_or(0.0, |source| source.held_back.0);
    #[expect(clippy::cast_possible_truncation, reason = "saturates; nothing is held back for longer than hours")]
    let held_back = held_back.ceil() as i64;
    (2 * step).max(held_back.saturating_add(1))
}

/// Seconds after which this source's newest sample is too old to be called an answer: three ticks beyond what is
/// normal there.
#[must_use]
pub fn stale_seconds(source: Option<&Source>, step: i64) -> i64 {
    late_seconds(source, step).saturating_add(3 * step)
}

/// What one panel shows now.
#[must_use]
pub const fn reading(panel: &Panel) -> &Reading {
    &panel.reading
}
