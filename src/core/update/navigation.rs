//! Moving about: the board's cursor, the panes of a release, and keeping every scroll position in range.

use super::{board, past, watching};
use crate::core::{
    acts,
    command::Command,
    content,
    effect::Effect,
    layout::{self, Tier},
    state::{Open, Overlay, Pane, State, View},
    study::{self, Range},
};

/// Carries out a command that moves.
pub(super) fn go(state: &mut State, command: Command) {
    match command {
        Command::NextPane => turn(state, 1),
        Command::PreviousPane => turn(state, Pane::ALL.len() - 1),
        Command::Evidence => evidence(state),
        Command::Shorter => range(state, Range::shorter),
        Command::Longer => range(state, Range::longer),
        Command::Unfold => unfold(state),
        Command::Metrics => show(state, Pane::Metrics),
        Command::Steps => show(state, Pane::Steps),
        Command::Pods => show(state, Pane::Pods),
        Command::Timeline => show(state, Pane::Timeline),
        Command::Up
        | Command::Down
        | Command::PageUp
        | Command::PageDown
        | Command::First
        | Command::Last
        | Command::Rollback
        | Command::Hold
        | Command::Promote
        | Command::Acts
        | Command::PromoteFull
        | Command::Abort
        | Command::Retry
        | Command::Arm
        | Command::Guard
        | Command::StandDown
        | Command::Reset
        | Command::Open
        | Command::Earlier
        | Command::Later
        | Command::Rewind
        | Command::Forward
        | Command::Filter
        | Command::Help
        | Command::Back
        | Command::Redraw
        | Command::Suspend
        | Command::Quit => {
            if state.open.is_some() {
                scroll(state, command);
            } else {
                board::go(state, command);
            }
        }
    }
}

/// A place in a list of `count` lines after a moving command; `page` lines are on screen.
pub(super) fn moved(place: usize, count: usize, page: usize, command: Command) -> usize {
    let page = page.max(1);
    let last = count.saturating_sub(1);
    match command {
        Command::Up => place.saturating_sub(1),
        Command::Down => place.saturating_add(1).min(last),
        Command::PageUp => place.saturating_sub(page),
        Command::PageDown => place.saturating_add(page).min(last),
        Command::First => 0,
        Command::Last => last,
        Command::Rollback
        | Command::Hold
        | Command::Promote
        | Command::Acts
        | Command::PromoteFull
        | Command::Abort
        | Command::Retry
        | Command::Arm
        | Command::Guard
        | Command::StandDown
        | Command::Reset
        | Command::Open
        | Command::NextPane
        | Command::PreviousPane
        | Command::Evidence
        | Command::Shorter
        | Command::Longer
        | Command::Unfold
        | Command::Metrics
        | Command::Steps
        | Command::Pods
        | Command::Timeline
        | Command::Earlier
        | Command::Later
        | Command::Rewind
        | Command::Forward
        | Command::Filter
        | Command::Help
        | Command::Back
        | Command::Redraw
        | Command::Suspend
        | Command::Quit => place,
    }
}

/// One step outwards: the past, a full-screen list, a filter, the release; nothing on the bare board.
pub(super) fn back(state: &mut State, effects: &mut Vec<Effect>) {
    if past::leave(state) {
        return;
    }
    match &mut state.open {
        Some(open) if !open.filter.value().is_empty() => open.filter.reset(),
        Some(open) if open.view != View::Cockpit => open.view = View::Cockpit,
        Some(_) => watching::close(state, effects),
        None => {
            state.board.filter.reset();
            board::refilter(state);
        }
    }
    clamp(state);
}

/// Keeps every scroll position within its list, after lists or the screen changed.
pub(super) fn clamp(state: &mut State) {
    board::follow(state);
    for pane in Pane::ALL {
        // Counting a list is not free, and most stand at their top.
        let end = state
            .open
            .as_ref()
            .filter(|open| scroll_of(open, pane) > 0)
            .map(|open| layout::last_scroll(state, open, pane).min(scroll_of(open, pane)));
        if let (Some(open), Some(end)) = (&mut state.open, end) {
            set_scroll(open, pane, end);
        }
    }
    let end = state.open.as_ref().filter(|open| open.view == View::Evidence && open.study.scroll > 0);
    let end = end.map(|open| study::last_scroll(state, open).min(open.study.scroll));
    if let (Some(open), Some(end)) = (&mut state.open, end) {
        open.study.scroll = end;
    }
    // What an overlay can reach is computed only while it is open: it is not free either.
    let end = match &state.overlay {
        Some(Overlay::Confirm(confirm)) => layout::confirm_last_scroll(state, confirm),
        Some(Overlay::Help { .. }) => content::help().len().saturating_sub(layout::help_page(state.size)),
        Some(Overlay::Acts { .. }) => acts::lines(state).len().saturating_sub(1),
        Some(
            Overlay::Receipt(_)
            | Overlay::Filter
            | Overlay::Leave
            | Overlay::Leaving
            | Overlay::Arm { .. }
            | Overlay::Debrief { .. }
            | Overlay::Guard(_)
            | Overlay::Reset(_),
        )
        | None => 0,
    };
    match &mut state.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.scroll = confirm.scroll.min(end),
        Some(Overlay::Help { scroll: place } | Overlay::Acts { selected: place }) => *place = (*place).min(end),
        Some(
            Overlay::Receipt(_)
            | Overlay::Filter
            | Overlay::Leave
            | Overlay::Leaving
            | Overlay::Arm { .. }
            | Overlay::Debrief { .. }
            | Overlay::Guard(_)
            | Overlay::Reset(_),
        )
        | None => {}
    }
}

/// The evidence screen, or back from it.
fn evidence(state: &mut State) {
    let Some(open) = &mut state.open else { return };
    open.view = match open.view {
        View::Evidence => View::Cockpit,
        View::Cockpit | View::Pods | View::Timeline => View::Evidence,
    };
    clamp(state);
}

/// More or less of the past; from another screen the evidence screen as it was left.
fn range(state: &mut State, to: fn(Range) -> Range) {
    let Some(open) = &mut state.open else { return };
    match open.view {
        View::Evidence => open.study.range = to(open.study.range),
        View::Cockpit | View::Pods | View::Timeline => open.view = View::Evidence,
    }
    clamp(state);
}

/// Another panel on the evidence screen, from its beginning.
fn choose(state: &mut State, by: isize) {
    let Some(open) = &state.open else { return };
    let chosen = study::neighbour(state, open, by);
    if let Some(open) = &mut state.open {
        open.study.panel = chosen;
        open.study.scroll = 0;
    }
}

/// On the evidence screen lines choose the panel, and pages move in the text.
fn in_evidence(state: &mut State, command: Command) {
    let Some(open) = &state.open else { return };
    let by = match command {
        Command::Up => -1,
        Command::Down => 1,
        other => {
            let (end, fits) = (study::last_scroll(state, open), study::page(state, open));
            let to = match other {
                Command::Last => end,
                other => moved(open.study.scroll, end + 1, fits, other),
            };
            if let Some(open) = &mut state.open {
                open.study.scroll = to;
            }
            return;
        }
    };
    choose(state, by);
}

fn scroll(state: &mut State, command: Command) {
    let Some(open) = &state.open else { return };
    if open.view == View::Evidence {
        return in_evidence(state, command);
    }
    let pane = content::focus(state, open);
    let (end, fits) = (layout::last_scroll(state, open, pane), layout::pane_page(state, open, pane));
    let to = match command {
        Command::Last => end,
        other => moved(scroll_of(open, pane), end + 1, fits, other),
    };
    if let Some(open) = &mut state.open {
        set_scroll(open, pane, to);
    }
}

/// The first line of a list on screen again.
pub(super) fn to_top(state: &mut State, pane: Pane) {
    if let Some(open) = &mut state.open {
        set_scroll(open, pane, 0);
    }
}

fn place_of(pane: Pane) -> usize {
    match pane {
        Pane::Metrics => 0,
        Pane::Steps => 1,
        Pane::Pods => 2,
        Pane::Timeline => 3,
    }
}

fn scroll_of(open: &Open, pane: Pane) -> usize {
    open.scroll.get(place_of(pane)).copied().unwrap_or(0)
}

fn set_scroll(open: &mut Open, pane: Pane, to: usize) {
    if let Some(scroll) = open.scroll.get_mut(place_of(pane)) {
        *scroll = to;
    }
}

/// A line for every panel, or what is fine folded again.
fn unfold(state: &mut State) {
    if let Some(open) = &mut state.open {
        open.unfolded = !open.unfolded;
    }
    clamp(state);
}

/// To the pane `by` places further on.
fn turn(state: &mut State, by: usize) {
    let Some(open) = &state.open else { return };
    if open.view == View::Evidence {
        return choose(state, if by == 1 { 1 } else { -1 });
    }
    let place = place_of(content::focus(state, open));
    let Some(next) = Pane::ALL.get((place + by) % Pane::ALL.len()) else { return };
    let next = *next;
    if let Some(open) = &mut state.open {
        open.view = View::Cockpit;
        open.pane = next;
        open.tab = Some(next);
    }
}

/// Shows a pane: as the tab where there are tabs; long lists fill the screen where everything else is shown already.
fn show(state: &mut State, pane: Pane) {
    let tier = layout::tier(state.size);
    let Some(open) = &mut state.open else { return };
    let full = match pane {
        Pane::Pods => View::Pods,
        Pane::Timeline => View::Timeline,
        Pane::Metrics | Pane::Steps => View::Cockpit,
    };
    open.view = match tier {
        Tier::Tabs => View::Cockpit,
        Tier::Cockpit | Tier::Lines if open.view == full => View::Cockpit,
        Tier::Cockpit | Tier::Lines => full,
    };
    open.pane = pane;
    open.tab = Some(pane);
    clamp(state);
}
