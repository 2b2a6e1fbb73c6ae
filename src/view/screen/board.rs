//! Every release of every source, most urgent first.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use crate::{
    core::{
        freshness::{self, Standing},
        layout, number,
        pulse::{self, Life},
        settings::Role as SourceRole,
        state::{Row as BoardRow, State},
        urgency::{Urgency, urgency},
    },
    domain::{guard::GuardState, health::Health, target::Target},
    theme::Role,
    view::{
        canvas::Canvas,
        chrome,
        widget::{bar, row::Row},
        words,
    },
};

/// Columns of the fixed fields.
const STATE: usize = 15;
const WEIGHT: usize = 14;
const FOR: usize = 9;

/// Where the columns stand; the wide ones share what the others leave.
struct Columns {
    target: usize,
    release: usize,
    next: usize,
    /// None where there is no room.
    weight: bool,
    waits: usize,
}

impl Columns {
    fn new(width: usize) -> Self {
        let weight = width >= 100;
        let fixed = STATE + FOR + 1 + if weight { WEIGHT } else { 0 };
        let rest = width.saturating_sub(fixed);
        let share = |parts: usize| rest * parts / 100;
        Self { target: share(32), release: share(26), next: share(22), weight, waits: share(20) }
    }
}

pub fn draw(state: &State, canvas: &mut Canvas) {
    let area = canvas.area();
    let width = usize::from(area.width);
    chrome::board_header(state, canvas);
    canvas.row(area, 1, &counts(state));
    let columns = Columns::new(width);
    if area.height > 4 {
        canvas.row(area, 2, &heading(&columns));
    }
    let body = Rect::new(0, layout::BOARD_TOP, area.width, area.height.saturating_sub(layout::BOARD_TOP + 1));
    let order = &state.board.order;
    if order.is_empty() {
        for (y, row) in (1..).zip(empty(state)) {
            canvas.row(body, y, &row);
        }
    }
    let last = order.len().saturating_sub(usize::from(body.height));
    for (y, target) in (0..body.height).zip(order.iter().skip(state.board.scroll.min(last))) {
        let Some(row) = state.board.releases.get(target) else { continue };
        let aged = staleness(state, target);
        canvas.row(body, y, &line(state, row, &columns, aged.as_deref()).cut(width));
        let place = Rect { y: body.y + y, height: 1, ..body };
        if aged.is_some() {
            canvas.over(place, Role::Stale);
        }
        if state.board.cursor.as_ref() == Some(target) {
            canvas.over(place, Role::Selected);
        }
    }
    chrome::footer(state, canvas, area.bottom().saturating_sub(1));
}

/// Complete counts by urgency, and what became urgent while the cursor kept the order still.
fn counts(state: &State) -> Row {
    let mut by_class: BTreeMap<Urgency, usize> = BTreeMap::new();
    for row in state.board.releases.values() {
        *by_class.entry(urgency(&row.release)).or_default() += 1;
    }
    let mut line = Row::new().gap(1);
    for (class, count) in by_class {
        let (glyph, role, word) = words::urgency(class);
        line = line.put(role, format!("{glyph} {}", number::count(to_f64(count)))).gap(1).text(word).gap(3);
    }
    line = guards(state, line);
    if !state.board.risen.is_empty() {
        line = line.put(Role::Warn, format!("↑{}", state.board.risen.len())).gap(1).muted("new at the top");
    }
    let shown = state.board.order.len();
    if shown < state.board.releases.len() {
        line = line.muted(format!("filter shows {shown} of {}", state.board.releases.len()));
    }
    line
}

/// How many releases would be rolled back by a guard, and how many guards are lost or at it.
fn guards(state: &State, line: Row) -> Row {
    let (mut alive, mut lost, mut acting) = (0, 0, 0);
    for (sign, life) in state.board.releases.values().filter_map(|row| pulse::of_row(state, row)) {
        match (&sign.state, life) {
            (GuardState::Ended(_), _) => {}
            (_, Life::Lost(_)) => lost += 1,
            (GuardState::Acting(_), _) => acting += 1,
            (GuardState::Watching | GuardState::Blind(_), Life::Alive(_) | Life::Unheard | Life::Unseen(_)) => {
                alive += 1;
            }
        }
    }
    let parts = [(acting, Role::Bad, "guard ACTING"), (lost, Role::Bad, "guard LOST"), (alive, Role::Muted, "guarded")];
    parts.into_iter().filter(|(count, _, _)| *count > 0).fold(line, |line, (count, role, word)| {
        line.put(role, number::count(to_f64(count))).gap(1).put(role, word).gap(3)
    })
}

#[expect(clippy::cast_precision_loss, reason = "numbers of releases")]
const fn to_f64(count: usize) -> f64 {
    count as f64
}

fn heading(columns: &Columns) -> Row {
    let row = Row::new()
        .gap(3)
        .field(Role::Muted, "state", STATE - 3)
        .field(Role::Muted, "target", columns.target)
        .field(Role::Muted, "release", columns.release)
        .field(Role::Muted, "now → next stop", columns.next);
    let row = if columns.weight { row.field(Role::Muted, "weight", WEIGHT) } else { row };
    row.field(Role::Muted, "waits for", columns.waits).right(Role::Muted, "for", FOR)
}

fn line(state: &State, row: &BoardRow, columns: &Columns, aged: Option<&str>) -> Row {
    let release = &row.release;
    let (glyph, role) = words::phase(release);
    let resting = urgency(release) == Urgency::Resting;
    let quiet = if resting { Role::Muted } else { Role::Text };
    let word = match (aged, release.aborted) {
        (Some(aged), _) => aged.to_owned(),
        (None, true) => "aborted".to_owned(),
        (None, false) => release.phase.word().to_owned(),
    };
    let several = state.sources.iter().filter(|s| s.role == SourceRole::Backend).nth(1).is_some();
    let within = release.id.target.within_source();
    let target = if several { format!("{} {within}", release.id.target.source) } else { within };
    let row_text = Row::new()
        .gap(1)
        .put(role, glyph)
        .gap(1)
        .field(if aged.is_some() { Role::Bad } else { role }, &word, STATE - 4)
        .gap(1)
        .field(Role::Text, &target, columns.target.saturating_sub(1))
        .gap(1)
        .field(quiet, &words::versions(release), columns.release.saturating_sub(1))
        .gap(1)
        .field(quiet, &next_stop(release), columns.next.saturating_sub(1))
        .gap(1);
    let row_text = if columns.weight { weight(row_text, release) } else { row_text };
    let waits = words::waits_for(release, state.at.wall).unwrap_or_default();
    let for_whom = if release.waits_for_person() { Role::Paused } else { quiet };
    let since = if resting { String::new() } else { since(state, row) };
    row_text.field(for_whom, &waits, columns.waits.saturating_sub(1)).gap(1).right(quiet, &since, FOR)
}

fn since(state: &State, row: &BoardRow) -> String {
    let mark = if row.since_at_least { "≥" } else { "" };
    format!("{mark}{}", state.at.since(row.since))
}

/// `4/8 → 100 %`: the step it is at, and where a person is asked again.
fn next_stop(release: &crate::domain::release::Release) -> String {
    use crate::domain::goal::Goal;
    let Some((place, _)) = release.current_step().filter(|_| release.is_moving()) else { return String::new() };
    let now = format!("{}/{}", place + 1, release.steps.len());
    let plan = release.offer(&Goal::Promote).and_then(|offer| offer.answer.plan().ok());
    match plan.and_then(|plan| plan.reach.as_ref()) {
        Some(reach) => format!("{now} → {} %", number::percent(reach.weight)),
        None => now,
    }
}

fn weight(row: Row, release: &crate::domain::release::Release) -> Row {
    let end = row.width() + WEIGHT;
    match release.weight.set.or(release.weight.wanted).filter(|_| release.is_moving()) {
        Some(percent) => {
            let bar = bar::text(percent, 6);
            row.field(Role::Canary, &bar, 6).right(Role::Text, &format!("{} %", number::percent(percent)), 6).to(end)
        }
        None => row.to(end),
    }
}

/// How old a row is, where its source cannot be heard.
fn staleness(state: &State, target: &Target) -> Option<String> {
    let source = state.source(&target.source)?;
    match freshness::standing(state, source) {
        Standing::Connecting | Standing::Live(_) => None,
        Standing::Stale(age) | Standing::Lost(_, Some(age)) => Some(format!("STALE {}", words::coarse(age))),
        Standing::Lost(_, None) => Some("STALE".to_owned()),
    }
}

/// Why there is nothing to see.
fn empty(state: &State) -> Vec<Row> {
    if !state.board.releases.is_empty() {
        return vec![Row::new().gap(3).text("no release matches the filter")];
    }
    let backends: Vec<_> = state.sources.iter().filter(|s| s.role == SourceRole::Backend).collect();
    if backends.is_empty() {
        return vec![Row::new().gap(3).text("no source is configured; run `flightdeck doctor`")];
    }
    backends
        .into_iter()
        .map(|source| {
            let name = source.name.to_string();
            match (&source.health, source.listed) {
                (Health::Lost { why, .. }, _) => {
                    Row::new().gap(3).put(Role::Bad, "✗").gap(1).text(format!("{name}: {why}"))
                }
                (Health::Live, true) => {
                    let folders: Vec<String> = source.folders.iter().map(ToString::to_string).collect();
                    let place = if folders.is_empty() { String::new() } else { format!(" in {}", folders.join(", ")) };
                    Row::new().gap(3).put(Role::Good, "✓").gap(1).text(format!("{name}: no releases{place}"))
                }
                (Health::Connecting | Health::Live, _) => {
                    Row::new().gap(3).put(Role::Unknown, "?").gap(1).text(format!("{name}: waiting for its list"))
                }
            }
        })
        .collect()
}
