//! How one backend would reach a goal now: exactly what would be sent, under which conditions, to what end.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    clean::{Clean, Name},
    goal::{Direction, Goal, Permission},
    release::{Phase, Release, ReleaseId},
    revision::Tag,
    time::Seconds,
};

/// Made by a pure function of what was observed; applied once, exactly as shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub goal: Goal,
    /// The release as it was seen when the plan was made.
    pub release: ReleaseId,
    pub direction: Direction,
    /// In order; the first failure stops the rest. One request wherever the API allows.
    pub requests: Vec<Request>,
    /// What must still be true when it is sent, in words: "this is still revision 42".
    pub only_if: Vec<Clean>,
    pub expect: Expectation,
    /// What customers get, first line of the dialog: "10 % on 4.2.0 → 100 % on 4.1.9 in ≈3s".
    pub customers: Clean,
    /// What this does not undo or does not stop.
    pub not_undone: Vec<Clean>,
    /// How to go on afterwards: "retry = step 1 again, all 8 steps".
    pub going_on: Option<Clean>,
    /// What a forward plan commits to.
    pub reach: Option<Reach>,
    pub warnings: Vec<Clean>,
    /// Whether what a way back brings customers to is known to have served everyone; true where it brings
    /// nothing. One key never moves a customer onto code that is not.
    #[serde(default = "taken_for_proven")]
    pub proven: bool,
    /// The same act as a command for another terminal, with the same preconditions or marked unguarded.
    pub command: Clean,
    pub permission: Permission,
}

/// Plans of older recordings say nothing of it, and were confirmed like that.
const fn taken_for_proven() -> bool {
    true
}

/// What a forward plan commits to: everything that happens until a person is asked again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// The highest weight on the way, in percent: what has to be typed to confirm.
    pub weight: f64,
    /// Where a person is asked again; none means never.
    pub next_stop: Option<Clean>,
    /// How long that takes without the waits for people, where it can be known.
    pub seconds: Option<Seconds>,
    /// The steps it will run, in words.
    pub path: Vec<Clean>,
    /// The weights it comes to on the way, in order, for the price of going on.
    #[serde(default)]
    pub stages: Vec<Stage>,
}

/// A weight that a plan comes to, and how long it stays there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// In percent.
    pub weight: f64,
    /// None where that is not known, or where it stays.
    pub seconds: Option<Seconds>,
}

/// One thing to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    Http {
        method: Clean,
        path: String,
        content_type: Clean,
        body: serde_json::Value,
        template: Option<Template>,
    },
    /// A program with its arguments and standard input; never with secrets in `argv`.
    Command {
        argv: Vec<String>,
        stdin: Option<String>,
    },
    /// One line to a socket.
    Line {
        socket: String,
        text: String,
    },
}

/// A part of a body that is too large or too secret to carry: the backend resolves it from the named
/// revision when it sends, and refuses if its digest is not this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Where in the body it goes, as a JSON pointer.
    pub at: String,
    /// The object that holds it, over the wire.
    pub revision: Name,
    /// SHA-256 of its canonical JSON, in hex.
    pub digest: String,
}

/// What will be seen when the plan has worked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// Completes "waiting until …": "100 % is on 4.1.9".
    pub text: Clean,
    /// All of them together mean done.
    pub all: Vec<Condition>,
    /// Longest time that is normal; after it the absence of the effect is said aloud.
    pub within: Seconds,
}

/// Something that can be seen on a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Held by hand, or not.
    Held(bool),
    /// That many steps are done, or more.
    StepsDone(usize),
    PhaseIs(Phase),
    PhaseIsNot(Phase),
    /// The revision with this hash carries this tag.
    Tagged(Name, Tag),
    /// The router was told to send exactly this percentage to the new revision.
    WeightSet(f64),
    /// The update was aborted, or is no longer.
    Aborted(bool),
    /// Something else than the revision with this hash is being brought in, or runs.
    NewestIsNot(Name),
    /// Nothing of the revision with this hash receives traffic by the backend's account.
    Fully(Name),
}

impl Expectation {
    /// Whether `release` shows it.
    #[must_use]
    pub fn is_met(&self, release: &Release) -> bool {
        self.all.iter().all(|condition| condition.holds(release))
    }
}

impl Condition {
    fn holds(&self, release: &Release) -> bool {
        match self {
            Self::Held(held) => release.held == *held,
            Self::StepsDone(count) => release.steps_done() >= *count,
            Self::PhaseIs(phase) => release.phase == *phase,
            Self::PhaseIsNot(phase) => release.phase != *phase,
            Self::Tagged(hash, tag) => release.revisions.iter().any(|r| r.hash == *hash && r.is(*tag)),
            Self::WeightSet(percent) => release.weight.set.is_some_and(|set| (set - percent).abs() < 0.5),
            Self::Aborted(aborted) => release.aborted == *aborted,
            Self::NewestIsNot(hash) => release.id.revision != *hash,
            Self::Fully(hash) => {
                release.serving.as_slice() == std::slice::from_ref(hash) && release.weight.verified != Some(false)
            }
        }
    }
}

/// The acknowledgement of one applied plan; not its completion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub at: Option<DateTime<Utc>>,
    /// One per request sent: "200 OK".
    pub replies: Vec<Clean>,
}
