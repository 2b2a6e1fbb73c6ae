//! The card at the end of a demo: the same customers twice, counted by the simulation.

use super::{framed, key};
use crate::{
    core::number,
    core::{layout, sheet, state::State},
    domain::{
        debrief::{Analysis, Debrief},
        time::Seconds,
    },
    theme::Role,
    view::{canvas::Canvas, widget::row::Row, words},
};

/// Columns of the labels, and of the first of the two stories.
const LABEL: usize = 15;
const FIRST: usize = 29;

pub fn draw(state: &State, canvas: &mut Canvas) {
    let Some(debrief) = &state.debrief else { return };
    let title = Row::new().gap(1).put(Role::Title, "THE SAME CUSTOMERS, TWICE").gap(1);
    let rows = rows(state, debrief, layout::dialog_columns(state.size));
    let keys = key(Row::new(), "any key", "closes this", true);
    framed(state, canvas, Role::Focus, &title, &rows, &[keys], 0);
}

/// One line of the table.
struct Line {
    label: &'static str,
    flown: (Role, String),
    alone: (Role, String),
}

fn rows(state: &State, debrief: &Debrief, width: usize) -> Vec<Row> {
    let first = FIRST.min(width.saturating_sub(LABEL) / 2);
    let mut rows = vec![
        Row::new()
            .field(Role::Muted, "", LABEL)
            .field(Role::Title, "as you flew it", first)
            .put(Role::Title, "its own analysis alone"),
    ];
    for Line { label, flown, alone } in lines(state, debrief) {
        let row = Row::new().field(Role::Muted, label, LABEL).field(flown.0, &flown.1, first).put(alone.0, alone.1);
        rows.push(row.cut(width));
    }
    rows.push(Row::new());
    let promoted = words::time_of_day(state, debrief.alone.promoted);
    let counted = format!(
        "counted by the simulation, seed {}: on the right it was promoted at {promoted} instead, and nobody was at the keys",
        debrief.seed
    );
    rows.extend(sheet::wrap(&counted, width).into_iter().map(|line| Row::new().muted(line)));
    rows
}

fn lines(state: &State, debrief: &Debrief) -> Vec<Line> {
    let clock = |at| words::time_of_day(state, at);
    let since = |at| format!("after {}", Seconds::between(debrief.began, at));
    let began = clock(debrief.began);
    // What could be done about it counts from then, whatever was looked at before and after.
    let told = state.no_go_said.filter(|at| *at <= debrief.back);
    let back = clock(debrief.back);
    let back = match told {
        Some(told) => format!("{back}, {} after NO-GO", Seconds::between(told, debrief.back)),
        None => format!("{back}, {}", since(debrief.back)),
    };
    let alone = &debrief.alone;
    let said = match alone.analysis {
        Analysis::Passed(at) => (Role::Bad, format!("never: it passed at {}", clock(at))),
        Analysis::Failed(at) => (Role::Text, format!("{}, {}", clock(at), since(at))),
        Analysis::Open => (Role::Bad, "never".to_owned()),
    };
    let reached = alone.everyone.map_or_else(
        || (Role::Text, format!("back by {}", clock(alone.until))),
        |at| (Role::Bad, format!("none: 100 % on it since {}", clock(at))),
    );
    vec![
        Line { label: "went wrong", flown: (Role::Text, began.clone()), alone: (Role::Text, began) },
        Line {
            label: "NO-GO said",
            flown: told.map_or_else(
                || (Role::Text, "you went back before it".to_owned()),
                |at| (Role::Good, format!("{}, {}", clock(at), since(at))),
            ),
            alone: said,
        },
        Line { label: "customers back", flown: (Role::Good, back), alone: reached },
        Line {
            label: "orders lost",
            flown: (Role::Title, number::count(count(debrief.lost))),
            alone: (Role::Bad, format!("{} by {}", number::count(count(alone.lost)), clock(alone.until))),
        },
        Line {
            label: "in money",
            flown: (Role::Title, money(debrief, debrief.lost)),
            alone: (Role::Bad, money(debrief, alone.lost)),
        },
    ]
}

fn money(debrief: &Debrief, lost: u64) -> String {
    format!("{} {}", debrief.worth.currency, number::count(count(lost) * debrief.worth.amount))
}

fn count(orders: u64) -> f64 {
    // Orders of a story stay far below 2^32.
    f64::from(u32::try_from(orders).unwrap_or(u32::MAX))
}
