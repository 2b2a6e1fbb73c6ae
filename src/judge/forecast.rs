//! How long until something would be seen, or shown: the judge itself, run on expected counts.
//!
//! Nothing here is a rule of thumb: each answer comes from the panel's own rules, rates and evidence so far. Expected
//! ticks are as long as the time between two starts, and after an hour as six of these, so that an answer costs some
//! twenty ticks.

use serde::{Deserialize, Serialize};

use super::{
    panel::{Judge, Standing},
    process::START_EVERY,
    rules::{Pods, Rules},
};
use crate::domain::series::{Counts, Tick};

/// Seconds looked ahead: what takes longer is "not within 6 h".
pub const HORIZON: i64 = 6 * 3600;
/// Seconds after which it does not matter that fewer starts are made.
const FAR: i64 = 3600;
/// Seconds that an answer is exact to.
const EXACT: i64 = 10;

/// What is expected to come, per second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Exposures per second of each arm.
    pub baseline: f64,
    pub canary: f64,
    /// Events per exposure of the baseline.
    pub rate: f64,
}

/// How far the way to "within tolerance" is: `done` of `of` ticks, at `ready_at` if all stays as expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub done: u32,
    pub of: u32,
    pub ready_at: i64,
}

impl Flow {
    /// The flow of these ticks, each with the seconds that it spans; none without exposures or events on the baseline.
    #[must_use]
    pub fn observed(ticks: &[(Tick, i64)]) -> Option<Self> {
        let mut sum = (Counts::default(), Counts::default());
        for (tick, _) in ticks {
            sum.0 += tick.baseline;
            sum.1 += tick.canary;
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds of a release")]
        let seconds = ticks.iter().map(|(_, span)| span).sum::<i64>().max(1) as f64;
        let rate = sum.0.rate().filter(|rate| *rate > 0.0)?;
        Some(Self { baseline: sum.0.exposures / seconds, canary: sum.1.exposures / seconds, rate })
    }

    /// The same traffic with this share of it (0 to 1) on the canary.
    #[must_use]
    pub fn at_weight(self, share: f64) -> Self {
        let all = self.baseline + self.canary;
        let share = share.clamp(0.0, 1.0);
        Self { baseline: all * (1.0 - share), canary: all * share, ..self }
    }

    /// Whether both arms are exposed and the baseline has events.
    fn flows(self) -> bool {
        [self.baseline, self.canary, self.rate].iter().all(|n| n.is_finite() && *n > 0.0)
    }

    /// Everything that comes in `seconds`, while the canary's rate is `ratio` times the baseline's.
    fn tick(self, at: i64, seconds: i64, ratio: f64) -> Tick {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a release")]
        let of = |exposures: f64, rate: f64| Counts {
            events: exposures * seconds as f64 * rate,
            exposures: exposures * seconds as f64,
        };
        Tick { at, baseline: of(self.baseline, self.rate), canary: of(self.canary, self.rate * ratio) }
    }
}

/// Seconds until a loss would be seen if it began at the first exposure and was there at once: `ratio` is the
/// canary's event rate over the baseline's, 0 for a panel that is dead. None if not within [`HORIZON`].
#[must_use]
pub fn blind(rules: Rules, flow: Flow, pods: Pods, ratio: f64) -> Option<i64> {
    until_seen(&Judge::new(rules, 0), flow, pods, ratio, 0)
}

/// The same if it began `healthy` seconds after the judge's last tick, after all that was seen so far. Counted from
/// when it began; 0 once a regression was found.
#[must_use]
pub fn until_seen(judge: &Judge, flow: Flow, pods: Pods, ratio: f64, healthy: i64) -> Option<i64> {
    let mut judge = judge.clone();
    if judge.latched().is_none() && healthy > 0 && flow.flows() {
        judge.take(&flow.tick(judge.now() + healthy, healthy, 1.0), pods).ok()?;
    }
    ahead(&judge, flow, pods, ratio, |judge| judge.latched().is_some())
}

/// Seconds until the panel is within its tolerance if the canary is from now on `ratio` times the baseline (1 for
/// a canary that changes nothing). None if not within [`HORIZON`], and after a regression.
#[must_use]
pub fn until_safe(judge: &Judge, flow: Flow, pods: Pods, ratio: f64) -> Option<i64> {
    if judge.latched().is_some() {
        return None;
    }
    ahead(judge, flow, pods, ratio, |judge| judge.standing() == Standing::Within)
}

/// [`until_safe`] as progress in ticks of `step` seconds.
#[must_use]
pub fn progress(judge: &Judge, flow: Flow, pods: Pods, step: i64) -> Option<Progress> {
    let seconds = until_safe(judge, flow, pods, 1.0)?;
    let done = judge.whole().ticks;
    let step = step.max(1);
    let more = u32::try_from((seconds + step - 1) / step).unwrap_or(u32::MAX);
    Some(Progress { done, of: done.saturating_add(more), ready_at: judge.now() + seconds })
}

/// The smallest weight, in whole percent up to 50, at which the loss would be seen `within` so many seconds.
#[must_use]
pub fn weight_to_see(rules: Rules, flow: Flow, pods: Pods, ratio: f64, within: i64) -> Option<f64> {
    let seen = |percent: u32| {
        let flow = flow.at_weight(f64::from(percent) / 100.0);
        blind(rules, flow, pods, ratio).is_some_and(|seconds| seconds <= within)
    };
    let (mut too_small, mut enough) = (0, 50);
    if !seen(enough) {
        return None;
    }
    while enough - too_small > 1 {
        let middle = too_small.midpoint(enough);
        if seen(middle) {
            enough = middle;
        } else {
            too_small = middle;
        }
    }
    Some(f64::from(enough))
}

/// Runs the judge on expected counts until `done`, start by start and then exactly.
fn ahead(judge: &Judge, flow: Flow, pods: Pods, ratio: f64, done: impl Fn(&Judge) -> bool) -> Option<i64> {
    if done(judge) {
        return Some(0);
    }
    if !flow.flows() {
        return None;
    }
    let began = judge.now();
    let mut judge = judge.clone();
    while judge.now() - began < HORIZON {
        let now = judge.now();
        let near = judge.next_start() - now;
        let stretch = if now - began < FAR { near } else { near + 5 * START_EVERY };
        let after = |seconds: i64| {
            let mut later = judge.clone();
            later.take(&flow.tick(now + seconds, seconds, ratio), pods).ok().map(|()| later)
        };
        let later = after(stretch)?;
        if done(&later) {
            let (mut too_early, mut enough) = (0, stretch);
            while enough - too_early > EXACT {
                let middle = too_early + (enough - too_early) / 2 / EXACT * EXACT;
                // A stretch need not be a multiple of what is exact.
                let middle = middle.max(too_early + EXACT);
                if after(middle).is_some_and(|later| done(&later)) {
                    enough = middle;
                } else {
                    too_early = middle;
                }
            }
            return Some(now + enough - began);
        }
        judge = later;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::panel::Better, judge::Dispersion};

    const NONE: Pods = Pods { baseline: 0, canary: 0 };
    /// Orders are 2 % of 20 checkouts per second.
    const ORDERS: Flow = Flow { baseline: 18.0, canary: 2.0, rate: 0.02 };

    fn rules(phi: f64) -> Rules {
        Rules::new(Better::Higher, 0.1).with_dispersion(Dispersion::measured(phi))
    }

    #[test]
    fn a_dead_checkout_stays_invisible_for_as_long_as_simulated() {
        for (phi, weight, minutes) in [(1.0, 0.1, 3.5), (3.0, 0.1, 10.3), (1.0, 0.05, 6.5), (3.0, 0.05, 19.8)] {
            let seconds = blind(rules(phi), ORDERS.at_weight(weight), NONE, 0.0).unwrap();
            #[expect(clippy::cast_precision_loss, reason = "minutes")]
            let found = seconds as f64 / 60.0;
            assert!((found / minutes - 1.0).abs() < 0.1, "φ {phi} weight {weight}: {found} of {minutes} min");
        }
        let at_one = blind(rules(1.0), ORDERS.at_weight(0.01), NONE, 0.0).unwrap() / 60;
        assert!((28..=34).contains(&at_one), "{at_one}");
        assert!(blind(rules(3.0), ORDERS.at_weight(0.01), NONE, 0.0).unwrap() > 85 * 60);
        assert_eq!(blind(rules(1.0), ORDERS, NONE, 1.0), None, "no loss is never seen");
        assert_eq!(blind(rules(1.0), ORDERS.at_weight(0.0), NONE, 0.0), None, "nobody is exposed");
        assert!(blind(rules(1.0).with_critical(8), ORDERS, NONE, 0.0) > blind(rules(1.0), ORDERS, NONE, 0.0));
    }

    #[test]
    fn expected_ticks_and_one_long_one_say_the_same() {
        let long = blind(rules(1.0), ORDERS, NONE, 0.3).unwrap();
        let mut judge = Judge::new(rules(1.0), 0);
        while judge.latched().is_none() {
            let at = judge.now() + 10;
            judge.take(&ORDERS.tick(at, 10, 0.3), NONE).unwrap();
        }
        assert_eq!(judge.now(), long);
    }

    #[test]
    fn what_is_not_judged_yet_is_health_that_a_loss_has_to_outweigh() {
        let (mut judge, none) = (Judge::new(rules(1.0), 0), Judge::new(rules(1.0), 0));
        judge.take(&ORDERS.tick(60, 60, 1.0), NONE).unwrap();
        let told = until_seen(&none, ORDERS, NONE, 0.0, 60);
        assert_eq!(told, until_seen(&judge, ORDERS, NONE, 0.0, 0));
        assert!(told > until_seen(&none, ORDERS, NONE, 0.0, 0));
        assert_eq!(until_seen(&none, ORDERS.at_weight(0.0), NONE, 0.0, 60), None);
    }

    #[test]
    fn progress_counts_down_to_the_moment_it_is_shown() {
        let errors = Flow { baseline: 180.0, canary: 20.0, rate: 0.02 };
        let rules = Rules::new(Better::Lower, 0.25).with_dispersion(Dispersion::measured(1.0));
        let mut judge = Judge::new(rules, 0);
        let first = progress(&judge, errors, NONE, 10).unwrap();
        assert_eq!(first.done, 0);
        for n in 1..=i64::from(first.of) {
            assert_eq!(judge.standing(), Standing::Collecting);
            judge.take(&errors.tick(n * 10, 10, 1.0), NONE).unwrap();
            let now = progress(&judge, errors, NONE, 10).unwrap();
            assert_eq!((now.ready_at, now.of), (first.ready_at, first.of), "tick {n}");
        }
        assert_eq!(judge.standing(), Standing::Within);
        assert_eq!(progress(&judge, errors.at_weight(0.0), NONE, 10).map(|p| p.ready_at), Some(judge.now()));
        let regressed = Flow { rate: 0.0, ..errors };
        assert_eq!(until_safe(&Judge::new(rules, 0), regressed, NONE, 1.0), None);
    }

    #[test]
    fn the_weight_that_would_be_enough_is_the_smallest() {
        let percent = weight_to_see(rules(1.0), ORDERS, NONE, 0.0, 300).unwrap();
        let sees = |percent: f64| blind(rules(1.0), ORDERS.at_weight(percent / 100.0), NONE, 0.0).unwrap() <= 300;
        assert!(sees(percent) && !sees(percent - 1.0), "{percent}");
        assert_eq!(weight_to_see(rules(3.0), ORDERS, NONE, 0.9, 600), None);
    }

    #[test]
    fn the_flow_is_what_came_per_second() {
        let ticks = [(ORDERS.tick(10, 10, 0.5), 10), (ORDERS.tick(40, 30, 0.0), 30)];
        let flow = Flow::observed(&ticks).unwrap();
        for (is, was) in [(flow.baseline, 18.0), (flow.canary, 2.0), (flow.rate, 0.02)] {
            assert!((is - was).abs() < 1e-9);
        }
        assert_eq!(Flow::observed(&[]), None);
    }
}
