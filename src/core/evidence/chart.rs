//! Numbers over time as they are drawn, and the weight as it was measured.

use super::{CHART_SECONDS, is_whole, spans};
use crate::{
    core::state::{Open, Panel},
    domain::{
        panel::Side,
        series::{Counts, Level, Tick},
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

/// What a line of a chart stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Arm(Side),
    /// The only series there is (`shared`, `analysis`).
    Single,
}

/// One line over `(from, to]` (seconds since 1970 by the source's clock) in so many columns, in the panel's `per`: of
/// counts the rate over what a column spans, at least `CHART_SECONDS`; of levels their mean. None where nothing was
/// measured in a column.
#[must_use]
pub fn binned(panel: &Panel, line: Line, (from, to): (i64, i64), columns: usize) -> Vec<Option<f64>> {
    let step = panel.step.max(1);
    let count = i64::try_from(columns).unwrap_or(i64::MAX).max(1);
    let edge = |column: i64| from + (to - from) * column / count;
    let per = panel.spec.per;
    let column = |column: i64| {
        // What was measured in a tick belongs to every column that the tick touches.
        let (start, end) = (edge(column), edge(column + 1).max(edge(column) + 1));
        match line {
            Line::Single => mean(&panel.points, |point| point.at, |point| Some(point.value), (start, end), step),
            Line::Arm(side) if !panel.levels.is_empty() => {
                let value = |level: &Level| match side {
                    Side::Baseline => level.baseline,
                    Side::Canary => level.canary,
                };
                mean(&panel.levels, |level| level.at, value, (start, end), step)
            }
            Line::Arm(side) => rate(&panel.ticks, side, (start, end), step),
        }
    };
    (0..count).map(column).map(|value| value.map(|value| value * per)).collect()
}

fn mean<T>(
    all: &[T],
    at: impl Fn(&T) -> i64,
    value: impl Fn(&T) -> Option<f64>,
    (start, end): (i64, i64),
    step: i64,
) -> Option<f64> {
    let first = all.partition_point(|one| at(one) <= start);
    let touched = all.iter().skip(first).take_while(|one| at(one) - step < end);
    let (sum, count) = touched.filter_map(value).fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

fn rate(ticks: &[Tick], side: Side, (start, end): (i64, i64), step: i64) -> Option<f64> {
    let behind = ticks.partition_point(|tick| tick.at - step < end);
    let last = ticks.get(..behind)?.last().filter(|tick| tick.at > start)?.at;
    let window = CHART_SECONDS.max(step).max(end - start);
    let mut sum = Counts::default();
    for tick in ticks.get(..behind)?.iter().rev().take_while(|tick| tick.at > last - window) {
        sum += match side {
            Side::Baseline => tick.baseline,
            Side::Canary => tick.canary,
        };
    }
    sum.rate()
}

/// The weight as measured, none without fresh exposures of every pod on a release with two arms.
#[must_use]
pub fn seen(open: &Open) -> Option<Seen> {
    let recent = |panel: &Panel| {
        let (mut baseline, mut canary) = (Counts::default(), Counts::default());
        let newest = spans(panel).rev().take(SEEN_TICKS);
        let newest = newest.take_while(|(tick, span)| tick.at - span >= moved(panel)).map(|(tick, _)| tick);
        for tick in newest.filter(|tick| is_whole(open, panel, tick.at)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::panel::{Better, PanelKind, PanelSpec};

    fn panel() -> Panel {
        let kind = PanelKind::Ratio { events: "e".into(), exposures: "x".into(), by: "pod".into() };
        let mut panel =
            Panel::new(PanelSpec { per: 1.0, ..PanelSpec::new("orders", kind, Better::Higher) }, None, 10, 0);
        let arm = |events: f64| Counts { events, exposures: 10.0 };
        // Nothing was measured from 60 to 120.
        panel.ticks = (1..=6)
            .chain(13..=18)
            .map(|n| Tick { at: n * 10, baseline: arm(5.0), canary: arm(if n > 6 { 0.0 } else { 5.0 }) })
            .collect();
        panel
    }

    #[test]
    fn columns_show_what_was_measured_in_them_and_nothing_else() {
        let panel = panel();
        let of = |side, columns| binned(&panel, Line::Arm(side), (0, 180), columns);
        assert_eq!(of(Side::Baseline, 3), [Some(0.5), None, Some(0.5)]);
        assert_eq!(of(Side::Canary, 3), [Some(0.5), None, Some(0.0)]);
        // A column that is shorter than a tick shows the tick it lies in.
        let fine = of(Side::Baseline, 36);
        assert_eq!(fine.iter().filter(|value| value.is_some()).count(), 24);
        assert_eq!((fine[11], fine[12], fine[23], fine[24]), (Some(0.5), None, None, Some(0.5)));
        assert_eq!(binned(&panel, Line::Single, (0, 180), 2), [None, None]);
    }

    #[test]
    fn columns_of_levels_show_their_mean() {
        let mut panel = panel();
        panel.points =
            [(10, 2.0), (20, 4.0), (50, 8.0)].map(|(at, value)| crate::domain::series::Point { at, value }).into();
        assert_eq!(binned(&panel, Line::Single, (0, 60), 3), [Some(3.0), None, Some(8.0)]);
    }
}
