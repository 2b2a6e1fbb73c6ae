//! Which tier of a screen fits, and where its parts stand. Shared by `update` (scrolling) and `view` (painting).

use super::event::Size;

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
