//! A simulated rollout as the controller and the cluster's API would hold it. Times are seconds since 1970.

/// One rollout with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub created: i64,
    /// Counts edits of the spec.
    pub generation: u64,
    /// Counts every change, as `resourceVersion` does.
    pub version: u64,
    /// The team that owns it.
    pub owner: &'static str,
    pub spec: Spec,
    pub status: Status,
    /// Oldest first.
    pub sets: Vec<ReplicaSet>,
    /// Oldest first.
    pub analyses: Vec<Analysis>,
    /// Oldest first.
    pub events: Vec<Event>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    pub replicas: u32,
    /// The hash of the wanted revision: stands for the whole pod template.
    pub template: String,
    pub steps: Vec<Step>,
    /// Whether a router splits the traffic; else only pod counts do.
    pub routed: bool,
    /// Fewest pods of a revision that receives traffic.
    pub min_pods: u32,
    pub paused: bool,
    pub progress_deadline: i64,
    /// Seconds the pods of an aborted or replaced revision are kept.
    pub scale_down_delay: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    SetWeight(u32),
    /// Seconds; none waits for a person.
    Pause(Option<i64>),
    Analysis {
        count: usize,
        interval: i64,
    },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    pub observed_generation: u64,
    /// Hash of the revision that all customers can be sent to.
    pub stable: String,
    /// Hash of the newest revision.
    pub current: String,
    /// Steps done.
    pub step: usize,
    pub pause: Option<Pause>,
    /// The controller set the pause of a step and waits for its end.
    pub controller_pause: bool,
    pub abort: bool,
    pub aborted_at: Option<i64>,
    pub promote_full: bool,
    /// Percent the router sends to the newest revision.
    pub weight: u32,
    /// When anything last went forward.
    pub progressed: i64,
    pub phase: &'static str,
    pub message: String,
    /// Beginning and end of each step of this update, as far as it came.
    pub times: Vec<StepTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepTime {
    pub began: i64,
    pub ended: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    pub reason: PauseReason,
    pub since: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseReason {
    Step,
    Inconclusive,
}

/// What a revision runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub repository: String,
    pub tag: String,
    /// Its pods die as soon as they start.
    pub crashes: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaSet {
    pub revision: u64,
    /// It is or was the stable one: everyone was on it.
    pub served: bool,
    pub hash: String,
    pub uid: String,
    pub created: i64,
    pub image: Image,
    pub desired: u32,
    pub scale_down_at: Option<i64>,
    pub pods: Vec<Pod>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pod {
    pub name: String,
    pub created: i64,
    /// When it will be ready; none while it only ever crashes.
    pub ripe: Option<i64>,
    pub ready: bool,
    pub restarts: u32,
    /// When it crashes next, if it does.
    pub crashes_at: Option<i64>,
}

/// The controller's own analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    pub name: String,
    pub uid: String,
    pub created: i64,
    /// The revision and step it belongs to.
    pub hash: String,
    pub step: usize,
    pub phase: &'static str,
    pub count: usize,
    pub interval: i64,
    pub measurements: Vec<Measurement>,
}

/// A share of errors, in errors per million requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    pub at: i64,
    pub errors_per_million: u32,
    pub successful: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: i64,
    pub warning: bool,
    pub reason: &'static str,
    pub message: String,
}

/// A write to a rollout as the API takes it. What it leads to is the controller's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// `spec.paused`
    Paused(bool),
    /// `spec.template`, by the hash of the revision that holds it.
    Template(String),
    /// `status.abort`
    Abort(bool),
    /// `status.promoteFull`
    PromoteFull(bool),
    /// Removes `status.pauseConditions`.
    ClearPause,
    /// `status.controllerPause`
    ControllerPause(bool),
    /// `status.currentStepIndex`
    Step(usize),
}

impl ReplicaSet {
    #[must_use]
    pub fn ready(&self) -> u32 {
        u32::try_from(self.pods.iter().filter(|pod| pod.ready).count()).unwrap_or(u32::MAX)
    }

    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.pods.len()).unwrap_or(u32::MAX)
    }
}

impl Rollout {
    #[must_use]
    pub fn set(&self, hash: &str) -> Option<&ReplicaSet> {
        self.sets.iter().find(|set| set.hash == hash)
    }

    pub(super) fn set_mut(&mut self, hash: &str) -> Option<&mut ReplicaSet> {
        self.sets.iter_mut().find(|set| set.hash == hash)
    }

    /// Whether the newest revision has everyone.
    #[must_use]
    pub fn is_promoted(&self) -> bool {
        self.status.stable == self.status.current
    }

    /// The name of a revision's replica set.
    #[must_use]
    pub fn set_name(&self, hash: &str) -> String {
        format!("{}-{hash}", self.name)
    }

    /// The weight the spec asks for at the current step.
    #[must_use]
    pub fn wanted_weight(&self) -> u32 {
        if self.status.abort {
            return 0;
        }
        if self.status.step >= self.spec.steps.len() {
            return 100;
        }
        let so_far = self.spec.steps.iter().take(self.status.step + 1).rev();
        so_far
            .into_iter()
            .find_map(|step| if let Step::SetWeight(weight) = step { Some(*weight) } else { None })
            .unwrap_or(0)
    }

    pub(super) fn tell(&mut self, at: i64, reason: &'static str, message: String) {
        self.events.push(Event { at, warning: reason == "RolloutAborted", reason, message });
    }

    /// Applies one write. Spec writes raise the generation, as the API does.
    pub(super) fn write(&mut self, edit: &Edit) {
        match edit {
            Edit::Paused(paused) => {
                self.generation += u64::from(self.spec.paused != *paused);
                self.spec.paused = *paused;
            }
            Edit::Template(hash) => {
                self.generation += u64::from(self.spec.template != *hash);
                self.spec.template.clone_from(hash);
            }
            Edit::Abort(abort) => self.status.abort = *abort,
            Edit::PromoteFull(full) => self.status.promote_full = *full,
            Edit::ClearPause => self.status.pause = None,
            Edit::ControllerPause(paused) => self.status.controller_pause = *paused,
            Edit::Step(step) => self.status.step = *step,
        }
        self.version += 1;
    }
}
