//! The one line at the foot, the bell and the window's title.

use super::paint;
use crate::{
    core::{
        effect::Effect,
        number,
        state::{Notice, NoticeKind, Overlay, State},
        urgency::{Urgency, urgency},
    },
    domain::{
        clean::Clean,
        goal::{Denied, Goal},
        health::Health,
        release::{Phase, Release},
        timeline::{Moment, MomentKind},
        verdict::Word,
    },
};

/// Most moments kept of what this run saw.
const MAX_SEEN: usize = 1000;

/// Shows one line of now for as long as its kind needs to be read. Over a past it says that it is of now.
pub(super) fn say(state: &mut State, kind: NoticeKind, text: impl Into<Clean>, effects: &mut Vec<Effect>) {
    on_screen(state, kind, text, effects);
    if state.open.as_ref().is_some_and(|open| open.looking.is_some()) {
        into_past(state);
    }
}

/// What was said of now says so, for a past comes up below it.
pub(super) fn into_past(state: &mut State) {
    if let Some(notice) = &mut state.notice {
        notice.text = format!("now: {}", notice.text).into();
    }
}

/// Shows one line that belongs to what is on screen, be that now or a past.
pub(super) fn on_screen(state: &mut State, kind: NoticeKind, text: impl Into<Clean>, effects: &mut Vec<Effect>) {
    let millis = match kind {
        NoticeKind::Said => 5_000,
        NoticeKind::Warning => 10_000,
        NoticeKind::Trouble => 20_000,
    };
    state.notice = Some(Notice { text: text.into(), kind, until: state.at.mono + millis, in_dialog: false });
    paint(effects);
}

/// Answers a key in the dialog that is open, where the eyes are.
pub(super) fn answer(state: &mut State, kind: NoticeKind, text: impl Into<Clean>, effects: &mut Vec<Effect>) {
    say(state, kind, text, effects);
    if let Some(notice) = &mut state.notice {
        notice.in_dialog = true;
    }
}

/// Takes away what has been read for long enough, and what was said in a dialog that is gone.
pub(super) fn pass(state: &mut State, effects: &mut Vec<Effect>) {
    let asks = state.overlay.as_ref().is_some_and(Overlay::asks);
    let is_over = |notice: &Notice| notice.until <= state.at.mono || (notice.in_dialog && !asks);
    if state.notice.as_ref().is_some_and(is_over) {
        state.notice = None;
        paint(effects);
    }
}

/// What was said of a release goes when it is left, for it would stand over others; trouble stays until it was read.
pub(super) fn left(state: &mut State) {
    state.notice.take_if(|notice| notice.kind != NoticeKind::Trouble);
}

/// Says why a goal cannot be reached now.
pub(super) fn deny(state: &mut State, goal: &Goal, denied: &Denied, effects: &mut Vec<Effect>) {
    say(state, NoticeKind::Warning, format!("cannot {goal}: {denied}"), effects);
}

/// Rings once per event.
pub(super) fn ring(effects: &mut Vec<Effect>) {
    if !effects.contains(&Effect::Bell) {
        effects.push(Effect::Bell);
    }
}

/// Notes something on the opened release's timeline.
pub(super) fn note(state: &mut State, kind: MomentKind, text: impl Into<Clean>) {
    let at = state.at.wall;
    if let Some(open) = &mut state.open {
        open.seen.push(Moment { at, kind, text: text.into() });
        let surplus = open.seen.len().saturating_sub(MAX_SEEN);
        open.seen.drain(..surplus);
    }
}

/// Sets the window's title when it is another than before.
pub(super) fn title(state: &mut State, effects: &mut Vec<Effect>) {
    let title = match &state.open {
        None => "flightdeck".to_owned(),
        Some(open) => {
            let lost = matches!(open.health, Health::Lost { .. }) || open.gone;
            let bad = open.said == Some(Word::NoGo);
            let (glyph, weight) = match open.release.as_deref() {
                Some(release) if !lost => (glyph(release, bad), release.weight.set.or(release.weight.wanted)),
                Some(_) | None => ("?", None),
            };
            let name = Clean::new(open.target.name());
            weight.map_or_else(
                || format!("{glyph} {name}"),
                |weight| format!("{glyph} {name} {} %", number::weight(weight)),
            )
        }
    };
    if title != state.title {
        state.title.clone_from(&title);
        effects.push(Effect::Title(title));
    }
}

fn glyph(release: &Release, bad: bool) -> &'static str {
    match (urgency(release), release.phase) {
        _ if bad => "✗",
        (_, Phase::Degraded) => "✗",
        (Urgency::NoGo | Urgency::Trouble, _) => "!",
        (_, Phase::Paused) => "‖",
        (_, Phase::Progressing) => "►",
        (_, Phase::Healthy) => "✓",
        (_, Phase::Unknown) => "?",
    }
}
