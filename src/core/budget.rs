//! Error budgets of the opened release: what was answered, what is left, and whether going on may spend more.
//!
//! A spent budget speaks against forward acts and never against a way back. What is not known is never full.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::state::{Asked, State};
use crate::{
    domain::{
        panel::PanelTrouble,
        slo::{Events, Slo},
        verdict::{Verdict, Word},
    },
    judge::burn::{self, Pair},
};

/// Windows up to this many seconds move fast enough to be asked for every minute.
const SHORT_SECONDS: i64 = 6 * 3600;
/// Seconds between two questions for the short windows, and for the long ones.
pub const EVERY_SECONDS: [i64; 2] = [60, 600];
/// Seconds without an answer after which what was answered is too old to be relied on.
const OLD_SECONDS: [i64; 2] = [180, 1800];

/// One objective with what was answered so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    pub slo: Slo,
    /// Short windows, then long ones; each is asked for at its own pace.
    pub lanes: [Lane; 2],
    /// Events since the release began; none where nobody knows when it did.
    pub release: Option<Events>,
}

/// Windows that are asked for together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// By their length in seconds.
    pub events: BTreeMap<i64, Events>,
    /// Why the newest answer is not a value; none when it is.
    pub trouble: Option<PanelTrouble>,
    /// Up to when the newest values count, in seconds since 1970 by the source's clock.
    pub to: Option<i64>,
    pub asked: Option<Asked>,
    /// Failed questions in a row.
    pub errors: u32,
    /// Monotonic time of the next question.
    pub due: u64,
}

impl Lane {
    const fn new(due: u64) -> Self {
        Self { events: BTreeMap::new(), trouble: Some(PanelTrouble::Waiting), to: None, asked: None, errors: 0, due }
    }
}

impl Budget {
    #[must_use]
    pub const fn new(slo: Slo, due: u64) -> Self {
        Self { slo, lanes: [Lane::new(due), Lane::new(due)], release: None }
    }

    /// The windows of a lane in seconds, shortest first.
    #[must_use]
    pub fn windows(&self, lane: usize) -> Vec<i64> {
        let period = whole(self.slo.period.0);
        let all = burn::windows().into_iter().filter(|window| *window < period).chain([period]);
        all.filter(|window| (*window <= SHORT_SECONDS) == (lane == 0)).collect()
    }
}

fn whole(seconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "days in seconds; saturates")]
    let seconds = seconds.round() as i64;
    seconds
}

/// What may be said of one budget now.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Nothing may be said, and why.
    Unknown(String),
    Known {
        /// Share of the period's budget that is left; below 0 it is overspent.
        left: f64,
        /// Share of the period's budget that went since the release began, whoever spent it.
        used: Option<f64>,
        /// The fastest pair of windows that burns too fast, and how many times too fast.
        burning: Option<(Pair, f64)>,
    },
}

/// What the answers say; `server` is the second it is at the source now.
#[must_use]
pub fn reading(budget: &Budget, server: i64) -> Reading {
    for (lane, old) in budget.lanes.iter().zip(OLD_SECONDS) {
        if let Some(why) = trouble(lane, server, old) {
            return Reading::Unknown(why);
        }
    }
    let of = |window: i64| budget.lanes.iter().find_map(|lane| lane.events.get(&window)).copied();
    let Some(period) = of(whole(budget.slo.period.0)) else { return Reading::Unknown("no data".to_owned()) };
    let objective = budget.slo.objective;
    match burn::left(period, objective) {
        Some(left) => Reading::Known {
            left,
            used: budget.release.and_then(|events| burn::used(events.bad, period, objective)),
            burning: burn::burning(of, budget.slo.period, objective),
        },
        None => Reading::Unknown(format!("no events in {}", budget.slo.period)),
    }
}

/// Why a lane's values cannot be relied on. A failed question is forgiven while the last values are young.
fn trouble(lane: &Lane, server: i64, old: i64) -> Option<String> {
    let young = lane.to.is_some_and(|to| server - to <= old);
    match &lane.trouble {
        None | Some(PanelTrouble::Error(_) | PanelTrouble::Stale(_)) if young => None,
        None => Some("stale".to_owned()),
        Some(PanelTrouble::Waiting) => Some("waiting for the first answer".to_owned()),
        Some(PanelTrouble::NoData) => Some("no data".to_owned()),
        Some(PanelTrouble::Partial(why)) => Some(format!("partial: {why}")),
        Some(PanelTrouble::Stale(age)) => Some(format!("stale {age}")),
        Some(PanelTrouble::Error(why)) => Some(why.to_string()),
        Some(PanelTrouble::NotFinite) => Some("not a number".to_owned()),
    }
}

/// What the budgets of the opened release say to going forward: nothing where all are known and something is left.
#[must_use]
pub fn against(state: &State) -> Option<Verdict> {
    let budgets = state.open.iter().flat_map(|open| &open.budgets);
    let readings: Vec<_> =
        budgets.map(|budget| (budget, reading(budget, state.second_at(&budget.slo.source)))).collect();
    let spent = readings.iter().find_map(|(budget, reading)| match reading {
        Reading::Known { left, .. } if *left <= 0.0 => Some(Verdict {
            word: Word::NoGo,
            why: vec![format!("the error budget of {} is spent ({:.0} % left)", budget.slo.name, left * 100.0).into()],
        }),
        Reading::Known { .. } | Reading::Unknown(_) => None,
    });
    spent.or_else(|| {
        readings.iter().find_map(|(budget, reading)| match reading {
            Reading::Unknown(why) => {
                Some(Verdict::unknown(format!("the error budget of {} is unknown: {why}", budget.slo.name)))
            }
            Reading::Known { .. } => None,
        })
    })
}

/// `checkout 99.9 %`, with as many decimals as the objective has.
#[must_use]
pub fn name(slo: &Slo) -> String {
    let percent = format!("{:.4}", slo.objective * 100.0);
    format!("{} {} %", slo.name, percent.trim_end_matches('0').trim_end_matches('.'))
}

/// The time that a budget is for: `30d`.
#[must_use]
pub fn period(slo: &Slo) -> String {
    length(slo.period.0)
}

/// A share of a budget as a percentage, with a decimal where it is small: `41 %`, `3.4 %`.
#[must_use]
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() < 10.0 && percent != 0.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// `3.4 % used since the release began`.
#[must_use]
pub fn used(of_budget: f64) -> String {
    format!("{} used since the release began", share(of_budget))
}

/// `burns ×15.2 over 1h`.
#[must_use]
pub fn burns(pair: Pair, rate: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "days in seconds")]
    let long = length(pair.long as f64);
    format!("burns ×{rate:.1} over {long}")
}

fn length(seconds: f64) -> String {
    if seconds >= 86_400.0 { format!("{:.0}d", seconds / 86_400.0) } else { format!("{:.0}h", seconds / 3600.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_decimals_that_matter() {
        let slo = |objective| Slo {
            source: "prom".into(),
            name: "web".into(),
            objective,
            period: crate::domain::time::Seconds(2_592_000.0),
            targets: crate::domain::panel::TargetPattern(Vec::new()),
            bad: String::new(),
            total: String::new(),
            origin: "here".into(),
        };
        assert_eq!(
            [0.999, 0.9995, 0.9].map(|objective| name(&slo(objective))),
            ["web 99.9 %", "web 99.95 %", "web 90 %"]
        );
        assert_eq!(period(&slo(0.9)), "30d");
        assert_eq!([0.41, 0.034, 0.0, -0.12].map(share), ["41 %", "3.4 %", "0 %", "-12 %"]);
        assert_eq!([3600.0, 21_600.0, 86_400.0, 259_200.0].map(length), ["1h", "6h", "1d", "3d"]);
    }
}
