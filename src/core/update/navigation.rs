//! Moving about: the board's cursor, the panes of a release, and keeping every scroll position in range.

use super::{board, paint, past, watching};
use crate::core::{
    acts,
    command::Motion,
    content,
    effect::Effect,
    layout::{self, Tier},
    state::{Open, Overlay, Pane, State, View},
    study::{self, Range},
};

/// Moves the board's cursor, or within what of the release has the keys.
pub(super) fn go(state: &mut State, motion: Motion, effects: &mut Vec<Effect>) {
    if state.open.is_some() {
        scroll(state, motion);
    } else {
        board::go(state, motion);
    }
    paint(effects);
}

/// A place in a list of `count` lines after a move; `page` lines are on screen.
pub(super) fn moved(place: usize, count: usize, page: usize, motion: Motion) -> usize {
    let page = page.max(1);
    let last = count.saturating_sub(1);
    match motion {
        Motion::Up => place.saturating_sub(1),
        Motion::Down => place.saturating_add(1).min(last),
        Motion::PageUp => place.saturating_sub(page),
        Motion::PageDown => place.saturating_add(page).min(last),
        Motion::First => 0,
        Motion::Last => last,
    }
}

/// One step outwards: the past, a full-screen list, a filter, the release; nothing on the bare board.
pub(super) fn back(state: &mut State, effects: &mut Vec<Effect>) {
    if past::leave(state, effects) {
        return;
    }
    match &mut state.open {
        Some(open) if !open.filter.value().is_empty() => open.filter.reset(),
        Some(open) if open.view != View::Cockpit => {
            open.view = View::Cockpit;
            // The strip below the cockpit shows what happens now.
            set_scroll(open, Pane::Timeline, 0);
        }
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
pub(super) fn evidence(state: &mut State, effects: &mut Vec<Effect>) {
    paint(effects);
    let Some(open) = &mut state.open else { return };
    open.view = match open.view {
        View::Evidence => View::Cockpit,
        View::Cockpit | View::Pods | View::Timeline => View::Evidence,
    };
    clamp(state);
}

/// More or less of the past; from another screen the evidence screen as it was left.
pub(super) fn range(state: &mut State, to: fn(Range) -> Range, effects: &mut Vec<Effect>) {
    paint(effects);
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
fn in_evidence(state: &mut State, motion: Motion) {
    let Some(open) = &state.open else { return };
    match motion {
        Motion::Up => choose(state, -1),
        Motion::Down => choose(state, 1),
        Motion::PageUp | Motion::PageDown | Motion::First | Motion::Last => {
            let (end, fits) = (study::last_scroll(state, open), study::page(state, open));
            let to = moved(open.study.scroll, end + 1, fits, motion);
            if let Some(open) = &mut state.open {
                open.study.scroll = to;
            }
        }
    }
}

fn scroll(state: &mut State, motion: Motion) {
    let Some(open) = &state.open else { return };
    if open.view == View::Evidence {
        return in_evidence(state, motion);
    }
    let pane = content::focus(state, open);
    let (end, fits) = (layout::last_scroll(state, open, pane), layout::pane_page(state, open, pane));
    let to = moved(scroll_of(open, pane), end + 1, fits, motion);
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
pub(super) fn unfold(state: &mut State, effects: &mut Vec<Effect>) {
    paint(effects);
    if let Some(open) = &mut state.open {
        open.unfolded = !open.unfolded;
    }
    clamp(state);
}

/// To the next pane or tab, or to the one before; on the evidence screen, to another panel.
pub(super) fn turn(state: &mut State, is_onwards: bool, effects: &mut Vec<Effect>) {
    paint(effects);
    let Some(open) = &state.open else { return };
    if open.view == View::Evidence {
        return choose(state, if is_onwards { 1 } else { -1 });
    }
    let place = place_of(content::focus(state, open));
    let by = if is_onwards { 1 } else { Pane::ALL.len() - 1 };
    let Some(next) = Pane::ALL.get((place + by) % Pane::ALL.len()) else { return };
    let next = *next;
    if let Some(open) = &mut state.open {
        open.view = View::Cockpit;
        open.pane = next;
        open.tab = Some(next);
    }
}

/// Shows a pane: as the tab where there are tabs; long lists fill the screen where everything else is shown already.
pub(super) fn show(state: &mut State, pane: Pane, effects: &mut Vec<Effect>) {
    paint(effects);
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
