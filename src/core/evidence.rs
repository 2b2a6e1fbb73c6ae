//! What the panels of a release show, and what may be said of it.
//!
//! Until there is a judge the only verdicts are COLLECTING and UNKNOWN: differences are shown, not judged.

use crate::domain::{
    panel::{Better, PanelTrouble},
    series::Counts,
    verdict::Verdict,
};

use super::state::{Open, Panel};

/// Most ticks kept per panel: 2 h of 10 s.
pub const MAX_TICKS: usize = 720;
/// Seconds per tick.
pub const TICK_SECONDS: i64 = 10;

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

/// What one panel shows now.
#[must_use]
pub fn reading(panel: &Panel) -> Reading {
    let since = panel.exposed_since.unwrap_or(i64::MIN);
    let (mut baseline, mut canary) = (Counts::default(), Counts::default());
    for tick in panel.ticks.iter().filter(|t| t.at > since) {
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
    let verdict = match &panel.trouble {
        None if canary.exposures > 0.0 => Verdict::collecting("shown, not judged"),
        None => Verdict::unknown("no exposures on the canary yet"),
        Some(PanelTrouble::Waiting) => Verdict::unknown("waiting for the first answer"),
        Some(PanelTrouble::NoData) => Verdict::unknown("no data"),
        Some(PanelTrouble::Partial(why)) => Verdict::unknown(format!("partial: {why}")),
        Some(PanelTrouble::Stale(age)) => Verdict::unknown(format!("stale {age}")),
        Some(PanelTrouble::Error(why)) => Verdict::unknown(why.clone()),
        Some(PanelTrouble::NotFinite) => Verdict::unknown("not a number"),
    };
    Reading { baseline, canary, ratio, off, verdict }
}

/// What may be said of the whole release.
#[must_use]
pub fn verdict(open: &Open) -> Verdict {
    let critical: Vec<_> = open.panels.iter().filter(|p| p.spec.critical).collect();
    if critical.is_empty() {
        return Verdict::unknown("nothing critical is watched");
    }
    critical
        .into_iter()
        .map(|p| (p, reading(p)))
        .find(|(_, r)| r.verdict.word == crate::domain::verdict::Word::Unknown)
        .map_or_else(
            || Verdict::collecting("differences are shown, not judged"),
            |(panel, reading)| {
                let why = reading.verdict.why.first().cloned().unwrap_or_default();
                Verdict::unknown(format!("{}: {why}", panel.spec.name))
            },
        )
}
