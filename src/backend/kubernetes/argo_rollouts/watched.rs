//! What only those know who watched: the object does not say it any more.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{objects::Rollout, times::StepTimes};

/// What was seen of one Rollout so far, kept by whoever watches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    pub(super) times: StepTimes,
    /// The hashes that were seen as the stable revision: each of them has served everyone.
    stable: BTreeSet<String>,
}

impl Watched {
    /// Notes what the Rollout shows at `now`. Call it with every version seen, in order.
    pub fn observe(&mut self, rollout: &Rollout, now: DateTime<Utc>) {
        self.times.observe(rollout, now);
        let stable = &rollout.status.stable_rs;
        if !stable.is_empty() && !self.stable.contains(stable) {
            self.stable.insert(stable.clone());
        }
    }

    /// Whether the revision with this hash was seen to be the stable one, now or earlier.
    pub(super) fn was_stable(&self, hash: &str) -> bool {
        self.stable.contains(hash)
    }
}
