//! One line of a chart over time as bars, with its name, its scale, and the lines that it may not pass.

use super::{BEFORE, BEHIND};
use crate::{
    core::{number, state::Panel},
    theme::Role,
    view::{
        screen::release::panel::{scale, unit},
        widget::{cells::Cells, row::Row, spark},
    },
};

/// A line across the chart is drawn if it lies no higher than this many times the chart.
const NEAR: f64 = 4.0;

/// What is drawn.
#[derive(Debug)]
pub struct Arm {
    pub name: &'static str,
    /// The value that stands behind it.
    pub now: String,
    /// How old that is, where it is not of now.
    pub age: Option<String>,
    pub role: Role,
}

/// The value that fills a chart: the values, and lines that are near them.
pub fn top<'a>(panel: &Panel, values: impl IntoIterator<Item = &'a Option<f64>>) -> f64 {
    let values = scale(panel, values);
    let near = values * NEAR;
    lines(panel).into_iter().map(|(at, _)| at).filter(|at| *at <= near).fold(values, f64::max)
}

/// The values that may not be passed, in the panel's `per`, each with its name.
fn lines(panel: &Panel) -> Vec<(f64, &'static str)> {
    let cap = panel.spec.cap.map(|cap| (cap.share * panel.spec.per, "cap"));
    let limits = panel.spec.limits.iter().map(|limit| (limit.at * panel.spec.per, "limit"));
    cap.into_iter().chain(limits).collect()
}

/// `height` lines, the highest first.
pub fn rows(panel: &Panel, arm: &Arm, values: &[Option<f64>], top: f64, height: u16) -> Vec<Row> {
    let height_lines = usize::from(height);
    let lines = lines(panel);
    let place = |at: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lines of a screen")]
        let from_below = (at / top * f64::from(height)).floor().max(0.0) as usize;
        height_lines.saturating_sub(1).saturating_sub(from_below.min(height_lines.saturating_sub(1)))
    };
    let drawn = |y: usize| lines.iter().find(|(at, _)| top > 0.0 && *at <= top && place(*at) == y);
    spark::lines(values, top, height)
        .into_iter()
        .enumerate()
        .map(|(y, bars)| {
            let (is_first, is_last) = (y == 0, y + 1 == height_lines);
            let row = Row::new();
            let row = if is_last {
                row.right(arm.role, arm.name, BEFORE - 2)
            } else if is_first {
                row.right(Role::Muted, &format!("{}{}", number::value(top), unit(panel)), BEFORE - 2)
            } else {
                row.gap(BEFORE - 2)
            };
            let row = row.gap(1).put(Role::Border, if is_first && !is_last { "┤" } else { "│" });
            let mut cells = Cells::text(&bars, arm.role);
            let line = drawn(y);
            if line.is_some() {
                cells.fill('┄', Role::Warn);
            }
            let row = row.then(cells.row());
            match (is_last, line) {
                (true, _) => {
                    let role = if arm.age.is_some() { Role::Stale } else { Role::Title };
                    row.gap(1).right(role, &arm.now, BEHIND - 2)
                }
                (false, None) if y + 2 == height_lines => {
                    row.gap(1).right(Role::Stale, arm.age.as_deref().unwrap_or_default(), BEHIND - 2)
                }
                (false, Some((at, name))) => {
                    row.gap(1).put(Role::Warn, format!("{name} {}{}", number::value(*at), unit(panel)))
                }
                (false, None) => row,
            }
        })
        .collect()
}
