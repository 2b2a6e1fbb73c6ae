//! Customers of the one service whose traffic is simulated: what they ask for, what they get, and what its
//! pods count of it. Whole numbers only, so that the same seed gives the same orders on every machine.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::{
    dice::Dice,
    fault::Fault,
    meters::{
        CHECKED_OUT, CONTACTED, CPU, EVICTIONS, FAILED, FAST, MEMORY, MINOR, Meters, ORDERED, POD, POOL, PROVIDER,
        QUEUE, REFUNDED, REJECTED, REQUESTED, SCRAPE, SHARED, SIGNED_UP, Samples, THREADS,
    },
    rollout::Rollout,
};

/// Requests per second, before the time of day.
const BUSY: u32 = 300;
/// Seconds from a checkout to its order, at least and at most; refunds come later still.
const ORDER_AFTER: (u32, u32) = (5, 20);
const REFUND_AFTER: u32 = 30;
/// Per million requests.
const ERRORS: u32 = 4_000;
const SLOW: u32 = 10_900;
const CHECKOUTS: u32 = 35_000;
const SIGN_UPS: u32 = 7_000;
const CONTACTS: u32 = 1_500;
/// Per million checkouts.
const PROVIDER_ERRORS: u32 = 9_000;
const WALKED_AWAY: u32 = 50_000;
/// Per million orders.
const REFUNDS: u32 = 18_000;
/// Thousandths of a per cent of the database pool that everyday traffic takes, and how much that sways.
const POOL_USED: (u32, u32) = (36_000, 4_000);
/// From here on those who want a connection wait for one.
const POOL_TIGHT: u32 = 70_000;

/// What an order is worth, in euros.
pub const ORDER_WORTH: u32 = 42;
/// Gauges of a pod, what they usually show and how much they sway, in thousandths.
const GAUGES: [(usize, u32, u32); 3] = [(CPU, 4_000, 250), (MEMORY, 412_000, 9_000), (THREADS, 31_000, 6_000)];

/// What customers of one version met with, all pods of it together, also those that are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub checkouts: u64,
    /// Checkouts that will become an order.
    pub orders: u64,
    /// Checkouts that would have become an order, had their payment not been silently rejected.
    pub rejected: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Customers {
    dice: Dice,
    fault: Fault,
    /// Everything is counted that anybody may want to watch.
    is_detailed: bool,
    /// The version of the service by which pods and arms were last looked up.
    seen: Option<u64>,
    /// Those that are there.
    pods: Vec<Pod>,
    /// Pods are known by numbers that never come again.
    next_pod: u32,
    canary: Option<Arm>,
    stable: Option<Arm>,
    /// Seconds of customers that are still to be lived through.
    owed: u32,
    /// What is still to be counted, by the seconds until then: pod and meter.
    due: VecDeque<Vec<(u32, usize)>>,
    /// Checkouts of everyone and those that the provider failed, in the last minute by sample.
    provider: VecDeque<(u32, u32)>,
    pub(super) samples: Samples,
    pub(super) ledger: BTreeMap<String, Ledger>,
    /// Requests and errors of the newest revision in the last minute, by second.
    recent: VecDeque<(u32, u32)>,
}

#[derive(Clone, Debug)]
struct Pod {
    id: u32,
    name: Arc<str>,
    meters: Meters,
    /// Requests counted up to the last sample.
    sampled: u32,
}

/// The pods of a revision that take traffic, by their numbers.
#[derive(Clone, Debug)]
struct Arm {
    version: String,
    pods: Vec<u32>,
}

/// What awaits the customers of an arm now.
#[derive(Clone, Copy)]
struct Fate {
    rejected: u32,
    provider: u32,
    slow: u32,
}

impl Customers {
    pub(super) fn new(dice: Dice, fault: Fault, silent: Option<(&'static str, i64)>, is_detailed: bool) -> Self {
        Self {
            dice,
            fault,
            is_detailed,
            seen: None,
            pods: Vec::new(),
            next_pod: 0,
            canary: None,
            stable: None,
            owed: 0,
            due: VecDeque::new(),
            provider: VecDeque::from([(0, 0)]),
            samples: Samples::new(silent),
            ledger: BTreeMap::new(),
            recent: VecDeque::new(),
        }
    }

    /// Errors of the newest revision per million requests in the last minute, as the controller's analysis asks.
    pub(super) fn errors_per_million(&self) -> u32 {
        let sum = |sum: (u64, u64), now: &(u32, u32)| (sum.0 + u64::from(now.0), sum.1 + u64::from(now.1));
        let (requests, errors) = self.recent.iter().fold((0, 0), sum);
        u32::try_from((errors * 1_000_000).checked_div(requests).unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// One second of traffic through `service`. While only one revision runs, nobody can see when between two
    /// samples anything was counted, so that it is all counted at the second one.
    pub(super) fn live(&mut self, service: &Rollout, now: i64) {
        if self.seen != Some(service.version) {
            self.seen = Some(service.version);
            self.meet_pods(service);
        }
        for (pod, meter) in self.due.pop_front().unwrap_or_default() {
            self.count(pod, meter, 1);
        }
        self.owed += 1;
        let is_sampled = now % SCRAPE == 0;
        if self.canary.is_some() || is_sampled {
            let seconds = std::mem::take(&mut self.owed);
            self.serve_all(service, seconds, now);
        }
        if is_sampled {
            self.sample(self.pool(now), now);
        }
    }

    fn serve_all(&mut self, service: &Rollout, seconds: u32, now: i64) {
        // Two even chances per expected request: who comes is up to them, how many hardly changes.
        let requests = self.dice.of(expected(now) * seconds * 2, 500_000);
        let weight = self.canary.as_ref().map_or(0, |_| self.fault.routed(service.status.weight, now));
        let to_canary = self.dice.of(requests, weight * 10_000);
        let slow = SLOW + self.pool(now).saturating_sub(POOL_TIGHT);
        let provider = PROVIDER_ERRORS + self.fault.provider(now);
        let fault = self.fault;
        let fate = |arm: &Arm| Fate { rejected: fault.rejected(&arm.version, now), provider, slow };
        let (canary, stable) = (self.canary.take(), self.stable.take());
        let failed = canary.as_ref().map_or(0, |arm| self.serve(arm, fate(arm), to_canary));
        if let Some(arm) = &stable {
            self.serve(arm, fate(arm), requests - to_canary);
        }
        (self.canary, self.stable) = (canary, stable);
        self.recent.push_back((to_canary, failed));
        self.recent.drain(..self.recent.len().saturating_sub(60));
    }

    /// A pod that is gone is gone with its meters and with what it had still to count.
    fn meet_pods(&mut self, service: &Rollout) {
        let names = || service.sets.iter().flat_map(|set| &set.pods).map(|pod| pod.name.as_str());
        self.pods.retain(|pod| names().any(|name| name == &*pod.name));
        let places = POD.len() + if self.is_detailed { MINOR.len() } else { 0 };
        for name in names() {
            if !self.pods.iter().any(|pod| &*pod.name == name) {
                self.pods.push(Pod { id: self.next_pod, name: name.into(), meters: vec![0; places], sampled: 0 });
                self.next_pod += 1;
            }
        }
        self.canary = (!service.is_promoted()).then(|| self.arm(service, &service.status.current)).flatten();
        self.stable = self.arm(service, &service.status.stable);
    }

    /// The ready pods of a revision, if there are any.
    fn arm(&self, service: &Rollout, hash: &str) -> Option<Arm> {
        let set = service.set(hash)?;
        let is_ready = |pod: &Pod| set.pods.iter().any(|one| one.ready && one.name == *pod.name);
        let pods: Vec<u32> = self.pods.iter().filter(|pod| is_ready(pod)).map(|pod| pod.id).collect();
        (!pods.is_empty()).then(|| Arm { version: set.image.tag.clone(), pods })
    }

    /// Thousandths of a per cent of the database pool that are in use.
    fn pool(&self, now: i64) -> u32 {
        let (usual, sway) = POOL_USED;
        let arms = self.canary.iter().chain(&self.stable);
        let taken: u32 = arms.map(|arm| self.fault.pool(&arm.version, now)).sum();
        (usual + triangle(now, 900, sway) + taken).min(100_000)
    }

    /// Spreads requests evenly over the arm's pods. How many of them failed.
    fn serve(&mut self, arm: &Arm, fate: Fate, requests: u32) -> u32 {
        let (mut left, mut failed, mut met) = (requests, 0, Ledger::default());
        let pods = u32::try_from(arm.pods.len()).unwrap_or(u32::MAX);
        for (pod, others) in arm.pods.iter().zip((0..pods).rev()) {
            let here = self.dice.of(left, 1_000_000 / (others + 1));
            left -= here;
            failed += self.request(fate, *pod, here, &mut met);
        }
        let ledger = self.ledger.entry(arm.version.clone()).or_default();
        ledger.checkouts += met.checkouts;
        ledger.orders += met.orders;
        ledger.rejected += met.rejected;
        failed
    }

    fn request(&mut self, fate: Fate, pod: u32, requests: u32, met: &mut Ledger) -> u32 {
        let slow = self.dice.of(requests, fate.slow);
        let failed = self.dice.of(requests, ERRORS);
        let checkouts = self.dice.of(requests - failed, CHECKOUTS);
        for (meter, count) in [
            (REQUESTED, requests),
            (FAST, requests - slow),
            (FAILED, failed),
            (CHECKED_OUT, checkouts),
            (SIGNED_UP, self.dice.of(requests - failed, SIGN_UPS)),
            (CONTACTED, self.dice.of(requests, CONTACTS)),
        ] {
            self.count(pod, meter, count);
        }
        self.checkout(fate, pod, checkouts, met);
        failed
    }

    fn checkout(&mut self, fate: Fate, pod: u32, checkouts: u32, met: &mut Ledger) {
        let refused = self.dice.of(checkouts, fate.provider);
        let stayed = checkouts - refused;
        let meant = stayed - self.dice.of(stayed, WALKED_AWAY);
        let rejected = self.dice.of(meant, fate.rejected);
        if let Some(newest) = self.provider.back_mut() {
            *newest = (newest.0 + checkouts, newest.1 + refused);
        }
        self.count(pod, REJECTED, rejected);
        met.checkouts += u64::from(checkouts);
        met.orders += u64::from(meant - rejected);
        met.rejected += u64::from(rejected);
        for _ in 0..meant - rejected {
            let (least, most) = ORDER_AFTER;
            let after = least + self.dice.below(most - least);
            self.later(after, pod, ORDERED);
            if self.dice.below(1_000_000) < REFUNDS {
                self.later(after + REFUND_AFTER, pod, REFUNDED);
            }
        }
    }

    fn count(&mut self, id: u32, meter: usize, count: u32) {
        let pod = self.pods.iter_mut().find(|pod| pod.id == id);
        if let Some(place) = pod.and_then(|pod| pod.meters.get_mut(meter)) {
            *place = place.saturating_add(count);
        }
    }

    fn later(&mut self, seconds: u32, pod: u32, meter: usize) {
        let place = usize::try_from(seconds).unwrap_or(0);
        while self.due.len() <= place {
            self.due.push_back(Vec::new());
        }
        if let Some(then) = self.due.get_mut(place) {
            then.push((pod, meter));
        }
    }

    /// Reads every meter, gauges included.
    fn sample(&mut self, pool: u32, now: i64) {
        let mut pods = Vec::with_capacity(self.pods.len());
        for pod in &mut self.pods {
            let served = pod.meters.get(REQUESTED).copied().unwrap_or(0);
            let since = served - pod.sampled;
            pod.sampled = served;
            for ((_, share), place) in MINOR.iter().zip(pod.meters.iter_mut().skip(POD.len())) {
                *place = place.saturating_add(self.dice.of(since, *share));
            }
            for (meter, usual, sway) in GAUGES {
                if let Some(place) = pod.meters.get_mut(meter) {
                    *place = usual + self.dice.below(sway);
                }
            }
            pods.push((Arc::clone(&pod.name), pod.meters.clone()));
        }
        let (checkouts, refused) = self.provider.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        self.provider.push_back((0, 0));
        self.provider.drain(..self.provider.len().saturating_sub(12));
        let mut shared = [0; SHARED.len()];
        shared[POOL] = pool;
        shared[PROVIDER] = (refused * 100_000).checked_div(checkouts).unwrap_or(0);
        shared[QUEUE] = 11_000 + self.dice.below(6) * 1_000;
        shared[EVICTIONS] = 2_000 + self.dice.below(1_500);
        self.samples.take(now, pods, shared);
    }
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
