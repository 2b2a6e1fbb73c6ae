//! The ReplicaSet of one revision. Of its pod template only images and a digest are kept.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Condition, HASH_LABEL, Meta, null_is_empty, rollout::Image};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ReplicaSet {
    pub metadata: Meta,
    pub spec: ReplicaSetSpec,
    pub status: ReplicaSetStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ReplicaSetSpec {
    pub replicas: Option<i64>,
    pub template: PodTemplate,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetStatus {
    pub ready_replicas: i64,
    pub available_replicas: i64,
    pub observed_generation: i64,
    #[serde(deserialize_with = "null_is_empty")]
    pub conditions: Vec<Condition>,
}

/// What is kept of a pod template: it is large and may hold secrets in its environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodTemplate {
    pub images: Vec<Image>,
    /// Of the template as it would be sent back, see [`restorable`].
    pub digest: String,
}

impl<'de> Deserialize<'de> for PodTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let template = restorable(Value::deserialize(deserializer)?);
        let containers = template.pointer("/spec/containers").and_then(Value::as_array);
        let text =
            |container: &Value, key: &str| container.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let images = containers
            .into_iter()
            .flatten()
            .map(|container| Image { name: text(container, "name"), image: text(container, "image") })
            .collect();
        Ok(Self { images, digest: digest(&template) })
    }
}

impl ReplicaSet {
    /// The hash that identifies its revision over the wire.
    #[must_use]
    pub fn hash(&self) -> &str {
        self.metadata.label(HASH_LABEL).unwrap_or_default()
    }
}

/// A ReplicaSet's template as it goes back into the Rollout: without the label that its controller adds.
#[must_use]
pub fn restorable(mut template: Value) -> Value {
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(HASH_LABEL);
    }
    template
}

/// SHA-256 of a value's canonical JSON, in hex: keys in order, no spaces.
#[must_use]
pub fn digest(value: &Value) -> String {
    fn feed(value: &Value, hasher: &mut Sha256) {
        match value {
            Value::Object(map) => {
                let mut keys: Vec<_> = map.iter().collect();
                keys.sort_by_key(|(key, _)| *key);
                hasher.update(b"{");
                for (key, value) in keys {
                    hasher.update(Value::from(key.as_str()).to_string());
                    hasher.update(b":");
                    feed(value, hasher);
                    hasher.update(b",");
                }
                hasher.update(b"}");
            }
            Value::Array(items) => {
                hasher.update(b"[");
                for item in items {
                    feed(item, hasher);
                    hasher.update(b",");
                }
                hasher.update(b"]");
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => hasher.update(value.to_string()),
        }
    }
    let mut hasher = Sha256::new();
    feed(value, &mut hasher);
    hasher.finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_digest_is_of_what_would_be_sent_whatever_the_order_of_keys() {
        let stored: PodTemplate = serde_json::from_str(
            r#"{"spec": {"containers": [{"name": "web", "image": "shop/web:v1"}]},
                "metadata": {"labels": {"rollouts-pod-template-hash": "abc", "app": "web"}}}"#,
        )
        .unwrap();
        let sent = json!({"metadata": {"labels": {"app": "web"}},
                          "spec": {"containers": [{"image": "shop/web:v1", "name": "web"}]}});
        assert_eq!(stored.digest, digest(&sent));
        assert_eq!(stored.images, [Image { name: "web".into(), image: "shop/web:v1".into() }]);
        let other = json!({"metadata": {"labels": {"app": "web"}},
                           "spec": {"containers": [{"image": "shop/web:v2", "name": "web"}]}});
        assert_ne!(stored.digest, digest(&other));
    }
}
