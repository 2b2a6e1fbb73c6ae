//! What the panels of a release show, and what may be said of it.
//!
//! Until there is a judge the only verdicts are COLLECTING and UNKNOWN: differences are shown, not judged.

use super::state::{Open, Panel};
use crate::domain::{
    panel::{Better, PanelTrouble, Side},
    series::{Counts, Tick},
    verdict::{Verdict, Word},
};

/// Most ticks kept per panel: 2 h of 10 s.
pub const MAX_TICKS: usize = 720;
/// Seconds per tick.
pub const TICK_SECONDS: i64 = 10;
/// Seconds a tick must be old before it is asked for: two scrapes may still be on their way.
pub const LATE_SECONDS: i64 = 2 * TICK_SECONDS;
/// Seconds after which the newest sample is too old to be called an answer: three ticks beyond what is normal.
pub const STALE_SECONDS: i64 = LATE_SECONDS + 3 * TICK_SECONDS;
/// Ticks the seen weight is measured over.
const SEEN_TICKS: usize = 6;

/// The numbers of one panel since the canary was first exposed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub baseline: Counts,
    pub canary: Counts,
    /// Ratio of the event rates, canary to baseline; none without exposures and events on both sides.
    pub ratio: Option<f64>,
    /// On the bad side of the tolerance by its point value: a fact of the counts, not a verdict.
    pub off: bool,
    pub verdict: Verdict,
}

/// The measured weight: the canary's share of all exposures of the busiest panel in its newest ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    pub percent: f64,
    /// Exposures of both arms it was measured on.
    pub exposures: f64,
}

/// What one panel shows now.
#[must_use]
pub fn reading(panel: &Panel) -> Reading {
    let (mut baseline, mut canary) = (Counts::default(), Counts::default());
    for tick in panel.ticks.iter().filter(|tick| is_counted(panel, tick)) {
        baseline += tick.baseline;
        canary += tick.canary;
    }
    let ratio = match (canary.rate(), baseline.rate()) {
        (Some(c), Some(b)) if b > 0.0 => Some(c / b),
        (Some(_) | None, Some(_) | None) => None,
    };
    let off = ratio.is_some_and(|ratio| match panel.spec.better {
        Better::Higher => ratio < 1.0 - panel.spec.tolerance,
        Better::Lower => ratio > 1.0 + panel.spec.tolerance,
    });
    let verdict = trouble(panel).or_else(|| contradiction(baseline, canary)).unwrap_or_else(|| {
        let has_canary = panel.arms.as_ref().is_some_and(|arms| arms.canary.is_some());
        match (has_canary, canary.exposures > 0.0, baseline.exposures > 0.0) {
            (true, true, true) => Verdict::collecting("shown, not judged"),
            (true, true, false) => Verdict::unknown("no exposures on the baseline"),
            (true, false, _) => Verdict::unknown("no exposures on the canary yet"),
            (false, _, _) => Verdict::unknown("only one revision runs"),
        }
    });
    Reading { baseline, canary, ratio, off, verdict }
}

/// Whether a tick belongs to the comparison: after the first exposure, old enough for its late events, and
/// not while the weight was moving.
#[must_use]
pub fn is_counted(panel: &Panel, tick: &Tick) -> bool {
    panel.exposed_since.is_none_or(|since| tick.at > since)
        && panel.counted_to.is_none_or(|to| tick.at <= to)
        && !panel.left_out.iter().any(|(from, to)| tick.at > *from && tick.at - TICK_SECONDS < *to)
}

fn trouble(panel: &Panel) -> Option<Verdict> {
    panel.trouble.as_ref().map(|trouble| match trouble {
        PanelTrouble::Waiting => Verdict::unknown("waiting for the first answer"),
        PanelTrouble::NoData => Verdict::unknown("no data"),
        PanelTrouble::Partial(why) => Verdict::unknown(format!("partial: {why}")),
        PanelTrouble::Stale(age) => Verdict::unknown(format!("stale {age}")),
        PanelTrouble::Error(why) => Verdict::unknown(why.clone()),
        PanelTrouble::NotFinite => Verdict::unknown("not a number"),
    })
}

/// Events that nobody was exposed to: the two queries do not count the same thing.
fn contradiction(baseline: Counts, canary: Counts) -> Option<Verdict> {
    let broken = |counts: Counts| counts.exposures <= 0.0 && counts.events > 0.0;
    if broken(canary) {
        Some(Verdict::unknown("partial: events without exposures on the canary"))
    } else if broken(baseline) {
        Some(Verdict::unknown("partial: events without exposures on the baseline"))
    } else {
        None
    }
}

/// One arm's rate per tick for a chart, in the panel's `per`: the tick's end in seconds since 1970 and the
/// value, none where the arm had no exposures. Ticks that are missing are missing here too.
#[must_use]
pub fn rates(panel: &Panel, side: Side) -> Vec<(i64, Option<f64>)> {
    let of = |tick: &Tick| match side {
        Side::Baseline => tick.baseline,
        Side::Canary => tick.canary,
    };
    panel.ticks.iter().map(|tick| (tick.at, of(tick).rate().map(|rate| rate * panel.spec.per))).collect()
}

/// The weight as measured, none without fresh exposures on a release with two arms.
#[must_use]
pub fn seen(open: &Open) -> Option<Seen> {
    let recent = |panel: &Panel| {
        let (mut baseline, mut canary) = (Counts::default(), Counts::default());
        for tick in panel.ticks.iter().rev().take(SEEN_TICKS).filter(|tick| !is_moving(panel, tick)) {
            baseline += tick.baseline;
            canary += tick.canary;
        }
        (canary.exposures, canary.exposures + baseline.exposures)
    };
    let compared =
        |panel: &&Panel| panel.trouble.is_none() && panel.arms.as_ref().is_some_and(|arms| arms.canary.is_some());
    let (canary, all) =
        open.panels.iter().filter(compared).map(recent).max_by(|one, other| one.1.total_cmp(&other.1))?;
    (all > 0.0).then(|| Seen { percent: canary / all * 100.0, exposures: all })
}

/// Whether the weight moved within the tick itself: a share measured over it belongs to no weight.
fn is_moving(panel: &Panel, tick: &Tick) -> bool {
    panel.left_out.iter().any(|(from, _)| tick.at > *from && tick.at - TICK_SECONDS <= *from)
}

/// What may be said of the whole release.
#[must_use]
pub fn verdict(open: &Open) -> Verdict {
    let mut critical = open.panels.iter().filter(|p| p.spec.critical).peekable();
    if critical.peek().is_none() {
        return Verdict::unknown("nothing critical is watched");
    }
    critical.map(|p| (p, reading(p))).find(|(_, r)| r.verdict.word == Word::Unknown).map_or_else(
        || Verdict::collecting("differences are shown, not judged"),
        |(panel, reading)| {
            let why = reading.verdict.why.first().cloned().unwrap_or_default();
            Verdict::unknown(format!("{}: {why}", panel.spec.name))
        },
    )
}
