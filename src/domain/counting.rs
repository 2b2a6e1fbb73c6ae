//! Counts ticks out of counters of single instances, answer by answer.
//!
//! A function of the series alone: however they are cut into answers, and whatever part comes twice, the same ticks
//! come out. Counters are differenced per instance, for sums hide resets: a drop is a reset and counts from 0. What was
//! not scraped is not zero:
//!
//! - A tick is made only when each query has a series at its end, and every arm that had one at the last tick still
//!   has. Until then it grows, so that both queries and both arms span the same time; after [`GAP`] ticks the arm
//!   counts as gone.
//! - A counter that was never seen is young and counts from 0, but not where counting has just begun: there it may be
//!   an old one that missed a scrape. One that comes back after a gap, and everything after an outage, begins anew.
//! - An arm for which nothing at all counts events is named `silent`, where its exposures are counted if they are asked
//!   for: its events are 0 as far as anybody counts, and whether that is so is for the reader to doubt.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    panel::{Arms, Side},
    series::{Counts, InstanceTicks, Series, Tick},
};

/// Ticks after which a counter that was not seen has gone.
pub const GAP: i64 = 6;
/// Ticks at the beginning in which a counter that appears may be an old one.
const SETTLING: i64 = 30;
/// Most instances remembered; the longest unseen go first.
const REMEMBERED: usize = 2000;

/// Where counters stood at the end of the last tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counting {
    /// The time everything was first counted from, and of the last tick, in seconds since 1970.
    began: Option<i64>,
    last: Option<i64>,
    instances: BTreeMap<String, Instance>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Instance {
    side: Side,
    /// The last point of its counters, by the place of the query.
    seen: [Option<(i64, f64)>; 2],
}

/// One tick, and what is to be known of how it was counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    pub tick: Tick,
    /// Instances of each arm that answered the last query: exposures where they are asked for.
    pub baseline_pods: u32,
    pub canary_pods: u32,
    /// The arm that no series counts events of, though its exposures are counted where they are asked for.
    pub silent: Option<Side>,
}

impl Counting {
    /// End of the last tick, or the time everything is counted from; none before the first answer.
    #[must_use]
    pub const fn last(&self) -> Option<i64> {
        self.last
    }

    /// Ticks of `step` seconds up to `to` out of one or two queries: events, then exposures.
    pub fn take(&mut self, sets: &[Vec<Series>], arms: &Arms, to: i64, step: i64) -> Vec<Counted> {
        self.take_apart(sets, arms, to, step, &mut Apart::default())
    }

    /// The same, and each instance's ticks by themselves.
    pub fn take_apart(
        &mut self,
        sets: &[Vec<Series>],
        arms: &Arms,
        to: i64,
        step: i64,
        apart: &mut Apart,
    ) -> Vec<Counted> {
        let lines = lines(sets, arms);
        let Some(first) = lines.iter().filter_map(|line| line.series.points.first()).map(|point| point.at).min() else {
            return Vec::new();
        };
        let mut at = self.last.map_or(first, |last| last + step);
        // Nothing came for times before the first point.
        at += (first - at).max(0) / step * step;
        let mut ticks = Vec::new();
        while at <= to {
            ticks.extend(self.tick(&lines, sets.len(), at, step, apart));
            at += step;
        }
        self.forget();
        ticks
    }

    fn tick(&mut self, lines: &[Line<'_>], sets: usize, at: i64, step: i64, apart: &mut Apart) -> Option<Counted> {
        let now: Vec<(&Line<'_>, f64)> = lines.iter().filter_map(|line| Some((line, line.series.at(at)?))).collect();
        let heard = |side: Side, set: usize| now.iter().any(|(line, _)| line.set == set && line.side == side);
        let is_whole = (0..sets).all(|set| heard(Side::Baseline, set) || heard(Side::Canary, set));
        // After an outage nothing is known of what happened in it.
        let fresh = self.last.is_none_or(|last| at - last > GAP * step);
        if !is_whole || (!fresh && self.awaits(heard)) {
            return None;
        }
        let began = *self.began.get_or_insert(at);
        let mut counted = Counted {
            tick: Tick { at, baseline: Counts::default(), canary: Counts::default() },
            baseline_pods: 0,
            canary_pods: 0,
            silent: [Side::Baseline, Side::Canary]
                .into_iter()
                .find(|side| (sets == 1 || heard(*side, 1)) && !heard(*side, 0)),
        };
        for (line, value) in now {
            let instance = self
                .instances
                .entry(line.series.instance.raw().to_owned())
                .or_insert(Instance { side: line.side, seen: [None; 2] });
            let growth = match instance.seen[line.set] {
                _ if fresh => 0.0,
                Some((then, _)) if at - then > GAP * step => 0.0,
                Some((_, before)) if value < before => value,
                Some((_, before)) => value - before,
                None if at - began <= SETTLING * step => 0.0,
                None => value,
            };
            instance.seen[line.set] = Some((at, value));
            let (counts, pods) = match line.side {
                Side::Baseline => (&mut counted.tick.baseline, &mut counted.baseline_pods),
                Side::Canary => (&mut counted.tick.canary, &mut counted.canary_pods),
            };
            let grown = if line.set == 0 {
                Counts { events: growth, exposures: 0.0 }
            } else {
                Counts { events: 0.0, exposures: growth }
            };
            *counts += grown;
            *pods += u32::from(line.set + 1 == sets);
            if !fresh {
                apart.add(line, at, grown);
            }
        }
        self.last = Some(at);
        (!fresh).then_some(counted)
    }

    /// Whether an arm that answered at the last tick does not now, and may only be late.
    fn awaits(&self, heard: impl Fn(Side, usize) -> bool) -> bool {
        self.instances.values().any(|instance| {
            let answered = |seen: &Option<(i64, f64)>| seen.is_some_and(|(then, _)| Some(then) == self.last);
            instance.seen.iter().enumerate().any(|(set, seen)| answered(seen) && !heard(instance.side, set))
        })
    }

    fn forget(&mut self) {
        while self.instances.len() > REMEMBERED {
            let newest = |instance: &Instance| instance.seen.iter().flatten().map(|(at, _)| *at).max();
            let oldest =
                self.instances.iter().min_by_key(|(_, instance)| newest(instance)).map(|(name, _)| name.clone());
            oldest.map(|name| self.instances.remove(&name));
        }
    }
}

/// One counter of one instance of an arm.
struct Line<'a> {
    side: Side,
    set: usize,
    series: &'a Series,
}

fn lines<'a>(sets: &'a [Vec<Series>], arms: &Arms) -> Vec<Line<'a>> {
    let of_set = |(set, series): (usize, &'a Vec<Series>)| {
        series
            .iter()
            .filter_map(move |series| Some(Line { side: arms.side_of(&series.instance)?, set, series }))
            .collect::<Vec<_>>()
    };
    // Two queries at most: events, exposures.
    sets.iter().take(2).enumerate().flat_map(of_set).collect()
}

/// How often counters are really scraped, in multiples of `step` seconds up to `most`: the mean time between changes
/// of the counter that changes most often, of those of the last query up to `until`. Ticks that are shorter would find
/// one arm standing still whenever the other moves. None where too little changes.
#[must_use]
pub fn cadence(sets: &[Vec<Series>], until: i64, step: i64, most: i64) -> Option<i64> {
    const ENOUGH: i64 = 5;
    let shortest = sets.last()?.iter().filter_map(|series| {
        let points: Vec<_> = series.points.iter().filter(|point| point.at <= until).collect();
        let moves: Vec<i64> = points
            .windows(2)
            .filter_map(|pair| match pair {
                [one, other] if other.value.to_bits() != one.value.to_bits() => Some(other.at),
                _ => None,
            })
            .collect();
        let (first, last) = (*moves.first()?, *moves.last()?);
        let changes = i64::try_from(moves.len()).ok()? - 1;
        // Rounded to whole steps: scrapes come a little early or late.
        (changes >= ENOUGH).then(|| ((last - first) * 2 + step * changes) / (2 * step * changes) * step)
    });
    Some(shortest.min()?.clamp(step, most))
}

/// The ticks of single instances, for what is measured between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Apart(Vec<(Side, InstanceTicks)>);

impl Apart {
    fn add(&mut self, line: &Line<'_>, at: i64, grown: Counts) {
        let name = &line.series.instance;
        let place = self.0.iter().position(|(_, known)| known.instance == *name).unwrap_or_else(|| {
            self.0.push((line.side, InstanceTicks { instance: name.clone(), ticks: Vec::new() }));
            self.0.len() - 1
        });
        let Some((_, InstanceTicks { ticks, .. })) = self.0.get_mut(place) else { return };
        match ticks.last_mut() {
            Some((last, counts)) if *last == at => *counts += grown,
            Some(_) | None => ticks.push((at, grown)),
        }
    }

    /// The instances of one side in the order of their names, each with its ticks up to `to`.
    #[must_use]
    pub fn of(&self, side: Side, to: i64) -> Vec<InstanceTicks> {
        let mut instances: Vec<InstanceTicks> =
            self.0.iter().filter(|(of, _)| *of == side).map(|(_, instance)| instance.clone()).collect();
        for instance in &mut instances {
            instance.ticks.retain(|(at, _)| *at <= to);
        }
        instances.sort_by(|one, other| one.instance.cmp(&other.instance));
        instances
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{panel::Arm, series::Point};

    fn arms() -> Arms {
        let arm = |hash: &str| Arm { hash: hash.into(), instance_prefix: format!("{hash}-").as_str().into() };
        Arms { baseline: arm("old"), canary: Some(arm("new")) }
    }

    /// What was scraped every 10 s for half an hour, where `value` gives something.
    fn series(instance: &str, value: impl Fn(i32) -> Option<f64>) -> Series {
        let points = (0..=1_800).step_by(10).filter_map(|at| Some(Point { at: at.into(), value: value(at)? }));
        Series { instance: instance.into(), points: points.collect() }
    }

    /// A counter that grows by ten in ten seconds.
    #[expect(clippy::unnecessary_wraps, reason = "what `series` takes")]
    fn steady(at: i32) -> Option<f64> {
        Some(at.into())
    }

    #[test]
    fn a_counter_that_comes_back_after_a_gap_begins_anew_whether_it_restarted_or_not() {
        for restarted in [630, 0] {
            let back = series("new-2", |at| match at {
                0..600 => steady(at),
                600..1_200 => None,
                _ => steady(at - restarted),
            });
            let sets = [vec![series("new-1", steady), back, series("old-1", steady)]];
            let ticks = Counting::default().take(&sets, &arms(), 1_800, 10);
            let events: Vec<f64> = ticks.iter().map(|counted| counted.tick.canary.events).collect();
            assert!(events.iter().all(|events| *events <= 20.0), "{restarted}: {events:?}");
            assert!((events.iter().sum::<f64>() - 1_800.0 - 590.0 - 600.0).abs() < 1e-9, "{restarted}");
        }
    }

    #[test]
    fn a_counter_that_restarts_between_two_scrapes_counts_from_zero() {
        let back = series("new-1", |at| match at {
            0..600 => steady(at),
            600..640 => None,
            _ => steady(at - 620),
        });
        let sets = [vec![back, series("old-1", steady)]];
        let ticks = Counting::default().take(&sets, &arms(), 1_800, 10);
        assert!((ticks.iter().map(|counted| counted.tick.canary.events).sum::<f64>() - 590.0 - 1_180.0).abs() < 1e-9);
    }
}
