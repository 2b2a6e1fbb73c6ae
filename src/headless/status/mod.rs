//! `flightdeck status`: where releases stand, once. The same core as on the screen, without one.

pub mod json;
pub mod text;

use std::{fmt::Write as _, sync::Arc, time::Duration};

use super::{
    connect::{self, Connected},
    load,
    observe::observe,
    print,
    problem::{Code, Problem},
};
use crate::{
    cli::{Global, Status},
    config::{near, paths::Paths},
    core::{
        settings::{Role, Settings},
        state::{Open, State},
    },
    domain::{
        goal::Permission,
        health::Health,
        panel::PanelTrouble,
        release::Release,
        target::{Target, TargetRef},
    },
    runtime::{self, clock::Clock},
};

/// How long to wait for the first news of a source.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints one release, or all of the board.
///
/// # Errors
/// When a source cannot be read, or there is no such release.
pub fn status(global: &Global, paths: &Paths, clock: Clock, wanted: &Status) -> anyhow::Result<()> {
    let target = load::target(wanted.target.as_deref())?;
    let loaded = load::load(global, paths, &clock)?;
    load::say_notes(&loaded);
    load::needs_cluster(&loaded)?;
    let (text, problem) = runtime::execute(async {
        let connected = connect::connect(&loaded, clock).await?;
        read(loaded.settings, &connected, clock, target, wanted).await
    })??;
    print::out(&text)?;
    problem.map_or(Ok(()), |problem| Err(problem.into()))
}

/// Looks at one release with all that belongs to it.
///
/// # Errors
/// When its source cannot be read, or there is no such release.
pub async fn look(settings: Settings, connected: &Connected, clock: Clock, typed: &str) -> Result<State, Problem> {
    let open = load::target(Some(typed))?;
    let board = Settings { open: None, ..settings.clone() };
    let state = observe(Settings { open, ..settings }, connected, clock, PATIENCE, release_is_known).await;
    if state.open.as_ref().is_some_and(|open| open.release.is_some() && !open.gone) {
        return Ok(state);
    }
    match silence(&state) {
        Some(problem) => Err(problem),
        None => Err(nobody(&observe(board, connected, clock, PATIENCE, board_is_known).await, typed)),
    }
}

/// What is to be printed, and what was wrong beside it.
async fn read(
    mut settings: Settings,
    connected: &Connected,
    clock: Clock,
    target: Option<TargetRef>,
    wanted: &Status,
) -> Result<(String, Option<Problem>), Problem> {
    settings.open.clone_from(&target);
    let board = Settings { open: None, ..settings.clone() };
    let state = match &target {
        Some(_) => observe(settings, connected, clock, PATIENCE, release_is_known).await,
        None => observe(settings, connected, clock, PATIENCE, board_is_known).await,
    };
    let problem = silence(&state);
    let opened = state.open.as_ref().filter(|open| !open.gone);
    let releases: Vec<(Arc<Release>, Option<&Open>)> =
        match (&target, opened.and_then(|open| Some((Arc::clone(open.release.as_ref()?), Some(open))))) {
            (None, _) => state.board.releases.values().map(|row| (Arc::clone(&row.release), None)).collect(),
            (Some(_), Some(found)) => vec![found],
            (Some(_), None) => {
                let typed = wanted.target.as_deref().unwrap_or_default();
                return Err(match problem {
                    Some(problem) => problem,
                    None => nobody(&observe(board, connected, clock, PATIENCE, board_is_known).await, typed),
                });
            }
        };
    let mut text = String::new();
    for (release, open) in releases {
        if wanted.json {
            let _ = writeln!(text, "{}", json::object(&state, &release, open));
        } else if wanted.line {
            let _ = writeln!(text, "{}", text::line(&release, open));
        } else {
            text.push_str(&text::paragraph(&release, open, state.at));
        }
    }
    Ok((text, problem))
}

/// Whether every cluster has told what is there, or why it cannot.
fn board_is_known(state: &State) -> bool {
    state.sources.iter().filter(|source| source.role == Role::Backend).all(|source| source.health != Health::Connecting)
}

/// Whether the release is there with all that belongs to it, permissions and first answers included.
fn release_is_known(state: &State) -> bool {
    let Some(open) = &state.open else {
        return board_is_known(state) && (state.wanted.is_none() || lost(state).next().is_some());
    };
    let answered = |open: &Open| {
        open.panels.iter().all(|panel| match &panel.trouble {
            Some(PanelTrouble::Waiting) => panel.arms.is_none(),
            Some(_) => true,
            None => panel.history.is_none(),
        })
    };
    match (&open.health, &open.release) {
        (Health::Connecting, _) => false,
        (Health::Lost { .. }, _) | (Health::Live, None) => true,
        (Health::Live, Some(release)) => {
            open.gone || (release.way_back.permission != Permission::Checking && answered(open))
        }
    }
}

fn lost(state: &State) -> impl Iterator<Item = (String, &crate::domain::failure::Failure)> {
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

/// What could not be read, if anything.
fn silence(state: &State) -> Option<Problem> {
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
        let patience = PATIENCE.as_secs();
        Problem::new(Code::Unreachable, format!("{name}: no news within {patience}s; `flightdeck doctor` looks closer"))
    })
}

/// There is no such release, and which one may have been meant.
fn nobody(state: &State, typed: &str) -> Problem {
    let known: Vec<String> = state.board.releases.keys().map(Target::within_source).collect();
    let names = known.iter().map(String::as_str).chain(known.iter().filter_map(|name| name.rsplit('/').next()));
    let hint = match near::nearest(typed, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`flightdeck status --line` lists all".to_owned(),
    };
    Problem::usage(format!("there is no release `{typed}`; {hint}"))
}

#[cfg(test)]
mod tests;
