//! What the backend itself measures of a release. Shown beside our own verdict, never merged with it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    clean::{Clean, Name},
    step::StepId,
    time::Seconds,
};

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
    /// Newest run: its phase in the backend's words; none before it ran.
    pub phase: Option<Clean>,
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
    /// In the backend's words: `Successful`, `Failed`.
    pub phase: Clean,
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
    pub phase: Option<Clean>,
}
