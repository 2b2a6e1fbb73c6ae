//! The size inside a tmux pane: the vital lines, the steps on one line, and one tab.

use ratatui::layout::Rect;

use super::{metrics, steps, traffic, vital};
use crate::{
    core::{
        command::Command,
        content, layout,
        metrics::lines,
        state::{Open, Pane, State},
    },
    theme::Role,
    view::{
        canvas::Canvas,
        chrome,
        screen::{pods, timeline},
        widget::row::Row,
        words,
    },
};

pub fn draw(state: &State, open: &Open, canvas: &mut Canvas) {
    let area = canvas.area();
    let width = usize::from(area.width);
    chrome::release_header(state, open, canvas);
    canvas.row(area, 1, &release_row(state, open, width));
    let vital = Rect { y: 2, height: layout::vital_lines(open), ..area };
    vital::draw(state, open, canvas, vital);
    if let Some(release) = &open.release {
        let weights = traffic::short(open).gap(1);
        let strip = steps::strip(release, width.saturating_sub(weights.width() + 1));
        canvas.row(area, vital.bottom(), &strip.with_right(weights, width));
    }
    let tab = content::tab(open);
    let names = tab_names(state, tab);
    let lines = if tab == Pane::Metrics { lines(state, open) } else { Vec::new() };
    let names = match tab {
        Pane::Pods | Pane::Timeline => timeline::filtered(open, names),
        Pane::Metrics => match metrics::place(state, open, &lines) {
            Some(place) => names.with_right(place, width),
            None => names,
        },
        Pane::Steps => names,
    };
    canvas.row(area, vital.bottom() + 1, &names);
    let body = layout::tab_body(state.size, open);
    let scroll = open.scroll.get(tab as usize).copied().unwrap_or_default();
    match tab {
        Pane::Metrics => canvas.rows(body, &metrics::rows(state, open, &lines, width), scroll),
        Pane::Steps => {
            let rows = steps::rows(state, open, width, usize::from(body.height));
            canvas.rows(body, &rows, 0);
        }
        Pane::Pods => pods::draw_list(state, open, canvas, body, scroll),
        Pane::Timeline => timeline::draw_tail(state, open, canvas, body, scroll),
    }
    if open.release.is_some() && words::staleness(state, open).is_some() && matches!(tab, Pane::Steps | Pane::Pods) {
        canvas.over(body, Role::Stale);
    }
    chrome::footer(state, canvas, area.bottom().saturating_sub(1));
}

/// `canary 4.1.9 → 4.2.0 by ci · owner team-checkout    14:06:22 UTC`. What does not fit falls off: the owner first, then
/// by whom, then the clock. A past has its time in the header.
fn release_row(state: &State, open: &Open, width: usize) -> Row {
    let now = if open.looking.is_some() { Row::new() } else { chrome::clock(state).gap(1) };
    let Some(release) = &open.release else { return Row::new().with_right(now, width) };
    let what = Row::new().gap(1).then(words::strategy(release)).text(words::versions(release));
    let missing = match release.missing.len() {
        0 => Row::new(),
        1 => Row::new().put(Role::Unknown, "  ? 1 part cannot be seen"),
        more => Row::new().put(Role::Unknown, format!("  ? {more} parts cannot be seen")),
    };
    let by = release.about.by.as_ref().map_or_else(Row::new, |by| Row::new().muted(format!(" by {by}")));
    let owner = &release.about.owner;
    let owner = owner.as_ref().map_or_else(Row::new, |owner| Row::new().muted(format!(" · owner {owner}")));
    let fullest = [what.clone().then(by.clone()).then(owner), what.clone().then(by), what.clone()];
    let fits = |row: &Row| row.width() + missing.width() + now.width() < width;
    match fullest.into_iter().find(fits) {
        Some(row) => row.then(missing).with_right(now, width),
        None => what.cut(width.saturating_sub(missing.width())).then(missing).cut(width),
    }
}

fn tab_names(state: &State, open_tab: Pane) -> Row {
    let tabs = [
        (Pane::Metrics, Command::Metrics),
        (Pane::Steps, Command::Steps),
        (Pane::Pods, Command::Pods),
        (Pane::Timeline, Command::Timeline),
    ];
    tabs.into_iter().fold(Row::new(), |row, (pane, command)| {
        let key = chrome::key_name(state, command);
        let label = command.spec().label;
        if pane == open_tab {
            row.put(Role::Focus, format!(" [{key} {label}]"))
        } else {
            row.gap(2).put(Role::Key, key).gap(1).muted(label)
        }
    })
}
