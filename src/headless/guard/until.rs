//! When a mandate ends, as people write it.

use std::str::FromStr;

use chrono::{DateTime, FixedOffset, NaiveTime, TimeDelta, Utc};

use crate::{
    config::units,
    core::{guard::LONGEST, settings::Zone},
    domain::time::Seconds,
};

/// An end as it was typed: `4h`, `14:30` (the next such time in the configured zone) or a full time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    After(Seconds),
    TimeOfDay(NaiveTime),
    At(DateTime<Utc>),
}

impl FromStr for End {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(length) = units::duration(text) {
            return match length.0 {
                seconds if seconds <= 0.0 => Err("that is at once".to_owned()),
                seconds if seconds > LONGEST.0 => Err(too_long()),
                _ => Ok(Self::After(length)),
            };
        }
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(at.to_utc()));
        }
        let time = ["%H:%M", "%H:%M:%S"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok());
        time.map(Self::TimeOfDay)
            .ok_or_else(|| "write a length like `4h`, a time like `14:30`, or 2026-07-01T14:30:00Z".to_owned())
    }
}

impl End {
    /// The moment that is meant, no further than a mandate may last.
    pub(super) fn from(self, now: DateTime<Utc>, zone: &Zone) -> Result<DateTime<Utc>, String> {
        let at = match self {
            Self::After(length) => now.checked_add_signed(length.delta()),
            Self::TimeOfDay(time) => next(time, now, zone),
            Self::At(at) => Some(at),
        };
        let at = at.ok_or("`--until` is no time in this zone")?;
        if at <= now {
            return Err("`--until` lies in the past".to_owned());
        }
        if at > now + LONGEST.delta() {
            return Err(format!("`--until`: {}", too_long()));
        }
        Ok(at)
    }
}

fn too_long() -> String {
    format!("a mandate lasts {LONGEST} at most")
}

/// The next time of day like this one in the zone.
fn next(time: NaiveTime, now: DateTime<Utc>, zone: &Zone) -> Option<DateTime<Utc>> {
    let offset = FixedOffset::east_opt(zone.minutes_east.checked_mul(60)?)?;
    let here = now.with_timezone(&offset);
    let today = here.date_naive().and_time(time).and_local_timezone(offset).single()?;
    let at = if today > here { today } else { today.checked_add_signed(TimeDelta::days(1))? };
    Some(at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_length_a_time_of_day_or_a_moment() {
        let now = "2026-07-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let zone = Zone { minutes_east: 120, name: "CEST".into() };
        let cases = [
            ("4h", Ok("2026-07-01T16:00:00Z")),
            ("14:30", Ok("2026-07-01T12:30:00Z")),
            ("13:30", Ok("2026-07-02T11:30:00Z")),
            ("14:00:30", Ok("2026-07-01T12:00:30Z")),
            ("2026-07-03T00:00:00+02:00", Ok("2026-07-02T22:00:00Z")),
            ("2026-06-30T00:00:00Z", Err("in the past")),
            ("0s", Err("at once")),
            ("8d", Err("at most")),
            ("2026-07-09T00:00:00Z", Err("at most")),
            ("tomorrow", Err("write a length")),
            ("25:00", Err("write a length")),
            ("", Err("write a length")),
            ("99999999999999d", Err("at most")),
        ];
        for (text, expected) in cases {
            match (text.parse::<End>().and_then(|end| end.from(now, &zone)), expected) {
                (Ok(at), Ok(expected)) => assert_eq!(at, expected.parse::<DateTime<Utc>>().unwrap(), "{text}"),
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{text}: {why}"),
                (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
            }
        }
    }
}
