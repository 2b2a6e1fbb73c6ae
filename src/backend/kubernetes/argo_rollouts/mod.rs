//! Argo Rollouts: a Rollout and what belongs to it, as a `Release`.
//!
//! Everything in here is a pure function of observed objects; nothing asks, sends or reads the clock.

mod about;
mod analysis;
mod arguments;
mod blockers;
mod checks;
mod declared;
pub(super) mod heartbeat;
mod lengths;
pub mod objects;
mod passed;
mod phase;
mod plans;
mod pods;
mod revisions;
mod steps;
mod timeline;
mod times;
mod watched;
mod weight;

pub(super) use checks::unseen;
use objects::{AnalysisRun, AnalysisTemplate, ConfigMap, Event, Pod, ReplicaSet, Rollout};
pub(super) use plans::rollout_path;
pub use watched::Watched;

use crate::domain::{
    analysis::Experiment,
    clean::{Clean, Name},
    goal::Permission,
    release::{Release, ReleaseId, Strategy},
    target::Target,
};

/// The backend's word for a Rollout in a target's address.
pub const KIND: &str = "rollout";

/// Everything that was seen of one Rollout; all of it belongs to it (by owner or selector).
#[derive(Clone, Debug)]
pub struct Observed {
    pub rollout: Rollout,
    pub replica_sets: Vec<ReplicaSet>,
    pub pods: Vec<Pod>,
    pub analysis_runs: Vec<AnalysisRun>,
    pub events: Vec<Event>,
    /// Those of its namespace that carry panels.
    pub config_maps: Vec<ConfigMap>,
    /// Those of its namespace; none where they were not looked for or cannot be seen.
    pub templates: Option<Vec<AnalysisTemplate>>,
    /// Those of the whole cluster, likewise.
    pub cluster_templates: Option<Vec<AnalysisTemplate>>,
    /// Parts that could not be seen.
    pub missing: Vec<Missing>,
    /// What was seen of it before.
    pub watched: Watched,
    pub permissions: Permissions,
    /// The kubeconfig's context, for commands to copy; none in-cluster.
    pub context: Option<String>,
}

impl Default for Observed {
    fn default() -> Self {
        Self {
            rollout: Rollout::default(),
            replica_sets: Vec::new(),
            pods: Vec::new(),
            analysis_runs: Vec::new(),
            events: Vec::new(),
            config_maps: Vec::new(),
            templates: None,
            cluster_templates: None,
            missing: Vec::new(),
            watched: Watched::default(),
            permissions: Permissions { status: Permission::Checking, spec: Permission::Checking },
            context: None,
        }
    }
}

impl Observed {
    /// Whether a part could be seen.
    #[must_use]
    pub fn sees(&self, part: Part) -> bool {
        self.missing.iter().all(|missing| missing.part != part)
    }

    /// The ReplicaSet of a revision, by its hash.
    #[must_use]
    pub fn replica_set(&self, hash: &str) -> Option<&ReplicaSet> {
        self.replica_sets.iter().find(|rs| !hash.is_empty() && rs.hash() == hash)
    }
}

/// What this user may change: the two places that acts write to.
#[derive(Clone, Debug, PartialEq)]
pub struct Permissions {
    /// `patch rollouts/status`: promote, abort, retry.
    pub status: Permission,
    /// `patch rollouts`: hold, resume, undo.
    pub spec: Permission,
}

/// A part that could not be seen, and why: "`viewer` may not list pods in `shop`".
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    pub part: Part,
    pub why: Clean,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    ReplicaSets,
    Pods,
    AnalysisRuns,
    Events,
    ConfigMaps,
    AnalysisTemplates,
    ClusterAnalysisTemplates,
}

impl Part {
    /// The resource's name over the wire and on screen.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReplicaSets => "replicasets",
            Self::Pods => "pods",
            Self::AnalysisRuns => "analysisruns",
            Self::Events => "events",
            Self::ConfigMaps => "configmaps",
            Self::AnalysisTemplates => "analysistemplates",
            Self::ClusterAnalysisTemplates => "clusteranalysistemplates",
        }
    }
}

/// The target a Rollout is.
#[must_use]
pub fn target(source: &Name, rollout: &Rollout) -> Target {
    Target {
        source: source.clone(),
        kind: KIND.into(),
        path: vec![rollout.metadata.namespace.as_str().into(), rollout.metadata.name.as_str().into()],
    }
}

/// What was observed as a release with all its answers.
#[must_use]
pub fn release(source: &Name, observed: &Observed) -> Release {
    let rollout = &observed.rollout;
    let (phase, message) = phase::phase(rollout);
    let experiment = &rollout.status.canary.current_experiment;
    let id = ReleaseId {
        target: target(source, rollout),
        uid: rollout.metadata.uid.as_str().into(),
        revision: rollout.status.current_pod_hash.as_str().into(),
    };
    let revisions = revisions::revisions(observed);
    let weight = weight::weight(observed);
    let ground = plans::Ground { observed, id: &id, revisions: &revisions, weight };
    let (way_back, offers) = (plans::way_back(&ground), plans::offers(&ground));
    let (guard, no_heartbeat) = match heartbeat::read(&rollout.metadata) {
        Ok(guard) => (guard, None),
        Err(why) => (None, Some(why)),
    };
    let said = |missing: &Missing| Clean::from(format!("{}: {}", missing.part.word(), missing.why));
    let panels_unseen = observed.missing.iter().find(|missing| missing.part == Part::ConfigMaps).map(said);
    let missing = observed.missing.iter().map(said);
    Release {
        strategy: if rollout.spec.strategy.blue_green.is_some() { Strategy::BlueGreen } else { Strategy::Canary },
        phase,
        message: message.into(),
        waiting: phase::waiting(observed),
        held: rollout.is_held(),
        aborted: rollout.is_aborted(),
        steps: steps::steps(observed),
        weight,
        serving: weight::serving(observed),
        analyses: analysis::analyses(observed),
        experiments: (!experiment.is_empty())
            .then(|| Experiment { name: experiment.as_str().into(), phase: None })
            .into_iter()
            .collect(),
        gates: Vec::new(),
        blockers: blockers::blockers(observed),
        way_back,
        offers,
        about: about::about(rollout),
        timeline: timeline::timeline(observed),
        started_at: times::started_at(observed),
        declared: declared::declared(observed, &id.target),
        panels_unseen,
        checks: checks::checks(observed),
        guard,
        post: Some(heartbeat::post(observed)),
        missing: missing.chain(no_heartbeat).collect(),
        id,
        revisions,
    }
}

#[cfg(test)]
mod tests;
