//! Keys, pastes and resizes from the terminal, as the program names them.
//!
//! Read on a thread of its own: when a terminal vanishes, the library's reader may never return.

use std::{io, thread, time::Duration};

use crossterm::event::{self, Event as Heard, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc;

use super::{clock::Clock, crash};
use crate::core::{
    event::{Event, Size},
    key::{Code, Key},
};

/// Resizes closer together than this many milliseconds are told as one.
const RESIZE_MS: u64 = 50;
/// Longest paste that is kept, in characters.
const PASTE_CHARS: usize = 4096;

/// Hears the terminal until it ends; then the channel closes.
///
/// # Errors
/// When the thread cannot be started.
pub fn listen(clock: Clock) -> io::Result<mpsc::Receiver<Event>> {
    let (sender, receiver) = mpsc::channel(256);
    thread::Builder::new().name("input".into()).spawn(move || {
        if let Err(error) = hear(clock, &sender) {
            tracing::warn!(%error, "the keyboard cannot be heard any more");
        }
    })?;
    Ok(receiver)
}

fn hear(clock: Clock, sender: &mpsc::Sender<Event>) -> io::Result<()> {
    let mut resized: Option<(Size, u64)> = None;
    crash::on_purpose("thread");
    loop {
        let events = match resized {
            Some((size, until)) => {
                let left = Duration::from_millis(until.saturating_sub(clock.mono()));
                if left.is_zero() || !event::poll(left)? {
                    resized = None;
                    vec![Event::Resized(size)]
                } else {
                    translate(event::read()?, &mut resized, &clock)
                }
            }
            None => translate(event::read()?, &mut resized, &clock),
        };
        for event in events {
            if sender.blocking_send(event).is_err() {
                return Ok(());
            }
        }
    }
}

fn translate(heard: Heard, resized: &mut Option<(Size, u64)>, clock: &Clock) -> Vec<Event> {
    match heard {
        Heard::Key(key) => keys(key).into_iter().map(Event::Key).collect(),
        Heard::Paste(text) => vec![Event::Pasted(text.chars().take(PASTE_CHARS).collect())],
        Heard::Resize(columns, rows) => {
            // The first of a storm sets the time, so that an endless one is still followed.
            let until = resized.map_or_else(|| clock.mono() + RESIZE_MS, |(_, until)| until);
            *resized = Some((Size { columns, rows }, until));
            Vec::new()
        }
        Heard::Mouse(_) | Heard::FocusGained | Heard::FocusLost => Vec::new(),
    }
}

/// What a key press means; none for releases and for keys without a name here.
fn keys(event: KeyEvent) -> Vec<Key> {
    let others = KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META;
    if event.kind == KeyEventKind::Release || event.modifiers.intersects(others) {
        return Vec::new();
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let code = match event.code {
        KeyCode::Char(c) if c.is_control() => return Vec::new(),
        KeyCode::Char(c) if ctrl => Code::Char(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => Code::BackTab,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        KeyCode::Insert
        | KeyCode::Null
        | KeyCode::CapsLock
        | KeyCode::ScrollLock
        | KeyCode::NumLock
        | KeyCode::PrintScreen
        | KeyCode::Pause
        | KeyCode::Menu
        | KeyCode::KeypadBegin
        | KeyCode::Media(_)
        | KeyCode::Modifier(_) => return Vec::new(),
    };
    let key = Key { code, ctrl, held: event.kind == KeyEventKind::Repeat };
    // On the wire a chord with Alt is Esc and the key; over a slow line so is Esc, then the key.
    if event.modifiers.contains(KeyModifiers::ALT) { vec![Key::of(Code::Esc), key] } else { vec![key] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> String {
        let keys = keys(KeyEvent::new_with_kind(code, modifiers, kind));
        keys.iter().map(|k| serde_json::to_string(k).unwrap().replace('"', "")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_get_the_names_of_the_configuration() {
        let press = KeyEventKind::Press;
        let cases = [
            (KeyCode::Char('R'), KeyModifiers::SHIFT, press, "R"),
            (KeyCode::Char('c'), KeyModifiers::CONTROL, press, "ctrl-c"),
            (KeyCode::Char('L'), KeyModifiers::CONTROL | KeyModifiers::SHIFT, press, "ctrl-l"),
            (KeyCode::Char(' '), KeyModifiers::NONE, press, "space"),
            (KeyCode::Char('y'), KeyModifiers::NONE, KeyEventKind::Repeat, "y held"),
            (KeyCode::Char('y'), KeyModifiers::NONE, KeyEventKind::Release, ""),
            (KeyCode::Char('x'), KeyModifiers::ALT, press, "esc x"),
            (KeyCode::Tab, KeyModifiers::SHIFT, press, "back-tab"),
            (KeyCode::F(5), KeyModifiers::NONE, press, "f5"),
            (KeyCode::Char('\u{7}'), KeyModifiers::NONE, press, ""),
            (KeyCode::Char('q'), KeyModifiers::SUPER, press, ""),
        ];
        for (code, modifiers, kind, expected) in cases {
            assert_eq!(shown(code, modifiers, kind), expected, "{code:?} {modifiers:?} {kind:?}");
        }
    }

    #[test]
    fn a_storm_of_resizes_is_told_once() {
        let (clock, mut resized) = (Clock::real(), None);
        let mut until = Vec::new();
        for columns in 80..120 {
            assert!(translate(Heard::Resize(columns, 30), &mut resized, &clock).is_empty());
            until.push(resized.unwrap().1);
        }
        assert_eq!(resized.unwrap().0, Size { columns: 119, rows: 30 });
        assert!(until.windows(2).all(|pair| pair[0] == pair[1]), "the first sets the time");
    }
}
