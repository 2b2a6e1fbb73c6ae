//! A panel of the opened release: what was asked for it, what came back, and what may be said of it.
//!
//! Plain data. `core::evidence` says what may be read out of it; only `update` changes it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{effect::AskId, evidence::Reading};
use crate::domain::{
    clean::Clean,
    panel::{Arms, PanelSpec, PanelTrouble},
    series::{Level, Point, Tick},
};

/// A panel with what was answered so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    pub spec: PanelSpec,
    /// The arms its numbers belong to; other arms start it anew.
    pub arms: Option<Arms>,
    /// Seconds between its ticks: multiples of this of the source's clock.
    pub step: i64,
    /// What a chart of counts shows (`ratio`, `rate`, `latency`), oldest first, at most `evidence::MAX_TICKS`.
    pub ticks: Vec<Tick>,
    /// What a chart of a `value` shows, as many.
    pub levels: Vec<Level>,
    /// What a chart of a single series shows (`shared`, `analysis`), as many.
    pub points: Vec<Point>,
    /// Where the canary's exposure began, in seconds since 1970 by the source's clock; the comparison counts ticks
    /// after it. Until one was seen, the earliest time at which it can have begun.
    pub exposed_since: Option<i64>,
    /// The part of the past that is still to be read or judged; while there is one nothing is within tolerance.
    pub history: Option<History>,
    /// Why the newest answer is not a value; none when it is.
    pub trouble: Option<PanelTrouble>,
    /// When the newest sample was taken, by the source's clock.
    pub newest: Option<DateTime<Utc>>,
    /// The question under way.
    pub asked: Option<Asked>,
    /// The end of the last range that was answered, in seconds since 1970 by the source's clock.
    pub answered_to: Option<i64>,
    /// Ranges `(from, to]` in which the weight had just moved; their ticks are charted and not counted.
    pub left_out: Vec<(i64, i64)>,
    /// What may be said of it now. Made anew by `update` whenever anything of it changes.
    pub reading: Reading,
    /// How the judgement went, oldest first, one point per counted tick, thinned out where it grows long: the
    /// interval over time, and where the mark changes the history of its verdict. Made again with the judge.
    pub trail: Vec<Judged>,
    /// Failed questions in a row.
    pub errors: u32,
    /// Monotonic time of the next question.
    pub due: u64,
}

impl Panel {
    /// Nothing asked yet; `step` in seconds, `due` is the monotonic time of the first question.
    #[must_use]
    pub fn new(spec: PanelSpec, arms: Option<Arms>, step: i64, due: u64) -> Self {
        Self {
            spec,
            arms,
            step,
            ticks: Vec::new(),
            levels: Vec::new(),
            points: Vec::new(),
            exposed_since: None,
            history: None,
            trouble: Some(PanelTrouble::Waiting),
            newest: None,
            asked: None,
            answered_to: None,
            left_out: Vec::new(),
            reading: Reading::unknown("waiting for the first answer"),
            trail: Vec::new(),
            errors: 0,
            due,
        }
    }
}

/// A question that was sent and not yet answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub id: AskId,
    /// The range asked for, in seconds since 1970 by the source's clock.
    pub from: i64,
    pub to: i64,
    /// Monotonic time of asking.
    pub at: u64,
}

/// A stretch of time in seconds since 1970 by the source's clock: `from` is done, `to` is where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub from: i64,
    pub to: i64,
}

/// What was said at the end of one counted tick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The tick's end, in seconds since 1970 by the source's clock.
    pub at: i64,
    pub mark: super::evidence::Mark,
    /// The most likely ratio of event rates, canary to baseline, and its interval.
    pub ratio: Option<f64>,
    pub low: f64,
    pub high: f64,
}

/// A declared panel that cannot be used; shown where it would stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// Which object or file it comes from.
    pub origin: Clean,
    pub why: Clean,
}

/// The weight moved, by the wall clock of this machine in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightMove {
    pub at: i64,
    /// To what, in percent; none where only the moment is known.
    pub percent: Option<f64>,
}
