//! The dialog that sets a regression aside.

use super::{framed, key, said, title, typing};
use crate::{
    core::{
        layout, reset,
        state::{ResetDialog, State},
    },
    domain::clean::Clean,
    theme::Role,
    view::{canvas::Canvas, widget::row::Row},
};

pub fn draw(state: &State, dialog: &ResetDialog, canvas: &mut Canvas) {
    let Some(open) = &state.open else { return };
    let width = layout::dialog_columns(state.size);
    let rows: Vec<Row> = match reset::possible(state, &dialog.panel) {
        Ok(panel) => {
            let sentences = reset::sentences(state, panel);
            sentences.iter().flat_map(|sentence| said(sentence.label, &sentence.text, width)).collect()
        }
        Err(denied) => said("not now", &denied.to_string(), width),
    };
    let name = Clean::new(open.target.name()).to_string();
    let complete = dialog.name.value() == open.target.name() && !dialog.reason.value().trim().is_empty();
    let mut question = typing(&name, &dialog.name, Some(&dialog.reason), dialog.in_reason, width);
    let row = key(key(Row::new(), "enter", "set it aside", complete), "tab", "other", true);
    question.push(key(row, "esc", "let it stand", true));
    framed(state, canvas, Role::Danger, &title(state, &open.target, "RESET A REGRESSION"), &rows, &question, 0);
}
