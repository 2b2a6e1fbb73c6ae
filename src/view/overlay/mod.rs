//! What lies over a screen and has the keys.

mod acts;
mod confirm;
mod debrief;
mod guard;
mod help;
mod prompt;
mod receipt;
mod reset;

use ratatui::layout::Rect;
use tui_input::Input;
use unicode_width::UnicodeWidthChar;

use super::{canvas::Canvas, chrome, widget::row::Row, words};
use crate::{
    core::{
        layout::{self, Dialog},
        sheet::{self, LABEL},
        state::{Overlay, State},
    },
    domain::target::Target,
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
        Some(Overlay::Leaving) => prompt::leaving(state, canvas),
        Some(Overlay::Arm { source, input }) => prompt::arm(state, source, input, canvas),
        Some(Overlay::Debrief { .. }) => debrief::draw(state, canvas),
        Some(Overlay::Guard(dialog)) => guard::draw(state, dialog, canvas),
        Some(Overlay::Reset(dialog)) => reset::draw(state, dialog, canvas),
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
    answered(state, &dialog, canvas);
    dialog
}

/// What a key in the dialog was answered, on the blank line above what is asked.
fn answered(state: &State, dialog: &Dialog, canvas: &mut Canvas) {
    let Some(notice) = state.notice.as_ref().filter(|notice| notice.in_dialog && notice.until > state.at.mono) else {
        return;
    };
    let Dialog { frame, body, question } = dialog;
    // Where there is no such line the frame's last one has to do.
    let y = if question.y > body.y { question.y - 1 } else { frame.bottom().saturating_sub(1) };
    let line = Rect { y, height: 1, ..*body };
    canvas.clear(line);
    canvas.row(line, 0, &chrome::noticed(notice).cut(usize::from(line.width)));
}

/// What is done, and to which release of which environment.
fn title(state: &State, target: &Target, verb: &str) -> Row {
    let (word, badge) =
        state.source(&target.source).map_or(("PROD?", Role::BadgeProd), |s| words::environment(s.environment));
    let row = Row::new().gap(1).put(Role::Title, verb.to_owned()).put(Role::Border, " ── ");
    let row = if state.settings.demo { row.then(words::badge("DEMO", Role::BadgeDemo)).gap(1) } else { row };
    row.then(words::badge(word, badge))
        .put(Role::Border, " ── ")
        .put(Role::Title, target.source.to_string())
        .muted(" ▸ ")
        .put(Role::Title, target.within_source())
        .gap(1)
}

/// A sentence behind its label, broken into lines.
fn said(label: &str, text: &str, width: usize) -> Vec<Row> {
    let lines = sheet::wrap(text, width.saturating_sub(LABEL).max(1));
    let label = |place: usize| if place == 0 { label } else { "" };
    lines
        .into_iter()
        .enumerate()
        .map(|(place, line)| Row::new().field(Role::Muted, label(place), LABEL).text(line))
        .collect()
}

/// A text field around its cursor, a block that stands before the character typed over next.
fn field(input: &Input, room: usize, has_keys: bool) -> Row {
    let room = room.saturating_sub(1);
    let (scroll, cursor) = (input.visual_scroll(room), input.visual_cursor());
    let (mut before, mut after) = (String::new(), String::new());
    let mut column = 0;
    for letter in input.value().chars() {
        let start = column;
        column += letter.width().unwrap_or_default();
        if start >= scroll && column <= scroll + room {
            if start < cursor { before.push(letter) } else { after.push(letter) }
        }
    }
    let row = Row::new().put(Role::Input, before);
    let row = if has_keys { row.put(Role::Key, "█") } else { row };
    row.put(Role::Input, after)
}

/// What has to be typed and the field for it; where a reason is asked for too, that one below.
fn typing(text: &str, typed: &Input, reason: Option<&Input>, in_reason: bool, width: usize) -> Vec<Row> {
    const WHY: &str = "and say why";
    let first = Row::new().muted("type ").put(Role::Title, text.to_owned());
    let column = first.width().max(if reason.is_some() { WHY.len() } else { 0 }) + 2;
    let room = width.saturating_sub(column);
    let mut rows = vec![first.to(column).then(field(typed, room, !in_reason))];
    rows.extend(reason.map(|reason| Row::new().muted(WHY).to(column).then(field(reason, room, in_reason))));
    rows
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

#[cfg(test)]
mod tests {
    use tui_input::InputRequest;

    use super::*;

    #[test]
    fn the_block_stands_at_the_cursor() {
        let mut input = Input::new("check".into());
        let pieces = |before: &'static str, after: &'static str| {
            Row::new().put(Role::Input, before).put(Role::Key, "█").put(Role::Input, after)
        };
        assert_eq!(field(&input, 20, true), pieces("check", ""));
        input.handle(InputRequest::GoToPrevChar);
        input.handle(InputRequest::GoToPrevChar);
        assert_eq!(field(&input, 20, true), pieces("che", "ck"));
        input.handle(InputRequest::GoToStart);
        assert_eq!(field(&input, 20, true), pieces("", "check"));
    }
}
