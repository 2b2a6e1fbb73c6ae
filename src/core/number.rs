//! Numbers for people: three digits that matter, thousands separated.

/// A count with thousands separated: `4,093`.
#[must_use]
pub fn count(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value.round() < 0.0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A measured value with about three digits: `941`, `41.2`, `4.10`, `0.21`.
#[must_use]
pub fn value(value: f64) -> String {
    match value.abs() {
        v if v >= 99.95 => count(value),
        v if v >= 9.995 => format!("{value:.1}"),
        v if v >= 0.095 || v == 0.0 => format!("{value:.2}"),
        v if v >= 0.0095 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

/// A percentage without digits that say nothing: `10`, `9.7`, `0.5`.
#[must_use]
pub fn percent(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    if (tenths - tenths.round()).abs() < 0.05 { format!("{tenths:.0}") } else { format!("{tenths:.1}") }
}

/// A weight in percent, that somebody may have to type: `10`, `8.3`, and `0.04` where a router counts finer.
#[must_use]
pub fn weight(value: f64) -> String {
    if value > 0.0 && value < 0.1 { format!("{value:.3}").trim_end_matches('0').to_owned() } else { percent(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let cases = [
            (0.0, "0"),
            (999.0, "999"),
            (4093.0, "4,093"),
            (1_234_567.0, "1,234,567"),
            (-1200.0, "-1,200"),
            (-0.2, "0"),
        ];
        for (number, text) in cases {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn values_keep_the_digits_that_matter() {
        let cases = [
            (941.2, "941"),
            (4093.0, "4,093"),
            (41.23, "41.2"),
            (4.1, "4.10"),
            (0.21, "0.21"),
            (0.0123, "0.012"),
            (0.0, "0.00"),
            (99.99, "100"),
        ];
        for (number, text) in cases {
            assert_eq!(value(number), text);
        }
        for (number, text) in [(10.0, "10"), (9.7, "9.7"), (9.96, "10"), (0.5, "0.5"), (100.0, "100")] {
            assert_eq!(percent(number), text);
            assert_eq!(weight(number), text);
        }
        assert_eq!([0.0, 0.04, 0.1, 100.0 / 12.0].map(weight), ["0", "0.04", "0.1", "8.3"]);
    }
}
