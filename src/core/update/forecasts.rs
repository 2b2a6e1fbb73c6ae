//! What waiting may bring: made anew when the traffic or the weight is another, and every minute for what is collected.

use crate::{
    core::{
        evidence::{ENOUGH, Forecast, Progress},
        panel::Basis,
        price,
        state::{Open, Panel},
    },
    domain::{panel::Better, time::Seconds},
    judge::{Rules, forecast, forecast::Flow},
};

/// Seconds after which the way to "within tolerance" is looked at anew.
const RENEW_SECONDS: i64 = 60;
/// Relative change of the traffic from which everything is.
const CHANGED: f64 = 0.25;
/// What a panel is watched for: nothing comes any more, or ten times as much as should.
const LOST: f64 = 0.0;
const TENFOLD: f64 = 10.0;

/// Makes the forecast of one critical panel that has none that fits; one in an event, for it takes some work. True if
/// one was made. `late` is how many seconds after its end each panel's tick is judged.
pub(super) fn renew(open: &mut Open, late: &[i64]) -> bool {
    open.panels.iter_mut().zip(late).filter(|(panel, _)| panel.spec.critical).any(|(panel, late)| renewed(panel, *late))
}

fn renewed(panel: &mut Panel, late: i64) -> bool {
    let evidence = &panel.evidence;
    let (Some(judge), Some(at)) = (&evidence.judge, evidence.judged_to) else { return false };
    if judge.latched().is_some() || panel.trouble.is_some() || panel.history.is_some() {
        return false;
    }
    let known = evidence.forecast_for.filter(|_| panel.reading.forecast.is_some());
    if known.is_some_and(|basis| at - basis.at < RENEW_SECONDS && !is_moved(panel, basis)) {
        return false;
    }
    let Some(flow) = price::flow(panel).and_then(|flow| settled(panel, flow)) else { return false };
    let (pods, rules) = (evidence.pods, *judge.rules());
    let ratio = match panel.spec.better {
        Better::Higher => LOST,
        Better::Lower => TENFOLD,
    };
    let progress = forecast::progress(judge, flow, pods, panel.step);
    // Who waits looks at a clock, not at ticks: what a tick proves is seen when it is judged.
    let progress = progress.map(|found| Progress { done: found.done, of: found.of, ready_at: found.ready_at + late });
    // Events of exposures from before the loss still come for as long as the lag.
    let unseen = late + panel.spec.lag.whole();
    let blind = forecast::until_seen(judge, flow, pods, ratio, late).map(|proven| seconds(proven + unseen));
    let before = panel.reading.forecast.filter(|_| known.is_some_and(|basis| is_alike(basis.flow, flow)));
    let enough_weight = match before {
        Some(before) => before.enough_weight,
        None => enough(rules, flow, panel, ratio, unseen),
    };
    panel.evidence.forecast_for = Some(Basis { at, flow: known.filter(|_| before.is_some()).map_or(flow, |b| b.flow) });
    panel.reading.forecast = Some(Forecast { progress, blind, enough_weight });
    true
}

fn enough(rules: Rules, flow: Flow, panel: &Panel, ratio: f64, unseen: i64) -> Option<f64> {
    #[expect(clippy::cast_possible_truncation, reason = "a few minutes")]
    let within = ENOUGH.0 as i64;
    forecast::weight_to_see(rules, flow, panel.evidence.pods, ratio, within - unseen)
}

fn seconds(whole: i64) -> Seconds {
    #[expect(clippy::cast_precision_loss, reason = "hours at most")]
    Seconds(whole as f64)
}

fn is_moved(panel: &Panel, basis: Basis) -> bool {
    panel.moves.iter().any(|moved| moved.at > basis.at)
}

/// The newest traffic, with the event rate of all that was counted: a few minutes tell it too coarsely.
fn settled(panel: &Panel, flow: Flow) -> Option<Flow> {
    let whole = panel.evidence.judge.as_ref()?.whole();
    let rate = whole.baseline.rate().filter(|rate| *rate > 0.0).unwrap_or(flow.rate);
    Some(Flow { rate, ..flow })
}

fn is_alike(one: Flow, other: Flow) -> bool {
    let near = |one: f64, other: f64| (one - other).abs() <= CHANGED * one.abs().max(other.abs());
    near(one.baseline, other.baseline) && near(one.canary, other.canary) && near(one.rate, other.rate)
}
