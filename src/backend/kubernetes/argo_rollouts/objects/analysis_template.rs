//! An AnalysisTemplate, of a namespace or of the whole cluster, and how a Rollout refers to it. Of a provider only what
//! is asked and where is decoded: never its headers, nor how it proves who it is.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Meta, Metric, null_is_empty, rollout::Unread};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AnalysisTemplate {
    pub metadata: Meta,
    pub spec: AnalysisTemplateSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AnalysisTemplateSpec {
    #[serde(deserialize_with = "null_is_empty")]
    pub metrics: Vec<Metric>,
    #[serde(deserialize_with = "null_is_empty")]
    pub args: Vec<Argument>,
    #[serde(deserialize_with = "null_is_empty")]
    pub dry_run: Vec<Rule>,
    #[serde(deserialize_with = "null_is_empty")]
    pub measurement_retention: Vec<Rule>,
    /// Templates whose metrics join its own.
    #[serde(deserialize_with = "null_is_empty")]
    pub templates: Vec<TemplateRef>,
}

/// What a Rollout says of an analysis.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutAnalysis {
    #[serde(deserialize_with = "null_is_empty")]
    pub templates: Vec<TemplateRef>,
    #[serde(deserialize_with = "null_is_empty")]
    pub args: Vec<Argument>,
    #[serde(deserialize_with = "null_is_empty")]
    pub dry_run: Vec<Rule>,
    #[serde(deserialize_with = "null_is_empty")]
    pub measurement_retention: Vec<Rule>,
    /// Only beside the steps: the first step that it runs at, counted from 0.
    pub starting_step: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateRef {
    pub template_name: String,
    #[serde(deserialize_with = "null_is_empty")]
    pub cluster_scope: bool,
}

/// An analysis of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ExperimentAnalysis {
    #[serde(flatten)]
    pub template: TemplateRef,
    #[serde(deserialize_with = "null_is_empty")]
    pub args: Vec<Argument>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Argument {
    pub name: String,
    pub value: Option<String>,
    pub value_from: Option<ValueFrom>,
}

/// Where an argument's value comes from; a secret's name is not even decoded.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValueFrom {
    pub secret_key_ref: Option<Unread>,
    pub pod_template_hash_value: Option<String>,
    pub field_ref: Option<FieldRef>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldRef {
    pub field_path: String,
}

/// A rule for metrics by a pattern of their names: which of them decide nothing, or how many measurements are kept.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    pub metric_name: String,
}

/// Whom a metric asks.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Provider {
    pub prometheus: Option<PrometheusQuery>,
    /// The others, by name.
    #[serde(flatten)]
    pub others: BTreeMap<String, Unread>,
}

impl Provider {
    /// `prometheus`, `job`, `web`; empty where none is named.
    #[must_use]
    pub fn word(&self) -> &str {
        match &self.prometheus {
            Some(_) => "prometheus",
            None => self.others.keys().next().map_or("", String::as_str),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PrometheusQuery {
    pub address: String,
    pub query: String,
    /// It asks for a range of time and not for now.
    pub range_query: Option<Unread>,
}
