//! Asking for the numbers of the opened release's panels.
//!
//! Ticks lie on multiples of a panel's step of the source's own clock and are asked for only when no scrape can still
//! be missing. One question per panel is under way at any time. The past is read from at least an hour before the canary
//! can first have been exposed, part by part and in order, so that what is judged does not depend on when one looks.

use super::{answers::failed, next_id, paint, panels, weights};
use crate::{
    core::{
        effect::{AskId, Effect},
        evidence::{TICK_SECONDS, late_seconds, look},
        guard,
        settings::Settings,
        state::{Asked, History, Panel, State},
    },
    domain::{
        clean::{Clean, Name},
        panel::PanelTrouble,
        question::{Query, Question},
        release::Release,
        step::StepKind,
        target::Target,
        template::{self, Place},
        time::Seconds,
    },
    judge::{dispersion::ENOUGH_TICKS, shared::BEFORE},
};

/// How far back the first question goes where there is no canary, or nobody knows since when.
const FIRST_SECONDS: i64 = 30 * 60;
/// The longest past that is read and judged.
const LONGEST_SECONDS: i64 = 48 * 3600;
/// Ticks before the first exposure that are read at least: enough to measure how events cluster, and a few that are
/// lost at the beginning.
#[expect(clippy::cast_possible_wrap, reason = "180")]
const CALIBRATING_TICKS: i64 = ENOUGH_TICKS as i64 + 10;
/// Ticks that a question reaches back behind what was answered, so that one late sample is no silence.
const OVERLAP_TICKS: i64 = 30;
/// Ticks a panel may lie behind and still count as caught up.
const BEHIND_TICKS: i64 = 6;
/// Monotonic milliseconds after which a question counts as lost.
pub(super) const LOST_MS: u64 = 60_000;
/// Milliseconds between the questions of neighbouring panels, so that a source is not asked all at once.
const JITTER_MS: u64 = 130;
/// First and longest wait after a failed question, in seconds.
const BACK_OFF_SECONDS: (f64, f64) = (10.0, 120.0);

/// Makes the panels of the release that has just been opened.
pub(super) fn prepare(state: &mut State) {
    follow_release(state);
}

/// Seconds between the ticks of a source; the shortest where it does not say how often it scrapes.
pub(super) fn step(settings: &Settings, source: &Name) -> i64 {
    let said = settings.sources.iter().find(|setting| setting.name == *source).and_then(|setting| setting.tick);
    said.map_or(TICK_SECONDS, |tick| tick.whole().max(TICK_SECONDS))
}

/// The newest tick of a panel that can be asked for now, by its source's clock.
pub(super) fn newest_tick(state: &State, panel: &Panel) -> i64 {
    let source = &panel.spec.source;
    align(state.second_at(source) - late_seconds(state.source(source), panel.step), panel.step)
}

/// Takes over what the release says of its panels, arms and weights; other arms start a panel anew.
pub(super) fn follow_release(state: &mut State) {
    panels::follow(state);
    weights::follow(state);
    let now = state.at;
    let ahead = weights::ahead(state);
    // From the cluster's clock to those of the panels' sources.
    let panels = state.open.iter().flat_map(|open| &open.panels);
    let offsets: Vec<i64> = panels.map(|panel| state.ahead(&panel.spec.source) - ahead).collect();
    let Some(open) = &mut state.open else { return };
    let Some(release) = open.release.clone() else { return };
    let arms = release.arms();
    let [told, doubted] = [false, true].map(|shares| weights::known(open, &release, shares));
    let bound = exposure_bound(&release).map(|bound| bound + open.told_ahead);
    // While a guard soaks, what was still on its way when all traffic had moved is judged by the arms it came from.
    let soaking = state.guard.as_ref().filter(|guard| guard.end().is_none() && guard::is_out(&release));
    let kept = soaking.map(|guard| guard.orders.mandate.release.revision.clone());
    let keeps = |panel: &Panel| {
        let canary = panel.arms.as_ref().and_then(|arms| arms.canary.as_ref());
        canary.is_some_and(|canary| kept.as_ref() == Some(&canary.hash))
    };
    for (panel, offset) in open.panels.iter_mut().zip(offsets) {
        if arms.is_none() && panel.arms.is_none() && open.complete {
            panel.trouble = Some(PanelTrouble::Error("no stable revision to compare with".into()));
        }
        if arms.is_some() && panel.arms != arms && !keeps(panel) {
            *panel = Panel::new(panel.spec.clone(), arms.clone(), panel.step, now.mono);
        }
        // What was measured is better than what was told.
        if panel.evidence.judge.is_none() && panel.evidence.gauge.is_none() {
            let bound = bound.filter(|_| panel.arms.as_ref().is_some_and(|arms| arms.canary.is_some()));
            panel.exposed_since = bound.map(|bound| bound + offset).max(panel.judged_since);
        }
        let weights = if panel.spec.kind.compares_shares() { &doubted } else { &told };
        if weights::leave_out(panel, weights, offset) {
            // Ticks were judged that should not have been: all of it is read and judged again.
            let again = panel.again(panel.step, now.mono);
            *panel = Panel { exposed_since: bound.map(|bound| bound + offset), ..again };
            weights::leave_out(panel, weights, offset);
        }
        panel.reading = look(panel);
    }
}

/// The earliest time at which the newest revision can have got traffic. Its creation, for a retry of the same revision
/// goes on with what was seen of it; but not of one that is older than the stable one, because it was used before.
fn exposure_bound(release: &Release) -> Option<i64> {
    let newest = release.newest();
    let created = newest.and_then(|newest| newest.created_at);
    let is_new = newest.is_some_and(|newest| release.stable().is_none_or(|stable| stable.is_older_than(newest)));
    let first = release.steps.iter().find(|step| match step.kind {
        StepKind::SetWeight(percent) => percent > 0.0,
        StepKind::Wait
        | StepKind::Person
        | StepKind::Analysis
        | StepKind::Experiment
        | StepKind::Scale
        | StepKind::Route
        | StepKind::Job => false,
    });
    let began = first.and_then(|step| step.started_at).or(release.started_at);
    created.filter(|_| is_new).or(began).or(created).map(|at| at.timestamp())
}

/// Asks what is due and gives up what was lost.
pub(super) fn ask_due(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.at.mono;
    // Where the past begins is known only once the release has told all of it.
    let count = state.open.as_ref().filter(|open| open.complete).map_or(0, |open| open.panels.len());
    for place in 0..count {
        let Some(panel) = panel(state, place) else { continue };
        if panel.asked.is_some_and(|asked| now.saturating_sub(asked.at) >= LOST_MS) {
            panel.asked = None;
            failed(panel, "no answer for 60s".to_owned());
            let due = now + back_off_ms(state, place, None);
            if let Some(panel) = self::panel(state, place) {
                panel.due = due;
            }
            paint(effects);
            continue;
        }
        if panel.asked.is_some() || panel.due > now || panel.arms.is_none() {
            continue;
        }
        ask(state, place, effects);
    }
}

pub(super) fn panel(state: &mut State, place: usize) -> Option<&mut Panel> {
    state.open.as_mut().and_then(|open| open.panels.get_mut(place))
}

fn ask(state: &mut State, place: usize, effects: &mut Vec<Effect>) {
    let now = state.at.mono;
    let Some(open) = &state.open else { return };
    let Some(panel) = open.panels.get(place) else { return };
    let newest = newest_tick(state, panel);
    let beginning = beginning(panel, newest);
    let from = match panel.answered_to {
        // Ticks that could not be made yet are asked for again for a while.
        Some(answered) => {
            let counted = panel.evidence.counting.last().unwrap_or(answered);
            counted.clamp(answered - BEHIND_TICKS * panel.step, answered) - OVERLAP_TICKS * panel.step
        }
        None => beginning.from,
    };
    let to = newest.min(panel.answered_to.unwrap_or(from) + panel.chunk * panel.step);
    // A clock was set back: only an answer tells by how much.
    let is_back = panel.answered_to.is_some_and(|answered| to < answered - panel.step);
    let from = if is_back { to - OVERLAP_TICKS * panel.step } else { from };
    if !is_back && panel.answered_to.is_some_and(|answered| to <= answered) {
        let due = now + next_due_ms(state, place, false);
        if let Some(panel) = self::panel(state, place) {
            panel.due = due;
        }
        return;
    }
    let question = if state.source(&panel.spec.source).is_none() {
        Err(format!("`{}` is not configured as a source", panel.spec.source))
    } else {
        question(panel, &open.target, from, to)
    };
    let back_off = back_off_ms(state, place, None);
    match question {
        Ok(question) => {
            let id = AskId(next_id(state));
            if let Some(panel) = self::panel(state, place) {
                panel.asked = Some(Asked { id, from, to, at: now });
                if panel.answered_to.is_none() {
                    panel.judged_since = beginning.judged_since;
                    panel.exposed_since = panel.exposed_since.max(beginning.judged_since);
                }
                panel.history = history(panel, from, newest);
            }
            effects.push(Effect::Ask { ask: id, question });
        }
        // Only another release or another configuration helps; looking again costs nothing.
        Err(why) => {
            if let Some(panel) = self::panel(state, place) {
                failed(panel, why);
                panel.due = now + back_off;
            }
            paint(effects);
        }
    }
}

/// Where the past begins for a panel.
struct Beginning {
    from: i64,
    /// Set where what came before the hour is cut off.
    judged_since: Option<i64>,
}

fn beginning(panel: &Panel, newest: i64) -> Beginning {
    let has_canary = panel.arms.as_ref().is_some_and(|arms| arms.canary.is_some());
    if !has_canary {
        return Beginning { from: align(newest - FIRST_SECONDS, panel.step), judged_since: None };
    }
    let longest = newest - LONGEST_SECONDS;
    let before = BEFORE.max(CALIBRATING_TICKS * panel.step);
    let (began, cut) = match panel.exposed_since {
        Some(began) if began - before >= longest => (began, false),
        Some(_) => (longest + before, true),
        // Nobody knows since when; what came before may belong to the comparison or not.
        None => (newest - FIRST_SECONDS, true),
    };
    // One that has just begun, or will begin by a clock that is ahead, has its hour before all the same.
    let from = align((began - before).min(newest), panel.step);
    Beginning { from, judged_since: cut.then(|| align(began, panel.step)) }
}

/// What is still to be read and judged, if that is more than what every tick brings.
pub(super) fn history(panel: &Panel, from: i64, newest: i64) -> Option<History> {
    let read = if panel.reached { newest } else { panel.answered_to.unwrap_or(from) };
    // Until it is known how events cluster ticks wait without being late.
    let waiting = panel.evidence.waiting.front().filter(|_| panel.evidence.dispersion.is_some());
    let done = waiting.map_or(read, |waiting| waiting.tick.at.min(read));
    let has_canary = panel.arms.as_ref().is_some_and(|arms| arms.canary.is_some());
    (has_canary && newest - done > BEHIND_TICKS * panel.step).then_some(History { from: done, to: newest })
}

pub(super) fn align(seconds: i64, step: i64) -> i64 {
    seconds.div_euclid(step) * step
}

/// The question of a panel with its places filled in.
fn question(panel: &Panel, target: &Target, from: i64, to: i64) -> Result<Question, String> {
    let value = |place: Place| match place {
        Place::Namespace | Place::Name => plain_place(target, place),
        Place::Stable => panel.arms.as_ref().map(|arms| arms.baseline.hash.raw().to_owned()),
        Place::Canary => panel.arms.as_ref().and_then(|arms| arms.canary.as_ref()).map(|arm| arm.hash.raw().to_owned()),
    };
    let query = |(text, by): (&str, Option<&Clean>)| {
        template::fill(text, value)
            .map(|text| Query { text, by: by.cloned() })
            .map_err(|e| format!("panel `{}` in {}: {e}", panel.spec.name, panel.spec.origin))
    };
    let queries = panel.spec.kind.queries().into_iter().map(query).collect::<Result<_, _>>()?;
    Ok(Question { source: panel.spec.source.clone(), queries, from, to, step: panel.step })
}

/// What a target alone says for a place; none for revisions.
pub(super) fn plain_place(target: &Target, place: Place) -> Option<String> {
    match place {
        Place::Namespace => {
            let folders = target.path.len().saturating_sub(1);
            Some(target.path.iter().take(folders).map(Name::raw).collect::<Vec<_>>().join("/"))
        }
        Place::Name => Some(target.name().to_owned()),
        Place::Stable | Place::Canary => None,
    }
}

/// Monotonic milliseconds until the next tick can be asked for; at once while the past is read, if the last answer
/// brought it any further.
pub(super) fn next_due_ms(state: &State, place: usize, is_further: bool) -> u64 {
    let Some(panel) = state.open.as_ref().and_then(|open| open.panels.get(place)) else { return LOST_MS };
    let newest = newest_tick(state, panel);
    if is_further && panel.answered_to.is_some_and(|answered| newest - answered > BEHIND_TICKS * panel.step) {
        return 1 + jitter(state, place) / 10;
    }
    let server = state.second_at(&panel.spec.source);
    let next = newest + panel.step + late_seconds(state.source(&panel.spec.source), panel.step);
    millis(state, Seconds(f64::from(i32::try_from((next - server).max(1)).unwrap_or(i32::MAX)))) + jitter(state, place)
}

pub(super) fn back_off_ms(state: &State, place: usize, asked_for: Option<Seconds>) -> u64 {
    let errors = state.open.as_ref().and_then(|open| open.panels.get(place)).map_or(0, |panel| panel.errors);
    let (first, longest) = BACK_OFF_SECONDS;
    let doubled = first * 2_f64.powi(i32::try_from(errors.saturating_sub(1).min(8)).unwrap_or(8));
    let wait = asked_for.map_or(doubled.min(longest), |asked| asked.0.max(first));
    millis(state, Seconds(wait)) + jitter(state, place)
}

/// A length of the world's time in milliseconds of ours.
pub(super) fn millis(state: &State, length: Seconds) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, saturates")]
    let millis = (length.0.max(0.0) * 1000.0 / state.settings.speed.max(0.001)) as u64;
    millis.max(1)
}

fn jitter(state: &State, place: usize) -> u64 {
    state.settings.asks_later_ms + (u64::try_from(place).unwrap_or(0) % 7) * JITTER_MS
}
