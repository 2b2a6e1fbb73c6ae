//! The dialog between a key and a request: customers first, the wire last, and what confirming takes.

use super::{answered, key, title, typing};
use crate::{
    core::{
        layout,
        policy::Confirmation,
        sheet::{self, LABEL, Line, Tone},
        state::{Confirm, State},
    },
    domain::goal::Direction,
    theme::Role,
    view::{canvas::Canvas, widget::row::Row},
};

pub fn draw(state: &State, confirm: &Confirm, canvas: &mut Canvas) {
    let (dialog, _) = layout::confirm(state, confirm);
    let frame = match confirm.plan.direction {
        Direction::Forward => Role::Danger,
        Direction::Back | Direction::Hold => Role::Focus,
    };
    canvas.frame(
        dialog.frame,
        frame,
        &title(state, &confirm.plan.release.target, &confirm.plan.goal.label().to_uppercase()),
    );
    let lines = sheet::lines(state, confirm, usize::from(dialog.body.width));
    let rows: Vec<Row> = lines.iter().map(row).collect();
    canvas.rows(dialog.body, &rows, confirm.scroll);
    let hidden = rows.len().saturating_sub(usize::from(dialog.body.height));
    if hidden > 0 && dialog.frame.height > 2 {
        let note = Row::new().muted(format!(" ↑↓ {hidden} more lines "));
        let foot = ratatui::layout::Rect {
            x: dialog.frame.right().saturating_sub(22),
            y: dialog.frame.bottom() - 1,
            width: 20.min(dialog.frame.width),
            height: 1,
        };
        canvas.row(foot, 0, &note);
    }
    let width = usize::from(dialog.question.width);
    canvas.rows(dialog.question, &question(confirm, layout::is_readable(state, confirm), width), 0);
    answered(state, &dialog, canvas);
}

fn row(line: &Line) -> Row {
    let role = match line.tone {
        Tone::Plain => Role::Text,
        Tone::First => Role::Title,
        Tone::Wire | Tone::Was => Role::Muted,
        Tone::Warning => Role::Warn,
        Tone::Good => Role::Good,
        Tone::Changed => Role::Changed,
        Tone::Trouble => Role::Bad,
    };
    let label = if line.tone == Tone::Changed { Role::Warn } else { Role::Muted };
    let mark = if line.tone == Tone::Changed && !line.label.is_empty() {
        format!("!{}", line.label)
    } else {
        line.label.to_owned()
    };
    Row::new().field(label, &mark, LABEL).put(role, line.text.clone())
}

fn question(confirm: &Confirm, readable: bool, width: usize) -> Vec<Row> {
    let others = |row: Row, typed: bool| {
        let (leave, dry, copy) = if typed { ("esc", "ctrl-d", "ctrl-o") } else { ("n", "d", "c") };
        let label = if typed { "copy" } else { "copy as command" };
        let row = key(row, leave, "leave it", true);
        let row = if confirm.denied.is_none() { key(row, dry, "dry run", true) } else { row };
        key(row, copy, label, true)
    };
    if confirm.denied.is_some() {
        return vec![others(Row::new(), false)];
    }
    let settled = confirm.ready && readable;
    let wait = if readable { "…" } else { "too small a screen" };
    let goal = confirm.goal.label();
    if !confirm.changed.is_empty() {
        let typed = matches!(confirm.confirmation, Confirmation::Type { .. });
        let row = key(
            Row::new(),
            if typed { "enter" } else { "y" },
            if settled { "I have read what changed" } else { wait },
            settled,
        );
        let mut rows = vec![others(row, typed)];
        // The fields stay where they are, so that nothing moves under a finger.
        while rows.len() < usize::from(layout::question_lines(confirm)) {
            rows.insert(0, Row::new());
        }
        return rows;
    }
    match &confirm.confirmation {
        Confirmation::Never => vec![others(Row::new(), false)],
        Confirmation::Yes => vec![others(key(Row::new(), "y", if settled { goal } else { wait }, settled), false)],
        Confirmation::Type { text, with_reason } => {
            let reason = with_reason.then_some(&confirm.reason);
            let mut rows = typing(text, &confirm.typed, reason, confirm.in_reason, width);
            let complete =
                confirm.typed.value() == text.as_str() && (!with_reason || !confirm.reason.value().trim().is_empty());
            let row = key(Row::new(), "enter", if settled { goal } else { wait }, settled && complete);
            let row = if *with_reason { key(row, "tab", "other", true) } else { row };
            rows.push(others(row, true));
            rows
        }
    }
}
