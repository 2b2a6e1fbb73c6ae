//! Up to when a server's numbers are real.
//!
//! A server answers for times that have not come yet, or for which it holds numbers back: VictoriaMetrics repeats
//! the value of 30 s ago for every younger time, and every server repeats its last one into the future. Such a
//! counter stands still, which looks like customers who stopped buying. So each server is asked `time()`, which
//! it treats like every other query, and what lies behind its answer is left out.

use super::wire::Sample;
use crate::domain::{
    failure::{Failure, FailureKind},
    time::{At, Seconds},
};

/// A server may be restarted with other settings.
const GOOD_MS: u64 = 5 * 60_000;
/// More cannot be meant.
const MOST_HELD_BACK: f64 = 3600.0;

/// The server's own present, as it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Present {
    /// Numbers of times up to this one were real when the answer came, in seconds since 1970 of the server's clock.
    real_until: f64,
    /// When the answer came.
    at: u64,
    /// How far behind its own clock that is.
    pub held_back: Seconds,
}

impl Present {
    /// From the answer to `time()` without a time.
    ///
    /// # Errors
    /// When that is no time.
    pub fn measured(sample: Sample, back: At) -> Result<Self, Failure> {
        let Sample { at: now, value: real_until } = sample;
        // Some cut their own time to the second: what is less than that is none.
        let held_back = (now - real_until).max(0.0).ceil();
        if !real_until.is_finite() || !now.is_finite() || real_until - now > 2.0 || held_back > MOST_HELD_BACK {
            let failure = Failure::new(FailureKind::Malformed, "the server's answer to `time()` is not its time");
            return Err(failure.hint("see whether something between here and there changes questions"));
        }
        Ok(Self { real_until, at: back.mono, held_back: Seconds(held_back) })
    }

    #[must_use]
    pub fn is_good(&self, now: At) -> bool {
        now.millis_since(self.at) < GOOD_MS
    }

    /// Numbers of times up to this one were real when a query was sent at this monotonic millisecond.
    #[must_use]
    pub fn real_until(&self, sent: u64) -> i64 {
        #[expect(clippy::cast_precision_loss, reason = "a run is not that long")]
        let since = (sent as f64 - self.at as f64) / 1000.0;
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let until = (self.real_until + since).floor() as i64;
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(at: f64, value: f64) -> Result<Present, FailureKind> {
        let back = At { wall: chrono::DateTime::UNIX_EPOCH, mono: 10_000 };
        Present::measured(Sample { at, value }, back).map_err(|failure| failure.kind)
    }

    #[test]
    fn what_is_held_back_is_measured_whatever_the_clocks_say() {
        let prometheus = measured(1000.403, 1000.403).unwrap();
        assert_eq!((prometheus.held_back, prometheus.real_until(10_000)), (Seconds(0.0), 1000));
        // Its own time is cut to the second.
        let victoria = measured(1105.0, 1075.385).unwrap();
        assert_eq!(victoria.held_back, Seconds(30.0));
        let cases = [(10_000, 1075), (10_614, 1075), (10_615, 1076), (20_000, 1085), (0, 1065)];
        for (sent, until) in cases {
            assert_eq!(victoria.real_until(sent), until, "{sent}");
        }
    }

    #[test]
    fn nonsense_is_no_time() {
        for (at, value) in [(1000.0, f64::NAN), (1000.0, 1e9), (1e9, 0.0), (f64::INFINITY, 1.0)] {
            assert_eq!(measured(at, value), Err(FailureKind::Malformed), "{at} {value}");
        }
    }
}
