//! What a backend reports while it watches.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    clean::{Clean, Name},
    debrief::Debrief,
    health::Health,
    release::Release,
    target::Target,
};

/// What to watch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What a row of the board needs of every release in these folders; all folders if empty.
    Board(Vec<Name>),
    /// One release with everything that belongs to it.
    Release(Target),
}

/// One piece of news. A stream of them neither ends nor fails: it reconnects and says so in `Health`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    /// Everything in scope as it is now; what is not in it is gone.
    Snapshot(Vec<Arc<Release>>),
    Changed(Arc<Release>),
    Gone(Target),
    Health(Health),
    /// Who we are there.
    Identity(Identity),
    /// How far its clock is ahead of ours, in seconds, where it says its time. Told when it is first known and when it
    /// has changed; the times in a release are by our clock already.
    Clock(f64),
    /// What a simulated release cost and would have cost; from simulated worlds only.
    Debrief(Box<Debrief>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub user: Clean,
}
