//! What the answers to a panel's questions become: ticks, or the trouble that stands where numbers would.
//!
//! Only a value moves numbers. A late answer, or one to a question of other arms, belongs to nobody.

use super::{
    notices, paint,
    questions::{back_off_ms, next_due_ms, panel, whole},
    sources,
};
use crate::{
    core::{
        effect::{AskId, Effect},
        evidence::{self, MAX_TICKS, TICK_SECONDS},
        freshness,
        state::{Asked, Panel, State},
    },
    domain::{
        clean::Name,
        failure::{Failure, FailureKind},
        health::Health,
        panel::PanelTrouble,
        question::Answer,
        series,
        time::Seconds,
        timeline::MomentKind,
        verdict::Word,
    },
};

/// An answer: of a question that is no longer under way it is dropped.
pub(super) fn answered(state: &mut State, ask: AskId, answer: Answer, effects: &mut Vec<Effect>) {
    let Some((place, asked)) = state.open.as_ref().and_then(|open| {
        let of =
            |(place, panel): (usize, &Panel)| panel.asked.filter(|asked| asked.id == ask).map(|asked| (place, asked));
        open.panels.iter().enumerate().find_map(of)
    }) else {
        return;
    };
    let source = panel(state, place).map(|panel| {
        panel.asked = None;
        panel.spec.source.clone()
    });
    let Some(source) = source else { return };
    paint(effects);
    let mut refused = None;
    let wait = match &answer {
        Answer::Error(failure) => {
            refused = Some(failure.clone());
            match failure.kind {
                FailureKind::Limited(wait) => Some(wait),
                FailureKind::Auth
                | FailureKind::Forbidden
                | FailureKind::NotFound
                | FailureKind::Conflict
                | FailureKind::Unreachable
                | FailureKind::Unconfirmed
                | FailureKind::Timeout
                | FailureKind::Malformed
                | FailureKind::Refused
                | FailureKind::Local => Some(None),
            }
        }
        Answer::Value(values) => {
            sources::skew(state, &source, values.skew, effects);
            sources::held_back(state, &source, values.held_back);
            sources::heard(state, &source, effects);
            None
        }
        Answer::NoData | Answer::Partial(_) | Answer::Stale(_) | Answer::NotFinite => {
            sources::heard(state, &source, effects);
            None
        }
    };
    let present = present(state, &source);
    if let Some(panel) = panel(state, place) {
        take(panel, asked, answer, present);
        panel.reading = evidence::look(panel);
    }
    let delay = match wait {
        Some(asked_for) => back_off_ms(state, place, asked_for),
        None => next_due_ms(state, place),
    };
    let now = state.at.mono;
    if let Some(panel) = panel(state, place) {
        panel.due = now + delay;
    }
    if let Some(failure) = refused {
        source_failed(state, &source, failure, delay, effects);
    }
    tell_verdict(state, effects);
}

/// The second it is at a source, and the one before which its newest sample is called stale.
#[derive(Clone, Copy)]
struct Present {
    now: i64,
    stale: i64,
}

fn present(state: &State, source: &Name) -> Present {
    let now = state.second_at(source);
    Present { now, stale: now.saturating_sub(evidence::stale_seconds(state.source(source))) }
}

/// Puts an answer into its panel.
fn take(panel: &mut Panel, asked: Asked, answer: Answer, present: Present) {
    match answer {
        Answer::Value(values) => {
            panel.errors = 0;
            panel.newest = Some(values.newest);
            let ticks = match (values.sets.as_slice(), &panel.arms) {
                ([events, exposures], Some(arms)) => {
                    series::ticks(events, exposures, arms, asked.from, asked.to, TICK_SECONDS)
                }
                (_, _) => return failed(panel, "the answer does not fit the question".to_owned()),
            };
            let last = panel.ticks.last().map_or(i64::MIN, |tick| tick.at);
            let new: Vec<_> = ticks.into_iter().filter(|tick| tick.at > last).collect();
            if new.is_empty() {
                panel.trouble = Some(PanelTrouble::NoData);
                return;
            }
            panel.ticks.extend(new);
            let surplus = panel.ticks.len().saturating_sub(MAX_TICKS);
            panel.ticks.drain(..surplus);
            // What the source holds back, or what lies in its future, was not answered.
            panel.answered_to = Some(asked.to.min(values.newest.timestamp()));
            if panel.exposed_since.is_none() {
                let first = panel.ticks.iter().find(|tick| tick.canary.exposures > 0.0);
                panel.exposed_since = first.map(|tick| tick.at - TICK_SECONDS);
            }
            panel.trouble = None;
            note_age(panel, present);
        }
        Answer::NoData => panel.trouble = Some(PanelTrouble::NoData),
        Answer::Partial(why) => panel.trouble = Some(PanelTrouble::Partial(why)),
        Answer::Stale(age) => {
            if panel.newest.is_none() {
                panel.newest = chrono::DateTime::from_timestamp(present.now - whole(age), 0);
            }
            panel.trouble = Some(PanelTrouble::Stale(age));
        }
        Answer::Error(failure) => {
            let text = failure.to_string();
            failed(panel, text);
        }
        Answer::NotFinite => panel.trouble = Some(PanelTrouble::NotFinite),
    }
}

pub(super) fn failed(panel: &mut Panel, why: String) {
    panel.errors = panel.errors.saturating_add(1);
    panel.trouble = Some(PanelTrouble::Error(why.into()));
    panel.reading = evidence::look(panel);
}

/// Whether the newest sample is too old to be called an answer. True if that changed what is shown.
fn note_age(panel: &mut Panel, present: Present) -> bool {
    let judged = match &panel.trouble {
        None | Some(PanelTrouble::Stale(_)) => true,
        Some(
            PanelTrouble::Waiting
            | PanelTrouble::NoData
            | PanelTrouble::Partial(_)
            | PanelTrouble::Error(_)
            | PanelTrouble::NotFinite,
        ) => false,
    };
    let Some(newest) = panel.newest.filter(|_| judged) else { return false };
    if newest.timestamp() > present.stale {
        return false;
    }
    let age = (present.now - newest.timestamp()).max(0);
    #[expect(clippy::cast_precision_loss, reason = "an age in seconds fits f64 exactly")]
    let age = Seconds(age as f64);
    let stale = Some(PanelTrouble::Stale(freshness::shown(age).unwrap_or(age)));
    let changed = panel.trouble != stale;
    if changed {
        panel.trouble = stale;
        panel.reading = evidence::look(panel);
    }
    changed
}

/// Lets samples grow old.
pub(super) fn grow_old(state: &mut State, effects: &mut Vec<Effect>) {
    let mut changed = false;
    for place in 0..state.open.as_ref().map_or(0, |open| open.panels.len()) {
        let Some(source) = panel(state, place).map(|panel| panel.spec.source.clone()) else { continue };
        let present = present(state, &source);
        changed |= panel(state, place).is_some_and(|panel| note_age(panel, present));
    }
    if changed {
        paint(effects);
        tell_verdict(state, effects);
    }
}

/// What a failed question says about its source. A single slow question is the panel's trouble only.
fn source_failed(state: &mut State, name: &Name, why: Failure, retry_in_ms: u64, effects: &mut Vec<Effect>) {
    let kind = why.kind;
    let quiet = state.source(name).and_then(|s| s.heard).map(|heard| state.at.millis_since(heard));
    let lost = match kind {
        FailureKind::Unreachable | FailureKind::Auth | FailureKind::Forbidden => true,
        FailureKind::Timeout | FailureKind::Limited(_) | FailureKind::Unconfirmed => {
            quiet.is_none_or(|ms| ms >= freshness::SILENT_METRICS_MS)
        }
        FailureKind::NotFound
        | FailureKind::Conflict
        | FailureKind::Malformed
        | FailureKind::Refused
        | FailureKind::Local => false,
    };
    if lost {
        sources::health(state, name, &Health::Lost { why, retry_in_ms }, effects);
    } else if !matches!(kind, FailureKind::Timeout | FailureKind::Limited(_) | FailureKind::Unconfirmed) {
        // It answered, if only to refuse.
        sources::heard(state, name, effects);
    }
}

/// Notes and rings when what may be said of the release changes. Starting to collect is no alarm.
pub(super) fn tell_verdict(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(open) = &mut state.open else { return };
    let waiting = |panel: &Panel| panel.spec.critical && panel.trouble == Some(PanelTrouble::Waiting);
    if open.panels.iter().any(waiting) || !open.panels.iter().any(|panel| panel.spec.critical) {
        return;
    }
    let verdict = evidence::verdict(open);
    let before = open.said.replace(verdict.word);
    if before == Some(verdict.word) {
        return;
    }
    let why = verdict.why.first().map(ToString::to_string).unwrap_or_default();
    notices::note(state, MomentKind::Verdict, format!("{}: {why}", verdict.word));
    let alarms = match verdict.word {
        Word::Go | Word::NoGo => true,
        Word::Unknown => before.is_some(),
        Word::Collecting => false,
    };
    if alarms {
        notices::ring(effects);
    }
}
