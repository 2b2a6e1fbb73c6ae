//! Customers of the one service whose traffic is simulated: what they ask for, what they get, and what its
//! pods count of it. Whole numbers only, so that the same seed gives the same orders on every machine.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{dice::Dice, rollout::Rollout};

/// What each pod counts, by the names under which it can be asked for.
pub const COUNTERS: [&str; 8] =
    ["requests", "errors", "slow_requests", "checkouts", "orders", "refunds", "provider_errors", "payments_rejected"];
/// Seconds between samples.
pub(super) const SCRAPE: i64 = 5;
/// Samples kept: three hours.
const KEPT: usize = 2160;
/// Requests per second, before the time of day.
const BUSY: u32 = 900;
/// Seconds from a checkout to its order, at least and at most.
const ORDER_AFTER: (u32, u32) = (15, 30);
/// Per million requests.
const ERRORS: u32 = 2_100;
const SLOW: u32 = 10_900;
const CHECKOUTS: u32 = 60_000;
/// Per million checkouts.
const PROVIDER_ERRORS: u32 = 9_000;
const WALKED_AWAY: u32 = 50_000;
const REFUNDS: u32 = 18_000;

const REQUESTED: usize = 0;
const FAILED: usize = 1;
const SLOWED: usize = 2;
const CHECKED_OUT: usize = 3;
const ORDERED: usize = 4;
const REFUNDED: usize = 5;
const PROVIDER_FAILED: usize = 6;
const REJECTED: usize = 7;

type Counters = [u64; COUNTERS.len()];

/// Payments of one version are rejected without an error, more and more of them at first.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) version: &'static str,
    pub(super) since: i64,
    /// Seconds until it is complete.
    pub(super) ramp: i64,
    /// Per million checkouts, once complete.
    pub(super) share: u32,
}

/// What customers of one version met with, all pods of it together, also those that are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub checkouts: u64,
    /// Checkouts that will become an order.
    pub orders: u64,
    /// Checkouts whose payment was silently rejected.
    pub rejected: u64,
}

#[derive(Clone, Debug)]
struct Sample {
    at: i64,
    counters: BTreeMap<String, Counters>,
}

#[derive(Clone, Debug)]
pub(super) struct Customers {
    dice: Dice,
    pub(super) fault: Option<Fault>,
    /// Of the pods that are there.
    counters: BTreeMap<String, Counters>,
    /// What is still to be counted, by the seconds until then.
    due: VecDeque<Vec<(String, usize)>>,
    samples: VecDeque<Sample>,
    pub(super) ledger: BTreeMap<String, Ledger>,
    /// Requests and errors of the newest revision in the last minute, by second.
    recent: VecDeque<(u64, u64)>,
}

/// The pods of a revision that take traffic, and what they count in one second.
struct Arm {
    version: String,
    pods: Vec<(String, Counters)>,
}

impl Customers {
    pub(super) fn new(dice: Dice, fault: Option<Fault>) -> Self {
        Self {
            dice,
            fault,
            counters: BTreeMap::new(),
            due: VecDeque::new(),
            samples: VecDeque::new(),
            ledger: BTreeMap::new(),
            recent: VecDeque::new(),
        }
    }

    /// Errors of the newest revision per million requests in the last minute, as the controller's analysis asks.
    pub(super) fn errors_per_million(&self) -> u32 {
        let (requests, errors) = self.recent.iter().fold((0, 0), |sum, now| (sum.0 + now.0, sum.1 + now.1));
        u32::try_from((errors * 1_000_000).checked_div(requests).unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// One second of traffic through `service`.
    pub(super) fn live(&mut self, service: &Rollout, now: i64) {
        let mut canary = (!service.is_promoted()).then(|| arm(service, &service.status.current)).flatten();
        let mut stable = arm(service, &service.status.stable);
        self.forget_pods(service);
        for (pod, counter) in self.due.pop_front().unwrap_or_default() {
            self.count(&pod, counter);
        }
        let rejected = |arm: &Option<Arm>| {
            self.fault.as_ref().zip(arm.as_ref()).map_or(0, |(fault, arm)| fault.share_of(&arm.version, now))
        };
        let (canary_rejected, stable_rejected) = (rejected(&canary), rejected(&stable));
        let mut recent = (0, 0);
        // Two even chances per expected request: who comes is up to them, how many hardly changes.
        for _ in 0..expected(now) * 2 {
            if !self.dice.chance(500_000) {
                continue;
            }
            if canary.is_some() && self.dice.below(100) < service.status.weight {
                let failed = canary.as_mut().is_some_and(|arm| self.request(arm, canary_rejected));
                recent = (recent.0 + 1, recent.1 + u64::from(failed));
            } else if let Some(arm) = &mut stable {
                self.request(arm, stable_rejected);
            }
        }
        for (pod, counted) in canary.into_iter().chain(stable).flat_map(|arm| arm.pods) {
            for (total, counted) in self.counters.entry(pod).or_default().iter_mut().zip(counted) {
                *total += counted;
            }
        }
        self.recent.push_back(recent);
        self.recent.drain(..self.recent.len().saturating_sub(60));
        if now % SCRAPE == 0 {
            self.samples.push_back(Sample { at: now, counters: self.counters.clone() });
            self.samples.drain(..self.samples.len().saturating_sub(KEPT));
        }
    }

    /// A pod that is gone is gone with its counters and with what it had still to count.
    fn forget_pods(&mut self, service: &Rollout) {
        let pods: BTreeSet<&str> = service.sets.iter().flat_map(|set| &set.pods).map(|pod| pod.name.as_str()).collect();
        self.counters.retain(|pod, _| pods.contains(pod.as_str()));
        for pod in pods {
            if !self.counters.contains_key(pod) {
                self.counters.insert(pod.to_owned(), Counters::default());
            }
        }
    }

    fn count(&mut self, pod: &str, counter: usize) {
        if let Some(place) = self.counters.get_mut(pod).and_then(|counters| counters.get_mut(counter)) {
            *place += 1;
        }
    }

    /// One request to some pod of the arm. Whether it failed.
    fn request(&mut self, arm: &mut Arm, rejected_share: u32) -> bool {
        let Arm { version, pods } = arm;
        let place = self.dice.below(u32::try_from(pods.len()).unwrap_or(u32::MAX));
        let Some((pod, counted)) = usize::try_from(place).ok().and_then(|place| pods.get_mut(place)) else {
            return false;
        };
        counted[REQUESTED] += 1;
        counted[SLOWED] += u64::from(self.dice.chance(SLOW));
        if self.dice.chance(ERRORS) {
            counted[FAILED] += 1;
            return true;
        }
        if self.dice.chance(CHECKOUTS) {
            self.checkout(version, pod, counted, rejected_share);
        }
        false
    }

    fn checkout(&mut self, version: &str, pod: &str, counted: &mut Counters, rejected_share: u32) {
        counted[CHECKED_OUT] += 1;
        let ledger = self.ledger.entry(version.to_owned()).or_default();
        ledger.checkouts += 1;
        if self.dice.chance(PROVIDER_ERRORS) {
            counted[PROVIDER_FAILED] += 1;
        } else if self.dice.chance(rejected_share) {
            ledger.rejected += 1;
            counted[REJECTED] += 1;
        } else if !self.dice.chance(WALKED_AWAY) {
            ledger.orders += 1;
            let (least, most) = ORDER_AFTER;
            let after = least + self.dice.below(most - least);
            if self.dice.chance(REFUNDS) {
                self.later(after + 30, pod.to_owned(), REFUNDED);
            }
            self.later(after, pod.to_owned(), ORDERED);
        }
    }

    fn later(&mut self, seconds: u32, pod: String, counter: usize) {
        let place = usize::try_from(seconds).unwrap_or(0);
        while self.due.len() <= place {
            self.due.push_back(Vec::new());
        }
        if let Some(then) = self.due.get_mut(place) {
            then.push((pod, counter));
        }
    }

    /// When the newest sample was taken.
    pub(super) fn newest(&self) -> Option<i64> {
        self.samples.back().map(|sample| sample.at)
    }

    /// A counter's value at a time by pod: the newest sample not older than one scrape.
    pub(super) fn at(&self, counter: usize, at: i64) -> impl Iterator<Item = (&str, u64)> {
        let place = self.samples.partition_point(|sample| sample.at <= at);
        let sample = place.checked_sub(1).and_then(|last| self.samples.get(last)).filter(|s| at - s.at < SCRAPE);
        sample
            .into_iter()
            .flat_map(|sample| &sample.counters)
            .filter_map(move |(pod, counters)| counters.get(counter).map(|value| (pod.as_str(), *value)))
    }
}

impl Fault {
    fn share_of(&self, version: &str, now: i64) -> u32 {
        if version != self.version || now < self.since {
            return 0;
        }
        let age = (now - self.since).min(self.ramp);
        u32::try_from(i64::from(self.share) * age / self.ramp.max(1)).unwrap_or(0)
    }
}

/// The ready pods of a revision, if there are any.
fn arm(service: &Rollout, hash: &str) -> Option<Arm> {
    let set = service.set(hash)?;
    let ready = set.pods.iter().filter(|pod| pod.ready);
    let pods: Vec<_> = ready.map(|pod| (pod.name.clone(), Counters::default())).collect();
    (!pods.is_empty()).then(|| Arm { version: set.image.tag.clone(), pods })
}

/// Requests expected in this second: most at 14:00, a third less at night, and a ripple of eleven minutes.
fn expected(now: i64) -> u32 {
    let day = triangle(now - 2 * 3600, 86_400, 300);
    let ripple = triangle(now, 660, 80);
    BUSY * (700 + day) / 1000 * (960 + ripple) / 1000
}

/// Up from 0 to `height` and down again in `period` seconds.
fn triangle(at: i64, period: i64, height: u32) -> u32 {
    let place = at.rem_euclid(period);
    let up = place.min(period - place) * 2;
    u32::try_from(i64::from(height) * up / period).unwrap_or(0)
}
