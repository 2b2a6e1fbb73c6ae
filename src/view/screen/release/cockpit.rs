//! Everything side by side, from 120×40:
//!
//! ```text
//! header
//! state, verdict, way back, what blocks
//! ──────────────┬──────────────────────
//! steps         │ metrics
//! traffic       │
//! revisions     │
//! about         │ the controller's own analysis
//! ──────────────┴──────────────────────
//! what each act would do
//! ─────────────────────────────────────
//! what happened last
//! ─────────────────────────────────────
//! keys
//! ```

use ratatui::layout::Rect;

use super::{acts, metrics, revisions, steps, traffic, vital};
use crate::{
    core::{
        content,
        layout::{self, Cockpit},
        metrics::lines,
        state::{Open, Pane, State},
    },
    theme::Role,
    view::{canvas::Canvas, chrome, screen::timeline, widget::row::Row, words},
};

pub fn draw(state: &State, open: &Open, canvas: &mut Canvas) {
    let parts = layout::cockpit(state.size, open);
    chrome::release_header(state, open, canvas);
    vital::draw(state, open, canvas, parts.vital);
    left(state, open, &parts, canvas);
    right(state, open, &parts, canvas);
    canvas.rows(parts.acts, &acts::rows(state, open, usize::from(parts.acts.width)), 0);
    // Whoever does not move in it sees the newest.
    let back = if content::focus(state, open) == Pane::Timeline { scroll(open, Pane::Timeline) } else { 0 };
    timeline::draw_tail(state, open, canvas, parts.timeline, back);
    rules(&parts, canvas);
    if let Some(heading) = acts::heading(state, usize::from(parts.acts.width)) {
        let width = u16::try_from(heading.width()).unwrap_or(u16::MAX);
        let above = Rect { y: parts.acts.y.saturating_sub(1), height: 1, width, ..parts.acts };
        canvas.clear(above);
        canvas.row(above, 0, &heading);
    }
    if !open.filter.value().is_empty() {
        let heading = timeline::filtered(open, Row::new().gap(1).put(Role::Title, "TIMELINE")).gap(1);
        let width = heading.width().min(usize::from(parts.timeline.width));
        let above = parts.timeline.y.saturating_sub(1);
        let width = u16::try_from(width).unwrap_or(u16::MAX);
        canvas.row(Rect { y: above, height: 1, width, ..parts.timeline }, 0, &heading);
    }
    if open.release.is_some() && words::staleness(state, open).is_some() {
        for part in [parts.steps, parts.traffic, parts.revisions, parts.about] {
            canvas.over(part, Role::Stale);
        }
    }
    chrome::footer(state, canvas, parts.footer.y);
}

/// The role of a pane's heading: the arrows move in the focused one.
fn heading(open: &Open, pane: Pane) -> Role {
    if open.pane == pane { Role::Focus } else { Role::Title }
}

fn scroll(open: &Open, pane: Pane) -> usize {
    open.scroll.get(pane as usize).copied().unwrap_or_default()
}

fn left(state: &State, open: &Open, parts: &Cockpit, canvas: &mut Canvas) {
    let width = usize::from(parts.divider);
    let body = layout::pane_body(state.size, open, Pane::Steps);
    canvas.row(parts.steps, 0, &steps::heading(state, open, width, heading(open, Pane::Steps)));
    let rows = steps::rows(state, open, width, usize::from(body.height));
    canvas.rows(body, &rows, 0);
    if parts.traffic.height > 1 {
        let rows = traffic::rows(open, width);
        for (y, row) in (1..).zip(&rows) {
            canvas.row(parts.traffic, y, row);
        }
    }
    if parts.revisions.height > 0 && open.release.is_some() {
        canvas.row(parts.revisions, 0, &revisions::heading(open, heading(open, Pane::Pods), width));
        let body = layout::pane_body(state.size, open, Pane::Pods);
        canvas.rows(body, &revisions::rows(state, open, width), scroll(open, Pane::Pods));
    }
    canvas.rows(parts.about, &revisions::about(open, width), 0);
}

fn right(state: &State, open: &Open, parts: &Cockpit, canvas: &mut Canvas) {
    let width = usize::from(parts.metrics.width);
    let lines = lines(state, open);
    canvas.row(parts.metrics, 0, &metrics::heading(state, open, &lines, heading(open, Pane::Metrics), width));
    let body = layout::pane_body(state.size, open, Pane::Metrics);
    canvas.rows(body, &metrics::rows(state, open, &lines, width), scroll(open, Pane::Metrics));
}

fn rules(parts: &Cockpit, canvas: &mut Canvas) {
    let area = canvas.area();
    for y in parts.rules {
        canvas.rule(area, y);
    }
    let [top, bottom, ..] = parts.rules;
    canvas.divider(parts.divider, top + 1, bottom);
    canvas.joint(parts.divider, top, '┬');
    canvas.joint(parts.divider, bottom, '┴');
}
