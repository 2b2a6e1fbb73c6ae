//! The customers: a function of settings, faults and what the cluster showed at each second.
//! Knows no clock, no network and no text format.

use std::collections::BTreeMap;

use crate::{
    draw::Draw,
    fault::{Fault, Faults},
    pod::{Odds, Pod},
};

/// Prometheus must see a pod's last numbers before they go.
const SECONDS_KEPT: u16 = 30;
const SECONDS_BETWEEN_RESETS: u64 = 20;
/// Connections in the pool that both arms share.
pub const POOL_SIZE: u32 = 100;

/// What stays the same for the whole run.
#[derive(Debug, Clone)]
pub struct Settings {
    pub rps: f64,
    pub checkouts: f64,
    pub order_lag: u16,
    pub seed: u64,
}

/// What the cluster shows now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// Ready pods by name, with their pod template hash.
    pub pods: BTreeMap<String, String>,
    pub stable: String,
    /// Equal to `stable` while nothing is rolled out.
    pub canary: String,
    /// Share of requests the router was told to send to the canary; none where there is no router.
    pub weight: Option<f64>,
}

/// All customers and all they left behind.
#[derive(Debug)]
pub struct World {
    settings: Settings,
    pub faults: Faults,
    pub pods: BTreeMap<String, Pod>,
    pub pool_in_use: u32,
    leaked: f64,
    tick: u64,
}

impl World {
    /// A world before its first second.
    pub fn new(settings: Settings, faults: Faults) -> Self {
        Self { settings, faults, pods: BTreeMap::new(), pool_in_use: 0, leaked: 0.0, tick: 0 }
    }

    /// One second passes.
    pub fn tick(&mut self, picture: &Picture) {
        self.tick += 1;
        self.meet(picture);
        self.use_pool(picture);
        if self.faults.has(Fault::CounterReset) && self.tick % SECONDS_BETWEEN_RESETS == 1 {
            self.reset_one();
        }
        let shares = self.shares(picture);
        for (name, pod) in &mut self.pods {
            let mean = self.settings.rps * shares.get(name).copied().unwrap_or(0.0);
            let is_canary = pod.hash == picture.canary && picture.canary != picture.stable;
            let odds = Odds::of(&self.faults, is_canary, self.pool_in_use >= POOL_SIZE, self.settings.checkouts);
            pod.serve(&mut Draw::of(self.settings.seed, self.tick, name), mean, &odds, self.settings.order_lag);
        }
    }

    /// Pods come at once and go `SECONDS_KEPT` after they were last seen.
    fn meet(&mut self, picture: &Picture) {
        for (name, hash) in &picture.pods {
            let pod = self.pods.entry(name.clone()).or_default();
            pod.hash.clone_from(hash);
            pod.seconds_gone = 0;
        }
        self.pods.retain(|name, pod| {
            if !picture.pods.contains_key(name) {
                pod.seconds_gone += 1;
            }
            pod.seconds_gone <= SECONDS_KEPT
        });
    }

    /// Every pod's share of all requests. What goes to an arm without pods is lost, as it is in life.
    fn shares(&self, picture: &Picture) -> BTreeMap<String, f64> {
        if self.faults.has(Fault::NoTraffic) {
            return BTreeMap::new();
        }
        let Some(set) = picture.weight else {
            return spread(picture.pods.keys(), 1.0);
        };
        let misled = self.faults.has(Fault::WrongSplit) && set > 0.0 && set < 1.0;
        let weight = if misled { 0.02 } else { set };
        let of = |hash: &str| {
            picture.pods.iter().filter(move |(_, its)| *its == hash).map(|(name, _)| name).collect::<Vec<_>>()
        };
        let mut shares = spread(of(&picture.stable).into_iter(), 1.0 - weight);
        if picture.canary != picture.stable {
            shares.append(&mut spread(of(&picture.canary).into_iter(), weight));
        }
        shares
    }

    fn use_pool(&mut self, picture: &Picture) {
        let on_canary: f64 = {
            let shares = self.shares(picture);
            let canary =
                picture.pods.iter().filter(|(_, hash)| **hash == picture.canary && picture.canary != picture.stable);
            canary.filter_map(|(name, _)| shares.get(name)).sum()
        };
        let leaking = self.faults.has(Fault::SharedPool);
        self.leaked = if leaking { self.leaked + 10.0 * on_canary } else { self.leaked - 5.0 };
        self.leaked = self.leaked.clamp(0.0, f64::from(POOL_SIZE));
        let busy = if self.faults.has(Fault::NoTraffic) { 0.05 } else { 0.38 };
        let mut draw = Draw::of(self.settings.seed, self.tick, "pool");
        let held = (0..POOL_SIZE).filter(|rank| f64::from(*rank) < self.leaked).count();
        let in_use = draw.binomial(u64::from(POOL_SIZE), busy) + u64::try_from(held).unwrap_or(0);
        self.pool_in_use = u32::try_from(in_use).unwrap_or(POOL_SIZE).min(POOL_SIZE);
    }

    /// The next pod in turn forgets what it counted, as a restarted one does.
    fn reset_one(&mut self) {
        let turn = usize::try_from(self.tick / SECONDS_BETWEEN_RESETS).unwrap_or(0);
        let count = self.pods.len().max(1);
        if let Some(pod) = self.pods.values_mut().nth(turn % count) {
            pod.restart();
        }
    }
}

/// `total` in equal parts.
fn spread<'a>(names: impl ExactSizeIterator<Item = &'a String>, total: f64) -> BTreeMap<String, f64> {
    let count = u32::try_from(names.len().max(1)).unwrap_or(u32::MAX);
    names.map(|name| (name.clone(), total / f64::from(count))).collect()
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
