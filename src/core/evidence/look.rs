//! Makes the reading of a panel out of what it knows. The only place that does.

use super::{Mark, Reading};
use crate::{
    core::state::Panel,
    domain::{
        panel::{Better, PanelTrouble},
        series::{Counts, Tick},
        verdict::{Verdict, Word},
    },
};

/// Standard errors beyond the tolerance that make a difference stand out.
const OFF_ERRORS: f64 = 3.0;

/// What may be said of a panel, from everything it knows.
#[must_use]
pub fn look(panel: &Panel) -> Reading {
    let (mut baseline, mut canary) = (Counts::default(), Counts::default());
    let mut ticks = 0;
    for tick in panel.ticks.iter().filter(|tick| is_counted(panel, tick)) {
        baseline += tick.baseline;
        canary += tick.canary;
        ticks += 1;
    }
    let ratio = match (canary.rate(), baseline.rate()) {
        (Some(c), Some(b)) if b > 0.0 => Some(c / b),
        (Some(_) | None, Some(_) | None) => None,
    };
    let verdict = trouble(panel).or_else(|| contradiction(baseline, canary)).unwrap_or_else(|| {
        let has_canary = panel.arms.as_ref().is_some_and(|arms| arms.canary.is_some());
        match (has_canary, canary.exposures > 0.0, baseline.exposures > 0.0) {
            (true, true, true) => Verdict::collecting("shown, not judged"),
            (true, true, false) => Verdict::unknown("no exposures on the baseline"),
            (true, false, _) => Verdict::unknown("no exposures on the canary yet"),
            (false, _, _) => Verdict::unknown("only one revision runs"),
        }
    });
    let mark = if verdict.word == Word::Unknown { Mark::Unknown } else { Mark::Collecting };
    let off = is_off(panel, baseline, canary);
    let mark = if off && mark == Mark::Collecting { Mark::Look } else { mark };
    Reading { baseline, canary, ticks, ratio, off, since: panel.exposed_since, ..Reading::plain(mark, verdict) }
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

/// Whether a tick belongs to the comparison: after the first exposure, and not while the weight was moving.
#[must_use]
pub fn is_counted(panel: &Panel, tick: &Tick) -> bool {
    panel.exposed_since.is_none_or(|since| tick.at > since)
        && !panel.left_out.iter().any(|(from, to)| tick.at > *from && tick.at - panel.step < *to)
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
