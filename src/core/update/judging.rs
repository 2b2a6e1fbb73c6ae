//! Gives counted ticks to the judges: in order, after exposure, not while the weight settles, a slice at a time.
//!
//! What a judge says is a function of the ticks since the first exposure and of the moves of the weight, whether they
//! came one by one or all at once.

use std::sync::Arc;

use super::{
    forecasts, paint,
    questions::{history, newest_tick},
    splits, weights,
};
use crate::{
    core::{
        effect::Effect,
        evidence::{self, Heard, Mark, is_counted, is_counted_over, late_seconds},
        reset,
        state::{Critical, Judged, Panel, State},
    },
    domain::{
        clean::{Clean, Name},
        counting::{Counted, GAP},
        panel::{PanelKind, Side},
        release::Release,
        series::{Counts, Level},
    },
    judge::{Dispersion, Judge, Pods, Rules, Standing, gauge::Gauge, shared},
};

/// Most ticks that are judged in one event, over all panels.
const SLICE: usize = 60;
/// Most points of a trail.
const MAX_TRAIL: usize = 720;

/// Whether ticks wait for the next slice.
pub(super) fn is_behind(state: &State) -> bool {
    let mut panels = state.open.iter().flat_map(|open| &open.panels);
    state.open.as_ref().is_some_and(splits::is_behind)
        || panels.any(|panel| !panel.evidence.levels.is_empty() || is_due(panel, sighted(state, panel)))
}

/// Until when the weight is known, by the clock of the panel's source; none for until now.
fn sighted(state: &State, panel: &Panel) -> Option<i64> {
    let since = state.open.as_ref()?.blind_since?;
    Some(since - weights::ahead(state) + state.ahead(&panel.spec.source))
}

/// Whether its oldest tick that waits can be judged. One that is to be compared with a share of the traffic has to wait
/// until somebody says what the weight was.
fn is_due(panel: &Panel, sighted: Option<i64>) -> bool {
    let is_known = |at: i64| !panel.spec.kind.compares_shares() || sighted.is_none_or(|until| at <= until);
    panel.evidence.dispersion.is_some() && panel.evidence.waiting.front().is_some_and(|oldest| is_known(oldest.tick.at))
}

/// Judges what waits, as much as one event may.
pub(super) fn pass(state: &mut State, effects: &mut Vec<Effect>) {
    let panels = state.open.iter().flat_map(|open| &open.panels);
    let (newest, late): (Vec<i64>, Vec<i64>) = panels
        .map(|panel| (newest_tick(state, panel), late_seconds(state.source(&panel.spec.source), panel.step)))
        .unzip();
    let panels = state.open.iter().flat_map(|open| &open.panels);
    let sighted: Vec<Option<i64>> = panels.map(|panel| sighted(state, panel)).collect();
    let Some(open) = &mut state.open else { return };
    let Some(release) = open.release.clone() else { return };
    let (id, revision) = (release.id.clone(), release.id.revision.clone());
    let count = open.panels.iter().filter(|panel| panel.spec.critical && panel.spec.kind.has_counts()).count();
    let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
    let began = open.panels.iter().filter(|panel| panel.evidence.judge.is_some()).filter_map(|p| p.exposed_since).min();
    let due = open.panels.iter().filter_map(|panel| panel.evidence.waiting.front()).map(|oldest| oldest.tick.at).min();
    let heard = due.map(|from| Heard::of(&open.panels, from)).unwrap_or_default();
    let mut left = SLICE;
    let mut changed = false;
    for ((panel, newest), sighted) in open.panels.iter_mut().zip(newest).zip(sighted) {
        let mut share = || critical(&mut open.critical, &revision, count);
        let anew = reset::ticks(&state.resets, &id, panel);
        let mut moved = false;
        while left > 0
            && is_due(panel, sighted)
            && let Some(counted) = panel.evidence.waiting.pop_front()
        {
            let heard = heard.with(Pods::of(&counted), &panel.spec.source, counted.tick.at);
            left -= usize::from(count_tick(&release, panel, (counted, heard), &anew, &mut share));
            moved = true;
        }
        while left > 0
            && let Some(level) = panel.evidence.levels.pop_front()
        {
            left -= usize::from(weigh_level(panel, level, &mut share));
            moved = true;
        }
        if let (PanelKind::Shared { .. }, Some(began)) = (&panel.spec.kind, began.or(panel.exposed_since)) {
            moved |= compare_shared(panel, began);
        }
        let history = match panel.answered_to {
            Some(answered) => history(panel, answered, newest),
            None => panel.history,
        };
        if history.is_none() && panel.evidence.judge.is_some() && panel.evidence.found.take().is_some() {
            moved = true;
        }
        // How much is left is shown; where it ends only moves on.
        if moved || panel.history.map(|was| was.from) != history.map(|is| is.from) {
            panel.history = history;
            panel.reading = evidence::look(panel);
            changed = true;
        }
    }
    changed |= splits::follow(open, &mut left);
    changed |= splits::mark(open);
    changed |= forecasts::renew(open, &late);
    if changed {
        paint(effects);
    }
}

/// The number of critical panels that share the error rate of this revision: as many as there were when the first of
/// them began to be judged, and for one that is declared later no fewer than there are then.
fn critical(fixed: &mut Option<Critical>, revision: &Name, now: u32) -> u32 {
    match fixed {
        Some(known) if known.revision == *revision => known.panels.max(now),
        Some(_) | None => {
            *fixed = Some(Critical { revision: revision.clone(), panels: now });
            now
        }
    }
}

/// Takes the oldest tick that waits. True if a judge had work with it.
fn count_tick(
    release: &Release,
    panel: &mut Panel,
    (counted, heard): (Counted, Pods),
    anew: &[i64],
    share: &mut impl FnMut() -> u32,
) -> bool {
    let Some(counted) = exposures(panel, counted) else { return false };
    let tick = counted.tick;
    let step = panel.step;
    let span = counted.span.max(step);
    if panel.evidence.judge.is_none() {
        let is_early = panel.exposed_since.is_some_and(|bound| tick.at <= bound);
        if is_early || tick.canary.exposures <= 0.0 {
            let stray = !is_early && tick.canary.events > 0.0 && is_counted(panel, &tick);
            let evidence = &mut panel.evidence;
            evidence.refused = stray.then(|| without_exposures(Side::Canary));
            evidence.hour.push_back(tick);
            while evidence.hour.front().is_some_and(|oldest| oldest.at <= tick.at - shared::BEFORE) {
                evidence.hour.pop_front();
            }
            return false;
        }
        begin(panel, tick.at - step, share());
    }
    panel.evidence.judged_to = Some(tick.at);
    if !is_counted_over(panel, &tick, span) {
        panel.evidence.held = None;
        return false;
    }
    if panel.spec.kind.compares_shares()
        && let Some(why) = evidence::torn(release, panel, &counted, heard)
    {
        panel.evidence.refused = Some(why);
        panel.evidence.held = None;
        return false;
    }
    if matches!(panel.spec.kind, PanelKind::Latency { .. })
        && let Some(side) = counted.silent
    {
        panel.evidence.refused = Some(format!("partial: no bucket with this bound on the {}", side.word()).into());
        return false;
    }
    let (counted, since) = match panel.evidence.held.take() {
        Some((held, since)) => (merged(held, counted), since),
        None => (counted, tick.at - step),
    };
    if let Some(side) = contradiction(&counted) {
        // A late event of an exposure that was counted before; it belongs to the next one.
        if counted.tick.at - since <= panel.spec.lag.whole() + GAP * step {
            panel.evidence.held = Some((counted, since));
        } else {
            panel.evidence.refused = Some(without_exposures(side));
        }
        return false;
    }
    panel.evidence.heard = heard;
    weigh(release, panel, &counted, anew)
}

/// What an arm was exposed to, where that is its share of the traffic; none where the weight is not known.
fn exposures(panel: &mut Panel, mut counted: Counted) -> Option<Counted> {
    if !panel.spec.kind.compares_shares() {
        return Some(counted);
    }
    let (at, span) = (counted.tick.at, counted.span.max(panel.step));
    let is_early = panel.exposed_since.is_some_and(|began| at <= began) && panel.evidence.judge.is_none();
    let percent = if is_early { Some(0.0) } else { weights::during(&panel.moves, at - span, at) };
    let Some(percent) = percent else {
        panel.evidence.refused = Some("the weight at that time is not known".into());
        return None;
    };
    evidence::by_share(&mut counted.tick, percent, span);
    if counted.tick.canary.exposures <= 0.0 {
        // Late events of a share that was taken back.
        counted.tick.canary.events = 0.0;
    }
    Some(counted)
}

fn without_exposures(side: Side) -> Clean {
    format!("partial: events without exposures on the {}", side.word()).into()
}

/// The arm that has events nobody was exposed to.
fn contradiction(counted: &Counted) -> Option<Side> {
    let broken = |counts: Counts| counts.exposures <= 0.0 && counts.events > 0.0;
    match (broken(counted.tick.canary), broken(counted.tick.baseline)) {
        (true, _) => Some(Side::Canary),
        (false, true) => Some(Side::Baseline),
        (false, false) => None,
    }
}

fn merged(one: Counted, other: Counted) -> Counted {
    let mut tick = other.tick;
    tick.baseline += one.tick.baseline;
    tick.canary += one.tick.canary;
    Counted { tick, span: one.span + other.span, uneven: one.uneven || other.uneven, ..other }
}

/// The canary is exposed from `began` on.
fn begin(panel: &mut Panel, began: i64, share: u32) {
    let dispersion = panel.evidence.dispersion.unwrap_or_default();
    panel.evidence.judge = Some(Arc::new(Judge::new(rules(panel, share, dispersion), began)));
    exposed(panel, began);
}

fn exposed(panel: &mut Panel, began: i64) {
    panel.exposed_since = Some(began);
    let moves = std::mem::take(&mut panel.moves);
    weights::leave_out(panel, &moves, 0);
}

fn rules(panel: &Panel, share: u32, dispersion: Dispersion) -> Rules {
    Rules::new(panel.spec.better, panel.spec.tolerance).with_critical(share).with_dispersion(dispersion)
}

/// One counted tick onto the scales; `anew` are ends of ticks that a person set aside.
fn weigh(release: &Release, panel: &mut Panel, counted: &Counted, anew: &[i64]) -> bool {
    let Some(judge) = &mut panel.evidence.judge else { return false };
    let judge = Arc::make_mut(judge);
    let due = anew.iter().copied().filter(|aside| *aside >= judge.now() && *aside < counted.tick.at);
    if let Some(aside) = due.max() {
        judge.reset(aside);
    }
    let before = judge.now();
    for moved in panel.moves.iter().filter(|moved| moved.at >= before && moved.at < counted.tick.at) {
        judge.weight_changed(moved.at);
    }
    let pods = Pods::of(counted);
    if let Err(why) = judge.take(&counted.tick, pods) {
        panel.evidence.refused = Some(why.to_string().into());
        return false;
    }
    let finding = judge.finding();
    panel.evidence.finding = Some(finding);
    panel.evidence.counted_to = Some(counted.tick.at);
    panel.evidence.refused = None;
    panel.evidence.silent = counted.silent.filter(|side| match side {
        Side::Baseline => counted.tick.baseline.exposures > 0.0,
        Side::Canary => counted.tick.canary.exposures > 0.0,
    });
    panel.evidence.pods = pods;
    panel.evidence.missing = evidence::missing(release, panel, panel.evidence.heard, counted.tick.at);
    let answering = &mut panel.evidence.answering;
    if answering.last().is_none_or(|(_, known)| *known != pods) {
        answering.push((counted.tick.at, pods));
        let surplus = answering.len().saturating_sub(MAX_TRAIL);
        answering.drain(..surplus);
    }
    let mark = match finding.standing {
        Standing::Regression => Mark::Regression,
        Standing::Within => Mark::Good,
        Standing::Collecting => Mark::Collecting,
    };
    let judged = Judged { at: counted.tick.at, mark, ratio: finding.ratio, low: finding.low, high: finding.high };
    note(&mut panel.trail, judged);
    compare_baseline(panel, counted.tick.at);
    true
}

/// Sets the regression of a panel aside: its judge begins anew after the last tick that it took, whose end is returned.
/// None where there is none to set aside.
pub(super) fn begin_anew(panel: &mut Panel) -> Option<i64> {
    let judge = Arc::make_mut(panel.evidence.judge.as_mut()?);
    judge.latched()?;
    let at = judge.now();
    judge.reset(at);
    let finding = judge.finding();
    panel.evidence.finding = Some(finding);
    note(&mut panel.trail, Judged { at, mark: Mark::Collecting, ratio: None, low: finding.low, high: finding.high });
    panel.reading = evidence::look(panel);
    Some(at)
}

/// Adds to a trail. Where it grows too long every other point of its older half goes, but none where the mark changed.
fn note(trail: &mut Vec<Judged>, judged: Judged) {
    trail.push(judged);
    if trail.len() > MAX_TRAIL {
        let half = trail.len() / 2;
        let changed: Vec<bool> = (0..trail.len())
            .map(|n| n == 0 || trail.get(n).map(|j| j.mark) != trail.get(n - 1).map(|j| j.mark))
            .collect();
        let mut place = 0;
        trail.retain(|_| {
            place += 1;
            let n = place - 1;
            n >= half || n % 2 == 0 || changed.get(n).copied().unwrap_or(true)
        });
    }
}

/// The baseline arm against the hour before, once in a block.
fn compare_baseline(panel: &mut Panel, at: i64) {
    let Some(began) = panel.exposed_since else { return };
    let block = (at - 1 - began).div_euclid(shared::BLOCK);
    if panel.evidence.compared_in == Some((began, block)) {
        return;
    }
    panel.evidence.compared_in = Some((began, block));
    let newest = panel.ticks.iter().filter(|tick| tick.at > began && tick.at <= at);
    let ticks: Vec<_> = panel.evidence.hour.iter().chain(newest).copied().collect();
    panel.evidence.compared = Some(shared::baseline(&ticks, began, panel.spec.better, panel.spec.tolerance));
}

/// A `shared` panel against the hour before `began`, once in a block. True if that said something new.
fn compare_shared(panel: &mut Panel, began: i64) -> bool {
    let Some(newest) = panel.points.last().map(|point| point.at) else { return false };
    let key = (began, (newest - 1 - began).div_euclid(shared::BLOCK));
    if panel.evidence.compared_in == Some(key) {
        return false;
    }
    panel.evidence.compared_in = Some(key);
    // The chart does not reach back for ever; that hour has to.
    let before = &mut panel.evidence.before;
    let known = before.last().map_or(i64::MIN, |point| point.at);
    before.extend(panel.points.iter().filter(|point| point.at > known && point.at <= began));
    before.retain(|point| point.at > began - shared::BEFORE && point.at <= began);
    let since = panel.points.iter().filter(|point| point.at > began);
    let points: Vec<_> = before.iter().chain(since).copied().collect();
    panel.evidence.compared = Some(shared::values(&points, began, panel.spec.better, panel.spec.tolerance));
    true
}

/// One level of a `value` onto the scales. True if there was work with it.
fn weigh_level(panel: &mut Panel, level: Level, share: &mut impl FnMut() -> u32) -> bool {
    let (Some(baseline), Some(canary)) = (level.baseline, level.canary) else { return false };
    if panel.evidence.gauge.is_none() {
        if panel.exposed_since.is_some_and(|bound| level.at <= bound) {
            return false;
        }
        let gauge = Gauge::new(&rules(panel, share(), Dispersion::default()), level.at - panel.step);
        panel.evidence.gauge = Some(Arc::new(gauge));
        exposed(panel, level.at - panel.step);
    }
    let step = panel.step;
    if panel.left_out.iter().any(|(from, to)| level.at > *from && level.at - step < *to) {
        return false;
    }
    let Some(gauge) = &mut panel.evidence.gauge else { return false };
    let gauge = Arc::make_mut(gauge);
    let last = panel.evidence.judged_to.unwrap_or(level.at - step);
    for moved in panel.moves.iter().filter(|moved| moved.at >= last && moved.at < level.at) {
        gauge.weight_changed(moved.at);
    }
    panel.evidence.judged_to = Some(level.at);
    panel.evidence.refused = gauge.take(level.at, baseline, canary).err().map(|why| why.to_string().into());
    true
}
