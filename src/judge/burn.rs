//! Service level objectives: how fast an error budget burns, how much is left, and whether releases may go on.
//!
//! Window pairs and factors as in the Google SRE workbook ("Alerting on SLOs", multiwindow, multi-burn-rate), which
//! sloth ships: each pair fires when both of its windows burn faster than its factor.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// Share of good events promised, 0.999 for "three nines". Below 1.
    pub target: f64,
    pub period: Period,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Days28,
    Days30,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    Minutes5,
    Minutes30,
    Hour,
    Hours2,
    Hours6,
    Day,
    Days3,
    /// The objective's whole period.
    Period,
}

/// Bad events and all events of a window. A window that is not known is not here; zero events are no knowledge.
pub type Windows = BTreeMap<Window, Errors>;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    pub bad: f64,
    pub total: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Page,
    Ticket,
}

/// Two windows that must both burn faster than the factor that uses up `budget` of the period's budget in `long`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub long: Window,
    pub short: Window,
    pub budget: f64,
    pub severity: Severity,
}

/// Most urgent first.
pub const PAIRS: [Pair; 4] = [
    Pair { long: Window::Hour, short: Window::Minutes5, budget: 0.02, severity: Severity::Page },
    Pair { long: Window::Hours6, short: Window::Minutes30, budget: 0.05, severity: Severity::Page },
    Pair { long: Window::Day, short: Window::Hours2, budget: 0.1, severity: Severity::Ticket },
    Pair { long: Window::Days3, short: Window::Hours6, budget: 0.1, severity: Severity::Ticket },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Burning {
    Fast,
    Calm,
    Unknown,
}

/// Whether forward acts may go on. Ways back are always open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    Open,
    /// The budget of the period is used up.
    Shut,
    Unknown,
}

impl Period {
    #[must_use]
    pub fn hours(self) -> f64 {
        match self {
            Self::Days28 => 28.0 * 24.0,
            Self::Days30 => 30.0 * 24.0,
        }
    }
}

impl Window {
    #[must_use]
    pub fn hours(self, period: Period) -> f64 {
        match self {
            Self::Minutes5 => 1.0 / 12.0,
            Self::Minutes30 => 0.5,
            Self::Hour => 1.0,
            Self::Hours2 => 2.0,
            Self::Hours6 => 6.0,
            Self::Day => 24.0,
            Self::Days3 => 72.0,
            Self::Period => period.hours(),
        }
    }
}

impl Errors {
    /// Share of bad events, none without events.
    #[must_use]
    pub fn ratio(self) -> Option<f64> {
        (self.total > 0.0 && self.bad >= 0.0 && self.bad.is_finite() && self.total.is_finite())
            .then(|| self.bad / self.total)
    }
}

impl Pair {
    /// Burn rate above which the pair fires: 14.4, 6, 3 and 1 over 30 days.
    #[must_use]
    pub fn factor(self, period: Period) -> f64 {
        self.budget * period.hours() / self.long.hours(period)
    }
}

impl Objective {
    /// Share of events that may be bad.
    fn allowed(self) -> f64 {
        (1.0 - self.target).max(f64::EPSILON)
    }

    /// How many times faster than allowed the budget burns in a window; none where nothing is known.
    #[must_use]
    pub fn burn(self, windows: &Windows, window: Window) -> Option<f64> {
        Some(windows.get(&window)?.ratio()? / self.allowed())
    }

    #[must_use]
    pub fn pair(self, windows: &Windows, pair: Pair) -> Burning {
        let above = |window| self.burn(windows, window).map(|burn| burn > pair.factor(self.period));
        match (above(pair.long), above(pair.short)) {
            (Some(true), Some(true)) => Burning::Fast,
            (Some(false), _) | (_, Some(false)) => Burning::Calm,
            (None, _) | (_, None) => Burning::Unknown,
        }
    }

    /// The most urgent pair that fires. Unknown if none fires and one is not known.
    #[must_use]
    pub fn burning(self, windows: &Windows) -> (Burning, Option<Pair>) {
        let all = PAIRS.map(|pair| (self.pair(windows, pair), pair));
        if let Some((_, pair)) = all.iter().find(|(burning, _)| *burning == Burning::Fast) {
            return (Burning::Fast, Some(*pair));
        }
        let unknown = all.iter().any(|(burning, _)| *burning == Burning::Unknown);
        (if unknown { Burning::Unknown } else { Burning::Calm }, None)
    }

    /// Part of the period's budget that is left, negative when it is overdrawn.
    #[must_use]
    pub fn left(self, windows: &Windows) -> Option<f64> {
        Some(1.0 - windows.get(&Window::Period)?.ratio()? / self.allowed())
    }

    /// Part of the period's budget that `bad` events used, as those of a release.
    #[must_use]
    pub fn used_by(self, windows: &Windows, bad: f64) -> Option<f64> {
        let total = windows.get(&Window::Period)?.total;
        (total > 0.0 && bad.is_finite()).then(|| bad / (self.allowed() * total))
    }

    #[must_use]
    pub fn gate(self, windows: &Windows) -> Gate {
        match self.left(windows) {
            Some(left) if left < 0.0 => Gate::Shut,
            Some(_) => Gate::Open,
            None => Gate::Unknown,
        }
    }

    /// Whether one bad event more or less decides a pair: so little traffic that its burn rate is noise.
    #[must_use]
    pub fn is_thin(self, windows: &Windows, pair: Pair) -> bool {
        windows
            .get(&pair.short)
            .is_some_and(|errors| errors.total > 0.0 && 1.0 / errors.total / self.allowed() > pair.factor(self.period))
    }

    /// Hours until a pair's long window fires at this share of bad events, from a clean start. None if never.
    #[must_use]
    pub fn hours_to_fire(self, pair: Pair, ratio: f64) -> Option<f64> {
        let hours = self.allowed() / ratio * pair.long.hours(self.period) * pair.factor(self.period);
        (hours <= pair.long.hours(self.period)).then_some(hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE_NINES: Objective = Objective { target: 0.999, period: Period::Days30 };

    fn windows(shares: &[(Window, f64)]) -> Windows {
        shares.iter().map(|(window, share)| (*window, Errors { bad: share * 1e6, total: 1e6 })).collect()
    }

    #[test]
    fn factors_are_those_of_the_workbook() {
        for (period, factors) in
            [(Period::Days30, [14.4, 6.0, 3.0, 1.0]), (Period::Days28, [13.44, 5.6, 2.8, 0.933_333])]
        {
            for (pair, factor) in PAIRS.into_iter().zip(factors) {
                assert!((pair.factor(period) - factor).abs() < 1e-5, "{pair:?}");
            }
        }
    }

    #[test]
    fn a_pair_needs_both_windows_and_any_pair_is_enough() {
        let fast = |share| windows(&[(Window::Hour, share), (Window::Minutes5, share)]);
        assert_eq!(THREE_NINES.burning(&fast(0.0145)), (Burning::Fast, Some(PAIRS[0])));
        assert_eq!(THREE_NINES.burning(&fast(0.0143)).0, Burning::Unknown, "the other windows are not known");
        let over = windows(&[(Window::Hour, 0.1), (Window::Minutes5, 0.0)]);
        assert_eq!(THREE_NINES.pair(&over, PAIRS[0]), Burning::Calm, "the outage is over");
        assert_eq!(THREE_NINES.pair(&windows(&[(Window::Minutes5, 0.0)]), PAIRS[0]), Burning::Calm);
        assert_eq!(THREE_NINES.pair(&windows(&[(Window::Minutes5, 0.1)]), PAIRS[0]), Burning::Unknown);
        let slow = windows(&[
            (Window::Minutes5, 0.0),
            (Window::Minutes30, 0.0),
            (Window::Hours2, 0.0),
            (Window::Hours6, 0.0011),
            (Window::Days3, 0.0011),
        ]);
        assert_eq!(THREE_NINES.burning(&slow), (Burning::Fast, Some(PAIRS[3])));
        assert_eq!(THREE_NINES.burning(&Windows::new()).0, Burning::Unknown);
    }

    #[test]
    fn no_budget_shuts_the_gate_and_no_data_is_not_open() {
        let left = |share| THREE_NINES.left(&windows(&[(Window::Period, share)])).unwrap();
        assert!((left(0.0) - 1.0).abs() < 1e-9 && (left(0.0004) - 0.6).abs() < 1e-9 && left(0.002) < 0.0);
        assert_eq!(THREE_NINES.gate(&windows(&[(Window::Period, 0.002)])), Gate::Shut);
        assert_eq!(THREE_NINES.gate(&windows(&[(Window::Period, 0.0004)])), Gate::Open);
        let empty = Windows::from([(Window::Period, Errors { bad: 0.0, total: 0.0 })]);
        assert_eq!(THREE_NINES.gate(&empty), Gate::Unknown);
        assert_eq!(THREE_NINES.gate(&Windows::new()), Gate::Unknown);
        assert!((THREE_NINES.used_by(&windows(&[(Window::Period, 0.0)]), 100.0).unwrap() - 0.1).abs() < 1e-9);
    }

    #[test]
    fn little_traffic_is_told() {
        let four_nines = Objective { target: 0.9999, period: Period::Days30 };
        let ten = Windows::from([(Window::Minutes5, Errors { bad: 1.0, total: 10.0 })]);
        assert!((four_nines.burn(&ten, Window::Minutes5).unwrap() - 1000.0).abs() < 1e-6);
        assert!(four_nines.is_thin(&ten, PAIRS[0]));
        assert!(!four_nines.is_thin(&windows(&[(Window::Minutes5, 0.0)]), PAIRS[0]));
        assert!((THREE_NINES.hours_to_fire(PAIRS[0], 1.0).unwrap() - 0.0144).abs() < 1e-6);
        assert_eq!(THREE_NINES.hours_to_fire(PAIRS[0], 0.01), None);
    }
}
