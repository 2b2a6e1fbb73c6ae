//! What the pods of the simulated service count and show, and the samples that are kept of it.
//!
//! Whole numbers: counters as they are, gauges in thousandths.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use crate::domain::series::{Point, Series};

/// Seconds between samples.
pub(super) const SCRAPE: i64 = 5;
/// Samples kept: three hours and a half.
const KEPT: usize = 2_520;

/// Meters of a pod, by the names under which they can be asked for.
pub(super) const POD: [&str; 12] = [
    "requests",
    "errors",
    "fast_requests",
    "checkouts",
    "orders",
    "refunds",
    "sign_ups",
    "payments_rejected",
    "chat_contacts",
    "cpu_per_request",
    "memory",
    "threads",
];
pub(super) const REQUESTED: usize = 0;
pub(super) const FAILED: usize = 1;
pub(super) const FAST: usize = 2;
pub(super) const CHECKED_OUT: usize = 3;
pub(super) const ORDERED: usize = 4;
pub(super) const REFUNDED: usize = 5;
pub(super) const SIGNED_UP: usize = 6;
pub(super) const REJECTED: usize = 7;
pub(super) const CONTACTED: usize = 8;
pub(super) const CPU: usize = 9;
pub(super) const MEMORY: usize = 10;
pub(super) const THREADS: usize = 11;

/// Meters of what all pods use together.
pub(super) const SHARED: [&str; 4] = ["db_pool_in_use", "provider_error_share", "queue_depth", "cache_evictions"];
pub(super) const POOL: usize = 0;
pub(super) const PROVIDER: usize = 1;
pub(super) const QUEUE: usize = 2;
pub(super) const EVICTIONS: usize = 3;

/// Counters of things that happen in so many of a million requests, for those who watch a lot.
pub const MINOR: [(&str, u32); 17] = [
    ("slow_requests_1s", 1_900),
    ("slow_requests_3s", 300),
    ("cache_misses", 84_000),
    ("db_retries", 2_600),
    ("lock_waits", 4_100),
    ("stock_timeouts", 900),
    ("tax_timeouts", 500),
    ("redirects", 31_000),
    ("coupons_redeemed", 9_000),
    ("gift_cards", 3_200),
    ("saved_carts", 12_500),
    ("guest_checkouts", 17_000),
    ("address_corrections", 5_600),
    ("newsletter_opt_ins", 4_400),
    ("abandoned_carts", 21_000),
    ("wishes", 7_700),
    ("empty_searches", 13_400),
];

/// One pod's meters: those of `POD`, then those of `MINOR` where they are counted at all.
pub(super) type Meters = Vec<u32>;

/// Every name that can be asked for.
#[must_use]
pub fn meters() -> Vec<&'static str> {
    POD.into_iter().chain(SHARED).chain(MINOR.map(|(name, _)| name)).collect()
}

#[derive(Debug)]
struct Sample {
    at: i64,
    pods: Vec<(Arc<str>, Meters)>,
    shared: [u32; SHARED.len()],
}

/// The newest samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    kept: VecDeque<Arc<Sample>>,
    /// A meter whose exporter falls silent, and when.
    silent: Option<(&'static str, i64)>,
}

/// Where the values of a meter lie and how many of its units make one.
enum Place {
    Pod(usize, f64),
    Shared(usize),
}

impl Samples {
    pub(super) fn new(silent: Option<(&'static str, i64)>) -> Self {
        Self { kept: VecDeque::new(), silent }
    }

    pub(super) fn take(&mut self, at: i64, pods: Vec<(Arc<str>, Meters)>, shared: [u32; SHARED.len()]) {
        self.kept.push_back(Arc::new(Sample { at, pods, shared }));
        self.kept.drain(..self.kept.len().saturating_sub(KEPT));
    }

    /// When the newest sample of a meter was taken.
    pub(super) fn newest(&self, meter: &str) -> Option<i64> {
        let last = self.kept.back().map(|sample| sample.at);
        last.map(|at| self.silent_since(meter).map_or(at, |since| at.min(since)))
    }

    fn silent_since(&self, meter: &str) -> Option<i64> {
        self.silent.filter(|(silent, _)| *silent == meter).map(|(_, since)| since)
    }

    /// A meter at `from`, `from + step`, up to `to`: by pod, or as the only series of what is shared. None where
    /// nothing has that name. At each time it is the newest sample that is younger than a scrape.
    pub(super) fn series(&self, meter: &str, from: i64, to: i64, step: i64) -> Option<Vec<Series>> {
        let place = place(meter)?;
        let to = self.silent_since(meter).map_or(to, |since| to.min(since));
        let mut by_pod: BTreeMap<&str, Vec<Point>> = BTreeMap::new();
        let mut at = from;
        while at <= to && step > 0 {
            if let Some(sample) = self.at(at) {
                match place {
                    Place::Pod(place, units) => {
                        for (pod, meters) in &sample.pods {
                            if let Some(value) = meters.get(place) {
                                let value = f64::from(*value) / units;
                                by_pod.entry(pod).or_default().push(Point { at, value });
                            }
                        }
                    }
                    Place::Shared(place) => {
                        if let Some(value) = sample.shared.get(place) {
                            let value = f64::from(*value) / 1000.0;
                            by_pod.entry("").or_default().push(Point { at, value });
                        }
                    }
                }
            }
            at += step;
        }
        Some(by_pod.into_iter().map(|(pod, points)| Series { instance: pod.into(), points }).collect())
    }

    fn at(&self, at: i64) -> Option<&Sample> {
        let after = self.kept.partition_point(|sample| sample.at <= at);
        let sample = after.checked_sub(1).and_then(|last| self.kept.get(last))?;
        (at - sample.at < SCRAPE).then_some(sample.as_ref())
    }
}

fn place(meter: &str) -> Option<Place> {
    let shared = || SHARED.iter().position(|name| *name == meter).map(Place::Shared);
    let minor = || MINOR.iter().position(|(name, _)| *name == meter).map(|place| Place::Pod(POD.len() + place, 1.0));
    let pod = POD.iter().position(|name| *name == meter);
    pod.map(|place| Place::Pod(place, if place >= CPU { 1000.0 } else { 1.0 })).or_else(shared).or_else(minor)
}
