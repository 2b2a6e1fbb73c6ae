//! The one place that reads a clock.

use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::domain::time::At;

/// Stamps events. Monotonic time is always real; wall time may belong to a simulated world.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    world: World,
}

#[derive(Clone, Copy, Debug)]
enum World {
    Real,
    Simulated { from: DateTime<Utc>, speed: f64 },
}

impl Clock {
    #[must_use]
    pub fn real() -> Self {
        Self { began: instant(), world: World::Real }
    }

    /// Wall time begins at `from` and runs `speed` times faster than life.
    #[must_use]
    pub fn simulated(from: DateTime<Utc>, speed: f64) -> Self {
        Self { began: instant(), world: World::Simulated { from, speed } }
    }

    /// The stamp of this moment, to the millisecond.
    #[must_use]
    pub fn now(&self) -> At {
        let mono = self.mono();
        let wall = match self.world {
            World::Real => real_wall(),
            World::Simulated { from, speed } => from + scaled(mono, speed),
        };
        At { wall: wall.trunc_subsecs(3), mono }
    }

    /// Milliseconds since the clock was made.
    #[must_use]
    pub fn mono(&self) -> u64 {
        u64::try_from(instant().duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }

    /// Wall time outside any simulation: for file names and what is kept how long.
    #[must_use]
    pub fn real_wall(&self) -> DateTime<Utc> {
        real_wall()
    }

    /// The moment `mono` milliseconds after the clock was made.
    #[must_use]
    pub fn moment(&self, mono: u64) -> tokio::time::Instant {
        // A time that never comes must not overflow. A little late, so that whoever sleeps until then finds it come.
        let length = Duration::from_millis(mono).min(Duration::from_hours(24 * 365)) + Duration::from_micros(10);
        tokio::time::Instant::from_std(self.began + length)
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "milliseconds of one run")]
fn scaled(mono: u64, speed: f64) -> TimeDelta {
    TimeDelta::milliseconds((mono as f64 * speed) as i64)
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn real_wall() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_minute_passes_in_six_seconds() {
        assert_eq!(scaled(6_000, 10.0), TimeDelta::minutes(1));
    }

    #[test]
    fn stamps_never_go_back_and_survive_a_recording() {
        let clock = Clock::simulated(DateTime::UNIX_EPOCH, 10.0);
        let (first, second) = (clock.now(), clock.now());
        assert!(second.mono >= first.mono && second.wall >= first.wall);
        let json = serde_json::to_string(&second).unwrap();
        assert_eq!(serde_json::from_str::<At>(&json).unwrap(), second);
    }
}
