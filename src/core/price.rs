//! What a regression costs: so far, per minute, and by each key that can be pressed now.
//!
//! Numbers only; that they hold for "same traffic, same ratio" is for whoever shows them to say.

use serde::{Deserialize, Serialize};

use crate::domain::{panel::Worth, time::Seconds};

/// A number of lost events with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub likely: f64,
    pub least: f64,
    /// None where the interval has no upper end.
    pub most: Option<f64>,
}

/// Events that are missing (where more is better) or too many (where fewer are), beside what the canary's customers
/// would have had on the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Events since `since`.
    pub so_far: Estimate,
    /// Events per minute at the present weight and traffic; none where the newest minutes show no traffic.
    pub per_minute: Option<Estimate>,
    /// In seconds since 1970, by the source's clock.
    pub since: i64,
    /// What one event is worth.
    pub worth: Option<Worth>,
}

/// What a plan would cost on one panel, weight by weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    pub stages: Vec<StagePrice>,
}

/// A weight that a plan comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StagePrice {
    /// In percent.
    pub weight: f64,
    /// How long it stays there; none where that is not known.
    pub seconds: Option<Seconds>,
    /// Events lost per minute there.
    pub per_minute: Estimate,
}
