//! Every release of every source, most urgent first.

use std::collections::BTreeMap;

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::{
    core::{
        freshness::{self, Standing},
        layout, number,
        pulse::{self, Life},
        settings::Role as SourceRole,
        state::{Row as BoardRow, State},
        urgency::{Urgency, of_row},
    },
    domain::{guard::GuardState, health::Health, target::Target, time::Seconds},
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
const FOR: usize = 7;
/// Columns of what was said last: `✗ NO-GO 12m ago`, with its guard beside it where the screen is wide.
const VERDICT: usize = 16;
const ROOMY_VERDICT: usize = 34;

/// Where the columns stand; the wide ones share what the others leave.
struct Columns {
    target: usize,
    release: usize,
    /// None where there is no room.
    next: Option<usize>,
    weight: bool,
    verdict: usize,
    waits: usize,
}

impl Columns {
    fn new(width: usize) -> Self {
        let (weight, next) = (width >= 100, width >= 116);
        let verdict = if width >= 160 { ROOMY_VERDICT } else { VERDICT };
        let fixed = STATE + verdict + FOR + if weight { WEIGHT } else { 0 };
        let rest = width.saturating_sub(fixed);
        // Versions are told whole before a name is.
        let share = |parts: usize| rest * parts / 100;
        if next {
            let (target, release, next) = (share(32), share(24), share(24));
            Self { target, release, next: Some(next), weight, verdict, waits: rest - target - release - next }
        } else {
            let (target, release) = (share(41), share(34));
            Self { target, release, next: None, weight, verdict, waits: rest - target - release }
        }
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
    let mut no_go: Option<Seconds> = None;
    for row in state.board.releases.values() {
        let said = state.board.said(&row.release);
        let class = of_row(row, said);
        *by_class.entry(class).or_default() += 1;
        if let Some(said) = said.filter(|_| class == Urgency::NoGo) {
            let age = state.at.since(said.at);
            no_go = Some(no_go.map_or(age, |oldest| Seconds(oldest.0.max(age.0))));
        }
    }
    let mut line = Row::new().gap(1);
    for (class, count) in by_class {
        let (glyph, role, word) = words::urgency(class);
        line = line.put(role, format!("{glyph} {}", number::count(to_f64(count)))).gap(1).text(word);
        // Nobody has looked since.
        if let Some(age) = no_go.filter(|_| class == Urgency::NoGo) {
            line = line.text(format!("{} {} ago", if count > 1 { ", up to" } else { "" }, short(age)));
        }
        line = line.gap(3);
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
        .field(Role::Muted, "release", columns.release);
    let row = match columns.next {
        Some(next) => row.field(Role::Muted, "now → next stop", next),
        None => row,
    };
    let row = if columns.weight { row.field(Role::Muted, "weight", WEIGHT) } else { row };
    row.field(Role::Muted, "verdict", columns.verdict).field(Role::Muted, "waits for", columns.waits).right(
        Role::Muted,
        "for",
        FOR,
    )
}

fn line(state: &State, row: &BoardRow, columns: &Columns, aged: Option<&str>) -> Row {
    let release = &row.release;
    let (glyph, role) = words::phase(release);
    let resting = of_row(row, None) == Urgency::Resting;
    let quiet = if resting { Role::Muted } else { Role::Text };
    let word = match (aged, release.aborted) {
        (Some(aged), _) => aged.to_owned(),
        (None, true) => "aborted".to_owned(),
        // Its glyph still tells whether it moves.
        (None, false) if release.is_roll_back() => "roll back".to_owned(),
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
        .gap(1);
    let row_text = match columns.next {
        Some(next) => row_text.field(quiet, &next_stop(release), next.saturating_sub(1)).gap(1),
        None => row_text,
    };
    let row_text = if columns.weight { weight(row_text, release) } else { row_text };
    let end = row_text.width() + columns.verdict;
    let row_text = row_text.then(verdict(state, row, columns.verdict.saturating_sub(1))).to(end);
    let waits = words::waits_for(release, state.at.wall).unwrap_or_default();
    let for_whom = if release.waits_for_person() { Role::Paused } else { quiet };
    let since = if resting { String::new() } else { since(state, row) };
    row_text.field(for_whom, &waits, columns.waits.saturating_sub(1)).gap(1).right(quiet, &since, FOR)
}

/// What was said last and how long ago, and the guard that holds it; `not watched` where neither is known. Numbers are
/// judged while a release is open, so nothing here is as of now but the guard.
fn verdict(state: &State, row: &BoardRow, width: usize) -> Row {
    let said = state.board.said(&row.release);
    let class = of_row(row, said);
    let guard = pulse::of_row(state, row).filter(|(sign, _)| !sign.state.is_over());
    let guard = guard.map(|(sign, life)| guarded(&sign.state, life));
    let is_no_go = class == Urgency::NoGo;
    let said = said.map(|said| {
        let (glyph, role) = words::verdict(said.word);
        let role = if is_no_go { role } else { Role::Muted };
        let (word, age) = (said.word, short(state.at.since(said.at)));
        let texts =
            [format!("{glyph} {word} {age} ago"), format!("{glyph} {word} {age}"), format!("{glyph} {age} ago")];
        let text = texts.iter().find(|text| text.width() <= width).or(texts.last()).cloned().unwrap_or_default();
        Row::new().put(role, text)
    });
    let none = if class == Urgency::Resting { Row::new() } else { Row::new().muted("not watched") };
    match (said, guard) {
        (None, None) => none,
        (Some(said), None) => said.cut(width),
        (None, Some((role, text))) => Row::new().put(role, text).cut(width),
        (Some(said), Some((role, text))) => {
            let both = said.clone().muted(" · ").put(role, text);
            // A guard that does not do what it is there for is news; one that does is less than a NO-GO.
            let is_news = role != Role::Muted;
            if both.width() <= width {
                both
            } else if is_no_go && !is_news {
                said.cut(width)
            } else {
                let mark = if is_no_go { Row::new().put(Role::Bad, "✗").gap(1) } else { Row::new() };
                mark.put(role, text).cut(width)
            }
        }
    }
}

fn guarded(guard: &GuardState, life: Life) -> (Role, &'static str) {
    match (guard, life) {
        (_, Life::Lost(_)) => (Role::Bad, "guard LOST"),
        (GuardState::Acting(_), _) => (Role::Bad, "guard ACTING"),
        (GuardState::Blind(_), _) => (Role::Warn, "guard blind"),
        (_, Life::Unseen(_)) => (Role::Unknown, "guard unseen"),
        (_, Life::Unheard) => (Role::Unknown, "guard unheard"),
        (GuardState::Watching | GuardState::Ended(_), Life::Alive(_)) => (Role::Muted, "guarded"),
    }
}

/// An age in one unit, never younger than it is by more than that: `40s`, `3m`, `2h`, `5d`.
fn short(age: Seconds) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, saturates")]
    let seconds = age.0 as u64;
    match seconds {
        0..60 => format!("{}s", seconds / 5 * 5),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        86_400.. => format!("{}d", seconds / 86_400),
    }
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
