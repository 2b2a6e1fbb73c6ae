//! What `update` asks the runtime to do. Plain values: they can be compared, recorded and dropped in a replay.

use serde::{Deserialize, Serialize};

use super::guard::Start;
use crate::domain::{
    clean::Name,
    guard::Beat,
    journal::{ActId, Entry},
    plan::Plan,
    question::Question,
    update::Scope,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WatchId(pub u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AskId(pub u64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Something on screen changed. The runtime decides when to draw.
    Paint,
    Watch {
        watch: WatchId,
        source: Name,
        scope: Scope,
    },
    Unwatch(WatchId),
    Ask {
        ask: AskId,
        question: Question,
    },
    /// Write the intent, flush it, send the plan once. A failed journal stops a forward plan; a way back
    /// waits for a slow disk at most 2 s and goes with a `Fault`.
    Apply {
        act: ActId,
        plan: Box<Plan>,
        intent: Box<Entry>,
    },
    /// A dry run on the server.
    Rehearse {
        act: ActId,
        plan: Box<Plan>,
    },
    Journal(Box<Entry>),
    /// Leave a guard's heartbeat.
    Beat {
        act: ActId,
        beat: Box<Beat>,
    },
    /// Start a guard as a process of its own that outlives this one.
    StartGuard(Box<Start>),
    Bell,
    /// The terminal's window title.
    Title(String),
    /// To the clipboard of the person's own terminal.
    Copy(String),
    /// Give the terminal back to the shell until continued.
    Suspend,
    /// Repaint everything from nothing.
    Redraw,
    Quit,
}
