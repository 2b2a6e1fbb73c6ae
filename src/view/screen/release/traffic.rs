//! The weight: wanted by the spec, set at the router, seen in the numbers.

use crate::{
    core::{evidence, number, state::Open},
    domain::weight::Weight,
    theme::Role,
    view::widget::{bar, row::Row},
};

/// Columns before the bars.
const BEFORE: usize = 15;

pub fn rows(open: &Open, width: usize) -> Vec<Row> {
    let Some(release) = &open.release else { return Vec::new() };
    let Weight { wanted, set, verified } = release.weight;
    let columns = width.saturating_sub(BEFORE + 1);
    let differ = wanted.zip(set).is_some_and(|(wanted, set)| (wanted - set).abs() >= 0.5);
    let set_role = if differ { Role::Warn } else { Role::Text };
    let mut rows = vec![scale(columns), one("wanted", wanted, Role::Text, columns)];
    let set_row = one("set", set, set_role, columns);
    rows.push(match verified {
        Some(true) => end(set_row, Row::new().put(Role::Good, "✓").muted(" verified"), width),
        Some(false) => end(set_row, Row::new().put(Role::Warn, "! not verified"), width),
        None => set_row,
    });
    if let Some(seen) = evidence::seen(open) {
        let note = Row::new().muted(format!("n {}", number::count(seen.exposures)));
        rows.push(end(one("seen", Some(seen.percent), Role::Text, columns), note, width));
    }
    rows
}

/// A note at the right edge, if the bar leaves room for it.
fn end(row: Row, note: Row, width: usize) -> Row {
    if row.width() + note.width() + 2 < width { row.to(width - note.width() - 1).then(note) } else { row }
}

fn scale(columns: usize) -> Row {
    let half = columns / 2;
    let line = |from: usize, to: usize| "─".repeat(to.saturating_sub(from));
    let row = Row::new().gap(1).put(Role::Title, "TRAFFIC").to(BEFORE);
    if columns < 16 {
        return row;
    }
    row.muted("0 ")
        .put(Role::Border, line(2, half - 2))
        .muted(" 50 ")
        .put(Role::Border, line(half + 2, columns - 6))
        .muted(" 100 %")
}

fn one(label: &'static str, percent: Option<f64>, role: Role, columns: usize) -> Row {
    let row = Row::new().gap(1).field(Role::Muted, label, 7);
    match percent {
        Some(percent) => row
            .right(role, &format!("{} %", number::percent(percent)), 6)
            .gap(1)
            .put(Role::Canary, bar::text(percent, columns)),
        None => row.put(Role::Unknown, "?").muted(" not told"),
    }
}

/// `wanted 10 set 10 seen 9.7 %`.
pub fn short(open: &Open) -> Row {
    let Some(release) = &open.release else { return Row::new() };
    let Weight { wanted, set, .. } = release.weight;
    let parts = [("wanted", wanted), ("set", set), ("seen", evidence::seen(open).map(|seen| seen.percent))];
    let mut row = Row::new();
    for (label, percent) in parts {
        if let Some(percent) = percent {
            row = row.muted(label).gap(1).put(Role::Title, number::percent(percent)).gap(1);
        }
    }
    if row.is_empty() { row } else { row.muted("%") }
}
