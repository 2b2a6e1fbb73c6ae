//! What the backend itself measures of a release. Shown beside our own verdict, never merged with it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::clean::{Clean, Name};

/// One run of the backend's own analysis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    pub name: Name,
    /// In the backend's words: `Running`, `Successful`, `Failed`, `Inconclusive`, `Error`.
    pub phase: Clean,
    pub message: Clean,
    pub started_at: Option<DateTime<Utc>>,
    /// Measurements so far, by outcome, over all its metrics.
    pub successful: u32,
    pub failed: u32,
    pub inconclusive: u32,
    pub error: u32,
    pub metrics: Vec<AnalysisMetric>,
}

/// One metric of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnalysisMetric {
    pub name: Clean,
    pub phase: Clean,
    /// The newest value, as the backend prints it.
    pub value: Option<Clean>,
    /// What a value must satisfy, as written in the template.
    pub condition: Option<Clean>,
}

/// An experiment that belongs to the release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    pub name: Name,
    /// Unknown where experiments may not be read.
    pub phase: Option<Clean>,
}
