//! Counters of single instances as a source tells them, and the ticks that `counting` makes of them: how many events and
//! exposures each arm had in one interval.

use serde::{Deserialize, Serialize};

use super::clean::Name;

/// A counter of one instance, at aligned times, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub instance: Name,
    #[serde(with = "runs")]
    pub points: Vec<Point>,
}

impl Series {
    /// The value at exactly this time.
    #[must_use]
    pub fn at(&self, at: i64) -> Option<f64> {
        let place = self.points.binary_search_by_key(&at, |point| point.at).ok()?;
        self.points.get(place).map(|point| point.value)
    }
}

/// A counter's value at a time in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub at: i64,
    pub value: f64,
}

/// What one arm did during one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    pub events: f64,
    pub exposures: f64,
}

impl Counts {
    /// Events per exposure, none without exposures.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.exposures > 0.0).then(|| self.events / self.exposures)
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.exposures += other.exposures;
    }
}

/// Both arms in the interval that ends at `at` (seconds since 1970).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    pub at: i64,
    pub baseline: Counts,
    pub canary: Counts,
}

/// What gauges of single instances come to in each arm at a time in seconds since 1970: their average, none where
/// the arm has no instance with a value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    pub at: i64,
    pub baseline: Option<f64>,
    pub canary: Option<f64>,
}

/// What one instance did, tick by tick, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceTicks {
    pub instance: Name,
    /// The end of each tick in seconds since 1970, and its counts.
    pub ticks: Vec<(i64, Counts)>,
}

/// Points as they are written. Those of an answer lie a step apart, for every instance the same: their times are told
/// once per run, or they would be most of a recording.
mod runs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Point;

    #[derive(Serialize, Deserialize)]
    struct Run {
        at: i64,
        step: i64,
        values: Vec<f64>,
    }

    impl Run {
        /// The time of the point in this place.
        fn time(&self, place: usize) -> Option<i64> {
            self.at.checked_add(self.step.checked_mul(i64::try_from(place).ok()?)?)
        }
    }

    pub(super) fn serialize<S: Serializer>(points: &[Point], to: S) -> Result<S::Ok, S::Error> {
        let mut runs: Vec<Run> = Vec::new();
        for point in points {
            match runs.last_mut() {
                Some(run) if run.values.len() > 1 && run.time(run.values.len()) == Some(point.at) => {
                    run.values.push(point.value);
                }
                Some(run) if run.values.len() == 1 && point.at.checked_sub(run.at).is_some() => {
                    run.step = point.at - run.at;
                    run.values.push(point.value);
                }
                Some(_) | None => runs.push(Run { at: point.at, step: 0, values: vec![point.value] }),
            }
        }
        runs.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Point>, D::Error> {
        let mut points = Vec::new();
        for run in Vec::<Run>::deserialize(from)? {
            for (place, value) in run.values.iter().enumerate() {
                let at = run.time(place).ok_or_else(|| serde::de::Error::custom("a time beyond all times"))?;
                points.push(Point { at, value: *value });
            }
        }
        Ok(points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_written_as_runs_and_come_back_the_same() {
        let even: Vec<i64> = (0..32).map(|n| 1_772_719_590 + n * 10).collect();
        for times in
            [vec![], vec![7], vec![0, 10, 20, 50, 60, 70, 75], vec![5, 5, 3, i64::MIN, i64::MAX, 0], even.clone()]
        {
            let values = [160_379.0, 0.1 + 0.2, 1e-300];
            let points = times.iter().zip(values.iter().cycle()).map(|(at, value)| Point { at: *at, value: *value });
            let series = Series { instance: "checkout-1".into(), points: points.collect() };
            let text = serde_json::to_string(&series).unwrap();
            assert_eq!(serde_json::from_str::<Series>(&text).unwrap(), series, "{text}");
        }
        let points = even.iter().map(|at| Point { at: *at, value: 160_379.0 }).collect();
        let text = serde_json::to_string(&Series { instance: "checkout-1".into(), points }).unwrap();
        assert!(text.len() < 32 * 12, "some ten bytes a point: {}", text.len());
        let hostile = r#"{"instance":"x","points":[{"at":9223372036854775807,"step":1,"values":[1,2]}]}"#;
        assert!(serde_json::from_str::<Series>(hostile).unwrap_err().to_string().contains("beyond all times"));
    }
}
