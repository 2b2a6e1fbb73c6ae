//! Hard caps: an error share above a limit, whatever the comparison says.

use serde::{Deserialize, Serialize};

use crate::domain::series::Counts;

/// The limit, and how many exposures a share must be taken of to count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cap {
    /// Largest share of events that is allowed, 0 to 1.
    pub limit: f64,
    pub at_least: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capped {
    /// The canary is below the limit.
    Below,
    /// Too few exposures on an arm to say.
    TooFew,
    /// The canary is above it and the baseline is not: the cap fires.
    Canary,
    /// Both arms are above it: something else is wrong. No NO-GO, but no GO either.
    Both,
}

impl Cap {
    /// Both arms over the same window.
    #[must_use]
    pub fn check(self, baseline: Counts, canary: Counts) -> Capped {
        let share = |arm: Counts| arm.rate().filter(|_| arm.exposures >= self.at_least);
        match (share(canary), share(baseline)) {
            (Some(canary), _) if canary <= self.limit => Capped::Below,
            (Some(_), Some(baseline)) if baseline > self.limit => Capped::Both,
            (Some(_), Some(_)) => Capped::Canary,
            (Some(_), None) | (None, _) => Capped::TooFew,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_fires_only_on_the_canary_alone_and_on_enough() {
        let cap = Cap { limit: 0.05, at_least: 100.0 };
        let of = |events: f64, exposures: f64| Counts { events, exposures };
        for (baseline, canary, expected) in [
            (of(10.0, 1000.0), of(5.0, 100.0), Capped::Below),
            (of(10.0, 1000.0), of(6.0, 100.0), Capped::Canary),
            (of(10.0, 1000.0), of(50.0, 99.0), Capped::TooFew),
            (of(60.0, 1000.0), of(6.0, 100.0), Capped::Both),
            (of(0.0, 10.0), of(6.0, 100.0), Capped::TooFew),
            (of(0.0, 0.0), of(1.0, 100.0), Capped::Below),
            (of(0.0, 0.0), of(0.0, 0.0), Capped::TooFew),
        ] {
            assert_eq!(cap.check(baseline, canary), expected, "{baseline:?} {canary:?}");
        }
    }
}
