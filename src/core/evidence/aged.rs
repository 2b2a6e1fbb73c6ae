//! Since when what is shown of a panel is no longer measured. Nothing of it may be drawn as if it were of now.

use chrono::{DateTime, Utc};

use crate::{
    core::{
        freshness, metrics,
        state::{Open, Panel, State},
    },
    domain::{
        panel::{PanelTrouble, Side},
        time::Seconds,
    },
    judge::watchdog::{self, Silence},
};

/// Until when, by our clock, what is shown of an arm was measured; none while that is now, or nothing was. A source that
/// is silent or in trouble leaves both arms old, an arm without exposures only itself.
#[must_use]
pub fn until(state: &State, panel: &Panel, side: Side) -> Option<DateTime<Utc>> {
    let source = &panel.spec.source;
    if is_troubled(state, panel) {
        return panel.newest.map(|newest| state.wall_of(source, newest.timestamp()));
    }
    let is_silent = match watchdog::silence(&panel.ticks, watchdog::SILENT_TICKS)? {
        Silence::Both => true,
        Silence::Baseline => side == Side::Baseline,
        Silence::Canary => side == Side::Canary,
    };
    let exposed = panel.ticks.iter().rev().find(|tick| {
        let of = match side {
            Side::Baseline => tick.baseline,
            Side::Canary => tick.canary,
        };
        of.exposures > 0.0
    });
    exposed.filter(|_| is_silent).map(|tick| state.wall_of(source, tick.at))
}

/// The same of what takes both arms: their ratio is as old as the older one.
#[must_use]
pub fn compared_until(state: &State, panel: &Panel) -> Option<DateTime<Utc>> {
    [Side::Baseline, Side::Canary].into_iter().filter_map(|side| until(state, panel, side)).min()
}

/// How new the numbers are that may be said to decide: the newest tick of a critical panel in which both arms were
/// measured, by our clock. None before there is one.
#[must_use]
pub fn stands_on(state: &State, open: &Open) -> Option<DateTime<Utc>> {
    let critical = open.panels.iter().filter(|panel| panel.spec.critical && panel.spec.kind.has_counts());
    let newest = critical.filter_map(|panel| {
        let counted = panel.evidence.counted_to.map(|at| state.wall_of(&panel.spec.source, at))?;
        Some(compared_until(state, panel).map_or(counted, |until| until.min(counted)))
    });
    newest.max()
}

/// `48m40s old`: how long ago that was.
#[must_use]
pub fn age(state: &State, until: DateTime<Utc>) -> String {
    let age = state.at.since(until);
    format!("{} old", freshness::shown(age).unwrap_or(Seconds(age.0.floor())))
}

/// Whether its newest answer is no value, or its source says nothing.
fn is_troubled(state: &State, panel: &Panel) -> bool {
    match panel.trouble {
        Some(PanelTrouble::Waiting) => false,
        Some(
            PanelTrouble::NoData
            | PanelTrouble::Partial(_)
            | PanelTrouble::Stale(_)
            | PanelTrouble::Error(_)
            | PanelTrouble::NotFinite,
        ) => true,
        None => metrics::is_unheard(state, panel),
    }
}
