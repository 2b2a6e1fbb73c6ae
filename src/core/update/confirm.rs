//! The dialog between a key and a request.
//!
//! A confirming key counts only when the dialog has been on the terminal for a moment and the keyboard was
//! quiet; what changes while it is open locks it until that was acknowledged.

use super::{acting, navigation, next_id, notices, paint, text};
use crate::{
    core::{
        acts::{self, Change, Part},
        effect::Effect,
        forward,
        key::{Code, Key},
        layout,
        policy::{self, Confirmation, QUIET_MS, SETTLE_MS},
        state::{Confirm, NoticeKind, Overlay, Rehearsal, State},
    },
    domain::{clean::Clean, failure::Failure, goal::Denied, journal::ActId, plan::Plan},
};

/// What a key means in the dialog.
enum Meaning {
    Leave,
    Copy,
    DryRun,
    /// Confirms, or acknowledges what changed.
    Confirm,
    OtherField,
    Scroll(isize),
    /// A letter that would mean something if it were small.
    CapsLock(char),
    /// Edits a field, or means nothing; either way the keyboard was not quiet.
    Other,
}

fn meaning(confirm: &Confirm, key: Key) -> Meaning {
    let types = matches!(confirm.confirmation, Confirmation::Type { .. }) && confirm.denied.is_none();
    match (key.code, key.ctrl) {
        _ if key.held && key.code != Code::Backspace => Meaning::Other,
        (Code::Esc, false) => Meaning::Leave,
        (Code::Char('o'), true) => Meaning::Copy,
        (Code::Char('d'), true) => Meaning::DryRun,
        (Code::Up, false) => Meaning::Scroll(-1),
        (Code::Down, false) => Meaning::Scroll(1),
        (Code::Enter, false) if types || !confirm.changed.is_empty() => Meaning::Confirm,
        (Code::Tab | Code::BackTab, false) => Meaning::OtherField,
        (Code::Char('n' | 'q'), false) if !types => Meaning::Leave,
        (Code::Char('c'), false) if !types => Meaning::Copy,
        (Code::Char('d'), false) if !types => Meaning::DryRun,
        (Code::Char('y'), false) if !types => Meaning::Confirm,
        (Code::Char(letter @ ('Y' | 'N' | 'Q' | 'C' | 'D')), false) if !types => Meaning::CapsLock(letter),
        (_, _) => Meaning::Other,
    }
}

pub(super) fn pressed(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    let now = state.at.mono;
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { return };
    match meaning(confirm, key) {
        Meaning::Leave => return leave(state, effects),
        Meaning::Copy => {
            let command = confirm.plan.command.to_string();
            confirm.last_key = now;
            effects.push(Effect::Copy(command));
            notices::answer(
                state,
                NoticeKind::Said,
                "offered to the clipboard of your terminal; tmux needs `set-clipboard on`",
                effects,
            );
        }
        Meaning::DryRun => rehearse(state, effects),
        Meaning::Confirm => return confirmed(state, effects),
        Meaning::OtherField => {
            if matches!(confirm.confirmation, Confirmation::Type { with_reason: true, .. }) {
                confirm.in_reason = !confirm.in_reason;
            }
            confirm.last_key = now;
        }
        Meaning::Scroll(by) => {
            confirm.scroll = confirm.scroll.saturating_add_signed(by);
            confirm.last_key = now;
            navigation::clamp(state);
        }
        Meaning::CapsLock(letter) => {
            confirm.last_key = now;
            let meant = letter.to_ascii_lowercase();
            let others = [('y', confirm.goal.label()), ('d', "dry run"), ('c', "copy")];
            let does = others.into_iter().find(|(key, _)| *key == meant).map_or("leave it", |(_, does)| does);
            let text = format!("Caps Lock? `{letter}` is bound to nothing, `{meant}` is {does}");
            notices::answer(state, NoticeKind::Warning, text, effects);
        }
        Meaning::Other => {
            confirm.last_key = now;
            if matches!(confirm.confirmation, Confirmation::Type { .. }) && confirm.denied.is_none() {
                let field = if confirm.in_reason { &mut confirm.reason } else { &mut confirm.typed };
                text::edit(field, key);
            }
        }
    }
    paint(effects);
}

pub(super) fn leave(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(Overlay::Confirm(confirm)) = state.overlay.take() {
        let text = match confirm.not_sent {
            Some(_) => format!("{} was not sent and is dropped", confirm.goal),
            None => format!("left {}; nothing was sent", confirm.goal),
        };
        notices::say(state, NoticeKind::Said, text, effects);
    }
}

/// A confirming key: it counts, or it says what is still missing and starts the wait again.
fn confirmed(state: &mut State, effects: &mut Vec<Effect>) {
    // Nothing may have changed under the key.
    revise(state, effects);
    let (now, generation) = (state.at.mono, state.generation);
    let Some(Overlay::Confirm(confirm)) = &state.overlay else { return };
    let is_readable = layout::is_readable(state, confirm);
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { return };
    if !is_readable {
        confirm.last_key = now;
        return notices::answer(state, NoticeKind::Warning, layout::TOO_SMALL, effects);
    }
    if !is_ready(confirm, now) {
        confirm.last_key = now;
        return notices::answer(
            state,
            NoticeKind::Warning,
            "too soon to be meant: nothing was sent; press it again",
            effects,
        );
    }
    confirm.last_key = now;
    if !confirm.changed.is_empty() {
        confirm.changed.clear();
        ask_anew(confirm, generation);
        return paint(effects);
    }
    if let Some(why) = confirm.denied.clone() {
        let text = format!("cannot {}: {why}", confirm.goal);
        return notices::answer(state, NoticeKind::Warning, text, effects);
    }
    match &confirm.confirmation {
        Confirmation::Never => paint(effects),
        Confirmation::Yes => acting::send(state, effects),
        Confirmation::Type { text, with_reason } => {
            if confirm.typed.value() != text.as_str() {
                let text = format!("type `{text}` to confirm");
                confirm.in_reason = false;
                notices::answer(state, NoticeKind::Warning, text, effects);
            } else if *with_reason && confirm.reason.value().trim().is_empty() {
                confirm.in_reason = true;
                notices::answer(state, NoticeKind::Warning, "say why; the reason is journalled", effects);
            } else {
                acting::send(state, effects);
            }
        }
    }
}

/// Whether a confirming key counts at this moment.
pub(super) fn is_ready(confirm: &Confirm, now: u64) -> bool {
    ready_at(confirm).is_some_and(|at| at <= now)
}

/// When a confirming key will count if no other key comes; none before its frame is on the terminal.
pub(super) fn ready_at(confirm: &Confirm) -> Option<u64> {
    confirm.shown.map(|shown| (shown + SETTLE_MS).max(confirm.last_key + QUIET_MS))
}

/// Starts the wait for a painted frame again and takes back what was typed.
fn ask_anew(confirm: &mut Confirm, generation: u64) {
    show_anew(confirm, generation);
    confirm.typed.reset();
    confirm.in_reason = false;
}

/// Another size shows what was hidden before: it has to be there for a moment, too, to have been read.
pub(super) fn resized(state: &mut State) {
    let generation = state.generation;
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
        show_anew(confirm, generation);
    }
}

/// Starts the wait for a painted frame again.
const fn show_anew(confirm: &mut Confirm, generation: u64) {
    confirm.since = generation;
    confirm.shown = None;
    confirm.ready = false;
}

fn rehearse(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.at.mono;
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { return };
    confirm.last_key = now;
    if confirm.denied.is_some() {
        return notices::answer(state, NoticeKind::Warning, "there is nothing to try: it cannot be done now", effects);
    }
    match confirm.rehearsal {
        Some(Rehearsal::Asked(_) | Rehearsal::Passed) => {}
        Some(Rehearsal::Refused(_)) | None => {
            let plan = Box::new(confirm.plan.clone());
            let act = ActId(next_id(state));
            if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
                confirm.rehearsal = Some(Rehearsal::Asked(act));
            }
            effects.push(Effect::Rehearse { act, plan });
        }
    }
}

/// What the server said to a dry run. It is a new line in the dialog, so the wait begins again.
pub(super) fn rehearsed(state: &mut State, act: ActId, result: Result<(), Failure>, effects: &mut Vec<Effect>) {
    let generation = state.generation;
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay
        && confirm.rehearsal == Some(Rehearsal::Asked(act))
    {
        confirm.rehearsal = Some(match result {
            Ok(()) => Rehearsal::Passed,
            Err(failure) => Rehearsal::Refused(failure),
        });
        show_anew(confirm, generation);
        paint(effects);
    }
}

/// Holds the open dialog against the release as it is now: what changed is marked and locks it.
pub(super) fn revise(state: &mut State, effects: &mut Vec<Effect>) {
    let (now, generation) = (state.at.mono, state.generation);
    let Some(Overlay::Confirm(confirm)) = &state.overlay else { return };
    let fresh = fresh(state, confirm);
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { return };
    match fresh {
        Err(denied) => {
            let why = denied.to_string().into();
            if confirm.denied.as_ref() != Some(&why) {
                confirm.denied = Some(why);
                confirm.rehearsal = None;
                ask_anew(confirm, generation);
                paint(effects);
            }
        }
        Ok((plan, confirmation)) => {
            let mut changed = acts::changes(&confirm.plan, &plan);
            if confirm.denied.take().is_some() {
                // It can be done again: that is as new as any other change.
                let (was, now) = ("denied".into(), plan.customers.clone());
                changed.insert(0, Change { part: Part::Customers, was, now });
            }
            // It never comes to ask for less while the same thing is on screen.
            let weaker = confirmation.strength() < confirm.confirmation.strength();
            if confirmation != confirm.confirmation && !(weaker && changed.is_empty()) {
                changed.push(Change {
                    part: Part::Confirmation,
                    was: asks(&confirm.confirmation),
                    now: asks(&confirmation),
                });
                confirm.confirmation = confirmation;
            }
            confirm.plan = plan;
            if !changed.is_empty() {
                confirm.rehearsal = None;
                confirm.not_sent = None;
                for change in changed {
                    // What it was is what the person read, not what it was a moment ago.
                    match confirm.changed.iter_mut().find(|c| c.part == change.part) {
                        Some(marked) => marked.now = change.now,
                        None => confirm.changed.push(change),
                    }
                }
                ask_anew(confirm, generation);
                paint(effects);
            }
        }
    }
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { return };
    let ready = is_ready(confirm, now);
    if ready != confirm.ready {
        confirm.ready = ready;
        paint(effects);
    }
}

/// It was open while nobody was there: it says so, and asks anew.
pub(super) fn woke(state: &mut State, why: &Clean, effects: &mut Vec<Effect>) {
    let generation = state.generation;
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { return };
    confirm.changed.retain(|change| change.part != Part::Slept);
    confirm.changed.insert(0, Change { part: Part::Slept, was: "open".into(), now: why.clone() });
    confirm.rehearsal = None;
    confirm.not_sent = None;
    ask_anew(confirm, generation);
    paint(effects);
}

/// The plan as it is offered now and what confirming it takes.
fn fresh(state: &State, confirm: &Confirm) -> Result<(Plan, Confirmation), Denied> {
    let plan = acts::planned(state, &confirm.goal)?;
    if plan.release != confirm.release {
        return Err(Denied::new("another revision has come meanwhile").hint("leave, and look at that one"));
    }
    match policy::confirmation(state, plan, forward::of(state).answer.word) {
        Ok(confirmation) => Ok((plan.clone(), confirmation)),
        Err(denied) => Err(denied),
    }
}

fn asks(confirmation: &Confirmation) -> Clean {
    match confirmation {
        Confirmation::Yes => "asks `y`".into(),
        Confirmation::Type { text, with_reason: false } => format!("asks to type `{text}`").into(),
        Confirmation::Type { text, with_reason: true } => format!("asks to type `{text}` and a reason").into(),
        Confirmation::Never => "cannot be confirmed".into(),
    }
}
