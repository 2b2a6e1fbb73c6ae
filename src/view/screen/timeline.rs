//! What happened, newest first: full screen, and the last lines of it in the cockpit.

use ratatui::layout::Rect;

use crate::{
    core::{
        content, layout,
        state::{Open, Pane, State},
    },
    domain::{
        timeline::{Moment, MomentKind},
        verdict::Word,
    },
    theme::Role,
    view::{canvas::Canvas, chrome, screen::release, widget::row::Row, words},
};

pub fn draw(state: &State, open: &Open, canvas: &mut Canvas) {
    let area = canvas.area();
    let width = usize::from(area.width);
    chrome::release_header(state, open, canvas);
    canvas.row(area, 1, &release::state_row(state, open, width));
    let heading = Row::new()
        .gap(1)
        .put(Role::Focus, "TIMELINE")
        .gap(2)
        .muted(format!("{} lines, newest first", content::timeline(open).len()));
    canvas.row(area, 2, &filtered(open, heading));
    let scroll = open.scroll.get(Pane::Timeline as usize).copied().unwrap_or_default();
    draw_tail(state, open, canvas, layout::list_body(state.size), scroll);
    chrome::footer(state, canvas, area.bottom().saturating_sub(1));
}

/// A heading and the filter under which the list stands.
pub fn filtered(open: &Open, heading: Row) -> Row {
    match open.filter.value() {
        "" => heading,
        filter => heading.gap(2).muted("filter ").put(Role::Input, filter.to_owned()),
    }
}

/// The newest moments from line `scroll` on.
pub fn draw_tail(state: &State, open: &Open, canvas: &mut Canvas, area: Rect, scroll: usize) {
    let moments = content::timeline(open);
    if moments.is_empty() {
        let why = match open.filter.value() {
            "" => "nothing has been seen to happen yet".to_owned(),
            filter => format!("no line holds `{filter}`"),
        };
        canvas.row(area, 0, &Row::new().gap(1).muted(why));
    }
    let last = moments.len().saturating_sub(usize::from(area.height));
    let first = scroll.min(last);
    if first > 0 {
        // What has just happened must not be missed for looking back.
        canvas.row(area, 0, &Row::new().gap(1).put(Role::Warn, format!("↑ {} newer lines", first + 1)));
    }
    let begin = u16::from(first > 0);
    for (y, moment) in (begin..area.height).zip(moments.into_iter().skip(first + usize::from(begin))) {
        // Of a past that is looked at the newest moment is the one that it shows.
        let is_shown = open.looking.is_some() && y == 0 && first == 0;
        let mark = if is_shown { Row::new().put(Role::Warn, "►") } else { Row::new().gap(1) };
        canvas.row(area, y, &mark.then(row(state, moment)));
    }
}

/// The verdict that a moment tells of.
fn word(moment: &Moment) -> Word {
    let told = |word: &Word| moment.text.starts_with(&word.to_string());
    [Word::NoGo, Word::Go, Word::Collecting].into_iter().find(told).unwrap_or(Word::Unknown)
}

fn row(state: &State, moment: &Moment) -> Row {
    let (role, text) = match moment.kind {
        MomentKind::Act | MomentKind::Guard => (Role::Title, Role::Title),
        MomentKind::Verdict => (words::verdict(word(moment)).1, Role::Text),
        MomentKind::Source => (Role::Warn, Role::Text),
        MomentKind::Phase
        | MomentKind::Step
        | MomentKind::Weight
        | MomentKind::Revision
        | MomentKind::Pod
        | MomentKind::Analysis
        | MomentKind::Event => (Role::Muted, Role::Text),
    };
    let glyph = match moment.kind {
        MomentKind::Verdict => {
            let (glyph, role) = words::verdict(word(moment));
            Row::new().put(role, glyph).gap(1)
        }
        MomentKind::Act
        | MomentKind::Guard
        | MomentKind::Source
        | MomentKind::Phase
        | MomentKind::Step
        | MomentKind::Weight
        | MomentKind::Revision
        | MomentKind::Pod
        | MomentKind::Analysis
        | MomentKind::Event => Row::new(),
    };
    // Yesterday's times would read like today's.
    let age = state.at.since(moment.at);
    let when =
        if age.0 < 20.0 * 3600.0 { words::time_of_day(state, moment.at) } else { format!("{} ago", words::age(age)) };
    let row = Row::new().field(Role::Muted, &when, 9).field(role, moment.kind.word(), 9);
    row.then(glyph).put(text, moment.text.to_string())
}
