//! Keys and pasted text: to the overlay if one is open, else through the keymap to a command.

use super::{
    acting, board, confirm, navigation, notices, overlays, paint, past, resetting, sentry, story, text, watching,
};
use crate::core::{
    acts::{self, Line},
    command::{Command, Danger, Motion},
    effect::Effect,
    key::Key,
    keymap::{self, Screen},
    past::Stride,
    state::{NoticeKind, Overlay, Pane, State},
    study::Range,
};

pub(super) fn pressed(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    if state.quitting {
        return;
    }
    state.touched = Some(state.at.mono);
    if key.pressed() == Key::ctrl('c') {
        return interrupted(state, effects);
    }
    match &state.overlay {
        Some(Overlay::Confirm(_)) => confirm::pressed(state, key, effects),
        Some(Overlay::Receipt(act)) => overlays::receipt(state, *act, key, effects),
        Some(Overlay::Acts { selected }) => overlays::acts(state, *selected, key, effects),
        Some(Overlay::Help { scroll }) => overlays::help(state, *scroll, key, effects),
        Some(Overlay::Filter) => overlays::filter(state, key, effects),
        Some(Overlay::Leave | Overlay::Leaving) => overlays::leaving(state, key, effects),
        Some(Overlay::Arm { .. }) => overlays::arm(state, key, effects),
        Some(Overlay::Debrief { since }) => story::pressed(state, *since, key, effects),
        Some(Overlay::Guard(_)) => sentry::pressed(state, key, effects),
        Some(Overlay::Reset(_)) => resetting::pressed(state, key, effects),
        None => on_screen(state, key, effects),
    }
}

/// Pasted text goes into the filter and nowhere else: in a dialog it could confirm what nobody has read.
pub(super) fn pasted(state: &mut State, pasted: &str, effects: &mut Vec<Effect>) {
    match &mut state.overlay {
        Some(Overlay::Filter) => {
            text::paste(overlays::filter_of(state), pasted);
            board::refilter(state);
            paint(effects);
        }
        Some(Overlay::Confirm(confirm)) => {
            confirm.last_key = state.at.mono;
            notices::answer(state, NoticeKind::Warning, "pasted text is not taken here; type it", effects);
        }
        Some(Overlay::Arm { .. } | Overlay::Guard(_) | Overlay::Reset(_)) => {
            notices::answer(state, NoticeKind::Warning, "pasted text is not taken here; type it", effects);
        }
        Some(
            Overlay::Receipt(_)
            | Overlay::Acts { .. }
            | Overlay::Help { .. }
            | Overlay::Leave
            | Overlay::Leaving
            | Overlay::Debrief { .. },
        )
        | None => {}
    }
}

/// ctrl-c and the interrupt signal: out of a dialog, else out of the program.
pub(super) fn interrupted(state: &mut State, effects: &mut Vec<Effect>) {
    match state.overlay {
        Some(Overlay::Confirm(_)) => confirm::leave(state, effects),
        Some(Overlay::Leave) => overlays::leave(state, effects),
        Some(Overlay::Leaving) => overlays::leave_now(state, effects),
        Some(
            Overlay::Receipt(_)
            | Overlay::Acts { .. }
            | Overlay::Help { .. }
            | Overlay::Filter
            | Overlay::Arm { .. }
            | Overlay::Debrief { .. }
            | Overlay::Guard(_)
            | Overlay::Reset(_),
        )
        | None => overlays::quit(state, effects),
    }
}

fn on_screen(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    let screen = keymap::screen(state);
    if let Some(command) = keymap::resolve(&state.settings, screen, key) {
        command_given(state, command, effects);
    } else if let Some((meant, command)) = keymap::other_case(&state.settings, screen, key) {
        let label = command.spec().label;
        let text = if key.pressed() < meant {
            format!("Caps Lock? `{key}` is bound to nothing, `{meant}` is {label}")
        } else {
            format!("`{key}` is bound to nothing, `{meant}` is {label}")
        };
        notices::on_screen(state, NoticeKind::Warning, text, effects);
    } else if screen == Screen::Board
        && keymap::resolve(&state.settings, Screen::Release, key).is_some_and(Command::acts)
    {
        let enter = keymap::keys(&state.settings, Command::Open).first().map(ToString::to_string);
        let opens = enter.map(|enter| format!(": {enter} opens it")).unwrap_or_default();
        notices::say(state, NoticeKind::Warning, format!("acts work in an opened release{opens}"), effects);
    }
}

pub(super) fn command_given(state: &mut State, command: Command, effects: &mut Vec<Effect>) {
    // Whoever acts looks at what is, not at what was, also where the act is denied.
    let acts = matches!(command, Command::Acts | Command::Arm | Command::Guard | Command::StandDown | Command::Reset);
    if (acts || command.spec().danger == Danger::Act) && past::leave(state, effects) {
        paint(effects);
    }
    match command {
        Command::Rollback
        | Command::Hold
        | Command::Promote
        | Command::PromoteFull
        | Command::Abort
        | Command::Retry => {
            let release = state.open.as_ref().and_then(|open| open.release.as_deref());
            if let Some(goal) = acts::goal_of(command, release) {
                acting::offer(state, &goal, effects);
            }
        }
        Command::Acts => {
            // The first line that can be done; the menu is for those who do not know the key.
            let selected = acts::lines(state).iter().position(is_possible).unwrap_or(0);
            state.overlay = Some(Overlay::Acts { selected });
            paint(effects);
        }
        Command::Arm => overlays::toggle_arm(state, effects),
        Command::Guard => sentry::ask_to_arm(state, effects),
        Command::StandDown => sentry::ask_to_stand_down(state, effects),
        Command::Reset => resetting::ask(state, resetting::meant(state), effects),
        Command::Open => {
            if let Some(target) = state.board.cursor.clone() {
                watching::open(state, target, effects);
            }
        }
        Command::Up => navigation::go(state, Motion::Up, effects),
        Command::Down => navigation::go(state, Motion::Down, effects),
        Command::PageUp => navigation::go(state, Motion::PageUp, effects),
        Command::PageDown => navigation::go(state, Motion::PageDown, effects),
        Command::First => navigation::go(state, Motion::First, effects),
        Command::Last => navigation::go(state, Motion::Last, effects),
        Command::NextPane => navigation::turn(state, true, effects),
        Command::PreviousPane => navigation::turn(state, false, effects),
        Command::Evidence => navigation::evidence(state, effects),
        Command::Shorter => navigation::range(state, Range::shorter, effects),
        Command::Longer => navigation::range(state, Range::longer, effects),
        Command::Unfold => navigation::unfold(state, effects),
        Command::Metrics => navigation::show(state, Pane::Metrics, effects),
        Command::Steps => navigation::show(state, Pane::Steps, effects),
        Command::Pods => navigation::show(state, Pane::Pods, effects),
        Command::Timeline => navigation::show(state, Pane::Timeline, effects),
        Command::Earlier => past::step(state, Stride::Moment, true, effects),
        Command::Later => past::step(state, Stride::Moment, false, effects),
        Command::Rewind => past::step(state, Stride::Glimpse, true, effects),
        Command::Forward => past::step(state, Stride::Glimpse, false, effects),
        Command::Filter => {
            state.overlay = Some(Overlay::Filter);
            paint(effects);
        }
        Command::Help => {
            state.overlay = Some(Overlay::Help { scroll: 0 });
            paint(effects);
        }
        Command::Back => {
            navigation::back(state, effects);
            paint(effects);
        }
        Command::Redraw => {
            effects.push(Effect::Redraw);
            paint(effects);
        }
        Command::Suspend => effects.push(Effect::Suspend),
        Command::Quit => overlays::quit(state, effects),
    }
}

fn is_possible(line: &Line<'_>) -> bool {
    match line {
        Line::Goal { answer, .. } => answer.is_ok(),
        Line::Arm { answer, .. } | Line::Guard { answer, .. } | Line::Reset { answer, .. } => answer.is_ok(),
    }
}
