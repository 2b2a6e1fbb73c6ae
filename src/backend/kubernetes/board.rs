//! Every Rollout in some namespaces, with what a row of the board needs: themselves and their ReplicaSets.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use chrono::TimeDelta;
use futures::{
    future::{BoxFuture, FutureExt},
    stream::{self, BoxStream, FuturesUnordered, SelectAll, Stream, StreamExt},
};
use tokio::select;

use super::{
    access,
    argo_rollouts::{
        self, Missing, Observed, Part,
        objects::{HASH_LABEL, ReplicaSet, Rollout},
    },
    cluster::Cluster,
    listen::{Heard, Object, Resource, listen},
    opened::explained,
    shelf::{self, Memory, Pace, Shelf, State},
};
use crate::domain::{
    clean::{Clean, Name},
    failure::{Failure, FailureKind},
    goal::Goal,
    health::Health,
    release::Release,
    update::{Identity, Update},
};

const FORBIDDEN_RETRY_MS: u64 = 60_000;

/// Namespace and name.
type Key = (String, String);

enum News {
    Rollouts(Box<Heard<Rollout>>),
    Sets(Box<Heard<ReplicaSet>>),
}

/// All releases in these namespaces, for ever; in all of them if none is named.
pub(super) fn watch(
    cluster: Arc<Cluster>,
    memory: Memory,
    folders: &[Name],
) -> impl Stream<Item = Update> + Send + use<> {
    stream::unfold(Board::new(cluster, memory, folders), |mut board| async move {
        let update = board.next().await;
        Some((update, board))
    })
}

/// What was heard of one namespace, or of all.
#[derive(Default)]
struct Place {
    rollouts: Shelf<Rollout>,
    sets: Shelf<ReplicaSet>,
}

struct Board {
    cluster: Arc<Cluster>,
    memory: Memory,
    places: Vec<Place>,
    listening: SelectAll<BoxStream<'static, (usize, News)>>,
    asked: FuturesUnordered<BoxFuture<'static, Result<Identity, Failure>>>,
    /// All namespaces were asked for, and only the context's own may be seen.
    narrowed: Option<Clean>,
    is_whole: bool,
    dirty: BTreeSet<Key>,
    /// How contact stands has to be told.
    stirred: bool,
    alive: bool,
    pace: Pace,
    told: Option<BTreeMap<Key, Arc<Release>>>,
    /// How far its clock is ahead, as it was told.
    clock: Option<TimeDelta>,
    health: Health,
    out: VecDeque<Update>,
}

impl Board {
    fn new(cluster: Arc<Cluster>, memory: Memory, folders: &[Name]) -> Self {
        let mut board = Self {
            cluster,
            memory,
            places: Vec::new(),
            listening: SelectAll::new(),
            asked: FuturesUnordered::new(),
            narrowed: None,
            is_whole: folders.is_empty(),
            dirty: BTreeSet::new(),
            stirred: false,
            alive: false,
            pace: Pace::default(),
            told: None,
            clock: None,
            health: Health::Connecting,
            out: VecDeque::from([Update::Health(Health::Connecting)]),
        };
        let namespaces: Vec<Option<&str>> =
            if folders.is_empty() { vec![None] } else { folders.iter().map(|f| Some(f.raw())).collect() };
        board.listen_to(&namespaces);
        board
    }

    fn listen_to(&mut self, namespaces: &[Option<&str>]) {
        self.listening.clear();
        self.places.clear();
        for (place, namespace) in namespaces.iter().enumerate() {
            let within = namespace.map(|n| format!("namespaces/{n}/")).unwrap_or_default();
            let rollouts =
                Resource { path: format!("/apis/argoproj.io/v1alpha1/{within}rollouts"), ..Resource::default() };
            let sets = Resource {
                path: format!("/apis/apps/v1/{within}replicasets"),
                labels: Some(HASH_LABEL.to_owned()),
                fields: None,
            };
            let rollouts = listen(Arc::clone(&self.cluster), rollouts);
            let sets = listen(Arc::clone(&self.cluster), sets);
            self.listening.push(rollouts.map(move |heard| (place, News::Rollouts(Box::new(heard)))).boxed());
            self.listening.push(sets.map(move |heard| (place, News::Sets(Box::new(heard)))).boxed());
            self.places.push(Place::default());
        }
    }

    async fn next(&mut self) -> Update {
        loop {
            if let Some(update) = self.out.pop_front() {
                return update;
            }
            if (self.stirred || !self.dirty.is_empty()) && self.pace.is_open() {
                self.tell();
                continue;
            }
            let resting = !self.pace.is_open();
            select! {
                Some((place, news)) = self.listening.next() => self.hear(place, news),
                Some(identity) = self.asked.next() => match identity {
                    Ok(identity) => return Update::Identity(identity),
                    Err(why) => tracing::info!("who we are is not said: {why}"),
                },
                () = self.pace.opened(), if resting => {}
            }
        }
    }

    fn hear(&mut self, place: usize, news: News) {
        let Some(at) = self.places.get_mut(place) else { return };
        match news {
            News::Rollouts(heard) => {
                self.alive |= matches!(*heard, Heard::All(_) | Heard::Applied(_) | Heard::Alive);
                let now = self.cluster.time_there();
                match &*heard {
                    Heard::All(all) => {
                        for rollout in all {
                            shelf::observe_anew(&self.memory, rollout, now);
                        }
                        if self.told.is_none() {
                            self.asked.push(access::identity(Arc::clone(&self.cluster)).boxed());
                        }
                    }
                    Heard::Applied(rollout) => {
                        shelf::observe(&self.memory, rollout, now);
                    }
                    Heard::Lost { .. } => shelf::miss(&self.memory),
                    Heard::Deleted(_) | Heard::Alive => {}
                }
                let changed = at.rollouts.hear(*heard);
                self.stirred |= changed.state || self.alive;
                self.dirty.extend(changed.objects.iter().map(key));
            }
            News::Sets(heard) => {
                let changed = at.sets.hear(*heard);
                self.stirred |= changed.state;
                let owners = changed.objects.iter().filter_map(|set| {
                    let owner = set.metadata.owner_references.iter().find(|owner| owner.kind == "Rollout")?;
                    Some((set.metadata.namespace.clone(), owner.name.clone()))
                });
                self.dirty.extend(owners);
            }
        }
        self.narrow();
    }

    /// Who may not look at the whole cluster still may see the context's own namespace.
    fn narrow(&mut self) {
        if !self.is_whole {
            return;
        }
        let why = match self.places.first().map(|place| place.rollouts.state()) {
            Some(State::Refused(why)) if why.kind == FailureKind::Forbidden => why.summary.clone(),
            _ => return,
        };
        self.is_whole = false;
        let namespace = self.cluster.namespace.clone();
        self.narrowed = Some(format!("namespaces: only `{namespace}` is shown, {why}").into());
        self.listen_to(&[Some(&namespace)]);
    }

    fn tell(&mut self) {
        self.stirred = false;
        let complete = self.places.iter().all(|p| !p.rollouts.is_waiting() && !p.sets.is_waiting());
        let anything = self.places.iter().any(|p| matches!(p.rollouts.state(), State::Ready));
        // Before the times that are told by it.
        if let Some(news) = self.cluster.clock_news(&mut self.clock) {
            self.out.push_back(news);
            self.dirty.extend(self.told.iter().flat_map(BTreeMap::keys).cloned());
        }
        match self.told.take() {
            Some(mut told) => {
                for key in std::mem::take(&mut self.dirty) {
                    let before = told.get(&key);
                    match (before, self.release(&key, None)) {
                        (Some(before), Some(now)) if **before == now => {}
                        (_, Some(now)) => {
                            let now = Arc::new(now);
                            told.insert(key, Arc::clone(&now));
                            self.out.push_back(Update::Changed(now));
                        }
                        (Some(before), None) => {
                            self.out.push_back(Update::Gone(before.id.target.clone()));
                            told.remove(&key);
                        }
                        (None, None) => {}
                    }
                }
                self.told = Some(told);
                self.pace.told();
            }
            None if complete && anything => {
                self.dirty.clear();
                let told = self.all();
                self.out.push_back(Update::Snapshot(told.values().cloned().collect()));
                self.told = Some(told);
                self.pace.told();
            }
            // Nothing to show yet: what changes until then is part of the first snapshot.
            None => self.dirty.clear(),
        }
        self.tell_health();
    }

    fn all(&self) -> BTreeMap<Key, Arc<Release>> {
        let mut owned: BTreeMap<&str, Vec<&ReplicaSet>> = BTreeMap::new();
        for set in self.places.iter().flat_map(|place| place.sets.values()) {
            for owner in &set.metadata.owner_references {
                owned.entry(owner.uid.as_str()).or_default().push(set);
            }
        }
        let rollouts = self.places.iter().flat_map(|place| place.rollouts.values());
        rollouts
            .filter_map(|rollout| {
                let sets = owned.get(rollout.metadata.uid.as_str()).map(Vec::as_slice).unwrap_or_default();
                Some((key(rollout), Arc::new(self.release(&key(rollout), Some(sets))?)))
            })
            .collect()
    }

    /// The release of a key; its ReplicaSets are searched for if they are not given.
    fn release(&self, key: &Key, sets: Option<&[&ReplicaSet]>) -> Option<Release> {
        let (place, rollout) = self.places.iter().find_map(|p| p.rollouts.get(key).map(|rollout| (p, rollout)))?;
        let uid = &rollout.metadata.uid;
        let replica_sets = sets.map_or_else(
            || place.sets.values().filter(|set| set.metadata.is_owned_by(uid)).cloned().collect(),
            |sets| sets.iter().copied().cloned().collect(),
        );
        let observed = Observed {
            rollout: rollout.clone(),
            replica_sets,
            missing: place.sets.missing(Part::ReplicaSets).into_iter().collect::<Vec<Missing>>(),
            watched: shelf::observe(&self.memory, rollout, self.cluster.time_there()),
            context: self.cluster.context.clone(),
            ..Observed::default()
        };
        let release = argo_rollouts::release(&self.cluster.name, &observed);
        let mut release = release.by_our_clock(self.cluster.ahead().unwrap_or_default());
        // A row acts on nothing: the choice of an older revision is made in the opened release.
        release.offers.retain(|offer| !matches!(offer.goal, Goal::Rollback { to: Some(_) }));
        release.missing.extend(self.narrowed.clone());
        Some(release)
    }

    fn tell_health(&mut self) {
        let refused = self.places.iter().find_map(|place| match place.rollouts.state() {
            State::Refused(why) => Some(explained(why)),
            State::Waiting | State::Ready | State::Lost { .. } => None,
        });
        let health = match refused {
            Some(why) => Health::Lost { why, retry_in_ms: FORBIDDEN_RETRY_MS },
            None => shelf::health(self.places.iter().flat_map(|p| [p.rollouts.state(), p.sets.state()])),
        };
        let alive = std::mem::take(&mut self.alive) && health == Health::Live;
        if alive || health != self.health {
            self.out.push_back(Update::Health(health.clone()));
        }
        self.health = health;
    }
}

fn key(object: &impl Object) -> Key {
    (object.meta().namespace.clone(), object.meta().name.clone())
}
