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
    /// The update whose steps were seen to be passed over, and the first of them.
    passed: Option<(Update, usize)>,
    hold: Hold,
    /// What is seen next may have happened at any time since the last look.
    missed: bool,
}

/// An update: a revision that is brought in again is another one, with another number.
#[derive(Clone, Debug, PartialEq)]
struct Update {
    hash: String,
    number: Option<u64>,
}

/// Whether it was held by hand at the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Hold {
    #[default]
    Unseen,
    No,
    /// Since then, where its beginning was seen.
    Yes(Option<DateTime<Utc>>),
}

impl Watched {
    /// Notes what the Rollout shows at `now`. Call it with every version seen, in order.
    pub fn observe(&mut self, rollout: &Rollout, now: DateTime<Utc>) {
        let missed = std::mem::take(&mut self.missed);
        self.passed = self.passing(rollout, missed).map(|first| (Update::of(rollout), first));
        self.hold = match (rollout.is_held(), self.hold) {
            (false, _) => Hold::No,
            (true, Hold::No) if !missed => Hold::Yes(Some(now)),
            (true, Hold::No | Hold::Unseen) => Hold::Yes(None),
            (true, held @ Hold::Yes(_)) => held,
        };
        self.times.observe(rollout, now, missed);
        let stable = &rollout.status.stable_rs;
        if !stable.is_empty() && !self.stable.contains(stable) {
            self.stable.insert(stable.clone());
        }
    }

    /// Versions may be missing between the last one and the next.
    pub const fn miss(&mut self) {
        self.missed = true;
    }

    /// Whether the revision with this hash was seen to be the stable one, now or earlier.
    pub(super) fn was_stable(&self, hash: &str) -> bool {
        self.stable.contains(hash)
    }

    /// The first step that this update passed over, if that was seen.
    pub(super) fn passed(&self, rollout: &Rollout) -> Option<usize> {
        self.passed.as_ref().filter(|(update, _)| *update == Update::of(rollout)).map(|(_, first)| *first)
    }

    /// Since when it is held by hand, if that was seen.
    pub(super) const fn held_since(&self) -> Option<DateTime<Utc>> {
        match self.hold {
            Hold::Yes(since) => since,
            Hold::No | Hold::Unseen => None,
        }
    }

    /// The first step passed over as it is seen now.
    fn passing(&self, rollout: &Rollout, missed: bool) -> Option<usize> {
        if let Some(known) = self.passed(rollout) {
            return Some(known);
        }
        if !rollout.is_promoting_fully() {
            return None;
        }
        // The act comes before the controller sets the index to the end: until then it tells where it was.
        let index = rollout.step_index()?;
        let before = self.times.current(rollout).filter(|_| !missed);
        (index < rollout.steps().len()).then_some(index).or(before)
    }
}

impl Update {
    fn of(rollout: &Rollout) -> Self {
        Self { hash: rollout.status.current_pod_hash.clone(), number: rollout.metadata.revision() }
    }
}
