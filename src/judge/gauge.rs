//! Panels of kind `value`: numbers that are no counts. Weak, and never critical.
//!
//! All that is used of a tick is whether the canary's value lies beyond the baseline's by more than the tolerance. The
//! signs go through the same process as events do; but ticks of a gauge depend on each other, so no error rate is
//! promised, and the panel says "weak".

use serde::{Deserialize, Serialize};

use super::{
    process::{Bad, Bounds, Process, Refused},
    rules::Rules,
};
use crate::domain::{
    panel::Better,
    series::{Counts, Tick},
};

/// How much signs of neighbouring ticks repeat each other, as a dispersion. A guess that errs on the quiet side.
const PHI: f64 = 3.0;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gauge {
    better: Better,
    tolerance: f64,
    process: Process,
    bars: (f64, f64),
    worse: u32,
    of: u32,
}

/// What a gauge hints at now; it does not latch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    Worse,
    Fine,
    Collecting,
}

impl Gauge {
    /// Of the rules the direction, the tolerance and the error rates hold. Ticks that end after `began` count.
    #[must_use]
    pub fn new(rules: &Rules, began: i64) -> Self {
        Self {
            better: rules.better,
            tolerance: rules.tolerance,
            // A tick beyond the tolerance is an event of the canary, any other one of the baseline: even is fine.
            process: Process::new(Bad::Above, PHI, began),
            bars: (rules.harm_bar(rules.alpha_nogo), rules.safe_bar()),
            worse: 0,
            of: 0,
        }
    }

    pub fn weight_changed(&mut self, at: i64) {
        self.process.start(at);
    }

    /// Takes the two values of one tick.
    ///
    /// # Errors
    /// When the tick is not newer than the last, or a value is not a number. It then changed nothing.
    pub fn take(&mut self, at: i64, baseline: f64, canary: f64) -> Result<(), Refused> {
        if !baseline.is_finite() || !canary.is_finite() {
            return Err(Refused::NotACount);
        }
        let worse = match self.better {
            Better::Higher => canary < baseline - baseline.abs() * self.tolerance,
            Better::Lower => canary > baseline + baseline.abs() * self.tolerance,
        };
        let of = |hit: bool| Counts { events: f64::from(u8::from(hit)), exposures: 1.0 };
        self.process.take(&Tick { at, baseline: of(!worse), canary: of(worse) }, Bounds::both(0.0))?;
        self.worse += u32::from(worse);
        self.of += 1;
        Ok(())
    }

    #[must_use]
    pub fn hint(&self) -> Hint {
        if self.process.log_harm() >= self.bars.0 {
            Hint::Worse
        } else if self.process.log_safe() >= self.bars.1 {
            Hint::Fine
        } else {
            Hint::Collecting
        }
    }

    /// Ticks beyond the tolerance, and all of them.
    #[must_use]
    pub fn signs(&self) -> (u32, u32) {
        (self.worse, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(better: Better, ticks: i64, canary: impl Fn(i64) -> f64) -> Gauge {
        let mut gauge = Gauge::new(&Rules::new(better, 0.1), 0);
        for n in 1..=ticks {
            gauge.take(n * 10, 4.0, canary(n)).unwrap();
        }
        gauge
    }

    #[test]
    fn a_gauge_hints_by_how_often_it_is_beyond_the_tolerance() {
        assert_eq!(after(Better::Lower, 60, |_| 4.3).hint(), Hint::Fine, "within 10 %");
        assert_eq!(after(Better::Lower, 60, |_| 4.5).hint(), Hint::Worse);
        assert_eq!(after(Better::Higher, 60, |_| 3.5).hint(), Hint::Worse);
        assert_eq!(after(Better::Higher, 60, |_| 4.5).hint(), Hint::Fine);
        let even = after(Better::Lower, 60, |n| if n % 2 == 0 { 5.0 } else { 4.0 });
        assert_eq!((even.hint(), even.signs()), (Hint::Collecting, (30, 60)));
        assert_eq!(after(Better::Lower, 3, |_| 9.0).hint(), Hint::Collecting, "a few ticks prove nothing");
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        let mut gauge = Gauge::new(&Rules::new(Better::Lower, 0.1), 0);
        assert_eq!(gauge.take(10, f64::NAN, 1.0), Err(Refused::NotACount));
        assert_eq!(gauge.take(0, 1.0, 1.0), Err(Refused::Old));
        assert_eq!(gauge.signs(), (0, 0));
    }
}
