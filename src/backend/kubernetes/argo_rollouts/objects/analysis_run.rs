//! An AnalysisRun: what the controller itself measures.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Argument, IntOrText, Meta, Provider, Rule, null_is_empty};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AnalysisRun {
    pub metadata: Meta,
    pub spec: AnalysisRunSpec,
    #[serde(deserialize_with = "null_is_empty")]
    pub status: AnalysisRunStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AnalysisRunSpec {
    #[serde(deserialize_with = "null_is_empty")]
    pub metrics: Vec<Metric>,
    #[serde(deserialize_with = "null_is_empty")]
    pub args: Vec<Argument>,
    #[serde(deserialize_with = "null_is_empty")]
    pub dry_run: Vec<Rule>,
    #[serde(deserialize_with = "null_is_empty")]
    pub measurement_retention: Vec<Rule>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metric {
    pub name: String,
    pub count: Option<IntOrText>,
    pub interval: String,
    pub initial_delay: String,
    pub failure_limit: Option<IntOrText>,
    pub inconclusive_limit: Option<IntOrText>,
    pub success_condition: String,
    pub failure_condition: String,
    #[serde(deserialize_with = "null_is_empty")]
    pub provider: Provider,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AnalysisRunStatus {
    pub phase: String,
    pub message: String,
    pub started_at: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "null_is_empty")]
    pub metric_results: Vec<MetricResult>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricResult {
    pub name: String,
    pub phase: String,
    pub message: String,
    pub successful: u32,
    pub failed: u32,
    pub inconclusive: u32,
    pub error: u32,
    pub dry_run: bool,
    #[serde(deserialize_with = "null_is_empty")]
    pub measurements: Vec<Measurement>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Measurement {
    pub phase: String,
    /// A text, often a JSON array.
    pub value: String,
    pub message: String,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}
