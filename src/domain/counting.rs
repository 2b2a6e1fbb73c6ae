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
//! - An instance of which both counters were seen counts with both or not at all: exposures without the events that they
//!   led to would look like events lost. While one is away the other waits for it, and both count from where they stood
//!   together, or begin anew after a gap. Where its exposures tell that it restarted, its events are not away but none.
//! - An arm for which nothing at all counts events is named `silent`, where its exposures are counted if they are asked
//!   for: its events are 0 as far as anybody counts, and whether that is so is for the reader to doubt.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    clean::Name,
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
    /// The end of the tick that it was first seen at.
    #[serde(default)]
    since: i64,
    /// The last point of its counters, by the place of the query.
    seen: [Option<(i64, f64)>; 2],
    /// Its exposures began anew after its events were last seen, whose counter may only be there from the first one on.
    #[serde(default)]
    restarted: bool,
}

/// What one answer tells of an instance at the end of a tick.
#[derive(Clone, Copy, Default)]
struct Told {
    values: [Option<f64>; 2],
    restarted: bool,
}

/// One tick, and what is to be known of how it was counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    pub tick: Tick,
    /// Seconds since the tick before: more than a step where it grew.
    #[serde(default)]
    pub span: i64,
    /// Instances of each arm that answered the last query: exposures where they are asked for.
    pub baseline_pods: u32,
    pub canary_pods: u32,
    /// The arm that no series counts events of, though its exposures are counted where they are asked for.
    pub silent: Option<Side>,
    /// An instance is back that was not there at the tick before: what its counter grew by is of another time than that
    /// of the others, or not known.
    #[serde(default)]
    pub uneven: bool,
}

impl Counting {
    /// End of the last tick, or the time everything is counted from; none before the first answer.
    #[must_use]
    pub const fn last(&self) -> Option<i64> {
        self.last
    }

    /// Whether an instance of this name was seen by `at`, in seconds since 1970.
    #[must_use]
    pub fn knew(&self, instance: &Name, at: i64) -> bool {
        self.instances.get(instance.raw()).is_some_and(|instance| instance.since <= at)
    }

    /// When an instance of this name was last seen, in seconds since 1970; none before it was.
    #[must_use]
    pub fn last_of(&self, instance: &Name) -> Option<i64> {
        self.instances.get(instance.raw())?.seen.iter().flatten().map(|(at, _)| *at).max()
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
        let mut now: Vec<(&Line<'_>, f64)> =
            lines.iter().filter_map(|line| Some((line, line.series.at(at)?))).collect();
        let told = if sets > 1 { self.told(&now, at - GAP * step) } else { BTreeMap::new() };
        now.retain(|(line, _)| told.get(line.name()).is_none_or(|told| !self.lacks(line.name(), *told)));
        let heard = |side: Side, set: usize| now.iter().any(|(line, _)| line.set == set && line.side == side);
        let is_whole = (0..sets).all(|set| heard(Side::Baseline, set) || heard(Side::Canary, set));
        // After an outage nothing is known of what happened in it.
        let fresh = self.last.is_none_or(|last| at - last > GAP * step);
        if !is_whole || (!fresh && self.awaits(heard, &told)) {
            return None;
        }
        let began = *self.began.get_or_insert(at);
        let mut counted = Counted {
            tick: Tick { at, baseline: Counts::default(), canary: Counts::default() },
            span: self.last.map_or(step, |last| at - last),
            baseline_pods: 0,
            canary_pods: 0,
            silent: [Side::Baseline, Side::Canary]
                .into_iter()
                .find(|side| (sets == 1 || heard(*side, 1)) && !heard(*side, 0)),
            uneven: false,
        };
        for (line, value) in now {
            let instance = self.instances.entry(line.name().to_owned()).or_insert(Instance {
                side: line.side,
                since: at,
                seen: [None; 2],
                restarted: false,
            });
            let restarted = told.get(line.name()).is_some_and(|told| told.restarted);
            counted.uneven |= instance.seen[line.set].is_some_and(|(then, _)| Some(then) != self.last);
            let growth = match instance.seen[line.set] {
                _ if fresh => 0.0,
                // The first events since exposures, which never were away, told of a restart.
                Some((_, before)) if restarted && line.set == 0 && value < before => value,
                Some((then, _)) if at - then > GAP * step => 0.0,
                Some((_, before)) if value < before => value,
                Some((_, before)) => value - before,
                None if at - began <= SETTLING * step => 0.0,
                None => value,
            };
            instance.seen[line.set] = Some((at, value));
            instance.restarted = restarted && instance.seen[0].is_none_or(|(then, _)| then < at);
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

    /// Both counters of each instance, and whether it restarted without its events having been seen since. What was
    /// last seen before `gone` tells nothing.
    fn told<'a>(&self, now: &[(&Line<'a>, f64)], gone: i64) -> BTreeMap<&'a str, Told> {
        let mut told: BTreeMap<&str, Told> = BTreeMap::new();
        for (line, value) in now {
            told.entry(line.name()).or_default().values[line.set] = Some(*value);
        }
        for (name, told) in &mut told {
            let (Some(instance), Some(exposures)) = (self.instances.get(*name), told.values[1]) else { continue };
            let began_anew = instance.seen[1].is_some_and(|(_, before)| exposures < before);
            let stayed = instance.seen[1].is_some_and(|(then, _)| then >= gone);
            told.restarted = (instance.restarted && stayed) || (began_anew && told.values[0].is_none());
        }
        told
    }

    /// Whether only one counter of an instance is there, though it had both.
    fn lacks(&self, name: &str, told: Told) -> bool {
        let seen = |set: usize| self.instances.get(name).is_some_and(|instance| instance.seen[set].is_some());
        match told.values {
            [None, Some(_)] => seen(0) && !told.restarted,
            [Some(_), None] => seen(1),
            [Some(_), Some(_)] | [None, None] => false,
        }
    }

    /// Whether an arm that answered at the last tick does not now, and may only be late.
    fn awaits(&self, heard: impl Fn(Side, usize) -> bool, told: &BTreeMap<&str, Told>) -> bool {
        self.instances.iter().any(|(name, instance)| {
            let answered = |seen: &Option<(i64, f64)>| seen.is_some_and(|(then, _)| Some(then) == self.last);
            // Events of one that restarted are not late.
            let none = |set: usize| set == 0 && told.get(name.as_str()).is_some_and(|told| told.restarted);
            let late = |set: usize| !heard(instance.side, set) && !none(set);
            instance.seen.iter().enumerate().any(|(set, seen)| answered(seen) && late(set))
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

impl<'a> Line<'a> {
    fn name(&self) -> &'a str {
        self.series.instance.raw()
    }
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

    /// Steady counters of two pods of each arm, where `new-2` has these events and exposures. One event in two
    /// exposures everywhere.
    fn with(events: impl Fn(i32) -> Option<f64>, exposures: impl Fn(i32) -> Option<f64>) -> [Vec<Series>; 2] {
        let others = ["new-1", "old-1", "old-2"];
        let half = |at: i32| Some(f64::from(at) / 2.0);
        let mut sets =
            [others.map(|name| series(name, half)).to_vec(), others.map(|name| series(name, steady)).to_vec()];
        sets[0].push(series("new-2", events));
        sets[1].push(series("new-2", exposures));
        sets
    }

    /// The same ticks out of one answer and out of answers of one tick each that overlap.
    fn ticks(sets: &[Vec<Series>; 2]) -> Vec<Counted> {
        let whole = Counting::default().take(sets, &arms(), 1_800, 10);
        let mut counting = Counting::default();
        let mut parts = Vec::new();
        for to in (0..=1_800).step_by(10) {
            let upto = sets.clone().map(|mut set| {
                for series in &mut set {
                    series.points.retain(|point| (to - 50..=to).contains(&point.at));
                }
                set
            });
            parts.extend(counting.take(&upto, &arms(), to, 10));
        }
        assert_eq!(whole, parts);
        whole
    }

    #[test]
    fn an_instance_that_lacks_a_counter_it_had_counts_with_neither() {
        let half = |at: i32| Some(f64::from(at) / 2.0);
        for (from, to) in [(600, 640), (600, 1_200), (600, 10_000)] {
            let there = |at: i32| !(from..to).contains(&at);
            for sets in
                [with(|at| half(at).filter(|_| there(at)), steady), with(half, |at| steady(at).filter(|_| there(at)))]
            {
                let ticks = ticks(&sets);
                assert_eq!(ticks.len(), 180, "nothing waits for one pod of several");
                for counted in &ticks {
                    let Counts { events, exposures } = counted.tick.canary;
                    assert!(exposures > 0.0 && (events * 2.0 - exposures).abs() < 1e-9, "{from}..{to}: {counted:?}");
                    assert!(exposures <= 60.0 + 1e-9, "{from}..{to}: {counted:?}");
                    assert_eq!(counted.silent, None);
                }
                let all: f64 = ticks.iter().map(|counted| counted.tick.canary.exposures).sum();
                let lost = if to == 640 { 0 } else { to.min(1_800) - 590 };
                assert!((all - f64::from(3_600 - lost)).abs() <= 10.0, "{from}..{to}: {all}");
            }
        }
    }

    #[test]
    fn an_instance_that_restarted_and_has_no_events_yet_has_none() {
        // Its counter of events comes with its first event, ten minutes after it restarted.
        let events = |at: i32| match at {
            0..600 => Some(300.0 + f64::from(at)),
            600..1_200 => None,
            _ => Some(f64::from((at - 1_190) / 10)),
        };
        let exposures = |at: i32| steady(if at < 600 { 1_000 + at } else { at - 600 });
        let ticks = ticks(&with(events, exposures));
        let counted = |at: i64| ticks.iter().find(|counted| counted.tick.at == at).unwrap().tick.canary;
        assert_eq!(counted(700), Counts { events: 5.0, exposures: 20.0 });
        assert_eq!(counted(1_200), Counts { events: 6.0, exposures: 20.0 });
        // And where that is all of the arm, it has none.
        let mut sets = with(|at| events(at).filter(|_| at < 600), exposures);
        for set in &mut sets {
            set.retain(|series| series.instance.raw() != "new-1");
        }
        let ticks = self::ticks(&sets);
        assert_eq!(ticks.len(), 180);
        for counted in ticks.iter().filter(|counted| counted.tick.at > 600) {
            assert_eq!(counted.tick.canary, Counts { events: 0.0, exposures: 10.0 });
            assert_eq!(counted.silent, Some(Side::Canary));
        }
    }

    #[test]
    fn an_arm_that_lost_its_events_has_no_exposures_either() {
        let half = |at: i32| Some(f64::from(at) / 2.0);
        let sets = with(half, steady);
        let [mut events, exposures] = sets;
        for series in events.iter_mut().filter(|series| series.instance.raw().starts_with("old")) {
            series.points.retain(|point| point.at < 600);
        }
        let ticks = ticks(&[events, exposures]);
        let after: Vec<_> = ticks.iter().filter(|counted| counted.tick.at >= 600).collect();
        assert!(after.len() > 100);
        for counted in after {
            assert_eq!((counted.tick.baseline, counted.baseline_pods, counted.silent), (Counts::default(), 0, None));
        }
    }
}
