//! Text from outside, made safe for a terminal by its type.
//!
//! `Clean` is for reading: nothing in it can move the cursor, hide, reorder or flood. `Name` is for
//! names that go back over the wire: it keeps the raw form and shows the clean one.

use std::{borrow::Borrow, fmt, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize};

/// Longest text kept, in characters; what is cut ends in `…`.
const MAX_CHARS: usize = 1000;
/// Combining marks kept after one base character; more of them would paint over other lines.
const MAX_MARKS: usize = 2;

/// Text that is safe to put on a screen, in a log or in a title.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Clean(String);

impl Clean {
    /// Cleans foreign text: control characters and escape sequences become `�`, line breaks and tabs
    /// become spaces, bidi overrides and invisible characters go, over-long text is cut with `…`.
    #[must_use]
    pub fn new(raw: impl AsRef<str>) -> Self {
        let raw = raw.as_ref();
        let mut text = String::with_capacity(raw.len().min(MAX_CHARS * 4));
        let mut marks = 0;
        for (kept, c) in raw.chars().filter(|c| !is_invisible(*c)).enumerate() {
            if kept == MAX_CHARS {
                text.push('…');
                break;
            }
            marks = if is_mark(c) { marks + 1 } else { 0 };
            if marks > MAX_MARKS {
                continue;
            }
            text.push(match c {
                '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
                c if c.is_control() => '�',
                c => c,
            });
        }
        Self(text)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Bidi controls, zero-width characters, tags and variation selectors: they change what other text looks like.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Combining marks of the blocks that are made for stacking.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

impl Deref for Clean {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for Clean {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for Clean {
    fn from(raw: String) -> Self {
        Self::new(raw)
    }
}

impl<'de> Deserialize<'de> for Clean {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A name as the other side spells it. `Display` shows its clean form; `raw` is what goes over the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    #[must_use]
    pub fn new(raw: impl Into<String>) -> Self {
        Self(raw.into())
    }

    /// The name to send; never put this on a screen.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Clean::new(&self.0).fmt(f)
    }
}

impl From<&str> for Name {
    fn from(raw: &str) -> Self {
        Self(raw.to_owned())
    }
}

impl From<String> for Name {
    fn from(raw: String) -> Self {
        Self(raw)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escape_sequences_and_overrides_lose_their_power() {
        let cases = [
            ("plain ünïcode ✓", "plain ünïcode ✓"),
            ("\u{1b}[2Jgone", "�[2Jgone"),
            ("\u{1b}]52;c;aGk=\u{7}", "�]52;c;aGk=�"),
            ("two\nlines\tand tab", "two lines and tab"),
            ("user\u{202e}txt.exe", "usertxt.exe"),
            ("zero\u{200b}width\u{feff}", "zerowidth"),
            ("\u{9b}31m", "�31m"),
            ("a\u{301}\u{302}\u{303}\u{304}b", "a\u{301}\u{302}b"),
        ];
        for (raw, shown) in cases {
            assert_eq!(Clean::new(raw).as_str(), shown);
        }
    }

    #[test]
    fn a_flood_is_cut() {
        assert_eq!(Clean::new("x".repeat(5000)).chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn a_name_goes_back_as_it_came_and_shows_clean() {
        let name = Name::new("web\u{1b}[0m");
        assert_eq!((name.raw(), name.to_string().as_str()), ("web\u{1b}[0m", "web�[0m"));
    }

    proptest! {
        #[test]
        fn nothing_clean_controls_a_terminal(raw in any::<String>()) {
            let clean = Clean::new(&raw);
            prop_assert!(clean.chars().all(|c| !c.is_control() && !is_invisible(c)));
            prop_assert_eq!(Clean::new(clean.as_str()), clean);
        }
    }
}
