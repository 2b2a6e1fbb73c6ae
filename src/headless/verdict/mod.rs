//! `flightdeck verdict`: may the release go on? Asked once, answered as soon as the critical panels have been asked
//! and their past has been read. The same core as on the screen, without one.
//!
//! The exit code is that of `verdict`: 0 GO, 1 NO-GO, 6 COLLECTING, 7 UNKNOWN. `--json` prints one object, version 1
//! of a shape that only ever grows. Every field is always there and null where it is not known:
//!
//! | field | meaning |
//! |---|---|
//! | `schema` | 1 |
//! | `at` | when this was said |
//! | `target`, `kind` | `source/namespace/name`; `rollout` |
//! | `release` | `uid`, `revision`, `strategy`, the versions `from` and `to`, `phase`, `message`, `started_at` |
//! | `weight` | percent on the new revision: `wanted`, `set`, `verified`, `seen` |
//! | `verdict` | whether it may go on: `value` (`go`, `no-go`, `collecting`, `unknown`) and `why`, most important first. No better than `numbers`, than the error budgets (a spent one is `no-go`, an unknown one `unknown`), and `no-go` once the release has failed |
//! | `numbers` | the same of what the numbers say alone |
//! | `ready_at` | while `verdict` is `collecting`: when it could be `go` at this weight and traffic; null otherwise, and where that takes more than 6 h |
//! | `notes` | things to look at that decide nothing by themselves |
//! | `panels` | below |
//! | `wrong` | declared panels that cannot be used: `origin`, `why` |
//! | `loss` | what it has cost: `panel` and the fields of a panel's `loss` |
//! | `split` | null, or whether the router does what it was told: `standing` (`holds`, `too-much`, `too-little`, `collecting`), percent `set` and `seen`, `exposures`, and the `panel` they are counted by |
//! | `budgets` | error budgets: `name`, `objective`, `period_seconds`, shares `left` and `used` since the release began, `burning` as a multiple, `unknown` with why |
//! | `controller` | null, or what the backend's own analysis would say now: `at`, `reads`, `now` (`pass`, `inconclusive`, `fail`, `unknown`), `because`, `cautions`, and all of it as `text` |
//! | `checks` | its metrics: `name`, `template`, `provider`, `query`, `unresolved`, `success`, `failure`, `dry_run`, `phase`, the newest measurement as `measured` (`at`, `value`, `phase`), our newest `value`, and what its rules make of that `now` |
//! | `sources` | `name`, `state` (`connecting`, `live`, `stale`, `lost`), `age_seconds` |
//!
//! A panel, here and in `status --json`:
//!
//! | field | meaning |
//! |---|---|
//! | `name`, `group`, `origin` | as declared, and where |
//! | `kind` | `ratio`, `rate`, `latency`, `value`, `shared`, `analysis` |
//! | `critical`, `business`, `better`, `tolerance`, `unit`, `per` | its rules: `higher` or `lower`, a relative change, values are per this many exposures |
//! | `verdict`, `why` | the word for this panel alone, and its reasons |
//! | `mark` | what stands before it on the screen: `no-go`, `look`, `unknown`, `collecting`, `weak`, `go` |
//! | `canary`, `baseline` | what each arm shows, per `per` |
//! | `canary_events`, `canary_exposures`, `baseline_events`, `baseline_exposures` | what that was counted from, since `since` |
//! | `counts` | the same as `canary` and `baseline` with `events` and `exposures`, and the number of `ticks` |
//! | `ratio` | low, most likely, high; 0.05 and 20 at the ends mean that or beyond |
//! | `log_e_harm`, `log_e_safe` | natural logarithms of the evidence for and against a regression |
//! | `levels` | of a gauge: `before` (the baseline, or the hour before the release) and `now` |
//! | `since` | since when it was counted: the first exposure, or the moment from which a regression is told best |
//! | `silent` | an arm that is exposed while nothing counts events for it |
//! | `calibrated`, `phi` | whether clustering was measured before the release, and how much events cluster |
//! | `forecast` | while it collects: `done` `of` ticks, `ready_at`, `blind_seconds` (how long a total loss would stay unseen), `enough_weight` in percent at which that is short |
//! | `loss` | null, or events lost as least, most likely, most: `so_far` and `per_minute`, `since`, and the same in `money` with its `currency` |
//! | `age_seconds` | the age of its newest sample |

pub mod json;
pub mod text;

use std::time::Duration;

use super::{
    connect::{self, Connected},
    load,
    observe::observe,
    opening::{PATIENCE, board_is_known, found, is_known, nobody, silence},
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
    let board = Settings { open: None, ..settings.clone() };
    let settings = Settings { open: Some(target.clone()), ..settings };
    let patience: Duration = wanted.timeout;
    let state = observe(settings, connected, clock, patience, |state| is_known(state, |_, _| is_read(state))).await;
    if let Some(problem) = silence(&state, patience) {
        return Err(problem);
    }
    let Some(told) = Told::of(&state) else {
        let board = observe(board, connected, clock, PATIENCE, board_is_known).await;
        return Err(nobody(&board, target, &wanted.target));
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
