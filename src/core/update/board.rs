//! The board: rows, their order, the cursor.
//!
//! The order changes only while the cursor rests, so that nothing jumps under the hand; what became
//! urgent meanwhile is counted.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{navigation, notices, paint};
use crate::{
    core::{
        command::Motion,
        effect::Effect,
        evidence::aged,
        layout,
        pulse::Pulse,
        state::{Board, Open, Panel, Row, Said, State},
        urgency::{self, of_row, rank},
    },
    domain::{
        clean::Name, panel::PanelTrouble, release::Release, target::Target, time::At, timeline::MomentKind,
        verdict::Word,
    },
};

/// How long the cursor must have rested before rows change places.
pub(super) const REST_MS: u64 = 3_000;

/// Everything one source has now; its rows that are not in it are gone.
pub(super) fn listed(state: &mut State, source: &Name, releases: Vec<Arc<Release>>, effects: &mut Vec<Effect>) {
    let mut before = std::mem::take(&mut state.board.releases);
    // Rows that nobody has seen yet have no places to keep.
    let first = before.keys().all(|target| target.source != *source);
    for release in releases {
        let target = release.id.target.clone();
        let watched = state.board.said(&release).and_then(|said| said.since);
        let row = row(before.get(&target), release, watched, state.at);
        note_risen(state, before.get(&target), &row, effects);
        state.board.releases.insert(target, row);
    }
    before.retain(|target, _| target.source != *source);
    // A list that is whole tells what is there no more.
    let releases = &state.board.releases;
    state.board.said.retain(|target, _| target.source != *source || releases.contains_key(target));
    for (target, row) in before {
        state.board.releases.entry(target).or_insert(row);
    }
    state.board.order.retain(|target| state.board.releases.contains_key(target));
    if first || is_resting(state) {
        settle(&mut state.board);
    } else {
        append_missing(&mut state.board);
        state.board.unsettled = true;
    }
    follow(state);
    paint(effects);
}

/// One row is new or another.
pub(super) fn changed(state: &mut State, release: Arc<Release>, effects: &mut Vec<Effect>) {
    let target = release.id.target.clone();
    let resting = is_resting(state);
    let before = state.board.releases.get(&target);
    if before.is_some_and(|row| row.release == release) {
        return;
    }
    let watched = state.board.said(&release).and_then(|said| said.since);
    let row = row(before, release, watched, state.at);
    let before = before.cloned();
    note_risen(state, before.as_ref(), &row, effects);
    let board = &mut state.board;
    let same_rank =
        before.as_ref().is_some_and(|old| rank(old, board.said(&old.release)) == rank(&row, board.said(&row.release)));
    board.releases.insert(target.clone(), row);
    if !same_rank || !board.filter.value().is_empty() {
        if resting && !board.unsettled {
            place(board, &target);
        } else {
            board.unsettled = true;
            if before.is_none() && kept(board, &target) {
                board.order.push(target);
            }
        }
        follow(state);
    }
    paint(effects);
}

pub(super) fn gone(state: &mut State, target: &Target, effects: &mut Vec<Effect>) {
    if state.board.releases.remove(target).is_some() {
        let place = state.board.order.iter().position(|t| t == target);
        if let Some(place) = place {
            state.board.order.remove(place);
            if state.board.cursor.as_ref() == Some(target) {
                // The neighbour takes its place, so that the cursor stays where the eye is.
                state.board.cursor = state.board.order.get(place).or_else(|| state.board.order.last()).cloned();
            }
        }
        state.board.risen.remove(target);
        state.board.said.remove(target);
        follow(state);
        paint(effects);
    }
}

/// A release was opened and is left: what is said of it is what the board knows from now on, until it is opened again
/// or another revision comes.
pub(super) fn left(state: &mut State, open: &Open) {
    let (Some(release), Some(word)) = (&open.release, open.said) else { return };
    let critical = open.panels.iter().filter(|panel| panel.spec.critical);
    let is_read = |panel: &Panel| panel.history.is_none() && panel.trouble != Some(PanelTrouble::Waiting);
    let is_whole = critical.clone().next().is_some() && critical.clone().all(is_read);
    // What cannot be known is so now; every other word is as old as the numbers it stands on.
    let stands_on = aged::stands_on(state, open).filter(|_| word != Word::Unknown);
    let at = stands_on.map_or(state.at.wall, |at| at.min(state.at.wall));
    let board = &mut state.board;
    // What was said of half of its past does not take back what was said of all of it.
    let stands = board.said(release).is_some_and(|said| said.word == Word::NoGo);
    if is_whole || word == Word::NoGo || !stands {
        let said = Said { release: release.id.clone(), word, at, since: phase_since(open, release) };
        board.said.insert(open.target.clone(), said);
    }
    settle(board);
}

/// When it came into the phase that it is in, as far as its timeline tells.
fn phase_since(open: &Open, release: &Release) -> Option<DateTime<Utc>> {
    let moments = release.timeline.iter().chain(&open.seen);
    moments.filter(|moment| moment.kind == MomentKind::Phase).map(|moment| moment.at).max()
}

/// Brings rows into order once the cursor has rested. True if that was due.
pub(super) fn rest(state: &mut State) -> bool {
    let due = state.board.unsettled && is_resting(state);
    if due {
        settle(&mut state.board);
        follow(state);
    }
    due
}

/// Orders anew after the filter changed.
pub(super) fn refilter(state: &mut State) {
    let board = &mut state.board;
    board.order.clear();
    settle(board);
    follow(state);
    navigation::clamp(state);
}

/// Moves the cursor.
pub(super) fn go(state: &mut State, motion: Motion) {
    let board = &mut state.board;
    board.moved = Some(state.at.mono);
    let place = board.cursor.as_ref().and_then(|c| board.order.iter().position(|t| t == c)).unwrap_or(0);
    let to = navigation::moved(place, board.order.len(), layout::board_page(state.size), motion);
    board.cursor = board.order.get(to).cloned();
    follow(state);
}

/// Keeps the cursor on a row and the row on screen.
pub(super) fn follow(state: &mut State) {
    let page = layout::board_page(state.size).max(1);
    // A row that was not listed yet may still come: the cursor waits for it, so that no key opens another.
    let awaited = state.board.moved.is_some()
        && state.board.cursor.as_ref().is_some_and(|cursor| {
            !state.board.releases.contains_key(cursor)
                && state.sources.iter().any(|source| source.name == cursor.source && !source.listed)
        });
    if awaited {
        return;
    }
    let board = &mut state.board;
    let place = match &board.cursor {
        // Until somebody moves it, the cursor marks what is most urgent.
        Some(cursor) if board.moved.is_some() => board.order.iter().position(|t| t == cursor),
        Some(_) | None => None,
    };
    let place = place.unwrap_or_else(|| {
        let place = if board.moved.is_some() { board.scroll.min(board.order.len().saturating_sub(1)) } else { 0 };
        if board.cursor.as_ref() != board.order.get(place) {
            board.cursor = board.order.get(place).cloned();
        }
        place
    });
    let lowest = place.saturating_sub(page - 1);
    let end = board.order.len().saturating_sub(page);
    board.scroll = board.scroll.clamp(lowest, place.max(lowest)).min(end);
}

fn is_resting(state: &State) -> bool {
    // Nobody looks at rows that another screen hides.
    state.open.is_some() || state.board.moved.is_none_or(|moved| state.at.millis_since(moved) >= REST_MS)
}

/// `watched`: since when it is in this phase, where the run that had it open saw that.
fn row(before: Option<&Row>, release: Arc<Release>, watched: Option<DateTime<Utc>>, at: At) -> Row {
    let waiting = release.waiting.as_ref().and_then(|waiting| waiting.since);
    let (since, since_at_least) = match (waiting, before) {
        (Some(since), _) => (since, false),
        (None, Some(row)) if row.release.phase == release.phase && row.release.id.revision == release.id.revision => {
            (row.since, row.since_at_least)
        }
        (None, Some(_)) => (at.wall, false),
        (None, None) => watched.map_or((at.wall, true), |since| (since, false)),
    };
    let pulse = release.guard.as_ref().map(|sign| Pulse::note(before.and_then(|row| row.pulse.clone()), sign, at));
    Row { release, since, since_at_least, pulse }
}

/// Counts a row that has just become urgent and rings when a person is newly waited for.
fn note_risen(state: &mut State, before: Option<&Row>, row: &Row, effects: &mut Vec<Effect>) {
    let target = &row.release.id.target;
    let is_urgent = |row: &Row| of_row(row, state.board.said(&row.release)).is_urgent();
    let (was_urgent, is_urgent) = (before.is_some_and(is_urgent), is_urgent(row));
    if !is_urgent {
        state.board.risen.remove(target);
    } else if !was_urgent && !is_resting(state) {
        state.board.risen.insert(target.clone());
    }
    // The opened release rings through its own watch.
    let is_open = state.open.as_ref().is_some_and(|open| open.target == *target);
    if let Some(before) = before
        && !is_open
        && row.release.waits_for_person()
        && !before.release.waits_for_person()
    {
        notices::ring(effects);
    }
}

fn kept(board: &Board, target: &Target) -> bool {
    board.releases.get(target).is_some_and(|row| urgency::matches(&row.release, board.filter.value()))
}

fn settle(board: &mut Board) {
    append_missing(board);
    let releases = &board.releases;
    board.said.retain(|target, said| releases.get(target).is_none_or(|row| row.release.id == said.release));
    let mut ranked: Vec<_> = std::mem::take(&mut board.order)
        .into_iter()
        .filter_map(|target| board.releases.get(&target).map(|row| (rank(row, board.said(&row.release)), target)))
        .filter(|(_, target)| kept(board, target))
        .collect();
    ranked.sort_unstable();
    board.order = ranked.into_iter().map(|(_, target)| target).collect();
    board.unsettled = false;
    board.risen.clear();
}

fn append_missing(board: &mut Board) {
    let shown: std::collections::BTreeSet<&Target> = board.order.iter().collect();
    let missing: Vec<Target> =
        board.releases.keys().filter(|t| !shown.contains(t) && kept(board, t)).cloned().collect();
    board.order.extend(missing);
}

/// Moves one row to where it belongs among rows that are in order.
fn place(board: &mut Board, target: &Target) {
    if let Some(place) = board.order.iter().position(|t| t == target) {
        board.order.remove(place);
    }
    let Some(row) = board.releases.get(target) else { return };
    if !urgency::matches(&row.release, board.filter.value()) {
        return;
    }
    let ranked = |row: &Row| rank(row, board.said(&row.release));
    let key = (ranked(row), target);
    let to = board.order.partition_point(|t| board.releases.get(t).is_some_and(|row| (ranked(row), t) < key));
    board.order.insert(to, target.clone());
}
