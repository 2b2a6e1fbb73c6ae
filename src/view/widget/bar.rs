//! A share as a bar of eighths.

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// `percent` of `width` columns. Anything above 0 is seen.
#[must_use]
pub fn text(percent: f64, width: usize) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "columns of a screen"
    )]
    let eighths = (percent.clamp(0.0, 100.0) / 100.0 * width as f64 * 8.0).round() as usize;
    let eighths = if percent > 0.0 { eighths.max(1) } else { eighths };
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(EIGHTHS.get(eighths % 8).copied().unwrap_or_default());
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_drawn_in_eighths() {
        let cases = [
            (0.0, ""),
            (0.1, "▏"),
            (10.0, "█"),
            (9.0, "▉"),
            (50.0, "█████"),
            (100.0, "██████████"),
            (250.0, "██████████"),
        ];
        for (percent, bar) in cases {
            assert_eq!(text(percent, 10), bar, "{percent}");
        }
    }
}
