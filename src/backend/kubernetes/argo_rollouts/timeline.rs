//! What happened, told by the events that were kept.

use super::{Observed, objects::Event};
use crate::domain::timeline::{Moment, MomentKind};

/// Oldest first. Events are dropped by the API's own limits, so gaps are normal.
pub(super) fn timeline(observed: &Observed) -> Vec<Moment> {
    let uid = &observed.rollout.metadata.uid;
    let mut moments: Vec<Moment> =
        observed.events.iter().filter(|e| e.involved_object.uid == *uid).filter_map(moment).collect();
    moments.sort_by_key(|moment| moment.at);
    moments
}

fn moment(event: &Event) -> Option<Moment> {
    let kind = match event.reason.as_str() {
        // Said about the controller's inner life or about every write.
        "RolloutAddedToInformer" | "PatchingCanaryIngress" | "SwitchService" => return None,
        "RolloutStepCompleted" | "SkipSteps" | "RolloutPaused" | "RolloutResumed" => MomentKind::Step,
        "TrafficWeightUpdated" => MomentKind::Weight,
        "RolloutUpdated" | "RolloutNotCompleted" | "NewReplicaSetCreated" | "FoundNewReplicaSet" => {
            MomentKind::Revision
        }
        "RolloutAborted" | "RolloutCompleted" | "RolloutDegraded" | "RolloutHealthy" => MomentKind::Phase,
        "ScalingReplicaSet" => MomentKind::Pod,
        reason if reason.starts_with("AnalysisRun") || reason.starts_with("Experiment") => MomentKind::Analysis,
        _ => MomentKind::Event,
    };
    let times = event.count.filter(|n| *n > 1).map(|n| format!(" ({n} times)")).unwrap_or_default();
    Some(Moment { at: event.at()?, kind, text: format!("{}{times}", event.message.trim()).into() })
}
