//! What an operator may want, and whether it can be had now.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    clean::{Clean, Name},
    plan::Plan,
};

/// What the operator wants, with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// On to the next stop.
    Promote,
    /// Straight to the end, past every step and analysis.
    PromoteFull,
    /// Hold where it is.
    Pause,
    /// Undo a pause by hand; never skips anything.
    Resume,
    /// Stop the update and send traffic back.
    Abort,
    /// Every customer back on a good revision, by the means that works now; without a revision, the stable one.
    Rollback {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<u64>,
    },
    /// Start an aborted update again from its first step.
    Retry,
    Restart,
    SetWeight(f64),
    Approve(Name),
    Reject(Name),
    /// End one analysis.
    Terminate(Name),
}

impl Goal {
    /// The word used in `status --json`, journal and command line.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::PromoteFull => "promote_full",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Abort => "abort",
            Self::Rollback { .. } => "rollback",
            Self::Retry => "retry",
            Self::Restart => "restart",
            Self::SetWeight(_) => "set_weight",
            Self::Approve(_) => "approve",
            Self::Reject(_) => "reject",
            Self::Terminate(_) => "terminate",
        }
    }

    /// How people say it on a button or a title.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::PromoteFull => "promote fully",
            Self::Pause => "hold",
            Self::Resume => "resume",
            Self::Abort => "abort",
            Self::Rollback { .. } => "roll back",
            Self::Retry => "retry",
            Self::Restart => "restart",
            Self::SetWeight(_) => "set weight",
            Self::Approve(_) => "approve",
            Self::Reject(_) => "reject",
            Self::Terminate(_) => "terminate analysis",
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// Which way a plan moves customers; decides what confirming it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Customers go back to known code.
    Back,
    /// Nobody moves.
    Hold,
    /// Customers move, or may move by themselves afterwards, onto new code.
    Forward,
}

/// One goal worth offering on a release, and what the backend says to it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    pub goal: Goal,
    pub answer: Answer,
}

/// A way to reach the goal, or why there is none now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Plan(Box<Plan>),
    Denied(Denied),
}

impl Answer {
    /// # Errors
    /// The denial, where that is the answer.
    pub const fn plan(&self) -> Result<&Plan, &Denied> {
        match self {
            Self::Plan(plan) => Ok(plan),
            Self::Denied(denied) => Err(denied),
        }
    }
}

/// Why a goal cannot be reached now, in words that fit behind "cannot promote: ".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    pub why: Clean,
    /// The next step, where there is one: who may, which key does what was meant.
    pub hint: Option<Clean>,
}

impl Denied {
    #[must_use]
    pub fn new(why: impl Into<Clean>) -> Self {
        Self { why: why.into(), hint: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<Clean>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Whether the source lets us do it; found out when first needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    Yes,
    No(Clean),
    Checking,
}
