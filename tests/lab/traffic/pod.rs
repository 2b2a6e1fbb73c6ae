//! One pod: the chances of its requests and what it counts of them.

use std::collections::VecDeque;

use crate::{
    draw::Draw,
    fault::{Fault, Faults},
};

/// Upper bounds of the latency buckets, in milliseconds.
pub const LATENCY_BOUNDS: [u32; 8] = [10, 25, 50, 100, 300, 500, 1000, 2500];
/// Share of requests that fall at or below each bound when all is well; 1 % are slower than 300 ms.
const LATENCY_WELL: [f64; 8] = [0.12, 0.46, 0.80, 0.95, 0.99, 0.997, 0.9995, 1.0];
const LATENCY_SLOW: [f64; 8] = [0.02, 0.12, 0.34, 0.58, 0.75, 0.90, 0.98, 1.0];

const FAILURES_WELL: f64 = 0.002;
const PAYMENTS_REJECTED_WELL: f64 = 0.059;
const PAYMENTS_REJECTED_BROKEN: f64 = 0.614;

/// What one pod has counted since it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pod {
    pub hash: String,
    pub succeeded: u64,
    pub failed: u64,
    /// Requests per latency bucket, not cumulated; the last one is above every bound.
    pub latency: [u64; LATENCY_BOUNDS.len() + 1],
    pub latency_milliseconds: u64,
    pub checkouts: u64,
    pub orders: u64,
    pub payments_rejected: u64,
    /// Orders on their way, the next to arrive first.
    due: VecDeque<u64>,
    pub seconds_gone: u16,
}

/// The chances of one pod's requests.
pub struct Odds {
    fails: f64,
    /// That a request which did not fail begins a checkout.
    buys: f64,
    rejects: f64,
    latency: &'static [f64; 8],
}

impl Odds {
    /// What the faults make of a pod of one arm, where this share of requests are checkouts.
    pub fn of(faults: &Faults, is_canary: bool, pool_is_empty: bool, buys: f64) -> Self {
        let hurt = |fault| is_canary && faults.has(fault);
        let rejects = if hurt(Fault::DeadPayments) {
            1.0
        } else if hurt(Fault::Payments) || faults.has(Fault::Provider) {
            PAYMENTS_REJECTED_BROKEN
        } else {
            PAYMENTS_REJECTED_WELL
        };
        let fails = if hurt(Fault::Errors) { 0.08 } else { FAILURES_WELL };
        Self {
            fails: if pool_is_empty { 0.3 } else { fails },
            buys,
            rejects,
            latency: if hurt(Fault::Latency) { &LATENCY_SLOW } else { &LATENCY_WELL },
        }
    }
}

impl Pod {
    /// One second of customers, `mean` of them expected.
    pub fn serve(&mut self, draw: &mut Draw, mean: f64, odds: &Odds, order_lag: u16) {
        let requests = draw.poisson(mean);
        let failed = draw.binomial(requests, odds.fails);
        self.failed += failed;
        self.succeeded += requests - failed;
        for _ in 0..requests {
            let speed = draw.unit();
            let bucket = odds.latency.iter().take_while(|share| **share <= speed).count();
            self.latency[bucket] += 1;
            self.latency_milliseconds += u64::from(LATENCY_BOUNDS.get(bucket).copied().unwrap_or(5000));
        }
        let checkouts = draw.binomial(requests - failed, odds.buys);
        let rejected = draw.binomial(checkouts, odds.rejects);
        self.checkouts += checkouts;
        self.payments_rejected += rejected;
        self.due.push_back(checkouts - rejected);
        if self.due.len() > usize::from(order_lag) {
            self.orders += self.due.pop_front().unwrap_or(0);
        }
    }

    /// Starts to count from 0 again; what was on its way is lost.
    pub fn restart(&mut self) {
        *self = Self { hash: std::mem::take(&mut self.hash), seconds_gone: self.seconds_gone, ..Self::default() };
    }
}
