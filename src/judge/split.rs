//! Whether the canary gets the share of traffic that the router was told to give it.
//!
//! The same process as for events, on exposures against the set share, with harm on both sides. A split that fails
//! blocks GO. It never removes a regression: outlier ejection moves traffic away from a failing canary, and exactly
//! then the split fails.

use serde::{Deserialize, Serialize};

use super::process::{Bad, Bounds, Process, Refused};
use crate::domain::series::{Counts, Tick};

/// Deviation of the share that is fine: relative to the set share, and at least one point.
const MARGIN: f64 = 0.25;
const LEAST_MARGIN: f64 = 0.01;
/// Chance that a router which does what it was told is ever called off, over all weights of a release.
const ALPHA: f64 = 0.05;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitStanding {
    /// The canary gets more, or less, than the margin around the set share allows.
    TooMuch,
    TooLittle,
    Holds,
    Collecting,
    /// Not every pod is counted: what was seen is no share of the traffic.
    Unseen,
}

/// The split at one set share; each new weight is a new question, with its own part of the error rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    phi: f64,
    /// How many weights were set so far.
    weights: u32,
    set: f64,
    seen: Counts,
    above: Process,
    below: Process,
}

/// What may be said of the split, and the numbers beside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitFinding {
    pub standing: SplitStanding,
    /// Shares from 0 to 1: what the router was told, and what was seen since, none without exposures.
    pub set: f64,
    pub seen: Option<f64>,
    /// Exposures of both arms that it was seen on.
    pub exposures: f64,
}

impl Split {
    /// Ticks that end after `began` count, against the share `set` (0 to 1). `phi` is the dispersion of exposures.
    #[must_use]
    pub fn new(phi: f64, set: f64, began: i64) -> Self {
        Self {
            phi,
            weights: 1,
            set,
            seen: Counts::default(),
            above: Process::new(Bad::Above, phi, began),
            below: Process::new(Bad::Below, phi, began),
        }
    }

    /// The router was told another share at `at`.
    pub fn weight_changed(&mut self, set: f64, at: i64) {
        *self = Self { weights: self.weights + 1, ..Self::new(self.phi, set, at) };
    }

    /// Whether this is the share that exposures are held against.
    #[must_use]
    pub fn is_held_to(&self, share: f64) -> bool {
        (self.set - share).abs() < 1e-9
    }

    /// Takes the exposures of one tick. A share of 0 or 1 leaves nothing to compare.
    ///
    /// # Errors
    /// When the tick is not newer than the last, or no count. It then changed nothing.
    pub fn take(&mut self, tick: &Tick) -> Result<(), Refused> {
        let (canary, baseline) = (tick.canary.exposures, tick.baseline.exposures);
        let all = canary + baseline;
        if !(canary >= 0.0 && baseline >= 0.0 && all.is_finite()) {
            return Err(Refused::NotACount);
        }
        if !(self.set > 0.0 && self.set < 1.0) {
            return Ok(());
        }
        // An arm's exposures are the events here, and what the router was told to send it is what they are held to.
        let arm = |events: f64, share: f64| Counts { events, exposures: all * share };
        let tick = Tick { at: tick.at, canary: arm(canary, self.set), baseline: arm(baseline, 1.0 - self.set) };
        let margin = (self.set * MARGIN).max(LEAST_MARGIN);
        self.above.take(&tick, Bounds::both(self.ln_odds(self.set + margin)))?;
        self.below.take(&tick, Bounds::both(self.ln_odds(self.set - margin)))?;
        self.seen += Counts { events: canary, exposures: all };
        Ok(())
    }

    /// A share as ln of its odds over those of the set share, which is ln r of the process.
    fn ln_odds(&self, share: f64) -> f64 {
        let share = share.clamp(1e-6, 1.0 - 1e-6);
        (share / (1.0 - share)).ln() - (self.set / (1.0 - self.set)).ln()
    }

    #[must_use]
    pub fn finding(&self) -> SplitFinding {
        let weights = f64::from(self.weights);
        let alpha = ALPHA / (weights * (weights + 1.0));
        // Either side may fail, so each has half.
        let off = (2.0 / alpha).ln();
        let holds = |side: &Process| side.log_safe() >= -ALPHA.ln();
        let standing = if self.above.log_harm() >= off {
            SplitStanding::TooMuch
        } else if self.below.log_harm() >= off {
            SplitStanding::TooLittle
        } else if holds(&self.above) && holds(&self.below) {
            SplitStanding::Holds
        } else {
            SplitStanding::Collecting
        };
        SplitFinding { standing, set: self.set, seen: self.seen.rate(), exposures: self.seen.exposures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(from: i64, count: i64, share: f64) -> impl Iterator<Item = Tick> {
        (1..=count).map(move |n| {
            let of = |exposures| Counts { events: 0.0, exposures };
            Tick { at: from + n * 10, baseline: of(200.0 * (1.0 - share)), canary: of(200.0 * share) }
        })
    }

    fn after(set: f64, seen: f64, count: i64) -> SplitStanding {
        let mut split = Split::new(1.0, set, 0);
        ticks(0, count, seen).for_each(|tick| split.take(&tick).unwrap());
        split.finding().standing
    }

    #[test]
    fn a_router_that_sends_another_share_is_caught_on_both_sides() {
        assert_eq!(after(0.1, 0.02, 12), SplitStanding::TooLittle);
        assert_eq!(after(0.1, 0.0, 12), SplitStanding::TooLittle);
        assert_eq!(after(0.1, 0.5, 2), SplitStanding::TooMuch);
        assert_eq!(after(0.1, 0.1, 120), SplitStanding::Holds);
        assert_eq!(after(0.1, 0.1, 1), SplitStanding::Collecting);
        assert_eq!(after(0.1, 0.12, 2000), SplitStanding::Holds, "within a quarter");
        assert_eq!(after(0.01, 0.018, 2000), SplitStanding::Holds, "within one point");
        assert_eq!(after(0.0, 0.1, 100), SplitStanding::Collecting, "nothing to hold it to");
    }

    #[test]
    fn a_new_weight_is_a_new_question() {
        let mut split = Split::new(1.0, 0.1, 0);
        ticks(0, 30, 0.02).for_each(|tick| split.take(&tick).unwrap());
        assert_eq!(split.finding().standing, SplitStanding::TooLittle);
        split.weight_changed(0.5, 300);
        assert_eq!(split.finding().standing, SplitStanding::Collecting);
        ticks(300, 60, 0.5).for_each(|tick| split.take(&tick).unwrap());
        let finding = split.finding();
        assert_eq!(finding.standing, SplitStanding::Holds);
        assert!((finding.seen.unwrap() - 0.5).abs() < 1e-9 && (finding.exposures - 12_000.0).abs() < 1e-6);
        assert_eq!(split.take(&ticks(0, 1, 0.5).next().unwrap()), Err(Refused::Old));
    }
}
