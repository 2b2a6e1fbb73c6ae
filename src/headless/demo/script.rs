//! Keys for a flight without a keyboard: which, and when.

use std::str::FromStr;

use crate::core::key::{Key, KeyError};

/// Milliseconds between two keys, and between two letters of a typed word.
const KEY_MS: u64 = 600;
const LETTER_MS: u64 = 120;

/// Keys by the real milliseconds since the start at which they are pressed, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script(pub Vec<(u64, Key)>);

/// What cannot be read of a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("`{0}` is not a moment; write seconds since the start as `@12` or `@12.5`")]
    Moment(String),
    #[error("`{0}` lies before the key that stands before it")]
    Backwards(String),
}

/// Reads words: `@12.5` goes to that second, `=text` types a text, everything else is a key.
/// Keys follow each other in 0.6 s, letters in 0.12 s.
impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let (mut at, mut keys) = (KEY_MS, Vec::new());
        for word in text.split_whitespace() {
            if let Some(moment) = word.strip_prefix('@') {
                let to = millis(moment).ok_or_else(|| ScriptError::Moment(word.to_owned()))?;
                if to < keys.last().map_or(0, |(at, _)| *at) {
                    return Err(ScriptError::Backwards(word.to_owned()));
                }
                at = to;
            } else if let Some(typed) = word.strip_prefix('=').filter(|typed| !typed.is_empty()) {
                for letter in typed.chars() {
                    keys.push((at, Key::char(letter)));
                    at += LETTER_MS;
                }
                at += KEY_MS;
            } else {
                keys.push((at, word.parse()?));
                at += KEY_MS;
            }
        }
        Ok(Self(keys))
    }
}

/// `12` or `12.5` seconds; a tenth is the finest.
fn millis(text: &str) -> Option<u64> {
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let tenth: u64 = if tenth.len() == 1 { tenth.parse().ok()? } else { return None };
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(tenth * 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_when_the_script_says() {
        let script: Script = "R @12.5 =ok enter".parse().unwrap();
        let expected = [(600, "R"), (12_500, "o"), (12_620, "k"), (13_340, "enter")];
        let expected: Vec<(u64, Key)> = expected.iter().map(|(at, key)| (*at, key.parse().unwrap())).collect();
        assert_eq!(script.0, expected);
    }

    #[test]
    fn a_bad_script_says_which_word() {
        for (text, word) in [("@soon", "@soon"), ("@5 R @4", "@4"), ("hyper-x", "hyper-x"), ("@1.25", "@1.25")] {
            assert!(text.parse::<Script>().unwrap_err().to_string().contains(word), "{text}");
        }
    }
}
