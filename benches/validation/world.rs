//! A release that could have been: traffic, customers and pods drawn at random, and what the judge says of them.

use flightdeck::{
    domain::{
        counting::Counting,
        panel::{Arm, Arms, Better},
        series::{Counts, InstanceTicks, Point, Series, Tick},
    },
    judge::{Dispersion, Judge, Pods, Rules, Standing, dispersion},
};
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Binomial, Distribution as _, Gamma, Poisson, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus as Random;

/// Seconds per tick.
pub const STEP: i64 = 10;
/// Pods of the whole service; the canary has its share of them, at least one.
const PODS: usize = 10;
/// Ticks of history that dispersion is measured on: half an hour.
const HISTORY: i64 = 180;
/// Ticks by which an event follows its exposure where there is a lag, and scrapes that are waited for beyond.
const LAG: usize = 3;
const SCRAPES: usize = 2;
/// Correlation of a pod's wandering from one tick to the next: it forgets in five minutes.
const MEMORY: f64 = 0.967;

/// How dispersion is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phi {
    /// Told.
    Is(f64),
    /// Measured on half an hour before the release.
    Measured,
    /// Not known: 3.
    Uncalibrated,
}

/// One way a release may go. Everything is independent and steady unless said otherwise.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// Exposures per second of both arms.
    pub rate: f64,
    /// The canary's share of them.
    pub weight: f64,
    /// Events per exposure.
    pub p: f64,
    /// The canary's event rate over the baseline's from the start, and from `onset` minutes on.
    pub ratio: f64,
    pub onset: Option<(i64, f64)>,
    pub minutes: i64,
    pub phi: Phi,
    /// Variance of events over that of independent ones: they come in clusters.
    pub clusters: f64,
    /// Standard deviation of ln of a pod's event rate: for good, and wandering.
    pub differ: f64,
    pub wander: f64,
    pub twist: Twist,
}

/// What else happens during a release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Twist {
    None,
    /// Traffic and event rate swing as over a day, but in two hours.
    Daily,
    /// Events five times as frequent in both arms for ten minutes.
    Incident,
    /// 1, 5, 10, 25 and 50 % for ten minutes each, with events 30 s behind their exposures.
    Steps,
    /// Counters restart and scrapes are missed, each once in a hundred ticks and pod.
    Resets,
}

impl World {
    /// Orders: 2 % of 20 checkouts per second, 10 % on the canary, half an hour, nothing wrong.
    pub const ORDERS: Self = Self {
        rate: 20.0,
        weight: 0.1,
        p: 0.02,
        ratio: 1.0,
        onset: None,
        minutes: 30,
        phi: Phi::Is(1.0),
        clusters: 1.0,
        differ: 0.0,
        wander: 0.0,
        twist: Twist::None,
    };
}

/// What was said of one release.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// Minutes from the onset, or else from the first exposure, to the regression.
    pub regression: Option<f64>,
    /// Was within tolerance at some time.
    pub within: bool,
    /// The interval left the truth out at some time. Not looked at once the truth changes.
    pub missed: bool,
}

/// A pod's own part of its event rate, in logarithms.
struct Pod {
    own: f64,
    wandering: f64,
}

struct Draws<'a> {
    world: &'a World,
    random: Random,
}

/// Runs one release. The same world and seed give the same.
pub fn run(world: &World, seed: u64) -> Told {
    let mut draws = Draws { world, random: Random::seed_from_u64(seed) };
    let mut pods: Vec<Pod> = (0..2 * PODS).map(|_| draws.pod()).collect();
    let rules = Rules::new(Better::Higher, 0.1).with_dispersion(draws.dispersion(&mut pods));
    let mut judge = Judge::new(rules, 0);
    let mut told = Told::default();
    let count = usize::try_from(world.minutes * 60 / STEP).unwrap();
    let all = if world.twist == Twist::Resets { draws.counted(&mut pods, count) } else { Vec::new() };
    let mut counted = all.into_iter().peekable();
    let mut late = [Counts::default(); LAG].map(|none| (none, none));
    let mut changed = 0;
    for n in 0..count {
        let at = (i64::try_from(n).unwrap() + 1) * STEP;
        if world.twist == Twist::Steps && n > 0 && n % 60 == 0 && n / 60 < STEPS.len() {
            judge.weight_changed(at - STEP);
            changed = n;
        }
        let serving = world.canary_pods(n);
        let mut tick = if world.twist == Twist::Resets {
            // Where a scrape is missing a tick is longer.
            let Some(tick) = counted.next_if(|tick| tick.at == at) else { continue };
            tick
        } else {
            draws.tick(&mut pods, n, at)
        };
        if world.twist == Twist::Steps {
            let due = std::mem::replace(&mut late[n % LAG], (tick.canary, tick.baseline));
            tick.canary.events = due.0.events;
            tick.baseline.events = due.1.events;
            if n < changed + LAG + SCRAPES {
                continue;
            }
        }
        let pods = Pods { canary: serving.try_into().unwrap(), baseline: (PODS - serving).max(1).try_into().unwrap() };
        // Events without exposures can come about after a lag; they are no tick, as on the screen.
        let _ = judge.take(&tick, pods);
        if world.onset.is_none_or(|(minutes, _)| at <= minutes * 60) {
            let finding = judge.finding();
            told.within |= finding.standing == Standing::Within;
            told.missed |= !(finding.low..=finding.high).contains(&world.ratio);
        }
        if let Some(latch) = judge.latched() {
            let began = world.onset.map_or(0, |(minutes, _)| minutes * 60);
            #[expect(clippy::cast_precision_loss, reason = "seconds of a release")]
            let seconds = (latch.at - began) as f64;
            told.regression.get_or_insert(seconds / 60.0);
            if world.onset.is_some() {
                break;
            }
        }
    }
    told
}

/// Weights of a release in steps.
const STEPS: [f64; 5] = [0.01, 0.05, 0.1, 0.25, 0.5];

impl World {
    /// What sets it apart from others of its group, for a table.
    pub fn words(&self) -> String {
        let mut words = format!("{}/s, {} % weight, p {} %", self.rate, self.weight * 100.0, self.p * 100.0);
        for (is, text) in [
            (self.clusters > 1.0, format!(", clusters φ {}", self.clusters)),
            (self.wander > 0.0, format!(", pods wander {} %", self.wander * 100.0)),
            (self.differ > 0.0, format!(", pods differ {} %", self.differ * 100.0)),
            (self.phi == Phi::Measured, ", φ measured".to_owned()),
            (self.phi == Phi::Uncalibrated, ", uncalibrated".to_owned()),
        ] {
            if is {
                words.push_str(&text);
            }
        }
        words
    }

    fn weight_at(&self, n: usize) -> f64 {
        if self.twist == Twist::Steps { STEPS[(n / 60).min(STEPS.len() - 1)] } else { self.weight }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "ten pods"
    )]
    fn canary_pods(&self, n: usize) -> usize {
        ((self.weight_at(n) * PODS as f64).round() as usize).clamp(1, PODS - 1)
    }

    fn ratio_at(&self, at: i64) -> f64 {
        self.onset.filter(|(minutes, _)| at > minutes * 60).map_or(self.ratio, |(_, ratio)| ratio)
    }
}

impl Draws<'_> {
    fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.random)
    }

    fn pod(&mut self) -> Pod {
        Pod { own: self.normal() * self.world.differ, wandering: self.normal() * self.world.wander }
    }

    fn poisson(&mut self, mean: f64) -> f64 {
        Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(&mut self.random))
    }

    /// Events among so many exposures, each at chance `p`.
    fn events(&mut self, exposures: f64, p: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "counts"
        )]
        if p > 0.1 {
            return Binomial::new(exposures as u64, p.min(1.0)).unwrap().sample(&mut self.random) as f64;
        }
        // Clusters of geometric size with mean c have the variance 2c − 1 times that of independent events.
        let size = f64::midpoint(self.world.clusters, 1.0);
        let clusters = self.poisson(exposures * p / size);
        if size <= 1.0 || clusters <= 0.0 {
            return clusters;
        }
        let more = Gamma::new(clusters, size - 1.0).unwrap().sample(&mut self.random);
        clusters + self.poisson(more)
    }

    /// What one pod does in a tick with so many exposures expected.
    fn pod_tick(&mut self, pod: &mut Pod, exposures: f64, p: f64) -> Counts {
        if self.world.wander > 0.0 {
            let step = self.normal() * self.world.wander * (1.0 - MEMORY * MEMORY).sqrt();
            pod.wandering = pod.wandering * MEMORY + step;
        }
        let exposures = self.poisson(exposures);
        let events = self.events(exposures, p * (pod.own + pod.wandering).exp());
        Counts { events, exposures }
    }

    /// Exposures of all pods and event rate in the tick `n`, which may lie before the release.
    fn flow(&self, n: i64) -> (f64, f64) {
        let world = self.world;
        #[expect(clippy::cast_precision_loss, reason = "ticks of a release")]
        let swing = if world.twist == Twist::Daily { (n as f64 / 720.0 * std::f64::consts::TAU).sin() } else { 0.0 };
        let trouble = if world.twist == Twist::Incident && (60..120).contains(&n) { 5.0 } else { 1.0 };
        #[expect(clippy::cast_precision_loss, reason = "ten seconds")]
        let exposures = world.rate * STEP as f64 * (1.0 + 0.6 * swing);
        (exposures, world.p * trouble * (1.0 - 0.4 * swing))
    }

    fn tick(&mut self, pods: &mut [Pod], n: usize, at: i64) -> Tick {
        let (weight, serving) = (self.world.weight_at(n), self.world.canary_pods(n));
        let (exposures, p) = self.flow(i64::try_from(n).unwrap());
        let mut tick = Tick { at, baseline: Counts::default(), canary: Counts::default() };
        let (old, new) = pods.split_at_mut(PODS);
        let plain = self.world.differ <= 0.0 && self.world.wander <= 0.0;
        // Pods that are all alike are one.
        let (old, new) =
            if plain { (&mut old[..1], &mut new[..1]) } else { (&mut old[..PODS - serving], &mut new[..serving]) };
        let ratio = self.world.ratio_at(at);
        #[expect(clippy::cast_precision_loss, reason = "ten pods")]
        let each = |share: f64, pods: &[Pod]| exposures * share / pods.len() as f64;
        let (of_old, of_new) = (each(1.0 - weight, old), each(weight, new));
        for pod in old {
            tick.baseline += self.pod_tick(pod, of_old, p);
        }
        for pod in new {
            tick.canary += self.pod_tick(pod, of_new, p * ratio);
        }
        tick
    }

    /// Dispersion as the panel would know it.
    fn dispersion(&mut self, pods: &mut [Pod]) -> Dispersion {
        match self.world.phi {
            Phi::Is(phi) => Dispersion::measured(phi),
            Phi::Uncalibrated => Dispersion::default(),
            Phi::Measured => {
                let mut history: Vec<InstanceTicks> = (0..PODS)
                    .map(|n| InstanceTicks { instance: format!("old-{n}").as_str().into(), ticks: Vec::new() })
                    .collect();
                for n in 0..HISTORY {
                    let (exposures, p) = self.flow(n - HISTORY);
                    for (instance, pod) in history.iter_mut().zip(&mut *pods) {
                        #[expect(clippy::cast_precision_loss, reason = "ten pods")]
                        let counts = self.pod_tick(pod, exposures / PODS as f64, p);
                        instance.ticks.push(((n + 1) * STEP, counts));
                    }
                }
                dispersion::estimate(&history, STEP).unwrap_or_default()
            }
        }
    }

    /// All ticks of the release by way of counters that restart and scrapes that are missed.
    fn counted(&mut self, pods: &mut [Pod], count: usize) -> Vec<Tick> {
        let serving = self.world.canary_pods(0);
        let names: Vec<(String, bool)> = (0..PODS - serving)
            .map(|n| (format!("old-{n}"), false))
            .chain((0..serving).map(|n| (format!("new-{n}"), true)))
            .collect();
        let series = |name: &str| Series { instance: name.into(), points: vec![Point { at: 0, value: 0.0 }] };
        let mut events: Vec<Series> = names.iter().map(|(name, _)| series(name)).collect();
        let mut exposed = events.clone();
        let mut totals = vec![Counts::default(); names.len()];
        for n in 0..count {
            let at = (i64::try_from(n).unwrap() + 1) * STEP;
            let (exposures, p) = self.flow(i64::try_from(n).unwrap());
            for (i, (_, canary)) in names.iter().enumerate() {
                let (share, pods_of_arm) =
                    if *canary { (self.world.weight, serving) } else { (1.0 - self.world.weight, PODS - serving) };
                let ratio = if *canary { self.world.ratio_at(at) } else { 1.0 };
                #[expect(clippy::cast_precision_loss, reason = "ten pods")]
                let counts = self.pod_tick(&mut pods[i], exposures * share / pods_of_arm as f64, p * ratio);
                if self.random.random_bool(0.01) {
                    totals[i] = Counts::default();
                }
                totals[i] += counts;
                if !self.random.random_bool(0.01) {
                    events[i].points.push(Point { at, value: totals[i].events });
                    exposed[i].points.push(Point { at, value: totals[i].exposures });
                }
            }
        }
        let arm = |prefix: &str| Arm { hash: prefix.into(), instance_prefix: prefix.into() };
        let arms = Arms { baseline: arm("old-"), canary: Some(arm("new-")) };
        let to = i64::try_from(count).unwrap() * STEP;
        Counting::default().take(&[events, exposed], &arms, to, STEP).iter().map(|counted| counted.tick).collect()
    }
}
