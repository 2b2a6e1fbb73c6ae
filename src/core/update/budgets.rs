//! Asking what is left of the error budgets of the opened release.
//!
//! Short windows are asked for every minute, long ones every ten; a budget's questions go to its own lane, and a
//! late answer, or one to a question that was given up, belongs to nobody.

use super::{next_id, paint, questions, sources};
use crate::{
    core::{
        budget::{Budget, EVERY_SECONDS, Lane},
        effect::{AskId, Effect},
        evidence::{TICK_SECONDS, late_seconds},
        state::{Asked, State},
    },
    domain::{
        panel::PanelTrouble,
        question::{Answer, Query, Question, Values},
        slo::{self, Events},
        target::Target,
        template,
        time::Seconds,
    },
};

/// Instants are asked for on multiples of this many seconds, so that two viewers ask the same.
const STEP_SECONDS: i64 = 10;
/// Milliseconds between the first questions of neighbouring budgets.
const STAGGER_MS: u64 = 400;
/// First and longest wait after a failed question, in seconds.
const BACK_OFF_SECONDS: (f64, f64) = (30.0, 600.0);

/// Makes the budgets of the release that has just been opened.
pub(super) fn prepare(state: &mut State) {
    let now = state.at.mono;
    let Some(open) = &mut state.open else { return };
    let mine = state.settings.slos.iter().filter(|slo| slo.targets.matches(&open.target));
    open.budgets = mine.zip(1..).map(|(slo, place)| Budget::new(slo.clone(), now + place * STAGGER_MS)).collect();
}

/// Every lane with its place.
fn lanes(state: &State) -> impl Iterator<Item = (usize, usize, &Lane)> {
    let budgets = state.open.iter().flat_map(|open| open.budgets.iter().enumerate());
    budgets.flat_map(|(place, budget)| budget.lanes.iter().enumerate().map(move |(lane, of)| (place, lane, of)))
}

fn lane(state: &mut State, place: usize, lane: usize) -> Option<&mut Lane> {
    state.open.as_mut()?.budgets.get_mut(place)?.lanes.get_mut(lane)
}

/// When the next question is due or given up, in monotonic milliseconds.
pub(super) fn deadlines(state: &State) -> impl Iterator<Item = u64> {
    lanes(state).map(|(_, _, lane)| lane.asked.map_or(lane.due, |asked| asked.at + questions::LOST_MS))
}

/// Asks what is due and gives up what was lost.
pub(super) fn ask_due(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.at.mono;
    let due: Vec<(usize, usize, bool)> = lanes(state)
        .filter_map(|(place, lane, of)| match of.asked {
            Some(asked) if now.saturating_sub(asked.at) >= questions::LOST_MS => Some((place, lane, true)),
            None if of.due <= now => Some((place, lane, false)),
            Some(_) | None => None,
        })
        .collect();
    for (place, number, lost) in due {
        if lost {
            fail(state, place, number, "no answer for 60s".to_owned(), None);
            paint(effects);
        } else {
            ask(state, place, number, effects);
        }
    }
}

fn ask(state: &mut State, place: usize, number: usize, effects: &mut Vec<Effect>) {
    let now = state.at.mono;
    let Some(open) = &state.open else { return };
    let Some(budget) = open.budgets.get(place) else { return };
    // Younger numbers may still be on their way there, or be held back.
    let settled = state.second_at(&budget.slo.source) - late_seconds(state.source(&budget.slo.source), TICK_SECONDS);
    let at = settled.div_euclid(STEP_SECONDS) * STEP_SECONDS;
    // The release tells its times by our clock, the source its numbers by its own.
    let ahead = state.second_at(&budget.slo.source) - state.at.wall.timestamp();
    let began = open.release.as_ref().and_then(|release| release.started_at).map(|began| began.timestamp() + ahead);
    let question = if state.source(&budget.slo.source).is_none() {
        Err(format!("`{}` is not configured as a source", budget.slo.source))
    } else {
        question(budget, &open.target, number, at, began)
    };
    match question {
        Ok(question) => {
            let id = AskId(next_id(state));
            if let Some(lane) = lane(state, place, number) {
                lane.asked = Some(Asked { id, from: at, to: at, at: now });
            }
            effects.push(Effect::Ask { ask: id, question });
        }
        Err(why) => {
            fail(state, place, number, why, None);
            paint(effects);
        }
    }
}

/// Bad and all events of each window of a lane, and of the time since the release began in the first lane.
fn question(budget: &Budget, target: &Target, lane: usize, at: i64, began: Option<i64>) -> Result<Question, String> {
    let slo = &budget.slo;
    let mut windows = budget.windows(lane);
    windows.extend(began.filter(|_| lane == 0).map(|began| since(began, at)));
    let mut queries = Vec::new();
    for window in windows {
        for text in [&slo.bad, &slo.total] {
            let text = template::fill(&slo::in_window(text, window), |place| questions::plain_place(target, place))
                .map_err(|error| format!("objective `{}` in {}: {error}", slo.name, slo.origin))?;
            queries.push(Query { text, by: None });
        }
    }
    Ok(Question { source: slo.source.clone(), queries, from: at, to: at, step: STEP_SECONDS })
}

/// The window since the release began, in whole minutes so that queries repeat.
fn since(began: i64, at: i64) -> i64 {
    ((at - began).max(1) + 59).div_euclid(60) * 60
}

/// An answer, if a budget waits for it. False if it is somebody else's.
pub(super) fn answered(state: &mut State, ask: AskId, answer: &Answer, effects: &mut Vec<Effect>) -> bool {
    let found = lanes(state).find_map(|(place, number, lane)| {
        lane.asked.filter(|asked| asked.id == ask).map(|asked| (place, number, asked))
    });
    let Some((place, number, asked)) = found else { return false };
    paint(effects);
    let source = state.open.as_ref().and_then(|open| open.budgets.get(place)).map(|budget| budget.slo.source.clone());
    match answer {
        Answer::Value(values) => {
            if let Some(source) = &source {
                sources::skew(state, source, values.skew, effects);
                sources::held_back(state, source, values.held_back);
                sources::heard(state, source, effects);
            }
            take(state, place, number, asked, values);
        }
        Answer::NoData => settle(state, place, number, PanelTrouble::NoData),
        Answer::Partial(why) => settle(state, place, number, PanelTrouble::Partial(why.clone())),
        Answer::Stale(age) => settle(state, place, number, PanelTrouble::Stale(*age)),
        Answer::NotFinite => settle(state, place, number, PanelTrouble::NotFinite),
        Answer::Error(failure) => {
            fail(state, place, number, failure.to_string(), failure.kind.retry_after());
        }
    }
    true
}

fn take(state: &mut State, place: usize, number: usize, asked: Asked, values: &Values) {
    let Some(budget) = state.open.as_mut().and_then(|open| open.budgets.get_mut(place)) else { return };
    let windows = budget.windows(number);
    let mut numbers = values.sets.iter().map(|set| match set.as_slice() {
        [series] => series.points.last().map(|point| point.value),
        [] | [_, _, ..] => None,
    });
    let mut events = Vec::new();
    while let (Some(bad), Some(total)) = (numbers.next(), numbers.next()) {
        match (bad, total) {
            // More bad ones than there were: the two queries do not count the same thing.
            (Some(bad), Some(total)) if bad >= 0.0 && bad <= total * 1.001 + 1.0 => events.push(Events { bad, total }),
            (Some(_), Some(_)) => {
                let why = "more bad events than events: the two queries count different things";
                return settle(state, place, number, PanelTrouble::Partial(why.into()));
            }
            (None, _) | (_, None) => return settle(state, place, number, PanelTrouble::NoData),
        }
    }
    if events.len() < windows.len() {
        return settle(state, place, number, PanelTrouble::NoData);
    }
    if number == 0 {
        budget.release = events.get(windows.len()).copied();
    }
    if let Some(lane) = budget.lanes.get_mut(number) {
        lane.events = windows.into_iter().zip(events).collect();
        lane.to = Some(asked.to);
        lane.errors = 0;
        lane.trouble = None;
        lane.asked = None;
    }
    wait(state, place, number, Seconds(every(number)));
}

/// Something came that is no value: it stands until the next question.
fn settle(state: &mut State, place: usize, number: usize, trouble: PanelTrouble) {
    if let Some(lane) = lane(state, place, number) {
        lane.asked = None;
        lane.errors = 0;
        lane.trouble = Some(trouble);
    }
    wait(state, place, number, Seconds(every(number)));
}

fn fail(state: &mut State, place: usize, number: usize, why: String, asked_for: Option<Seconds>) {
    let (first, longest) = BACK_OFF_SECONDS;
    let mut pause = Seconds(first);
    if let Some(lane) = lane(state, place, number) {
        lane.asked = None;
        lane.errors = lane.errors.saturating_add(1);
        lane.trouble = Some(PanelTrouble::Error(why.into()));
        let doubled = first * 2_f64.powi(i32::try_from(lane.errors - 1).unwrap_or(8).min(8));
        pause = Seconds(asked_for.map_or(doubled.min(longest), |asked| asked.0.max(first)));
    }
    wait(state, place, number, pause);
}

fn every(number: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "minutes in seconds")]
    let seconds = EVERY_SECONDS.get(number).copied().unwrap_or(60) as f64;
    seconds
}

fn wait(state: &mut State, place: usize, number: usize, length: Seconds) {
    let due = state.at.mono + questions::millis(state, length);
    if let Some(lane) = lane(state, place, number) {
        lane.due = due;
    }
}
