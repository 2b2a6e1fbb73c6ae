//! Counters in place of counts: telling that a table holds them, and counting ticks out of them.
//!
//! The same counting as of a source's answers, with one instance per arm. But a column may as well be a sum over
//! instances, in which a fall is one that went, and counting from 0 would make a burst of all that the others ever
//! counted. So a tick in which a counter falls is not known, and counting begins anew.

use serde_json::Number;

use super::table::{Row, Table};
use crate::domain::{
    clean::Name,
    counting::Counting,
    panel::{Arm, Arms},
    series::{Counts, Point, Series, Tick},
};

/// Rises of the exposures of both arms, none of anything ever falling, from which nothing else is believed. Counts of
/// single ticks rise about as often as they fall.
const SURE: usize = 20;
/// Rises from which somebody is told that it looks like counters.
const LIKELY: usize = 10;
/// Falls among so many moves of a column that restarts may explain.
const MOVES_PER_RESTART: usize = 10;

/// Whether a table that should hold counts of ticks holds counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    LikeCounts,
    /// It may be so, and restarts or a short table leave room for doubt.
    LikeCounters,
    SurelyCounters,
}

/// How often a column rises and falls from one known line to the next.
#[derive(Clone, Copy, Debug, Default)]
struct Moves {
    rises: usize,
    falls: usize,
}

/// Looks at all of a table.
pub(super) fn looks(table: &Table) -> Looks {
    let known: Vec<&Tick> = table.rows.iter().filter_map(|row| row.counts.as_ref()).collect();
    let all = columns(&known);
    let [exposures @ .., _, _] = &all;
    let is_credible = !is_erratic(&all);
    let rises = |least: usize| exposures.iter().all(|moves| moves.rises >= least);
    if rises(SURE) && all.iter().all(|moves| moves.falls == 0) {
        Looks::SurelyCounters
    } else if rises(LIKELY) && is_credible {
        Looks::LikeCounters
    } else {
        Looks::LikeCounts
    }
}

/// How the four columns move: the exposures of both arms, then their events.
fn columns(known: &[&Tick]) -> [Moves; 4] {
    let moves = |column: fn(&Tick) -> f64| {
        let mut moves = Moves::default();
        for pair in known.windows(2) {
            let [before, now] = [column(pair[0]), column(pair[1])];
            moves.rises += usize::from(now > before);
            moves.falls += usize::from(now < before);
        }
        moves
    };
    [
        moves(|tick| tick.canary.exposures),
        moves(|tick| tick.baseline.exposures),
        moves(|tick| tick.canary.events),
        moves(|tick| tick.baseline.events),
    ]
}

/// Counts of ticks out of counters, the first line being what they are counted from.
pub(super) struct Counted {
    pub(super) table: Table,
    /// The lines in which a counter falls.
    pub(super) fell: Vec<Number>,
    /// They are too many to believe that it counts anything.
    pub(super) is_erratic: bool,
}

/// Takes differences.
pub(super) fn counted(table: Table) -> Counted {
    let Table { rows, clock } = table;
    let arm = |name: &str| Arm { hash: name.into(), instance_prefix: name.into() };
    let arms = Arms { baseline: arm(BASELINE), canary: Some(arm(CANARY)) };
    let known: Vec<&Tick> = rows.iter().filter_map(|row| row.counts.as_ref()).collect();
    let is_erratic = is_erratic(&columns(&known));
    let mut counting = Counting::default();
    let mut fell = Vec::new();
    let mut last: Option<Tick> = None;
    let mut counts = Vec::new();
    for Row { tick, counts: stood, .. } in rows {
        let has_fallen = last.zip(stood).is_some_and(|(before, now)| falls(before, now));
        if has_fallen {
            fell.push(tick.clone());
            counting = Counting::default();
        }
        // Line by line, so that a gap of any length takes no time.
        let ticks = stood.map(|stood| counting.take(&sets(&stood), &arms, stood.at, clock.step()));
        let counted = ticks.and_then(|ticks| ticks.last().map(|counted| counted.tick)).filter(|_| !has_fallen);
        last = stood.or(last);
        counts.push(Row { tick, counts: counted, fell: has_fallen });
    }
    counts.drain(..1.min(counts.len()));
    Counted { table: Table { rows: counts, clock }, fell, is_erratic }
}

/// Whether a column falls too often for its falls to be restarts. Events may be rare: they fall with their exposures.
fn is_erratic([canary, baseline, canary_events, baseline_events]: &[Moves; 4]) -> bool {
    let too_often = |moves: &Moves| moves.falls * MOVES_PER_RESTART > moves.rises;
    let alone = |events: &Moves, exposures: &Moves| too_often(events) && events.falls > exposures.falls;
    too_often(canary) || too_often(baseline) || alone(canary_events, canary) || alone(baseline_events, baseline)
}

const CANARY: &str = "canary";
const BASELINE: &str = "baseline";

/// What was scraped at the end of one tick, as a source would tell it: events, then exposures.
fn sets(stood: &Tick) -> [Vec<Series>; 2] {
    let set = |of: fn(Counts) -> f64| {
        let arms = [(CANARY, stood.canary), (BASELINE, stood.baseline)];
        let series = |(instance, counts)| Series {
            instance: Name::from(instance),
            points: vec![Point { at: stood.at, value: of(counts) }],
        };
        arms.map(series).into()
    };
    [set(|counts| counts.events), set(|counts| counts.exposures)]
}

fn falls(before: Tick, now: Tick) -> bool {
    let arm = |before: Counts, now: Counts| now.events < before.events || now.exposures < before.exposures;
    arm(before.canary, now.canary) || arm(before.baseline, now.baseline)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{super::table, *};

    /// A table of lines with these four numbers, the canary's first.
    fn table(rows: impl IntoIterator<Item = [f64; 4]>) -> Table {
        let mut text = String::from("tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n");
        for (n, [x, n_canary, y, n_baseline]) in rows.into_iter().enumerate() {
            writeln!(text, "{n},{x},{n_canary},{y},{n_baseline}").unwrap();
        }
        table::read("t.csv", text.as_bytes(), 10).unwrap()
    }

    /// Counters after `n` ticks that scatter as counts do.
    fn counter(n: u32) -> [f64; 4] {
        let n = f64::from(n);
        [(n * 0.4).floor(), n * 20.0 + (n * 7.0) % 5.0, 1e4 + (n * 3.6).floor(), 1e6 + n * 180.0 + (n * 11.0) % 13.0]
    }

    /// Counts of one tick that scatter.
    fn count(n: u32) -> [f64; 4] {
        let scatter = |salt: u32| f64::from((n * 7919 + salt * 104_729) % 17);
        [f64::from(u32::from(n.is_multiple_of(3))), 12.0 + scatter(1), (n % 5).into(), 170.0 + scatter(2)]
    }

    #[test]
    fn one_restart_makes_no_counts_of_counters_of_what_is_rare() {
        // Errors rise a few times in 300 lines, and the canary restarts once.
        let rare = (0..300).map(|n: u32| {
            let since = if n < 200 { n } else { n - 200 };
            let [[_, exposures, ..], [_, _, baseline @ ..]] = [counter(since), counter(n)];
            [f64::from(since / 50), exposures, baseline[0], baseline[1]]
        });
        let rare = table(rare);
        assert_ne!(looks(&rare), Looks::LikeCounts);
        assert!(!counted(rare).is_erratic);
    }

    #[test]
    fn counters_are_told_from_counts() {
        assert_eq!(looks(&table((0..60).map(counter))), Looks::SurelyCounters);
        assert_eq!(looks(&table((0..15).map(counter))), Looks::LikeCounters, "too short to be sure");
        assert_eq!(looks(&table((0..8).map(counter))), Looks::LikeCounts, "too short for anything");
        let restarted = |n: u32| {
            if n < 40 { counter(n) } else { [counter(n - 40)[0], counter(n - 40)[1], counter(n)[2], counter(n)[3]] }
        };
        assert_eq!(looks(&table((0..80).map(restarted))), Looks::LikeCounters, "one restart");
    }

    #[test]
    fn counts_are_never_taken_for_counters() {
        let ramp = |n: u32| {
            [
                0.0,
                [2.0, 10.0, 20.0, 100.0][(n / 60) as usize % 4],
                0.0,
                [198.0, 190.0, 180.0, 100.0][(n / 60) as usize % 4],
            ]
        };
        let daily = |n: u32| {
            let [x, n_canary, y, n_baseline] = count(n);
            [x, n_canary * (1.0 + f64::from(n) / 200.0), y, n_baseline * (1.0 + f64::from(n) / 200.0)]
        };
        let seldom = |n: u32| [0.0, 20.0, f64::from(u32::from(n > 100)), 180.0];
        for (what, rows) in [
            ("scattered", (0..400).map(count).collect::<Vec<_>>()),
            ("constant", (0..400).map(|_| [0.4, 20.0, 3.6, 180.0]).collect()),
            ("a ramp of weights", (0..240).map(ramp).collect()),
            ("a morning", (0..200).map(daily).collect()),
            ("next to nothing", (0..200).map(seldom).collect()),
            ("one line", vec![count(0)]),
            ("only the canary grows", (0..60).map(|n| [0.0, f64::from(n), 3.6, 180.0]).collect()),
        ] {
            assert_eq!(looks(&table(rows)), Looks::LikeCounts, "{what}");
        }
    }

    #[test]
    fn differences_are_the_counts_and_a_fall_makes_a_tick_unknown() {
        let counted = counted(table([
            [5.0, 100.0, 50.0, 1_000.0],
            [6.0, 120.0, 53.0, 1_180.0],
            [6.0, 140.0, 57.0, 1_360.0],
            [4.0, 100.0, 60.0, 1_540.0],
            [5.0, 115.0, 63.0, 1_720.0],
        ]));
        assert_eq!((counted.fell.as_slice(), counted.is_erratic), ([3.into()].as_slice(), true), "one in four");
        let lost: Vec<bool> = counted.table.rows.iter().map(|row| row.fell && row.counts.is_none()).collect();
        assert_eq!(lost, [false, false, true, false]);
        let counts: Vec<_> = counted.table.rows.iter().filter_map(|row| row.counts).collect();
        let of = |events, exposures| Counts { events, exposures };
        assert_eq!(counts.iter().map(|tick| tick.at).collect::<Vec<_>>(), [10, 20, 40]);
        assert_eq!(
            counts.iter().map(|tick| tick.canary).collect::<Vec<_>>(),
            [of(1.0, 20.0), of(0.0, 20.0), of(1.0, 15.0)]
        );
        assert_eq!(counts[2].baseline, of(3.0, 180.0));
    }

    #[test]
    fn an_outage_begins_anew_however_long_it_is() {
        let text = "tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n\
                    0,0,0,0,0\n1,1,20,2,180\n2,,,,\n3,2,60,6,540\n900000000000000,9,99,9,999\n";
        let counted = counted(table::read("t.csv", text.as_bytes(), 1).unwrap());
        let exposures: Vec<_> =
            counted.table.rows.iter().map(|row| row.counts.map(|tick| tick.canary.exposures)).collect();
        assert_eq!(exposures, [Some(20.0), None, Some(40.0), None]);
    }
}
