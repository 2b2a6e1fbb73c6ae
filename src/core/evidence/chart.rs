//! Numbers over time as they are drawn, and the weight as it was measured.

use super::CHART_SECONDS;
use crate::{
    core::state::{Open, Panel},
    domain::{
        panel::Side,
        series::{Counts, Tick},
    },
};

/// Ticks the seen weight is measured over.
const SEEN_TICKS: usize = 6;

/// The measured weight: the canary's share of all exposures of the busiest panel in its newest ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    pub percent: f64,
    /// Exposures of both arms it was measured on.
    pub exposures: f64,
}

/// One arm over time for a chart, in the panel's `per`: of counts at the end of each tick (in seconds since 1970) the
/// rate over the last `CHART_SECONDS`, none where the arm had no exposures; of a `value` its level. Ticks that are
/// missing are missing here too.
#[must_use]
pub fn rates(panel: &Panel, side: Side) -> Vec<(i64, Option<f64>)> {
    if !panel.levels.is_empty() {
        let of = |level: &crate::domain::series::Level| match side {
            Side::Baseline => level.baseline,
            Side::Canary => level.canary,
        };
        return panel.levels.iter().map(|level| (level.at, of(level).map(|value| value * panel.spec.per))).collect();
    }
    let of = |tick: &Tick| match side {
        Side::Baseline => tick.baseline,
        Side::Canary => tick.canary,
    };
    let ticks = panel.ticks.as_slice();
    let window = CHART_SECONDS.max(panel.step);
    let mut first = 0;
    ticks
        .iter()
        .enumerate()
        .map(|(last, tick)| {
            let passed = ticks.iter().skip(first).take_while(|earlier| earlier.at <= tick.at - window).count();
            first += passed;
            let mut sum = Counts::default();
            for tick in ticks.iter().take(last + 1).skip(first) {
                sum += of(tick);
            }
            (tick.at, sum.rate().map(|rate| rate * panel.spec.per))
        })
        .collect()
}

/// A single series over time for a chart (`shared`, `analysis`), in the panel's `per`.
#[must_use]
pub fn levels(panel: &Panel) -> Vec<(i64, Option<f64>)> {
    panel.points.iter().map(|point| (point.at, Some(point.value * panel.spec.per))).collect()
}

/// The weight as measured, none without fresh exposures on a release with two arms.
#[must_use]
pub fn seen(open: &Open) -> Option<Seen> {
    let recent = |panel: &Panel| {
        let (mut baseline, mut canary) = (Counts::default(), Counts::default());
        let newest = panel.ticks.iter().rev().take(SEEN_TICKS);
        for tick in newest.take_while(|tick| tick.at - panel.step >= moved(panel)) {
            baseline += tick.baseline;
            canary += tick.canary;
        }
        (canary.exposures, canary.exposures + baseline.exposures)
    };
    let compared = |panel: &&Panel| {
        panel.trouble.is_none()
            && panel.spec.kind.counts_exposures()
            && panel.arms.as_ref().is_some_and(|arms| arms.canary.is_some())
    };
    let (canary, all) =
        open.panels.iter().filter(compared).map(recent).max_by(|one, other| one.1.total_cmp(&other.1))?;
    (all > 0.0).then(|| Seen { percent: canary / all * 100.0, exposures: all })
}

/// When the weight last moved by the source's clock: a share measured before belongs to another weight.
fn moved(panel: &Panel) -> i64 {
    panel.left_out.iter().map(|(from, _)| *from).max().unwrap_or(i64::MIN)
}
