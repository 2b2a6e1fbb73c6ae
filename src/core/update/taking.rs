//! What a panel takes out of an answer: ticks, levels or points, how its events cluster, or why there is nothing.

use chrono::DateTime;

use super::{
    answers::{Present, failed, note_age},
    questions::align,
    weights,
};
use crate::{
    core::{
        evidence::{self, MAX_TICKS, TICK_SECONDS},
        panel::CHUNK,
        state::{Asked, Panel},
    },
    domain::{
        counting::{self, Counted, GAP},
        failure::FailureKind,
        panel::{Arms, PanelKind, PanelTrouble, Side},
        question::{Answer, Values},
        series::{Level, Point, Series, Tick},
    },
    judge::{Dispersion, dispersion},
};

/// Seconds that a source scrapes apart at most, where it does not say and the numbers tell.
const SLOWEST_SECONDS: i64 = 60;
/// Ticks that may be missing before an arm or a query is said to be silent.
const LATE_TICKS: i64 = 3;
/// Ticks of a part of the past that is too small to be cut again.
const SMALL: i64 = 45;
/// Tries after which such a part is passed over: its ticks are then not counted.
const TRIES: u32 = 3;

/// Puts an answer into its panel. `said` is whether the source says how often it scrapes.
pub(super) fn take(panel: &mut Panel, asked: Asked, answer: Answer, present: Present, said: bool) {
    let is_past = present.newest - asked.to > GAP * panel.step;
    match answer {
        Answer::Value(values) => {
            panel.errors = 0;
            let is_first = panel.answered_to.is_none();
            if is_first && !said && is_slower(panel, &values) {
                return;
            }
            panel.evidence.tries = 0;
            panel.reached = !is_past;
            panel.chunk = (panel.chunk * 2).min(CHUNK);
            panel.newest = Some(values.newest);
            panel.trouble = None;
            if let Err(why) = numbers(panel, asked, &values) {
                return failed(panel, why);
            }
            // What the source holds back, or what lies in its future, was not answered.
            panel.answered_to = Some(if is_past { asked.to } else { asked.to.min(values.newest.timestamp()) });
            calibrate(panel);
            if !is_past {
                incomplete(panel, asked);
                note_age(panel, present);
            }
        }
        Answer::NoData if is_past => pass_over(panel, asked),
        Answer::NoData => panel.trouble = Some(PanelTrouble::NoData),
        Answer::Stale(age) if is_past => {
            // Its beginning is there.
            let began = panel.answered_to.unwrap_or(asked.from);
            let ticks = (asked.to - age.whole() - began).div_euclid(panel.step);
            if ticks > 0 {
                panel.chunk = ticks.min(CHUNK);
            } else {
                pass_over(panel, asked);
            }
        }
        Answer::Stale(age) => {
            if panel.newest.is_none() {
                panel.newest = DateTime::from_timestamp(present.now - age.whole(), 0);
            }
            panel.trouble = Some(PanelTrouble::Stale(age));
        }
        Answer::Partial(why) => {
            panel.trouble = Some(PanelTrouble::Partial(why));
            retry(panel, asked, is_past);
        }
        Answer::NotFinite => {
            panel.trouble = Some(PanelTrouble::NotFinite);
            retry(panel, asked, is_past);
        }
        Answer::Error(failure) => {
            // Less may come where all of it does not.
            if is_past && matches!(failure.kind, FailureKind::Timeout | FailureKind::Malformed | FailureKind::Refused) {
                panel.chunk = (panel.chunk / 2).max(SMALL);
            }
            let text = failure.to_string();
            failed(panel, text);
        }
    }
}

/// A part of the past that has a flaw is asked for in smaller parts, so that only what is wrong is lost.
fn retry(panel: &mut Panel, asked: Asked, is_past: bool) {
    if !is_past {
        return;
    }
    if panel.chunk > SMALL {
        panel.chunk = (panel.chunk / 2).max(SMALL);
        return;
    }
    panel.evidence.tries += 1;
    if panel.evidence.tries >= TRIES {
        pass_over(panel, asked);
    }
}

fn pass_over(panel: &mut Panel, asked: Asked) {
    panel.evidence.tries = 0;
    panel.answered_to = Some(asked.to);
    panel.chunk = CHUNK;
    calibrate(panel);
}

/// Whether the source scrapes less often than ticks were asked for: the panel then begins anew with longer ones.
fn is_slower(panel: &mut Panel, values: &Values) -> bool {
    if panel.step != TICK_SECONDS || !panel.spec.kind.has_counts() {
        return false;
    }
    let until = panel.exposed_since.unwrap_or(i64::MAX);
    let real = counting::cadence(&values.sets, until, panel.step, SLOWEST_SECONDS).unwrap_or(panel.step);
    if real <= panel.step {
        return false;
    }
    let again = panel.again(real, panel.due);
    let before = std::mem::replace(panel, again);
    panel.exposed_since = before.exposed_since.filter(|_| before.judged_since.is_none());
    weights::leave_out(panel, &before.moves, 0);
    true
}

fn numbers(panel: &mut Panel, asked: Asked, values: &Values) -> Result<(), String> {
    let unfit = || "the answer does not fit the question".to_owned();
    let arms = panel.arms.clone().ok_or_else(unfit)?;
    match (&panel.spec.kind, values.sets.as_slice()) {
        (PanelKind::Ratio { .. } | PanelKind::Latency { .. }, [_, _]) | (PanelKind::Rate { .. }, [_]) => {
            count(panel, &arms, &values.sets, asked.to);
        }
        (PanelKind::Value { .. }, [set]) => levels(panel, &arms, set, asked),
        (PanelKind::Shared { .. } | PanelKind::Analysis { .. }, [set]) => match set.as_slice() {
            [only] => points(panel, &only.points),
            [] | [_, _, ..] => return Err("there are several series where one is wanted".to_owned()),
        },
        (
            PanelKind::Ratio { .. }
            | PanelKind::Latency { .. }
            | PanelKind::Rate { .. }
            | PanelKind::Value { .. }
            | PanelKind::Shared { .. }
            | PanelKind::Analysis { .. },
            _,
        ) => return Err(unfit()),
    }
    Ok(())
}

fn count(panel: &mut Panel, arms: &Arms, sets: &[Vec<Series>], to: i64) {
    let evidence = &mut panel.evidence;
    let is_calibrating = arms.canary.is_some() && evidence.dispersion.is_none();
    let mut counted = if is_calibrating {
        evidence.counting.take_apart(sets, arms, to, panel.step, &mut evidence.apart)
    } else {
        evidence.counting.take(sets, arms, to, panel.step)
    };
    if let PanelKind::Latency { .. } = panel.spec.kind {
        for counted in &mut counted {
            slower(&mut counted.tick);
        }
    }
    let drawn = counted.iter().map(|counted| drawn(panel, counted)).collect::<Vec<_>>();
    keep(&mut panel.ticks, drawn);
    if arms.canary.is_some() {
        panel.evidence.waiting.extend(counted);
    }
}

/// Events of a latency panel are the requests that were not within the bound.
fn slower(tick: &mut Tick) {
    for arm in [&mut tick.baseline, &mut tick.canary] {
        arm.events = (arm.exposures - arm.events).max(0.0);
    }
}

/// The tick as a chart shows it: of a `rate` beside what the arms were exposed to.
fn drawn(panel: &Panel, counted: &Counted) -> Tick {
    let mut tick = counted.tick;
    if panel.spec.kind.compares_shares() {
        let is_alone = panel.arms.as_ref().is_none_or(|arms| arms.canary.is_none())
            || panel.exposed_since.is_some_and(|began| tick.at <= began);
        let span = counted.span.max(panel.step);
        let percent = if is_alone { Some(0.0) } else { weights::during(&panel.moves, tick.at - span, tick.at) };
        if let Some(percent) = percent {
            evidence::by_share(&mut tick, percent, span);
        }
    }
    tick
}

fn levels(panel: &mut Panel, arms: &Arms, set: &[Series], asked: Asked) {
    let last = panel.levels.last().map_or(i64::MIN, |level| level.at);
    let mut at = align(asked.from, panel.step).max(last.saturating_add(panel.step));
    let mut new = Vec::new();
    while at <= asked.to {
        let mean = |side: Side| {
            let of_arm = set.iter().filter(|series| arms.side_of(&series.instance) == Some(side));
            let values: Vec<f64> = of_arm.filter_map(|series| series.at(at)).collect();
            #[expect(clippy::cast_precision_loss, reason = "a number of instances")]
            let count = values.len() as f64;
            (count > 0.0).then(|| values.iter().sum::<f64>() / count)
        };
        let level = Level { at, baseline: mean(Side::Baseline), canary: mean(Side::Canary) };
        if level.baseline.is_some() || level.canary.is_some() {
            new.push(level);
        }
        at += panel.step;
    }
    if arms.canary.is_some() {
        panel.evidence.levels.extend(new.iter().copied());
    }
    keep(&mut panel.levels, new);
}

fn points(panel: &mut Panel, points: &[Point]) {
    let last = panel.points.last().map_or(i64::MIN, |point| point.at);
    keep(&mut panel.points, points.iter().copied().filter(|point| point.at > last).collect());
}

/// Adds what is newer, and drops the oldest of what is too much.
fn keep<T>(kept: &mut Vec<T>, new: Vec<T>) {
    kept.extend(new);
    let surplus = kept.len().saturating_sub(MAX_TICKS);
    kept.drain(..surplus);
}

/// Measures how events cluster once the hour before the release was read; never on the release itself.
fn calibrate(panel: &mut Panel) {
    let has_canary = panel.arms.as_ref().is_some_and(|arms| arms.canary.is_some());
    let known = panel.evidence.dispersion.is_some() || !panel.spec.kind.has_counts() || !has_canary;
    let Some(bound) = panel.exposed_since.filter(|_| !known) else { return };
    if panel.answered_to.is_none_or(|answered| answered < bound) {
        return;
    }
    let apart = std::mem::take(&mut panel.evidence.apart);
    let mut before = apart.of(Side::Baseline, bound);
    #[expect(clippy::cast_precision_loss, reason = "seconds of a tick")]
    let step = panel.step as f64;
    for (_, counts) in before.iter_mut().flat_map(|instance| &mut instance.ticks) {
        match panel.spec.kind {
            PanelKind::Latency { .. } => counts.events = (counts.exposures - counts.events).max(0.0),
            // Every instance has its share of the traffic; which one is not known.
            PanelKind::Rate { .. } => counts.exposures = step,
            PanelKind::Ratio { .. }
            | PanelKind::Value { .. }
            | PanelKind::Shared { .. }
            | PanelKind::Analysis { .. } => {}
        }
    }
    let found = if panel.judged_since.is_some() {
        Err("the hour before the release is not read".to_owned())
    } else {
        dispersion::estimate(&before, panel.step).map_err(|why| why.to_string())
    };
    panel.evidence.split_phi = dispersion::estimate_split(&before, panel.step).ok().filter(|_| found.is_ok());
    match found {
        Ok(found) => {
            // What instances differ by for want of equal shares says nothing about the arms.
            let sigma_pod = if panel.spec.kind.counts_exposures() { found.sigma_pod } else { 0.0 };
            panel.evidence.dispersion = Some(Dispersion { sigma_pod, ..found });
        }
        Err(why) => {
            panel.evidence.uncalibrated = Some(why.into());
            panel.evidence.dispersion = Some(Dispersion::default());
        }
    }
}

/// Numbers came, and nothing could be counted of them.
fn incomplete(panel: &mut Panel, asked: Asked) {
    if !panel.spec.kind.has_counts() {
        return;
    }
    // Where nothing comes any more it is old, not incomplete.
    let to = panel.newest.map_or(asked.to, |newest| asked.to.min(newest.timestamp()));
    let why = match panel.evidence.counting.last() {
        None => "no series belongs to an instance of this release",
        Some(last) if to - last > LATE_TICKS * panel.step => "an arm or a query no longer answers",
        Some(_) => return,
    };
    panel.trouble = Some(PanelTrouble::Partial(why.into()));
}
