//! Time as the program sees it: stamps made by the runtime, and lengths in seconds.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// When something reached the program: wall time for people, monotonic milliseconds for measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    pub wall: DateTime<Utc>,
    /// Milliseconds since the program began; never goes back.
    pub mono: u64,
}

impl At {
    /// Milliseconds from `earlier` (monotonic) until this stamp, 0 if it lies ahead.
    #[must_use]
    pub fn millis_since(self, earlier: u64) -> u64 {
        self.mono.saturating_sub(earlier)
    }

    /// Seconds from a wall time until this stamp, 0 if it lies ahead.
    #[must_use]
    pub fn since(self, earlier: DateTime<Utc>) -> Seconds {
        Seconds::between(earlier, self.wall)
    }
}

/// A length of time in seconds, never negative. Prints as `4m12s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub f64);

impl Seconds {
    /// From `start` to `end`, 0 if they are the wrong way round.
    #[must_use]
    pub fn between(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a release fit f64 exactly")]
        Self((end - start).num_milliseconds().max(0) as f64 / 1000.0)
    }

    /// In whole seconds, rounded up; small enough to add to a time without care.
    #[must_use]
    pub fn whole(self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "saturates by definition of `as`")]
        let seconds = self.0.ceil() as i64;
        seconds.clamp(0, u32::MAX.into())
    }

    /// As a chrono length, saturating.
    #[must_use]
    pub fn delta(self) -> TimeDelta {
        #[expect(clippy::cast_possible_truncation, reason = "saturates by definition of `as`")]
        TimeDelta::milliseconds((self.0 * 1000.0) as i64)
    }
}

/// How long something took, in milliseconds, as it is told everywhere: tenths under 10 s, else whole seconds, never
/// more than it was.
#[must_use]
pub fn took(millis: u64) -> String {
    match millis {
        0..10_000 => format!("{}.{}s", millis / 1000, millis / 100 % 10),
        _ => Seconds(f64::from(u32::try_from(millis / 1000).unwrap_or(u32::MAX))).to_string(),
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, saturates")]
        let whole = self.0.max(0.0) as u64;
        let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{seconds}s"),
            (0, 0, _) => write!(f, "{minutes}m{seconds:02}s"),
            (0, _, _) => write!(f, "{hours}h{minutes:02}m"),
            (_, _, _) => write!(f, "{days}d{hours:02}h"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_a_moment_is_told_in_tenths_and_never_as_longer() {
        let cases =
            [(0, "0.0s"), (3_999, "3.9s"), (9_999, "9.9s"), (10_000, "10s"), (30_999, "30s"), (90_500, "1m30s")];
        for (millis, shown) in cases {
            assert_eq!(took(millis), shown);
        }
    }

    #[test]
    fn lengths_carry_their_units() {
        let cases = [(0.9, "0s"), (42.0, "42s"), (252.0, "4m12s"), (3_725.0, "1h02m"), (93_600.0, "1d02h")];
        for (seconds, shown) in cases {
            assert_eq!(Seconds(seconds).to_string(), shown);
        }
    }
}
