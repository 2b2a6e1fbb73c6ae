//! What the lists of the release screen hold, line by line. `view` paints these lines and `update` keeps
//! scrolling within them, so both read them here.

use super::{
    command::{COMMANDS, Spec},
    layout::{self, Tier},
    state::{Open, Pane, State, View},
    urgency::contains,
};
use crate::domain::{
    release::Release,
    revision::{Pod, Revision},
    timeline::Moment,
    verdict::Word,
};

/// Moments of the same kind and text this close together were seen by two sides and are one.
const SAME_SECONDS: i64 = 5;

/// A line of the pods list: a revision, then its pods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PodLine<'a> {
    Revision(&'a Revision),
    Pod(&'a Revision, &'a Pod),
}

/// What happened, newest first, from the backend and from this run, under the filter.
#[must_use]
pub fn timeline(open: &Open) -> Vec<&Moment> {
    let filter = open.filter.value();
    let backend = open.release.iter().flat_map(|r| &r.timeline);
    let mut moments: Vec<&Moment> = backend.chain(&open.seen).filter(|m| keeps(m, filter)).collect();
    moments.sort_by_key(|m| std::cmp::Reverse(m.at));
    let mut kept: Vec<&Moment> = Vec::with_capacity(moments.len());
    for moment in moments {
        let twin = |m: &&&Moment| (m.at - moment.at).num_seconds() <= SAME_SECONDS;
        if !kept.iter().rev().take_while(twin).any(|m| m.kind == moment.kind && m.text == moment.text) {
            kept.push(moment);
        }
    }
    kept
}

fn keeps(moment: &Moment, filter: &str) -> bool {
    filter.trim().is_empty() || contains(&format!("{} {}", moment.kind.word(), moment.text), filter)
}

/// Every revision that has pods or should have some, each with its pods, under the filter.
#[must_use]
pub fn pods(open: &Open) -> Vec<PodLine<'_>> {
    let filter = open.filter.value();
    let Some(release) = &open.release else { return Vec::new() };
    let mut lines = Vec::new();
    for revision in shown_revisions(release) {
        lines.push(PodLine::Revision(revision));
        let kept = |pod: &&Pod| {
            filter.trim().is_empty() || contains(&format!("{} {} {}", pod.name, pod.state, revision.version), filter)
        };
        lines.extend(revision.pods.iter().filter(kept).map(|pod| PodLine::Pod(revision, pod)));
    }
    lines
}

/// Revisions that run, should run, or are one of the two that matter.
pub fn shown_revisions(release: &Release) -> impl Iterator<Item = &Revision> {
    let newest = release.newest().map(|r| &r.hash);
    release
        .revisions
        .iter()
        .filter(move |r| r.desired > 0 || !r.pods.is_empty() || !r.tags.is_empty() || Some(&r.hash) == newest)
}

/// Steps and the line of no easy return.
#[must_use]
pub fn step_lines(open: &Open) -> usize {
    open.release.as_ref().map_or(0, |r| r.steps.len() + usize::from(r.way_back.worse_after.is_some()))
}

/// Whether there is a weight to show.
#[must_use]
pub fn has_traffic(release: &Release) -> bool {
    release.weight.wanted.is_some() || release.weight.set.is_some()
}

/// Lines about who and what: the change, by whom, who keeps the object, and each part that cannot be seen.
#[must_use]
pub fn about_lines(release: &Release) -> usize {
    let about = &release.about;
    let who = usize::from(about.by.is_some() || about.owner.is_some());
    let lines = usize::from(about.change.is_some()) + who + usize::from(about.gitops.is_some()) + release.missing.len();
    if lines == 0 { 0 } else { lines + 1 }
}

/// The tab of the smaller tiers: chosen by hand, else metrics while something is off, bad or unknown, else steps.
#[must_use]
pub fn tab(open: &Open) -> Pane {
    let off = || open.panels.iter().any(|panel| super::evidence::reading(panel).off);
    open.tab.unwrap_or_else(|| match super::evidence::verdict(open).word {
        Word::NoGo | Word::Unknown if !open.panels.is_empty() => Pane::Metrics,
        Word::Go | Word::Collecting if off() => Pane::Metrics,
        Word::NoGo | Word::Unknown | Word::Go | Word::Collecting => Pane::Steps,
    })
}

/// The part of the release screen in which the arrows move.
#[must_use]
pub fn focus(state: &State, open: &Open) -> Pane {
    match (open.view, layout::tier(state.size)) {
        (View::Pods, Tier::Cockpit | Tier::Tabs | Tier::Lines) => Pane::Pods,
        (View::Timeline, Tier::Cockpit | Tier::Tabs | Tier::Lines) => Pane::Timeline,
        (View::Evidence, Tier::Cockpit | Tier::Tabs | Tier::Lines) => Pane::Metrics,
        (View::Cockpit, Tier::Cockpit) => open.pane,
        (View::Cockpit, Tier::Tabs | Tier::Lines) => tab(open),
    }
}

/// A line of the help.
#[derive(Clone, Copy, Debug)]
pub enum HelpLine {
    Group(&'static str),
    Command(&'static Spec),
}

/// Every command under its group, in the order of the table.
#[must_use]
pub fn help() -> Vec<HelpLine> {
    let mut lines = Vec::with_capacity(COMMANDS.len() * 2);
    let mut group = "";
    for spec in COMMANDS {
        if spec.group != group {
            group = spec.group;
            lines.push(HelpLine::Group(group));
        }
        lines.push(HelpLine::Command(spec));
    }
    lines
}
