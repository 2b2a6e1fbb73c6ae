//! What happened to a release, as far as anybody saw it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::clean::Clean;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    pub at: DateTime<Utc>,
    pub kind: MomentKind,
    pub text: Clean,
}

/// What sort of thing, which is also the word in the timeline's second column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentKind {
    Phase,
    Step,
    Weight,
    Revision,
    Pod,
    Analysis,
    Verdict,
    /// Something a person did through this program.
    Act,
    /// What a guard did, or that it was lost.
    Guard,
    /// A source was lost or came back.
    Source,
    /// An event of the backend that fits none of the others.
    Event,
}

impl MomentKind {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Phase => "phase",
            Self::Step => "step",
            Self::Weight => "weight",
            Self::Revision => "revision",
            Self::Pod => "pod",
            Self::Analysis => "analysis",
            Self::Verdict => "verdict",
            Self::Act => "act",
            Self::Guard => "guard",
            Self::Source => "source",
            Self::Event => "event",
        }
    }
}
