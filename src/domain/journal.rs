//! What is written down of every act: intent, reply, outcome.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    clean::Clean,
    failure::Failure,
    guard::{Heartbeat, Outcome},
    plan::{Plan, Receipt},
    reset::Reset,
    target::Target,
    verdict::Verdict,
};

/// Ties the entries of one act together; unique within one run of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActId(pub u64);

/// One entry. Holds no secrets: plans carry none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub at: DateTime<Utc>,
    pub act: ActId,
    /// As whom the source knows us, where it said so.
    pub user: Option<Clean>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Written and flushed before anything is sent.
    Intent {
        plan: Box<Plan>,
        verdict: Verdict,
        reason: Option<Clean>,
    },
    Accepted(Receipt),
    Failed(Failure),
    /// The effect was seen this many seconds after sending.
    EffectSeen {
        after: f64,
    },
    /// It was not seen within the time that is normal.
    NoEffect {
        after: f64,
    },
    /// The program was left before the effect was seen, and before the reply too if that was not there: what
    /// became of it is not known here.
    Left {
        replied: bool,
    },
    /// A guard was armed, with its mandate in words.
    Armed {
        target: Target,
        guard: Box<Heartbeat>,
        mandate: Vec<Clean>,
        reason: Option<Clean>,
    },
    /// Somebody tells a guard to end, and why. Journals that knew one word for this and for its end stay readable.
    #[serde(alias = "stood_down")]
    StandDownSent {
        target: Target,
        guard: Clean,
        why: Clean,
    },
    /// A guard has ended, how and why.
    GuardEnded {
        target: Target,
        guard: Clean,
        outcome: Outcome,
        why: Clean,
    },
    /// A person set a regression aside.
    Reset(Reset),
}
