//! Keys as this program names them, so that configuration and recordings do not depend on a terminal library.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One key press. Shift is part of the character where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
    /// A repeat of a held key, where the terminal tells.
    pub held: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// A key name that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key; write a character, `ctrl-c`, `enter`, `esc`, `tab`, `space`, `up`, `page-up` or `f1`")]
pub struct KeyError(pub String);

const NAMED: &[(&str, Code)] = &[
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("back-tab", Code::BackTab),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("home", Code::Home),
    ("end", Code::End),
    ("page-up", Code::PageUp),
    ("page-down", Code::PageDown),
    ("space", Code::Char(' ')),
];

impl Key {
    #[must_use]
    pub const fn of(code: Code) -> Self {
        Self { code, ctrl: false, held: false }
    }

    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::of(Code::Char(c))
    }

    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true, held: false }
    }

    /// The same key, as if pressed once.
    #[must_use]
    pub const fn pressed(self) -> Self {
        Self { held: false, ..self }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl-")?;
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, Code::Char(c)) => write!(f, "{c}"),
            (None, Code::F(n)) => write!(f, "f{n}"),
            (None, other) => write!(f, "{other:?}"),
        }
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let unknown = || KeyError(text.to_owned());
        let (ctrl, name) = match text.strip_prefix("ctrl-") {
            Some(rest) if !rest.is_empty() => (true, rest),
            Some(_) | None => (false, text),
        };
        let mut chars = name.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() => Code::Char(c),
            (Some('f'), Some(_))
                if name.get(1..).is_some_and(|n| n.parse::<u8>().is_ok_and(|n| (1..=24).contains(&n))) =>
            {
                Code::F(name.get(1..).and_then(|n| n.parse().ok()).ok_or_else(unknown)?)
            }
            _ => NAMED.iter().find(|(known, _)| *known == name).map(|(_, code)| *code).ok_or_else(unknown)?,
        };
        Ok(Self { code, ctrl, held: false })
    }
}

/// `ctrl-c`; a held key carries a trailing `+`.
impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let held = if self.held { " held" } else { "" };
        serializer.collect_str(&format_args!("{self}{held}"))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (name, held) = match text.strip_suffix(" held") {
            Some(name) => (name, true),
            None => (text.as_str(), false),
        };
        name.parse::<Self>().map(|key| Self { held, ..key }).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_typed_into_the_configuration() {
        let keys = ["a", "R", "?", "ctrl-c", "space", "enter", "page-up", "f5", "-", "ctrl--", "f"];
        for text in keys {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
        for text in ["", "ctrl-", "abc", "f99", "meta-x"] {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_recorded_key_comes_back_equal() {
        for key in [Key::char('R'), Key { held: true, ..Key::char(' ') }, Key::ctrl('c')] {
            let json = serde_json::to_string(&key).unwrap();
            assert_eq!(serde_json::from_str::<Key>(&json).unwrap(), key);
        }
    }
}
