//! The stages of a release.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{clean::Clean, time::Seconds};

/// Names a step within one release; stable while the strategy does not change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub String);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Clean::new(&self.0).fmt(f)
    }
}

/// One stage. Steps stand in display order; `after` says what must be done first, so that a pipeline's
/// jobs fit as well as a canary's line of steps, and several may be current.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub id: StepId,
    pub kind: StepKind,
    /// In the field's words: `weight 10 %`, `pause 2m`, `analysis`.
    pub label: Clean,
    pub after: Vec<StepId>,
    pub group: Option<Clean>,
    pub state: StepState,
    /// When it began, where that is known.
    pub started_at: Option<DateTime<Utc>>,
    /// How long it took, or has taken at least; none where nothing is known.
    pub took: Option<Took>,
    /// How long the spec says it lasts: the length of a timed pause, count × interval of an analysis.
    pub planned: Option<Seconds>,
    /// How long it usually takes, from history.
    pub usual: Option<Seconds>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Sends this percentage to the new revision.
    SetWeight(f64),
    /// Waits for a length of time.
    Wait,
    /// Waits until a person lets it go on.
    Person,
    Analysis,
    Experiment,
    /// Changes how many instances run without moving traffic.
    Scale,
    /// Something done to the router that leaves the weight as it is: headers, mirrors.
    Route,
    /// A job of a pipeline, a plug-in, a migration.
    Job,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Done,
    Current,
    Ahead,
    Skipped,
    Failed,
}

/// How long a step took. `at_least` marks a lower bound: its beginning was not seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Took {
    pub seconds: Seconds,
    pub at_least: bool,
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at_least { write!(f, "≥{}", self.seconds) } else { self.seconds.fmt(f) }
    }
}
