//! How fast an error budget burns, and what is left of it.
//!
//! Windows and factors are those of multi-window, multi-burn-rate alerts: a pair fires when both its windows burn
//! faster than its factor, so that it neither comes late nor stays long. Knows nothing of arms: a budget is the
//! service's, whoever spends it.

use serde::{Deserialize, Serialize};

use crate::domain::{slo::Events, time::Seconds};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Two windows that must burn together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// In seconds.
    pub long: i64,
    pub short: i64,
    /// Times the speed at which the budget would last exactly its period.
    pub factor: f64,
}

/// Long window, short window, and the share of the budget that the long one may use up.
const SHARES: [(i64, i64, f64); 4] =
    [(HOUR, 5 * MINUTE, 0.02), (6 * HOUR, 30 * MINUTE, 0.05), (DAY, 2 * HOUR, 0.10), (3 * DAY, 6 * HOUR, 0.10)];

/// The usual pairs for a budget over `period`, fastest first: 14.4, 6, 3 and 1 for 30 days.
#[must_use]
pub fn pairs(period: Seconds) -> [Pair; 4] {
    SHARES.map(|(long, short, share)| Pair { long, short, factor: share * period.0 / seconds(long) })
}

#[expect(clippy::cast_precision_loss, reason = "days in seconds")]
const fn seconds(window: i64) -> f64 {
    window as f64
}

/// Every window that the pairs look at, shortest first.
#[must_use]
pub fn windows() -> Vec<i64> {
    let mut windows: Vec<i64> = SHARES.iter().flat_map(|(long, short, _)| [*long, *short]).collect();
    windows.sort_unstable();
    windows
}

/// Times the speed at which a budget of `1 − objective` lasts its period: error share / (1 − objective). Without
/// events nothing burns.
#[must_use]
pub fn rate(events: Events, objective: f64) -> f64 {
    if events.total > 0.0 { events.bad / events.total / (1.0 - objective) } else { 0.0 }
}

/// What is left of the budget as a share of it: 1 − bad / ((1 − objective)·total) over the period. Below 0 it is
/// overspent; none without events.
#[must_use]
pub fn left(period: Events, objective: f64) -> Option<f64> {
    (period.total > 0.0).then(|| 1.0 - period.bad / ((1.0 - objective) * period.total))
}

/// The share of the period's budget that `bad` events are.
#[must_use]
pub fn used(bad: f64, period: Events, objective: f64) -> Option<f64> {
    (period.total > 0.0).then(|| bad / ((1.0 - objective) * period.total))
}

/// The fastest pair that burns, with the slower of its two rates; none where a window is missing says nothing of
/// the others.
#[must_use]
pub fn burning(of: impl Fn(i64) -> Option<Events>, period: Seconds, objective: f64) -> Option<(Pair, f64)> {
    pairs(period).into_iter().find_map(|pair| {
        let slower = rate(of(pair.long)?, objective).min(rate(of(pair.short)?, objective));
        (slower > pair.factor).then_some((pair, slower))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const THIRTY: Seconds = Seconds(30.0 * 86_400.0);

    fn events(bad: f64, total: f64) -> Events {
        Events { bad, total }
    }

    #[test]
    fn factors_are_those_of_the_usual_alerts() {
        let cases = [(30.0, [14.4, 6.0, 3.0, 1.0]), (28.0, [13.44, 5.6, 2.8, 0.933_333])];
        for (days, expected) in cases {
            for (pair, factor) in pairs(Seconds(days * 86_400.0)).iter().zip(expected) {
                assert!((pair.factor - factor).abs() < 1e-4, "{days} d: {pair:?}");
            }
        }
    }

    #[test]
    fn a_budget_is_what_is_left_of_the_allowed_bad_events() {
        // 99.9 % of 100,000 allows 100 bad ones.
        let cases = [(0.0, 1.0), (59.0, 0.41), (100.0, 0.0), (112.0, -0.12)];
        for (bad, expected) in cases {
            let left = left(events(bad, 100_000.0), 0.999).unwrap();
            assert!((left - expected).abs() < 1e-9, "{bad}: {left}");
        }
        assert_eq!(left(events(0.0, 0.0), 0.999), None);
        let used = used(3.0, events(59.0, 100_000.0), 0.999).unwrap();
        assert!((used - 0.03).abs() < 1e-9);
    }

    #[test]
    fn a_pair_fires_only_when_both_its_windows_burn() {
        let of = |long: f64, short: f64| {
            move |window| match window {
                HOUR => Some(events(long, 1000.0)),
                300 => Some(events(short, 1000.0)),
                _ => None,
            }
        };
        // 2 % errors against 99.9 % burn 20 times too fast.
        assert_eq!(burning(of(20.0, 20.0), THIRTY, 0.999).map(|(pair, _)| pair.long), Some(HOUR));
        assert_eq!(burning(of(20.0, 0.0), THIRTY, 0.999), None, "it is over");
        assert_eq!(burning(of(5.0, 90.0), THIRTY, 0.999), None, "it has just begun");
        assert_eq!(burning(|_| None, THIRTY, 0.999), None);
        let slow = |_| Some(events(7.0, 1000.0));
        assert_eq!(burning(slow, THIRTY, 0.999).map(|(pair, _)| pair.long), Some(6 * HOUR));
        assert_eq!(burning(|_| Some(events(0.0, 0.0)), THIRTY, 0.999), None, "nobody came");
    }
}
