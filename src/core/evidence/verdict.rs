//! What may be said of the whole release: the one answer that screen, policy, journal, title, bell and guard use.

use super::{
    Mark, Reading,
    pods::{few, unscraped},
};
use crate::{
    core::{
        number,
        state::{Open, Panel, Watched},
    },
    domain::{
        clean::Clean,
        panel::{PanelKind, PanelTrouble},
        series::Counts,
        verdict::{Verdict, Word},
    },
    judge::{
        Standing,
        cap::{Cap, Capped},
        release::{self, Outcome, PanelSays, Says, SharedSays},
        shared::Change,
        split::{SplitFinding, SplitStanding},
    },
};

/// Seconds over which a hard cap is held against the share of events.
const CAP_SECONDS: i64 = 600;

/// What may be said of the whole release.
#[must_use]
pub fn verdict(open: &Open) -> Verdict {
    outcome(open).verdict
}

/// The same with what belongs beside it.
#[must_use]
pub fn outcome(open: &Open) -> Outcome {
    release::verdict(&says(open))
}

/// What is known of the traffic split; none without a weight, or before it is watched. While not every pod is scraped,
/// what is seen of an arm is no share of the traffic.
#[must_use]
pub fn split(open: &Open) -> Option<SplitFinding> {
    let finding = open.split.as_ref().map(Watched::finding)?;
    match unscraped(open) {
        Some(_) => Some(SplitFinding { standing: SplitStanding::Unseen, seen: None, ..finding }),
        None => Some(finding),
    }
}

fn says(open: &Open) -> Says {
    let wrong = open.wrong.iter().filter(|wrong| wrong.decides);
    let mut unusable: Vec<Clean> =
        wrong.map(|wrong| format!("{} ({}) cannot be used", wrong.why, wrong.origin).into()).collect();
    // What is declared there may be critical.
    let unseen = open.release.as_ref().and_then(|release| release.panels_unseen.as_ref());
    unusable.extend(unseen.map(|why| format!("what the release declares is not known: {why}").into()));
    let mut says = Says { split: split(open), exposed_at: exposed_at(open), unusable, ..Says::default() };
    for panel in &open.panels {
        match panel.spec.kind {
            PanelKind::Ratio { .. } | PanelKind::Rate { .. } | PanelKind::Latency { .. } => {
                says.panels.push(counted(panel));
            }
            PanelKind::Shared { .. } => says.shared.push(shared(panel)),
            // Weak, or not ours: no part of a verdict.
            PanelKind::Value { .. } | PanelKind::Analysis { .. } => {}
        }
    }
    says
}

fn shared(panel: &Panel) -> SharedSays {
    let says = SharedSays {
        name: panel.spec.name.clone(),
        critical: panel.spec.critical,
        change: panel.evidence.compared.map_or(Change::Unknown, |compared| compared.change),
        trouble: doubted(&panel.reading),
    };
    // One that cannot be had blocks nothing; one that is on its way has to be heard.
    let is_unread = match &panel.trouble {
        Some(PanelTrouble::Waiting) => panel.arms.as_ref().is_some_and(|arms| arms.canary.is_some()),
        None => panel.history.is_some(),
        Some(
            PanelTrouble::NoData
            | PanelTrouble::Partial(_)
            | PanelTrouble::Stale(_)
            | PanelTrouble::Error(_)
            | PanelTrouble::NotFinite,
        ) => false,
    };
    let is_early = is_unread && !says.critical && says.change != Change::Worse;
    if is_early { SharedSays { change: Change::Collecting, trouble: None, ..says } } else { says }
}

fn counted(panel: &Panel) -> PanelSays {
    let evidence = &panel.evidence;
    let reading = &panel.reading;
    let standing = match (reading.mark, &evidence.finding) {
        (Mark::Regression, _) => Some(Standing::Regression),
        (Mark::Good, _) => Some(Standing::Within),
        (Mark::Look | Mark::Unknown | Mark::Collecting | Mark::Weak, Some(_)) => Some(Standing::Collecting),
        // What is still being read is on its way to be judged.
        (_, None) if reading.verdict.word == Word::Collecting => Some(Standing::Collecting),
        (_, None) => None,
    };
    PanelSays {
        name: panel.spec.name.clone(),
        critical: panel.spec.critical,
        business: panel.spec.business,
        standing,
        ratio: evidence.found.or(evidence.finding).map(|finding| finding.words().into()).unwrap_or_default(),
        trouble: doubted(reading),
        by_traffic: matches!(panel.spec.kind, PanelKind::Rate { .. }),
        cap: capped(panel),
        baseline: evidence.compared.map_or(Change::Unknown, |compared| compared.change),
    }
}

/// Why nothing can be said of a panel.
fn doubted(reading: &Reading) -> Option<Clean> {
    (reading.mark == Mark::Unknown).then(|| reading.verdict.why.first().cloned().unwrap_or_default())
}

/// Both arms against the panel's hard cap over the same newest minutes; only while its numbers are fresh: the newest that
/// were read are old while the past is.
fn capped(panel: &Panel) -> Option<Capped> {
    let cap = panel.spec.cap.filter(|_| is_fresh(panel) && panel.evidence.finding.is_some())?;
    let newest = panel.ticks.last()?.at;
    let (mut baseline, mut canary) = (Counts::default(), Counts::default());
    let recent = panel.ticks.iter().rev().take_while(|tick| tick.at > newest - CAP_SECONDS);
    for tick in recent.filter(|tick| super::is_counted(panel, tick)) {
        baseline += tick.baseline;
        canary += tick.canary;
    }
    Some(Cap { limit: cap.share, at_least: cap.exposures }.check(baseline, canary))
}

fn exposed_at(open: &Open) -> Option<Clean> {
    let weight = open.release.as_ref()?.weight;
    weight.set.or(weight.wanted).map(|percent| format!("{} %", number::weight(percent)).into())
}

/// Critical panels that regressed at another error rate, in words, each with numbers that are fresh and whole: what a
/// guard may act on. What is missing, old or counted by nothing is not among them.
#[must_use]
pub fn regressed(open: &Open, alpha: f64) -> Vec<Clean> {
    harmed(open, alpha).filter(|(panel, _)| lacking(open, panel).is_none()).map(|(_, words)| words.into()).collect()
}

/// The same of those whose events are not all counted, with what is lacking.
#[must_use]
pub fn uncounted(open: &Open, alpha: f64) -> Vec<Clean> {
    let uncounted = harmed(open, alpha).filter_map(|(panel, words)| Some((lacking(open, panel)?, words)));
    uncounted.map(|(lacking, words)| format!("{words}, but {lacking}").into()).collect()
}

/// What is not counted of a panel: anything at all since a while, though its source answers; the events of an arm for
/// which there is no series (a dead shop looks so, a baseline that never failed, and a renamed metric too), or of a pod
/// that is ready and does not answer where events are compared with the whole share of its arm.
fn lacking(open: &Open, panel: &Panel) -> Option<String> {
    if let Some(unheard) = super::look::unheard(panel) {
        return Some(unheard.to_string());
    }
    if let Some(side) = panel.evidence.silent {
        return Some(format!("no series counts events of the {}", side.word()));
    }
    let release = open.release.as_ref().filter(|_| panel.spec.kind.compares_shares())?;
    few(release, panel, panel.evidence.heard, panel.evidence.counted_to?).next().map(|few| few.words().to_string())
}

fn harmed(open: &Open, alpha: f64) -> impl Iterator<Item = (&Panel, String)> {
    let critical = open.panels.iter().filter(|panel| panel.spec.critical && is_fresh(panel));
    critical.filter_map(move |panel| {
        let judge = panel.evidence.judge.as_ref().filter(|judge| judge.harm_at(alpha))?;
        Some((panel, format!("{} {}", panel.spec.name, judge.finding().words())))
    })
}

/// Why no critical panel can be judged now; none while one can.
#[must_use]
pub fn blind(open: &Open) -> Option<Clean> {
    let mut critical =
        open.panels.iter().filter(|panel| panel.spec.critical && panel.spec.kind.has_counts()).peekable();
    if critical.peek().is_none() {
        return Some("nothing critical is watched".into());
    }
    let mut why = None;
    for panel in critical {
        if is_fresh(panel) && !panel.reading.is_unknown() {
            return None;
        }
        let said = panel.trouble.as_ref().map(|trouble| format!("{}: {}", panel.spec.name, said(trouble)));
        let reason = panel.reading.verdict.why.first().map(|why| format!("{}: {why}", panel.spec.name));
        why = why.or(said).or(reason);
    }
    Some(why.unwrap_or_else(|| "nothing can be judged".to_owned()).into())
}

/// Whether its newest numbers came in time, and were counted.
fn is_fresh(panel: &Panel) -> bool {
    panel.trouble.is_none() && panel.evidence.refused.is_none() && panel.history.is_none()
}

fn said(trouble: &PanelTrouble) -> Clean {
    super::look::words(trouble)
}
