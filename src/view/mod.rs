//! State to cells. Reads only.

use ratatui::Frame;

use crate::{core::state::State, theme::Theme};

/// Paints the whole screen.
pub fn draw(_state: &State, _theme: &Theme, _frame: &mut Frame) {}
