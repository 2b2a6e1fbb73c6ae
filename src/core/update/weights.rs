//! When the weight moved and to what, and which ticks say nothing because of it.

use crate::{
    core::state::{Open, Panel, State, WeightMove, When},
    domain::{
        release::Release,
        step::{Step, StepKind, StepState},
        time::At,
        timeline::{Moment, MomentKind},
    },
};

/// Most moves of the weight that are remembered.
const MAX_MOVES: usize = 64;
/// Seconds within which two sides tell of the same move.
const SAME_SECONDS: i64 = 5;
/// A move by less than this share of the weight leaves nothing behind that has to settle: where no router splits the
/// traffic, every pod that comes or goes is one.
const SMALL: f64 = 0.2;

/// A step that set the weight, and when it can have done so by the cluster's clock: a router is told once the pods for it
/// are there, some time after the step began.
struct Span {
    /// None where no router is told: pods come in whole ones.
    percent: Option<f64>,
    from: i64,
    /// It is not over, or nobody knows when it was.
    to: Option<i64>,
    /// It began at `from`, and not only some time after.
    is_dated: bool,
    /// What the steps up to `to` have made of it.
    after: Option<f64>,
}

impl Span {
    fn holds(&self, at: i64) -> bool {
        let from = self.from - if self.is_dated { SAME_SECONDS } else { 0 };
        at >= from && self.to.is_none_or(|to| at <= to + SAME_SECONDS)
    }

    /// Somebody knows when that was.
    fn is_seen(&self, moves: &[WeightMove]) -> bool {
        let is_it = |known: f64| self.percent.is_none_or(|percent| (known - percent).abs() < 0.5);
        moves.iter().any(|moved| self.holds(moved.at) && moved.percent.is_some_and(is_it))
    }

    /// It was so short that its beginning will do.
    fn is_short(&self) -> bool {
        self.is_dated && self.to.is_some_and(|to| to - self.from <= 2 * SAME_SECONDS)
    }
}

/// Takes over what the backend tells of moves.
pub(super) fn follow(state: &mut State) {
    let Some(open) = &mut state.open else { return };
    let Some(release) = &open.release else { return };
    let told = |moment: &Moment| moment.at.timestamp() + open.told_ahead;
    let moments: Vec<i64> =
        release.timeline.iter().filter(|moment| moment.kind == MomentKind::Weight).map(told).collect();
    for at in &moments {
        note(&mut open.weights, WeightMove { at: *at, percent: None, when: When::Then });
    }
    for span in spans(release, open.told_ahead) {
        let at = match moments.iter().rev().find(|at| span.is_dated && span.holds(**at)) {
            _ if span.is_seen(&open.weights) => continue,
            Some(at) => *at,
            None if span.is_short() => span.from,
            None => continue,
        };
        note(&mut open.weights, WeightMove { at, percent: span.percent, when: When::Then });
    }
}

/// When the weight moved as far as that is known, and from when on it is not; by the cluster's clock. `shares` for panels
/// that are compared with what the weight was: these doubt the last that is known where a look found another.
pub(super) fn known(open: &Open, release: &Release, shares: bool) -> Vec<WeightMove> {
    let mut known = open.weights.clone();
    for span in spans(release, open.told_ahead) {
        if span.is_seen(&open.weights) || span.is_short() {
            continue;
        }
        // Behind what happened then, so that it is not taken for that.
        note(&mut known, WeightMove { at: span.from + SAME_SECONDS + 1, percent: None, when: When::Later });
        let to = span
            .to
            .filter(|to| !known.iter().any(|moved| (moved.at - to).abs() <= SAME_SECONDS && moved.when == When::Then));
        if let Some(at) = to {
            note(&mut known, WeightMove { at, percent: span.after, when: When::Then });
        }
    }
    // What a look found set is known from then on, whatever else is not.
    if let Some(first) = open.first_weight {
        let place = known.partition_point(|moved| moved.at < first.at);
        let last = place.checked_sub(1).and_then(|last| known.get(last)).copied();
        let is_unknown = last.is_some_and(|last| last.percent.is_none());
        // A full promotion that nobody saw, and whose events are gone: it went on at some time since.
        let contradicted = last
            .filter(|last| first.at - last.at > SAME_SECONDS)
            .filter(|last| last.percent.zip(first.percent).is_some_and(|(told, found)| (told - found).abs() >= 0.5));
        if is_unknown || contradicted.is_some() {
            known.insert(place, first);
        }
        if let Some(last) = contradicted.filter(|_| shares) {
            let at = (last.at + SAME_SECONDS + 1).min(first.at);
            known.insert(place, WeightMove { at, percent: None, when: When::Later });
        }
    }
    known
}

/// Every step that has set the weight. One that the router was not told of yet has not.
fn spans(release: &Release, ahead: i64) -> Vec<Span> {
    let began = |place: usize| release.steps.get(place)?.started_at.map(|at| at.timestamp() + ahead);
    let is_routed = release.about.router.is_some();
    let created = || release.newest()?.created_at.map(|at| at.timestamp() + ahead);
    let mut spans = Vec::new();
    for (place, step) in release.steps.iter().enumerate() {
        let Some(percent) = taken(step) else { continue };
        let is_set = release.weight.set.is_none_or(|set| (set - percent).abs() < 0.5);
        if step.state == StepState::Current && is_routed && !is_set {
            continue;
        }
        let Some(from) = (0..=place).rev().find_map(began).or_else(created) else { continue };
        let next = (place + 1..release.steps.len()).find(|later| began(*later).is_some());
        let ended =
            began(place).zip(step.took.filter(|took| !took.at_least)).map(|(at, took)| at + took.seconds.whole());
        let until = next.and_then(|next| release.steps.get(place..next)).into_iter().flatten();
        spans.push(Span {
            percent: is_routed.then_some(percent),
            from,
            to: ended.or(next.and_then(began)),
            is_dated: began(place).is_some(),
            after: if ended.is_some() { Some(percent) } else { until.rev().find_map(taken) }.filter(|_| is_routed),
        });
    }
    spans
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

/// How far the clock of the opened release's cluster is ahead of ours, in whole seconds.
pub(super) fn ahead(state: &State) -> i64 {
    state.open.as_ref().map_or(0, |open| state.ahead(&open.target.source))
}

/// Nobody was there from the newest event on until `now`, and what has not been heard yet comes now.
pub(super) fn missed(state: &mut State, now: At) {
    let then = state.at.wall.timestamp() + ahead(state);
    if let Some(open) = state.open.as_mut().filter(|open| open.complete) {
        open.blind_since.get_or_insert(then);
        open.woke = Some(now.mono);
    }
}

/// The weight is now another than a moment ago, as this run saw it; it may have moved at any time since `blind`, from when
/// on the cluster was not heard.
pub(super) fn moved(state: &mut State, percent: f64, blind: Option<i64>) {
    let at = state.at.wall.timestamp() + ahead(state);
    if let Some(open) = &mut state.open {
        if let Some(blind) = blind.filter(|blind| at - blind > SAME_SECONDS) {
            open.weights.push(WeightMove { at: blind, percent: None, when: When::Later });
        }
        note(&mut open.weights, WeightMove { at, percent: Some(percent), when: When::Then });
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
        if told.when == When::Then {
            known.when = When::Then;
        }
        known.at = known.at.min(told.at);
    } else {
        moves.push(told);
    }
    moves.sort_by_key(|known| known.at);
    let surplus = moves.len().saturating_sub(MAX_MOVES);
    moves.drain(..surplus);
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
    let mut left_out: Vec<(i64, i64)> = began.map(|at| (at, at + settles)).into_iter().collect();
    for (place, moved) in panel.moves.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| panel.moves.get(before)).and_then(|before| before.percent);
        let is_small =
            before.zip(moved.percent).is_some_and(|(one, other)| (one - other).abs() < SMALL * one.max(other));
        let last = match (moved.when, panel.moves.get(place + 1)) {
            (When::Before, _) => continue,
            (When::Then, _) if is_small => continue,
            (When::Later, Some(next)) if is_spoilt => next.at,
            (When::Later, None) if is_spoilt => i64::MAX / 2,
            (When::Then | When::Later, _) => moved.at,
        };
        left_out.push((moved.at, last + settles));
    }
    panel.left_out = left_out;
    is_late
}

/// The weight in percent that was set during the tick from `from` to `to`; none where that is not known or moved.
pub(super) fn during(moves: &[WeightMove], from: i64, to: i64) -> Option<f64> {
    let last = moves.iter().rev().find(|moved| moved.at <= from)?;
    let is_still = !moves.iter().any(|moved| moved.at > from && moved.at < to);
    last.percent.filter(|_| is_still)
}
