//! How much traffic goes to the new revision, and who gets any at all.

use super::{Observed, Part, objects::Rollout};
use crate::domain::{clean::Name, weight::Weight};

/// Wanted by the spec and set by the controller, in percent. Nothing on blue-green: traffic is all or none.
pub(super) fn weight(observed: &Observed) -> Weight {
    let rollout = &observed.rollout;
    let Some(canary) = rollout.canary() else { return Weight::default() };
    let status = &rollout.status;
    if status.current_pod_hash.is_empty() {
        return Weight::default();
    }
    let verified = status.canary.weights.as_ref().and_then(|w| w.verified);
    if rollout.is_fully_promoted() {
        return Weight { wanted: Some(100.0), set: Some(100.0), verified };
    }
    let set = if canary.traffic_routing.is_some() {
        status.canary.weights.as_ref().map(|w| canary.percent(w.canary.weight))
    } else {
        share_of_pods(observed)
    };
    Weight { wanted: Some(wanted(rollout)), set, verified }
}

/// What the spec asks for at the current step.
pub(super) fn wanted(rollout: &Rollout) -> f64 {
    if rollout.is_aborted() {
        return 0.0;
    }
    match rollout.step_index() {
        Some(index) if index < rollout.steps().len() => weight_at(rollout, index),
        Some(_) | None => 100.0,
    }
}

/// The last weight set at or before a step, 0 before the first.
pub(super) fn weight_at(rollout: &Rollout, place: usize) -> f64 {
    let weight = rollout.steps().iter().take(place + 1).rev().find_map(|step| step.set_weight).unwrap_or(0);
    rollout.canary().map_or(0.0, |canary| canary.percent(weight))
}

/// Without a router every ready pod gets its share, whether it counts as available already or not.
#[expect(clippy::cast_precision_loss, reason = "numbers of pods")]
fn share_of_pods(observed: &Observed) -> Option<f64> {
    let all: i64 = observed.replica_sets.iter().map(|set| set.status.ready_replicas).sum();
    if !observed.sees(Part::ReplicaSets) || all == 0 {
        return None;
    }
    let canary = observed.replica_set(&observed.rollout.status.current_pod_hash)?;
    Some(canary.status.ready_replicas as f64 * 100.0 / all as f64)
}

/// Hashes of the revisions that get traffic, by the controller's account.
pub(super) fn serving(observed: &Observed) -> Vec<Name> {
    let rollout = &observed.rollout;
    let status = &rollout.status;
    let hashes: Vec<&str> = if rollout.canary().is_none() {
        vec![&status.blue_green.active_selector]
    } else if let (true, Some(weights)) = (rollout.has_traffic_routing(), &status.canary.weights) {
        if rollout.is_fully_promoted() {
            vec![&status.stable_rs]
        } else {
            let arms = [(weights.canary.weight, &status.current_pod_hash), (weights.stable.weight, &status.stable_rs)];
            arms.into_iter().filter(|(weight, _)| *weight > 0).map(|(_, hash)| hash.as_str()).collect()
        }
    } else if observed.sees(Part::ReplicaSets) {
        observed
            .replica_sets
            .iter()
            .filter(|rs| rs.status.available_replicas > 0)
            .map(super::objects::ReplicaSet::hash)
            .collect()
    } else if rollout.is_fully_promoted() && status.replicas == status.updated_replicas {
        vec![&status.stable_rs]
    } else {
        vec![&status.current_pod_hash, &status.stable_rs]
    };
    hashes.into_iter().filter(|hash| !hash.is_empty()).map(Name::from).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::paused;

    #[test]
    fn pods_get_traffic_as_soon_as_they_are_ready() {
        let mut observed = paused();
        observed.rollout.spec.strategy.canary.as_mut().unwrap().traffic_routing = None;
        observed.rollout.status.canary.weights = None;
        // Six more of the stable ones are ready, and count as available only after `minReadySeconds`.
        let stable = observed.rollout.status.stable_rs.clone();
        let set = observed.replica_sets.iter_mut().find(|set| set.metadata.name.ends_with(&stable)).unwrap();
        set.status.ready_replicas += 6;
        assert!((super::weight(&observed).set.unwrap() - 100.0 / 12.0).abs() < 1e-9);
    }
}
