//! What lies over a screen and has the keys.

mod acts;
mod confirm;
mod help;
mod prompt;
mod receipt;

use ratatui::layout::Rect;
use tui_input::Input;

use super::{canvas::Canvas, widget::row::Row};
use crate::{
    core::{
        layout::{self, Dialog},
        state::{Overlay, State},
    },
    theme::Role,
};

pub fn draw(state: &State, canvas: &mut Canvas) {
    match &state.overlay {
        None => {}
        Some(Overlay::Confirm(confirm)) => confirm::draw(state, confirm, canvas),
        Some(Overlay::Receipt(act)) => receipt::draw(state, *act, canvas),
        Some(Overlay::Acts { selected }) => acts::draw(state, *selected, canvas),
        Some(Overlay::Help { scroll }) => help::draw(state, *scroll, canvas),
        Some(Overlay::Filter) => prompt::filter(state, canvas),
        Some(Overlay::Leave) => prompt::leave(state, canvas),
        Some(Overlay::Arm { source, input }) => prompt::arm(state, source, input, canvas),
    }
}

/// A frame with lines and, below a blank one, what is asked.
fn framed(
    state: &State,
    canvas: &mut Canvas,
    frame: Role,
    title: &Row,
    rows: &[Row],
    question: &[Row],
    scroll: usize,
) -> Dialog {
    let asked = u16::try_from(question.len()).unwrap_or(u16::MAX);
    let dialog = layout::dialog(state.size, rows.len(), asked);
    canvas.frame(dialog.frame, frame, title);
    canvas.rows(dialog.body, rows, scroll);
    canvas.rows(dialog.question, question, 0);
    dialog
}

/// A text field that shows its end where it is longer than its room, with a block as cursor.
fn field(input: &Input, room: usize, has_keys: bool) -> Row {
    let scroll = input.visual_scroll(room.saturating_sub(1));
    let shown: String = input.value().chars().skip(scroll).take(room.saturating_sub(1)).collect();
    let row = Row::new().put(Role::Input, shown);
    if has_keys { row.put(Role::Key, "█") } else { row }
}

/// A key and what it does.
fn key(row: Row, key: &str, label: &str, works: bool) -> Row {
    let (key_role, text) = if works { (Role::Key, Role::Text) } else { (Role::Denied, Role::Denied) };
    row.put(key_role, key.to_owned()).gap(1).put(text, label.to_owned()).gap(3)
}

/// One line of the screen's foot.
fn foot(canvas: &Canvas) -> Rect {
    let area = canvas.area();
    Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area }
}
