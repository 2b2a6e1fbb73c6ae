//! A Rollout with those of its fields that its analyses name, found in the whole object before it is forgotten.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use super::Rollout;

/// A Rollout that knows its `named` fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detailed(pub Rollout);

impl<'de> Deserialize<'de> for Detailed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = Value::deserialize(deserializer)?;
        let mut rollout = Rollout::deserialize(&whole).map_err(D::Error::custom)?;
        let experiments = rollout.steps().iter().filter_map(|step| step.experiment.as_ref());
        let arguments = experiments.flat_map(|experiment| &experiment.analyses).flat_map(|analysis| &analysis.args);
        let arguments = arguments.chain(rollout.analyses().flat_map(|analysis| &analysis.args));
        let paths =
            arguments.filter_map(|argument| Some(&argument.value_from.as_ref()?.field_ref.as_ref()?.field_path));
        let named: BTreeMap<String, String> =
            paths.filter_map(|path| Some((path.clone(), field(&whole, path)?))).collect();
        rollout.named = named;
        Ok(Self(rollout))
    }
}

/// A field as the controller reads it: of the metadata what Kubernetes lets a pod name, of all else any single value.
fn field(whole: &Value, path: &str) -> Option<String> {
    if path.starts_with("metadata") {
        return metadata(whole.get("metadata")?, path);
    }
    let mut found = whole;
    for part in path.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
        found = match found {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            Value::Object(fields) => fields.get(part)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
    }
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(found.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn metadata(metadata: &Value, path: &str) -> Option<String> {
    let text = |key: &str| Some(metadata.get(key)?.as_str()?.to_owned());
    match path {
        "metadata.name" => return text("name"),
        "metadata.namespace" => return text("namespace"),
        "metadata.uid" => return text("uid"),
        _ => {}
    }
    let (map, key) = path.strip_suffix("']")?.split_once("['")?;
    let map = match map {
        "metadata.labels" => metadata.get("labels"),
        "metadata.annotations" => metadata.get("annotations"),
        _ => return None,
    };
    // One that is not there is an empty text.
    let value = map.and_then(|map| map.get(key)).and_then(Value::as_str);
    Some(value.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_an_analysis_names_is_kept() {
        let argument = |path: &str| json!({"name": "x", "valueFrom": {"fieldRef": {"fieldPath": path}}});
        let paths = [
            "metadata.labels['region']",
            "metadata.annotations['team']",
            "metadata.labels['none']",
            "metadata.name",
            "metadata.generation",
            "spec.template.spec.containers[0].image",
            "spec.replicas",
            "spec.template",
            "status.nothing",
        ];
        let Detailed(rollout) = serde_json::from_value(json!({
            "metadata": {"name": "web", "labels": {"region": "eu", "tier": "1"}, "annotations": {"team": "shop"}},
            "spec": {
                "replicas": 5,
                "template": {"spec": {"containers": [{"name": "web", "image": "shop/web:v1"}]}},
                "strategy": {"canary": {
                    "analysis": {"args": paths.map(argument)},
                    "steps": [{"setWeight": 1}, {"analysis": {"args": [argument("metadata.uid")]}}],
                }},
            },
        }))
        .unwrap();
        let named: Vec<(&str, &str)> =
            rollout.named.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        let expected = [
            ("metadata.annotations['team']", "shop"),
            ("metadata.labels['none']", ""),
            ("metadata.labels['region']", "eu"),
            ("metadata.name", "web"),
            ("spec.replicas", "5"),
            ("spec.template.spec.containers[0].image", "shop/web:v1"),
        ];
        assert_eq!(named, expected);
    }
}
