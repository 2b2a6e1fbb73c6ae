//! The metrics: what is wrong first and large, what is fine in one line, and a word where numbers cannot be trusted.

use super::{budgets, chart, controller, panel, shared};
use crate::{
    core::{
        command::Command,
        controller as said,
        evidence::{self, CHART_SECONDS, Mark, SplitStanding},
        layout,
        metrics::{self, Cell, Line, PanelSize},
        number,
        state::{Open, Pane, State},
    },
    domain::clean::Clean,
    theme::Role,
    view::{chrome, widget::row::Row, words},
};

/// Blank columns between two panels that stand side by side.
const BETWEEN: usize = 2;

pub fn heading(state: &State, open: &Open, lines: &[Line], focus: Role, width: usize) -> Row {
    let row = Row::new().gap(1).put(focus, "METRICS");
    let right = match place(state, open, lines) {
        Some(place) => place,
        None if open.panels.is_empty() => Row::new(),
        None => Row::new().muted(format!("rates over {}m, newest right ", CHART_SECONDS / 60)),
    };
    row.with_right(right, width)
}

/// Which lines are on screen, where not all are: `1–16 of 34`.
pub fn place(state: &State, open: &Open, lines: &[Line]) -> Option<Row> {
    let all: usize = lines.iter().map(Line::height).sum();
    let page = layout::pane_page(state, open, Pane::Metrics);
    let first = open.scroll.get(Pane::Metrics as usize).copied().unwrap_or_default();
    let first = first.min(all.saturating_sub(page));
    (all > page).then(|| Row::new().put(Role::Warn, format!("lines {}–{} of {all} ", first + 1, first + page)))
}

/// Every line in its order, then what the controller measures by itself.
pub fn rows(state: &State, open: &Open, lines: &[Line], width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let is_two = lines.iter().any(|line| matches!(line, Line::Cells(cells, _) if cells.len() > 1));
    let controller = said::lines(open);
    let unheard = words::staleness(state, open);
    if open.panels.is_empty() && open.wrong.is_empty() && open.release.is_some() {
        rows.extend(nothing(state, open));
    }
    for line in lines {
        match line {
            Line::Cells(cells, size) => {
                // A chart that stands alone takes the room of two; a line keeps to its column.
                let is_whole = !is_two || (cells.len() == 1 && *size != PanelSize::Line);
                let columns = if is_whole { width } else { width.saturating_sub(BETWEEN) / 2 };
                let blocks = cells.iter().map(|cell| block(state, open, cell, *size, columns));
                rows.extend(beside(&blocks.collect::<Vec<_>>(), columns, size.height()));
            }
            Line::More(tally) => rows.push(more(state, tally, width)),
            Line::Blank => rows.push(Row::new()),
            Line::SharedHeading => rows.push(shared::heading(width)),
            Line::Shared(place) => rows.extend(open.panels.get(*place).map(|panel| shared::row(state, panel, width))),
            Line::Budget(place) => {
                rows.extend(open.budgets.get(*place).map(|budget| budgets::row(state, budget, width)));
            }
            Line::Controller(place) => rows.extend(controller.get(*place).map(|line| {
                let unheard = unheard.as_deref().filter(|_| *place == 0);
                controller::row(line, *place == 0, unheard, width)
            })),
        }
    }
    rows
}

/// Blocks of rows side by side, `columns` wide each.
fn beside(blocks: &[Vec<Row>], columns: usize, height: usize) -> Vec<Row> {
    let line = |y: usize| {
        blocks.iter().enumerate().fold(Row::new(), |line, (place, block)| {
            let line = line.to(place * (columns + BETWEEN));
            block.get(y).map_or(line.clone(), |part| line.then(part.clone()))
        })
    };
    (0..height).map(line).collect()
}

fn block(state: &State, open: &Open, cell: &Cell, size: PanelSize, width: usize) -> Vec<Row> {
    match cell {
        Cell::Panel(place) => match (open.panels.get(*place), size) {
            (Some(panel), PanelSize::Line) => vec![panel::line(state, panel, width)],
            (Some(panel), PanelSize::Chart(height)) => chart::rows(state, panel, width, height),
            (None, _) => Vec::new(),
        },
        Cell::Wrong(place) => open.wrong.get(*place).map(|wrong| panel::unusable(wrong, width)).into_iter().collect(),
        Cell::Group(name, tally) => vec![group(name, tally, width)],
        Cell::Split => vec![split(state, open, width)],
    }
}

/// `✓ checkout funnel    5 panels: 4✓ 1~`.
fn group(name: &Clean, tally: &metrics::Tally, width: usize) -> Row {
    let (glyph, role) = words::mark(tally.first().map_or(Mark::Unknown, |(mark, _)| *mark));
    let members: usize = tally.iter().map(|(_, count)| count).sum();
    let row = Row::new().gap(1).put(role, glyph).gap(1).field(Role::Text, name, panel::name_columns(width)).gap(1);
    row.muted(format!("{members} panels: ")).then(words::tally(tally)).cut(width)
}

/// `+12 more: 10✓ 2~   enter shows them`.
fn more(state: &State, tally: &metrics::Tally, width: usize) -> Row {
    let count: usize = tally.iter().map(|(_, count)| count).sum();
    let row = Row::new().gap(1).muted(format!("+{count} more: ")).then(words::tally(tally)).gap(3);
    row.put(Role::Key, chrome::key_name(state, Command::Unfold)).muted(" shows them").cut(width)
}

/// `✓ traffic split    9.7 % seen, 10 % set`.
fn split(state: &State, open: &Open, width: usize) -> Row {
    let (Some(finding), Some(mark)) = (evidence::split(open), metrics::split(state, open)) else { return Row::new() };
    let (glyph, role) = words::mark(mark);
    let row = Row::new().gap(1).put(role, glyph).gap(1).field(Role::Text, "traffic split", panel::name_columns(width));
    let percent = |share: f64| format!("{} %", number::percent(share * 100.0));
    if finding.standing == SplitStanding::Unseen {
        let who = evidence::unscraped(open).map_or_else(|| "not every pod scraped".to_owned(), |who| who.to_string());
        return row.gap(1).put(role, format!("{who}: split not known")).cut(width);
    }
    let seen = finding.seen.map_or_else(|| "nothing".to_owned(), percent);
    let numbers = if mark == Mark::Look { role } else { Role::Text };
    let row = row.gap(1).put(numbers, format!("{seen} seen, {} set", percent(finding.set)));
    let note = match mark {
        Mark::Look => Row::new().put(role, "not what the router was told"),
        Mark::Collecting => Row::new().muted(format!("n {}", number::count(finding.exposures))),
        Mark::Unknown => Row::new().put(role, "its source is silent"),
        Mark::Good | Mark::Weak | Mark::Regression => Row::new(),
    };
    let row = row.gap(2).then(note);
    match watched_since(state, open).filter(|since| row.width() + since.width() <= width) {
        Some(since) => row.then(since),
        None => row.cut(width),
    }
}

/// `since 14:02:10`: TRAFFIC tells of the last minute and this of all since the weight was set, so that they may differ.
fn watched_since(state: &State, open: &Open) -> Option<Row> {
    // Of an earlier time that is looked at nobody kept since when.
    let watched = open.split.as_ref().filter(|watched| watched.found.is_none())?;
    let panel = open.panels.iter().find(|panel| watched.is_of(panel))?;
    let at = state.settings.zone.time_of_day(state.wall_of(&panel.spec.source, watched.since));
    Some(Row::new().gap(2).muted(format!("since {at}")))
}

fn nothing(state: &State, open: &Open) -> Vec<Row> {
    let metrics = state.sources.iter().any(|s| s.role == crate::core::settings::Role::Metrics);
    let next = if metrics {
        format!("add a panel for `{}` to the configuration", open.target.within_source())
    } else {
        "add a metrics source and panels to the configuration".to_owned()
    };
    vec![
        Row::new(),
        Row::new().gap(1).put(Role::Unknown, "?").gap(1).text("nobody watches what customers get from this release"),
        Row::new().gap(3).muted(next),
    ]
}
