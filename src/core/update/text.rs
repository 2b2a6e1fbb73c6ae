//! Keys into text fields. Every text field is a `tui_input::Input` in the state.

use tui_input::{Input, InputRequest};

use crate::core::key::{Code, Key};

/// Longest text that can be typed into a field, in characters.
const MAX_CHARS: usize = 400;

/// Lets a key edit the field. True if it was a key that edits or moves.
pub(super) fn edit(input: &mut Input, key: Key) -> bool {
    let request = match (key.code, key.ctrl) {
        (Code::Char(c), false) if input.value().chars().count() < MAX_CHARS => InputRequest::InsertChar(c),
        (Code::Backspace, false) | (Code::Char('h'), true) => InputRequest::DeletePrevChar,
        (Code::Delete, false) => InputRequest::DeleteNextChar,
        (Code::Left, false) => InputRequest::GoToPrevChar,
        (Code::Right, false) => InputRequest::GoToNextChar,
        (Code::Left, true) => InputRequest::GoToPrevWord,
        (Code::Right, true) => InputRequest::GoToNextWord,
        (Code::Home, false) | (Code::Char('a'), true) => InputRequest::GoToStart,
        (Code::End, false) | (Code::Char('e'), true) => InputRequest::GoToEnd,
        (Code::Char('w'), true) => InputRequest::DeletePrevWord,
        (Code::Char('k'), true) => InputRequest::DeleteTillEnd,
        (Code::Char('u'), true) => InputRequest::DeleteFromStart,
        (
            Code::Char(_)
            | Code::Enter
            | Code::Esc
            | Code::Tab
            | Code::BackTab
            | Code::Backspace
            | Code::Delete
            | Code::Up
            | Code::Down
            | Code::Home
            | Code::End
            | Code::PageUp
            | Code::PageDown
            | Code::F(_),
            _,
        ) => return false,
    };
    input.handle(request);
    true
}

/// Inserts pasted text as one line.
pub(super) fn paste(input: &mut Input, text: &str) {
    for c in text.chars().filter(|c| !c.is_control()) {
        if input.value().chars().count() < MAX_CHARS {
            input.handle(InputRequest::InsertChar(c));
        }
    }
}
