//! Makes the reading of a panel out of what it knows. The only place that does.

use super::{Interval, Levels, Mark, Reading, Spread};
use crate::{
    core::{
        price,
        state::{History, Panel},
    },
    domain::{
        analysis::{Limit, LimitMeans},
        clean::Clean,
        counting::GAP,
        panel::{PanelKind, PanelTrouble, Side},
        series::{Counts, Tick},
        time::Seconds,
        verdict::{Verdict, Word},
    },
    judge::{
        DOUBT, Finding, Judge, Standing,
        gauge::Hint,
        shared::{self, Change},
        watchdog,
    },
};

/// Ticks that were answered and made no count before that is a doubt.
const UNCOUNTED_TICKS: i64 = 4;

/// What a rate stands on while the split fails.
const MISROUTED: &str = "by the share that was set, while the traffic split fails";

/// What may be said of a panel, from everything it knows.
#[must_use]
pub fn look(panel: &Panel) -> Reading {
    let reading = match panel.spec.kind {
        PanelKind::Ratio { .. } | PanelKind::Rate { .. } | PanelKind::Latency { .. } => counts(panel),
        PanelKind::Value { .. } => value(panel),
        PanelKind::Shared { .. } => shared(panel),
        PanelKind::Analysis { .. } => analysis(panel),
    };
    // What waiting may bring changes slower than what is said, and stays until it is made anew.
    let forecast = panel.reading.forecast.filter(|_| matches!(reading.mark, Mark::Collecting | Mark::Good));
    Reading { forecast, ..reading }
}

fn counts(panel: &Panel) -> Reading {
    let evidence = &panel.evidence;
    let spread = evidence.dispersion.map(|found| Spread { phi: found.phi, calibrated: found.calibrated });
    if let Some(found) = evidence.found.filter(|_| !is_regression(evidence.finding.as_ref())) {
        let why = vec![found.words().into(), "being judged again".into()];
        let numbers = of_finding(&found);
        let verdict = Verdict { word: Word::NoGo, why };
        return Reading { off: true, dispersion: spread, mark: Mark::Regression, verdict, ..numbers };
    }
    let (Some(judge), Some(finding)) = (&evidence.judge, &evidence.finding) else {
        let why = doubt(panel).unwrap_or_else(|| "no exposures on the canary yet".into());
        let baseline = newest(panel, Side::Baseline);
        let mark = if panel.trouble.is_none() && panel.history.is_some() { Mark::Collecting } else { Mark::Unknown };
        let verdict = if mark == Mark::Collecting { Verdict::collecting(why) } else { Verdict::unknown(why) };
        return Reading { baseline, dispersion: spread, ..Reading::plain(mark, verdict) };
    };
    let off = is_regression(Some(finding)) || finding.log_e_harm >= DOUBT;
    let (mark, verdict) = standing(panel, finding);
    let numbers = if off { of_finding(finding) } else { of_whole(judge) };
    // Nobody has lost what never came.
    let loss = price::so_far(panel, finding).filter(|_| !evidence.misrouted);
    Reading { off, silent: evidence.silent, dispersion: spread, loss, ..Reading { mark, verdict, ..numbers } }
}

fn is_regression(finding: Option<&Finding>) -> bool {
    finding.is_some_and(|finding| finding.standing == Standing::Regression)
}

fn standing(panel: &Panel, finding: &Finding) -> (Mark, Verdict) {
    let doubt = doubt(panel);
    match (finding.standing, doubt) {
        // A regression was found and stands, whatever comes or does not come now.
        (Standing::Regression, doubt) => {
            let mut why: Vec<Clean> = vec![finding.words().into()];
            why.extend(doubt);
            why.extend(panel.evidence.silent.map(uncounted));
            why.extend(panel.evidence.misrouted.then(|| MISROUTED.into()));
            (Mark::Regression, Verdict { word: Word::NoGo, why })
        }
        (Standing::Within | Standing::Collecting, Some(why)) if panel.trouble.is_none() && panel.history.is_some() => {
            (Mark::Collecting, Verdict::collecting(why))
        }
        (Standing::Within | Standing::Collecting, Some(why)) => (Mark::Unknown, Verdict::unknown(why)),
        (Standing::Within, None) => match panel.evidence.silent.map(uncounted).or(panel.evidence.missing.clone()) {
            None => (Mark::Good, Verdict { word: Word::Go, why: vec!["within its tolerance".into()] }),
            // None is a number only where something would have counted it.
            Some(why) => (Mark::Unknown, Verdict::unknown(why)),
        },
        (Standing::Collecting, None) => (Mark::Collecting, Verdict::collecting("collecting")),
    }
}

fn uncounted(side: Side) -> Clean {
    format!("the {} reports no events", side.word()).into()
}

/// Why its numbers cannot be trusted or compared now, the worst first; none when they can.
fn doubt(panel: &Panel) -> Option<Clean> {
    if let Some(trouble) = &panel.trouble {
        return Some(words(trouble));
    }
    if panel.arms.as_ref().is_none_or(|arms| arms.canary.is_none()) {
        return Some("only one revision runs".into());
    }
    if let Some(history) = panel.history {
        return Some(reading(history));
    }
    if let Some(refused) = &panel.evidence.refused {
        return Some(refused.clone());
    }
    if let Some(unheard) = unheard(panel) {
        return Some(unheard);
    }
    let silence =
        watchdog::silence(&panel.ticks, watchdog::SILENT_TICKS).filter(|_| panel.spec.kind.counts_exposures());
    silence.map(|silence| match silence {
        watchdog::Silence::Baseline => "no exposures on the baseline".into(),
        watchdog::Silence::Canary if panel.evidence.judge.is_none() => "no exposures on the canary yet".into(),
        watchdog::Silence::Canary => "no exposures on the canary".into(),
        watchdog::Silence::Both => "no exposures on either arm".into(),
    })
}

/// Why nothing new is counted of it, though its source answers: what was judged before is old then.
pub(super) fn unheard(panel: &Panel) -> Option<Clean> {
    let pods = panel.evidence.pods;
    let silent = [(pods.canary, "canary"), (pods.baseline, "baseline")].into_iter().find(|(pods, _)| *pods == 0);
    if let Some((_, arm)) = silent.filter(|_| panel.evidence.finding.is_some()) {
        return Some(format!("no instance of the {arm} answers").into());
    }
    if let (Some(judged), Some(answered)) = (panel.evidence.judged_to, panel.answered_to)
        && judged - answered > UNCOUNTED_TICKS * panel.step
    {
        return Some("a clock was set back".into());
    }
    let left_out = panel.evidence.counted_to.map(|counted| counted + panel.settles());
    if let (Some(judged), Some(answered)) =
        (panel.evidence.judged_to.into_iter().chain(left_out).min(), panel.answered_to)
        && answered - judged > UNCOUNTED_TICKS * panel.step
    {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a release")]
        let age = Seconds((answered - judged) as f64);
        return Some(format!("nothing was counted for {age}").into());
    }
    None
}

fn reading(history: History) -> Clean {
    #[expect(clippy::cast_precision_loss, reason = "seconds of a release")]
    let left = Seconds((history.to - history.from).max(0) as f64);
    format!("reading {left} of history").into()
}

pub(super) fn words(trouble: &PanelTrouble) -> Clean {
    match trouble {
        PanelTrouble::Waiting => "waiting for the first answer".into(),
        PanelTrouble::NoData => "no data".into(),
        PanelTrouble::Partial(why) => format!("partial: {why}").into(),
        PanelTrouble::Stale(age) => format!("stale {age}").into(),
        PanelTrouble::Error(why) => why.clone(),
        PanelTrouble::NotFinite => "not a number".into(),
    }
}

/// What is shown of a panel that stands out: since the moment from which it can be told best.
fn of_finding(finding: &Finding) -> Reading {
    Reading {
        baseline: finding.baseline,
        canary: finding.canary,
        since: Some(finding.since),
        ticks: finding.ticks,
        ratio: finding.ratio,
        interval: Some(Interval { low: finding.low, high: finding.high }),
        ..Reading::unknown("")
    }
}

/// What is shown of one that does not: all since the first exposure.
fn of_whole(judge: &Judge) -> Reading {
    let whole = judge.whole();
    Reading {
        baseline: whole.baseline,
        canary: whole.canary,
        since: Some(whole.at),
        ticks: whole.ticks,
        ratio: whole.ratio,
        interval: Some(Interval { low: whole.low, high: whole.high }),
        ..Reading::unknown("")
    }
}

/// What one arm did in its newest minute, for a panel that compares nothing yet.
fn newest(panel: &Panel, side: Side) -> Counts {
    let mut sum = Counts::default();
    for tick in panel.ticks.iter().rev().take(6) {
        sum += match side {
            Side::Baseline => tick.baseline,
            Side::Canary => tick.canary,
        };
    }
    sum
}

/// Replaces what an arm was exposed to by its share of the traffic, in seconds of all traffic: as many as the
/// tick spans.
pub fn by_share(tick: &mut Tick, percent: f64, span: i64) {
    #[expect(clippy::cast_precision_loss, reason = "seconds of a tick")]
    let seconds = span as f64;
    tick.canary.exposures = seconds * percent / 100.0;
    tick.baseline.exposures = seconds * (100.0 - percent) / 100.0;
}

fn value(panel: &Panel) -> Reading {
    let newest = panel.levels.last();
    let levels = Levels { before: newest.and_then(|l| l.baseline), now: newest.and_then(|l| l.canary) };
    let positive = levels.before.filter(|before| *before > 0.0);
    let ratio = positive.zip(levels.now).map(|(before, now)| now / before);
    let (mark, verdict, ticks) = match (doubt(panel), &panel.evidence.gauge) {
        (Some(why), _) => (Mark::Unknown, Verdict::unknown(why), 0),
        (None, None) => (Mark::Unknown, Verdict::unknown("no value of the canary yet"), 0),
        (None, Some(gauge)) => {
            let (worse, of) = gauge.signs();
            let why = format!("weak: {worse} of {of} ticks beyond the tolerance");
            let mark = if gauge.hint() == Hint::Worse { Mark::Look } else { Mark::Weak };
            (mark, Verdict::collecting(why), of)
        }
    };
    Reading {
        off: mark == Mark::Look,
        levels,
        ratio,
        ticks,
        since: panel.exposed_since,
        ..Reading::plain(mark, verdict)
    }
}

fn shared(panel: &Panel) -> Reading {
    let compared = panel.evidence.compared;
    let newest = panel.points.last().map(|point| point.value);
    let levels = Levels {
        before: compared.and_then(|compared| compared.before),
        now: newest.or(compared.and_then(|compared| compared.now)),
    };
    let is_beyond = levels
        .before
        .zip(levels.now)
        .is_some_and(|(before, now)| shared::is_beyond(before, now, panel.spec.better, panel.spec.tolerance));
    let (mark, verdict) = match (doubt(panel), compared.map(|compared| compared.change)) {
        (Some(why), _) => (Mark::Unknown, Verdict::unknown(why)),
        (None, Some(Change::Worse)) => (Mark::Look, Verdict::collecting("worse than in the hour before the release")),
        // A moment proves nothing, and is not fine either.
        (None, Some(Change::Same)) if is_beyond => {
            (Mark::Collecting, Verdict::collecting("beyond its tolerance now; worse if it stays so"))
        }
        (None, Some(Change::Same)) => (Mark::Good, Verdict::collecting("as in the hour before the release")),
        (None, Some(Change::Collecting)) => {
            (Mark::Collecting, Verdict::collecting("too early to compare with the hour before"))
        }
        (None, Some(Change::Unknown)) => {
            (Mark::Unknown, Verdict::unknown("too little is known of the hour before the release"))
        }
        (None, None) => (Mark::Unknown, Verdict::unknown("not compared yet")),
    };
    Reading { off: mark == Mark::Look, levels, since: panel.exposed_since, ..Reading::plain(mark, verdict) }
}

/// The newest value against the lines that the backend's own analysis draws.
fn analysis(panel: &Panel) -> Reading {
    let newest = panel.points.last().map(|point| point.value);
    let levels = Levels { before: None, now: newest };
    let (mark, verdict) = match (&panel.trouble, panel.history, newest) {
        (Some(trouble), _, _) => (Mark::Unknown, Verdict::unknown(words(trouble))),
        (None, Some(history), _) => (Mark::Collecting, Verdict::collecting(reading(history))),
        (None, None, None) => (Mark::Unknown, Verdict::unknown("no data")),
        (None, None, Some(value)) => match passed(&panel.spec.limits, value) {
            Some(LimitMeans::Failure) => (Mark::Look, Verdict::collecting("its analysis would fail now")),
            Some(LimitMeans::NotSuccess) => (Mark::Look, Verdict::collecting("its analysis would not pass now")),
            None if panel.spec.limits.is_empty() => {
                (Mark::Weak, Verdict::collecting("its conditions are no lines to compare with"))
            }
            None if !panel.spec.all_lines => {
                (Mark::Weak, Verdict::collecting("its conditions ask for more than lines can show"))
            }
            None => (Mark::Good, Verdict::collecting("its analysis would pass now")),
        },
    };
    Reading { off: mark == Mark::Look, levels, ..Reading::plain(mark, verdict) }
}

/// The worst that the lines say of a value.
fn passed(limits: &[Limit], value: f64) -> Option<LimitMeans> {
    let mut passed = limits.iter().filter(|limit| limit.is_passed(value)).map(|limit| limit.means).collect::<Vec<_>>();
    passed.sort_by_key(|means| match means {
        LimitMeans::Failure => 0,
        LimitMeans::NotSuccess => 1,
    });
    passed.first().copied()
}

/// Ticks as they are drawn, oldest first, with the seconds that each spans. One that grew began where the tick before it
/// ended; after an outage counting began anew.
#[must_use]
pub fn spans(panel: &Panel) -> impl DoubleEndedIterator<Item = (&Tick, i64)> {
    let step = panel.step;
    panel.ticks.iter().enumerate().map(move |(place, tick)| {
        let before = place.checked_sub(1).and_then(|before| panel.ticks.get(before));
        let grown = before.map(|before| tick.at - before.at).filter(|span| *span <= GAP * step);
        (tick, grown.unwrap_or(step))
    })
}

/// Whether a tick belongs to the comparison: after the first exposure, and not while the weight settled.
#[must_use]
pub fn is_counted(panel: &Panel, tick: &Tick) -> bool {
    is_counted_over(panel, tick, panel.step)
}

/// The same of a tick that grew: it spans so many seconds.
#[must_use]
pub fn is_counted_over(panel: &Panel, tick: &Tick, span: i64) -> bool {
    panel.exposed_since.is_none_or(|since| tick.at > since)
        && !panel.left_out.iter().any(|(from, to)| tick.at > *from && tick.at - span < *to)
}
