//! The judge of one panel in one release.

use serde::{Deserialize, Serialize};

use super::{
    grid::{HIGHEST, LOWEST},
    process::{Bad, Bounds, Process, Refused, Since},
    rules::{Pods, Rules},
};
use crate::domain::{
    panel::Better,
    series::{Counts, Tick},
};

/// ln E⁺ of a single start from which "within tolerance" is not said: something may have begun there.
pub const DOUBT: f64 = 1.098_612_288_668_109_8;

/// One panel's evidence. May be looked at as often as one likes.
///
/// It is a function of what it was given: `new`, then ticks and weight changes in the order of their times. So it can
/// be made again from range queries that begin at the first exposure, with the same result.
///
/// The caller leaves ticks out that measure no comparison: from a weight change until the panel's warm-up, or its
/// lag and two scrapes, have passed, in both arms; and it gives only ticks that are complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judge {
    rules: Rules,
    process: Process,
    bounds: Bounds,
    latched: Option<Latch>,
}

/// A regression that was found; it stands until a person resets it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latch {
    /// End of the tick that proved it.
    pub at: i64,
    /// The start that told it.
    pub since: i64,
}

/// What may be said of a panel whose numbers can be trusted. Missing or partial numbers are UNKNOWN, and that is the
/// caller's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Beyond the tolerance on the bad side, now or at some time since the last reset.
    Regression,
    /// Shown to be within the tolerance itself, and nothing speaks against it now.
    Within,
    Collecting,
}

/// The judge's answer after the ticks so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub standing: Standing,
    /// ln E⁺ and ln E⁻, mixed over all starts.
    pub log_e_harm: f64,
    pub log_e_safe: f64,
    /// Interval for the ratio of event rates, canary to baseline, since `since`: holds at error rate `alpha_nogo` for
    /// all starts and looks at once. From 1/20 to 20; an end at one of these means "that or beyond".
    pub low: f64,
    pub high: f64,
    /// The most likely ratio since `since`; none without events, or with one arm unexposed.
    pub ratio: Option<f64>,
    /// The start that says most of harm, in seconds since 1970; ticks that end after it are counted. Never later than
    /// `latched_at`.
    pub since: i64,
    pub latched_at: Option<i64>,
    /// Both arms since `since`.
    pub baseline: Counts,
    pub canary: Counts,
    /// Ticks counted since `since`.
    pub ticks: u32,
    /// r₁, where harm begins now: the tolerance, moved outward by what pods differ by.
    pub bound: f64,
}

impl Finding {
    /// The ratio and its interval, as [`words`] has them.
    #[must_use]
    pub fn words(&self) -> String {
        words(self.ratio, self.low, self.high)
    }
}

/// A ratio and its interval, as `×0.41 (0.28–0.57)`; an end at the edge of the grid is written `<0.05` or `>20`.
#[must_use]
pub fn words(ratio: Option<f64>, low: f64, high: f64) -> String {
    let low = if low <= LOWEST { "<0.05".to_owned() } else { format!("{low:.2}") };
    let high = if high >= HIGHEST { ">20".to_owned() } else { format!("{high:.2}") };
    match ratio {
        Some(ratio) => format!("×{ratio:.2} ({low}–{high})"),
        None => format!("×? ({low}–{high})"),
    }
}

impl Judge {
    /// Nothing seen yet. `began` is when the canary was first exposed, in seconds since 1970: ticks that end after
    /// it are counted, and a start is made then and every 10 minutes after.
    #[must_use]
    pub fn new(rules: Rules, began: i64) -> Self {
        let bad = match rules.better {
            Better::Higher => Bad::Below,
            Better::Lower => Bad::Above,
        };
        let bounds = rules.ln_bounds(Pods::default());
        Self { rules, process: Process::new(bad, rules.dispersion.phi, began), bounds, latched: None }
    }

    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Never drops a start, however long it watches. What is judged live keeps 24 of them: those tell the same as all,
    /// but for what the dropped ones' stakes would have won.
    #[must_use]
    pub fn with_every_start(mut self) -> Self {
        self.process.keep_every_start();
        self
    }

    /// The weight changed at `at`: another start is made there.
    pub fn weight_changed(&mut self, at: i64) {
        self.process.start(at);
    }

    /// Takes one complete tick, and the number of instances that served each arm during it.
    ///
    /// # Errors
    /// When the tick is not newer than the last one, no count, or has events without exposures, which is UNKNOWN to
    /// the caller. It then changed nothing.
    pub fn take(&mut self, tick: &Tick, pods: Pods) -> Result<(), Refused> {
        let bounds = self.rules.ln_bounds(pods);
        self.process.take(tick, bounds)?;
        self.bounds = bounds;
        if self.latched.is_none() && self.harm_at(self.rules.alpha_nogo) {
            let since = self.telling().map_or(tick.at, |since| since.at);
            self.latched = Some(Latch { at: tick.at, since });
        }
        Ok(())
    }

    /// Whether the evidence now suffices for a regression at another error rate, as the guard asks. Does not latch.
    #[must_use]
    pub fn harm_at(&self, alpha: f64) -> bool {
        self.process.log_harm() >= self.rules.harm_bar(alpha)
    }

    #[must_use]
    pub fn latched(&self) -> Option<Latch> {
        self.latched
    }

    /// A person has looked and sets the regression aside: all begins anew at `at`, with the full error rate again.
    /// To be journalled by the caller; a judge that is made again begins at the last reset.
    pub fn reset(&mut self, at: i64) {
        *self = Self::new(self.rules, at);
    }

    #[must_use]
    pub fn standing(&self) -> Standing {
        if self.latched.is_some() {
            Standing::Regression
        } else if self.process.log_safe() >= self.rules.safe_bar() && self.process.worst_start() < DOUBT {
            Standing::Within
        } else {
            Standing::Collecting
        }
    }

    #[must_use]
    pub fn finding(&self) -> Finding {
        let (log_e_harm, log_e_safe) = (self.process.log_harm(), self.process.log_safe());
        let told = self.telling().unwrap_or_else(|| Since::nothing(self.process.began()));
        Finding {
            standing: self.standing(),
            log_e_harm,
            log_e_safe,
            low: told.low,
            high: told.high,
            ratio: told.ratio,
            since: told.at,
            latched_at: self.latched.map(|latch| latch.at),
            baseline: told.baseline,
            canary: told.canary,
            ticks: told.ticks,
            bound: self.bounds.harm.exp(),
        }
    }

    /// The interval and counts since the first start: what to show of a panel that is fine.
    #[must_use]
    pub fn whole(&self) -> Since {
        self.process.whole(self.rules.alpha_nogo).unwrap_or_else(|| Since::nothing(self.process.began()))
    }

    fn telling(&self) -> Option<Since> {
        self.process.telling(self.rules.alpha_nogo, self.latched.map(|latch| latch.at))
    }

    /// End of the last tick taken, and before the first when the canary was first exposed.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.process.last().unwrap_or(self.process.began())
    }

    /// When the next start is due that nothing else calls for; later than [`Judge::now`].
    #[must_use]
    pub fn next_start(&self) -> i64 {
        self.process.next_start()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Dispersion;

    const NONE: Pods = Pods { baseline: 0, canary: 0 };

    fn tick(at: i64, canary: (f64, f64), baseline: (f64, f64)) -> Tick {
        let counts = |(events, exposures)| Counts { events, exposures };
        Tick { at, canary: counts(canary), baseline: counts(baseline) }
    }

    /// 20 checkouts per second, 2 % of them orders, 10 % on the canary; it dies after `healthy` ticks.
    fn orders(healthy: i64, ticks: i64) -> Judge {
        let rules = Rules::new(Better::Higher, 0.1).with_dispersion(Dispersion::measured(1.0));
        let mut judge = Judge::new(rules, 0);
        for n in 1..=ticks {
            let x = if n <= healthy { 0.4 } else { 0.0 };
            judge.take(&tick(n * 10, (x, 20.0), (3.6, 180.0)), NONE).unwrap();
        }
        judge
    }

    #[test]
    fn a_death_after_health_is_told_since_it_began() {
        let finding = orders(240, 360).finding();
        assert_eq!(finding.standing, Standing::Regression);
        assert_eq!(finding.since, 2_400);
        assert!((finding.low - 0.05).abs() < 0.001 && (finding.high - 0.39).abs() < 0.02, "{finding:?}");
        assert_eq!((finding.ratio, finding.ticks), (Some(0.0), 120));
        assert!((finding.canary.exposures - 2_400.0).abs() < 1e-6);
        assert_eq!(finding.latched_at, Some(2_720), "5.3 minutes after it began");
    }

    #[test]
    fn what_was_found_is_told_since_it_began_for_as_long_as_it_stands() {
        let mut judge = orders(60, 60);
        let mut so_far = 0.0;
        for n in 61..=3_000 {
            judge.take(&tick(n * 10, (0.0, 20.0), (3.6, 180.0)), NONE).unwrap();
            let finding = judge.finding();
            let Some(found) = finding.latched_at else { continue };
            assert_eq!(finding.since, 600, "at {}; found at {found}", n * 10);
            let loss = crate::judge::cost::so_far(&finding, Better::Higher).map_or(0.0, |loss| loss.likely);
            assert!(loss >= so_far, "{loss} after {so_far} at {}", n * 10);
            so_far = loss;
        }
        assert!((so_far - 2_940.0 * 0.4).abs() < 1e-6, "{so_far}");
    }

    #[test]
    fn a_regression_latches_until_a_person_resets_it() {
        let mut judge = orders(0, 60);
        assert_eq!(judge.finding().standing, Standing::Regression);
        let first = judge.latched();
        for n in 61..=2_000 {
            judge.take(&tick(n * 10, (0.4, 20.0), (3.6, 180.0)), NONE).unwrap();
        }
        assert!(!judge.harm_at(0.05), "the evidence itself has gone");
        assert_eq!((judge.finding().standing, judge.latched()), (Standing::Regression, first));
        judge.reset(20_000);
        assert_eq!(judge.finding().standing, Standing::Collecting);
        assert_eq!(judge.take(&tick(20_000, (0.0, 20.0), (3.6, 180.0)), NONE), Err(Refused::Old));
    }

    #[test]
    fn safety_is_shown_now_and_ends_with_doubt() {
        let rules = Rules::new(Better::Lower, 0.25).with_dispersion(Dispersion::measured(1.0));
        let mut judge = Judge::new(rules, 0);
        let mut at = 0;
        let mut run = |judge: &mut Judge, ticks: i64, x: f64| {
            for _ in 0..ticks {
                at += 10;
                judge.take(&tick(at, (x, 100.0), (20.0, 1_000.0)), NONE).unwrap();
            }
        };
        run(&mut judge, 242, 2.0);
        assert_eq!(judge.finding().standing, Standing::Within);
        run(&mut judge, 6, 5.0);
        let finding = judge.finding();
        assert!(finding.log_e_safe >= judge.rules().safe_bar(), "all that was seen still says safe");
        assert_eq!(finding.standing, Standing::Collecting, "but the newest start doubts it");
    }

    #[test]
    fn what_is_no_measurement_is_refused_and_changes_nothing() {
        let mut judge = orders(10, 10);
        let before = judge.clone();
        for (wrong, why) in [
            (tick(100, (1.0, 20.0), (3.0, 180.0)), Refused::Old),
            (tick(110, (1.0, 0.0), (3.0, 180.0)), Refused::Partial),
            (tick(110, (1.0, 20.0), (3.0, 0.0)), Refused::Partial),
            (tick(110, (f64::NAN, 20.0), (3.0, 180.0)), Refused::NotACount),
            (tick(110, (1.0, f64::INFINITY), (3.0, 180.0)), Refused::NotACount),
            (tick(110, (-1.0, 20.0), (3.0, 180.0)), Refused::NotACount),
        ] {
            assert_eq!(judge.take(&wrong, NONE), Err(why), "{wrong:?}");
        }
        assert_eq!(judge, before);
    }

    #[test]
    fn a_judge_is_written_and_read_back_exactly() {
        let judge = orders(240, 700);
        let text = serde_json::to_string(&judge).unwrap();
        assert_eq!(serde_json::from_str::<Judge>(&text).unwrap(), judge);
        assert!(text.len() < 60_000, "{} bytes", text.len());
    }
}
