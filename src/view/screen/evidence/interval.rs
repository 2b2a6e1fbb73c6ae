//! The ratio of the arms and its interval over time, on a scale on which half and twice are as far from "no change".

use chrono::{DateTime, Utc};

use super::{BEFORE, BEHIND, Window};
use crate::{
    core::{
        evidence::{self, aged, said},
        state::{Judged, Panel, State},
    },
    theme::Role,
    view::{
        widget::{cells::Cells, row::Row},
        words,
    },
};

/// The smallest and largest ratio at the edge of the chart.
const NARROW: f64 = 1.25;
const WIDE: f64 = 20.0;
/// Seconds for which what was judged stands where nothing was counted since.
const STANDS: i64 = 60;

/// `height` lines, the largest ratio first; nothing for 0.
pub fn rows(state: &State, panel: &Panel, window: Window, height: u16) -> Vec<Row> {
    let height = usize::from(height);
    if height == 0 {
        return Vec::new();
    }
    let until = aged::compared_until(state, panel);
    let columns = columns(state, panel, window, until);
    let edge = edge(&columns);
    let place = |ratio: f64| {
        let share = (1.0 - ratio.max(1.0 / WIDE).ln() / edge) / 2.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "lines of a screen"
        )]
        let line = (share.clamp(0.0, 1.0) * (height - 1) as f64).round() as usize;
        line
    };
    // What lies beyond the scale has no line on it.
    let bound = panel.evidence.finding.map(|finding| finding.bound).filter(|bound| bound.ln().abs() <= edge).map(place);
    let middle = place(1.0);
    let line = |y: usize| {
        let is_bound = bound == Some(y) && y != middle;
        let (symbol, role) = match (y == middle, is_bound) {
            (true, _) => ('─', Role::Border),
            (false, true) => ('┄', Role::Border),
            (false, false) => (' ', Role::Text),
        };
        let mut cells = Cells::of(symbol, role, window.columns);
        for (column, judged) in columns.iter().enumerate() {
            let Some(judged) = judged else { continue };
            let (_, role) = words::mark(judged.mark);
            if (place(judged.high)..=place(judged.low)).contains(&y) {
                cells.set(column, '│', role);
            }
            if judged.ratio.is_some_and(|ratio| place(ratio) == y) {
                cells.set(column, '●', role);
            }
        }
        let label = match y {
            0 => format!("×{:.2}", edge.exp()),
            y if y == middle => "ratio ×1".to_owned(),
            y if y + 1 == height => format!("×{:.2}", (-edge).exp()),
            _ => String::new(),
        };
        let behind = if is_bound { "harm from" } else { "" };
        let now = said::ratio(evidence::reading(panel)).filter(|_| y == middle);
        let behind = now.map_or(behind.to_owned(), |ratio| ratio.split(' ').next().unwrap_or_default().to_owned());
        let role = match (y == middle, until) {
            (true, None) => Role::Title,
            (true, Some(_)) => Role::Stale,
            (false, _) => Role::Muted,
        };
        Row::new().right(Role::Muted, &label, BEFORE - 2).gap(1).put(Role::Border, "│").then(cells.row()).gap(1).right(
            role,
            &behind,
            BEHIND - 2,
        )
    };
    (0..height).map(line).collect()
}

/// How far from "no change" the chart reaches, as a logarithm: far enough for the newest interval and most of the others.
/// The first ones, of a few events, would flatten everything after them.
fn edge(columns: &[Option<&Judged>]) -> f64 {
    let far = |judged: &Judged| {
        let ends = [Some(judged.low), Some(judged.high), judged.ratio].into_iter().flatten();
        ends.map(|ratio| ratio.ln().abs()).filter(|ln| ln.is_finite()).fold(0.0, f64::max)
    };
    let newest = columns.iter().rev().flatten().next().map_or(0.0, |judged| far(judged));
    let mut all: Vec<f64> = columns.iter().flatten().map(|judged| far(judged)).collect();
    all.sort_by(f64::total_cmp);
    let most = all.get(all.len() * 3 / 4).copied().unwrap_or(0.0);
    newest.max(most).clamp(NARROW.ln(), WIDE.ln())
}

/// What was judged in each column, or stood there; nothing after both arms were last measured.
fn columns<'a>(
    state: &State,
    panel: &'a Panel,
    window: Window,
    until: Option<DateTime<Utc>>,
) -> Vec<Option<&'a Judged>> {
    let mut columns = vec![None; window.columns];
    let is_measured =
        |judged: &&Judged| until.is_none_or(|until| state.wall_of(&panel.spec.source, judged.at) <= until);
    let mut trail = panel.trail.iter().take_while(is_measured).peekable();
    let count = i64::try_from(window.columns).unwrap_or(i64::MAX).max(1);
    let mut last: Option<&Judged> = None;
    for (column, slot) in (1..).zip(&mut columns) {
        let end = window.from + (window.to - window.from) * column / count;
        while let Some(judged) = trail.next_if(|judged| judged.at <= end) {
            last = Some(judged);
        }
        let stands = STANDS.max((window.to - window.from) / count).max(panel.step);
        *slot = last.filter(|judged| end - judged.at <= stands);
    }
    columns
}
