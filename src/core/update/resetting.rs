//! The dialog that sets a regression aside, and what that changes.

use tui_input::Input;

use super::{judging, next_id, notices, paint, text};
use crate::{
    core::{
        effect::Effect,
        key::{Code, Key},
        layout, reset,
        state::{NoticeKind, Overlay, ResetDialog, State, View},
        study::{self, Chosen},
    },
    domain::{
        clean::Clean,
        journal::{ActId, Entry, What},
        reset::Reset,
        timeline::MomentKind,
    },
};

/// Lines of what its dialog asks: the name, the reason, and the keys.
const QUESTION: u16 = 3;

/// The panel that is meant where none was named: the one on the evidence screen, else the first that has regressed.
pub(super) fn meant(state: &State) -> Option<Chosen> {
    let open = state.open.as_ref()?;
    let shown = study::shown(state, open).filter(|_| open.view == View::Evidence).map(|(_, _, panel)| panel);
    shown.or_else(|| reset::regressed(open).next()).map(Chosen::of)
}

pub(super) fn ask(state: &mut State, panel: Option<Chosen>, effects: &mut Vec<Effect>) {
    let Some(panel) = panel else {
        return notices::say(state, NoticeKind::Warning, "no panel has regressed", effects);
    };
    match reset::possible(state, &panel) {
        Ok(_) => {
            let (name, reason) = (Input::default(), Input::default());
            state.overlay = Some(Overlay::Reset(ResetDialog { panel, name, reason, in_reason: false }));
            paint(effects);
        }
        Err(denied) => notices::say(state, NoticeKind::Warning, format!("cannot reset: {denied}"), effects),
    }
}

pub(super) fn pressed(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    let wanted = state.open.as_ref().map(|open| open.target.name().to_owned()).unwrap_or_default();
    let Some(Overlay::Reset(dialog)) = &state.overlay else { return };
    let sentences = reset::possible(state, &dialog.panel).map(|panel| reset::sentences(state, panel));
    let is_shown = layout::shows(state.size, &sentences.unwrap_or_default(), QUESTION);
    let Some(Overlay::Reset(dialog)) = &mut state.overlay else { return };
    let is_named = dialog.name.value() == wanted && !wanted.is_empty();
    if key.code == Code::Esc {
        state.overlay = None;
    } else if matches!(key.code, Code::Tab | Code::BackTab) {
        dialog.in_reason = !dialog.in_reason;
    } else if key.code != Code::Enter {
        text::edit(if dialog.in_reason { &mut dialog.reason } else { &mut dialog.name }, key);
    } else if key.held {
        return;
    } else if !is_shown {
        return notices::answer(state, NoticeKind::Warning, layout::TOO_SMALL, effects);
    } else if !is_named {
        dialog.in_reason = false;
        let text = format!("type `{}` to confirm", Clean::new(wanted));
        return notices::answer(state, NoticeKind::Warning, text, effects);
    } else if dialog.reason.value().trim().is_empty() {
        dialog.in_reason = true;
        return notices::answer(state, NoticeKind::Warning, "say why; the reason is journalled", effects);
    } else {
        let (panel, reason) = (dialog.panel.clone(), Clean::new(dialog.reason.value().trim()));
        state.overlay = None;
        set_aside(state, &panel, reason, effects);
    }
    paint(effects);
}

fn set_aside(state: &mut State, chosen: &Chosen, reason: Clean, effects: &mut Vec<Effect>) {
    let found = match reset::possible(state, chosen) {
        Ok(panel) => reset::words(panel),
        Err(denied) => {
            return notices::say(state, NoticeKind::Warning, format!("nothing was reset: {denied}"), effects);
        }
    };
    let Some(open) = &mut state.open else { return };
    let Some(release) = open.release.as_ref().map(|release| release.id.clone()) else { return };
    let Some(tick) = open.panels.iter_mut().find(|panel| chosen.is(panel)).and_then(judging::begin_anew) else {
        return;
    };
    // A regression that is proved again is news.
    open.told.no_go = None;
    let user = state.source(&release.target.source).and_then(|source| source.user.clone());
    let text = format!("{} {found} set aside: {reason}", chosen.name);
    let at = state.at.wall;
    let (panel, kind) = (chosen.name.clone(), chosen.kind.clone());
    let reset = Reset { release, panel, kind, tick, found, at, by: user.clone(), reason };
    state.resets.push(reset.clone());
    let act = ActId(next_id(state));
    effects.push(Effect::Journal(Box::new(Entry { at, act, user, what: What::Reset(reset) })));
    notices::note(state, MomentKind::Verdict, text);
    notices::say(state, NoticeKind::Said, format!("{} begins anew", chosen.name), effects);
}
