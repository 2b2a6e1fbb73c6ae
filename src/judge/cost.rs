//! What a regression costs: events lost so far, per minute, and at another weight.
//!
//! A price is named only while the interval excludes that nothing is lost. Forecasts hold for the same traffic and
//! the same ratio, and are to be marked so.

use serde::{Deserialize, Serialize};

use super::{
    forecast::Flow,
    grid::{HIGHEST, LOWEST},
    panel::Finding,
};
use crate::domain::panel::Better;

/// Events that did not come (`Better::Higher`) or came in excess (`Better::Lower`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    pub likely: f64,
    pub least: f64,
    /// None where the interval has no upper end.
    pub most: Option<f64>,
}

/// Lost since the finding's `since`: baseline rate × canary exposures − canary events, with the interval of the
/// ratio. None unless the interval excludes no loss.
#[must_use]
pub fn so_far(finding: &Finding, better: Better) -> Option<Loss> {
    let expected = finding.baseline.rate()? * finding.canary.exposures;
    if expected <= 0.0 && better == Better::Lower {
        return unknown_before(finding);
    }
    let likely = match better {
        Better::Higher => expected - finding.canary.events,
        Better::Lower => finding.canary.events - expected,
    };
    priced(finding, better, expected, likely)
}

/// The same where the baseline had none at all: of the canary's events at most the part 1/r would have come there.
fn unknown_before(finding: &Finding) -> Option<Loss> {
    let came = finding.canary.events;
    let least = came * (1.0 - 1.0 / finding.low);
    (least > 0.0).then_some(Loss { likely: came, least, most: Some(came) })
}

/// Lost per minute in this flow, which may be one at another weight.
#[must_use]
pub fn per_minute(finding: &Finding, better: Better, flow: Flow) -> Option<Loss> {
    let expected = flow.canary * flow.rate * 60.0;
    priced(finding, better, expected, expected * change(better, finding.ratio?))
}

/// The part of the expected events that is lost at a ratio.
fn change(better: Better, ratio: f64) -> f64 {
    match better {
        Better::Higher => 1.0 - ratio,
        Better::Lower => ratio - 1.0,
    }
}

fn priced(finding: &Finding, better: Better, expected: f64, likely: f64) -> Option<Loss> {
    // An end at the edge of the grid means "that or beyond".
    let low = if finding.low <= LOWEST { 0.0 } else { finding.low };
    let high = (finding.high < HIGHEST).then_some(finding.high);
    let (least, most) = match better {
        Better::Higher => (high?, Some(low)),
        Better::Lower => (low, high),
    };
    let least = expected * change(better, least);
    (least > 0.0).then(|| Loss { likely, least, most: most.map(|ratio| expected * change(better, ratio)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::series::{Counts, Tick},
        judge::{Dispersion, Judge, Pods, Rules},
    };

    fn finding(better: Better, ratio: f64) -> Finding {
        let mut judge = Judge::new(Rules::new(better, 0.1).with_dispersion(Dispersion::measured(1.0)), 0);
        for n in 1..=60 {
            let canary = Counts { events: 10.0 * ratio, exposures: 100.0 };
            let tick = Tick { at: n * 10, baseline: Counts { events: 90.0, exposures: 900.0 }, canary };
            judge.take(&tick, Pods::default()).unwrap();
        }
        judge.finding()
    }

    #[test]
    fn the_loss_lies_in_its_interval_and_both_directions_are_losses() {
        for (better, ratio) in [(Better::Higher, 0.4), (Better::Lower, 1.6)] {
            let finding = finding(better, ratio);
            let loss = so_far(&finding, better).unwrap();
            assert!((loss.likely - 360.0).abs() < 1e-6, "60 % of 600: {loss:?}");
            assert!(loss.least > 0.0 && loss.least < 360.0 && loss.most.unwrap() > 360.0, "{loss:?}");
            let flow = Flow { baseline: 90.0, canary: 10.0, rate: 0.1 };
            let now = per_minute(&finding, better, flow).unwrap();
            assert!((now.likely - 36.0).abs() < 0.5, "{now:?}");
            let half = per_minute(&finding, better, flow.at_weight(0.5)).unwrap();
            assert!((half.likely / now.likely - 5.0).abs() < 1e-9);
        }
    }

    #[test]
    fn no_price_is_named_while_nothing_may_be_lost() {
        for better in [Better::Higher, Better::Lower] {
            assert_eq!(so_far(&finding(better, 1.0), better), None);
        }
        assert_eq!(so_far(&finding(Better::Higher, 1.6), Better::Higher), None, "a gain is no loss");
    }

    #[test]
    fn errors_cost_something_where_the_baseline_had_none() {
        let mut judge = Judge::new(Rules::new(Better::Lower, 0.1).with_dispersion(Dispersion::measured(1.0)), 0);
        for n in 1..=60 {
            let of = |events, exposures| Counts { events, exposures };
            let tick = Tick { at: n * 10, baseline: of(0.0, 900.0), canary: of(5.0, 100.0) };
            judge.take(&tick, Pods::default()).unwrap();
        }
        let finding = judge.finding();
        let loss = so_far(&finding, Better::Lower).unwrap_or_else(|| panic!("{finding:?}"));
        assert_eq!((loss.likely, loss.most), (300.0, Some(300.0)), "{finding:?}");
        assert!(loss.least > 200.0, "{loss:?}");
    }

    #[test]
    fn a_dead_panel_may_have_lost_all_and_an_endless_ratio_any_number() {
        let loss = so_far(&finding(Better::Higher, 0.0), Better::Higher).unwrap();
        assert_eq!((loss.likely, loss.most), (600.0, Some(600.0)));
        assert_eq!(so_far(&finding(Better::Lower, 30.0), Better::Lower).unwrap().most, None);
    }
}
