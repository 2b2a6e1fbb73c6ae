//! The way back from a release, as it is now.

use serde::{Deserialize, Serialize};

use super::{clean::Clean, goal::Permission, step::StepId, time::Seconds};

/// Where "roll back" leads now, how fast, and what it does not undo. Unknown parts are `None`, shown as `?`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WayBack {
    /// The revision customers end on.
    pub revision: Option<u64>,
    pub version: Option<Clean>,
    pub means: Means,
    pub seconds: Option<Seconds>,
    pub capacity: Option<Capacity>,
    pub permission: Permission,
    /// What stays as it is: the database, flags, the template in git.
    pub not_undone: Vec<Clean>,
    /// The last step after which going back still is as easy as now, and what it is afterwards.
    pub worse_after: Option<Worse>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    Abort,
    /// At once: steps are skipped.
    UndoFast,
    /// Through every step and analysis again.
    UndoThroughSteps,
    /// A roll back is on its way: all steps that are left are skipped.
    Finish,
    KillSwitch,
    SwitchBack,
    /// There is none, and why.
    None(Clean),
}

impl Means {
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Abort => "abort",
            Self::UndoFast => "undo_fast",
            Self::UndoThroughSteps => "undo_through_steps",
            Self::Finish => "finish",
            Self::KillSwitch => "kill_switch",
            Self::SwitchBack => "switch_back",
            Self::None(_) => "none",
        }
    }
}

/// Whether the old revision can carry everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    pub ready: u32,
    pub needed: u32,
}

/// Where the way back gets worse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worse {
    pub after: StepId,
    /// "way back ≈15m + a person".
    pub text: Clean,
}
