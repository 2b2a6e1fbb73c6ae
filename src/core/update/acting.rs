//! From a key to a request and its reply. The only place that makes `Effect::Apply`: out of a confirmed dialog, or
//! under the mandate of a guard that this run is.

use tui_input::Input;

use super::{confirm, next_id, notices, overlays, paint, proof};
use crate::{
    core::{
        acts,
        effect::Effect,
        evidence, forward,
        policy::{self, Confirmation},
        state::{Act, Confirm, NoticeKind, Overlay, Stage, State},
    },
    domain::{
        clean::Clean,
        failure::{Failure, FailureKind},
        goal::Goal,
        journal::{ActId, Entry, What},
        plan::{Plan, Receipt},
        release::ReleaseId,
        timeline::MomentKind,
        verdict::Verdict,
    },
};

/// Most acts kept whose outcome is known.
const MAX_PROVEN: usize = 50;

/// Opens the dialog for a goal, or says why it cannot be reached now.
pub(super) fn offer(state: &mut State, goal: &Goal, effects: &mut Vec<Effect>) {
    let plan = match acts::planned(state, goal) {
        Ok(plan) => plan.clone(),
        Err(denied) => return notices::deny(state, goal, &denied, effects),
    };
    match policy::confirmation(state, &plan, forward::of(state).answer.word) {
        Ok(confirmation) => open(state, plan, confirmation, None, effects),
        // Nothing can be sent from here, but the command can be handed to somebody who may.
        Err(denied) if state.settings.policy.read_only.is_some() => {
            open(state, plan, Confirmation::Never, Some(denied.to_string().into()), effects);
        }
        Err(denied) => notices::deny(state, goal, &denied, effects),
    }
}

fn verdict(state: &State) -> Verdict {
    state.open.as_ref().map_or_else(|| Verdict::unknown("no release is open"), evidence::verdict)
}

fn open(state: &mut State, plan: Plan, confirmation: Confirmation, denied: Option<Clean>, effects: &mut Vec<Effect>) {
    state.overlay = Some(Overlay::Confirm(Box::new(Confirm {
        release: plan.release.clone(),
        goal: plan.goal.clone(),
        plan,
        confirmation,
        typed: Input::default(),
        reason: Input::default(),
        in_reason: false,
        since: state.generation,
        shown: None,
        last_key: state.at.mono,
        ready: false,
        changed: Vec::new(),
        denied,
        rehearsal: None,
        not_sent: None,
        scroll: 0,
    })));
    paint(effects);
}

/// Sends what the open dialog shows. The caller has seen it confirmed.
pub(super) fn send(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Overlay::Confirm(confirm)) = state.overlay.take() else { return };
    let Confirm { plan, reason, .. } = *confirm;
    let reason = Some(reason.value().trim()).filter(|text| !text.is_empty()).map(Clean::new);
    let id = dispatch(state, plan, reason, effects);
    state.overlay = Some(Overlay::Receipt(id));
    paint(effects);
}

/// Journals a plan and sends it. The caller has seen it confirmed, or has a guard's mandate for it.
pub(super) fn dispatch(state: &mut State, plan: Plan, reason: Option<Clean>, effects: &mut Vec<Effect>) -> ActId {
    let id = ActId(next_id(state));
    let verdict = verdict(state);
    let user = state.source(&plan.release.target.source).and_then(|source| source.user.clone());
    let what = What::Intent { plan: Box::new(plan.clone()), verdict: verdict.clone(), reason: reason.clone() };
    let intent = Box::new(Entry { at: state.at.wall, act: id, user, what });
    effects.push(Effect::Apply { act: id, plan: Box::new(plan.clone()), intent });
    notices::note(state, MomentKind::Act, format!("{} sent", plan.goal));
    forget_old(state);
    state.acts.push(Act {
        id,
        plan,
        reason,
        verdict,
        sent: state.at,
        stage: Stage::Sent,
        replied: false,
        met: None,
        changed: Vec::new(),
    });
    id
}

fn forget_old(state: &mut State) {
    let proven = state.acts.iter().filter(|act| !act.stage.is_unproven()).count();
    if proven >= MAX_PROVEN
        && let Some(oldest) = state.acts.iter().position(|act| !act.stage.is_unproven())
    {
        state.acts.remove(oldest);
    }
}

/// The other side's answer to an act.
pub(super) fn replied(state: &mut State, id: ActId, result: Result<Receipt, Failure>, effects: &mut Vec<Effect>) {
    let Some(place) = state.acts.iter().position(|act| act.id == id && !act.replied) else { return };
    let at = state.at;
    let Some(act) = state.acts.get_mut(place) else { return };
    act.replied = true;
    let goal = act.plan.goal.clone();
    let failed = result.is_err();
    let (what, text, kind) = match result {
        Ok(receipt) => {
            // A late acknowledgement does not undo that the effect was missed.
            if matches!(act.stage, Stage::Sent) {
                act.stage = Stage::Accepted(receipt.clone());
            }
            (What::Accepted(receipt), format!("{goal} accepted"), NoticeKind::Said)
        }
        Err(failure) if is_unclear(failure.kind) => {
            if matches!(act.stage, Stage::Sent) {
                act.stage = Stage::Unconfirmed(failure.clone());
            }
            let text = format!("`{goal}`: the reply was lost ({}); its effect decides", failure.summary);
            (What::Failed(failure), text, NoticeKind::Trouble)
        }
        Err(failure) => {
            act.stage = Stage::Failed(failure.clone());
            act.met = None;
            let text = if failure.kind == FailureKind::Conflict {
                format!("`{goal}` was refused: it moved meanwhile; look again before you act")
            } else if failure.kind.not_sent() {
                format!("`{goal}` was not sent: {failure}")
            } else {
                format!("`{goal}` failed: {failure}")
            };
            (What::Failed(failure), text, NoticeKind::Trouble)
        }
    };
    proof::journal(state, place, Entry { at: at.wall, act: id, user: None, what }, effects);
    notices::note(state, MomentKind::Act, text.clone());
    match kind {
        NoticeKind::Trouble => {
            notices::say(state, kind, text, effects);
            notices::ring(effects);
        }
        // The receipt says it already.
        NoticeKind::Said | NoticeKind::Warning => paint(effects),
    }
    proof::conclude(state, place, effects);
    let release = state.open.as_ref().and_then(|open| open.release.clone());
    if let Some(release) = release {
        note_conflict(state, place, &release.id, effects);
    }
    overlays::answered(state, id, failed, effects);
    reopen(state, place, effects);
}

/// A snapshot that came before the refusal may already show what was different.
fn note_conflict(state: &mut State, place: usize, id: &ReleaseId, effects: &mut Vec<Effect>) {
    let concerns = state.acts.get(place).is_some_and(|act| act.plan.release.target == id.target);
    let release = state.open.as_ref().and_then(|open| open.release.clone());
    if let (true, Some(release)) = (concerns, release) {
        let failed = matches!(state.acts.get(place).map(|act| &act.stage), Some(Stage::Failed(_)));
        if failed {
            proof::look(state, &release, effects);
        }
    }
}

/// Whether a failed act may have been done all the same.
const fn is_unclear(kind: FailureKind) -> bool {
    match kind {
        FailureKind::Unconfirmed | FailureKind::Timeout | FailureKind::Malformed => true,
        FailureKind::Auth
        | FailureKind::Forbidden
        | FailureKind::NotFound
        | FailureKind::Conflict
        | FailureKind::Limited(_)
        | FailureKind::Unreachable
        | FailureKind::Refused
        | FailureKind::Local => false,
    }
}

/// What was certainly not sent stays in its dialog, filled in as it was, for one more key.
fn reopen(state: &mut State, place: usize, effects: &mut Vec<Effect>) {
    let Some(act) = state.acts.get(place) else { return };
    let Stage::Failed(failure) = &act.stage else { return };
    let is_in_front = matches!(&state.overlay, Some(Overlay::Receipt(id)) if *id == act.id);
    let is_open = state.open.as_ref().is_some_and(|open| open.target == act.plan.release.target);
    if !failure.kind.not_sent() || !is_in_front || !is_open {
        return;
    }
    let (plan, failure, reason) = (act.plan.clone(), failure.clone(), act.reason.clone());
    let Ok(confirmation) = policy::confirmation(state, &plan, forward::of(state).answer.word) else { return };
    let typed = match &confirmation {
        Confirmation::Type { text, .. } => Input::new(text.to_string()),
        Confirmation::Yes | Confirmation::Never => Input::default(),
    };
    open(state, plan, confirmation, None, effects);
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
        confirm.typed = typed;
        confirm.reason = Input::new(reason.map(|text| text.to_string()).unwrap_or_default());
        confirm.not_sent = Some(failure);
    }
    confirm::revise(state, effects);
}
