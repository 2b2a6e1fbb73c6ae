//! Time below the charts: where it begins and ends, and when weight, step and verdict changed.

use super::{BEFORE, Window};
use crate::{
    core::{
        content,
        evidence::Mark,
        number,
        state::{Open, Panel, State},
        study,
    },
    domain::timeline::MomentKind,
    theme::Role,
    view::{
        widget::{cells::Cells, row::Row},
        words,
    },
};

/// Something that happened on the axis.
struct Event {
    /// 0 says most.
    rank: u8,
    column: usize,
    symbol: char,
    label: String,
    role: Role,
}

/// `14:02:10 ┴────┴10 %───┴4/8────✗────────── 14:06:22`.
pub fn row(state: &State, open: &Open, panel: &Panel, window: Window) -> Row {
    let mut cells = Cells::of('─', Role::Border, window.columns);
    let mut taken = vec![false; window.columns];
    let events = events(state, open, panel, window);
    for (place, event) in events.iter().enumerate() {
        let is_free = |column: usize| taken.get(column).is_some_and(|taken| !taken);
        if !is_free(event.column) {
            continue;
        }
        // Half a label says something else than all of it, and none may hide what says as much.
        let label = event.column + 1..event.column + 1 + event.label.chars().count();
        let hides =
            events.iter().skip(place + 1).any(|other| other.rank == event.rank && label.contains(&other.column));
        let is_labelled = label.clone().all(is_free) && !hides;
        cells.set(event.column, event.symbol, event.role);
        let written = if is_labelled { label } else { 0..0 };
        for (column, symbol) in written.clone().zip(event.label.chars()) {
            cells.set(column, symbol, event.role);
        }
        for column in written.chain([event.column]) {
            if let Some(taken) = taken.get_mut(column) {
                *taken = true;
            }
        }
    }
    let time = |at: i64| state.settings.zone.time_of_day(state.wall_of(&panel.spec.source, at));
    let row = Row::new().right(Role::Muted, &time(window.from), BEFORE - 2).gap(1).put(Role::Border, "└");
    row.then(cells.row()).gap(1).muted(time(window.to))
}

/// What happened while the charts run: what says most first, and in order.
fn events(state: &State, open: &Open, panel: &Panel, window: Window) -> Vec<Event> {
    let skew = state.second_at(&panel.spec.source) - state.at.wall.timestamp();
    let mut events: Vec<Event> = Vec::new();
    for judged in study::changes(&panel.trail).into_iter().skip(1) {
        let Some(column) = window.column(judged.at) else { continue };
        let (glyph, role) = words::mark(judged.mark);
        let symbol = glyph.chars().next().unwrap_or('┴');
        let label = if judged.mark == Mark::Regression { " found" } else { "" };
        events.push(Event { rank: 0, column, symbol, label: label.to_owned(), role });
    }
    for moved in &panel.moves {
        let Some(column) = window.column(moved.at) else { continue };
        let label = moved.percent.map(|percent| format!("{} %", number::percent(percent))).unwrap_or_default();
        events.push(Event { rank: 1, column, symbol: '┴', label, role: Role::Text });
    }
    for moment in content::timeline(open).into_iter().filter(|moment| moment.kind == MomentKind::Step) {
        let Some(column) = window.column(moment.at.timestamp() + skew) else { continue };
        // The place among the steps: `4/8`.
        let label = moment.text.split(' ').next().filter(|word| word.contains('/')).unwrap_or_default().to_owned();
        events.push(Event { rank: 2, column, symbol: '┴', label, role: Role::Muted });
    }
    events.sort_by_key(|event| (event.rank, event.column));
    events
}
