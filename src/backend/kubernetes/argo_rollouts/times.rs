//! When steps began and ended. Status does not say it: it is watched, and filled in from events and pauses.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Observed,
    objects::{Event, Rollout},
};
use crate::domain::{step::Took, time::Seconds};

/// What was seen of the steps of one run through them, kept by whoever watches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepTimes {
    /// The revision and step list they belong to.
    of: (String, String),
    /// The step and since when it has been seen as the current one.
    current: Option<(usize, Seen)>,
    /// By step: its beginning and its end, each if it was seen.
    done: BTreeMap<usize, (Seen, DateTime<Utc>)>,
}

/// A moment, and whether it is the beginning itself or only the first look.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    at: DateTime<Utc>,
    exactly: bool,
}

impl StepTimes {
    /// Notes what the Rollout shows at `now`. Call it with every version seen, in order; `missed` says that some before
    /// this one may not have been.
    pub(super) fn observe(&mut self, rollout: &Rollout, now: DateTime<Utc>, missed: bool) {
        let of = (rollout.status.current_pod_hash.clone(), rollout.status.current_step_hash.clone());
        let Some(index) = running_index(rollout) else {
            *self = Self { of, ..Self::default() };
            return;
        };
        let restarted = self.current.is_some_and(|(before, _)| index < before);
        if self.of != of || restarted {
            // The first look at a run that is at its first step saw it begin, if this watch saw the one before.
            let exactly = !missed && index == 0 && (!self.of.0.is_empty() || restarted);
            *self = Self { of, current: Some((index, Seen { at: now, exactly })), done: BTreeMap::new() };
            return;
        }
        match self.current {
            Some((before, _)) if before == index => {}
            // Neither the end of that one nor the beginning of this one was seen.
            Some(_) if missed => self.current = Some((index, Seen { at: now, exactly: false })),
            Some((before, seen)) => {
                self.done.insert(before, (seen, now));
                // Steps passed between two looks took less than can be told apart.
                for passed in before + 1..index {
                    self.done.insert(passed, (Seen { at: now, exactly: true }, now));
                }
                self.current = Some((index, Seen { at: now, exactly: true }));
            }
            // It was seen not to run (aborted) and now does.
            None => self.current = Some((index, Seen { at: now, exactly: !missed })),
        }
    }

    /// The step that was seen last as the current one of this update.
    pub(super) fn current(&self, rollout: &Rollout) -> Option<usize> {
        self.current.filter(|_| self.of.0 == rollout.status.current_pod_hash).map(|(index, _)| index)
    }

    /// When a step of this Rollout began, if that was seen.
    pub(super) fn began(&self, rollout: &Rollout, place: usize) -> Option<DateTime<Utc>> {
        self.beginning(rollout, place).filter(|seen| seen.exactly).map(|seen| seen.at)
    }

    fn beginning(&self, rollout: &Rollout, place: usize) -> Option<Seen> {
        if self.of.0 != rollout.status.current_pod_hash {
            return None;
        }
        match self.current {
            Some((current, seen)) if current == place => Some(seen),
            Some(_) | None => self.done.get(&place).map(|(began, _)| *began),
        }
    }

    fn ended(&self, rollout: &Rollout, place: usize) -> Option<DateTime<Utc>> {
        (self.of.0 == rollout.status.current_pod_hash).then(|| self.done.get(&place).map(|(_, end)| *end)).flatten()
    }
}

/// The step index, while the steps are being run through.
fn running_index(rollout: &Rollout) -> Option<usize> {
    rollout.step_index().filter(|_| !rollout.is_aborted() && !rollout.is_promoting_fully())
}

/// When a step began, and how long it took if it is done.
pub(super) fn of_step(observed: &Observed, place: usize) -> (Option<DateTime<Utc>>, Option<Took>) {
    let rollout = &observed.rollout;
    let Some(index) = running_index(rollout) else {
        return (None, None);
    };
    if place > index {
        return (None, None);
    }
    let began = beginning(observed, place);
    if place == index {
        return (began, None);
    }
    let Some(ended) = end(observed, place) else { return (began, None) };
    let at_least = observed.watched.times.beginning(rollout, place).filter(|seen| !seen.exactly).map(|seen| seen.at);
    let took = match (began, at_least) {
        (Some(began), _) if began <= ended => Some(Took { seconds: Seconds::between(began, ended), at_least: false }),
        (_, Some(seen)) if seen <= ended => Some(Took { seconds: Seconds::between(seen, ended), at_least: true }),
        (_, _) => None,
    };
    (began, took)
}

fn beginning(observed: &Observed, place: usize) -> Option<DateTime<Utc>> {
    let rollout = &observed.rollout;
    let pause = || {
        let pause = rollout.status.pause_conditions.iter().find(|p| p.reason == "CanaryPauseStep")?;
        (rollout.step_index() == Some(place)).then(|| pause.since()).flatten()
    };
    let before = || match place.checked_sub(1) {
        Some(before) => end(observed, before),
        None => started_at(observed),
    };
    pause().or_else(|| observed.watched.times.began(rollout, place)).or_else(before)
}

fn end(observed: &Observed, place: usize) -> Option<DateTime<Utc>> {
    observed.watched.times.ended(&observed.rollout, place).or_else(|| end_by_event(observed, place))
}

/// The newest event that says this step was completed, if it can only belong to this run through the steps: after its
/// beginning, and not before the end of an earlier step.
fn end_by_event(observed: &Observed, place: usize) -> Option<DateTime<Utc>> {
    let began = last_abort(observed).max(started_at(observed))?;
    let ended = told(observed, place)?;
    let is_in_order = (0..place).filter_map(|earlier| told(observed, earlier)).all(|earlier| earlier <= ended);
    (ended >= began && is_in_order).then_some(ended)
}

/// When an event last told of the end of this step, in whichever run.
fn told(observed: &Observed, place: usize) -> Option<DateTime<Utc>> {
    let words = format!("Rollout step {}/{} completed", place + 1, observed.rollout.steps().len());
    let ends = observed.events.iter().filter(|e| e.reason == "RolloutStepCompleted" && e.message.starts_with(&words));
    ends.filter_map(Event::at).max()
}

/// How many steps from the first on events tell to be done in this run; there may be more.
pub(super) fn told_done(observed: &Observed) -> usize {
    let steps = 0..observed.rollout.steps().len();
    steps.rev().find(|place| end_by_event(observed, *place).is_some()).map_or(0, |place| place + 1)
}

/// What happened before an abort belongs to another run through the steps.
fn last_abort(observed: &Observed) -> Option<DateTime<Utc>> {
    aborts(observed).max()
}

/// When this revision was aborted, as far as events tell; several may be told as one with its first and last time.
fn aborts(observed: &Observed) -> impl Iterator<Item = DateTime<Utc>> {
    let number = observed.rollout.metadata.revision();
    let is_of_this = move |e: &&Event| number.is_some_and(|number| e.is_about_revision(number));
    let aborts = observed.events.iter().filter(|e| e.reason == "RolloutAborted").filter(is_of_this);
    aborts.flat_map(|event| event.first_timestamp.into_iter().chain(event.at()))
}

/// Whether something made then can belong to this run through the steps, or to the last one where that was aborted. None
/// where that is not known.
pub(super) fn is_of_this_run(observed: &Observed, made: DateTime<Utc>) -> Option<bool> {
    /// The status and the event of one abort are not written at the same moment.
    const APART: TimeDelta = TimeDelta::seconds(3);
    let rollout = &observed.rollout;
    let ended = rollout.status.aborted_at.filter(|_| rollout.is_aborted());
    let before = aborts(observed).filter(|at| ended.is_none_or(|ended| *at + APART < ended)).max();
    let began = update_began(observed);
    (before.is_some() || began.is_some())
        .then(|| before.is_none_or(|before| before < made) && began.is_none_or(|began| began <= made))
}

/// Since when this run through the steps goes on, where that is known.
pub(super) fn started_at(observed: &Observed) -> Option<DateTime<Utc>> {
    let rollout = &observed.rollout;
    if let Some(duration) = &rollout.status.duration {
        return duration.rollout_started_at;
    }
    // A retry leaves no trace of its own: after an abort the beginning is not known.
    update_began(observed).filter(|began| last_abort(observed).is_none_or(|abort| abort <= *began))
}

/// When the newest revision was first asked for.
fn update_began(observed: &Observed) -> Option<DateTime<Utc>> {
    let rollout = &observed.rollout;
    let hash = &rollout.status.current_pod_hash;
    let number = rollout.metadata.revision();
    // A revision that is used again had its earlier beginnings told by the same hash.
    let is_of_this = |e: &&Event| {
        number.is_some_and(|number| e.is_about_revision(number))
            && !hash.is_empty()
            && e.message.contains(hash.as_str())
    };
    let said = observed.events.iter().filter(|e| e.reason == "RolloutNotCompleted").filter(is_of_this);
    let said = said.filter_map(Event::at).max();
    // A ReplicaSet that was used before is older than the update that uses it again.
    let created = || {
        let rs = observed.replica_set(hash)?;
        (!rs.metadata.is_used_again()).then_some(rs.metadata.creation_timestamp)?
    };
    said.or_else(created)
}
