//! What both arms share: pools, queues, providers, and the baseline itself, held against the hour before.
//!
//! A comparison of arms is blind to what hurts both. The rule is simple on purpose, and for values that come without
//! counts: time is cut into blocks of 2 minutes, and something got worse when each of the newest 3 blocks is worse
//! than every block of the hour before, and their mean is beyond the tolerance of that hour's mean. If nothing
//! changed and blocks were exchangeable, three given blocks would top 33 with a chance of 1 in 5,456.

use serde::{Deserialize, Serialize};

use crate::domain::{
    panel::Better,
    series::{Point, Tick},
};

/// Seconds of a block.
pub const BLOCK: i64 = 120;
/// Seconds that are looked back from the first exposure.
pub const BEFORE: i64 = 3600;
/// Newest blocks that must all be worse.
const NEWEST: usize = 3;
/// Seconds from the first exposure until these are over: before, nothing is said.
pub const FIRST: i64 = 3 * BLOCK;
/// Blocks of the hour before without which nothing is said.
const ENOUGH: usize = 15;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Same,
    Worse,
    /// Fewer than 3 whole blocks since the first exposure.
    Collecting,
    /// Too little is known of the hour before.
    Unknown,
}

/// A comparison with the hour before, and the numbers to show beside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    pub change: Change,
    /// Means of the hour before and of the newest blocks.
    pub before: Option<f64>,
    pub now: Option<f64>,
}

/// Compares a value with what it was in the hour before `began`, the first exposure. Points may come in any order of
/// times; those that are no numbers are left out.
#[must_use]
pub fn values(points: &[Point], began: i64, better: Better, tolerance: f64) -> Compared {
    let mut blocks = Blocks::default();
    for point in points.iter().filter(|point| point.value.is_finite()) {
        blocks.add(point.at, began, point.value, 1.0);
    }
    blocks.compare(better, tolerance)
}

/// Compares the baseline arm's event rate with what it was in the hour before. Ticks from before the release have all
/// instances of the old revision as their baseline.
#[must_use]
pub fn baseline(ticks: &[Tick], began: i64, better: Better, tolerance: f64) -> Compared {
    let mut blocks = Blocks::default();
    for tick in ticks {
        blocks.add(tick.at, began, tick.baseline.events, tick.baseline.exposures);
    }
    blocks.compare(better, tolerance)
}

/// Whether `now` is worse than `before` by more than the tolerance, a share of what was before.
#[must_use]
pub fn is_beyond(before: f64, now: f64, better: Better, tolerance: f64) -> bool {
    let limit = match better {
        Better::Higher => before - before.abs() * tolerance,
        Better::Lower => before + before.abs() * tolerance,
    };
    is_worse(better, now, limit)
}

fn is_worse(better: Better, one: f64, other: f64) -> bool {
    match better {
        Better::Higher => one < other,
        Better::Lower => one > other,
    }
}

/// Sums of values and of what they are taken of, per block, by the block's number counted from the first exposure.
#[derive(Default)]
struct Blocks(std::collections::BTreeMap<i64, (f64, f64)>);

impl Blocks {
    /// Adds what was measured in the tick that ends at `at`.
    fn add(&mut self, at: i64, began: i64, sum: f64, of: f64) {
        if at > began - BEFORE {
            let block = self.0.entry((at - 1 - began).div_euclid(BLOCK)).or_default();
            block.0 += sum;
            block.1 += of;
        }
    }

    fn compare(mut self, better: Better, tolerance: f64) -> Compared {
        // The newest block is not over yet.
        self.0.pop_last();
        let rates: Vec<(i64, f64)> =
            self.0.into_iter().filter(|(_, (_, of))| *of > 0.0).map(|(n, (sum, of))| (n, sum / of)).collect();
        let (before, since) = rates.split_at(rates.partition_point(|(n, _)| *n < 0));
        let newest = since.get(since.len().saturating_sub(NEWEST)..).unwrap_or_default();
        let (mean_before, mean_now) = (mean(before), mean(newest));
        let change = match (mean_before, mean_now) {
            (Some(_), _) if before.len() < ENOUGH => Change::Unknown,
            (None, _) => Change::Unknown,
            (Some(_), _) if newest.len() < NEWEST => Change::Collecting,
            (Some(_), None) => Change::Collecting,
            (Some(was), Some(now)) => {
                let topped = newest.iter().all(|(_, now)| before.iter().all(|(_, was)| is_worse(better, *now, *was)));
                if topped && is_beyond(was, now, better, tolerance) { Change::Worse } else { Change::Same }
            }
        };
        Compared { change, before: mean_before, now: mean_now }
    }
}

fn mean(blocks: &[(i64, f64)]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "some dozens")]
    let count = blocks.len() as f64;
    (count > 0.0).then(|| blocks.iter().map(|(_, rate)| rate).sum::<f64>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::series::Counts;

    /// A pool's use in percent: a wave before, and `after` since the first exposure at 3600.
    fn pool(minutes_after: i64, after: impl Fn(i64) -> f64) -> Vec<Point> {
        (1..=(60 + minutes_after) * 6)
            .map(|n| n * 10)
            .map(|at| {
                #[expect(clippy::cast_precision_loss, reason = "seconds")]
                let wave = 38.0 + 2.0 * (at as f64 / 300.0).sin();
                Point { at, value: if at <= 3600 { wave } else { after(at) } }
            })
            .collect()
    }

    fn change(points: &[Point]) -> Change {
        values(points, 3600, Better::Lower, 0.1).change
    }

    #[test]
    fn a_pool_that_fills_is_seen_after_three_blocks() {
        assert_eq!(change(&pool(8, |_| 61.0)), Change::Worse);
        let compared = values(&pool(8, |_| 61.0), 3600, Better::Lower, 0.1);
        assert!((compared.before.unwrap() - 38.0).abs() < 1.0 && compared.now == Some(61.0));
        assert_eq!(change(&pool(5, |_| 61.0)), Change::Collecting);
        assert_eq!(change(&pool(20, |_| 41.0)), Change::Same, "beyond anything before, but within the tolerance");
        assert_eq!(change(&pool(20, |at| if at % 240 == 0 { 300.0 } else { 38.0 })), Change::Same, "spikes");
        assert_eq!(change(&pool(20, |at| if at < 4200 { 61.0 } else { 38.0 })), Change::Same, "it is over");
        assert_eq!(values(&pool(8, |_| 20.0), 3600, Better::Higher, 0.1).change, Change::Worse);
    }

    #[test]
    fn without_the_hour_before_nothing_is_said() {
        let late: Vec<Point> = pool(20, |_| 61.0).into_iter().filter(|point| point.at > 2400).collect();
        assert_eq!(change(&late), Change::Unknown);
        assert_eq!(change(&[]), Change::Unknown);
        assert_eq!(change(&[Point { at: 1, value: f64::NAN }]), Change::Unknown);
    }

    #[test]
    fn the_baseline_arm_is_held_against_itself() {
        let ticks = |events_after: f64| -> Vec<Tick> {
            (1..=480)
                .map(|n| n * 10)
                .map(|at| {
                    let events = if at <= 3600 { [17.0, 19.0][usize::from(at % 20 == 0)] } else { events_after };
                    Tick { at, baseline: Counts { events, exposures: 180.0 }, canary: Counts::default() }
                })
                .collect()
        };
        assert_eq!(baseline(&ticks(18.0), 3600, Better::Higher, 0.1).change, Change::Same);
        assert_eq!(baseline(&ticks(9.0), 3600, Better::Higher, 0.1).change, Change::Worse);
        assert_eq!(baseline(&ticks(9.0), 3600, Better::Lower, 0.1).change, Change::Same);
    }
}
