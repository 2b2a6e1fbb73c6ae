//! Every pod of every revision.

use ratatui::layout::Rect;

use super::{release, timeline};
use crate::{
    core::{
        content::{self, PodLine},
        layout,
        state::{Open, Pane, State},
    },
    domain::{
        clean::Clean,
        revision::{Pod, Revision},
    },
    theme::Role,
    view::{canvas::Canvas, chrome, widget::row::Row, words},
};

pub fn draw(state: &State, open: &Open, canvas: &mut Canvas) {
    let area = canvas.area();
    let width = usize::from(area.width);
    chrome::release_header(state, open, canvas);
    canvas.row(area, 1, &release::state_row(state, open, width));
    canvas.row(area, 2, &timeline::filtered(open, Row::new().gap(1).put(Role::Focus, "PODS")));
    let scroll = open.scroll.get(Pane::Pods as usize).copied().unwrap_or_default();
    draw_list(state, open, canvas, layout::list_body(state.size), scroll);
    if open.release.is_some() && words::staleness(state, open).is_some() {
        canvas.over(layout::list_body(state.size), Role::Stale);
    }
    chrome::footer(state, canvas, area.bottom().saturating_sub(1));
}

/// The pods by revision from line `scroll` on.
pub fn draw_list(state: &State, open: &Open, canvas: &mut Canvas, area: Rect, scroll: usize) {
    let lines = content::pods(open);
    if lines.is_empty() {
        canvas.row(area, 0, &Row::new().gap(1).muted("no pods are known"));
    }
    let width = usize::from(area.width);
    let count = lines.len();
    let last = count.saturating_sub(usize::from(area.height));
    for (y, line) in (0..area.height).zip(lines.into_iter().skip(scroll.min(last))) {
        let row = match line {
            PodLine::Revision(revision) => heading(state, revision, width),
            PodLine::Pod(_, pod) => row(state, pod, width),
        };
        canvas.row(area, y, &row);
    }
    let missing = open.release.iter().flat_map(|r| &r.missing).find(|why| why.starts_with("pods"));
    if let Some(why) = missing {
        let below = u16::try_from(count).unwrap_or(u16::MAX).min(area.height.saturating_sub(1));
        canvas.row(area, below, &Row::new().gap(1).put(Role::Unknown, "?").gap(1).text(why.to_string()));
    }
}

fn heading(state: &State, revision: &Revision, width: usize) -> Row {
    let tags: Vec<&str> = revision.tags.iter().map(|tag| words::tag(*tag)).collect();
    let (glyph, role) = words::revision(revision.health);
    let number = revision.number.map(|n| format!("{n} ")).unwrap_or_default();
    let images: Vec<&str> = revision.images.iter().map(Clean::as_str).collect();
    let row = Row::new()
        .gap(1)
        .put(role, glyph)
        .gap(1)
        .put(Role::Title, format!("{number}{} {}", tags.join(" "), words::version(revision)))
        .gap(2)
        .put(role, format!("{}/{} ready", revision.ready, revision.desired))
        .gap(2)
        .muted(images.join(", "));
    match revision.scale_down_at {
        Some(at) => {
            let left = crate::domain::time::Seconds::between(state.at.wall, at);
            row.with_right(Row::new().put(Role::Warn, format!("scaled down in {left}")).gap(1), width)
        }
        None => row.cut(width),
    }
}

fn row(state: &State, pod: &Pod, width: usize) -> Row {
    let (glyph, role) = match (pod.ready, pod.trouble.is_some()) {
        (true, _) => ("●", Role::Good),
        (false, true) => ("✗", Role::Bad),
        (false, false) => ("○", Role::Unknown),
    };
    let name = (width * 42 / 100).clamp(12, 48);
    let age = pod.started_at.map(|at| words::age(state.at.since(at))).unwrap_or_default();
    let restarts = match pod.restarts {
        0 => String::new(),
        1 => "1 restart".to_owned(),
        more => format!("{more} restarts"),
    };
    let row = Row::new()
        .gap(3)
        .put(role, glyph)
        .gap(1)
        .field(Role::Text, &pod.name.to_string(), name)
        .gap(1)
        .field(if pod.ready { Role::Text } else { role }, &pod.state, 18)
        .gap(1)
        .field(if pod.restarts > 0 { Role::Warn } else { Role::Muted }, &restarts, 12)
        .right(Role::Muted, &age, 5);
    match &pod.trouble {
        Some(trouble) => row.gap(2).put(Role::Bad, trouble.to_string()).cut(width),
        None => row.cut(width),
    }
}
