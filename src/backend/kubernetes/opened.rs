//! One release with everything that belongs to it.

use std::{collections::VecDeque, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{
    future::{BoxFuture, FutureExt},
    stream::{self, BoxStream, FuturesUnordered, SelectAll, Stream, StreamExt},
};
use tokio::select;

use super::{
    access,
    argo_rollouts::{
        self, Observed, Part, Permissions,
        objects::{
            AnalysisRun, AnalysisTemplate, ConfigMap, Detailed, Event, HASH_LABEL, PANELS, Pod, ReplicaSet, Rollout,
        },
    },
    cluster::Cluster,
    listen::{Heard, Resource, listen},
    shelf::{self, Changed, Memory, Pace, Shelf, State},
};
use crate::domain::{
    clean::Name,
    failure::{Failure, FailureKind},
    goal::Permission,
    health::Health,
    release::Release,
    target::Target,
    update::{Identity, Update},
};

/// How long an answer about permission is good.
const PERMITTED_FOR: TimeDelta = TimeDelta::seconds(60);
const FORBIDDEN_RETRY_MS: u64 = 60_000;

enum News {
    Sets(Heard<ReplicaSet>),
    Pods(Heard<Pod>),
    Runs(Heard<AnalysisRun>),
    Events(Heard<Event>),
    Maps(Heard<ConfigMap>),
    Templates(Heard<AnalysisTemplate>),
    ClusterTemplates(Heard<AnalysisTemplate>),
}

enum Asked {
    Identity(Result<Identity, Failure>),
    Permissions(Permissions),
}

/// What is there of the target.
#[derive(Clone, PartialEq)]
enum Found {
    Unknown,
    /// There is no such release.
    Absent,
    Release(Arc<Release>),
}

/// Everything of one target, for ever.
pub(super) fn watch(cluster: Arc<Cluster>, memory: Memory, target: Target) -> impl Stream<Item = Update> + Send {
    stream::unfold(Opened::new(cluster, memory, target), |mut opened| async move {
        let update = opened.next().await;
        Some((update, opened))
    })
}

struct Opened {
    cluster: Arc<Cluster>,
    memory: Memory,
    target: Target,
    /// Namespace and name.
    key: (String, String),
    main: BoxStream<'static, Heard<Rollout>>,
    rollout: Shelf<Rollout>,
    parts: SelectAll<BoxStream<'static, News>>,
    /// The uid and label selector that the parts are listened to for.
    parts_of: Option<(String, String)>,
    /// The release was told with these parts.
    parts_told: bool,
    sets: Shelf<ReplicaSet>,
    pods: Shelf<Pod>,
    runs: Shelf<AnalysisRun>,
    events: Shelf<Event>,
    maps: Shelf<ConfigMap>,
    /// Only listened to where an analysis leads there.
    templates: Option<Shelf<AnalysisTemplate>>,
    cluster_templates: Option<Shelf<AnalysisTemplate>>,
    asked: FuturesUnordered<BoxFuture<'static, Asked>>,
    permissions: Permissions,
    checked: Option<DateTime<Utc>>,
    /// Something changed that has not been told.
    dirty: bool,
    /// Somebody was heard on the other side.
    alive: bool,
    pace: Pace,
    /// What was told last.
    told: Found,
    clock: Option<TimeDelta>,
    health: Health,
    out: VecDeque<Update>,
}

impl Opened {
    fn new(cluster: Arc<Cluster>, memory: Memory, target: Target) -> Self {
        let part = |place: usize| target.path.get(place).map(Name::raw).unwrap_or_default().to_owned();
        let key = (part(0), part(1));
        let resource = Resource {
            path: format!("/apis/argoproj.io/v1alpha1/namespaces/{}/rollouts", key.0),
            fields: Some(format!("metadata.name={}", key.1)),
            ..Resource::default()
        };
        Self {
            main: listen::<Detailed>(Arc::clone(&cluster), resource)
                .map(|heard| heard.map(|detailed| detailed.0))
                .boxed(),
            cluster,
            memory,
            target,
            key,
            rollout: Shelf::default(),
            parts: SelectAll::new(),
            parts_of: None,
            parts_told: false,
            sets: Shelf::default(),
            pods: Shelf::default(),
            runs: Shelf::default(),
            events: Shelf::default(),
            maps: Shelf::default(),
            templates: None,
            cluster_templates: None,
            asked: FuturesUnordered::new(),
            permissions: Permissions { status: Permission::Checking, spec: Permission::Checking },
            checked: None,
            dirty: false,
            alive: false,
            pace: Pace::default(),
            told: Found::Unknown,
            clock: None,
            health: Health::Connecting,
            out: VecDeque::from([Update::Health(Health::Connecting)]),
        }
    }

    async fn next(&mut self) -> Update {
        loop {
            if let Some(update) = self.out.pop_front() {
                return update;
            }
            if self.dirty && self.pace.is_open() {
                self.tell();
                continue;
            }
            let resting = !self.pace.is_open();
            select! {
                Some(heard) = self.main.next() => self.hear_main(heard),
                Some(news) = self.parts.next() => self.hear(news),
                Some(asked) = self.asked.next() => self.answered(asked),
                () = self.pace.opened(), if resting => {}
            }
        }
    }

    fn hear_main(&mut self, heard: Heard<Rollout>) {
        self.alive |= matches!(heard, Heard::All(_) | Heard::Applied(_) | Heard::Alive);
        // Every version counts for what was seen, also those that are told together.
        match &heard {
            Heard::All(all) => {
                let now = self.cluster.time_there();
                for rollout in all {
                    shelf::observe_anew(&self.memory, rollout, now);
                }
            }
            Heard::Applied(rollout) => {
                shelf::observe(&self.memory, rollout, self.cluster.time_there());
            }
            Heard::Lost { .. } => shelf::miss(&self.memory),
            Heard::Deleted(_) | Heard::Alive => {}
        }
        let changed = self.rollout.hear(heard);
        self.dirty |= changed.state || !changed.objects.is_empty() || self.alive;
        self.listen_to_parts();
    }

    fn hear(&mut self, news: News) {
        fn matters<T>(changed: &Changed<T>) -> bool {
            changed.state || !changed.objects.is_empty()
        }
        self.dirty |= match news {
            News::Sets(heard) => matters(&self.sets.hear(heard)),
            News::Pods(heard) => matters(&self.pods.hear(heard)),
            News::Runs(heard) => matters(&self.runs.hear(heard)),
            News::Events(heard) => matters(&self.events.hear(heard)),
            News::Maps(heard) => matters(&self.maps.hear(heard)),
            News::Templates(heard) => self.templates.as_mut().is_some_and(|shelf| matters(&shelf.hear(heard))),
            News::ClusterTemplates(heard) => {
                self.cluster_templates.as_mut().is_some_and(|shelf| matters(&shelf.hear(heard)))
            }
        };
        self.listen_to_templates();
    }

    fn answered(&mut self, asked: Asked) {
        match asked {
            Asked::Identity(identity) => {
                match identity {
                    Ok(identity) => self.out.push_back(Update::Identity(identity)),
                    Err(why) => tracing::info!("who we are is not said: {why}"),
                }
                let (cluster, namespace) = (Arc::clone(&self.cluster), self.key.0.clone());
                self.asked.push(permissions(cluster, namespace).boxed());
            }
            Asked::Permissions(permissions) => {
                self.dirty |= permissions != self.permissions;
                self.permissions = permissions;
            }
        }
    }

    /// What belongs to the Rollout is listened to once it is known what it is.
    fn listen_to_parts(&mut self) {
        let Some(rollout) = self.rollout.get(&self.key) else {
            if !matches!(self.rollout.state(), State::Lost { .. }) {
                self.forget_parts();
            }
            return;
        };
        let selector = rollout.spec.selector.as_query();
        // A Rollout that borrows its template has no selector of its own.
        let selector = if selector.is_empty() { HASH_LABEL.to_owned() } else { selector };
        let of = (rollout.metadata.uid.clone(), selector);
        if self.parts_of.as_ref() == Some(&of) {
            self.listen_to_templates();
            return;
        }
        self.forget_parts();
        let namespace = &self.key.0;
        let labelled = |path: String| Resource { path, labels: Some(of.1.clone()), fields: None };
        let sets = labelled(format!("/apis/apps/v1/namespaces/{namespace}/replicasets"));
        let pods = labelled(format!("/api/v1/namespaces/{namespace}/pods"));
        let runs = labelled(format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/analysisruns"));
        let events = Resource {
            path: format!("/api/v1/namespaces/{namespace}/events"),
            labels: None,
            fields: Some(format!("involvedObject.uid={}", of.0)),
        };
        let maps = Resource {
            path: format!("/api/v1/namespaces/{namespace}/configmaps"),
            labels: Some(PANELS.to_owned()),
            fields: None,
        };
        let cluster = || Arc::clone(&self.cluster);
        self.parts.push(listen(cluster(), sets).map(News::Sets).boxed());
        self.parts.push(listen(cluster(), pods).map(News::Pods).boxed());
        self.parts.push(listen(cluster(), runs).map(News::Runs).boxed());
        self.parts.push(listen(cluster(), events).map(News::Events).boxed());
        self.parts.push(listen(cluster(), maps).map(News::Maps).boxed());
        self.parts_of = Some(of);
        self.listen_to_templates();
    }

    /// Templates are listened to as soon as an analysis leads to some, and no sooner: not everybody may see them.
    fn listen_to_templates(&mut self) {
        let Some(rollout) = self.rollout.get(&self.key) else { return };
        if self.templates.is_some() && self.cluster_templates.is_some() {
            return;
        }
        let seen = |shelf: &Option<Shelf<AnalysisTemplate>>| shelf.as_ref().and_then(Shelf::seen);
        let (templates, of_cluster) = (seen(&self.templates), seen(&self.cluster_templates));
        let (unseen, unseen_of_cluster) = argo_rollouts::unseen(rollout, templates.as_deref(), of_cluster.as_deref());
        let resource = |within: &str, kind: &str| Resource {
            path: format!("/apis/argoproj.io/v1alpha1/{within}{kind}"),
            ..Resource::default()
        };
        if unseen && self.templates.is_none() {
            let templates = resource(&format!("namespaces/{}/", self.key.0), "analysistemplates");
            self.parts.push(listen(Arc::clone(&self.cluster), templates).map(News::Templates).boxed());
            self.templates = Some(Shelf::default());
        }
        if unseen_of_cluster && self.cluster_templates.is_none() {
            let templates = resource("", "clusteranalysistemplates");
            self.parts.push(listen(Arc::clone(&self.cluster), templates).map(News::ClusterTemplates).boxed());
            self.cluster_templates = Some(Shelf::default());
        }
    }

    fn forget_parts(&mut self) {
        self.parts.clear();
        self.parts_of = None;
        self.parts_told = false;
        self.sets = Shelf::default();
        self.pods = Shelf::default();
        self.runs = Shelf::default();
        self.events = Shelf::default();
        self.maps = Shelf::default();
        self.templates = None;
        self.cluster_templates = None;
    }

    /// Tells what is to be told: the release, then how contact stands.
    fn tell(&mut self) {
        self.dirty = false;
        // Before the times that are told by it.
        self.out.extend(self.cluster.clock_news(&mut self.clock));
        let now = match self.rollout.get(&self.key) {
            // One that cannot be seen now is not told as if it were still so.
            Some(rollout) if !self.awaits_parts() && !matches!(self.rollout.state(), State::Lost { .. }) => {
                let rollout = rollout.clone();
                self.parts_told = true;
                self.check_permissions();
                let release = argo_rollouts::release(&self.target.source, &self.observed(rollout));
                let release = Arc::new(release.by_our_clock(self.cluster.ahead().unwrap_or_default()));
                Found::Release(release)
            }
            None if *self.rollout.state() == State::Ready => Found::Absent,
            // Its parts are on their way, or it cannot be seen now.
            Some(_) | None => Found::Unknown,
        };
        let before = self.out.len();
        if now != Found::Unknown {
            match (std::mem::replace(&mut self.told, now.clone()), now) {
                (Found::Unknown, Found::Release(now)) => self.out.push_back(Update::Snapshot(vec![now])),
                (Found::Unknown, _) => self.out.push_back(Update::Snapshot(Vec::new())),
                (before, now) if before == now => {}
                (_, Found::Release(now)) => self.out.push_back(Update::Changed(now)),
                (_, Found::Absent | Found::Unknown) => self.out.push_back(Update::Gone(self.target.clone())),
            }
            self.pace.told();
        }
        // News are taken for contact, which a part of it may have lost.
        let is_news = self.out.len() > before;
        self.tell_health(is_news);
    }

    /// Whether something is on its way without which the release would seem to be another: its revisions, and what
    /// declares its panels. Whoever watches anew would forget what those have shown. What cannot be seen is not awaited,
    /// and templates that are led to later hold nothing up.
    fn awaits_parts(&self) -> bool {
        let mut templates = self.templates.iter().chain(&self.cluster_templates);
        self.sets.is_waiting()
            || self.maps.is_waiting()
            || self.runs.is_waiting()
            || (!self.parts_told && templates.any(Shelf::is_waiting))
    }

    fn tell_health(&mut self, is_news: bool) {
        let templates = self.templates.iter().chain(&self.cluster_templates).map(Shelf::state);
        let parts = [self.sets.state(), self.pods.state(), self.runs.state(), self.events.state(), self.maps.state()];
        let parts = parts.into_iter().chain(templates);
        let health = match self.rollout.state() {
            State::Refused(why) => Health::Lost { why: explained(why), retry_in_ms: FORBIDDEN_RETRY_MS },
            main if self.parts_of.is_some() => shelf::health([main].into_iter().chain(parts)),
            main => shelf::health([main]),
        };
        let alive = std::mem::take(&mut self.alive) && health == Health::Live;
        if alive || health != self.health || (is_news && health != Health::Live) {
            self.out.push_back(Update::Health(health.clone()));
        }
        self.health = health;
    }

    fn check_permissions(&mut self) {
        let now = self.cluster.wall();
        if self.checked.is_some_and(|checked| now - checked < PERMITTED_FOR) {
            return;
        }
        self.checked = Some(now);
        if self.cluster.user.get().is_none() || self.permissions.status == Permission::Checking {
            let cluster = Arc::clone(&self.cluster);
            self.asked.push(access::identity(cluster).map(Asked::Identity).boxed());
        } else {
            let (cluster, namespace) = (Arc::clone(&self.cluster), self.key.0.clone());
            self.asked.push(permissions(cluster, namespace).boxed());
        }
    }

    fn observed(&self, rollout: Rollout) -> Observed {
        let uid = rollout.metadata.uid.clone();
        let missing = [
            self.sets.missing(Part::ReplicaSets),
            self.pods.missing(Part::Pods),
            self.runs.missing(Part::AnalysisRuns),
            self.events.missing(Part::Events),
            self.maps.missing(Part::ConfigMaps),
            self.templates.as_ref().and_then(|shelf| shelf.missing(Part::AnalysisTemplates)),
            self.cluster_templates.as_ref().and_then(|shelf| shelf.missing(Part::ClusterAnalysisTemplates)),
        ];
        Observed {
            watched: shelf::observe(&self.memory, &rollout, self.cluster.time_there()),
            rollout,
            replica_sets: self.sets.values().filter(|set| set.metadata.is_owned_by(&uid)).cloned().collect(),
            pods: self.pods.values().cloned().collect(),
            analysis_runs: self.runs.values().filter(|run| run.metadata.is_owned_by(&uid)).cloned().collect(),
            events: self.events.values().cloned().collect(),
            config_maps: self.maps.values().cloned().collect(),
            templates: self.templates.as_ref().and_then(Shelf::seen),
            cluster_templates: self.cluster_templates.as_ref().and_then(Shelf::seen),
            missing: missing.into_iter().flatten().collect(),
            permissions: self.permissions.clone(),
            context: self.cluster.context.clone(),
        }
    }
}

async fn permissions(cluster: Arc<Cluster>, namespace: String) -> Asked {
    let status = access::may_patch(Arc::clone(&cluster), namespace.clone(), true);
    let spec = access::may_patch(cluster, namespace, false);
    let (status, spec) = futures::join!(status, spec);
    Asked::Permissions(Permissions { status, spec })
}

/// Why Rollouts cannot be seen at all.
pub(super) fn explained(why: &Failure) -> Failure {
    match why.kind {
        FailureKind::NotFound => Failure {
            summary: "Argo Rollouts is not installed there".into(),
            hint: Some("check that this is the right cluster".into()),
            ..why.clone()
        },
        FailureKind::Forbidden => why.clone().hint("ask for get, list and watch on rollouts.argoproj.io"),
        _ => why.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backend::kubernetes::{argo_rollouts::objects, connect},
        config::source::KubernetesConfig,
    };

    fn fixture<T: serde::de::DeserializeOwned>(name: &str) -> T {
        let path = format!("{}/tests/fixtures/argo_rollouts/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[derive(serde::Deserialize)]
    struct List<T> {
        items: Vec<T>,
    }

    fn list<T: serde::de::DeserializeOwned>(name: &str) -> Vec<T> {
        fixture::<List<T>>(name).items
    }

    /// A release of which everything was heard, and its pods.
    async fn live() -> (Opened, Vec<Pod>) {
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": "http://127.0.0.1:1"}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
            "users": [{"name": "me", "user": {}}],
        });
        let file = folder.path().join("kubeconfig");
        std::fs::write(&file, kubeconfig.to_string()).unwrap();
        let config = KubernetesConfig { kubeconfig: Some(file), context: None };
        let clock: super::super::Clock = Arc::new(|| DateTime::UNIX_EPOCH);
        let announce: super::super::Announce = Arc::new(|_line| {});
        let cluster = connect::cluster("lab".into(), &config, clock, &announce).await.unwrap();
        let target = Target { source: "lab".into(), kind: "rollout".into(), path: vec!["shop".into(), "web".into()] };
        let mut opened = Opened::new(Arc::new(cluster), Memory::default(), target);
        opened.out.clear();
        let rollout: objects::Rollout = fixture("canary-paused-at-1pct");
        opened.hear_main(Heard::All(vec![rollout]));
        let pods: Vec<Pod> = list("canary-paused-at-1pct-pods");
        opened.hear(News::Sets(Heard::All(list("canary-paused-at-1pct-replicasets"))));
        opened.hear(News::Pods(Heard::All(pods.clone())));
        opened.hear(News::Runs(Heard::All(Vec::new())));
        opened.hear(News::Events(Heard::All(Vec::new())));
        opened.hear(News::Maps(Heard::All(Vec::new())));
        opened.hear(News::Templates(Heard::All(Vec::new())));
        opened.hear(News::ClusterTemplates(Heard::All(Vec::new())));
        opened.tell();
        let told: Vec<Update> = opened.out.drain(..).collect();
        assert!(matches!(told.last(), Some(Update::Health(Health::Live))), "{told:?}");
        (opened, pods)
    }

    fn lost<T>() -> Heard<T> {
        Heard::Lost { why: Failure::new(FailureKind::Timeout, "the server does not answer"), retry_in_ms: 8_000 }
    }

    #[tokio::test]
    async fn news_of_pods_are_no_contact_with_a_rollout_that_is_lost() {
        let (mut opened, pods) = live().await;
        // The list of Rollouts is refused for a while, and the watch of its pods lives.
        opened.hear_main(lost());
        opened.tell();
        assert!(matches!(opened.out.pop_back(), Some(Update::Health(Health::Lost { .. }))));
        opened.out.clear();
        opened.hear(News::Pods(Heard::Deleted(pods[0].clone())));
        opened.tell();
        // Whoever hears news takes them for contact, and for the weight that is set now.
        let told: Vec<Update> = opened.out.drain(..).collect();
        let is_news = |update: &Update| matches!(update, Update::Changed(_) | Update::Snapshot(_));
        assert!(!told.iter().any(is_news), "an old Rollout is told as if it were there now: {told:?}");
    }

    #[tokio::test]
    async fn news_of_a_rollout_are_no_contact_with_its_pods() {
        let (mut opened, _) = live().await;
        opened.hear(News::Pods(lost()));
        opened.tell();
        assert!(matches!(opened.out.pop_back(), Some(Update::Health(Health::Lost { .. }))));
        opened.out.clear();
        let mut rollout: objects::Rollout = fixture("canary-paused-at-1pct");
        rollout.spec.paused = Some(true);
        opened.hear_main(Heard::All(vec![rollout]));
        opened.tell();
        let told: Vec<Update> = opened.out.drain(..).collect();
        assert!(matches!(told.first(), Some(Update::Changed(_))), "{told:?}");
        assert!(matches!(told.last(), Some(Update::Health(Health::Lost { .. }))), "{told:?}");
    }
}
