//! Questions about numbers over time, and their typed answers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    clean::{Clean, Name},
    failure::Failure,
    series::Series,
    time::Seconds,
};

/// A range of samples of one or two resolved queries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub source: Name,
    /// What each query is and its text, all places filled in.
    pub queries: Vec<Query>,
    /// First and last sample wanted, in seconds since 1970 of the source's own clock, multiples of `step`.
    pub from: i64,
    pub to: i64,
    /// Seconds between samples.
    pub step: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Query {
    pub text: String,
    /// The label that names the instance of a series; none where exactly one series is wanted.
    pub by: Option<Clean>,
}

/// What came back. Only `Value` may move a verdict; a missing number is never zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Value(Values),
    NoData,
    /// Numbers came, but not all of them, and why.
    Partial(Clean),
    /// The newest sample is this much older than it should be.
    Stale(Seconds),
    Error(Failure),
    NotFinite,
}

/// One set of series per query, in the question's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Values {
    pub sets: Vec<Vec<Series>>,
    /// When the newest sample was taken, by the source's clock.
    pub newest: DateTime<Utc>,
    /// How far the source's clock is ahead of ours in seconds, where it says its time.
    pub skew: Option<f64>,
    /// How far behind its own clock the source's newest samples are by design; that much age is no staleness.
    #[serde(default)]
    pub held_back: Seconds,
}
