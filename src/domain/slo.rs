//! A service level objective: how many events may be bad over a period, and what to ask to know how many were.

use serde::{Deserialize, Serialize};

use super::{
    clean::{Clean, Name},
    panel::TargetPattern,
    time::Seconds,
};

/// An objective as it was configured; queries still carry their `{{…}}` places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slo {
    pub name: Clean,
    /// Which targets it belongs to.
    pub targets: TargetPattern,
    /// The metrics source it asks.
    pub source: Name,
    /// Share of events that shall be good, as a fraction: 0.999 is 99.9 %.
    pub objective: f64,
    /// Over which time.
    pub period: Seconds,
    /// How many events were bad in `{{window}}`; one series.
    pub bad: String,
    /// How many events there were in `{{window}}`; one series.
    pub total: String,
    /// Which file it comes from.
    pub origin: Clean,
}

/// The place of a query that stands for a window, outside of quotes: `increase(x[{{window}}])`.
pub const WINDOW: &str = "{{window}}";

/// A query for the window of this many seconds.
#[must_use]
pub fn in_window(query: &str, seconds: i64) -> String {
    query.replace(WINDOW, &format!("{seconds}s"))
}

/// Events of one window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Events {
    pub bad: f64,
    pub total: f64,
}
