//! The guard: an armed mandate to roll back by itself when a critical panel regresses.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    clean::{Clean, Name},
    time::Seconds,
};

/// The sign of life that a guard leaves on the object it guards; every flightdeck shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Tells one guard from another.
    pub id: Clean,
    /// Who armed it, as the backend knows them.
    pub by: Clean,
    /// The machine it runs on.
    pub host: Clean,
    /// The only revision that it may take back.
    pub revision: Name,
    pub since: DateTime<Utc>,
    pub beat: DateTime<Utc>,
    /// It ends by itself then at the latest.
    pub until: DateTime<Utc>,
    pub state: GuardState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardState {
    Watching,
    /// It takes the release back: which attempt this is.
    Acting(u32),
    /// It stands down, and why.
    Ended(Clean),
}

/// Seconds between two signs of life.
pub const BEAT: Seconds = Seconds(10.0);
/// A sign of life older than this belongs to a guard that is lost.
pub const LOST_AFTER: Seconds = Seconds(30.0);
