//! Whether a guard lives, by when its heartbeats were seen here.
//!
//! A heartbeat carries the guard's own time, and that clock may be wrong: a guard counts as alive only once one of
//! its heartbeats was seen to come, however young the one that was found is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    freshness::{self, Standing},
    state::{Open, Row, State},
};
use crate::domain::{
    clean::Clean,
    guard::{Heartbeat, LOST_AFTER},
    health::Health,
    time::{At, Seconds},
};

/// The heartbeats of one guard, as they were seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pulse {
    /// Which guard's.
    pub id: Clean,
    beat: DateTime<Utc>,
    /// Monotonic time at which the newest one was first seen.
    seen: u64,
    /// Milliseconds that it was under way by then.
    late: u64,
    /// The least that the guard's clock was seen behind ours, in milliseconds of its wall time and our monotonic one:
    /// one that is further behind was late.
    least: i64,
    /// One was seen to follow another.
    beats: bool,
    /// Its loss was told.
    pub told_lost: bool,
}

/// What may be said of a guard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Life {
    /// A heartbeat was found; whether another follows is not known yet.
    Unheard,
    /// Its newest heartbeat is this old.
    Alive(Seconds),
    /// None came for this long.
    Lost(Seconds),
    /// Nobody could see it for this long, because contact is lost.
    Unseen(Seconds),
}

/// The guard of the opened release and what may be said of it; none where none left a heartbeat.
#[must_use]
pub fn guard<'a>(state: &State, open: &'a Open) -> Option<(&'a Heartbeat, Life)> {
    let sign = open.release.as_ref()?.guard.as_ref()?;
    let pulse = open.pulse.as_ref().filter(|pulse| pulse.id == sign.id);
    let life = pulse.map_or(Life::Unheard, |pulse| pulse.life(state.at, in_contact(state, open)));
    Some((sign, life))
}

/// The same of a row of the board.
#[must_use]
pub fn of_row<'a>(state: &State, row: &'a Row) -> Option<(&'a Heartbeat, Life)> {
    let sign = row.release.guard.as_ref()?;
    let standing = state.source(&row.release.id.target.source).map(|source| freshness::standing(state, source));
    let contact = matches!(standing, Some(Standing::Live(_)));
    Some((sign, row.pulse.as_ref().map_or(Life::Unheard, |pulse| pulse.life(state.at, contact))))
}

/// Whether what is left on the release now would be seen.
#[must_use]
pub fn in_contact(state: &State, open: &Open) -> bool {
    let standing = state.source(&open.target.source).map(|source| freshness::standing(state, source));
    open.complete && !open.gone && open.health == Health::Live && matches!(standing, Some(Standing::Live(_)))
}

impl Pulse {
    /// Takes note of the sign that is there at `now`.
    #[must_use]
    pub fn note(before: Option<Self>, sign: &Heartbeat, now: At) -> Self {
        let behind = i64::try_from(now.mono).unwrap_or(i64::MAX).saturating_sub(sign.beat.timestamp_millis());
        match before {
            Some(before) if before.id == sign.id && before.beat == sign.beat => before,
            Some(before) if before.id == sign.id => {
                let least = before.least.min(behind);
                // It cannot be older than the one before it was when that was last looked at.
                let late = u64::try_from(behind.saturating_sub(least)).unwrap_or(0).min(now.millis_since(before.seen));
                Self { beat: sign.beat, seen: now.mono, late, least, beats: true, told_lost: false, ..before }
            }
            Some(_) | None => Self {
                id: sign.id.clone(),
                beat: sign.beat,
                seen: now.mono,
                late: 0,
                least: behind,
                beats: false,
                told_lost: false,
            },
        }
    }

    /// How old its newest sign is at the least.
    #[must_use]
    pub fn age(&self, now: At) -> Seconds {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of one run fit f64 exactly")]
        Seconds(now.millis_since(self.seen).saturating_add(self.late) as f64 / 1000.0)
    }

    /// `contact`: whether new signs could be seen.
    #[must_use]
    pub fn life(&self, now: At, contact: bool) -> Life {
        let age = self.age(now);
        if !contact {
            Life::Unseen(age)
        } else if age.0 >= LOST_AFTER.0 {
            Life::Lost(age)
        } else if self.beats {
            Life::Alive(age)
        } else {
            Life::Unheard
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::guard::GuardState;

    fn at(seconds: i64) -> At {
        let begin = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        At { wall: begin + TimeDelta::seconds(seconds), mono: u64::try_from(seconds * 1000).unwrap() }
    }

    /// A sign made at that second by a clock that is `skew` seconds ahead.
    fn sign(id: &str, second: i64, skew: i64) -> Heartbeat {
        let beat = at(0).wall + TimeDelta::seconds(second + skew);
        Heartbeat {
            id: id.into(),
            by: "operator".into(),
            host: "bastion".into(),
            revision: "new".into(),
            since: beat,
            beat,
            until: beat,
            state: GuardState::Watching,
            outcome: None,
        }
    }

    #[test]
    fn no_clock_makes_a_dead_guard_look_alive_or_a_living_one_dead() {
        for skew in [0, 600, -600, 86_400, -86_400] {
            let found = Pulse::note(None, &sign("a", -5, skew), at(0));
            assert_eq!(found.life(at(3), true), Life::Unheard, "skew {skew}");
            assert_eq!(found.life(at(30), true), Life::Lost(Seconds(30.0)), "skew {skew}");

            let alive = Pulse::note(Some(found), &sign("a", 5, skew), at(5));
            assert_eq!(alive.life(at(11), true), Life::Alive(Seconds(6.0)), "skew {skew}");
            assert_eq!(alive.life(at(45), true), Life::Lost(Seconds(40.0)), "skew {skew}");
        }
    }

    #[test]
    fn a_sign_seen_late_is_as_old_as_it_is() {
        let pulse = Pulse::note(None, &sign("a", 0, 40), at(0));
        let pulse = Pulse::note(Some(pulse), &sign("a", 10, 40), at(10));
        assert_eq!(pulse.life(at(90), false), Life::Unseen(Seconds(80.0)), "who cannot look says so");
        let back = Pulse::note(Some(pulse), &sign("a", 50, 40), at(90));
        assert_eq!(back.life(at(90), true), Life::Lost(Seconds(40.0)), "it died meanwhile");
    }

    #[test]
    fn a_clock_set_back_loses_no_living_guard() {
        let mut pulse = Pulse::note(None, &sign("a", 0, 0), at(0));
        for n in 1..10 {
            pulse = Pulse::note(Some(pulse), &sign("a", n * 10, -3_600), at(n * 10));
            assert!(matches!(pulse.life(at(n * 10 + 9), true), Life::Alive(_)), "{pulse:?}");
        }
    }

    #[test]
    fn another_guard_begins_anew() {
        let pulse = Pulse::note(None, &sign("a", 0, 0), at(0));
        let pulse = Pulse::note(Some(pulse), &sign("a", 10, 0), at(10));
        let other = Pulse::note(Some(pulse), &sign("b", 11, 0), at(12));
        assert_eq!(other.life(at(13), true), Life::Unheard);
    }
}
