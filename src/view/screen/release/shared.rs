//! What both arms share, before the release and now: a comparison of arms is blind to what hurts both.

use super::panel;
use crate::{
    core::{
        evidence::{self, Mark},
        metrics,
        state::{Panel, State},
    },
    theme::Role,
    view::{
        widget::{row::Row, spark},
        words,
    },
};

/// Columns of each value, and of what is said behind them.
const VALUE: usize = 9;
const SAID: usize = 22;
/// Columns below which a chart of one line says nothing.
const LEAST_CHART: usize = 6;

/// `SHARED by both arms       before      now`.
pub fn heading(width: usize) -> Row {
    let row = Row::new().gap(1).put(Role::Title, "SHARED").muted(" by both arms").to(3 + panel::name_columns(width));
    row.right(Role::Muted, "before", VALUE).right(Role::Muted, "now", VALUE).cut(width)
}

/// `! db pool in use      38 %     61 %  worse than before   ▃▃▃▃▅▆▆`.
pub fn row(state: &State, panel: &Panel, width: usize) -> Row {
    let reading = evidence::reading(panel);
    let mark = metrics::mark(state, panel);
    let (glyph, role) = words::mark(mark);
    let row = Row::new().gap(1).put(role, glyph).gap(1);
    let row = row.field(Role::Text, panel.spec.name.as_str(), panel::name_columns(width));
    if mark == Mark::Unknown && reading.levels.now.is_none() {
        return row.gap(1).then(panel::reason(state, panel)).cut(width);
    }
    let now = if reading.off { role } else { Role::Text };
    let row = row.right(Role::Muted, &panel::level(panel, reading.levels.before), VALUE);
    let row = row.right(now, &panel::level(panel, reading.levels.now), VALUE).gap(2);
    let row = match mark {
        Mark::Regression | Mark::Look => row.put(role, "worse than before"),
        Mark::Unknown => row.then(panel::reason(state, panel)),
        Mark::Collecting => row.muted("too early to compare"),
        Mark::Weak | Mark::Good => row,
    };
    let row = row.cut(width).to(3 + panel::name_columns(width) + 2 * VALUE + 2 + SAID).gap(1);
    let room = width.saturating_sub(row.width());
    if room < LEAST_CHART {
        return row.cut(width);
    }
    let columns = spark::columns(&evidence::levels(panel), panel::end(state, panel), panel.step, room);
    let top = panel::scale(panel, &columns);
    row.put(Role::Text, spark::lines(&columns, top, 1).into_iter().next().unwrap_or_default())
}
