//! All of it together, second by second.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    cast::{self, Deploy},
    controller,
    customers::{Customers, Ledger},
    dice::Dice,
    fault::Fault,
    rollout::{Edit, Rollout},
    scaling,
    scenario::{self, Scenario},
};
use crate::domain::series::Series;

/// The service whose customers are simulated.
const SERVICE: &str = "checkout";
/// Errors per million requests of everybody else.
const ELSEWHERE: u32 = 1_800;

/// A cluster with its rollouts and the customers of one of them.
#[derive(Clone, Debug)]
pub struct World {
    now: i64,
    dice: Dice,
    rollouts: Vec<Rollout>,
    customers: Customers,
    fault: Fault,
    pub(super) seed: u64,
    /// The world as it was just before somebody first acted on the service while it lost orders.
    pub(super) turning: Option<Arc<World>>,
    /// Since when nobody is on the newest revision of the service, after such an act.
    pub(super) back: Option<i64>,
    /// Still to be shipped, the next one last.
    deploys: Vec<Deploy>,
}

impl World {
    /// The world as it is when the story begins.
    #[must_use]
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let rollouts = cast::at_rest(&mut dice);
        let fault = scenario.fault();
        let chance = Dice::new(seed ^ 0x00C0_FFEE);
        let customers = Customers::new(chance, fault, scenario.silent(), scenario.is_detailed());
        let mut deploys = cast::deploys();
        deploys.reverse();
        let now = scenario::START - scenario::BEFORE;
        let mut world = Self { now, dice, rollouts, customers, fault, seed, turning: None, back: None, deploys };
        world.advance(scenario::START);
        world
    }

    /// When every story begins.
    #[must_use]
    pub fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(scenario::START, 0).unwrap_or_default()
    }

    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.now, 0).unwrap_or_default()
    }

    /// Lives on until `to`, in seconds since 1970; never back.
    pub fn advance(&mut self, to: i64) {
        while self.now < to {
            self.now += 1;
            self.second();
        }
    }

    fn second(&mut self) {
        while let Some(deploy) = self.deploys.pop_if(|deploy| deploy.at <= self.now) {
            self.ship(&deploy);
        }
        let errors = self.customers.errors_per_million();
        for rollout in &mut self.rollouts {
            let errors = if rollout.name == SERVICE { errors } else { ELSEWHERE };
            controller::reconcile(rollout, self.now, errors, &mut self.dice);
        }
        if let Some(service) = self.rollouts.iter_mut().find(|rollout| rollout.name == SERVICE) {
            scaling::kill(service, &self.fault, self.now);
            self.customers.live(service, self.now);
            let is_well = service.set(&service.status.stable).is_some_and(|set| set.image.tag != self.fault.version);
            let is_back = self.turning.is_some() && service.status.weight == 0 && is_well;
            self.back = self.back.or(Some(self.now)).filter(|_| is_back);
        }
    }

    /// The rollout whose customers are simulated.
    pub(super) fn service(&self) -> Option<&Rollout> {
        self.rollouts.iter().find(|rollout| rollout.name == SERVICE)
    }

    /// The version that loses orders, and since when; none if none does by now.
    pub(super) fn loss(&self) -> Option<(&'static str, i64)> {
        (self.fault.rejected > 0 && self.now >= self.fault.since).then_some((self.fault.version, self.fault.since))
    }

    fn ship(&mut self, deploy: &Deploy) {
        let Some(rollout) = self.rollouts.iter_mut().find(|rollout| rollout.name == deploy.rollout) else { return };
        let set = cast::replica_set(deploy.rollout, deploy.tag, deploy.crashes, self.now, &mut self.dice);
        rollout.write(&Edit::Template(set.hash.clone()));
        rollout.sets.push(set);
    }

    #[must_use]
    pub fn rollouts(&self) -> &[Rollout] {
        &self.rollouts
    }

    #[must_use]
    pub fn rollout(&self, namespace: &str, name: &str) -> Option<&Rollout> {
        self.rollouts.iter().find(|rollout| rollout.namespace == namespace && rollout.name == name)
    }

    /// Writes to a rollout, all edits at once; false where there is none of that name.
    pub fn edit(&mut self, namespace: &str, name: &str, edits: &[Edit]) -> bool {
        if name == SERVICE && self.turning.is_none() && self.loss().is_some() {
            self.turning = Some(Arc::new(self.clone()));
        }
        let found = self.rollouts.iter_mut().find(|rollout| rollout.namespace == namespace && rollout.name == name);
        found.is_some_and(|rollout| {
            for edit in edits {
                rollout.write(edit);
            }
            true
        })
    }

    /// A meter at `from`, `from + step`, up to `to` (seconds since 1970): by pod, or as the only series of what is
    /// shared. None where nothing has that name.
    #[must_use]
    pub fn series(&self, meter: &str, from: i64, to: i64, step: i64) -> Option<Vec<Series>> {
        self.customers.samples.series(meter, from, to, step)
    }

    /// When the newest sample of a meter was taken.
    #[must_use]
    pub fn sampled(&self, meter: &str) -> Option<DateTime<Utc>> {
        self.customers.samples.newest(meter).and_then(|at| DateTime::from_timestamp(at, 0))
    }

    /// What customers met with, by version.
    #[must_use]
    pub fn ledger(&self, version: &str) -> Ledger {
        self.customers.ledger.get(version).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER: i64 = scenario::START;

    fn world(scenario: Scenario) -> World {
        World::new(scenario, 7)
    }

    fn checkout(world: &World) -> &Rollout {
        world.rollout("shop", "checkout").unwrap()
    }

    fn write(world: &mut World, edits: &[Edit]) {
        assert!(world.edit("shop", "checkout", edits));
    }

    /// Phase, steps done and weight of the checkout.
    fn state(world: &World) -> (&'static str, usize, u32) {
        let status = &checkout(world).status;
        (status.phase, status.step, status.weight)
    }

    /// Growth of a counter over all pods of a version between two times after the start.
    fn grown(world: &World, counter: &str, version: &str, from: i64, to: i64) -> f64 {
        let hash = &checkout(world).sets.iter().find(|set| set.image.tag == version).unwrap().hash;
        let of_version = |series: &Series| series.instance.raw().starts_with(&format!("checkout-{hash}-"));
        let grown = |series: &Series| series.points.last().unwrap().value - series.points.first().unwrap().value;
        let series = world.series(counter, AFTER + from, AFTER + to, 10).unwrap();
        series.iter().filter(|series| of_version(series)).map(grown).sum()
    }

    fn share(world: &World, part: &str, whole: &str, version: &str, from: i64, to: i64) -> f64 {
        grown(world, part, version, from, to) / grown(world, whole, version, from, to)
    }

    #[test]
    fn the_story_begins_when_ten_percent_was_well_for_six_minutes() {
        let world = world(Scenario::default());
        let checkout = checkout(&world);
        assert_eq!(state(&world), ("Paused", 3, 10));
        let since = checkout.status.pause.unwrap().since;
        assert!((360..380).contains(&(AFTER - since)), "paused for {}", AFTER - since);
        let pods: Vec<_> =
            checkout.sets.iter().map(|set| (set.revision, set.image.tag.as_str(), set.ready())).collect();
        assert_eq!(pods, [(41, "4.1.9", 8), (42, "4.2.0", 2)]);
        let reasons: Vec<_> = checkout.events.iter().map(|event| event.reason).collect();
        assert_eq!(reasons.iter().filter(|reason| **reason == "RolloutStepCompleted").count(), 3, "{reasons:?}");
    }

    #[test]
    fn the_neighbours_stand_at_every_kind_of_stop() {
        let mut world = world(Scenario::default());
        let phases = |world: &World| -> Vec<_> {
            world.rollouts().iter().map(|r| (r.name.clone(), r.status.phase, r.status.message.clone())).collect()
        };
        let seen = phases(&world);
        let phase_of = |name: &str| seen.iter().find(|(n, ..)| n == name).map(|(_, phase, _)| *phase).unwrap();
        assert_eq!(phase_of("ledger"), "Paused");
        assert_eq!(phase_of("indexer"), "Degraded");
        assert_eq!(phase_of("cart"), "Paused");
        assert_eq!(phase_of("search-api"), "Progressing");
        assert_eq!(phase_of("catalog"), "Healthy");
        assert!(seen.iter().any(|(_, _, message)| message.contains("has timed out progressing")), "{seen:?}");
        world.advance(AFTER + 160);
        assert_ne!(phases(&world), seen, "something moves by itself");
    }

    #[test]
    fn the_same_acts_make_the_same_world_however_often_it_is_looked_at() {
        let run = |glances: &[i64]| {
            let mut world = world(Scenario::default());
            for glance in glances {
                world.advance(AFTER + glance);
            }
            world.advance(AFTER + 90);
            write(&mut world, &[Edit::ClearPause]);
            world.advance(AFTER + 400);
            (world.rollouts.clone(), world.series("orders", AFTER, AFTER + 400, 10), world.ledger("4.2.0"))
        };
        assert_eq!(run(&[]), run(&[1, 2, 3, 50, 51, 89]));
        assert_ne!(
            World::new(Scenario::default(), 1).ledger("4.1.9"),
            World::new(Scenario::default(), 2).ledger("4.1.9")
        );
    }

    #[test]
    fn payments_fail_silently_orders_fall_and_nothing_else_moves() {
        let mut world = world(Scenario::SilentPaymentFailure);
        world.advance(AFTER + 60);
        assert_eq!(world.ledger("4.2.0").rejected, 0, "well at first");
        world.advance(AFTER + 1200);
        let orders = |version, from, to| share(&world, "orders", "checkouts", version, from, to);
        assert!(orders("4.2.0", 180, 1200) < 0.5 * orders("4.1.9", 180, 1200), "unmistakable later");
        assert!(orders("4.1.9", 180, 1200) > 0.9);
        for counter in ["errors", "fast_requests"] {
            let (canary, baseline) = (
                share(&world, counter, "requests", "4.2.0", 180, 1200),
                share(&world, counter, "requests", "4.1.9", 180, 1200),
            );
            assert!((0.8..1.25).contains(&(canary / baseline)), "{counter}: {canary} and {baseline}");
        }
    }

    /// The newest value of something shared, in the last five minutes.
    fn shared(world: &World, meter: &str) -> f64 {
        let now = world.now().timestamp();
        world.series(meter, now - 300, now, 5).unwrap().first().unwrap().points.last().unwrap().value
    }

    #[test]
    fn an_incident_hits_both_arms_alike() {
        let mut world = world(Scenario::IncidentInBothArms);
        world.advance(AFTER + 900);
        let orders = |version, from, to| share(&world, "orders", "checkouts", version, from, to);
        let (canary, baseline) = (orders("4.2.0", 200, 900), orders("4.1.9", 200, 900));
        assert!((0.93..1.07).contains(&(canary / baseline)), "{canary} and {baseline}");
        assert!(baseline < 0.7 && orders("4.1.9", -600, 0) > 0.9);
        assert!(shared(&world, "provider_error_share") > 30.0);
    }

    #[test]
    fn a_canary_that_eats_the_pool_slows_everyone_down() {
        let mut world = world(Scenario::SharedPool);
        let before = world.series("db_pool_in_use", AFTER - 3600, AFTER - 600, 5).unwrap();
        assert!(before[0].points.iter().all(|point| (36.0..=40.0).contains(&point.value)));
        world.advance(AFTER + 600);
        assert!(shared(&world, "db_pool_in_use") > 90.0);
        for version in ["4.1.9", "4.2.0"] {
            assert!(share(&world, "fast_requests", "requests", version, 400, 600) < 0.975, "{version}");
        }
        write(&mut world, &[Edit::Abort(true)]);
        world.advance(AFTER + 700);
        assert!(shared(&world, "db_pool_in_use") < 41.0, "what it kept goes with its pods");
    }

    #[test]
    fn a_router_may_send_less_than_it_says() {
        let mut world = world(Scenario::RouterTwoPercent);
        world.advance(AFTER + 600);
        let requests = |version| grown(&world, "requests", version, 0, 600);
        let share = requests("4.2.0") / (requests("4.2.0") + requests("4.1.9"));
        assert!((0.015..0.025).contains(&share), "{share}");
        assert_eq!(state(&world), ("Paused", 3, 10));
    }

    #[test]
    fn pods_that_die_count_nothing_any_more() {
        let mut world = world(Scenario::CrashLoop);
        world.advance(AFTER + 50);
        assert_eq!(checkout(&world).sets.last().unwrap().ready(), 2);
        world.advance(AFTER + 600);
        let canary = checkout(&world).sets.last().unwrap();
        assert!(canary.ready() == 0 && canary.pods.iter().all(|pod| pod.restarts > 2), "{canary:?}");
        assert!(grown(&world, "requests", "4.2.0", 120, 600) < 1.0);
    }

    #[test]
    fn an_exporter_that_falls_silent_leaves_a_hole_and_no_zeros() {
        let mut world = world(Scenario::SilentPaymentFailure);
        world.advance(AFTER + 600);
        let newest = world.sampled("chat_contacts").unwrap();
        assert!(newest < world.sampled("orders").unwrap() - chrono::TimeDelta::seconds(300));
        assert_eq!(world.series("chat_contacts", AFTER + 400, AFTER + 600, 10), Some(Vec::new()));
        assert!(world.series("no_such_thing", AFTER, AFTER, 10).is_none());
    }

    #[test]
    fn thirty_things_are_counted_only_for_those_who_watch_them() {
        let counted = |scenario| {
            let mut world = self::world(scenario);
            world.advance(AFTER + 60);
            crate::sim::meters()
                .into_iter()
                .filter(|name| world.series(name, AFTER, AFTER + 60, 10).is_some_and(|series| !series.is_empty()))
                .count()
        };
        assert_eq!(counted(Scenario::ManyPanels), crate::sim::meters().len());
        assert_eq!(counted(Scenario::Clean), crate::sim::meters().len() - crate::sim::MINOR.len());
    }

    #[test]
    fn a_clean_canary_sells_like_the_baseline() {
        let mut world = world(Scenario::Clean);
        world.advance(AFTER + 1200);
        let orders = |version| share(&world, "orders", "checkouts", version, 0, 1200);
        assert!((0.97..1.03).contains(&(orders("4.2.0") / orders("4.1.9"))));
        assert_eq!(world.ledger("4.2.0").rejected, 0);
    }

    #[test]
    fn an_abort_sends_everybody_back_and_promoting_loses_more() {
        let rejected = |edits: &[Edit]| {
            let mut world = world(Scenario::SilentPaymentFailure);
            world.advance(AFTER + 240);
            write(&mut world, edits);
            world.advance(AFTER + 1500);
            (state(&world), world.ledger("4.2.0").rejected)
        };
        let (left_alone, aborted, promoted) =
            (rejected(&[]), rejected(&[Edit::Abort(true)]), rejected(&[Edit::ClearPause]));
        assert_eq!(left_alone.0, ("Paused", 3, 10));
        assert_eq!(aborted.0, ("Degraded", 0, 0));
        assert_eq!(promoted.0.0, "Healthy", "{promoted:?}");
        assert!(aborted.1 * 4 < left_alone.1, "{} and {}", aborted.1, left_alone.1);
        assert!(left_alone.1 * 4 < promoted.1, "{} and {}", left_alone.1, promoted.1);
    }

    #[test]
    fn an_aborted_canary_keeps_its_pods_for_a_while_and_a_retry_starts_over() {
        let mut world = world(Scenario::SilentPaymentFailure);
        write(&mut world, &[Edit::Abort(true)]);
        world.advance(AFTER + 20);
        assert_eq!(checkout(&world).sets.last().unwrap().ready(), 2);
        world.advance(AFTER + 40);
        assert_eq!(checkout(&world).sets.last().unwrap().count(), 0);
        assert!(checkout(&world).status.message.starts_with("RolloutAborted: Rollout aborted update to revision 42"));
        write(&mut world, &[Edit::Abort(false)]);
        world.advance(AFTER + 60);
        assert_eq!(state(&world), ("Paused", 1, 1));
    }

    #[test]
    fn holding_keeps_the_weight_but_not_the_clock_of_a_timed_pause() {
        let mut world = world(Scenario::Clean);
        write(&mut world, &[Edit::ClearPause]);
        world.advance(AFTER + 200);
        assert_eq!(state(&world), ("Paused", 6, 50));
        write(&mut world, &[Edit::Paused(true)]);
        world.advance(AFTER + 900);
        assert_eq!((state(&world), checkout(&world).status.message.as_str()), (("Paused", 6, 50), "manually paused"));
        write(&mut world, &[Edit::Paused(false)]);
        world.advance(AFTER + 902);
        assert_eq!(checkout(&world).status.step, 7, "its time was up long ago");
    }

    #[test]
    fn a_full_promotion_takes_everyone_and_then_an_abort_does_nothing() {
        let mut world = world(Scenario::SilentPaymentFailure);
        write(&mut world, &[Edit::PromoteFull(true)]);
        world.advance(AFTER + 3);
        write(&mut world, &[Edit::Abort(true)]);
        world.advance(AFTER + 20);
        assert_eq!(state(&world), ("Healthy", 8, 0));
        assert_eq!(checkout(&world).set(&checkout(&world).status.stable).unwrap().image.tag, "4.2.0");
    }

    #[test]
    fn the_stable_template_comes_back_at_once_and_an_older_one_through_all_steps() {
        let mut world = world(Scenario::SilentPaymentFailure);
        let old = checkout(&world).status.stable.clone();
        write(&mut world, &[Edit::Template(old.clone())]);
        world.advance(AFTER + 3);
        assert_eq!((state(&world), checkout(&world).status.stable.as_str()), (("Healthy", 8, 0), old.as_str()));

        let mut world = self::world(Scenario::SilentPaymentFailure);
        write(&mut world, &[Edit::PromoteFull(true)]);
        world.advance(AFTER + 120);
        write(&mut world, &[Edit::Template(old.clone())]);
        world.advance(AFTER + 150);
        assert_eq!(state(&world), ("Paused", 1, 1));
        assert_eq!(checkout(&world).set(&old).unwrap().revision, 43);
    }
}
