//! What is kept of objects while they are listened to, and when it is time to tell of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::time::{Sleep, sleep};

use super::{
    argo_rollouts::{
        Missing, Part, Watched,
        objects::{AnalysisRun, AnalysisTemplate, ConfigMap, Detailed, Event, Meta, Pod, ReplicaSet, Rollout},
    },
    listen::{Heard, Object},
};
use crate::domain::{
    failure::{Failure, FailureKind},
    health::Health,
};

/// What was seen of each Rollout so far, by its uid.
pub(super) type Memory = Arc<Mutex<BTreeMap<String, Watched>>>;

/// Shortest time between two pieces of news of the same thing: a controller may write 120 times a second.
const PACE: Duration = Duration::from_millis(80);

/// Notes what a Rollout shows, and gives all that was seen of it.
pub(super) fn observe(memory: &Memory, rollout: &Rollout, now: DateTime<Utc>) -> Watched {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    let of = memory.entry(rollout.metadata.uid.clone()).or_default();
    of.observe(rollout, now);
    of.clone()
}

/// The same of a list: versions in between may never have been seen.
pub(super) fn observe_anew(memory: &Memory, rollout: &Rollout, now: DateTime<Utc>) {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    let of = memory.entry(rollout.metadata.uid.clone()).or_default();
    of.miss();
    of.observe(rollout, now);
}

/// Contact is lost: what is heard next happened at a time that nobody saw.
pub(super) fn miss(memory: &Memory) {
    memory.lock().unwrap_or_else(PoisonError::into_inner).values_mut().for_each(Watched::miss);
}

macro_rules! objects {
    ($($kind:ty),*) => { $(impl Object for $kind {
        fn meta(&self) -> &Meta { &self.metadata }
    })* };
}
objects!(Rollout, ReplicaSet, Pod, AnalysisRun, Event, ConfigMap, AnalysisTemplate);

impl Object for Detailed {
    fn meta(&self) -> &Meta {
        &self.0.metadata
    }
}

/// All objects of one kind in scope.
pub(super) struct Shelf<T> {
    objects: BTreeMap<(String, String), T>,
    state: State,
    /// How often in a row it was refused after it had been seen.
    refusals: u32,
}

/// A server that has just been started refuses everything for a moment: what was seen before is only given up
/// when it goes on refusing.
const PATIENCE: u32 = 4;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// The first list has not come yet.
    Waiting,
    /// What is here is what is there.
    Ready,
    /// It was here and may be old.
    Lost { why: Failure, retry_in_ms: u64 },
    /// We may not see it, or there is no such kind of object.
    Refused(Failure),
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), state: State::Waiting, refusals: 0 }
    }
}

/// What a piece of news changed.
pub(super) struct Changed<T> {
    /// The objects that are new, other or gone.
    pub(super) objects: Vec<T>,
    pub(super) state: bool,
}

impl<T: Object + Clone + PartialEq> Shelf<T> {
    /// Takes the news in.
    pub(super) fn hear(&mut self, heard: Heard<T>) -> Changed<T> {
        let mut changed = Changed { objects: Vec::new(), state: false };
        let key = |object: &T| (object.meta().namespace.clone(), object.meta().name.clone());
        let state = match heard {
            Heard::All(all) => {
                let now: BTreeMap<_, _> = all.into_iter().map(|object| (key(&object), object)).collect();
                let before = std::mem::replace(&mut self.objects, now);
                changed.objects.extend(
                    before.iter().filter(|(key, old)| self.objects.get(*key) != Some(*old)).map(|(_, old)| old.clone()),
                );
                changed.objects.extend(
                    self.objects.iter().filter(|(key, _)| !before.contains_key(*key)).map(|(_, new)| new.clone()),
                );
                State::Ready
            }
            Heard::Applied(object) => {
                changed.objects.push(object.clone());
                self.objects.insert(key(&object), object);
                State::Ready
            }
            Heard::Deleted(object) => {
                self.objects.remove(&key(&object));
                changed.objects.push(object);
                State::Ready
            }
            Heard::Alive => State::Ready,
            Heard::Lost { why, .. }
                if matches!(why.kind, FailureKind::Forbidden | FailureKind::NotFound) && self.is_given_up() =>
            {
                changed.objects.extend(std::mem::take(&mut self.objects).into_values());
                State::Refused(why)
            }
            Heard::Lost { why, retry_in_ms } => State::Lost { why, retry_in_ms },
        };
        if state == State::Ready {
            self.refusals = 0;
        }
        changed.state = state != self.state;
        self.state = state;
        changed
    }

    /// Counts a refusal and says whether it is believed.
    fn is_given_up(&mut self) -> bool {
        self.refusals += 1;
        matches!(self.state, State::Waiting | State::Refused(_)) || self.refusals > PATIENCE
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.objects.values()
    }

    pub(super) fn get(&self, key: &(String, String)) -> Option<&T> {
        self.objects.get(key)
    }

    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    pub(super) const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting)
    }

    /// All of them; none while they cannot be seen.
    pub(super) fn seen(&self) -> Option<Vec<T>> {
        let sees = match &self.state {
            State::Ready => true,
            State::Lost { .. } => !self.objects.is_empty(),
            State::Waiting | State::Refused(_) => false,
        };
        sees.then(|| self.objects.values().cloned().collect())
    }

    /// Why this part cannot be seen, if it cannot.
    pub(super) fn missing(&self, part: Part) -> Option<Missing> {
        match &self.state {
            State::Waiting | State::Ready => None,
            State::Lost { why, .. } => (self.objects.is_empty()).then(|| Missing { part, why: why.summary.clone() }),
            State::Refused(why) => Some(Missing { part, why: why.summary.clone() }),
        }
    }
}

/// How the whole is doing, by its parts: the first that is lost speaks for all.
pub(super) fn health<'a>(states: impl IntoIterator<Item = &'a State>) -> Health {
    let mut waits = false;
    for state in states {
        match state {
            State::Lost { why, retry_in_ms } => return Health::Lost { why: why.clone(), retry_in_ms: *retry_in_ms },
            State::Waiting => waits = true,
            State::Ready | State::Refused(_) => {}
        }
    }
    if waits { Health::Connecting } else { Health::Live }
}

/// Lets the first news through at once and what follows in a burst after a moment.
#[derive(Default)]
pub(super) struct Pace {
    resting: Option<std::pin::Pin<Box<Sleep>>>,
}

impl Pace {
    /// Whether news may be told now.
    pub(super) const fn is_open(&self) -> bool {
        self.resting.is_none()
    }

    /// News was told.
    pub(super) fn told(&mut self) {
        self.resting = Some(Box::pin(sleep(PACE)));
    }

    /// Until news may be told again; for ever if it may already.
    pub(super) async fn opened(&mut self) {
        match &mut self.resting {
            Some(resting) => resting.await,
            None => std::future::pending().await,
        }
        self.resting = None;
    }
}
