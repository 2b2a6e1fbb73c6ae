//! Where nothing else fits: state, verdict and the way back, then what room is left for.

use super::{acts, steps, vital};
use crate::{
    core::{
        pulse,
        state::{Open, State},
    },
    theme::Role,
    view::{canvas::Canvas, chrome, widget::row::Row, words},
};

pub fn draw(state: &State, open: &Open, canvas: &mut Canvas) {
    let area = canvas.area();
    let width = usize::from(area.width);
    let rows = vital::rows(state, open, width);
    // From five lines on there is room to say what this is and which keys work.
    let top = u16::from(area.height >= 5);
    if top == 1 {
        let source = state.source(&open.target.source);
        let badge = source.map(|s| words::environment(s.environment));
        let row = badge.map_or_else(Row::new, |(word, role)| words::badge(word, role)).gap(1);
        let row = if state.settings.demo { words::badge("DEMO", Role::BadgeDemo).then(row) } else { row };
        let row = row.put(Role::Title, open.target.within_source());
        let row = match pulse::guard(state, open) {
            Some((sign, life)) => row.gap(2).then(words::guard(sign, life, false)),
            None => row,
        };
        canvas.row(area, 0, &row.cut(chrome::header_width(state, width)));
        chrome::footer(state, canvas, area.bottom() - 1);
    }
    let mut rows = rows;
    if top == 0
        && let Some(first) = rows.first_mut()
    {
        *first = first.clone().cut(chrome::header_width(state, width));
    }
    if let Some(release) = &open.release {
        rows.extend([Row::new(), steps::strip(release, width)]);
        rows.extend(acts::rows(state, open, width));
    }
    let room = area.height.saturating_sub(2 * top);
    for (y, row) in (top..top + room).zip(&rows) {
        canvas.row(area, y, row);
    }
}
