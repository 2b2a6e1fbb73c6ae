//! One target moving from one revision to another, or resting: a value that carries its own answers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    analysis::{Analysis, Check, Experiment},
    clean::{Clean, Name},
    goal::{Goal, Offer},
    guard::{Heartbeat, Post},
    panel::{Arm, Arms, Declared},
    revision::{Revision, Tag},
    step::{Step, StepState},
    target::Target,
    timeline::Moment,
    way_back::{Means, WayBack},
    weight::Weight,
};

/// Which release this is: the same target, the same object, the same newest revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReleaseId {
    pub target: Target,
    /// The object's own identity; a deleted and recreated target has another one.
    pub uid: Name,
    /// What identifies the newest revision over the wire.
    pub revision: Name,
}

/// Everything one backend knows of one release. All text in it is clean, all names are raw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Release {
    pub id: ReleaseId,
    pub strategy: Strategy,
    pub phase: Phase,
    /// The backend's own words for the phase.
    pub message: Clean,
    /// What it waits for now; none while it works or rests.
    pub waiting: Option<Waiting>,
    /// Paused by hand, whatever else it waits for.
    pub held: bool,
    pub aborted: bool,
    pub steps: Vec<Step>,
    pub weight: Weight,
    /// Newest first.
    pub revisions: Vec<Revision>,
    /// Hashes of the revisions that receive traffic by the backend's account.
    pub serving: Vec<Name>,
    pub analyses: Vec<Analysis>,
    pub experiments: Vec<Experiment>,
    pub gates: Vec<Gate>,
    /// What keeps it from going on, most important first; empty when nothing does.
    pub blockers: Vec<Clean>,
    pub way_back: WayBack,
    /// Every goal worth offering, each with a plan or a reason why not.
    pub offers: Vec<Offer>,
    pub about: About,
    /// What happened, oldest first, as far as the backend can tell.
    pub timeline: Vec<Moment>,
    /// Since when the update runs, where that is known.
    pub started_at: Option<DateTime<Utc>>,
    /// Panels that its own objects declare, in the order of their rank.
    #[serde(default)]
    pub declared: Vec<Declared>,
    /// Why what declares panels cannot be seen, in words that say who may not see what; none where it can be. Panels may
    /// be missing then, critical ones too.
    #[serde(default)]
    pub panels_unseen: Option<Clean>,
    /// What the backend's own analysis judges it by.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// The newest heartbeat of a guard.
    #[serde(default)]
    pub guard: Option<Heartbeat>,
    /// Where a guard would leave it; none where the backend has no place for one.
    #[serde(default)]
    pub post: Option<Post>,
    /// Parts that cannot be seen and why: "pods: `viewer` may not list pods in `shop`".
    pub missing: Vec<Clean>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    Recreate,
    Rolling,
    BlueGreen,
    Canary,
    Flag,
    Pipeline,
}

impl Strategy {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recreate => "recreate",
            Self::Rolling => "rolling",
            Self::BlueGreen => "blue-green",
            Self::Canary => "canary",
            Self::Flag => "flag",
            Self::Pipeline => "pipeline",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Healthy,
    Progressing,
    Paused,
    Degraded,
    Unknown,
}

impl Phase {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Progressing => "progressing",
            Self::Paused => "paused",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
        }
    }
}

/// What a release waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    pub on: WaitingOn,
    /// Since when, where that is known.
    pub since: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingOn {
    /// A person has to let it go on.
    Person,
    /// A timer that runs out then.
    Timer(DateTime<Utc>),
    Analysis,
    /// Instances that are not ready yet.
    Pods,
    /// The controller has not yet acted on what it was told.
    Controller,
    /// An inconclusive analysis: a person has to decide.
    Inconclusive,
}

/// A point where a person or a system must say yes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    pub name: Name,
    pub waits_for: Clean,
    pub since: Option<DateTime<Utc>>,
}

/// What people wrote about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Who or what started it.
    pub by: Option<Clean>,
    pub owner: Option<Clean>,
    pub change: Option<Clean>,
    /// A GitOps tool that owns the object and will revert edits of its spec.
    pub gitops: Option<Clean>,
    /// How traffic is split: `nginx`, `istio`; none where only pod counts do it.
    pub router: Option<Clean>,
}

impl Release {
    /// The revision that is being brought in, or the only one.
    #[must_use]
    pub fn newest(&self) -> Option<&Revision> {
        self.revisions.iter().find(|r| r.hash == self.id.revision).or_else(|| self.revisions.first())
    }

    /// The revision customers can be brought back to.
    #[must_use]
    pub fn stable(&self) -> Option<&Revision> {
        self.revisions.iter().find(|r| r.is(Tag::Stable))
    }

    /// The two sides to compare; none while no revision is known. Without an update there is no canary.
    #[must_use]
    pub fn arms(&self) -> Option<Arms> {
        let arm = |revision: &Revision| Arm {
            hash: revision.hash.clone(),
            instance_prefix: Name::new(format!("{}-", revision.name.raw())),
        };
        let stable = self.stable()?;
        let canary = self.newest().filter(|newest| newest.hash != stable.hash);
        Some(Arms { baseline: arm(stable), canary: canary.map(arm) })
    }

    /// The number of steps behind it.
    #[must_use]
    pub fn steps_done(&self) -> usize {
        self.steps.iter().filter(|s| matches!(s.state, StepState::Done | StepState::Skipped)).count()
    }

    /// The first current step with its place, counted from 0.
    #[must_use]
    pub fn current_step(&self) -> Option<(usize, &Step)> {
        self.steps.iter().enumerate().find(|(_, s)| s.state == StepState::Current)
    }

    /// Whether the update is still on its way.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.newest().is_some_and(|r| !r.is(Tag::Stable)) && !self.aborted
    }

    /// Whether what is on its way is older than what it takes the place of: a roll back that runs through steps.
    #[must_use]
    pub fn is_roll_back(&self) -> bool {
        self.is_moving()
            && self.newest().zip(self.stable()).is_some_and(|(newest, stable)| newest.is_older_than(stable))
    }

    /// Whether it was aborted and no customer is on the new revision any more.
    #[must_use]
    pub fn is_home(&self) -> bool {
        self.aborted && self.weight.set.is_some_and(|set| set <= 0.0)
    }

    /// Why it is on its way and could not be taken back; none where it can be, or is on its way back itself.
    #[must_use]
    pub fn no_way_back(&self) -> Option<&Clean> {
        match &self.way_back.means {
            Means::None(why) if self.is_moving() && !self.is_roll_back() => Some(why),
            Means::None(_)
            | Means::Abort
            | Means::UndoFast
            | Means::UndoThroughSteps
            | Means::KillSwitch
            | Means::SwitchBack
            | Means::Finish => None,
        }
    }

    /// Whether a person is what it waits for.
    #[must_use]
    pub fn waits_for_person(&self) -> bool {
        self.held
            || !self.gates.is_empty()
            || self.waiting.as_ref().is_some_and(|w| matches!(w.on, WaitingOn::Person | WaitingOn::Inconclusive))
    }

    /// The offer for a goal of this sort, its parameters aside.
    #[must_use]
    pub fn offer(&self, goal: &Goal) -> Option<&Offer> {
        self.offers
            .iter()
            .find(|o| o.goal == *goal)
            .or_else(|| self.offers.iter().find(|o| std::mem::discriminant(&o.goal) == std::mem::discriminant(goal)))
    }
}
