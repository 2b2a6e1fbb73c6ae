//! The screens: the board, and an opened release in the size that fits.

mod board;
mod evidence;
mod pods;
mod release;
mod timeline;

use super::canvas::Canvas;
use crate::core::state::{State, View};

pub fn draw(state: &State, canvas: &mut Canvas) {
    match &state.open {
        None => board::draw(state, canvas),
        Some(open) => match open.view {
            View::Cockpit => release::draw(state, open, canvas),
            View::Pods => pods::draw(state, open, canvas),
            View::Timeline => timeline::draw(state, open, canvas),
            View::Evidence => evidence::draw(state, open, canvas),
        },
    }
}
