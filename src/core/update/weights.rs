//! When the weight moved and to what, and which ticks say nothing because of it.

use crate::{
    core::state::{Panel, State, WeightMove},
    domain::{
        release::Release,
        step::{Step, StepKind, StepState},
        timeline::MomentKind,
    },
};

/// Most moves of the weight that are remembered.
const MAX_MOVES: usize = 64;
/// Seconds within which two sides tell of the same move.
const SAME_SECONDS: i64 = 5;

/// Takes over what the backend tells of moves.
pub(super) fn follow(state: &mut State) {
    let Some(open) = &mut state.open else { return };
    let Some(release) = &open.release else { return };
    for told in moves(release) {
        note(&mut open.weights, told);
    }
}

/// When the weight moved as far as that is known, and from when on it is not.
pub(super) fn known(weights: &[WeightMove], first: Option<&WeightMove>, release: &Release) -> Vec<WeightMove> {
    let mut known = weights.to_vec();
    for told in forgotten(release, weights) {
        note(&mut known, told);
    }
    // By the first look it had moved.
    if let (Some(last), Some(first)) = (known.last(), first)
        && last.lost
        && last.at < first.at
    {
        known.push(*first);
    }
    known
}

/// Moves of which nobody knows any more when they were: from the last step before them whose time is known the weight
/// is not, until the first one after them.
fn forgotten(release: &Release, known: &[WeightMove]) -> Vec<WeightMove> {
    let began = |place: usize| release.steps.get(place).and_then(|step| step.started_at).map(|at| at.timestamp());
    let mut lost = Vec::new();
    for (place, step) in release.steps.iter().enumerate() {
        let Some(percent) = taken(step).filter(|_| step.started_at.is_none()) else { continue };
        let Some(after) = (0..place).rev().find_map(began) else { continue };
        let next = (place + 1..release.steps.len()).find(|later| began(*later).is_some());
        let before = next.and_then(began);
        let was_seen = |moved: &WeightMove| {
            moved.percent.is_some_and(|known| (known - percent).abs() < 0.5)
                && moved.at >= after
                && before.is_none_or(|before| moved.at <= before + SAME_SECONDS)
        };
        if !known.iter().any(was_seen) {
            // Behind what happened then, so that it is not taken for that.
            lost.push(WeightMove { at: after + SAME_SECONDS + 1, percent: None, lost: true });
            // By then it is what the steps up to there have made it.
            let until = next.and_then(|next| release.steps.get(place..=next)).into_iter().flatten();
            let percent = until.rev().find_map(taken);
            lost.extend(before.map(|at| WeightMove { at, percent, lost: false }));
        }
    }
    lost
}

/// The weight that a step has set, in percent.
fn taken(step: &Step) -> Option<f64> {
    match (&step.kind, step.state) {
        (StepKind::SetWeight(percent), StepState::Done | StepState::Current | StepState::Failed) => Some(*percent),
        (
            StepKind::SetWeight(_)
            | StepKind::Wait
            | StepKind::Person
            | StepKind::Analysis
            | StepKind::Experiment
            | StepKind::Scale
            | StepKind::Route
            | StepKind::Job,
            _,
        ) => None,
    }
}

/// The weight is now another than a moment ago, as this run saw it.
pub(super) fn moved(state: &mut State, percent: f64) {
    let at = state.at.wall.timestamp();
    if let Some(open) = &mut state.open {
        note(&mut open.weights, WeightMove { at, percent: Some(percent), lost: false });
    }
}

/// Adds a move unless it is one that is known; what one side did not know the other may.
fn note(moves: &mut Vec<WeightMove>, told: WeightMove) {
    let alike = |known: &WeightMove| match (known.percent, told.percent) {
        (Some(one), Some(other)) => (one - other).abs() < 0.5,
        (None, _) | (_, None) => true,
    };
    let same = |known: &&mut WeightMove| (known.at - told.at).abs() <= SAME_SECONDS && alike(known);
    if let Some(known) = moves.iter_mut().find(same) {
        known.percent = known.percent.or(told.percent);
        known.lost &= told.lost;
        known.at = known.at.min(told.at);
    } else {
        moves.push(told);
    }
    moves.sort_by_key(|known| known.at);
    let surplus = moves.len().saturating_sub(MAX_MOVES);
    moves.drain(..surplus);
}

fn moves(release: &Release) -> impl Iterator<Item = WeightMove> {
    let told = release.timeline.iter().filter(|m| m.kind == MomentKind::Weight).map(|m| (m.at, None));
    let steps = release.steps.iter().filter_map(|step| Some((step.started_at?, Some(taken(step)?))));
    told.chain(steps).map(|(at, percent)| WeightMove { at: at.timestamp(), percent, lost: false })
}

/// Tells a panel of the moves by its source's clock, and leaves out what came right after each: until its warm-up is
/// over, and the late events of the weight before have come. True if ticks that had been judged are among them.
pub(super) fn leave_out(panel: &mut Panel, weights: &[WeightMove], offset: i64) -> bool {
    let settles = panel.settles();
    let known: Vec<i64> = panel.moves.iter().map(|moved| moved.at).collect();
    panel.moves = weights.iter().map(|moved| WeightMove { at: moved.at + offset, ..*moved }).collect();
    let is_new = |moved: &&WeightMove| !known.iter().any(|at| (at - moved.at).abs() <= SAME_SECONDS);
    let (began, judged_to) = (panel.exposed_since, panel.evidence.judged_to);
    let is_late =
        panel.moves.iter().filter(is_new).any(|moved| {
            judged_to.is_some_and(|judged| moved.at < judged) && began.is_none_or(|began| moved.at > began)
        });
    let is_exposed = panel.evidence.judge.is_some() || panel.evidence.gauge.is_some();
    let began = began.filter(|_| is_exposed);
    // Where events come late or pods warm up, a move that may have been at any time may have spoilt any tick.
    let is_spoilt = settles > 2 * panel.step;
    let moves = panel.moves.iter().enumerate().map(|(place, moved)| {
        let last = match panel.moves.get(place + 1) {
            _ if !(moved.lost && is_spoilt) => moved.at,
            Some(next) => next.at,
            None => i64::MAX / 2,
        };
        (moved.at, last + settles)
    });
    panel.left_out = began.map(|at| (at, at + settles)).into_iter().chain(moves).collect();
    is_late
}

/// The weight in percent that was set during the tick from `from` to `to`; none where that is not known or moved.
pub(super) fn during(moves: &[WeightMove], from: i64, to: i64) -> Option<f64> {
    let last = moves.iter().rev().find(|moved| moved.at <= from)?;
    let is_still = !moves.iter().any(|moved| moved.at > from && moved.at < to);
    last.percent.filter(|_| is_still)
}
