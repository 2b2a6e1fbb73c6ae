//! Counters of single instances, and the tick series made of them.
//!
//! A tick says how many events and exposures each arm had in one interval. Counters are differenced per
//! instance: a drop is a reset and counts from 0, a series younger than the tick starts from 0, one that
//! vanished ends. Sums of counters are never differenced: they hide resets.
//!
//! A series without an earlier point is young only if others of its set had one at the tick before. Where none
//! had, nothing was scraped, and an old counter that comes back would add its whole life: that tick is left out.
//! A single instance that comes back after a gap longer than the question reaches cannot be told from a young one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    clean::Name,
    panel::{Arms, Side},
};

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
        value_at(&self.points, at)
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

/// Makes ticks of counters. `from` and `to` are multiples of `step` seconds; a tick is made for every
/// multiple in `(from, to]` at which any series of the arms has a point and the growth of all that have one is
/// known, so that silence makes no zeros.
#[must_use]
pub fn ticks(events: &[Series], exposures: &[Series], arms: &Arms, from: i64, to: i64, step: i64) -> Vec<Tick> {
    grown(events, exposures, |name| arms.side_of(name), from, to, step)
        .into_iter()
        .map(|(at, sides)| {
            let of = |side| sides.get(&side).copied().unwrap_or_default();
            Tick { at, baseline: of(Side::Baseline), canary: of(Side::Canary) }
        })
        .collect()
}

/// What one instance did, tick by tick, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceTicks {
    pub instance: Name,
    /// The end of each tick in seconds since 1970, and its counts.
    pub ticks: Vec<(i64, Counts)>,
}

/// Makes ticks of every instance of one side by itself, in the order of their names; else as [`ticks`].
#[must_use]
pub fn by_instance(
    events: &[Series],
    exposures: &[Series],
    (arms, side): (&Arms, Side),
    from: i64,
    to: i64,
    step: i64,
) -> Vec<InstanceTicks> {
    let name_of = |name: &Name| (arms.side_of(name) == Some(side)).then(|| name.raw().to_owned());
    let mut instances: BTreeMap<String, Vec<(i64, Counts)>> = BTreeMap::new();
    for (at, counts) in grown(events, exposures, name_of, from, to, step) {
        for (name, counts) in counts {
            instances.entry(name).or_default().push((at, counts));
        }
    }
    instances.into_iter().map(|(name, ticks)| InstanceTicks { instance: name.as_str().into(), ticks }).collect()
}

/// The end of each tick, and what each group of instances did during it.
fn grown<K: Ord>(
    events: &[Series],
    exposures: &[Series],
    group: impl Fn(&Name) -> Option<K>,
    from: i64,
    to: i64,
    step: i64,
) -> Vec<(i64, BTreeMap<K, Counts>)> {
    let [event_times, exposure_times] = [events, exposures].map(times);
    let mut ticks = Vec::new();
    let mut at = from + step;
    while at <= to {
        let mut tick: BTreeMap<K, Counts> = BTreeMap::new();
        let mut known = true;
        let was_scraped = [event_times.contains(&(at - step)), exposure_times.contains(&(at - step))];
        for (series, is_event) in events.iter().map(|s| (s, true)).chain(exposures.iter().map(|s| (s, false))) {
            let Some(group) = group(&series.instance) else { continue };
            let [events_scraped, exposures_scraped] = was_scraped;
            let scraped = if is_event { events_scraped } else { exposures_scraped };
            let grown = match growth(&series.points, at - step, at, scraped) {
                Growth::None => continue,
                Growth::Unknown => {
                    known = false;
                    continue;
                }
                Growth::By(grown) => grown,
            };
            let counts = tick.entry(group).or_default();
            if is_event {
                counts.events += grown;
            } else {
                counts.exposures += grown;
            }
        }
        if known && !tick.is_empty() {
            ticks.push((at, tick));
        }
        at += step;
    }
    ticks
}

/// The times at which any of the series has a point.
fn times(set: &[Series]) -> BTreeSet<i64> {
    set.iter().flat_map(|series| &series.points).map(|point| point.at).collect()
}

/// What a counter grew by.
enum Growth {
    /// It has no point at the end.
    None,
    /// It may be young, or it comes back from a gap in which nothing was scraped.
    Unknown,
    By(f64),
}

/// What a counter grew by from `start` to `end`; `scraped` says whether others of its set have a point at `start`.
fn growth(points: &[Point], start: i64, end: i64, scraped: bool) -> Growth {
    let Some(last) = value_at(points, end) else { return Growth::None };
    // After a missed scrape the counter goes on from where it was last seen: only a series never seen is young.
    let seen = points.partition_point(|p| p.at <= start);
    match points.get(..seen).and_then(<[Point]>::last) {
        Some(first) if last >= first.value => Growth::By(last - first.value),
        Some(_) => Growth::By(last),
        None if scraped => Growth::By(last),
        None => Growth::Unknown,
    }
}

fn value_at(points: &[Point], at: i64) -> Option<f64> {
    points.binary_search_by_key(&at, |p| p.at).ok().and_then(|i| points.get(i)).map(|p| p.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::panel::Arm;

    fn arms() -> Arms {
        Arms {
            baseline: Arm { hash: "aaa".into(), instance_prefix: "web-aaa-".into() },
            canary: Some(Arm { hash: "bbb".into(), instance_prefix: "web-bbb-".into() }),
        }
    }

    fn series(instance: &str, points: &[(i64, f64)]) -> Series {
        Series {
            instance: instance.into(),
            points: points.iter().map(|(at, value)| Point { at: *at, value: *value }).collect(),
        }
    }

    /// Beside one of the baseline that was always scraped.
    fn exposures(points: &[(i64, f64)]) -> Vec<f64> {
        let scraped = series("web-aaa-1", &[(0, 1.0), (10, 1.0), (20, 1.0), (30, 1.0)]);
        let both = [scraped, series("web-bbb-1", points)];
        ticks(&[], &both, &arms(), 0, 30, 10).iter().map(|t| t.canary.exposures).collect()
    }

    #[test]
    fn counters_are_differenced_per_instance() {
        type Case = (&'static str, &'static [(i64, f64)], &'static [f64]);
        let cases: [Case; 6] = [
            ("a missed scrape is no birth", &[(0, 1e6), (20, 1e6 + 4.0), (30, 1e6 + 5.0)], &[0.0, 4.0, 1.0]),
            ("steady", &[(0, 5.0), (10, 7.0), (20, 7.0), (30, 10.0)], &[2.0, 0.0, 3.0]),
            ("reset counts from 0", &[(0, 5.0), (10, 7.0), (20, 2.0), (30, 3.0)], &[2.0, 2.0, 1.0]),
            ("young series starts from 0", &[(20, 4.0), (30, 5.0)], &[0.0, 4.0, 1.0]),
            ("vanished series ends", &[(0, 5.0), (10, 7.0)], &[2.0, 0.0, 0.0]),
            ("no series is no exposure", &[], &[0.0, 0.0, 0.0]),
        ];
        for (name, points, expected) in cases {
            assert_eq!(exposures(points), expected, "{name}");
        }
    }

    #[test]
    fn silence_makes_no_zero_and_what_comes_back_after_it_is_not_young() {
        let silent = |points: &[(i64, f64)]| {
            let both = [series("web-aaa-1", points), series("web-bbb-1", points)];
            let ticks = ticks(&[], &both, &arms(), 0, 40, 10);
            ticks.iter().map(|tick| (tick.at, tick.baseline.exposures)).collect::<Vec<_>>()
        };
        assert_eq!(silent(&[]), []);
        // The question begins in the middle of an outage; these counters have lived for days.
        assert_eq!(silent(&[(20, 1e6), (30, 1e6 + 5.0), (40, 1e6 + 7.0)]), [(30, 5.0), (40, 2.0)]);
        // One that was seen before the outage tells what happened in it.
        assert_eq!(silent(&[(0, 1e6), (30, 1e6 + 5.0), (40, 1e6 + 7.0)]), [(30, 5.0), (40, 2.0)]);
    }

    #[test]
    fn events_that_were_not_scraped_are_not_none_beside_exposures_that_were() {
        let attempts = [series("web-aaa-1", &[(0, 0.0), (10, 9.0), (20, 18.0), (30, 27.0)])];
        let orders = [series("web-aaa-1", &[(20, 1e6), (30, 1e6 + 8.0)])];
        let ticks = ticks(&orders, &attempts, &arms(), 0, 30, 10);
        let counted: Vec<_> = ticks.iter().map(|tick| (tick.at, tick.baseline.events)).collect();
        assert_eq!(counted, [(10, 0.0), (30, 8.0)], "no order was counted yet; then an old counter came back");
    }

    #[test]
    fn instances_are_also_told_apart() {
        let attempts = [
            series("web-aaa-2", &[(10, 4.0), (20, 6.0)]),
            series("web-aaa-1", &[(0, 0.0), (10, 9.0), (20, 9.0)]),
            series("web-bbb-1", &[(0, 0.0), (10, 1.0)]),
        ];
        let orders = [series("web-aaa-1", &[(0, 0.0), (10, 8.0), (20, 8.0)])];
        let of = |events, exposures| Counts { events, exposures };
        assert_eq!(
            by_instance(&orders, &attempts, (&arms(), Side::Baseline), 0, 20, 10),
            [
                InstanceTicks { instance: "web-aaa-1".into(), ticks: vec![(10, of(8.0, 9.0)), (20, of(0.0, 0.0))] },
                InstanceTicks { instance: "web-aaa-2".into(), ticks: vec![(10, of(0.0, 4.0)), (20, of(0.0, 2.0))] },
            ],
        );
    }

    #[test]
    fn instances_go_to_their_arm_and_strangers_to_none() {
        let attempts = [
            series("web-aaa-1", &[(0, 0.0), (10, 9.0)]),
            series("web-bbb-1", &[(0, 0.0), (10, 1.0)]),
            series("other-1", &[(0, 0.0), (10, 100.0)]),
        ];
        let orders = [series("web-aaa-1", &[(0, 0.0), (10, 8.0)])];
        assert_eq!(
            ticks(&orders, &attempts, &arms(), 0, 10, 10),
            [Tick {
                at: 10,
                baseline: Counts { events: 8.0, exposures: 9.0 },
                canary: Counts { events: 0.0, exposures: 1.0 },
            }],
        );
    }
}
