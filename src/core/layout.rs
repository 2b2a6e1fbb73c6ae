//! Which tier of a screen fits, and where its parts stand. Shared by `update` (scrolling) and `view` (painting).

use super::{
    event::Size,
    state::{Pane, View},
};

/// How much of a release fits on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Everything side by side: 120×40 and up.
    Cockpit,
    /// Vital lines and one tab: the real size inside a tmux pane.
    Tabs,
    /// Three lines: state, verdict, way back.
    Lines,
}

#[must_use]
pub const fn tier(size: Size) -> Tier {
    if size.columns >= 120 && size.rows >= 40 {
        Tier::Cockpit
    } else if size.columns >= 60 && size.rows >= 12 {
        Tier::Tabs
    } else {
        Tier::Lines
    }
}

/// How many rows of the board are on screen.
#[must_use]
pub const fn board_page(size: Size) -> usize {
    size.rows.saturating_sub(4) as usize
}

/// How many lines of a pane are on screen.
#[must_use]
pub const fn pane_page(size: Size, view: View, pane: Pane) -> usize {
    let rows = size.rows as usize;
    match (view, tier(size), pane) {
        (View::Pods | View::Timeline, _, _) => rows.saturating_sub(4),
        (View::Cockpit, Tier::Cockpit, Pane::Timeline | Pane::Pods) => 4,
        (View::Cockpit, Tier::Cockpit, Pane::Metrics | Pane::Steps) => rows.saturating_sub(20),
        (View::Cockpit, Tier::Tabs | Tier::Lines, _) => rows.saturating_sub(9),
    }
}
