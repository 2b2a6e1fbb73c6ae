//! What a regression costs: so far, per minute, and by each key that can be pressed now.
//!
//! Numbers only; that they hold for "same traffic, same ratio" is for whoever shows them to say.

use serde::{Deserialize, Serialize};

use super::{
    evidence,
    state::{Open, Panel},
};
use crate::{
    domain::{
        goal::{Direction, Goal},
        panel::Worth,
        plan::Plan,
        series::Tick,
        time::Seconds,
    },
    judge::{
        Finding,
        cost::{self, Loss as Cost},
        forecast::Flow,
    },
};

/// Ticks that the present traffic is measured over.
const FLOW_TICKS: usize = 30;
/// Fewer of them tell nothing.
const ENOUGH_TICKS: usize = 3;
/// Points of weight that make no difference.
const SAME_WEIGHT: f64 = 0.05;

/// A number of lost events with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub likely: f64,
    pub least: f64,
    /// None where the interval has no upper end.
    pub most: Option<f64>,
}

/// Events that are missing (where more is better) or too many (where fewer are), beside what the canary's customers
/// would have had on the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Events since `since`.
    pub so_far: Estimate,
    /// Events per minute at the present weight and traffic; none where the newest minutes show no traffic.
    pub per_minute: Option<Estimate>,
    /// In seconds since 1970, by the source's clock.
    pub since: i64,
    /// What one event is worth.
    pub worth: Option<Worth>,
}

/// What a plan would cost on one panel, weight by weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    pub stages: Vec<StagePrice>,
}

/// A weight that a plan comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StagePrice {
    /// In percent.
    pub weight: f64,
    /// How long it stays there; none where that is not known, or where it stays.
    pub seconds: Option<Seconds>,
    /// Events lost per minute there; none where nothing is lost.
    pub per_minute: Option<Estimate>,
}

impl From<Cost> for Estimate {
    fn from(Cost { likely, least, most }: Cost) -> Self {
        Self { likely, least, most }
    }
}

/// What a panel has cost so far, and costs now; only while its interval excludes that it costs nothing.
#[must_use]
pub fn so_far(panel: &Panel, finding: &Finding) -> Option<Loss> {
    let better = panel.spec.better;
    // Shares of traffic are no customers: what did not come of them is counted all the same.
    let so_far = cost::so_far(finding, better)?.into();
    let flow = flow(panel).filter(|_| panel.trouble.is_none());
    let per_minute = flow.and_then(|flow| cost::per_minute(finding, better, flow)).map(Estimate::from);
    Some(Loss { so_far, per_minute, since: finding.since, worth: panel.spec.worth.clone() })
}

/// What a plan would cost on a panel: nothing more once it leads back, as much as now where it holds, and at each
/// weight that it comes to. None where the panel costs nothing that is known.
#[must_use]
pub fn of_plan(open: &Open, panel: &Panel, plan: &Plan) -> Option<Price> {
    let loss = panel.reading.loss.as_ref()?;
    let finding = panel.evidence.finding?;
    let flow = flow(panel)?;
    let weight = open.release.as_ref().and_then(|release| release.weight.set.or(release.weight.wanted));
    let at = |percent: f64| {
        // Where nothing moves, what is lost now is lost on.
        if weight.is_some_and(|weight| (weight - percent).abs() < SAME_WEIGHT) && loss.per_minute.is_some() {
            return loss.per_minute;
        }
        let flow = flow.at_weight(percent / 100.0);
        cost::per_minute(&finding, panel.spec.better, flow).map(Estimate::from)
    };
    let stage = |weight: f64, seconds: Option<Seconds>| StagePrice { weight, seconds, per_minute: at(weight) };
    let stages = match plan.direction {
        Direction::Back if finishes(open, plan) => vec![stage(100.0, None)],
        Direction::Back => vec![StagePrice { weight: 0.0, seconds: None, per_minute: None }],
        Direction::Hold => {
            vec![stage(weight?, None)]
        }
        Direction::Forward => {
            let reach = plan.reach.as_ref()?;
            if reach.stages.is_empty() {
                vec![stage(reach.weight, None)]
            } else {
                reach.stages.iter().map(|to| stage(to.weight, to.seconds)).collect()
            }
        }
    };
    Some(Price { stages })
}

/// Whether a way back brings everyone onto the new revision: a roll back that is under way, finished. What is lost on
/// that one then is lost on.
#[must_use]
pub fn finishes(open: &Open, plan: &Plan) -> bool {
    plan.goal == Goal::Rollback { to: None } && open.release.as_ref().is_some_and(|release| release.is_roll_back())
}

/// The panel whose loss is shown: the critical one that loses most by what it is worth, else by events.
#[must_use]
pub fn dearest(open: &Open) -> Option<&Panel> {
    let loss = |panel: &Panel| panel.reading.loss.as_ref().map(|loss| (loss.worth.is_some(), value(loss)));
    open.panels.iter().filter(|panel| panel.spec.critical && loss(panel).is_some()).max_by(|one, other| {
        let (one, other) = (loss(one).unwrap_or_default(), loss(other).unwrap_or_default());
        one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
    })
}

fn value(loss: &Loss) -> f64 {
    loss.so_far.likely * loss.worth.as_ref().map_or(1.0, |worth| worth.amount)
}

/// The traffic of the newest minutes, in exposures per second.
#[must_use]
pub fn flow(panel: &Panel) -> Option<Flow> {
    let since = panel.moves.iter().map(|moved| moved.at).max().unwrap_or(i64::MIN);
    let newest = evidence::spans(panel).rev().take(FLOW_TICKS).take_while(|(tick, span)| tick.at - span >= since);
    let newest: Vec<(Tick, i64)> = newest.map(|(tick, span)| (*tick, span)).collect();
    Flow::observed(&newest).filter(|_| newest.len() >= ENOUGH_TICKS)
}
