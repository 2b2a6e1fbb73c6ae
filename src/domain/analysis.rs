//! What the backend itself measures of a release. Shown beside our own verdict, never merged with it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    clean::{Clean, Name},
    step::StepId,
    time::Seconds,
};

/// How far a run of the backend's own analysis is, one of its metrics, or one measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Clean", into = "Clean")]
pub enum AnalysisPhase {
    Pending,
    Running,
    Successful,
    Failed,
    /// It could not be measured.
    Error,
    Inconclusive,
    /// A word that is not known here, as the backend writes it.
    Other(Clean),
}

impl AnalysisPhase {
    /// In the backend's words.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Error => "Error",
            Self::Inconclusive => "Inconclusive",
            Self::Other(word) => word,
        }
    }
}

impl From<Clean> for AnalysisPhase {
    fn from(word: Clean) -> Self {
        match word.as_str() {
            "Pending" => Self::Pending,
            "Running" => Self::Running,
            "Successful" => Self::Successful,
            "Failed" => Self::Failed,
            "Error" => Self::Error,
            "Inconclusive" => Self::Inconclusive,
            _ => Self::Other(word),
        }
    }
}

impl From<&str> for AnalysisPhase {
    fn from(word: &str) -> Self {
        Clean::new(word).into()
    }
}

impl From<AnalysisPhase> for Clean {
    fn from(phase: AnalysisPhase) -> Self {
        phase.word().into()
    }
}

impl fmt::Display for AnalysisPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One run of the backend's own analysis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    pub name: Name,
    pub phase: AnalysisPhase,
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
    pub phase: AnalysisPhase,
    /// The newest value, as the backend prints it.
    pub value: Option<Clean>,
    /// What a value must satisfy, as written in the template.
    pub condition: Option<Clean>,
}

/// One metric that the backend's own analysis judges the release by, whether it has run yet or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Check {
    pub name: Clean,
    /// The template it comes from.
    pub template: Clean,
    /// What it asks: `prometheus`, `job`, `web`.
    pub provider: Clean,
    /// Where the backend asks; shown, and never contacted from here.
    #[serde(default)]
    pub address: Option<Clean>,
    /// What is asked, all arguments filled in; none where it cannot be asked from here.
    pub query: Option<String>,
    /// Why the query could not be filled in.
    pub unresolved: Option<Clean>,
    /// What a value must satisfy, as written in the template.
    pub success: Option<Clean>,
    pub failure: Option<Clean>,
    /// The conditions as lines to draw, as far as they are comparisons with a number.
    pub limits: Vec<Limit>,
    pub interval: Option<Seconds>,
    #[serde(default)]
    pub runs: Runs,
    /// The steps it runs at; empty where it runs from the start, or where there are no steps.
    pub steps: Vec<StepId>,
    /// It is measured and shown, and decides nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// How many measurements it takes; none where it goes on until it is stopped.
    #[serde(default)]
    pub count: Option<u32>,
    /// How many failed measurements are forgiven; none forgives all of them.
    #[serde(default)]
    pub failure_limit: Option<u32>,
    /// How many inconclusive measurements are forgiven.
    #[serde(default)]
    pub inconclusive_limit: u32,
    /// Of its newest run; none before it ran.
    pub phase: Option<AnalysisPhase>,
    /// Its measurements, oldest first.
    pub measured: Vec<Measured>,
}

/// When a check runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runs {
    /// As a step of its own.
    #[default]
    Step,
    /// Beside the steps.
    Background,
    /// Before customers are switched over.
    BeforeSwitch,
    AfterSwitch,
    /// Within a step that is an experiment.
    Experiment,
}

/// One value the backend measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub at: Option<DateTime<Utc>>,
    /// As the backend prints it.
    pub value: Clean,
    /// The same as a number, where it is one and finite.
    pub number: Option<f64>,
    pub phase: AnalysisPhase,
}

/// A line drawn at a value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    pub at: f64,
    pub bad: BadSide,
    /// Whether the value itself is on the bad side.
    pub inclusive: bool,
    pub means: LimitMeans,
}

/// On which side of a line trouble begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadSide {
    Above,
    Below,
}

/// What is said of a value on the bad side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitMeans {
    /// The condition of success does not hold.
    NotSuccess,
    /// The condition of failure holds.
    Failure,
}

impl Limit {
    /// Whether `value` is on the bad side.
    #[must_use]
    pub fn is_passed(&self, value: f64) -> bool {
        match (self.bad, self.inclusive) {
            (BadSide::Above, true) => value >= self.at,
            (BadSide::Above, false) => value > self.at,
            (BadSide::Below, true) => value <= self.at,
            (BadSide::Below, false) => value < self.at,
        }
    }
}

/// An experiment that belongs to the release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    pub name: Name,
    /// Unknown where experiments may not be read.
    pub phase: Option<AnalysisPhase>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_written_as_they_were_read() {
        for word in ["Pending", "Running", "Successful", "Failed", "Error", "Inconclusive", "Paused", ""] {
            let phase: AnalysisPhase = serde_json::from_value(word.into()).unwrap();
            assert_eq!(matches!(phase, AnalysisPhase::Other(_)), matches!(word, "Paused" | ""), "{word}");
            assert_eq!(serde_json::to_value(&phase).unwrap(), word);
        }
        assert_eq!(
            AnalysisPhase::from("\u{1b}[2J"),
            AnalysisPhase::Other("\u{1b}[2J".into()),
            "unknown words are clean"
        );
    }
}
