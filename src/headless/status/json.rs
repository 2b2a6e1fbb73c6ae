//! A release as JSON for scripts: version 1 of a shape that only ever grows.
//!
//! One object per release; `docs/json.md` tells every field of it.

use serde_json::{Value, json};

use crate::{
    core::{
        forward,
        pulse::{self, Life},
        state::{Open, State},
    },
    domain::{
        goal::{Answer, Goal, Offer, Permission},
        guard::{GuardState, Heartbeat},
        release::{Release, WaitingOn},
        revision::Revision,
        step::Step,
        time::Seconds,
        way_back::Means,
    },
    headless::numbers,
};

/// The object of one release; `open` where it was looked at closely.
#[must_use]
pub fn object(state: &State, release: &Release, open: Option<&Open>) -> Value {
    let target = &release.id.target;
    let forward = open.map_or_else(|| forward::unwatched(release), |_| forward::of(state));
    json!({
        "schema": 1,
        "target": target.to_string(),
        "kind": target.kind.to_string(),
        "strategy": release.strategy.word(),
        "roll_back": release.is_roll_back(),
        "phase": release.phase.word(),
        "message": release.message,
        "step": current(state, release),
        "steps": release.steps.iter().map(step).collect::<Vec<_>>(),
        "weight": numbers::weight(release, open),
        "revisions": release.revisions.iter().map(|it| revision(state, it)).collect::<Vec<_>>(),
        "analyses": release.analyses.iter().map(|it| json!({
            "name": it.name.to_string(), "phase": it.phase, "message": it.message, "started_at": it.started_at,
            "successful": it.successful, "failed": it.failed, "inconclusive": it.inconclusive, "error": it.error,
        })).collect::<Vec<_>>(),
        "experiments": release.experiments.iter().map(|it| json!({
            "name": it.name.to_string(), "phase": it.phase,
        })).collect::<Vec<_>>(),
        "blockers": release.blockers,
        "gates": release.gates.iter().map(|it| json!({
            "name": it.name.to_string(), "waits_for": it.waits_for, "since": it.since,
        })).collect::<Vec<_>>(),
        "missing": release.missing,
        "way_back": way_back(release),
        "goals": release.offers.iter().map(goal).collect::<Vec<_>>(),
        "panels": open.map_or_else(Vec::new, |open| open.panels.iter().map(|it| numbers::panel(state, it)).collect()),
        "budgets": open.map_or_else(Vec::new, |open| open.budgets.iter().map(|it| numbers::budget(state, it)).collect()),
        "verdict": numbers::verdict(&forward.answer),
        "numbers": numbers::verdict(&forward.numbers),
        "guard": release.guard.as_ref().map(|sign| guard(state, sign, open)),
        "sources": numbers::sources(state),
    })
}

/// A guard's newest sign. Whether it lives shows only in signs that follow each other.
fn guard(state: &State, sign: &Heartbeat, open: Option<&Open>) -> Value {
    let (word, why, attempt) = match &sign.state {
        GuardState::Watching => ("watching", None, None),
        GuardState::Blind(why) => ("blind", Some(why), None),
        GuardState::Acting(attempt) => ("acting", None, Some(attempt)),
        GuardState::Ended(why) => ("ended", Some(why), None),
    };
    let life = open.and_then(|open| pulse::guard(state, open)).map(|(_, life)| life);
    let alive = match life {
        _ if sign.state.is_over() => Some(false),
        Some(Life::Alive(_)) => Some(true),
        Some(Life::Lost(_)) => Some(false),
        Some(Life::Unheard | Life::Unseen(_)) | None => None,
    };
    json!({
        "by": sign.by, "host": sign.host, "revision": sign.revision.to_string(), "since": sign.since,
        "beat": sign.beat, "until": sign.until, "state": word, "why": why, "attempt": attempt, "alive": alive,
        "age_seconds": state.at.since(sign.beat).0,
    })
}

fn seconds(length: Option<Seconds>) -> Option<f64> {
    length.map(|length| length.0)
}

fn current(state: &State, release: &Release) -> Value {
    let Some((index, step)) = release.current_step() else { return Value::Null };
    let until = release.waiting.as_ref().and_then(|waiting| match waiting.on {
        WaitingOn::Timer(until) => Some(until),
        WaitingOn::Person | WaitingOn::Analysis | WaitingOn::Pods | WaitingOn::Controller | WaitingOn::Inconclusive => {
            None
        }
    });
    json!({
        "index": index, "count": release.steps.len(), "label": step.label, "state": step.state,
        "started_at": step.started_at,
        "remaining_seconds": until.map(|until| Seconds::between(state.at.wall, until).0),
    })
}

fn step(step: &Step) -> Value {
    json!({
        "id": step.id.to_string(), "label": step.label, "state": step.state,
        "took_seconds": step.took.map(|took| took.seconds.0),
        "took_at_least": step.took.map(|took| took.at_least),
        "planned_seconds": seconds(step.planned),
        "usual_seconds": seconds(step.usual),
    })
}

fn revision(state: &State, revision: &Revision) -> Value {
    json!({
        "number": revision.number, "name": revision.name.to_string(), "version": revision.version,
        "tags": revision.tags, "images": revision.images, "health": revision.health,
        "ready": revision.ready, "desired": revision.desired,
        "scale_down_seconds": revision.scale_down_at.map(|at| Seconds::between(state.at.wall, at).0),
        "pods": revision.pods.iter().map(|pod| json!({
            "name": pod.name.to_string(), "state": pod.state, "ready": pod.ready, "restarts": pod.restarts,
            "trouble": pod.trouble,
        })).collect::<Vec<_>>(),
    })
}

fn way_back(release: &Release) -> Value {
    let way = &release.way_back;
    json!({
        "revision": way.revision, "version": way.version, "means": way.means.word(),
        "why_none": match &way.means {
            Means::None(why) => Some(why),
            Means::Abort
            | Means::UndoFast
            | Means::UndoThroughSteps
            | Means::Finish
            | Means::KillSwitch
            | Means::SwitchBack => None,
        },
        "seconds": seconds(way.seconds),
        "capacity": way.capacity.map(|capacity| json!({"ready": capacity.ready, "needed": capacity.needed})),
        "not_undone": way.not_undone,
    })
}

fn goal(offer: &Offer) -> Value {
    let word = offer.goal.word();
    let to = if let Goal::Rollback { to } = &offer.goal { *to } else { None };
    match &offer.answer {
        Answer::Denied(denied) => json!({"goal": word, "to": to, "denied": denied.to_string()}),
        Answer::Plan(plan) => match &plan.permission {
            Permission::No(why) => json!({"goal": word, "to": to, "denied": why}),
            Permission::Yes | Permission::Checking => json!({
                "goal": word,
                "to": to,
                "requests": plan.requests,
                "only_if": plan.only_if,
                "expect": plan.expect.text,
                "reach": plan.reach.as_ref().map(|reach| json!({
                    "weight": reach.weight, "next_stop": reach.next_stop, "seconds": seconds(reach.seconds),
                })),
                "warnings": plan.warnings,
            }),
        },
    }
}
