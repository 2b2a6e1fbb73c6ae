//! Whether what is on screen is, or was: a recording that is played, or an earlier time that is looked at.

use super::state::State;

/// Whether a state is of now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tense {
    #[default]
    Now,
    /// A moment of a recording that is played.
    Recorded,
}

impl State {
    #[must_use]
    pub fn is_replayed(&self) -> bool {
        self.tense == Tense::Recorded
    }

    /// What the window is called: never the same for a recording as for now.
    #[must_use]
    pub fn window_title(&self) -> String {
        if self.is_replayed() { format!("REPLAY {}", self.title) } else { self.title.clone() }
    }

    /// Whether what is on screen was, be it earlier in this run or in a recording.
    #[must_use]
    pub fn shows_a_past(&self) -> bool {
        self.is_replayed() || self.open.as_ref().is_some_and(|open| open.looking.is_some())
    }
}
