//! The one function that changes the state.

use super::{effect::Effect, event::Stamped, state::State};

/// Takes one event and says what is to be done about it.
pub fn update(state: &mut State, stamped: Stamped) -> Vec<Effect> {
    state.at = stamped.at;
    state.generation += 1;
    Vec::new()
}

/// The effects of starting: the watches of the board or of the release to open.
pub fn start(_state: &mut State) -> Vec<Effect> {
    Vec::new()
}

/// When the state next wants a `Tick`, in monotonic milliseconds; none while nothing on it depends on time.
#[must_use]
pub fn deadline(_state: &State) -> Option<u64> {
    None
}
