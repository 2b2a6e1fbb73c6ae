//! How much a panel's events cluster, measured on the old revision alone before the release.
//!
//! Never on the release itself: there it lags behind, and gave 17 % false alarms in simulation.

use std::collections::BTreeMap;

use super::rules::Dispersion;
use crate::domain::series::{Counts, InstanceTicks, Tick};

/// Ticks before the release that are needed.
pub const ENOUGH_TICKS: usize = 180;
/// Lengths of blocks, in ticks: clusters may be short or long.
const BLOCKS: [i64; 4] = [1, 3, 10, 30];
/// What an estimate is multiplied with, for what so few ticks did not show.
const CAUTION: f64 = 1.25;

/// Why nothing could be measured; the panel stays uncalibrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncalibrated {
    #[error("{found} ticks before the release, {ENOUGH_TICKS} are needed")]
    TooShort { found: usize },
    #[error("one instance before the release, two are needed")]
    OneInstance,
    #[error("too few events before the release")]
    NoEvents,
}

/// φ̂ = 1.25 × the largest of Pearson χ²/df over blocks of 1, 3, 10 and 30 ticks, the instances of the old revision
/// split in two halves that differ by a fixed ratio; never below 1. And σ_pod, by which the event rates of instances
/// differ for good. `history` are ticks of `step` seconds before the release.
///
/// # Errors
/// When the history is too short, or of one instance, or without events.
pub fn estimate(history: &[InstanceTicks], step: i64) -> Result<Dispersion, Uncalibrated> {
    let halves = halves(history)?;
    let raw = chi(&halves, step)?;
    Ok(Dispersion {
        phi: (CAUTION * raw).max(1.0),
        sigma_pod: sigma_pod(history, step, raw.max(1.0)),
        calibrated: true,
    })
}

/// The same for a traffic split: how much more the exposures of two halves of the instances vary than independent ones
/// would. Instances that come or go make it larger.
///
/// # Errors
/// When the history is too short, or of one instance, or without exposures.
pub fn estimate_split(history: &[InstanceTicks], step: i64) -> Result<f64, Uncalibrated> {
    let exposed: Vec<Tick> = halves(history)?
        .into_iter()
        .map(|tick| {
            let arm = |counts: Counts| Counts { events: counts.exposures, exposures: 1.0 };
            Tick { baseline: arm(tick.baseline), canary: arm(tick.canary), ..tick }
        })
        .collect();
    Ok((CAUTION * chi(&exposed, step)?).max(1.0))
}

/// Every other instance, in the order given, on each side; ticks in which both sides were exposed.
fn halves(history: &[InstanceTicks]) -> Result<Vec<Tick>, Uncalibrated> {
    let serving = history.iter().filter(|instance| instance.ticks.iter().any(|(_, counts)| counts.exposures > 0.0));
    let mut ticks: BTreeMap<i64, (Counts, Counts)> = BTreeMap::new();
    let mut instances = 0;
    for (place, instance) in serving.enumerate() {
        instances = place + 1;
        for (at, counts) in &instance.ticks {
            let (one, other) = ticks.entry(*at).or_default();
            *(if place % 2 == 0 { one } else { other }) += *counts;
        }
    }
    let usable: Vec<Tick> = ticks
        .into_iter()
        .filter(|(_, (one, other))| one.exposures > 0.0 && other.exposures > 0.0)
        .map(|(at, (canary, baseline))| Tick { at, baseline, canary })
        .collect();
    match (instances, usable.len()) {
        (1, _) => Err(Uncalibrated::OneInstance),
        (_, found) if found < ENOUGH_TICKS => Err(Uncalibrated::TooShort { found }),
        (_, _) => Ok(usable),
    }
}

/// The largest Pearson χ²/df of any length of block, with the ratio of the halves fitted over all.
fn chi(ticks: &[Tick], step: i64) -> Result<f64, Uncalibrated> {
    let whole = sum(ticks.iter());
    let (Some(one), Some(other)) = (whole.canary.rate(), whole.baseline.rate()) else {
        return Err(Uncalibrated::NoEvents);
    };
    if one <= 0.0 || other <= 0.0 {
        return Err(Uncalibrated::NoEvents);
    }
    let ratio = one / other;
    BLOCKS
        .iter()
        .filter_map(|length| {
            let blocks: Vec<Tick> = blocks(ticks, length * step.max(1)).map(sum).collect();
            let (mut total, mut count) = (0.0, 0.0);
            for block in blocks {
                let m = block.canary.events + block.baseline.events;
                let weighted = block.canary.exposures * ratio;
                let theta = weighted / (weighted + block.baseline.exposures);
                let variance = m * theta * (1.0 - theta);
                if variance > 0.0 {
                    total += (block.canary.events - m * theta).powi(2) / variance;
                    count += 1.0;
                }
            }
            (count > 1.0).then(|| total / (count - 1.0))
        })
        .reduce(f64::max)
        .ok_or(Uncalibrated::NoEvents)
}

/// Standard deviation of instances' relative event rates beyond what `phi` explains (method of moments): the excess of
/// (events − expected)² over φ·expected, expected by the rate of all instances in the same blocks of 30 ticks.
fn sigma_pod(history: &[InstanceTicks], step: i64, phi: f64) -> f64 {
    let length = BLOCKS[BLOCKS.len() - 1] * step.max(1);
    let mut common: BTreeMap<i64, Counts> = BTreeMap::new();
    for (at, counts) in history.iter().flat_map(|instance| &instance.ticks) {
        *common.entry(at.div_euclid(length)).or_default() += *counts;
    }
    let all: f64 = common.values().map(|counts| counts.events).sum();
    let (mut excess, mut weight) = (0.0, 0.0);
    for instance in history {
        let (mut events, mut expected) = (0.0, 0.0);
        for (at, counts) in &instance.ticks {
            let rate = common.get(&at.div_euclid(length)).and_then(|counts| counts.rate()).unwrap_or_default();
            events += counts.events;
            expected += counts.exposures * rate;
        }
        // An instance is part of what it is compared with.
        let free = if all > 0.0 { 1.0 - expected / all } else { 0.0 };
        excess += (events - expected).powi(2) - phi * expected * free;
        weight += expected.powi(2) * free;
    }
    if weight > 0.0 { (excess / weight).max(0.0).sqrt() } else { 0.0 }
}

fn blocks(ticks: &[Tick], seconds: i64) -> impl Iterator<Item = std::slice::Iter<'_, Tick>> {
    ticks.chunk_by(move |one, other| one.at.div_euclid(seconds) == other.at.div_euclid(seconds)).map(<[Tick]>::iter)
}

fn sum<'a>(ticks: impl Iterator<Item = &'a Tick>) -> Tick {
    let mut sum = Tick { at: 0, baseline: Counts::default(), canary: Counts::default() };
    for tick in ticks {
        sum.at = tick.at;
        sum.baseline += tick.baseline;
        sum.canary += tick.canary;
    }
    sum
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_distr::{Distribution as _, Normal, Poisson};
    use rand_xoshiro::Xoshiro256PlusPlus as Random;

    use super::*;

    fn poisson(random: &mut Random, mean: f64) -> f64 {
        Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(random))
    }

    /// 10 instances with 20 exposures per tick each; a tenth of these are events, in clusters of `size`, and
    /// instances differ by `sigma` for good.
    fn history(seed: u64, ticks: i64, size: f64, sigma: f64) -> Vec<InstanceTicks> {
        let random = &mut Random::seed_from_u64(seed);
        (0..10)
            .map(|n| {
                let own = Normal::new(0.0, sigma).unwrap().sample(random).exp();
                let ticks = (1..=ticks).map(|at| {
                    let exposures = poisson(random, 20.0);
                    let events = poisson(random, 2.0 * own / size) * size;
                    (at * 10, Counts { events, exposures })
                });
                InstanceTicks { instance: format!("web-{n}").as_str().into(), ticks: ticks.collect() }
            })
            .collect()
    }

    #[test]
    fn clusters_are_found_and_independent_events_cost_little() {
        for (size, least, most) in [(1.0, 1.0, 2.6), (3.0, 3.0, 7.5), (6.0, 6.0, 15.0)] {
            for seed in 0..10 {
                let found = estimate(&history(seed, 360, size, 0.0), 10).unwrap();
                assert!((least..most).contains(&found.phi), "size {size}, seed {seed}: {found:?}");
                assert!(found.calibrated && found.sigma_pod < 0.08, "size {size}, seed {seed}: {found:?}");
            }
        }
    }

    #[test]
    fn instances_that_differ_for_good_are_told_from_clusters() {
        let found: Vec<_> = (0..20).map(|seed| estimate(&history(seed, 360, 1.0, 0.2), 10).unwrap()).collect();
        assert!(found.iter().all(|found| found.phi < 3.0), "{found:?}");
        let mean = found.iter().map(|found| found.sigma_pod).sum::<f64>() / 20.0;
        assert!((0.16..0.23).contains(&mean), "{mean}");
    }

    #[test]
    fn without_enough_history_nothing_is_measured() {
        let long = history(1, 200, 1.0, 0.0);
        assert_eq!(estimate(&history(1, 179, 1.0, 0.0), 10), Err(Uncalibrated::TooShort { found: 179 }));
        assert_eq!(estimate(&long[..1], 10), Err(Uncalibrated::OneInstance));
        assert_eq!(estimate(&[], 10), Err(Uncalibrated::TooShort { found: 0 }));
        let mut silent = long.clone();
        silent.iter_mut().flat_map(|instance| &mut instance.ticks).for_each(|(_, counts)| counts.events = 0.0);
        assert_eq!(estimate(&silent, 10), Err(Uncalibrated::NoEvents));
        assert!(estimate_split(&silent, 10).unwrap() < 3.0, "exposures are enough for the split");
        assert!((estimate_split(&long, 10).unwrap() - 1.25).abs() < 1.25);
    }
}
