//! Asking for the numbers of the opened release's panels.
//!
//! Ticks lie on multiples of `TICK_SECONDS` of the source's own clock and are asked for only when no scrape
//! can still be missing. One question per panel is under way at any time.

use super::{
    answers::{failed, tell_verdict},
    next_id, paint,
};
use crate::{
    core::{
        effect::{AskId, Effect},
        evidence::{LATE_SECONDS, MAX_TICKS, TICK_SECONDS, late_seconds, look},
        state::{Asked, Panel, State, WeightMove},
    },
    domain::{
        clean::{Clean, Name},
        panel::PanelTrouble,
        question::{Query, Question},
        release::Release,
        step::{StepKind, StepState},
        target::Target,
        template::{self, Place},
        time::Seconds,
        timeline::MomentKind,
    },
};

/// How far back the first question goes when nobody knows when the canary was first exposed.
const FIRST_SECONDS: i64 = 30 * 60;
/// How much of the time before the exposure is asked for, so that a chart has something to compare with.
const BEFORE_SECONDS: i64 = 5 * 60;
/// The longest range ever asked for.
#[expect(clippy::cast_possible_wrap, reason = "a small constant")]
const LONGEST_SECONDS: i64 = MAX_TICKS as i64 * TICK_SECONDS;
/// How far a question reaches back behind what was answered.
const OVERLAP_SECONDS: i64 = 5 * 60;
/// Monotonic milliseconds after which a question counts as lost.
pub(super) const LOST_MS: u64 = 60_000;
/// Milliseconds between the questions of neighbouring panels, so that a source is not asked all at once.
const JITTER_MS: u64 = 130;
/// First and longest wait after a failed question, in seconds.
const BACK_OFF_SECONDS: (f64, f64) = (10.0, 120.0);
/// Most moves of the weight that are remembered.
const MAX_CHANGES: usize = 64;

/// Makes the panels of the release that has just been opened.
pub(super) fn prepare(state: &mut State) {
    let now = state.at.mono;
    let Some(open) = &mut state.open else { return };
    let mine = state.settings.panels.iter().filter(|spec| spec.targets.matches(&open.target));
    open.panels = mine.map(|spec| Panel::new(spec.clone(), None, TICK_SECONDS, now)).collect();
    follow_release(state);
}

/// Takes over what the release says about arms and weights; other arms start a panel anew.
pub(super) fn follow_release(state: &mut State) {
    let now = state.at;
    let offsets: Vec<i64> = state
        .open
        .iter()
        .flat_map(|open| &open.panels)
        .map(|panel| state.second_at(&panel.spec.source) - now.wall.timestamp())
        .collect();
    let Some(open) = &mut state.open else { return };
    let Some(release) = open.release.clone() else { return };
    let arms = release.arms();
    let seen = open.seen.iter().filter(|m| m.kind == MomentKind::Weight);
    let seen: Vec<WeightMove> = seen.map(|m| WeightMove { at: m.at.timestamp(), percent: None }).collect();
    for change in weight_changes(&release).chain(seen) {
        match open.weights.iter_mut().find(|known| known.at == change.at) {
            Some(known) => known.percent = known.percent.or(change.percent),
            None => open.weights.push(change),
        }
    }
    open.weights.sort_by_key(|change| change.at);
    let surplus = open.weights.len().saturating_sub(MAX_CHANGES);
    open.weights.drain(..surplus);
    let began = exposure_began(&release);
    for (panel, offset) in open.panels.iter_mut().zip(offsets) {
        if arms.is_none() && panel.arms.is_none() && open.complete {
            panel.trouble = Some(PanelTrouble::Error("no stable revision to compare with".into()));
        }
        if arms.is_some() && panel.arms != arms {
            *panel = Panel::new(panel.spec.clone(), arms.clone(), panel.step, now.mono);
        }
        if let Some(began) = began {
            panel.exposed_since = Some(began + offset);
        }
        let settles = whole(panel.spec.lag) + LATE_SECONDS;
        panel.left_out = open.weights.iter().map(|moved| (moved.at + offset, moved.at + offset + settles)).collect();
        panel.reading = look(panel);
    }
}

/// When the weight moved, as far as the backend tells.
fn weight_changes(release: &Release) -> impl Iterator<Item = WeightMove> {
    let told = release.timeline.iter().filter(|m| m.kind == MomentKind::Weight).map(|m| (m.at, None));
    let steps = release.steps.iter().filter_map(|step| match (&step.kind, step.state) {
        (StepKind::SetWeight(percent), StepState::Done | StepState::Current | StepState::Failed) => {
            step.started_at.map(|at| (at, Some(*percent)))
        }
        (
            StepKind::SetWeight(_)
            | StepKind::Wait
            | StepKind::Person
            | StepKind::Analysis
            | StepKind::Experiment
            | StepKind::Scale
            | StepKind::Route
            | StepKind::Job,
            _,
        ) => None,
    });
    told.chain(steps).map(|(at, percent)| WeightMove { at: at.timestamp(), percent })
}

/// When the newest revision first got traffic, where the backend knows.
fn exposure_began(release: &Release) -> Option<i64> {
    let first = release.steps.iter().find(|step| match step.kind {
        StepKind::SetWeight(percent) => percent > 0.0,
        StepKind::Wait
        | StepKind::Person
        | StepKind::Analysis
        | StepKind::Experiment
        | StepKind::Scale
        | StepKind::Route
        | StepKind::Job => false,
    })?;
    first.started_at.map(|at| at.timestamp())
}

pub(super) fn whole(length: Seconds) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates by definition of `as`")]
    let seconds = length.0.ceil() as i64;
    seconds.clamp(0, LONGEST_SECONDS)
}

/// Asks what is due and gives up what was lost.
pub(super) fn ask_due(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.at.mono;
    let count = state.open.as_ref().map_or(0, |open| open.panels.len());
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
            tell_verdict(state, effects);
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
    let server = state.second_at(&panel.spec.source);
    let to = align(server - late_seconds(state.source(&panel.spec.source)));
    let from = match panel.answered_to {
        Some(answered) => answered,
        None => match panel.exposed_since {
            Some(began) => align((began - BEFORE_SECONDS).min(to - FIRST_SECONDS / 3)),
            None => to - FIRST_SECONDS,
        },
    }
    .max(to - LONGEST_SECONDS);
    // Asked again: what a series was before, so that one that missed a scrape is not taken for a young one.
    let overlap = if panel.answered_to.is_some() { OVERLAP_SECONDS } else { 0 };
    if to <= from {
        let due = now + next_due_ms(state, place);
        if let Some(panel) = self::panel(state, place) {
            panel.due = due;
        }
        return;
    }
    let question = if state.source(&panel.spec.source).is_none() {
        Err(format!("`{}` is not configured as a source", panel.spec.source))
    } else {
        question(panel, &open.target, from - overlap, to)
    };
    let back_off = back_off_ms(state, place, None);
    match question {
        Ok(question) => {
            let id = AskId(next_id(state));
            if let Some(panel) = self::panel(state, place) {
                panel.asked = Some(Asked { id, from: from - overlap, to, at: now });
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

fn align(seconds: i64) -> i64 {
    seconds.div_euclid(TICK_SECONDS) * TICK_SECONDS
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
    Ok(Question { source: panel.spec.source.clone(), queries, from, to, step: TICK_SECONDS })
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

/// Monotonic milliseconds until the next tick can be asked for.
pub(super) fn next_due_ms(state: &State, place: usize) -> u64 {
    let Some(panel) = state.open.as_ref().and_then(|open| open.panels.get(place)) else { return LOST_MS };
    let server = state.second_at(&panel.spec.source);
    let late = late_seconds(state.source(&panel.spec.source));
    let next = align(server - late) + TICK_SECONDS + late;
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
