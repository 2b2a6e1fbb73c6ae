//! `flightdeck verdict`: may the release go on? Asked once, answered as soon as the critical panels have been asked
//! and their past has been read. The same core as on the screen, without one.
//!
//! The exit code is that of `verdict`: 0 GO, 1 NO-GO, 6 COLLECTING, 7 UNKNOWN. `--json` prints one object, version 1
//! of a shape that only ever grows; `docs/json.md` tells every field of it.

pub mod json;
pub mod text;

use std::time::Duration;

use super::{
    connect::{self, Connected},
    load,
    observe::observe,
    opening::{PATIENCE, found, is_known, not_found, silence},
    print,
    problem::Problem,
};
use crate::{
    cli::{Global, Verdict as Wanted},
    config::paths::Paths,
    core::{
        forward::{self, Forward},
        settings::Settings,
        state::{Open, Panel, State},
    },
    domain::{
        panel::{PanelKind, PanelTrouble},
        release::Release,
        target::TargetRef,
        verdict::Word,
    },
    runtime::{self, clock::Clock},
};

/// Prints what may be said of a release; the exit code.
///
/// # Errors
/// When a source cannot be read, or there is no such release.
pub fn verdict(global: &Global, paths: &Paths, clock: Clock, wanted: &Wanted) -> anyhow::Result<u8> {
    let target = load::named(&wanted.target)?;
    let loaded = load::load(global, paths, &clock)?;
    load::say_notes(&loaded);
    load::needs_cluster(&loaded)?;
    let (text, word) = runtime::execute(async {
        let connected = connect::connect(&loaded, clock).await?;
        read(loaded.settings, &connected, clock, &target, wanted).await
    })??;
    // The exit code is the answer, whether or not somebody reads the rest.
    print::offer(&text)?;
    Ok(word.exit_code())
}

/// What is to be printed, and whether it may go on.
async fn read(
    settings: Settings,
    connected: &Connected,
    clock: Clock,
    target: &TargetRef,
    wanted: &Wanted,
) -> Result<(String, Word), Problem> {
    let settings = Settings { open: Some(target.clone()), ..settings };
    let patience: Duration = wanted.timeout;
    let state =
        observe(settings.clone(), connected, clock, patience, |state| is_known(state, |_, _| is_read(state))).await;
    if let Some(problem) = silence(&state, patience) {
        return Err(problem);
    }
    let Some(told) = Told::of(&state) else {
        return Err(not_found(settings, connected, clock, target, &wanted.target).await);
    };
    let text = if wanted.json { format!("{}\n", json::object(&told)) } else { text::paragraph(&told) };
    Ok((text, told.forward.answer.word))
}

/// What may be said of the opened release.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) state: &'a State,
    pub(super) open: &'a Open,
    pub(super) release: &'a Release,
    pub(super) forward: Forward,
}

impl<'a> Told<'a> {
    /// None before it is there.
    pub(super) fn of(state: &'a State) -> Option<Self> {
        let (open, release) = found(state)?;
        Some(Self { state, open, release, forward: forward::of(state) })
    }
}

/// Whether nothing is awaited that could change what is said: first answers of critical panels and budgets, and the
/// past of those panels. Other panels are given a while.
fn is_read(state: &State) -> bool {
    let Some(open) = &state.open else { return false };
    let is_late = state.at.mono >= u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
    let asked = |panel: &Panel| panel.arms.is_none() || panel.trouble != Some(PanelTrouble::Waiting);
    let decides = |panel: &Panel| panel.spec.critical || matches!(panel.spec.kind, PanelKind::Shared { .. });
    let budgets = open.budgets.iter().flat_map(|budget| &budget.lanes);
    open.panels.iter().all(|panel| if decides(panel) { !forward::is_unread(panel) } else { is_late || asked(panel) })
        && budgets.into_iter().all(|lane| lane.trouble != Some(PanelTrouble::Waiting))
}

#[cfg(test)]
pub(super) mod tests;
