//! What every screen shares: who and where at the top, the keys at the bottom, what was just said.

use ratatui::layout::Rect;

use super::{
    canvas::Canvas,
    widget::row::{Row, fit},
    words,
};
use crate::{
    core::{
        acts,
        command::{COMMANDS, Command, Danger, Spec},
        keymap::{self, Screen},
        layout::{self, Tier},
        number, past, pulse,
        settings::Role as SourceRole,
        state::{Notice, NoticeKind, Open, Overlay, Source, State, View},
    },
    domain::{clean::Name, time::Seconds},
    theme::Role,
};

/// The badges: a simulated world says so before anything else.
fn badges(state: &State, source: Option<&Name>) -> Row {
    let mut row = Row::new().gap(1);
    if state.settings.demo {
        row = row.then(words::badge("DEMO", Role::BadgeDemo)).gap(1);
    }
    match source.and_then(|name| state.source(name)) {
        Some(source) => {
            let (word, role) = words::environment(source.environment);
            row.then(words::badge(word, role)).gap(1)
        }
        None => row,
    }
}

/// Whether acts are allowed, and for how long.
fn arming(state: &State, source: &Name) -> Row {
    match state.armed_for(source) {
        Some(left) => {
            let left = words::millis(left);
            // Minutes are enough, so that the header does not count by the second.
            let left = if left.0 > 60.0 {
                Seconds((left.0 / 60.0).ceil() * 60.0)
            } else {
                Seconds((left.0 / 5.0).ceil() * 5.0)
            };
            let text = if left.0 >= 60.0 { format!("{}m", number::count(left.0 / 60.0)) } else { left.to_string() };
            Row::new().put(Role::Armed, format!(" ARMED {text} "))
        }
        None => Row::new().put(Role::Title, "READ-ONLY"),
    }
}

/// The sources that matter for the open release: its own, and those its panels ask.
fn sources_of<'a>(state: &'a State, open: &'a Open) -> impl Iterator<Item = &'a Source> {
    state.sources.iter().filter(move |source| match source.role {
        SourceRole::Backend => source.name == open.target.source,
        SourceRole::Metrics => open.panels.iter().any(|p| p.spec.source == source.name),
    })
}

/// Where am I and as whom. What does not fit falls off: the user first, then the clock.
pub fn release_header(state: &State, open: &Open, canvas: &mut Canvas) {
    let width = header_width(state, usize::from(canvas.area().width));
    let mut left = badges(state, Some(&open.target.source))
        .put(Role::Title, open.target.source.to_string())
        .muted(" ▸ ")
        .put(Role::Title, open.target.within_source());
    if layout::tier(state.size) == Tier::Cockpit
        && let Some(release) = &open.release
    {
        // A long version must not push the clock off the screen.
        let versions = fit(&words::versions(release), width / 3).into_owned();
        left = left.gap(3).then(words::strategy(release)).text(versions);
    }
    // How things stand now is no part of what was; `replay` says so in this place.
    if open.looking.is_some() {
        return canvas.row(canvas.area(), 0, &left);
    }
    let source = state.source(&open.target.source);
    let user = source.and_then(|s| s.user.as_ref()).map(|user| Row::new().muted("as ").text(user.to_string()));
    // The cockpit of a small screen has room for it on the next line.
    let is_below = layout::tier(state.size) == Tier::Tabs && open.view == View::Cockpit;
    let clock = (!is_below).then(|| clock(state));
    // Where the zone finds no room the time alone may.
    let bare = clock.as_ref().map(|_| Row::new().text(words::clock(state)));
    let must = |roomy: bool| -> Vec<Row> {
        let ages = sources_of(state, open).map(|source| words::source(state, source, roomy));
        let guard = pulse::guard(state, open).map(|(sign, life)| words::guard(sign, life, roomy));
        let mode = (!state.is_replayed()).then(|| arming(state, &open.target.source));
        let then = guard.into_iter().chain(ages).enumerate().map(|(place, chip)| in_time(state, place, chip));
        mode.into_iter().chain(then).collect()
    };
    let mut chips = must(true);
    if left.width() + joined(&chips).width() + 2 > width {
        chips = must(false);
    }
    let mut has_clock = false;
    let required = chips.len();
    let behind_mode = usize::from(!state.is_replayed());
    for (place, chip, is_clock) in [(behind_mode, clock, true), (0, user, false), (behind_mode, bare, true)] {
        let Some(chip) = chip.filter(|_| !(is_clock && has_clock)) else { continue };
        let mut more = chips.clone();
        // Behind the user, where there is one.
        more.insert(if is_clock { place + chips.len() - required } else { place }, chip);
        if left.width() + joined(&more).width() + 2 < width {
            chips = more;
            has_clock |= is_clock;
        }
    }
    let row = left.with_right(joined(&chips).gap(1), width);
    canvas.row(canvas.area(), 0, &row);
}

/// `14:06:22 UTC`.
pub fn clock(state: &State) -> Row {
    Row::new().text(words::clock(state)).gap(1).muted(state.settings.zone.name.to_string())
}

fn joined(chips: &[Row]) -> Row {
    chips.iter().enumerate().fold(Row::new(), |row, (place, chip)| {
        let row = if place == 0 { row } else { row.muted(" · ") };
        row.then(chip.clone())
    })
}

/// Columns that a header may fill: the mark of a recording has its corner.
pub fn header_width(state: &State, width: usize) -> usize {
    if state.is_replayed() { width.saturating_sub(recorded().width()) } else { width }
}

/// The mark of a recording.
fn recorded() -> Row {
    words::badge("REPLAY", Role::Replay)
}

/// In the corner of whatever is on screen, dialogs too: this is a recording.
pub fn recording(canvas: &mut Canvas) {
    let area = canvas.area();
    let mark = recorded().cut(usize::from(area.width));
    let room = area.width.saturating_sub(u16::try_from(mark.width()).unwrap_or(u16::MAX));
    let corner = Rect { x: area.x + room, width: area.width - room, height: area.height.min(1), ..area };
    canvas.clear(corner);
    canvas.row(corner, 0, &mark);
}

/// How a source does: in a recording the first says that it is how it did then.
fn in_time(state: &State, place: usize, chip: Row) -> Row {
    if state.is_replayed() && place == 0 { Row::new().muted("then ").then(chip) } else { chip }
}

/// Where am I, and how every source is doing.
pub fn board_header(state: &State, canvas: &mut Canvas) {
    let width = header_width(state, usize::from(canvas.area().width));
    let left = badges(state, None).put(Role::Title, "flightdeck").muted(" ▸ ").put(Role::Title, "releases");
    let left = match state.board.filter.value() {
        "" => left,
        filter => left.gap(2).muted("filter ").put(Role::Input, filter.to_owned()),
    };
    let backends = state.sources.iter().filter(|s| s.role == SourceRole::Backend);
    let mut chips: Vec<Row> = backends
        .enumerate()
        .map(|(place, source)| {
            // On the board the name tells the sources apart.
            let named = Source { short: source.name.to_string().into(), ..source.clone() };
            in_time(state, place, words::source(state, &named, true))
        })
        .collect();
    chips.push(clock(state));
    let row = left.with_right(joined(&chips).gap(1), width);
    canvas.row(canvas.area(), 0, &row);
}

/// Says that what is on screen is not now: in the header when it was, and over the whole last line how to come back
/// and what the verdict is now.
pub fn replay(now: &State, then: &State, canvas: &mut Canvas) {
    let Some(open) = &now.open else { return };
    let area = canvas.area();
    let width = usize::from(area.width);
    let when = format!("REPLAY {}, {} ago", words::time_of_day(now, then.at.wall), past::ago(now, then));
    let badge = words::badge(&when, Role::Replay).cut(width);
    let room = area.width.saturating_sub(u16::try_from(badge.width()).unwrap_or(u16::MAX));
    let corner = Rect { x: area.x + room, width: area.width - room, height: area.height.min(1), ..area };
    canvas.clear(corner);
    canvas.row(corner, 0, &badge);
    let mut bar = format!(" {when}   now {}", words::now(open));
    for step in [
        format!("{} back to now", key_name(now, Command::Back)),
        format!("{} moments", pair(now, Command::Earlier, Command::Later)),
        format!("{} seconds", pair(now, Command::Rewind, Command::Forward)),
        "nothing is sent from the past".to_owned(),
    ] {
        let longer = format!("{bar}   {step}");
        if fit(&longer, width) == longer {
            bar = longer;
        }
    }
    let bar = Row::new().put(Role::Replay, bar).cut(width);
    let gap = width - bar.width();
    let bar = bar.put(Role::Replay, " ".repeat(gap));
    let foot = Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area };
    canvas.clear(foot);
    canvas.row(foot, 0, &bar);
}

/// The keys of two commands that belong together, arrows as arrows: `←→`, `, .`.
fn pair(state: &State, one: Command, other: Command) -> String {
    match (key_name(state, one).as_str(), key_name(state, other).as_str()) {
        ("left", "right") => "←→".to_owned(),
        (one, other) => format!("{one} {other}"),
    }
}

/// The keys that work here, from the table; those that do nothing now are dim. What does not fit falls off
/// from the highest number.
pub fn footer(state: &State, canvas: &mut Canvas, y: u16) {
    let screen = keymap::screen(state);
    let width = canvas.area().width;
    let mut specs: Vec<(u8, &Spec)> = COMMANDS
        .iter()
        .filter(|spec| keymap::works_on(spec, screen))
        .filter_map(|spec| spec.footer.map(|place| (place, spec)))
        .collect();
    specs.sort_by_key(|(place, _)| *place);
    let full_screen = state.open.as_ref().is_some_and(|open| open.view != View::Cockpit);
    let mut row = Row::new().gap(1);
    if full_screen {
        row = key(state, row, Command::Back, "back", false).gap(2);
    }
    if state.open.as_ref().is_some_and(|open| open.view == View::Evidence) {
        row = key(state, row, Command::NextPane, "next panel", false).gap(2);
        row = key(state, row, Command::Shorter, "", false).gap(0);
        row = key(state, row, Command::Longer, "range", false).gap(2);
    }
    if state.open.as_ref().is_some_and(|open| open.view == View::Timeline) {
        row = row.put(Role::Key, pair(state, Command::Earlier, Command::Later)).gap(1).text("look back").gap(2);
    }
    let mut was_act = None;
    for (_, spec) in specs {
        let acts = spec.danger == Danger::Act || spec.command == Command::Acts;
        let label = label(state, spec);
        let grey = is_denied(state, spec.command);
        let separator =
            if was_act == Some(true) && !acts { Row::new().put(Role::Border, "│").gap(2) } else { Row::new() };
        let next = key(state, row.clone().then(separator), spec.command, label, grey);
        if next.width() + 1 > usize::from(width) {
            break;
        }
        row = next.gap(2);
        was_act = Some(acts);
    }
    if !full_screen && screen == Screen::Release {
        let next = key(state, row.clone(), Command::Back, "board", false);
        row = if next.width() < usize::from(width) { next } else { row };
    }
    let area = Rect { y, height: 1, ..canvas.area() };
    canvas.row(area, 0, &row);
}

fn label(state: &State, spec: &'static Spec) -> &'static str {
    let release = state.open.as_ref().and_then(|open| open.release.as_deref());
    match (spec.command, acts::goal_of(spec.command, release)) {
        (Command::Hold, Some(goal)) => goal.label(),
        (_, _) => spec.label,
    }
}

fn is_denied(state: &State, command: Command) -> bool {
    let Some(open) = &state.open else { return false };
    if state.is_replayed() && command.acts() {
        return true;
    }
    acts::goal_of(command, open.release.as_deref()).is_some_and(|goal| acts::possible(state, &goal).is_err())
}

/// `p promote` behind `row`.
pub fn key(state: &State, row: Row, command: Command, label: &str, grey: bool) -> Row {
    let name = key_name(state, command);
    let (key, text) = if grey { (Role::Denied, Role::Denied) } else { (Role::Key, Role::Text) };
    row.put(key, name).gap(1).put(text, label.to_owned())
}

/// The first key that gives a command now, `–` without one.
pub fn key_name(state: &State, command: Command) -> String {
    keymap::keys(&state.settings, command).first().map_or_else(|| "–".to_owned(), ToString::to_string)
}

/// What a notice says, behind its glyph.
pub fn noticed(notice: &Notice) -> Row {
    let (glyph, role) = match notice.kind {
        NoticeKind::Said => ("·", Role::Title),
        NoticeKind::Warning => ("!", Role::Warn),
        NoticeKind::Trouble => ("✗", Role::Bad),
    };
    Row::new().put(role, glyph).gap(1).put(role, notice.text.to_string())
}

/// What was just said: on the line above the keys where that is a rule, else in their place.
pub fn notice(state: &State, canvas: &mut Canvas) {
    let Some(notice) = state.notice.as_ref().filter(|notice| notice.until > state.at.mono) else {
        return hint(state, canvas);
    };
    if notice.in_dialog || matches!(state.overlay, Some(Overlay::Filter)) {
        return;
    }
    said(state, canvas, Row::new().gap(1).then(noticed(notice)));
}

/// What a demo suggests, where a notice would stand.
fn hint(state: &State, canvas: &mut Canvas) {
    if let Some(hint) = &state.hint {
        said(state, canvas, Row::new().gap(1).put(Role::Key, "▸").gap(1).put(Role::Title, hint.to_string()));
    }
}

fn said(state: &State, canvas: &mut Canvas, row: Row) {
    let area = canvas.area();
    let has_rule =
        state.open.as_ref().is_some_and(|o| o.view == View::Cockpit) && layout::tier(state.size) == Tier::Cockpit;
    // The last line of a past says that it is one.
    let is_past = state.open.as_ref().is_some_and(|open| open.looking.is_some());
    let y = area.bottom().saturating_sub(if has_rule || is_past { 2 } else { 1 });
    let width = usize::from(area.width);
    let line = Rect { y, height: 1, ..area };
    canvas.clear(line);
    canvas.row(line, 0, &row.cut(width));
}
