//! What the panels of a release show, and what may be said of it.
//!
//! [`Reading`] is one panel's answer; [`verdict`] is the release's, the one that screen, policy, journal, title and
//! bell all use. Missing numbers are neither zero nor good.

mod chart;
mod look;
mod reading;

pub use chart::{Seen, levels, rates, seen};
pub use look::{is_counted, look};
pub use reading::{ENOUGH, Forecast, Interval, Levels, Mark, Progress, Reading, Spread};

use super::state::{Open, Panel, Source};
use crate::domain::verdict::Verdict;

/// Most ticks that a chart keeps, and most that one question asks for: 2 h of 10 s.
pub const MAX_TICKS: usize = 720;
/// The shortest time between ticks, in seconds. A source that scrapes less often has its own.
pub const TICK_SECONDS: i64 = 10;
/// Seconds a tick must be old before it is asked for: two scrapes may still be on their way.
pub const LATE_SECONDS: i64 = 2 * TICK_SECONDS;
/// Seconds by which a tick may come later than that before the numbers are called stale.
const STALE_SECONDS: i64 = 3 * TICK_SECONDS;
/// Seconds each point of a chart looks back: a tick of a small canary holds too few events to show anything.
pub const CHART_SECONDS: i64 = 6 * TICK_SECONDS;

/// Seconds a tick of this source must be old before it is asked for: what it holds back has not come yet.
#[must_use]
pub fn late_seconds(source: Option<&Source>) -> i64 {
    let held_back: f64 = source.map_or(0.0, |source| source.held_back.0);
    #[expect(clippy::cast_possible_truncation, reason = "saturates; nothing is held back for longer than hours")]
    let held_back = held_back.ceil() as i64;
    LATE_SECONDS.max(held_back.saturating_add(1))
}

/// Seconds after which this source's newest sample is too old to be called an answer: three ticks beyond what is
/// normal there.
#[must_use]
pub fn stale_seconds(source: Option<&Source>) -> i64 {
    late_seconds(source).saturating_add(STALE_SECONDS)
}

/// What one panel shows now.
#[must_use]
pub const fn reading(panel: &Panel) -> &Reading {
    &panel.reading
}

/// What may be said of the whole release.
#[must_use]
pub fn verdict(open: &Open) -> Verdict {
    let mut critical = open.panels.iter().filter(|p| p.spec.critical).peekable();
    if critical.peek().is_none() {
        return Verdict::unknown("nothing critical is watched");
    }
    critical.find(|panel| panel.reading.is_unknown()).map_or_else(
        || Verdict::collecting("differences are shown, not judged"),
        |panel| {
            let why = panel.reading.verdict.why.first().cloned().unwrap_or_default();
            Verdict::unknown(format!("{}: {why}", panel.spec.name))
        },
    )
}
