//! When a mandate ends, as people write it.

use chrono::{DateTime, FixedOffset, NaiveTime, TimeDelta, Utc};

use crate::{
    config::units,
    core::{guard::LONGEST, settings::Zone},
};

/// Reads `4h`, `14:30` (the next such time in the configured zone) or a full time; no further than a mandate may last.
pub(super) fn until(text: &str, now: DateTime<Utc>, zone: &Zone) -> Result<DateTime<Utc>, String> {
    let wrong = || format!("`--until {text}`: write a length like `4h`, a time like `14:30`, or 2026-07-01T14:30:00Z");
    let at = if let Some(length) = units::duration(text) {
        now.checked_add_signed(length.delta())
    } else if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        Some(at.to_utc())
    } else {
        let time = ["%H:%M", "%H:%M:%S"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok());
        next(time.ok_or_else(wrong)?, now, zone)
    };
    let at = at.ok_or_else(wrong)?;
    if at <= now {
        return Err(format!("`--until {text}` lies in the past"));
    }
    if at > now + LONGEST.delta() {
        return Err(format!("`--until {text}`: a mandate lasts {LONGEST} at most"));
    }
    Ok(at)
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
            ("0s", Err("in the past")),
            ("8d", Err("at most")),
            ("tomorrow", Err("write a length")),
            ("25:00", Err("write a length")),
            ("", Err("write a length")),
            ("99999999999999d", Err("")),
        ];
        for (text, expected) in cases {
            match (until(text, now, &zone), expected) {
                (Ok(at), Ok(expected)) => assert_eq!(at, expected.parse::<DateTime<Utc>>().unwrap(), "{text}"),
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{text}: {why}"),
                (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
            }
        }
    }
}
