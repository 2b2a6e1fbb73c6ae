//! The release that a command names: whether it is there yet, why it cannot be seen, which one may have been meant.

use std::{sync::Arc, time::Duration};

use super::{
    connect::Connected,
    observe::observe,
    problem::{Code, Problem},
};
use crate::{
    config::near,
    core::{
        settings::{Role, Settings},
        state::{Open, State},
    },
    domain::{
        failure::Failure,
        health::Health,
        release::Release,
        target::{Target, TargetRef},
    },
    runtime::clock::Clock,
};

/// How long to wait for the first news of a cluster.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Releases that are named one by one where a name fits several.
const NAMED: usize = 5;

/// The opened release, once it is there.
pub(super) fn found(state: &State) -> Option<(&Open, &Arc<Release>)> {
    let open = state.open.as_ref().filter(|open| !open.gone)?;
    Some((open, open.release.as_ref()?))
}

/// Whether every cluster has told what is there, or why it cannot.
pub(super) fn board_is_known(state: &State) -> bool {
    state.sources.iter().filter(|source| source.role == Role::Backend).all(|source| source.health != Health::Connecting)
}

/// Whether there is something to tell of the named release: that it is there as `answered` wants it, that it is not,
/// or why nobody can know.
pub(super) fn is_known(state: &State, answered: impl Fn(&Open, &Release) -> bool) -> bool {
    let Some(open) = &state.open else {
        return board_is_known(state) && (state.wanted.is_none() || lost(state).next().is_some());
    };
    match (&open.health, &open.release) {
        (Health::Connecting, _) => false,
        (Health::Lost { .. }, _) | (Health::Live, None) => true,
        (Health::Live, Some(release)) => open.gone || answered(open, release),
    }
}

fn lost(state: &State) -> impl Iterator<Item = (String, &Failure)> {
    let boards =
        state.sources.iter().filter(|source| source.role == Role::Backend).filter_map(|source| match &source.health {
            Health::Lost { why, .. } => Some((source.name.to_string(), why)),
            Health::Connecting | Health::Live => None,
        });
    let open = state.open.iter().filter_map(|open| match &open.health {
        Health::Lost { why, .. } => Some((open.target.source.to_string(), why)),
        Health::Connecting | Health::Live => None,
    });
    open.chain(boards)
}

/// What could not be read for so long, if anything.
pub(super) fn silence(state: &State, patience: Duration) -> Option<Problem> {
    if let Some((name, why)) = lost(state).next() {
        let problem = Problem::from(why.clone());
        return Some(Problem::new(problem.code, format!("{name}: {problem}")));
    }
    let silent = match &state.open {
        Some(open) => (open.health == Health::Connecting).then(|| open.target.source.to_string()),
        None => state
            .sources
            .iter()
            .find(|source| source.role == Role::Backend && source.health == Health::Connecting)
            .map(|source| source.name.to_string()),
    };
    silent.map(|name| {
        let patience = patience.as_secs();
        Problem::new(Code::Unreachable, format!("{name}: no news within {patience}s; run `flightdeck doctor`"))
    })
}

/// Looks at all there is to say which release may have been meant by one that is not there.
pub(super) async fn not_found(
    settings: Settings,
    connected: &Connected,
    clock: Clock,
    wanted: &TargetRef,
    typed: &str,
) -> Problem {
    let settings = Settings { open: None, ..settings };
    nobody(&observe(settings, connected, clock, PATIENCE, board_is_known).await, wanted, typed)
}

/// There is no release as typed, or more than one; which one may have been meant. `board` has seen all of them.
fn nobody(board: &State, wanted: &TargetRef, typed: &str) -> Problem {
    let matching: Vec<String> =
        board.board.releases.keys().filter(|target| wanted.matches(target)).map(ToString::to_string).collect();
    if matching.len() > 1 {
        let named: Vec<_> = matching.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        let more = if matching.len() > NAMED { ", ..." } else { "" };
        let (count, named) = (matching.len(), named.join(", "));
        return Problem::usage(format!("`{typed}` fits {count} releases; name one of {named}{more}"));
    }
    let known: Vec<String> = board.board.releases.keys().map(Target::within_source).collect();
    let names = known.iter().map(String::as_str).chain(known.iter().filter_map(|name| name.rsplit('/').next()));
    let hint = match near::nearest(typed, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`flightdeck status --line` lists all".to_owned(),
    };
    Problem::usage(format!("there is no release `{typed}`; {hint}"))
}
