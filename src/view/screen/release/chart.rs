//! One panel as a chart of both arms on one scale: what is wrong, and what there is room for.

use super::panel::{self, arm_count, arm_value};
use crate::{
    core::{
        evidence::{self, Mark, said},
        metrics, reset,
        state::{Panel, State},
    },
    domain::panel::Side,
    theme::Role,
    view::{
        widget::{row::Row, spark},
        words,
    },
};

/// Columns of the arms' names before the charts, and of the numbers behind them.
const ARM: usize = 12;
const NUMBERS: usize = 23;

/// A title, both arms in `height` lines each, and a blank line.
pub fn rows(state: &State, panel: &Panel, width: usize, height: u16) -> Vec<Row> {
    let reading = evidence::reading(panel);
    let mark = metrics::mark(state, panel);
    let is_quiet = mark == Mark::Unknown;
    let room = width.saturating_sub(ARM + NUMBERS);
    let end = panel::end(state, panel);
    let of = |side: Side| spark::columns(&evidence::rates(panel, side), end, panel.step, room);
    let arms = [
        ("baseline", Role::Baseline, Side::Baseline, of(Side::Baseline), reading.baseline),
        ("canary", Role::Canary, Side::Canary, of(Side::Canary), reading.canary),
    ];
    let values = arms.iter().flat_map(|(_, _, _, columns, _)| columns);
    let top = panel::scale(panel, values);
    let mut rows = vec![title(state, panel, mark, width)];
    for (name, role, side, columns, counts) in &arms {
        let role = if is_quiet { Role::Muted } else { *role };
        let lines = spark::lines(columns, top, height);
        let last = lines.len().saturating_sub(1);
        for (y, bars) in lines.into_iter().enumerate() {
            let row = Row::new().gap(3);
            let row = if y == last { row.put(role, *name) } else { row };
            let row = row.to(ARM).put(role, bars);
            rows.push(if y == last {
                let text = if is_quiet { Role::Muted } else { Role::Title };
                let text = panel::arm_role(state, panel, *side, text);
                let count = panel::arm_role(state, panel, *side, Role::Muted);
                row.to(width.saturating_sub(NUMBERS)).right(text, &arm_value(panel, *side), 10).gap(1).right(
                    count,
                    &arm_count(panel, *counts),
                    12,
                )
            } else {
                row
            });
        }
    }
    rows.push(Row::new());
    rows
}

/// `✗ orders per 1,000 checkouts  ×0.41 (0.28–0.57) since 14:02:10      critical · tolerance 10 %`.
fn title(state: &State, panel: &Panel, mark: Mark, width: usize) -> Row {
    let (glyph, role) = words::mark(mark);
    let said = says(state, panel, mark, role);
    let said = said.iter().find(|said| said.width() <= width * 3 / 5).or(said.last()).cloned().unwrap_or_default();
    // A long name gives way to what is said of it.
    let name = Row::new().gap(1).put(role, glyph).gap(1).put(Role::Title, panel::title(panel));
    let head = name.cut(width.saturating_sub(said.width() + 2).max(width / 3)).gap(2).then(said);
    let rules = panel::rules(panel).into_iter().find(|rules| head.width() + rules.width() + 3 <= width);
    head.cut(width).with_right(rules.unwrap_or_default().gap(1), width)
}

/// What is said of it, the fullest first.
fn says(state: &State, panel: &Panel, mark: Mark, role: Role) -> Vec<Row> {
    let reading = evidence::reading(panel);
    let ratio = said::ratio(reading).unwrap_or_default();
    let bare = reading.ratio.map(|ratio| format!("×{ratio:.2}")).unwrap_or_default();
    let why = || Row::new().muted(words::why(&reading.verdict).to_owned());
    let aside = reset::mark(state, panel).map(|aside| Row::new().text(aside));
    let says = match mark {
        Mark::Regression | Mark::Look => {
            let since = said::since(state, panel).map(|since| format!(" since {since}")).unwrap_or_default();
            let aged = panel::aged(state, panel);
            let role = if aged.is_some() { Role::Stale } else { role };
            let full = Row::new().put(role, ratio.clone()).muted(since);
            let says = vec![full, Row::new().put(role, ratio), Row::new().put(role, bare)];
            match aged {
                // Its age goes with it.
                Some(aged) => says.into_iter().map(|row| row.gap(2).then(aged.clone())).chain([aged.clone()]).collect(),
                None => says,
            }
        }
        Mark::Unknown => vec![panel::reason(state, panel)],
        Mark::Collecting => {
            let progress = said::progress(state, panel);
            let full = progress.clone().map(|progress| Row::new().put(role, progress).muted(format!("  {ratio}")));
            let short = progress.map(|progress| Row::new().put(role, progress));
            let ratio = (!ratio.is_empty()).then(|| Row::new().muted(ratio));
            full.into_iter().chain(short).chain(ratio).chain([why()]).collect()
        }
        Mark::Weak | Mark::Good => vec![Row::new().muted(ratio), Row::new().muted(bare)],
    };
    // What a person has set aside is said with all of it, else alone.
    let with =
        |aside: &Row| says.iter().map(|row| aside.clone().gap(2).then(row.clone())).chain([aside.clone()]).collect();
    aside.as_ref().map_or_else(|| says.clone(), with)
}
