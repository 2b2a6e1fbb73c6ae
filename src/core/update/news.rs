//! News of the opened release: what became different goes onto the timeline, what needs a person rings.

use std::sync::Arc;

use super::{navigation, notices, paint, proof, pulses, questions, verdicts, watching, weights};
use crate::{
    core::{
        effect::Effect,
        number,
        state::{State, WeightMove, When},
    },
    domain::{
        clean::Clean,
        goal::Goal,
        panel::Declared,
        release::{Phase, Release},
        revision::{Pod, Revision, Tag},
        step::{StepKind, StepState},
        timeline::MomentKind,
    },
};

/// Most moments one piece of news makes; a burst of dying pods must not push everything else out.
const MAX_MOMENTS: usize = 12;

/// The release as it is now.
pub(super) fn release(state: &mut State, release: &Arc<Release>, effects: &mut Vec<Effect>) {
    let ahead = weights::ahead(state);
    let now = state.at.wall.timestamp() + ahead;
    let Some(open) = &mut state.open else { return };
    open.told_ahead = ahead;
    let blind = open.blind_since;
    let is_stale = watching::is_just_awake(open, state.at.mono)
        && open.release.as_deref().is_some_and(|before| weight(before) == weight(release));
    // What was told before a sleep may come after it.
    open.blind_since = blind.filter(|_| is_stale);
    let was_gone = std::mem::take(&mut open.gone);
    let was_complete = std::mem::replace(&mut open.complete, true);
    let release = &keep_panels(open.release.as_deref(), release, !was_complete);
    let before = open.release.replace(release.clone());
    let was_told = open.first_weight.is_some();
    open.first_weight.get_or_insert(WeightMove { at: now, percent: weight(release), when: When::Before });
    if before.as_ref().is_some_and(|before| before.id != release.id) {
        verdicts::forget(&mut open.told);
    }
    if was_gone {
        notices::note(state, MomentKind::Phase, "it is there again");
    }
    // Also of what a fresh read shows.
    if let Some(before) = before.as_ref().filter(|_| was_told && !was_gone)
        && let Some(set) = weight(release).filter(|set| weight(before) != Some(*set))
    {
        weights::moved(state, set, blind);
    }
    if let Some(before) = before.filter(|_| was_complete && !was_gone) {
        if before == *release {
            proof::look(state, release, effects);
            return;
        }
        for (kind, text) in differences(&before, release).into_iter().take(MAX_MOMENTS) {
            notices::note(state, kind, text);
        }
        pulses::ring(&before, release, effects);
        let held_by_us = release.held && !before.held && state.acts.iter().any(|act| act.plan.goal == Goal::Pause);
        if release.waits_for_person() && !before.waits_for_person() && !held_by_us {
            notices::ring(effects);
        }
    }
    questions::follow_release(state);
    proof::look(state, release, effects);
    navigation::clamp(state);
    paint(effects);
}

/// The release with the panels that were declared before, where nobody knows yet whether they still are: in the first
/// news of a watch, and while what declares them cannot be seen. What they have shown must not be lost by that.
fn keep_panels(before: Option<&Release>, release: &Arc<Release>, is_first: bool) -> Arc<Release> {
    let known =
        before.filter(|before| before.id.uid == release.id.uid && (is_first || release.panels_unseen.is_some()));
    let has = |panel: &Declared| match panel {
        Declared::Panel { spec, .. } => release.declared.iter().any(|declared| match declared {
            Declared::Panel { spec: other, .. } => other.name == spec.name && other.kind.word() == spec.kind.word(),
            Declared::Wrong { .. } => false,
        }),
        // It is told again where it still is.
        Declared::Wrong { .. } => true,
    };
    let kept: Vec<Declared> =
        known.iter().flat_map(|before| &before.declared).filter(|panel| !has(panel)).cloned().collect();
    if kept.is_empty() {
        return release.clone();
    }
    let mut release = Release::clone(release);
    release.declared.extend(kept);
    Arc::new(release)
}

/// It was deleted. What was last known of it stays on screen, marked.
pub(super) fn gone(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(open) = &mut state.open else { return };
    if !open.gone {
        open.gone = true;
        open.complete = true;
        notices::note(state, MomentKind::Phase, "it was deleted");
        paint(effects);
    }
}

/// The weight that the router was told, or that is wanted where nobody tells one.
fn weight(release: &Release) -> Option<f64> {
    release.weight.set.or(release.weight.wanted)
}

/// What a person would want to have seen happen between two looks, most important first.
fn differences(before: &Release, now: &Release) -> Vec<(MomentKind, String)> {
    let mut seen = Vec::new();
    if before.id.uid != now.id.uid {
        seen.push((MomentKind::Revision, "deleted and created anew".to_owned()));
    } else if before.id.revision != now.id.revision {
        let version = now.newest().map_or_else(Clean::default, |r| r.version.clone());
        let came = if now.is_roll_back() { "a roll back began, to" } else { "a new revision came:" };
        seen.push((MomentKind::Revision, format!("{came} {version}")));
    }
    phase(before, now, &mut seen);
    steps(before, now, &mut seen);
    if let Some(set) = weight(now).filter(|set| weight(before) != Some(*set)) {
        let word = if now.weight.set.is_some() { "set" } else { "wanted" };
        seen.push((MomentKind::Weight, format!("{} % {word}", number::weight(set))));
    }
    for revision in &now.revisions {
        if let Some(old) = before.revisions.iter().find(|r| r.hash == revision.hash) {
            pods(old, revision, &mut seen);
        }
    }
    analyses(before, now, &mut seen);
    seen.extend(pulses::difference(before, now).map(|text| (MomentKind::Guard, text)));
    seen
}

fn phase(before: &Release, now: &Release, seen: &mut Vec<(MomentKind, String)>) {
    if now.aborted && !before.aborted {
        seen.push((MomentKind::Phase, "aborted".to_owned()));
    }
    if now.held != before.held {
        let text = if now.held { "held by hand" } else { "no longer held by hand" };
        seen.push((MomentKind::Phase, text.to_owned()));
    }
    if now.phase != before.phase {
        let text = match now.phase {
            Phase::Healthy if now.message.is_empty() => "healthy".to_owned(),
            Phase::Healthy | Phase::Progressing | Phase::Paused | Phase::Degraded | Phase::Unknown => {
                let word = now.phase.word();
                if now.message.is_empty() { word.to_owned() } else { format!("{word}: {}", now.message) }
            }
        };
        seen.push((MomentKind::Phase, text));
    }
}

fn steps(before: &Release, now: &Release, seen: &mut Vec<(MomentKind, String)>) {
    let count = now.steps.len();
    for (place, step) in now.steps.iter().enumerate() {
        let old = before.steps.iter().find(|s| s.id == step.id).map(|s| s.state);
        if old == Some(step.state) || old.is_none() {
            continue;
        }
        let what = match (step.state, &step.kind) {
            (StepState::Current, StepKind::Person) => "began, waiting for a person",
            (
                StepState::Current,
                StepKind::SetWeight(_)
                | StepKind::Wait
                | StepKind::Analysis
                | StepKind::Experiment
                | StepKind::Scale
                | StepKind::Route
                | StepKind::Job,
            ) => "began",
            (StepState::Done, _) => "done",
            (StepState::Failed, _) => "failed",
            (StepState::Skipped, _) => "skipped",
            // An update that starts over says so by its phase and revision.
            (StepState::Ahead, _) => continue,
        };
        seen.push((MomentKind::Step, format!("{}/{count} {} {what}", place + 1, step.label)));
    }
}

fn pods(before: &Revision, now: &Revision, seen: &mut Vec<(MomentKind, String)>) {
    let name = format!("{}{}", tag(now), now.version);
    if before.ready != now.ready || before.desired != now.desired {
        seen.push((MomentKind::Pod, format!("{name} {}/{} ready", now.ready, now.desired)));
    }
    for pod in &now.pods {
        let old: Option<&Pod> = before.pods.iter().find(|p| p.name == pod.name);
        let restarted = old.is_some_and(|old| pod.restarts > old.restarts);
        let trouble = pod.trouble.as_ref().filter(|t| old.and_then(|old| old.trouble.as_ref()) != Some(*t));
        match (trouble, restarted) {
            (Some(trouble), _) => seen.push((MomentKind::Pod, format!("{name} {}: {trouble}", pod.name))),
            (None, true) => {
                seen.push((MomentKind::Pod, format!("{name} {} restarted, {} times now", pod.name, pod.restarts)));
            }
            (None, false) => {}
        }
    }
}

fn tag(revision: &Revision) -> &'static str {
    if revision.is(Tag::Stable) {
        "stable "
    } else if revision.is(Tag::Canary) {
        "canary "
    } else {
        ""
    }
}

fn analyses(before: &Release, now: &Release, seen: &mut Vec<(MomentKind, String)>) {
    for analysis in &now.analyses {
        let old = before.analyses.iter().find(|a| a.name == analysis.name);
        if old.is_none_or(|old| old.phase != analysis.phase) {
            let why = if analysis.message.is_empty() { String::new() } else { format!(": {}", analysis.message) };
            seen.push((MomentKind::Analysis, format!("{} {}{why}", analysis.name, analysis.phase)));
        }
    }
}
