//! The traffic split: the exposures of the busiest panel held against the weight that was set.
//!
//! What matters is the weight that stands now: each new one is a new question, and what was seen before belongs to
//! another.

use crate::{
    core::{
        evidence::{self, SplitStanding, is_counted, is_whole},
        state::{Open, Panel, Watched},
    },
    domain::series::Tick,
    judge::{UNCALIBRATED_PHI, split::Split},
};

/// Whether ticks wait for the next slice.
pub(super) fn is_behind(open: &Open) -> bool {
    let Some(watched) = &open.split else { return false };
    find(open, watched).is_some_and(|panel| next(panel, watched).next().is_some())
}

/// Watches the split, as much as is left of a slice. True if that said something new.
pub(super) fn follow(open: &mut Open, left: &mut usize) -> bool {
    let is_known = open.split.as_ref().is_some_and(|watched| find(open, watched).is_some());
    if !is_known {
        let begun = begin(open);
        if begun.is_none() && open.split.is_none() {
            return false;
        }
        open.split = begun;
    }
    let Some(mut watched) = open.split.take() else { return true };
    let Some(panel) = find(open, &watched) else { return true };
    // A step may have told of its weight before the router was told.
    let is_new = |(since, share): &(i64, f64)| *since > watched.since || !watched.split.is_held_to(*share);
    if let Some((since, share)) = weight(open, panel).filter(is_new) {
        watched.split.weight_changed(share, since);
        watched.since = since;
        // Ticks since then answer the new question, also those that were taken for the old one: what is known of the
        // time of a step may come after them, or change by a second with what is known of a clock.
        watched.to = since;
    }
    let ticks: Vec<Tick> = next(panel, &watched).take(*left).copied().collect();
    *left -= ticks.len();
    for tick in &ticks {
        // One that is no count is not seen; the panel says what is wrong with it.
        if is_whole(open, panel, tick.at) && watched.split.take(tick).is_ok() {
            watched.to = tick.at;
        } else {
            watched.to = watched.to.max(tick.at);
        }
    }
    open.split = Some(watched);
    !ticks.is_empty()
}

/// Marks the panels whose events are held against the share that was set while another is seen. True if that is new.
pub(super) fn mark(open: &mut Open) -> bool {
    let is_off = open.split.as_ref().is_some_and(|watched| match watched.finding().standing {
        SplitStanding::TooMuch | SplitStanding::TooLittle => true,
        SplitStanding::Holds | SplitStanding::Collecting | SplitStanding::Unseen => false,
    });
    let mut changed = false;
    for panel in open.panels.iter_mut().filter(|panel| panel.spec.kind.compares_shares()) {
        if panel.evidence.misrouted != is_off {
            panel.evidence.misrouted = is_off;
            panel.reading = evidence::look(panel);
            changed = true;
        }
    }
    changed
}

fn begin(open: &Open) -> Option<Watched> {
    let exposures = |panel: &Panel| panel.evidence.hour.iter().map(|tick| tick.baseline.exposures).sum::<f64>();
    let judged = open.panels.iter().filter(|panel| {
        panel.spec.kind.counts_exposures() && panel.evidence.judge.is_some() && panel.history.is_none()
    });
    let panel = judged.max_by(|one, other| exposures(one).total_cmp(&exposures(other)))?;
    let (since, share) = weight(open, panel)?;
    let phi = panel.evidence.split_phi.unwrap_or(UNCALIBRATED_PHI);
    Some(Watched {
        panel: panel.spec.name.clone(),
        split: Split::new(phi, share, since),
        found: None,
        since,
        to: since,
    })
}

fn find<'a>(open: &'a Open, watched: &Watched) -> Option<&'a Panel> {
    open.panels.iter().find(|panel| watched.is_of(panel))
}

/// Since when the present weight is set, by the panel's clock, and its share.
fn weight(open: &Open, panel: &Panel) -> Option<(i64, f64)> {
    let moved = panel.moves.last();
    let set = open.release.as_ref().and_then(|release| release.weight.set);
    let percent = set.or(moved.and_then(|moved| moved.percent))?;
    let since = moved.map(|moved| moved.at).max(panel.exposed_since)?;
    Some((since, percent / 100.0))
}

fn next<'a>(panel: &'a Panel, watched: &Watched) -> impl Iterator<Item = &'a Tick> {
    let (to, judged_to) = (watched.to, panel.evidence.judged_to.unwrap_or(i64::MIN));
    panel.ticks.iter().filter(move |tick| tick.at > to && tick.at <= judged_to && is_counted(panel, tick))
}
