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
/// Seconds each point of a chart looks back: a tick of a small canary holds too few events to show anything.
pub const CHART_SECONDS: i64 = 6 * TICK_SECONDS;
/// Standard errors beyond the tolerance that make a difference stand out.
const OFF_ERRORS: f64 = 3.0;

/// The numbers of one panel since the canary was first exposed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub baseline: Counts,
    pub canary: Counts,
    /// Ratio of the event rates, canary to baseline; none without exposures and events on both sides.
    pub ratio: Option<f64>,
    /// On the bad side of the tolerance by more than the counts' own noise: something to look at, not a verdict.
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
    let off = is_off(panel, baseline, canary);
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

/// Whether the arms differ for the worse by more than the tolerance and three standard errors of the counts: the
/// logarithm of a ratio of Poisson rates has the variance 1/x + 1/y (x and y events, half an event added so
/// that none is a number too). It only calls for a look, and only if it stands out: looked at again and again
/// it proves nothing, and a smaller bar would shout at every small canary.
fn is_off(panel: &Panel, baseline: Counts, canary: Counts) -> bool {
    if baseline.exposures <= 0.0 || canary.exposures <= 0.0 {
        return false;
    }
    let (x, y) = (canary.events + 0.5, baseline.events + 0.5);
    let change = (x / canary.exposures).ln() - (y / baseline.exposures).ln();
    let noise = OFF_ERRORS * (1.0 / x + 1.0 / y).sqrt();
    match panel.spec.better {
        Better::Higher => change < (1.0 - panel.spec.tolerance).max(f64::MIN_POSITIVE).ln() - noise,
        Better::Lower => change > (1.0 + panel.spec.tolerance).ln() + noise,
    }
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

/// One arm's rate for a chart, in the panel's `per`: at the end of each tick (in seconds since 1970) the rate
/// over the last `CHART_SECONDS`, none where the arm had no exposures. Ticks that are missing are missing here too.
#[must_use]
pub fn rates(panel: &Panel, side: Side) -> Vec<(i64, Option<f64>)> {
    let of = |tick: &Tick| match side {
        Side::Baseline => tick.baseline,
        Side::Canary => tick.canary,
    };
    let ticks = panel.ticks.as_slice();
    let mut first = 0;
    ticks
        .iter()
        .enumerate()
        .map(|(last, tick)| {
            first += ticks.iter().skip(first).take_while(|earlier| earlier.at <= tick.at - CHART_SECONDS).count();
            let mut window = Counts::default();
            for tick in ticks.iter().take(last + 1).skip(first) {
                window += of(tick);
            }
            (tick.at, window.rate().map(|rate| rate * panel.spec.per))
        })
        .collect()
}

/// The weight as measured, none without fresh exposures on a release with two arms.
#[must_use]
pub fn seen(open: &Open) -> Option<Seen> {
    let recent = |panel: &Panel| {
        let (mut baseline, mut canary) = (Counts::default(), Counts::default());
        let newest = panel.ticks.iter().rev().take(SEEN_TICKS);
        for tick in newest.take_while(|tick| tick.at - TICK_SECONDS >= moved(panel)) {
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

/// When the weight last moved by the source's clock: a share measured before belongs to another weight.
fn moved(panel: &Panel) -> i64 {
    panel.left_out.iter().map(|(from, _)| *from).max().unwrap_or(i64::MIN)
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
