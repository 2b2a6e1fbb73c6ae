//! Lengths of time as specs write them.

use super::objects::IntOrText;
use crate::domain::time::Seconds;

/// Seconds as a bare number, or a length like `1h30m`, `1.5h`, `300ms`; none where it cannot be read.
pub(super) fn length(value: &IntOrText) -> Option<Seconds> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "lengths of pauses are small")]
        IntOrText::Int(n) => (*n >= 0).then_some(Seconds(*n as f64)),
        IntOrText::Text(text) => text_length(text),
    }
}

/// The same for a text.
pub(super) fn text_length(text: &str) -> Option<Seconds> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Seconds(f64::from(seconds)));
    }
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let scale = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    (!text.is_empty()).then_some(Seconds(total))
}

/// A length as short as it can be said: `2m`, `1m30s`, `45s`.
pub(super) fn short(length: Seconds) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, saturates")]
    let whole = length.0.max(0.0).round() as u64;
    let parts = [(whole / 86_400, 'd'), (whole / 3600 % 24, 'h'), (whole / 60 % 60, 'm'), (whole % 60, 's')];
    let said: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if said.is_empty() { "0s".into() } else { said.concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_the_controller_reads_them() {
        let cases = [
            ("30", Some(30.0)),
            ("30s", Some(30.0)),
            ("1h30m", Some(5400.0)),
            ("1.5h", Some(5400.0)),
            ("300ms", Some(0.3)),
            ("", None),
            ("soon", None),
            ("5x", None),
            ("5", Some(5.0)),
        ];
        for (text, seconds) in cases {
            assert_eq!(length(&IntOrText::Text(text.into())).map(|s| s.0), seconds, "{text}");
        }
        assert_eq!(length(&IntOrText::Int(90)), Some(Seconds(90.0)));
        assert_eq!(length(&IntOrText::Int(-1)), None);
    }

    #[test]
    fn lengths_are_said_short() {
        for (seconds, said) in [(0.0, "0s"), (45.0, "45s"), (120.0, "2m"), (90.0, "1m30s"), (90_000.0, "1d1h")] {
            assert_eq!(short(Seconds(seconds)), said);
        }
    }
}
