//! Everything that can happen to the program, in the order it is told.

use serde::{Deserialize, Serialize};

use super::{
    effect::{AskId, WatchId},
    guard::{Orders, Process},
    key::Key,
};
use crate::domain::{
    clean::Clean, failure::Failure, journal::ActId, plan::Receipt, question::Answer, time::At, update::Update,
};

/// An event and when it reached the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    pub at: At,
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Key(Key),
    Pasted(String),
    Resized(Size),
    /// News of one watch; late news of an ended watch is dropped.
    Update {
        watch: WatchId,
        update: Update,
    },
    Answered {
        ask: AskId,
        answer: Answer,
    },
    Applied {
        act: ActId,
        result: Result<Receipt, Failure>,
    },
    Rehearsed {
        act: ActId,
        result: Result<(), Failure>,
    },
    /// A guard's heartbeat was left, or why not.
    Beaten {
        act: ActId,
        result: Result<(), Failure>,
    },
    /// This run is to be a guard.
    Ordered(Box<Orders>),
    /// What became of the guard's process that was to be started.
    GuardProcess(Process),
    /// A frame has been written to the terminal in full; `generation` is the state's when it was drawn.
    Painted {
        generation: u64,
    },
    /// A moment the state asked to be woken at has come.
    Tick,
    Signal(Signal),
    /// Something went wrong on this machine that a person should know: the journal, a task, the clipboard.
    Fault(Clean),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    Terminate,
    HangUp,
    Interrupt,
    /// The program is in the foreground again after ctrl-z.
    Continue,
}
