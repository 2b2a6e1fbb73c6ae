//! What the API server shows of one rollout, as it changes: its pods, and what its router was told.

use std::collections::BTreeMap;

use futures::{StreamExt, future::pending, stream::BoxStream};
use kube::{
    Api, Client,
    api::{ApiResource, GroupVersionKind},
    core::Object,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event},
    },
};
use serde::Deserialize;

use crate::{arguments::RolloutName, world::Picture};

type Rollout = Object<RolloutSpec, RolloutStatus>;
type Pod = Object<PodSpec, PodStatus>;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RolloutSpec {
    selector: Selector,
    strategy: Strategy,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Selector {
    match_labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Strategy {
    canary: Canary,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Canary {
    /// Only whether it is there matters.
    traffic_routing: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct RolloutStatus {
    #[serde(rename = "stableRS")]
    stable_rs: String,
    #[serde(rename = "currentPodHash")]
    current_pod_hash: String,
    canary: CanaryStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct CanaryStatus {
    weights: Option<Weights>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Weights {
    canary: Weight,
    stable: Weight,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Weight {
    weight: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct PodSpec {}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct PodStatus {
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Condition {
    r#type: String,
    status: String,
}

/// Watches a rollout from before it exists until after it is gone.
pub struct Follower {
    client: Client,
    namespace: String,
    rollouts: BoxStream<'static, watcher::Result<Option<Rollout>>>,
    pods: Option<BoxStream<'static, watcher::Result<Event<Pod>>>>,
    picture: Picture,
    listed: BTreeMap<String, String>,
}

impl Follower {
    /// Nothing is asked before the first `changed`.
    pub fn new(client: Client, rollout: &RolloutName) -> Self {
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Rollout"));
        let api = Api::namespaced_with(client.clone(), &rollout.namespace, &kind);
        Self {
            client,
            namespace: rollout.namespace.clone(),
            rollouts: watcher::watch_object(api, &rollout.name).default_backoff().boxed(),
            pods: None,
            picture: Picture::default(),
            listed: BTreeMap::new(),
        }
    }

    /// What was last seen.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Waits for the next change. Dropping the wait loses nothing.
    pub async fn changed(&mut self) {
        let next_pod = async {
            match &mut self.pods {
                Some(pods) => pods.next().await,
                None => pending().await,
            }
        };
        tokio::select! {
            Some(rollout) = self.rollouts.next() => match rollout {
                Ok(Some(rollout)) => self.see_rollout(rollout),
                Ok(None) => self.picture.weight = None,
                Err(error) => tracing::warn!("the rollout cannot be watched: {error}"),
            },
            Some(event) = next_pod => match event {
                Ok(event) => self.see_pods(event),
                Err(error) => tracing::warn!("its pods cannot be watched: {error}"),
            },
        }
    }

    fn see_rollout(&mut self, rollout: Rollout) {
        let status = rollout.status.unwrap_or_default();
        self.picture.stable = status.stable_rs;
        self.picture.canary = status.current_pod_hash;
        self.picture.weight = rollout.spec.strategy.canary.traffic_routing.map(|_| {
            // The two add up to maxTrafficWeight, which need not be 100. Before its first update a rollout has none.
            let Weights { canary, stable } = status.canary.weights.unwrap_or_default();
            f64::from(canary.weight) / f64::from((canary.weight + stable.weight).max(1))
        });
        if self.pods.is_none() {
            self.pods = Some(self.watch_pods(&rollout.spec.selector.match_labels));
        }
    }

    fn watch_pods(&self, labels: &BTreeMap<String, String>) -> BoxStream<'static, watcher::Result<Event<Pod>>> {
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Pod"));
        let selector = labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
        let api = Api::namespaced_with(self.client.clone(), &self.namespace, &kind);
        watcher::watcher(api, watcher::Config::default().labels(&selector)).default_backoff().boxed()
    }

    fn see_pods(&mut self, event: Event<Pod>) {
        match event {
            Event::Apply(pod) => see(&mut self.picture.pods, pod),
            Event::Delete(pod) => {
                self.picture.pods.remove(&pod.metadata.name.unwrap_or_default());
            }
            Event::Init => self.listed.clear(),
            Event::InitApply(pod) => see(&mut self.listed, pod),
            Event::InitDone => self.picture.pods = std::mem::take(&mut self.listed),
        }
    }
}

/// Keeps a pod while it can serve.
fn see(pods: &mut BTreeMap<String, String>, pod: Pod) {
    let is_ready = |condition: &Condition| condition.r#type == "Ready" && condition.status == "True";
    let serves = pod.metadata.deletion_timestamp.is_none()
        && pod.status.is_some_and(|status| status.conditions.iter().any(is_ready));
    let name = pod.metadata.name.unwrap_or_default();
    let hash = pod.metadata.labels.and_then(|mut labels| labels.remove("rollouts-pod-template-hash"));
    match hash {
        Some(hash) if serves => pods.insert(name, hash),
        _ => pods.remove(&name),
    };
}
