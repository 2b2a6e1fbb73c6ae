//! Keys in what lies over the screen: receipt, menu of acts, help, filter, arming, leaving.

use tui_input::Input;

use super::{acting, board, keys, navigation, notices, paint, proof, resetting, sentry, text};
use crate::{
    core::{
        acts::{self, Line},
        command::{Command, Motion},
        content,
        effect::Effect,
        key::{Code, Key},
        keymap::{self, Screen},
        layout,
        state::{NoticeKind, Overlay, Stage, State},
        study,
    },
    domain::{
        failure::FailureKind,
        goal::Goal,
        journal::{ActId, Entry, What},
    },
};

/// The command of an act that a key gives while an overlay is open: a way back is never more than one key away.
fn act_command(state: &State, key: Key) -> Option<Command> {
    let command = keymap::resolve(&state.settings, Screen::Release, key).filter(|_| state.open.is_some())?;
    acts::goal_of(command, None).map(|_| command)
}

fn closes(key: Key) -> bool {
    !key.ctrl && matches!(key.code, Code::Esc | Code::Char('q'))
}

/// The move within a list that a key makes.
fn motion(state: &State, key: Key) -> Option<Motion> {
    keymap::resolve(&state.settings, keymap::screen(state), key).and_then(Command::motion)
}

pub(super) fn receipt(state: &mut State, id: ActId, key: Key, effects: &mut Vec<Effect>) {
    if key.held {
        return;
    }
    let conflict = state.act(id).filter(|act| match &act.stage {
        Stage::Failed(failure) => failure.kind == FailureKind::Conflict,
        Stage::Sent | Stage::Accepted(_) | Stage::Unconfirmed(_) | Stage::Seen { .. } | Stage::NoEffect { .. } => false,
    });
    if key.code == Code::Enter
        && let Some(goal) = conflict.map(|act| act.plan.goal.clone())
    {
        close_receipt(state, id);
        return acting::offer(state, &goal, effects);
    }
    if closes(key) || key.code == Code::Enter {
        close_receipt(state, id);
        return paint(effects);
    }
    if let Some(command) = act_command(state, key) {
        close_receipt(state, id);
        keys::command_given(state, command, effects);
        paint(effects);
    }
}

/// A receipt that was read may go; an act whose outcome is open stays.
fn close_receipt(state: &mut State, id: ActId) {
    state.overlay = None;
    state.acts.retain(|act| act.id != id || act.stage.is_unproven() || matches!(act.stage, Stage::NoEffect { .. }));
}

/// The line of the menu that was chosen.
enum Chosen {
    Goal(Goal),
    Arm,
    Guard,
    StandDown,
    Reset(study::Chosen),
}

pub(super) fn acts(state: &mut State, selected: usize, key: Key, effects: &mut Vec<Effect>) {
    if closes(key) || keymap::resolve(&state.settings, Screen::Release, key) == Some(Command::Acts) {
        state.overlay = None;
        return paint(effects);
    }
    if let Some(motion) = motion(state, key) {
        let count = acts::lines(state).len();
        let selected = navigation::moved(selected, count, count, motion);
        state.overlay = Some(Overlay::Acts { selected });
        return paint(effects);
    }
    if let Some(command) = act_command(state, key) {
        state.overlay = None;
        keys::command_given(state, command, effects);
        return paint(effects);
    }
    if key == Key::of(Code::Enter) {
        let chosen = acts::lines(state).into_iter().nth(selected).map(|line| match line {
            Line::Goal { goal, .. } => Chosen::Goal(goal),
            Line::Arm { .. } => Chosen::Arm,
            Line::Guard { holds: true, .. } => Chosen::StandDown,
            Line::Guard { holds: false, .. } => Chosen::Guard,
            Line::Reset { panel, .. } => Chosen::Reset(panel),
        });
        match chosen {
            // A line that cannot be done says why and stays to be read.
            Some(Chosen::Goal(goal)) => acting::offer(state, &goal, effects),
            Some(Chosen::Arm) => toggle_arm(state, effects),
            Some(Chosen::Guard) => sentry::ask_to_arm(state, effects),
            Some(Chosen::StandDown) => sentry::ask_to_stand_down(state, effects),
            Some(Chosen::Reset(panel)) => resetting::ask(state, Some(panel), effects),
            None => {}
        }
    }
}

pub(super) fn help(state: &mut State, scroll: usize, key: Key, effects: &mut Vec<Effect>) {
    let command = keymap::resolve(&state.settings, keymap::screen(state), key);
    if closes(key) || matches!(command, Some(Command::Help | Command::Back)) {
        state.overlay = None;
    } else if let Some(motion) = motion(state, key) {
        let page = layout::help_page(state.size);
        let end = content::help().len().saturating_sub(page);
        state.overlay = Some(Overlay::Help { scroll: navigation::moved(scroll, end + 1, page, motion) });
    } else {
        return;
    }
    paint(effects);
}

/// The filter of the screen that is shown.
pub(super) fn filter_of(state: &mut State) -> &mut Input {
    match &mut state.open {
        Some(open) => &mut open.filter,
        None => &mut state.board.filter,
    }
}

pub(super) fn filter(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    match key.code {
        Code::Enter => state.overlay = None,
        Code::Esc => {
            filter_of(state).reset();
            state.overlay = None;
        }
        // The arrows go on moving through what is left.
        Code::Up | Code::Down | Code::PageUp | Code::PageDown => {
            if let Some(motion) = motion(state, key) {
                navigation::go(state, motion, effects);
            }
        }
        Code::Char(_)
        | Code::Tab
        | Code::BackTab
        | Code::Backspace
        | Code::Delete
        | Code::Left
        | Code::Right
        | Code::Home
        | Code::End
        | Code::F(_) => {
            text::edit(filter_of(state), key);
        }
    }
    if state.open.is_none() && !matches!(key.code, Code::Up | Code::Down | Code::PageUp | Code::PageDown) {
        board::refilter(state);
    }
    navigation::clamp(state);
    paint(effects);
}

/// Disarms the release's source, or opens the dialog that arms it.
pub(super) fn toggle_arm(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(name) = state.open.as_ref().map(|open| open.target.source.clone()) else {
        return notices::say(state, NoticeKind::Warning, "open a release to arm its source", effects);
    };
    if let Some(why) = state.settings.policy.read_only.clone() {
        return notices::say(state, NoticeKind::Warning, format!("cannot arm `{name}`: {why}"), effects);
    }
    if state.is_armed(&name) {
        if let Some(source) = state.sources.iter_mut().find(|s| s.name == name) {
            source.armed_until = None;
        }
        state.overlay = None;
        notices::say(state, NoticeKind::Said, format!("`{name}` is read-only again"), effects);
    } else {
        state.overlay = Some(Overlay::Arm { source: name, input: Input::default() });
        paint(effects);
    }
}

pub(super) fn arm(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    let until = state.settings.armed_until(state.at);
    let lasts = state.settings.policy.armed_for;
    let Some(Overlay::Arm { source: name, input }) = &mut state.overlay else { return };
    if key.code == Code::Esc {
        state.overlay = None;
        paint(effects);
    } else if key.code != Code::Enter {
        text::edit(input, key);
        paint(effects);
    } else if input.value() == name.to_string() {
        let name = name.clone();
        if let Some(source) = state.sources.iter_mut().find(|s| s.name == name) {
            source.armed_until = Some(until);
        }
        state.overlay = None;
        notices::say(state, NoticeKind::Said, format!("`{name}` is armed for {lasts}"), effects);
    } else {
        let text = format!("type `{name}` to arm it");
        notices::answer(state, NoticeKind::Warning, text, effects);
    }
}

/// Leaves the program; while an act is unproven, or a guard stays behind that was armed here, it asks first.
pub(super) fn quit(state: &mut State, effects: &mut Vec<Effect>) {
    if state.acts.iter().any(|act| act.stage.is_unproven()) || !state.started.is_empty() {
        state.overlay = Some(Overlay::Leave);
        paint(effects);
    } else {
        leave(state, effects);
    }
}

/// Leaves as it was asked for; while the reply of an act is out, once that has come.
pub(super) fn leave(state: &mut State, effects: &mut Vec<Effect>) {
    if acts::unanswered(state).next().is_some() {
        state.overlay = Some(Overlay::Leaving);
        paint(effects);
    } else {
        leave_now(state, effects);
    }
}

/// Leaves at once, and writes down of which acts nobody will know here what became of them.
pub(super) fn leave_now(state: &mut State, effects: &mut Vec<Effect>) {
    if state.quitting {
        return;
    }
    for (place, act) in state.acts.iter().enumerate() {
        if act.stage.is_unproven() || !act.replied {
            let what = What::Left { replied: act.replied };
            proof::journal(state, place, Entry { at: state.at.wall, act: act.id, user: None, what }, effects);
        }
    }
    state.quitting = true;
    effects.push(Effect::Quit);
}

/// The reply that leaving waited for has come: a bad one keeps the person here, who would not learn of it.
pub(super) fn answered(state: &mut State, id: ActId, failed: bool, effects: &mut Vec<Effect>) {
    if !matches!(state.overlay, Some(Overlay::Leaving)) {
        return;
    }
    if failed {
        state.overlay = Some(Overlay::Receipt(id));
        paint(effects);
    } else {
        leave(state, effects);
    }
}

pub(super) fn leaving(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    if key.held {
        return;
    }
    let waits = matches!(state.overlay, Some(Overlay::Leaving));
    match key.code {
        Code::Char('q') if !key.ctrl && waits => leave_now(state, effects),
        Code::Char('y' | 'q') if !key.ctrl && !waits => leave(state, effects),
        Code::Char('n') | Code::Esc => {
            state.overlay = None;
            paint(effects);
        }
        Code::Char(_)
        | Code::Enter
        | Code::Tab
        | Code::BackTab
        | Code::Backspace
        | Code::Delete
        | Code::Up
        | Code::Down
        | Code::Left
        | Code::Right
        | Code::Home
        | Code::End
        | Code::PageUp
        | Code::PageDown
        | Code::F(_) => {}
    }
}
