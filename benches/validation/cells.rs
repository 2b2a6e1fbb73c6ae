//! The grid of the validation: which worlds are tried, what is held against them, and what came out.

use crate::world::{Phi, Told, Twist, World, run};

/// What the error rates are set to.
pub const ALPHA: f64 = 0.05;

/// Worlds that differ in what should not matter, as one line of the table.
pub struct Group {
    pub name: &'static str,
    pub worlds: Vec<World>,
    pub held: Held,
}

/// What a group is held to. The interval has to hold the truth in every one.
#[derive(Clone, Copy, PartialEq)]
pub enum Held {
    /// The canary is exactly at its tolerance: NO-GO and GO are both wrong.
    Bound,
    /// The canary changes nothing: NO-GO is wrong.
    Clean,
}

/// Releases in which each thing was said at any time.
#[derive(Clone, Copy, Default)]
pub struct Rates {
    pub releases: u32,
    pub no_go: u32,
    pub go: u32,
    pub missed: u32,
}

/// A loss that begins at a time, and how long it stayed unseen.
pub struct Onset {
    pub name: &'static str,
    pub world: World,
}

const ORDERS: World = World::ORDERS;

/// Every group. The order is the table's.
pub fn groups() -> Vec<Group> {
    let mut independent = Vec::new();
    for rate in [2.0, 20.0, 200.0] {
        for weight in [0.01, 0.1, 0.5] {
            for p in [0.001, 0.02, 0.1] {
                independent.push(World { rate, weight, p, ..ORDERS });
            }
        }
    }
    let at_bound = |worlds: &[World]| -> Vec<World> { worlds.iter().map(|w| World { ratio: 0.9, ..*w }).collect() };
    let busy = World { rate: 200.0, ..ORDERS };
    let clusters = |phi: Phi, sizes: &[f64]| -> Vec<World> {
        let of = |world: World| sizes.iter().map(move |clusters| World { clusters: *clusters, phi, ..world });
        of(ORDERS).chain(of(busy)).collect()
    };
    let measured = World { phi: Phi::Measured, ..busy };
    let wander =
        [(0.1, 0.1), (0.2, 0.1), (0.2, 0.5)].map(|(wander, weight)| World { weight, wander, ..measured }).to_vec();
    let differ =
        [(0.1, 0.1), (0.2, 0.1), (0.2, 0.5)].map(|(differ, weight)| World { weight, differ, ..measured }).to_vec();
    let group = |name, held, worlds| Group { name, worlds, held };
    vec![
        group("independent counts, nothing wrong", Held::Clean, independent.clone()),
        group("independent counts, canary at its tolerance", Held::Bound, at_bound(&independent)),
        group(
            "events at 94 % of exposures, nothing wrong",
            Held::Clean,
            vec![World { p: 0.94, ..ORDERS }, World { p: 0.94, rate: 2.0, weight: 0.5, ..ORDERS }],
        ),
        group(
            "events at 94 % of exposures, canary at its tolerance",
            Held::Bound,
            vec![
                World { p: 0.94, ratio: 0.9, ..ORDERS },
                World { p: 0.94, ratio: 0.9, rate: 2.0, weight: 0.5, ..ORDERS },
            ],
        ),
        group("clusters φ 2, 3, 5, measured before", Held::Clean, clusters(Phi::Measured, &[2.0, 3.0, 5.0])),
        group(
            "clusters φ 2, 3, 5, measured before, canary at its tolerance",
            Held::Bound,
            at_bound(&clusters(Phi::Measured, &[2.0, 3.0, 5.0])),
        ),
        group("clusters φ 1, 2, 3, uncalibrated", Held::Clean, clusters(Phi::Uncalibrated, &[1.0, 2.0, 3.0])),
        group("clusters φ 5, 10, uncalibrated", Held::Clean, clusters(Phi::Uncalibrated, &[5.0, 10.0])),
        group("pods wander by 10, 20 %, measured before", Held::Clean, wander.clone()),
        group("pods wander by 10, 20 %, measured before, canary at its tolerance", Held::Bound, at_bound(&wander)),
        group("pods differ for good by 10, 20 %, measured before", Held::Clean, differ.clone()),
        group(
            "pods differ for good by 10, 20 %, measured before, canary at its tolerance",
            Held::Bound,
            at_bound(&differ),
        ),
        group(
            "daily cycle",
            Held::Clean,
            vec![
                World { twist: Twist::Daily, ..busy },
                World { twist: Twist::Daily, ..ORDERS },
                World { twist: Twist::Daily, ..measured },
            ],
        ),
        group(
            "incident in both arms, events ×5 for 10 min",
            Held::Clean,
            vec![
                World { twist: Twist::Incident, ..busy },
                World { twist: Twist::Incident, ..ORDERS },
                World { twist: Twist::Incident, ..measured },
            ],
        ),
        group(
            "weight 1 to 50 % in steps, events 30 s late",
            Held::Clean,
            vec![
                World { twist: Twist::Steps, minutes: 50, ..busy },
                World { twist: Twist::Steps, minutes: 50, ..ORDERS },
            ],
        ),
        group(
            "counters restart, scrapes are missed",
            Held::Clean,
            vec![World { twist: Twist::Resets, ..busy }, World { twist: Twist::Resets, ..ORDERS }],
        ),
    ]
}

/// Detection of a total loss of orders (2 % of 20 checkouts per second).
pub fn onsets() -> Vec<Onset> {
    let dead = |name, weight: f64, phi: f64, onset: i64| Onset {
        name,
        world: World { weight, phi: Phi::Is(phi), onset: Some((onset, 0.0)), minutes: onset + 150, ..ORDERS },
    };
    vec![
        dead("10 % weight, at once", 0.1, 1.0, 0),
        dead("10 % weight, after 10 min", 0.1, 1.0, 10),
        dead("10 % weight, after 30 min", 0.1, 1.0, 30),
        dead("10 % weight, after 2 h", 0.1, 1.0, 120),
        dead("5 % weight, at once", 0.05, 1.0, 0),
        dead("1 % weight, at once", 0.01, 1.0, 0),
    ]
}

impl Onset {
    /// The same with the dispersion of a panel that was not calibrated.
    pub fn uncalibrated(&self) -> World {
        World { phi: Phi::Uncalibrated, ..self.world }
    }
}

/// Runs one world so many times.
pub fn rates(world: &World, releases: u32, seed: u64) -> Rates {
    let mut rates = Rates { releases, ..Rates::default() };
    for n in 0..releases {
        let told: Told = run(world, seed + u64::from(n));
        rates.no_go += u32::from(told.regression.is_some());
        rates.go += u32::from(told.within);
        rates.missed += u32::from(told.missed);
    }
    rates
}

/// Median and 90th percentile of the minutes from the beginning of a loss to its regression. A loss that was not seen
/// counts as endless; releases that were a regression before it are left out.
pub fn minutes(world: &World, releases: u32, seed: u64) -> (f64, f64) {
    let told = (0..releases).map(|n| run(world, seed + u64::from(n)).regression.unwrap_or(f64::INFINITY));
    let mut minutes: Vec<f64> = told.filter(|minutes| *minutes > 0.0).collect();
    minutes.sort_by(f64::total_cmp);
    let at = |part: usize| minutes.get(minutes.len() * part / 10).copied().unwrap_or(f64::INFINITY);
    (at(5), at(9))
}

impl Rates {
    /// α + 3σ of this many releases.
    pub fn limit(&self) -> f64 {
        ALPHA + 3.0 * (ALPHA * (1.0 - ALPHA) / f64::from(self.releases)).sqrt()
    }

    pub fn share(&self, count: u32) -> f64 {
        f64::from(count) / f64::from(self.releases)
    }

    /// What is said too often for what the world is held to.
    pub fn exceeded(&self, held: Held) -> Vec<&'static str> {
        let over = |count: u32| self.share(count) > self.limit();
        let mut wrong = Vec::new();
        if over(self.no_go) {
            wrong.push("NO-GO");
        }
        if held == Held::Bound && over(self.go) {
            wrong.push("GO");
        }
        if over(self.missed) {
            wrong.push("interval");
        }
        wrong
    }
}
