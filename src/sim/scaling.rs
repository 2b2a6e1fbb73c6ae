//! How many pods each revision has, and how they become ready, crash and go.

use super::{
    dice::Dice,
    fault::Fault,
    rollout::{Pod, Rollout},
};

/// Lets a second pass for every pod: some become ready, some crash again.
pub(super) fn age(rollout: &mut Rollout, now: i64) {
    for pod in rollout.sets.iter_mut().flat_map(|set| &mut set.pods) {
        pod.ready |= pod.ripe.is_some_and(|ripe| ripe <= now);
        if pod.crashes_at.is_some_and(|at| at <= now) {
            pod.restarts += 1;
            pod.ready = false;
            // The kubelet's back-off: 10 s, doubled each time, 5 min at most.
            pod.crashes_at = Some(now + (10_i64 << pod.restarts.min(5)).min(300));
        }
    }
}

/// Lets the pods that a fault hits die, one second after the other; they never come up again for long.
pub(super) fn kill(rollout: &mut Rollout, fault: &Fault, now: i64) {
    let doomed = rollout.sets.iter_mut().filter(|set| fault.kills(&set.image.tag, now));
    for (pod, later) in doomed.flat_map(|set| &mut set.pods).filter(|pod| pod.crashes_at.is_none()).zip(1..) {
        (pod.ripe, pod.crashes_at) = (None, Some(now + later));
    }
}

/// Pods of the newest revision that this weight takes.
fn pods_for(rollout: &Rollout, weight: u32) -> u32 {
    let replicas = rollout.spec.replicas;
    match weight {
        0 => 0,
        _ => (replicas * weight).div_ceil(100).max(rollout.spec.min_pods).min(replicas),
    }
}

/// Whether enough pods of the newest revision are ready for this weight.
pub(super) fn is_ready_for(rollout: &Rollout, weight: u32) -> bool {
    rollout.set(&rollout.status.current).is_some_and(|set| set.ready() >= pods_for(rollout, weight))
}

/// Makes and removes pods until each revision has what it should have.
pub(super) fn scale(rollout: &mut Rollout, now: i64, dice: &mut Dice) {
    // A pause by hand halts scaling; an abort goes through it.
    if rollout.spec.paused && !rollout.status.abort {
        return;
    }
    let wanted: Vec<u32> = rollout.sets.iter().map(|set| wanted(rollout, &set.hash, now)).collect();
    let mut told = Vec::new();
    for (set, wanted) in rollout.sets.iter_mut().zip(wanted) {
        let name = format!("{}-{}", rollout.name, set.hash);
        if set.desired != wanted {
            let way = if wanted > set.desired { "up" } else { "down" };
            told.push(format!(
                "Scaled {way} ReplicaSet {name} (revision {}) from {} to {wanted}",
                set.revision, set.desired
            ));
            set.desired = wanted;
            if wanted == 0 {
                set.scale_down_at = None;
            }
        }
        // The youngest go first, as unready and young pods do in a cluster.
        set.pods.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        while set.count() < wanted {
            let starts = i64::from(dice.below(4));
            set.pods.push(Pod {
                name: format!("{name}-{}", dice.name(5)),
                created: now,
                ripe: (!set.image.crashes).then_some(now + 3 + starts),
                ready: false,
                restarts: 0,
                crashes_at: set.image.crashes.then_some(now + 2 + starts),
            });
        }
    }
    for text in told {
        rollout.tell(now, "ScalingReplicaSet", text);
    }
}

fn wanted(rollout: &Rollout, hash: &str, now: i64) -> u32 {
    let status = &rollout.status;
    let Some(set) = rollout.set(hash) else { return 0 };
    if set.scale_down_at.is_some_and(|at| at > now) {
        return set.desired;
    }
    if hash == status.stable {
        // Without a router old pods make room as new ones become ready.
        let newest = rollout.set(&status.current).filter(|newest| newest.hash != hash && !rollout.spec.routed);
        return rollout.spec.replicas - newest.map_or(0, super::ReplicaSet::ready).min(rollout.spec.replicas);
    }
    if hash == status.current && !status.abort {
        return pods_for(rollout, rollout.wanted_weight());
    }
    0
}
