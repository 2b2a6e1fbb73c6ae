//! What the answers to a panel's questions become: ticks, or the trouble that stands where numbers would.
//!
//! Only a value moves numbers. A late answer, or one to a question of other arms, belongs to nobody.

use super::{
    paint,
    questions::{back_off_ms, newest_tick, next_due_ms, panel},
    sources, taking,
};
use crate::{
    core::{
        effect::{AskId, Effect},
        evidence, freshness,
        state::{Panel, State},
    },
    domain::{
        clean::Name,
        failure::{Failure, FailureKind},
        health::Health,
        panel::PanelTrouble,
        question::Answer,
        time::Seconds,
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
            Some(failure.kind.retry_after())
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
    let present = present(state, place);
    let said = state.settings.sources.iter().any(|setting| setting.name == source && setting.tick.is_some());
    let mut is_further = false;
    if let (Some(panel), Some(present)) = (panel(state, place), present) {
        let before = panel.answered_to;
        taking::take(panel, asked, answer, present, said);
        panel.reading = evidence::look(panel);
        is_further = panel.answered_to != before;
    }
    let delay = match wait {
        Some(asked_for) => back_off_ms(state, place, asked_for),
        None => next_due_ms(state, place, is_further),
    };
    let now = state.at.mono;
    if let Some(panel) = panel(state, place) {
        panel.due = now + delay;
    }
    if let Some(failure) = refused {
        source_failed(state, &source, failure, delay, effects);
    }
}

/// The present of a panel's source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Present {
    /// The second it is there.
    pub(super) now: i64,
    /// A newest sample that is not younger than this is called stale.
    stale: i64,
    /// The newest tick that can be asked for.
    pub(super) newest: i64,
}

fn present(state: &State, place: usize) -> Option<Present> {
    let panel = state.open.as_ref()?.panels.get(place)?;
    let source = &panel.spec.source;
    let now = state.second_at(source);
    let stale_after = evidence::stale_seconds(state.source(source), panel.step);
    Some(Present { now, stale: now.saturating_sub(stale_after), newest: newest_tick(state, panel) })
}

pub(super) fn failed(panel: &mut Panel, why: String) {
    panel.errors = panel.errors.saturating_add(1);
    panel.trouble = Some(PanelTrouble::Error(why.into()));
    panel.reading = evidence::look(panel);
}

/// Whether the newest sample is too old to be called an answer. True if that changed what is shown.
pub(super) fn note_age(panel: &mut Panel, present: Present) -> bool {
    let judged = match &panel.trouble {
        // The past is old without being stale.
        None => panel.history.is_none(),
        Some(PanelTrouble::Stale(_)) => true,
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
        let Some(present) = present(state, place) else { continue };
        changed |= panel(state, place).is_some_and(|panel| note_age(panel, present));
    }
    if changed {
        paint(effects);
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
        // Nothing of it is fine any more, though only one question has failed so far.
        let summary = why.summary.clone();
        for panel in state.open.iter_mut().flat_map(|open| &mut open.panels) {
            if panel.spec.source == *name && panel.trouble.is_none() {
                panel.trouble = Some(PanelTrouble::Error(summary.clone()));
                panel.reading = evidence::look(panel);
            }
        }
        sources::health(state, name, &Health::Lost { why, retry_in_ms }, effects);
    } else if !matches!(kind, FailureKind::Timeout | FailureKind::Limited(_) | FailureKind::Unconfirmed) {
        // It answered, if only to refuse.
        sources::heard(state, name, effects);
    }
}
