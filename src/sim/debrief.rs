//! Lives through the same world twice: as it went, and as it would have gone by the controller's own analysis alone.

use chrono::{DateTime, Utc};

use super::{Edit, Rollout, World};
use crate::domain::{
    debrief::{Alone, Analysis, Debrief},
    panel::Worth,
};

/// Seconds after the last customer was back until it is told: orders have recovered then.
const RECOVERED: i64 = 60;
/// Seconds that are counted on after the other release was over.
const AFTERWARDS: i64 = 600;
/// Seconds after which it is no longer waited for.
const PATIENCE: i64 = 2 * 3600;

/// What it cost, once every customer of a canary that lost orders is back and orders have recovered.
#[must_use]
pub fn debrief(world: &World) -> Option<Debrief> {
    let turning = world.turning.as_ref()?;
    let back = world.back.filter(|back| world.now().timestamp() >= back + RECOVERED)?;
    let (version, began) = world.loss()?;
    let service = world.service()?;
    let lost = world.ledger(version).rejected;
    (lost > 0).then(|| Debrief {
        seed: world.seed,
        began: time(began),
        worth: Worth { amount: f64::from(super::ORDER_WORTH), currency: "EUR".into() },
        back: time(back),
        lost,
        alone: alone(World::clone(turning), service, version),
    })
}

/// Promotes the service instead, and looks on.
fn alone(mut world: World, service: &Rollout, version: &str) -> Alone {
    let promoted = world.now().timestamp();
    world.edit(&service.namespace, &service.name, &[Edit::ClearPause]);
    let (mut now, mut over) = (promoted, None);
    while over.is_none_or(|over| now < over + AFTERWARDS) && now < promoted + PATIENCE {
        now += 1;
        world.advance(now);
        let is_over = world.service().is_some_and(|service| service.is_promoted() || service.status.abort);
        over = over.or(is_over.then_some(now));
    }
    let last = world.service().and_then(|service| service.analyses.last());
    let measured = last.and_then(|run| run.measurements.last()).map_or(promoted, |measured| measured.at);
    Alone {
        promoted: time(promoted),
        analysis: match last.map(|run| run.phase) {
            Some("Successful") => Analysis::Passed(time(measured)),
            Some("Failed") => Analysis::Failed(time(measured)),
            Some(_) | None => Analysis::Open,
        },
        everyone: over.filter(|_| world.service().is_some_and(Rollout::is_promoted)).map(time),
        lost: world.ledger(version).rejected,
        until: time(now),
    }
}

fn time(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Scenario;

    fn flown(scenario: Scenario, edits: &[Edit], seconds: i64) -> World {
        let mut world = World::new(scenario, 7);
        let start = World::start().timestamp();
        world.advance(start + 240);
        assert!(world.edit("shop", "checkout", edits));
        world.advance(start + 240 + seconds);
        world
    }

    #[test]
    fn it_is_told_once_orders_have_recovered_and_only_of_a_way_back() {
        assert_eq!(debrief(&flown(Scenario::SilentPaymentFailure, &[Edit::Abort(true)], 50)), None);
        assert!(debrief(&flown(Scenario::SilentPaymentFailure, &[Edit::Abort(true)], 70)).is_some());
        assert_eq!(debrief(&flown(Scenario::SilentPaymentFailure, &[Edit::PromoteFull(true)], 300)), None);
        assert_eq!(debrief(&flown(Scenario::SilentPaymentFailure, &[Edit::Paused(true)], 300)), None);
        assert_eq!(debrief(&flown(Scenario::Clean, &[Edit::Abort(true)], 300)), None, "nothing was lost");
    }

    #[test]
    fn both_ends_are_those_of_the_same_world() {
        let told = debrief(&flown(Scenario::SilentPaymentFailure, &[Edit::Abort(true)], 100)).unwrap();
        let world = flown(Scenario::SilentPaymentFailure, &[Edit::Abort(true)], 100);
        assert_eq!(told.lost, world.ledger("4.2.0").rejected);
        let lived = (told.alone.until - told.alone.promoted).num_seconds();
        let promoted = flown(Scenario::SilentPaymentFailure, &[Edit::ClearPause], lived);
        assert_eq!(told.alone.lost, promoted.ledger("4.2.0").rejected);
        assert!(told.alone.lost > 20 * told.lost, "{told:?}");
        assert!(matches!(told.alone.analysis, Analysis::Passed(at) if at < told.alone.everyone.unwrap()), "{told:?}");
        assert_eq!(told.alone.until, told.alone.everyone.unwrap() + chrono::TimeDelta::seconds(AFTERWARDS));
    }
}
