//! `flightdeck status`: where releases stand, once. The same core as on the screen, without one.

pub mod json;
pub mod text;

use std::{fmt::Write as _, sync::Arc};

use super::{
    connect::{self, Connected},
    load,
    observe::observe,
    opening::{PATIENCE, board_is_known, found, is_known, not_found, silence},
    print,
    problem::Problem,
};
use crate::{
    cli::{Global, Status},
    config::paths::Paths,
    core::{
        settings::{Role, Settings},
        state::{Open, State},
    },
    domain::{goal::Permission, panel::PanelTrouble, release::Release, target::TargetRef},
    runtime::{self, clock::Clock},
};

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
        let is_board = target.is_none();
        let settings = loaded.settings.clone();
        let (text, problem) = read(loaded.settings, &connected, clock, target, wanted).await?;
        if is_board && text.is_empty() && problem.is_none() {
            nothing(&settings, &connected).await?;
        }
        Ok::<_, Problem>((text, problem))
    })??;
    print::out(&text)?;
    problem.map_or(Ok(()), |problem| Err(problem.into()))
}

/// Looks at one release with all that belongs to it.
///
/// # Errors
/// When its source cannot be read, or there is no such release.
pub async fn look(
    settings: Settings,
    connected: &Connected,
    clock: Clock,
    target: &TargetRef,
    typed: &str,
) -> Result<State, Problem> {
    let settings = Settings { open: Some(target.clone()), ..settings };
    let state = observe(settings.clone(), connected, clock, PATIENCE, |state| is_known(state, is_answered)).await;
    if found(&state).is_some() {
        return Ok(state);
    }
    match silence(&state, PATIENCE) {
        Some(problem) => Err(problem),
        None => Err(not_found(settings, connected, clock, target, typed).await),
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
    let known = settings.clone();
    let state = match &target {
        Some(_) => observe(settings, connected, clock, PATIENCE, |state| is_known(state, is_answered)).await,
        None => observe(settings, connected, clock, PATIENCE, board_is_known).await,
    };
    let problem = silence(&state, PATIENCE);
    let releases: Vec<(Arc<Release>, Option<&Open>)> = match (&target, found(&state)) {
        (None, _) => state.board.releases.values().map(|row| (Arc::clone(&row.release), None)).collect(),
        (Some(_), Some((open, release))) => vec![(Arc::clone(release), Some(open))],
        (Some(target), None) => {
            if let Some(problem) = problem {
                return Err(problem);
            }
            let typed = wanted.target.as_deref().unwrap_or_default();
            return Err(not_found(known, connected, clock, target, typed).await);
        }
    };
    let mut text = String::new();
    for (release, open) in releases {
        if wanted.json {
            let _ = writeln!(text, "{}", json::object(&state, &release, open));
        } else if wanted.line {
            let _ = writeln!(text, "{}", text::line(&state, &release, open));
        } else {
            text.push_str(&text::paragraph(&state, &release, open));
        }
    }
    Ok((text, problem))
}

/// Says where nothing was found, and what may be wrong with that.
///
/// # Errors
/// When a namespace that was asked for does not exist.
async fn nothing(settings: &Settings, connected: &Connected) -> Result<(), Problem> {
    for source in settings.sources.iter().filter(|source| source.role == Role::Backend) {
        let Some(backend) = connected.backends.get(&source.name) else { continue };
        if source.folders.is_empty() {
            print::complain(&format!("no releases in any namespace on {}", source.name));
        }
        for folder in &source.folders {
            match backend.has_folder(folder.clone()).await {
                Some(false) => {
                    let text = format!("there is no namespace {folder} on {}; name another with `-n`", source.name);
                    return Err(Problem::usage(text));
                }
                Some(true) => print::complain(&format!("no releases in namespace {folder} on {}", source.name)),
                None => print::complain(&format!(
                    "no releases in namespace {folder} on {}; does it exist? try another with `-n`",
                    source.name
                )),
            }
        }
    }
    Ok(())
}

/// Whether everything that belongs to the release is there, permissions and first answers included.
fn is_answered(open: &Open, release: &Release) -> bool {
    release.way_back.permission != Permission::Checking
        && open.panels.iter().all(|panel| match &panel.trouble {
            Some(PanelTrouble::Waiting) => panel.arms.is_none(),
            Some(_) => true,
            None => panel.history.is_none(),
        })
        && open.budgets.iter().flat_map(|budget| &budget.lanes).all(|lane| lane.trouble != Some(PanelTrouble::Waiting))
}

#[cfg(test)]
mod tests;
