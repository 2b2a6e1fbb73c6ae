//! What a simulated release cost its customers, beside what it would have cost them without anybody at the keys.
//! Only a simulated world can live through both.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::panel::Worth;

/// Two outcomes for the same customers, counted by the simulation itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Debrief {
    /// The number of the world: the same one gives the same customers.
    pub seed: u64,
    /// When the canary began to lose orders.
    pub began: DateTime<Utc>,
    /// What an order is worth.
    pub worth: Worth,
    /// When all customers were back on the old revision.
    pub back: DateTime<Utc>,
    /// Orders lost until then, and after all.
    pub lost: u64,
    pub alone: Alone,
}

/// The same world from the second of the first act on, in which the release was promoted instead and nothing but the
/// controller's own analysis was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alone {
    pub promoted: DateTime<Utc>,
    pub analysis: Analysis,
    /// When the new revision had everyone; none where that never came.
    pub everyone: Option<DateTime<Utc>>,
    /// Orders lost up to `until`: ten minutes after it was over.
    pub lost: u64,
    pub until: DateTime<Utc>,
}

/// How the controller's analysis ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Analysis {
    Passed(DateTime<Utc>),
    Failed(DateTime<Utc>),
    /// It was not asked, or had not ended.
    Open,
}
