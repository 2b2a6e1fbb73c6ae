//! An arm that nobody is exposed to says nothing, and must not look healthy.

use serde::{Deserialize, Serialize};

use crate::domain::series::Tick;

/// Ticks without a single exposure after which an arm is silent: 1 minute of ticks of 10 s.
pub const SILENT_TICKS: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    Baseline,
    Canary,
    Both,
}

/// Which arms had no exposures in the newest `last` ticks; none before there are that many, or where both had some.
#[must_use]
pub fn silence(ticks: &[Tick], last: usize) -> Option<Silence> {
    let newest = ticks.get(ticks.len().checked_sub(last.max(1))?..)?;
    let silent = |exposures: fn(&Tick) -> f64| newest.iter().all(|tick| exposures(tick) <= 0.0);
    match (silent(|tick| tick.baseline.exposures), silent(|tick| tick.canary.exposures)) {
        (true, true) => Some(Silence::Both),
        (true, false) => Some(Silence::Baseline),
        (false, true) => Some(Silence::Canary),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::series::Counts;

    #[test]
    fn an_arm_is_silent_after_so_many_empty_ticks() {
        let tick = |at: i64, baseline: f64, canary: f64| {
            let of = |exposures| Counts { events: 0.0, exposures };
            Tick { at, baseline: of(baseline), canary: of(canary) }
        };
        let ticks = [tick(10, 5.0, 1.0), tick(20, 5.0, 0.0), tick(30, 0.0, 0.0)];
        assert_eq!(silence(&ticks, 3), None);
        assert_eq!(silence(&ticks, 2), Some(Silence::Canary));
        assert_eq!(silence(&ticks, 1), Some(Silence::Both));
        assert_eq!(silence(&ticks, 4), None, "too short to say");
    }
}
