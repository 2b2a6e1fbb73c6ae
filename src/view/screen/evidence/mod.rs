//! Everything that is known of one panel: both arms over time on one scale, the interval of their ratio, and in words
//! what was counted, by which rules, and what exactly was asked.
//!
//! ```text
//! header
//! verdict of the release
//! panel, its place among all, the range
//! baseline over time
//! canary over time
//! time with changes of weight, steps and verdict
//! ratio and its interval over time
//! ──────────────
//! text, in two columns where there is room
//! keys
//! ```

mod axis;
mod interval;
mod strip;

use ratatui::layout::Rect;

use super::release::{self, panel};
use crate::{
    core::{
        evidence::{self, Line, aged, said},
        metrics,
        state::{Open, Panel, State},
        study::{self, LABEL, Parts, Range, Sentence, TOP, Tone},
    },
    domain::panel::{PanelKind, Side},
    theme::Role,
    view::{canvas::Canvas, chrome, widget::row::Row, words},
};

/// Columns before and behind the charts: names and scales, numbers.
const BEFORE: usize = 11;
const BEHIND: usize = 12;

/// The stretch of time that the charts show, and how many columns it has.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// In seconds since 1970 by the source's clock: after `from`, up to `to`.
    pub from: i64,
    pub to: i64,
    pub columns: usize,
}

impl Window {
    /// The column that a time lies in; none where it is not shown.
    pub fn column(self, at: i64) -> Option<usize> {
        let columns = i64::try_from(self.columns).ok()?;
        let inside = at > self.from && at <= self.to && self.to > self.from;
        inside
            .then(|| (at - self.from - 1) * columns / (self.to - self.from))
            .and_then(|column| usize::try_from(column).ok())
    }
}

pub fn draw(state: &State, open: &Open, canvas: &mut Canvas) {
    let area = canvas.area();
    let width = usize::from(area.width);
    let footer = area.bottom().saturating_sub(1);
    chrome::release_header(state, open, canvas);
    canvas.row(area, 1, &release::verdict_row(state, open, width));
    match study::shown(state, open) {
        None => canvas.row(area, 2, &Row::new().gap(1).muted("nothing is watched, so there is no evidence")),
        Some((_, _, panel)) if !study::fits(state.size) => small(state, panel, canvas),
        Some((place, count, panel)) => {
            canvas.row(area, 2, &heading(state, open, (place, count, panel), width));
            body(state, open, panel, canvas);
        }
    }
    chrome::footer(state, canvas, footer);
}

/// Where the charts do not fit: the panel in one line, and what would be needed.
fn small(state: &State, panel: &Panel, canvas: &mut Canvas) {
    let area = canvas.area();
    let width = usize::from(area.width);
    let needs = format!("its charts need 60×12, here are {}×{}", area.width, area.height);
    let rows = [
        panel::line(state, panel, width),
        Row::new().gap(3).then(Row::new().text(said::ratio(evidence::reading(panel)).unwrap_or_default())),
        Row::new().gap(1).muted(needs),
    ];
    let room = Rect { y: 2.min(area.height), height: area.height.saturating_sub(3), ..area };
    canvas.rows(room, rows.get(..usize::from(room.height).min(rows.len())).unwrap_or_default(), 0);
}

/// `✗ orders per 1,000 checkouts  1 of 9  critical · must not drop · tolerance 10 %      15m [1h] 2h all`.
fn heading(state: &State, open: &Open, (place, count, panel): (usize, usize, &Panel), width: usize) -> Row {
    let (glyph, role) = words::mark(metrics::mark(state, panel));
    let row = Row::new().gap(1).put(role, glyph).gap(1).put(Role::Focus, panel::title(panel));
    let row = match panel::aged(state, panel) {
        Some(aged) => row.gap(2).then(aged),
        None => row,
    };
    let row = row.gap(2).muted(format!("{} of {count}", place + 1));
    let ranges = Range::ALL.into_iter().fold(Row::new(), |row, range| {
        let word = range.word();
        if range == open.study.range {
            row.put(Role::Focus, format!("[{word}]"))
        } else {
            row.gap(1).muted(word).gap(1)
        }
    });
    let rules = panel::rules(panel).into_iter().find(|rules| row.width() + rules.width() + ranges.width() + 5 <= width);
    row.gap(3).then(rules.unwrap_or_default()).with_right(ranges, width)
}

fn body(state: &State, open: &Open, panel: &Panel, canvas: &mut Canvas) {
    let area = canvas.area();
    let width = usize::from(area.width);
    let parts = study::parts(state.size, study::has_interval(panel));
    let (from, to) = study::span(panel, open.study.range, panel::end(state, panel));
    let window = Window { from, to, columns: width.saturating_sub(BEFORE + BEHIND) };
    let mut rows = charts(state, panel, window, parts);
    rows.push(axis::row(state, open, panel, window));
    rows.extend(interval::rows(state, panel, window, parts.interval));
    canvas.rows(Rect { y: TOP, height: parts.text.saturating_sub(TOP + 1), ..area }, &rows, 0);
    canvas.rule(area, parts.text.saturating_sub(1));
    let columns = study::text(state, open, panel);
    let apart = u16::try_from(study::column_width(width) + 2).unwrap_or(u16::MAX);
    let room = Rect { y: parts.text, height: parts.text_lines, ..area };
    for (place, lines) in (0_u16..).zip(&columns) {
        let rows: Vec<Row> = lines.iter().map(sentence).collect();
        let left = if columns.len() > 1 { apart.saturating_mul(place) } else { 0 };
        let room = Rect { x: left, width: if columns.len() > 1 { apart } else { area.width }, ..room };
        canvas.rows(room, &rows, open.study.scroll);
    }
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let shown = usize::from(parts.text_lines);
    if longest > shown {
        let first = open.study.scroll.min(longest - shown);
        let below = longest - shown - first;
        let note =
            format!(" {} of {longest} lines, {} ", first + shown, if below > 0 { "page down for more" } else { "end" });
        let note = Row::new().muted(note);
        let at = area.width.saturating_sub(u16::try_from(note.width()).unwrap_or(u16::MAX).saturating_add(2));
        canvas.row(Rect { x: at, y: parts.text.saturating_sub(1), width: area.width - at, height: 1 }, 0, &note);
    }
}

/// Both arms on one scale, or the only series there is.
fn charts(state: &State, panel: &Panel, window: Window, parts: Parts) -> Vec<Row> {
    let of = |line: Line| evidence::binned(panel, line, (window.from, window.to), window.columns);
    let reading = evidence::reading(panel);
    let is_quiet = metrics::mark(state, panel) == evidence::Mark::Unknown;
    let role = |role: Role| if is_quiet { Role::Muted } else { role };
    let age = |side| aged::until(state, panel, side).map(|until| aged::age(state, until));
    match panel.spec.kind {
        PanelKind::Shared { .. } | PanelKind::Analysis { .. } => {
            let values = of(Line::Single);
            let top = strip::top(panel, &values);
            let now = panel::level(panel, reading.levels.now);
            let age = age(Side::Canary);
            let value = strip::Arm { name: "value", now, age, role: role(Role::Canary) };
            strip::rows(panel, &value, &values, top, 2 * parts.arm)
        }
        PanelKind::Ratio { .. } | PanelKind::Rate { .. } | PanelKind::Latency { .. } | PanelKind::Value { .. } => {
            let (baseline, canary) = (of(Line::Arm(Side::Baseline)), of(Line::Arm(Side::Canary)));
            let top = strip::top(panel, baseline.iter().chain(&canary));
            let arm = |name, side, of| {
                let now = panel::arm_value(panel, side);
                strip::Arm { name, now, age: age(side), role: role(of) }
            };
            let baseline_arm = arm("baseline", Side::Baseline, Role::Baseline);
            let canary_arm = arm("canary", Side::Canary, Role::Canary);
            let mut rows = strip::rows(panel, &baseline_arm, &baseline, top, parts.arm);
            rows.extend(strip::rows(panel, &canary_arm, &canary, top, parts.arm));
            rows
        }
    }
}

fn sentence(sentence: &Sentence) -> Row {
    let row = Row::new().gap(1).field(Role::Muted, sentence.label, LABEL - 1);
    let role = match sentence.tone {
        Tone::Plain => Role::Text,
        Tone::Marked(mark) => match words::mark(mark).1 {
            // Dim text is for what does not matter now.
            Role::Muted => Role::Text,
            role => role,
        },
        Tone::Warning => Role::Warn,
        Tone::Wire => Role::Title,
        Tone::Quiet => Role::Muted,
    };
    row.put(role, sentence.text.clone())
}
