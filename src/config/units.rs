//! Lengths of time and shares as people write them.

use crate::domain::time::Seconds;

/// Reads `90s`, `15m`, `1h30m`, `500ms`, `2d`. A number without a unit is no length of time.
#[must_use]
pub fn duration(text: &str) -> Option<Seconds> {
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let number: f64 = digits.parse().ok()?;
        rest = rest.strip_prefix(digits.as_str())?;
        let unit: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
        rest = rest.strip_prefix(unit.as_str())?.trim_start();
        total += number
            * match unit.as_str() {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                _ => return None,
            };
    }
    Some(Seconds(total))
}

/// A length so that it can be read again and is the same.
#[must_use]
pub fn written(length: Seconds) -> String {
    let shown = length.to_string();
    if duration(&shown) == Some(length) { shown } else { format!("{}ms", (length.0 * 1000.0).round()) }
}

/// Reads `10 %` and `0.1`, both as 0.1.
#[must_use]
pub fn share(text: &str) -> Option<f64> {
    let (number, of) = text.trim().strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    number.trim().parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| n / of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_need_units() {
        let cases = [
            ("90s", Some(90.0)),
            ("15m", Some(900.0)),
            ("1h30m", Some(5400.0)),
            ("1h 30m", Some(5400.0)),
            ("500ms", Some(0.5)),
            ("1.5m", Some(90.0)),
            ("2d", Some(172_800.0)),
            ("90", None),
            ("", None),
            ("s", None),
            ("-5s", None),
            ("5 minutes", None),
            ("1.2.3s", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(duration(text), seconds.map(Seconds), "{text}");
        }
    }

    #[test]
    fn shares_are_percentages_or_fractions() {
        let cases = [
            ("10 %", Some(0.1)),
            ("2.5%", Some(0.025)),
            (" 1% ", Some(0.01)),
            ("0.1", Some(0.1)),
            ("1e-3", Some(0.001)),
            ("10", Some(10.0)),
            ("x %", None),
            ("%", None),
            ("1%%", None),
            ("inf %", None),
            ("NaN", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(share(text), expected, "{text}");
        }
    }
}
