//! A verdict as one JSON object; `docs/json.md` tells its fields.

use serde_json::{Value, json};

use super::Told;
use crate::{
    core::evidence::said::{self, Ready},
    domain::{revision::Revision, verdict::Word},
    headless::numbers,
};

/// Everything that speaks for and against going on.
pub(super) fn object(told: &Told) -> Value {
    let Told { state, open, release, forward } = told;
    json!({
        "schema": 1,
        "at": state.at.wall,
        "target": release.id.target.to_string(),
        "kind": release.id.target.kind.to_string(),
        "release": of_release(told),
        "weight": numbers::weight(release, Some(open)),
        "verdict": numbers::verdict(&forward.answer),
        "numbers": numbers::verdict(&forward.numbers),
        "ready_at": match (forward.answer.word, said::ready(state, open)) {
            (Word::Collecting, Some(Ready::At(at))) => Some(at),
            (_, Some(Ready::At(_) | Ready::NotYet) | None) => None,
        },
        "notes": forward.notes,
        "panels": open.panels.iter().map(|panel| numbers::panel(state, panel)).collect::<Vec<_>>(),
        "wrong": open.wrong.iter().map(|wrong| json!({
            "origin": wrong.origin, "why": wrong.why,
        })).collect::<Vec<_>>(),
        "loss": numbers::losses(state, open),
        "split": numbers::split(open),
        "budgets": open.budgets.iter().map(|budget| numbers::budget(state, budget)).collect::<Vec<_>>(),
        "controller": numbers::controller(open),
        "checks": release.checks.iter().map(|check| numbers::check(open, check)).collect::<Vec<_>>(),
        "sources": numbers::sources(state),
    })
}

/// Which release this is, and where it stands.
pub(in crate::headless) fn of_release(told: &Told) -> Value {
    let release = told.release;
    let version = |revision: &Revision| revision.version.clone();
    json!({
        "uid": release.id.uid.to_string(),
        "revision": release.id.revision.to_string(),
        "strategy": release.strategy.word(),
        "from": release.stable().map(version),
        "to": release.newest().map(version),
        "phase": release.phase.word(),
        "message": release.message,
        "started_at": release.started_at,
    })
}
