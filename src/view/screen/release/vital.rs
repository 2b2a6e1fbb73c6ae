//! The lines that are on screen in every size: state, verdict, way back, and what blocks.

use ratatui::layout::Rect;

use super::verdict;
use crate::{
    core::{
        command::Command,
        number,
        state::{Open, State},
        urgency::{Urgency, urgency},
    },
    domain::{
        clean::Clean,
        goal::{Goal, Permission},
        health::Health,
        plan::Reach,
        release::{Phase, Release, WaitingOn},
        time::Seconds,
        way_back::Means,
    },
    theme::Role,
    view::{canvas::Canvas, chrome, widget::row::Row, words},
};

/// The line of the way back; what blocks stands below it.
const WAY_BACK: u16 = 2;
/// Columns from which sentences are written out.
const ROOMY: usize = 110;

/// Paints the lines, and dims what the backend said before contact was lost; the verdict is the metrics' own.
pub fn draw(state: &State, open: &Open, canvas: &mut Canvas, area: Rect) {
    canvas.rows(area, &rows(state, open, usize::from(area.width)), 0);
    // What could be done is no longer so, be it that contact is lost or that this is a past.
    let is_old = words::staleness(state, open).is_some() || state.shows_a_past();
    if open.release.is_some() && is_old && area.height > WAY_BACK {
        canvas.over(Rect { y: area.y + WAY_BACK, height: area.height - WAY_BACK, ..area }, Role::Stale);
    }
}

/// State, verdict, way back, and what blocks where something does.
pub fn rows(state: &State, open: &Open, width: usize) -> Vec<Row> {
    let mut rows =
        vec![state_row(state, open, width), verdict_row(state, open, width), way_back_row(state, open, width)];
    if let Some(release) = &open.release
        && let Some(first) = release.blockers.first()
    {
        let more = release.blockers.len() - 1;
        let more = if more > 0 { format!("  +{more} more") } else { String::new() };
        let row = Row::new().gap(1).put(Role::Bad, "!").gap(1).put(Role::Bad, "BLOCKED").gap(1).text(first.to_string());
        rows.push(row.with_right(Row::new().muted(more), width));
    }
    rows
}

/// `‖ PAUSED 4/8 at 10 %, waiting 4m12s for a person      after p: runs to 100 % and asks nobody again`.
pub fn state_row(state: &State, open: &Open, width: usize) -> Row {
    let Some(release) = &open.release else { return unheard(open) };
    let (glyph, role) = words::phase(release);
    let mut row = Row::new().gap(1);
    if open.gone {
        return row.put(Role::Bad, "✗ GONE").text("  it was deleted; what is shown is the last that was seen");
    }
    if let Some(stale) = words::staleness(state, open) {
        row = row.put(Role::Bad, stale).gap(1);
    }
    if release.aborted {
        return aborted(release, row).cut(width);
    }
    row = row.put(role, glyph).gap(1).put(role, release.phase.word().to_uppercase());
    if let Some((place, _)) = release.current_step() {
        row = row.text(format!(" {}/{}", place + 1, release.steps.len()));
    }
    if let Some(newest) = release.newest().filter(|_| release.is_roll_back()) {
        row = row.put(Role::Title, format!(", roll back to {}", words::version(newest)));
    }
    if release.is_moving()
        && let Some(weight) = words::weight(release)
    {
        row = row.text(" at ").put(Role::Title, weight);
    }
    row = doing(state, release, row, width >= ROOMY);
    let after = after_promote(state, release, width);
    let after = if state.shows_a_past() { after.all(Role::Denied) } else { after };
    let gap = if width >= ROOMY { 5 } else { 1 };
    if row.width() + gap + after.width() <= width { row.gap(gap).then(after) } else { row.cut(width) }
}

fn unheard(open: &Open) -> Row {
    let row = Row::new().gap(1);
    match &open.health {
        _ if open.gone => row.put(Role::Bad, "✗ NOT FOUND").text(format!("  there is no {}", open.target)),
        Health::Lost { why, .. } => row.put(Role::Bad, "✗ NO CONTACT").text(format!("  {why}")),
        Health::Connecting | Health::Live => {
            row.put(Role::Unknown, "? UNKNOWN").text(format!("  connecting to {} …", open.target.source))
        }
    }
}

/// `✗ ABORTED, 100 % on 4.1.9: RolloutAborted: …`: where customers are comes first.
fn aborted(release: &Release, row: Row) -> Row {
    let row = row.put(Role::Bad, "✗ ABORTED");
    let row = match (release.stable().map(words::version), release.weight.set) {
        (Some(stable), Some(_)) if release.is_home() => row.put(Role::Title, format!(", 100 % on {stable}")),
        (Some(stable), Some(_)) => row.put(Role::Warn, format!(", customers are on their way to {stable}")),
        (_, _) => row,
    };
    if release.message.is_empty() { row } else { row.muted(format!(": {}", release.message)) }
}

/// What it does or waits for, with the time that counts.
fn doing(state: &State, release: &Release, row: Row, roomy: bool) -> Row {
    let now = state.at;
    let since = release.waiting.as_ref().and_then(|w| w.since).map(|since| now.since(since));
    let waited = since.map(|since| format!(" {since}")).unwrap_or_default();
    let mut row = if release.held { row.put(Role::Paused, ", held by hand") } else { row };
    let waiting = if roomy { "waiting" } else { "waits" };
    let person = if roomy { ", waiting" } else { "," };
    match release.waiting.as_ref().map(|w| &w.on) {
        Some(WaitingOn::Person) if release.held => row = row.text(waited),
        Some(WaitingOn::Person) => {
            row = row.text(person).put(Role::Title, waited).put(Role::Paused, " for a person");
        }
        Some(WaitingOn::Timer(until)) => {
            let left = Seconds::between(now.wall, *until);
            row = row.text(", ").put(Role::Title, left.to_string()).text(if roomy {
                " left of this pause"
            } else {
                " left"
            });
        }
        Some(WaitingOn::Analysis) => row = row.text(format!(", {waiting}{waited} for its analysis")),
        Some(WaitingOn::Pods) => row = row.text(format!(", {waiting}{waited} for pods")),
        Some(WaitingOn::Controller) => row = row.text(format!(", {waiting}{waited} for the controller")),
        Some(WaitingOn::Inconclusive) => {
            row = row.put(Role::Paused, format!(", analysis inconclusive: a person decides,{waited}"));
        }
        None => {}
    }
    let wordy = matches!(release.phase, Phase::Degraded | Phase::Unknown) && !release.message.is_empty();
    if wordy { row.muted(format!(": {}", release.message)) } else { row }
}

/// What the next promote commits to.
fn after_promote(state: &State, release: &Release, width: usize) -> Row {
    let plan = release.offer(&Goal::Promote).and_then(|offer| offer.answer.plan().ok());
    let Some(reach) = plan.and_then(|plan| plan.reach.as_ref()) else { return Row::new() };
    let key = chrome::key_name(state, Command::Promote);
    let row = if width >= ROOMY { Row::new() } else { Row::new().muted("· ") };
    let row = row.muted("after ").put(Role::Key, key).muted(": ");
    row.then(commitment(reach, width >= ROOMY))
}

fn commitment(reach: &Reach, roomy: bool) -> Row {
    let weight = number::percent(reach.weight);
    let row = Row::new().text(if roomy { format!("runs to {weight} %") } else { format!("to {weight} %") });
    let row = match reach.seconds.filter(|s| roomy && s.0 >= 1.0) {
        Some(seconds) => row.text(format!(" in ≈{seconds}")),
        None => row,
    };
    match &reach.next_stop {
        Some(stop) => row.text(format!(", stops at {stop}")),
        None if roomy => row.put(Role::Warn, " and asks nobody again"),
        None => row.put(Role::Warn, ", asks nobody"),
    }
}

/// What may be said of the release, or why nothing is compared.
pub fn verdict_row(state: &State, open: &Open, width: usize) -> Row {
    let row = Row::new().gap(1);
    let Some(release) = &open.release else { return row };
    if urgency(release) == Urgency::Resting {
        return row.muted("– no comparison while one revision has all customers");
    }
    if release.is_home() {
        let new = release.newest().map_or_else(|| "the new revision".to_owned(), words::version);
        return row.muted(format!("– no comparison: no customers are on {new}")).cut(width);
    }
    verdict::row(state, open, width)
}

/// `↩ WAY BACK 4.1.9 in ≈3s   ✓ allowed  ✓ 8 of 8 pods can take 100 %  not undone: database`.
fn way_back_row(state: &State, open: &Open, width: usize) -> Row {
    let row = Row::new().gap(1);
    let Some(release) = &open.release else { return row };
    let way = &release.way_back;
    if let Means::None(why) = &way.means {
        if let Some(stable) = release.stable().filter(|_| release.is_home()) {
            return row.put(Role::Title, format!("↩ customers are on {}", words::version(stable))).cut(width);
        }
        let (role, word) = match (release.is_roll_back(), release.is_moving()) {
            (true, _) => (Role::Title, "↩ ON THE WAY BACK"),
            (false, true) => (Role::Bad, "! NO WAY BACK"),
            (false, false) => (Role::Muted, "– no way back"),
        };
        return row.put(role, word).gap(1).muted(why.to_string()).cut(width);
    }
    let to = match (&way.version, way.revision) {
        (Some(version), _) => version.to_string(),
        (None, Some(revision)) => format!("revision {revision}"),
        (None, None) => "?".to_owned(),
    };
    let roomy = width >= ROOMY;
    let row = row.put(Role::Title, "↩ WAY BACK").gap(1).put(Role::Title, to);
    let row = match way.seconds {
        Some(seconds) => row.text(format!(" in ≈{seconds}")),
        None => row.put(Role::Unknown, " in ?"),
    };
    let row = match way.means {
        Means::UndoThroughSteps => row.put(Role::Warn, " through every step"),
        Means::Finish => row.text(", finish: all steps skipped"),
        Means::Abort | Means::UndoFast | Means::KillSwitch | Means::SwitchBack | Means::None(_) => row,
    };
    let (allowed, role) = match &way.permission {
        // They let us, and this run does not.
        Permission::Yes | Permission::Checking if state.settings.policy.read_only.is_some() => {
            ("– read-only here", Role::Denied)
        }
        permission => words::permission(permission),
    };
    let row = row.gap(if roomy { 3 } else { 2 }).put(role, allowed).gap(2);
    let row = match way.capacity {
        Some(capacity) => {
            let enough = capacity.ready >= capacity.needed;
            let (glyph, role) = if enough { ("✓", Role::Good) } else { ("!", Role::Warn) };
            let row = row.put(role, glyph).gap(1);
            match (roomy, enough) {
                (true, true) => row.text(format!("{} of {} pods can take 100 %", capacity.ready, capacity.needed)),
                (true, false) => {
                    row.text(format!("{} of {} pods are ready for 100 %", capacity.ready, capacity.needed))
                }
                (false, _) => row.text(format!("pods {}/{}", capacity.ready, capacity.needed)),
            }
        }
        None => row.put(Role::Unknown, "?").gap(1).text("pods unknown"),
    };
    let left: Vec<&str> = way.not_undone.iter().map(Clean::as_str).collect();
    if left.is_empty() {
        row.cut(width)
    } else {
        row.gap(2).muted(format!("not undone: {}", left.join(", "))).cut(width)
    }
}
