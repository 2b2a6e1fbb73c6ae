//! Watches: starting, opening and closing a release, and sending news to the watch it belongs to.

use super::{board, budgets, news, next_id, notices, paint, questions, sources, story};
use crate::{
    core::{
        effect::{Effect, WatchId},
        past::Past,
        settings::Role,
        state::{LastTold, NoticeKind, Open, Pane, State, View},
        study::Study,
    },
    domain::{
        clean::Name,
        health::Health,
        target::{Target, TargetRef},
        update::{Scope, Update},
    },
};

/// The kind of target that is meant where none is named.
const USUAL_KIND: &str = "rollout";

/// Milliseconds after a time that this program was not there for until "still live" says anything about it: a connection
/// that has died meanwhile takes as long to be found dead.
const AWAKE_MS: u64 = 15_000;

/// Opens what the settings name, else the board.
pub(super) fn start(state: &mut State, effects: &mut Vec<Effect>) {
    let wanted = state.settings.open.clone();
    if let Some(target) = wanted.as_ref().and_then(|wanted| address(state, wanted)) {
        open(state, target, effects);
    } else {
        state.wanted = wanted;
        watch_boards(state, effects);
    }
}

/// The full address of a typed target, where the configuration leaves only one.
fn address(state: &State, wanted: &TargetRef) -> Option<Target> {
    let backends: Vec<_> = state.sources.iter().filter(|s| s.role == Role::Backend).collect();
    let (source, path): (Name, Vec<Name>) = match (wanted.segments.as_slice(), backends.as_slice()) {
        ([source, rest @ ..], _) if rest.len() >= 2 && backends.iter().any(|s| s.name == *source) => {
            (source.clone(), rest.to_vec())
        }
        ([folder, name], [only]) => (only.name.clone(), vec![folder.clone(), name.clone()]),
        ([name], [only]) => match only.folders.as_slice() {
            [folder] => (only.name.clone(), vec![folder.clone(), name.clone()]),
            [] | [_, ..] => return None,
        },
        (_, _) => return None,
    };
    Some(Target { source, kind: wanted.kind.clone().unwrap_or_else(|| USUAL_KIND.into()), path })
}

fn watch_boards(state: &mut State, effects: &mut Vec<Effect>) {
    for place in 0..state.sources.len() {
        let watch = WatchId(state.next_id);
        let Some(source) = state.sources.get_mut(place) else { continue };
        if source.role == Role::Backend && source.watch.is_none() {
            source.watch = Some(watch);
            state.next_id += 1;
            let scope = Scope::Board(source.folders.clone());
            effects.push(Effect::Watch { watch, source: source.name.clone(), scope });
        }
    }
}

/// Opens a release. Until its own watch reports, the board's row stands in for it.
pub(super) fn open(state: &mut State, target: Target, effects: &mut Vec<Effect>) {
    if let Some(before) = state.open.take() {
        effects.push(Effect::Unwatch(before.watch));
    }
    let watch = WatchId(next_id(state));
    let scope = Scope::Release(target.clone());
    effects.push(Effect::Watch { watch, source: target.source.clone(), scope });
    state.overlay = None;
    state.wanted = None;
    let told_ahead = state.ahead(&target.source);
    let pulse = state.board.releases.get(&target).and_then(|row| row.pulse.clone());
    state.open = Some(Open {
        release: state.board.releases.get(&target).map(|row| row.release.clone()),
        target,
        watch,
        health: Health::Connecting,
        complete: false,
        gone: false,
        view: View::Cockpit,
        pane: Pane::Metrics,
        tab: None,
        scroll: [0; 4],
        unfolded: false,
        study: Study::default(),
        filter: tui_input::Input::default(),
        panels: Vec::new(),
        wrong: Vec::new(),
        budgets: Vec::new(),
        seen: Vec::new(),
        weights: Vec::new(),
        first_weight: None,
        told_ahead,
        blind_since: None,
        woke: None,
        critical: None,
        split: None,
        told: LastTold::default(),
        said: None,
        pulse,
        past: Past::default(),
        looking: None,
    });
    questions::prepare(state);
    budgets::prepare(state);
    paint(effects);
}

/// Watches the opened release anew, so that the next news of it are read from the beginning. Until they have come
/// nothing about it counts as known.
pub(super) fn reread(state: &mut State, effects: &mut Vec<Effect>) -> Option<WatchId> {
    let watch = WatchId(next_id(state));
    let open = state.open.as_mut()?;
    effects.push(Effect::Unwatch(std::mem::replace(&mut open.watch, watch)));
    open.complete = false;
    open.health = Health::Connecting;
    let (source, scope) = (open.target.source.clone(), Scope::Release(open.target.clone()));
    effects.push(Effect::Watch { watch, source, scope });
    Some(watch)
}

/// Back to the board.
pub(super) fn close(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(open) = state.open.take() {
        effects.push(Effect::Unwatch(open.watch));
        notices::left(state);
        board::left(state, &open);
        // Whoever looks at a release finds it again on the board.
        state.board.cursor = Some(open.target);
        state.board.moved = Some(state.at.mono);
        state.overlay = None;
        watch_boards(state, effects);
        board::follow(state);
        paint(effects);
    }
}

/// News of one watch; news of a watch that has ended is dropped.
pub(super) fn update(state: &mut State, watch: WatchId, update: Update, effects: &mut Vec<Effect>) {
    if state.open.as_ref().is_some_and(|open| open.watch == watch) {
        of_release(state, update, effects);
    } else if let Some(source) = state.sources.iter().find(|s| s.watch == Some(watch)).map(|s| s.name.clone()) {
        of_board(state, &source, update, effects);
    }
}

fn of_board(state: &mut State, source: &Name, update: Update, effects: &mut Vec<Effect>) {
    match update {
        Update::Snapshot(releases) => {
            sources::heard(state, source, effects);
            if let Some(known) = state.sources.iter_mut().find(|s| s.name == *source) {
                known.listed = true;
            }
            for release in &releases {
                super::proof::look(state, release, effects);
            }
            board::listed(state, source, releases, effects);
        }
        Update::Changed(release) => {
            sources::heard(state, source, effects);
            super::proof::look(state, &release, effects);
            board::changed(state, release, effects);
        }
        Update::Gone(target) => {
            sources::heard(state, source, effects);
            board::gone(state, &target, effects);
        }
        Update::Health(health) => sources::health(state, source, &health, effects),
        Update::Identity(identity) => sources::identity(state, source, identity, effects),
        Update::Clock(ahead) => sources::skew(state, source, Some(ahead), effects),
        // It is told of an opened release.
        Update::Debrief(_) => {}
    }
    find_wanted(state, effects);
}

fn of_release(state: &mut State, update: Update, effects: &mut Vec<Effect>) {
    let Some(target) = state.open.as_ref().map(|open| open.target.clone()) else { return };
    match update {
        Update::Snapshot(releases) => {
            came_alive(state, &target.source, effects);
            match releases.into_iter().find(|r| r.id.target == target) {
                Some(release) => news::release(state, &release, effects),
                None => news::gone(state, effects),
            }
        }
        Update::Changed(release) if release.id.target == target => {
            came_alive(state, &target.source, effects);
            news::release(state, &release, effects);
        }
        Update::Gone(gone) if gone == target => {
            came_alive(state, &target.source, effects);
            news::gone(state, effects);
        }
        // News of a neighbour that a watch lets through.
        Update::Changed(_) | Update::Gone(_) => {}
        Update::Health(health) => {
            let heard = state.source(&target.source).and_then(|source| source.heard).unwrap_or(state.at.mono);
            let heard =
                state.second_at(&target.source) - i64::try_from(state.at.millis_since(heard) / 1000).unwrap_or(0);
            let now = state.at.mono;
            if let Some(open) = &mut state.open {
                let may_be_dead = matches!(open.health, Health::Live) && is_just_awake(open, now);
                open.blind_since = match &health {
                    Health::Live if may_be_dead => open.blind_since,
                    Health::Live => None,
                    Health::Connecting | Health::Lost { .. } => open.blind_since.or(Some(heard)),
                };
                if std::mem::discriminant(&open.health) != std::mem::discriminant(&health) {
                    paint(effects);
                }
                open.health = health.clone();
            }
            sources::health(state, &target.source, &health, effects);
        }
        Update::Identity(identity) => sources::identity(state, &target.source, identity, effects),
        Update::Clock(ahead) => sources::skew(state, &target.source, Some(ahead), effects),
        Update::Debrief(debrief) => story::told(state, debrief),
    }
}

/// Whether this program was away until a moment ago.
pub(super) fn is_just_awake(open: &Open, now: u64) -> bool {
    open.woke.is_some_and(|woke| now < woke + AWAKE_MS)
}

fn came_alive(state: &mut State, source: &Name, effects: &mut Vec<Effect>) {
    if let Some(open) = &mut state.open {
        open.health = Health::Live;
    }
    sources::heard(state, source, effects);
}

/// Opens the release that was asked for at the start, once every source has told what it has.
fn find_wanted(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(wanted) = &state.wanted else { return };
    let told = |s: &crate::core::state::Source| s.listed || matches!(s.health, Health::Lost { .. });
    if !state.sources.iter().filter(|s| s.role == Role::Backend).all(told) {
        return;
    }
    let typed = wanted.segments.iter().map(ToString::to_string).collect::<Vec<_>>().join("/");
    let matching: Vec<Target> = state.board.releases.keys().filter(|target| wanted.matches(target)).cloned().collect();
    match matching.as_slice() {
        [only] => open(state, only.clone(), effects),
        [] => {
            let lost = state.sources.iter().any(|s| s.role == Role::Backend && !s.listed);
            // A source that is lost may still bring it.
            if !lost {
                state.wanted = None;
                notices::say(state, NoticeKind::Warning, format!("no release matches `{typed}`"), effects);
            }
        }
        several => {
            let count = several.len();
            state.wanted = None;
            state.board.filter = tui_input::Input::new(typed.clone());
            board::refilter(state);
            let text = format!("{count} releases match `{typed}`; open one with enter");
            notices::say(state, NoticeKind::Said, text, effects);
        }
    }
}
