//! Laws that the judge keeps whatever it is fed: exactness, symmetries, and that it is a function of its ticks.

use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_distr::{Distribution as _, Poisson};
use rand_xoshiro::Xoshiro256PlusPlus as Random;

use super::*;
use crate::domain::{
    panel::Better,
    series::{Counts, Tick},
};

const NONE: Pods = Pods { baseline: 0, canary: 0 };

fn exact(better: Better, tolerance: f64) -> Rules {
    Rules::new(better, tolerance).with_dispersion(Dispersion::measured(1.0))
}

fn tick(at: i64, (x, n_c): (f64, f64), (y, n_b): (f64, f64)) -> Tick {
    Tick { at, baseline: Counts { events: y, exposures: n_b }, canary: Counts { events: x, exposures: n_c } }
}

fn choose(n: i32, k: i32) -> f64 {
    (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product()
}

fn binomial(n: i32, k: i32, p: f64) -> f64 {
    choose(n, k) * p.powi(k) * (1.0 - p).powi(n - k)
}

/// Exposures of one tick of each arm in the trees below.
const CANARY: i32 = 2;
const BASELINE: i32 = 3;

/// The events of each tick, and E⁺ and E⁻ after the last.
struct Leaf {
    path: Vec<(i32, i32)>,
    harm: f64,
    safe: f64,
}

/// Every outcome of so many ticks.
fn tree(judge: &Judge, depth: i64, path: &[(i32, i32)], leaves: &mut Vec<Leaf>) {
    if depth == 0 {
        let finding = judge.finding();
        leaves.push(Leaf { path: path.to_vec(), harm: finding.log_e_harm.exp(), safe: finding.log_e_safe.exp() });
        return;
    }
    for x in 0..=CANARY {
        for y in 0..=BASELINE {
            let mut next = judge.clone();
            let at = judge.now() + 10;
            next.take(&tick(at, (x.into(), CANARY.into()), (y.into(), BASELINE.into())), NONE).unwrap();
            next.weight_changed(at);
            let path: Vec<_> = path.iter().copied().chain([(x, y)]).collect();
            tree(&next, depth - 1, &path, leaves);
        }
    }
}

/// The expected value of E over all outcomes is at most 1 wherever the null holds, at every event probability,
/// with binomial arms and several starts. That is the whole guarantee.
#[test]
fn evidence_is_worth_at_most_its_stake_under_the_null() {
    for (better, tolerance) in [(Better::Lower, 0.1), (Better::Lower, 0.0), (Better::Higher, 0.1)] {
        let rules = exact(better, tolerance);
        let bound = rules.ln_bounds(NONE).harm.exp();
        let mut leaves = Vec::new();
        tree(&Judge::new(rules, 0), 3, &[], &mut leaves);
        for p in [0.02, 0.2, 0.5, 0.8] {
            for part in [0.25, 0.6, 0.9, 1.0, 1.0 / 0.9, 1.0 / 0.6, 4.0] {
                let r = bound * part;
                if p * r > 1.0 {
                    continue;
                }
                let likely = |leaf: &Leaf| -> f64 {
                    leaf.path.iter().map(|(x, y)| binomial(CANARY, *x, p * r) * binomial(BASELINE, *y, p)).product()
                };
                let harm: f64 = leaves.iter().map(|leaf| likely(leaf) * leaf.harm).sum();
                let safe: f64 = leaves.iter().map(|leaf| likely(leaf) * leaf.safe).sum();
                let fine = match better {
                    Better::Lower => part <= 1.0,
                    Better::Higher => part >= 1.0,
                };
                let harmful = !fine || (part - 1.0).abs() < f64::EPSILON;
                assert!(!fine || harm <= 1.0 + 1e-9, "{better:?} {tolerance}: E⁺ {harm} at p {p}, r {r}");
                assert!(!harmful || safe <= 1.0 + 1e-9, "{better:?} {tolerance}: E⁻ {safe} at p {p}, r {r}");
            }
        }
    }
}

/// Some ticks that are not alike, 20 to each start.
fn ticks() -> Vec<Tick> {
    (1..=200_i64)
        .map(|n| {
            let wave = |by: i64| f64::from(u16::try_from(n * by % 7).unwrap());
            tick(n * 10, (wave(3), 40.0 + wave(5)), (10.0 + wave(2), 300.0 + wave(4) * 20.0))
        })
        .collect()
}

fn after(rules: Rules, ticks: &[Tick]) -> Judge {
    let mut judge = Judge::new(rules, 0);
    for tick in ticks {
        judge.take(tick, NONE).unwrap();
    }
    judge
}

fn assert_alike(one: &Judge, other: &Judge, name: &str) {
    let (one, other) = (one.finding(), other.finding());
    assert_eq!((one.standing, one.since), (other.standing, other.since), "{name}");
    for (a, b) in [
        (one.log_e_harm, other.log_e_harm),
        (one.log_e_safe, other.log_e_safe),
        (one.low, other.low),
        (one.high, other.high),
        (one.ratio.unwrap(), other.ratio.unwrap()),
    ] {
        assert!((a - b).abs() < 1e-4 * a.abs().max(1.0), "{name}: {a} and {b}");
    }
}

#[test]
fn only_what_happened_between_starts_counts_not_its_order_or_its_pieces() {
    let rules = exact(Better::Lower, 0.1);
    let ticks = ticks();
    let whole = after(rules, &ticks);

    let mut turned = ticks.clone();
    for span in turned.chunks_mut(60) {
        let times: Vec<i64> = span.iter().map(|tick| tick.at).collect();
        span.reverse();
        span.iter_mut().zip(times).for_each(|(tick, at)| tick.at = at);
    }
    assert_alike(&whole, &after(rules, &turned), "turned round");

    let half = |arm: Counts| (arm.events / 2.0, arm.exposures / 2.0);
    let split: Vec<Tick> =
        ticks.iter().flat_map(|t| [t.at - 5, t.at].map(|at| tick(at, half(t.canary), half(t.baseline)))).collect();
    assert_alike(&whole, &after(rules, &split), "in halves");

    let padded: Vec<Tick> = ticks.iter().flat_map(|t| [tick(t.at - 5, (0.0, 0.0), (0.0, 0.0)), *t]).collect();
    assert_alike(&whole, &after(rules, &padded), "with empty ticks");

    let one_armed: Vec<Tick> = ticks.iter().flat_map(|t| [tick(t.at - 5, (0.0, 0.0), (9.0, 99.0)), *t]).collect();
    assert_alike(&whole, &after(rules, &one_armed), "with ticks of one arm");
}

#[test]
fn arms_and_direction_may_be_swapped_together() {
    let higher = exact(Better::Higher, 0.2);
    let lower = exact(Better::Lower, 0.25);
    let swapped: Vec<Tick> =
        ticks().into_iter().map(|t| Tick { at: t.at, baseline: t.canary, canary: t.baseline }).collect();
    let (one, other) = (after(higher, &ticks()).finding(), after(lower, &swapped).finding());
    assert_eq!(one.standing, other.standing);
    assert!((one.log_e_harm - other.log_e_harm).abs() < 1e-6 && (one.log_e_safe - other.log_e_safe).abs() < 1e-6);
    assert!((one.low * other.high - 1.0).abs() < 1e-9 && (one.high * other.low - 1.0).abs() < 1e-9);
    assert!((one.ratio.unwrap() * other.ratio.unwrap() - 1.0).abs() < 1e-6);
}

#[test]
fn a_judge_made_again_from_slices_is_the_one_that_lived() {
    let rules = exact(Better::Higher, 0.1);
    let live = after(rules, &ticks());
    let mut again = Judge::new(rules, 0);
    for slice in ticks().chunks(60) {
        let written = serde_json::to_string(&again).unwrap();
        again = serde_json::from_str(&written).unwrap();
        for tick in slice {
            again.take(tick, NONE).unwrap();
        }
        // A range that overlaps the last one changes nothing.
        assert_eq!(again.take(&slice[0], NONE), Err(Refused::Old));
    }
    assert_eq!(again, live);
}

/// A long release keeps a bounded number of starts, and still sees what begins late.
#[test]
fn a_release_of_two_days_stays_small_and_watchful() {
    let mut judge = Judge::new(exact(Better::Higher, 0.1), 0);
    let hours = 48;
    for n in 1..=hours * 60 {
        judge.take(&tick(n * 60, (24.0, 1_200.0), (216.0, 10_800.0)), NONE).unwrap();
        if n % 400 == 0 {
            judge.weight_changed(n * 60);
        }
    }
    assert!(serde_json::to_string(&judge).unwrap().len() < 80_000);
    assert_eq!(judge.finding().standing, Standing::Within);
    let mut minutes = 0;
    while judge.latched().is_none() {
        minutes += 1;
        judge.take(&tick(hours * 3600 + minutes * 60, (0.0, 1_200.0), (216.0, 10_800.0)), NONE).unwrap();
    }
    assert!(minutes <= 2, "{minutes}");
    assert_eq!(judge.latched().map(|latch| latch.since), Some(hours * 3600));
}

#[test]
fn pods_that_differ_widen_the_bound_and_bets_that_it_crosses_are_dropped() {
    let rules =
        Rules::new(Better::Lower, 0.1).with_dispersion(Dispersion { phi: 1.0, sigma_pod: 0.1, calibrated: true });
    let many = Pods { baseline: 40, canary: 40 };
    let few = Pods { baseline: 40, canary: 1 };
    let run = |pods: &dyn Fn(i64) -> Pods, ratio: f64| {
        let mut judge = Judge::new(rules, 0);
        for n in 1..=200 {
            judge.take(&tick(n * 10, (10.0 * ratio, 100.0), (100.0, 1_000.0)), pods(n)).unwrap();
        }
        judge.finding()
    };
    assert_eq!(run(&|_| many, 1.3).standing, Standing::Regression);
    assert_ne!(run(&|_| few, 1.3).standing, Standing::Regression, "one pod may differ by that much");
    assert!(run(&|_| few, 1.3).bound > 1.3);
    assert_eq!(run(&|_| few, 1.9).standing, Standing::Regression);
    let shrinking = run(&|n| if n < 20 { many } else { few }, 1.3);
    assert_ne!(shrinking.standing, Standing::Regression);
    let endless = Rules { dispersion: Dispersion { sigma_pod: 9.0, ..rules.dispersion }, ..rules };
    let mut judge = Judge::new(endless, 0);
    judge.take(&tick(10, (50.0, 100.0), (1.0, 1_000.0)), few).unwrap();
    assert!(judge.finding().log_e_harm.abs() < 1e-9, "a bound beyond all ratios tried leaves nothing to bet on");
}

/// Independent counts at a true ratio: the interval on screen misses it in at most 5 % of releases, at any time.
#[test]
fn the_interval_holds_the_truth_at_all_times() {
    let random = &mut Random::seed_from_u64(4);
    let (runs, mut missed) = (100, 0);
    for run in 0..runs {
        let truth = [0.4, 0.8, 1.0, 1.5][run % 4];
        let mut judge = Judge::new(exact(Better::Higher, 0.1), 0);
        let mut inside = true;
        for n in 1..=100 {
            let x = Poisson::new(3.0 * truth).unwrap().sample(random);
            let y = Poisson::new(27.0).unwrap().sample(random);
            judge.take(&tick(n * 10, (x, 30.0), (y, 270.0)), NONE).unwrap();
            let finding = judge.finding();
            inside &= finding.low <= truth && truth <= finding.high;
        }
        missed += u32::from(!inside);
    }
    assert!(missed <= 5 + 3 * 3, "{missed} of {runs}");
}

fn counts() -> impl Strategy<Value = (f64, f64)> {
    let number = prop_oneof![Just(0.0), 0.0..1e3_f64, Just(1e12), 0.0..1e-9_f64, Just(f64::MAX), Just(f64::NAN)];
    (number.clone(), number)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes, no number on screen is NaN or endless, intervals are intervals, and all can be written.
    #[test]
    fn nothing_makes_it_lose_its_numbers(
        arms in prop::collection::vec((counts(), counts(), 0_u32..9, 0_u32..9, any::<bool>()), 1..40),
        higher: bool,
        tolerance in 0.0..2.0_f64,
        sigma_pod in 0.0..0.5_f64,
        step in 1_i64..700,
    ) {
        let better = if higher { Better::Higher } else { Better::Lower };
        let rules = Rules::new(better, tolerance)
            .with_dispersion(Dispersion { phi: 1.0, sigma_pod, calibrated: true });
        let mut judge = Judge::new(rules, 0);
        let mut at = 0;
        for (canary, baseline, c, b, changed) in arms {
            at += step;
            let taken = judge.take(&tick(at, canary, baseline), Pods { canary: c, baseline: b });
            let broken = |(events, exposures): (f64, f64)| {
                events.is_nan() || exposures.is_nan() || events > 1e15 || exposures > 1e15
                    || (exposures <= 0.0 && events > 0.0)
            };
            prop_assert_eq!(taken.is_err(), broken(canary) || broken(baseline));
            if changed {
                judge.weight_changed(at);
            }
            let finding = judge.finding();
            for number in [finding.log_e_harm, finding.log_e_safe, finding.low, finding.high, finding.bound] {
                prop_assert!(number.is_finite(), "{:?}", finding);
            }
            prop_assert!(LOWEST <= finding.low && finding.low < finding.high && finding.high <= HIGHEST);
            prop_assert!(finding.ratio.is_none_or(|ratio| ratio.is_finite() && ratio >= 0.0), "{:?}", finding);
            prop_assert_eq!(judge.standing(), finding.standing);
        }
        let text = serde_json::to_string(&judge).unwrap();
        prop_assert_eq!(serde_json::from_str::<Judge>(&text).unwrap(), judge);
    }
}
