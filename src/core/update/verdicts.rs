//! Telling people what may be said of the release when it changes: the timeline always, the bell when it matters.

use chrono::{DateTime, Utc};

use super::{notices, paint};
use crate::{
    core::{
        effect::Effect,
        evidence,
        state::{LastTold, Panel, State},
    },
    domain::{panel::PanelTrouble, timeline::MomentKind, verdict::Word},
};

/// Milliseconds within which the same word is told aloud once: one that goes to and fro must stay calm.
const CALM_MS: u64 = 10 * 60_000;

/// Notes every change of what may be said of the release, so that the newest line never tells another word than the
/// header, and rings when it matters. Starting to collect is no alarm, and neither is falling back to it.
pub(super) fn tell(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.at.mono;
    let Some(open) = &mut state.open else { return };
    let waiting = |panel: &Panel| panel.spec.critical && panel.trouble == Some(PanelTrouble::Waiting);
    if open.panels.iter().any(waiting) || !open.panels.iter().any(|panel| panel.spec.critical) {
        return;
    }
    let outcome = evidence::outcome(open);
    let word = outcome.verdict.word;
    if word == Word::NoGo {
        state.no_go_said.get_or_insert(state.at.wall);
    }
    let before = open.said.replace(word);
    if before == Some(word) {
        return;
    }
    paint(effects);
    let told = match word {
        Word::Go => Some(&mut open.told.go),
        Word::NoGo => Some(&mut open.told.no_go),
        Word::Unknown => Some(&mut open.told.unknown),
        Word::Collecting => None,
    };
    let is_news = told.is_none_or(|told| {
        let is_news = told.is_none_or(|at| now.saturating_sub(at) >= CALM_MS);
        *told = Some(now);
        is_news
    });
    let why = outcome.verdict.why.first().map(ToString::to_string).unwrap_or_default();
    // A release that is opened again tells anew what was found before.
    let found = found(state).filter(|_| before.is_none() && word == Word::NoGo);
    let found = found.map(|at| format!(", found {}", state.settings.zone.time_of_day(at))).unwrap_or_default();
    notices::note(state, MomentKind::Verdict, format!("{word}: {why}{found}"));
    let alarms = match word {
        Word::Go | Word::NoGo => true,
        Word::Unknown => before.is_some(),
        Word::Collecting => false,
    };
    if alarms && is_news {
        notices::ring(effects);
    }
}

/// When the first of its regressions was found.
fn found(state: &State) -> Option<DateTime<Utc>> {
    let critical = state.open.iter().flat_map(|open| &open.panels).filter(|panel| panel.spec.critical);
    let found = critical.filter_map(|panel| Some((&panel.spec.source, panel.evidence.finding?.latched_at?)));
    found.map(|(source, at)| state.wall_of(source, at)).min()
}

/// A new revision is another story.
pub(super) fn forget(told: &mut LastTold) {
    *told = LastTold::default();
}
