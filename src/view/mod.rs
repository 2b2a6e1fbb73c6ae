//! State to cells. Reads only: what can be seen is decided in `State`, how it looks in the `Theme`.

mod canvas;
mod chrome;
mod overlay;
mod screen;
mod widget;
mod words;

use ratatui::Frame;

use crate::{
    core::{past, state::State},
    theme::Theme,
};
use canvas::Canvas;

/// Paints the whole screen.
pub fn draw(state: &State, theme: &Theme, frame: &mut Frame) {
    let mut canvas = Canvas { theme, buffer: frame.buffer_mut() };
    canvas.over(canvas.area(), crate::theme::Role::Text);
    let then = past::shown(state);
    screen::draw(then.as_ref().unwrap_or(state), &mut canvas);
    if let Some(then) = &then {
        chrome::replay(state, then, &mut canvas);
    }
    chrome::notice(state, &mut canvas);
    overlay::draw(state, &mut canvas);
    if state.is_replayed() && then.is_none() {
        chrome::recording(&mut canvas);
    }
}
