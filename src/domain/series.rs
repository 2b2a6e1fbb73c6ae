//! Counters of single instances as a source tells them, and the ticks that `counting` makes of them: how many events and
//! exposures each arm had in one interval.

use serde::{Deserialize, Serialize};

use super::clean::Name;

/// A counter of one instance, at aligned times, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub instance: Name,
    pub points: Vec<Point>,
}

impl Series {
    /// The value at exactly this time.
    #[must_use]
    pub fn at(&self, at: i64) -> Option<f64> {
        let place = self.points.binary_search_by_key(&at, |point| point.at).ok()?;
        self.points.get(place).map(|point| point.value)
    }
}

/// A counter's value at a time in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub at: i64,
    pub value: f64,
}

/// What one arm did during one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    pub events: f64,
    pub exposures: f64,
}

impl Counts {
    /// Events per exposure, none without exposures.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.exposures > 0.0).then(|| self.events / self.exposures)
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.exposures += other.exposures;
    }
}

/// Both arms in the interval that ends at `at` (seconds since 1970).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    pub at: i64,
    pub baseline: Counts,
    pub canary: Counts,
}

/// What gauges of single instances come to in each arm at a time in seconds since 1970: their average, none where
/// the arm has no instance with a value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    pub at: i64,
    pub baseline: Option<f64>,
    pub canary: Option<f64>,
}

/// What one instance did, tick by tick, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceTicks {
    pub instance: Name,
    /// The end of each tick in seconds since 1970, and its counts.
    pub ticks: Vec<(i64, Counts)>,
}
