//! The dialogs that arm a guard, with its mandate in words, and stand one down.

use super::{framed, key, said, title, typing};
use crate::{
    core::{
        arming, layout,
        state::{GuardDialog, GuardOrder, State},
    },
    theme::Role,
    view::{canvas::Canvas, widget::row::Row},
};

pub fn draw(state: &State, dialog: &GuardDialog, canvas: &mut Canvas) {
    let Some(open) = &state.open else { return };
    let width = layout::dialog_columns(state.size);
    let (verb, act, no) = match dialog.order {
        GuardOrder::Arm(_) => ("ARM A GUARD", "arm it", "leave it"),
        GuardOrder::StandDown(_) => ("STAND THE GUARD DOWN", "stand it down", "keep it"),
    };
    let title = title(state, &open.target, verb);
    let rows = match &dialog.order {
        GuardOrder::Arm(mandate) => {
            let mut rows: Vec<Row> = arming::sentences(state, mandate)
                .iter()
                .flat_map(|sentence| said(sentence.label, &sentence.text, width))
                .collect();
            // A session that ends it stands among the sentences.
            let until =
                if state.settings.mortal.is_some() { "runs until that session ends" } else { "outlives this screen" };
            rows.extend(said("runs as", &format!("a process of its own on this machine, which {until}"), width));
            rows
        }
        GuardOrder::StandDown(_) => {
            let sentences = arming::standing_down(state);
            sentences.iter().flat_map(|sentence| said(sentence.label, &sentence.text, width)).collect()
        }
    };
    let name = crate::domain::clean::Clean::new(open.target.name()).to_string();
    let mut question = typing(&name, &dialog.input, None, false, width);
    let complete = dialog.input.value() == open.target.name();
    question.extend([Row::new(), key(key(Row::new(), "enter", act, complete), "esc", no, true)]);
    framed(state, canvas, Role::Danger, &title, &rows, &question, 0);
}
