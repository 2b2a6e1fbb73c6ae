//! What is read of the API's objects: small structs that decode nothing else, so that thousands fit.
//!
//! They only decode. What they mean together is said by the modules around them.

mod analysis_run;
mod analysis_template;
mod config_map;
mod detailed;
mod event;
mod pod;
mod replica_set;
mod rollout;

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

pub use analysis_run::{AnalysisRun, AnalysisRunStatus, Measurement, Metric, MetricResult};
pub use analysis_template::{
    AnalysisTemplate, AnalysisTemplateSpec, Argument, ExperimentAnalysis, FieldRef, PrometheusQuery, Provider,
    RolloutAnalysis, Rule, TemplateRef, ValueFrom,
};
pub use config_map::{ConfigMap, PANELS};
pub use detailed::Detailed;
pub use event::{Event, InvolvedObject};
pub use pod::{Container, ContainerState, ContainerStatus, Pod, PodStatus, Terminated};
pub use replica_set::{ReplicaSet, digest, restorable};
pub use rollout::{
    AnalysisStatus, BlueGreen, Canary, CanaryStep, PauseCondition, Rollout, RolloutSpec, RolloutStatus, Weights,
};

/// Labels and annotations carry the revision under this key.
pub const REVISION: &str = "rollout.argoproj.io/revision";
/// Where a ReplicaSet that was used again keeps the numbers it had before: `1,3`.
const REVISION_HISTORY: &str = "rollout.argoproj.io/revision-history";
/// The label that ties a ReplicaSet, its pods and its analyses to one revision.
pub const HASH_LABEL: &str = "rollouts-pod-template-hash";

/// The parts of an object's metadata that are read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    pub name: String,
    pub namespace: String,
    pub uid: String,
    pub resource_version: String,
    pub generation: i64,
    pub creation_timestamp: Option<DateTime<Utc>>,
    pub deletion_timestamp: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "only_read_keys")]
    pub labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "only_read_keys")]
    pub annotations: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_empty")]
    pub owner_references: Vec<Owner>,
}

impl Meta {
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }

    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// The revision's number, from its annotation.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.annotation(REVISION).and_then(|r| r.parse().ok())
    }

    /// The numbers it had before it was used again.
    pub fn earlier_revisions(&self) -> impl Iterator<Item = u64> {
        self.annotation(REVISION_HISTORY)
            .into_iter()
            .flat_map(|history| history.split(','))
            .filter_map(|number| number.trim().parse().ok())
    }

    /// The number that it was made with.
    #[must_use]
    pub fn first_revision(&self) -> Option<u64> {
        self.earlier_revisions().chain(self.revision()).min()
    }

    /// Whether it was made for another update than the one that uses it now.
    #[must_use]
    pub fn is_used_again(&self) -> bool {
        self.annotation(REVISION_HISTORY).is_some()
    }

    #[must_use]
    pub fn is_owned_by(&self, uid: &str) -> bool {
        self.owner_references.iter().any(|owner| owner.uid == uid)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Owner {
    pub kind: String,
    pub name: String,
    pub uid: String,
}

/// A condition of any object's status.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub message: String,
    pub last_transition_time: Option<DateTime<Utc>>,
}

/// The first condition of a type.
#[must_use]
pub fn condition<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|c| c.kind == kind)
}

/// A number or a text, as Kubernetes lets many fields be.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum IntOrText {
    Int(i64),
    Text(String),
}

impl IntOrText {
    /// As a count.
    #[must_use]
    pub fn count(&self) -> Option<u32> {
        match self {
            Self::Int(n) => u32::try_from(*n).ok(),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// `null` where a list or an object may stand means the empty one.
///
/// # Errors
/// Whatever else stands there and cannot be decoded.
pub fn null_is_empty<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Labels and annotations by their keys: those not read here are dropped while decoding, because a copy of the
/// whole object (`last-applied-configuration`) is often among them.
fn only_read_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    const READ: [&str; 9] = [
        "rollout.argoproj.io/",
        "rollouts-pod-template-hash",
        "rollout-type",
        "step-index",
        "scale-down-deadline",
        "flightdeck/",
        "argocd.argoproj.io/",
        "app.kubernetes.io/",
        "kubernetes.io/change-cause",
    ];
    const READ_SUFFIX: &str = "toolkit.fluxcd.io/name";

    only(deserializer, |key| READ.iter().any(|read| key.starts_with(read)) || key.ends_with(READ_SUFFIX))
}

/// A map of texts, or `null`: what stands at other keys than the kept ones is dropped while decoding.
fn only<'de, D: Deserializer<'de>>(
    deserializer: D,
    is_kept: fn(&str) -> bool,
) -> Result<BTreeMap<String, String>, D::Error> {
    struct Kept(fn(&str) -> bool);
    impl<'de> Visitor<'de> for Kept {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of texts")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(BTreeMap::new())
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(BTreeMap::new())
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_map(self)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut kept = BTreeMap::new();
            while let Some(key) = map.next_key::<String>()? {
                if (self.0)(&key) {
                    kept.insert(key, map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(kept)
        }
    }
    deserializer.deserialize_option(Kept(is_kept))
}
