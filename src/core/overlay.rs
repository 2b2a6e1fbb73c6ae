//! What may lie over the screen, and what is typed there. Only `update` changes it.

use serde::{Deserialize, Serialize};
use tui_input::Input;

use super::{acts::Change, guard::Mandate, policy::Confirmation, study::Chosen};
use crate::domain::{
    clean::{Clean, Name},
    failure::Failure,
    goal::Goal,
    journal::ActId,
    plan::Plan,
    release::ReleaseId,
};

/// What lies over the screen; it gets the keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlay {
    Confirm(Box<Confirm>),
    /// What became of an act.
    Receipt(ActId),
    /// Every goal with its effect or denial; the index of the selected line.
    Acts {
        selected: usize,
    },
    Help {
        scroll: usize,
    },
    /// Typing the filter of the current screen; the text is the screen's.
    Filter,
    /// Acts are still unproven: leave anyway?
    Leave,
    /// Leaving waits for the reply of an act.
    Leaving,
    /// Arming a guard, or standing one down, asks for the release's typed name.
    Guard(GuardDialog),
    /// Setting a regression aside asks for the release's typed name and a reason.
    Reset(ResetDialog),
    /// Arming asks for the source's typed name.
    Arm {
        source: Name,
        input: Input,
    },
    /// What a simulated release cost; since that monotonic time.
    Debrief {
        since: u64,
    },
}

/// The dialog that arms a guard or stands one down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GuardDialog {
    pub order: GuardOrder,
    /// The release's name, typed.
    pub input: Input,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardOrder {
    Arm(Box<Mandate>),
    /// The guard that is meant.
    StandDown(Clean),
}

impl Overlay {
    /// Whether it asks a person for something that is then done.
    #[must_use]
    pub const fn asks(&self) -> bool {
        match self {
            Self::Confirm(_) | Self::Arm { .. } | Self::Guard(_) | Self::Reset(_) => true,
            Self::Receipt(_)
            | Self::Acts { .. }
            | Self::Help { .. }
            | Self::Filter
            | Self::Leave
            | Self::Leaving
            | Self::Debrief { .. } => false,
        }
    }
}

/// The dialog that sets a regression aside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResetDialog {
    pub panel: Chosen,
    /// The release's name, typed.
    pub name: Input,
    pub reason: Input,
    /// Whether the reason has the keys.
    pub in_reason: bool,
}

/// The dialog between a key and a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Confirm {
    pub release: ReleaseId,
    pub goal: Goal,
    /// What will be sent if it is confirmed; replaced only together with `changed`.
    pub plan: Plan,
    pub confirmation: Confirmation,
    /// What is typed where something has to be typed.
    pub typed: Input,
    pub reason: Input,
    /// Whether the reason has the keys, where one is asked for.
    pub in_reason: bool,
    /// The generation it was opened or last changed in; the 400 ms begin when a frame of it is painted.
    pub since: u64,
    /// Monotonic time at which such a frame was painted; none until then.
    pub shown: Option<u64>,
    /// Monotonic time of the last key that was not accepted as a confirmation.
    pub last_key: u64,
    /// A confirming key counts now; until then the dialog shows it greyed.
    pub ready: bool,
    /// Parts that changed while it was open; while any stands, a confirming key only acknowledges them.
    pub changed: Vec<Change>,
    /// The goal cannot be reached any more, and why; only leaving is left.
    pub denied: Option<Clean>,
    /// What a dry run on the server said.
    pub rehearsal: Option<Rehearsal>,
    /// Something was not sent and may be sent again with one more key.
    pub not_sent: Option<Failure>,
    pub scroll: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rehearsal {
    Asked(ActId),
    Passed,
    Refused(Failure),
}
