//! Values over time as bars of block characters, several lines tall where there is room.

/// Eighths of a cell, from the lowest that is still seen.
const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where there is no value: missing is never zero.
const MISSING: char = '·';

/// One text per line, top first, one column per value. `None` shows as `·` on the lowest line, 0 as the
/// lowest bar. `top` is the value that fills all lines.
#[must_use]
pub fn lines(values: &[Option<f64>], top: f64, height: u16) -> Vec<String> {
    let mut lines = vec![String::with_capacity(values.len() * 3); usize::from(height)];
    let full = f64::from(height) * 8.0;
    for value in values {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 8 per line")]
        let eighths = value
            .filter(|v| v.is_finite())
            .map(|v| if top > 0.0 { (v / top * full).round().clamp(1.0, full) as usize } else { 1 });
        for (place, line) in lines.iter_mut().rev().enumerate() {
            line.push(match eighths {
                None if place == 0 => MISSING,
                None => ' ',
                Some(eighths) => match eighths.saturating_sub(place * 8) {
                    0 => ' ',
                    within => EIGHTHS.get(within.min(8) - 1).copied().unwrap_or('█'),
                },
            });
        }
    }
    lines
}

/// The largest of the values, 0 without any.
#[must_use]
pub fn top<'a>(values: impl IntoIterator<Item = &'a Option<f64>>) -> f64 {
    values.into_iter().flatten().copied().filter(|v| v.is_finite()).fold(0.0, f64::max)
}

/// The last `width` ticks up to `end`, `step` apart, with `None` where a tick is missing.
#[must_use]
pub fn columns(points: &[(i64, Option<f64>)], end: i64, step: i64, width: usize) -> Vec<Option<f64>> {
    let width = i64::try_from(width).unwrap_or(i64::MAX);
    let mut newest = points.iter().rev().peekable();
    let mut columns: Vec<Option<f64>> = (0..width)
        .map(|back| {
            let at = end - back * step;
            while newest.next_if(|(when, _)| *when > at).is_some() {}
            newest.next_if(|(when, _)| *when == at).and_then(|(_, value)| *value)
        })
        .collect();
    columns.reverse();
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_seen_and_missing_is_not_zero() {
        assert_eq!(lines(&[Some(0.0), Some(4.0), Some(8.0), None], 8.0, 1), ["▁▄█·"]);
        assert_eq!(lines(&[Some(0.0), None], 0.0, 1), ["▁·"]);
    }

    #[test]
    fn taller_charts_continue_upwards() {
        assert_eq!(lines(&[Some(4.0), Some(12.0), Some(16.0), None], 16.0, 2), [" ▄█ ", "▄██·"]);
    }

    #[test]
    fn ticks_stand_at_their_time() {
        let points = [(10, Some(1.0)), (20, Some(2.0)), (40, Some(4.0))];
        assert_eq!(columns(&points, 40, 10, 5), [None, Some(1.0), Some(2.0), None, Some(4.0)]);
        assert_eq!(columns(&points, 50, 10, 2), [Some(4.0), None]);
        assert_eq!(columns(&[], 50, 10, 1), [None]);
    }
}
