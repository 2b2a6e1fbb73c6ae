//! Every key of the demo does what its plan said, by the plan's own expectation.

use super::*;
use crate::{
    domain::{
        analysis::AnalysisPhase,
        goal::Goal,
        release::{Phase, WaitingOn},
        revision::Tag,
        step::StepState,
    },
    sim::Scenario,
};

const TARGET: [&str; 2] = ["shop", "checkout"];

struct Demo {
    world: World,
    now: i64,
}

impl Demo {
    fn new() -> Self {
        let world = World::new(Scenario::SilentPaymentFailure, 7);
        Self { now: world.now().timestamp(), world }
    }

    fn look_at(&self, path: [&str; 2]) -> Release {
        let target =
            Target { source: "demo".into(), kind: "rollout".into(), path: path.iter().map(|p| (*p).into()).collect() };
        let news = Watcher::new("demo".into(), Scope::Release(target)).poll(&self.world);
        let found = news.into_iter().find_map(|update| match update {
            Update::Snapshot(releases) => releases.into_iter().next(),
            _ => None,
        });
        Arc::unwrap_or_clone(found.unwrap())
    }

    fn look(&self) -> Release {
        self.look_at(TARGET)
    }

    fn wait(&mut self, seconds: i64) {
        self.now += seconds;
        self.world.advance(self.now);
    }

    fn plan(&self, goal: &Goal) -> Plan {
        self.look().offer(goal).unwrap().answer.plan().unwrap_or_else(|denied| panic!("{goal}: {denied}")).clone()
    }

    /// Applies the plan for a goal and waits until its effect is seen.
    fn reach(&mut self, goal: &Goal) -> Release {
        let plan = self.plan(goal);
        rehearse(&self.world, &plan).unwrap();
        let receipt = apply(&mut self.world, &plan).unwrap();
        assert_eq!(receipt.replies.len(), plan.requests.len());
        #[expect(clippy::cast_possible_truncation, reason = "a deadline in seconds")]
        for _ in 0..plan.expect.within.0 as i64 {
            self.wait(1);
            if plan.expect.is_met(&self.look()) {
                return self.look();
            }
        }
        panic!("{goal}: {:?} was not seen in {}: {:?}", plan.expect.all, plan.expect.within, self.look());
    }
}

#[test]
fn the_cockpit_opens_on_a_canary_that_waits_for_a_person() {
    let release = Demo::new().look();
    assert_eq!((release.phase, release.message.as_str()), (Phase::Paused, "CanaryPauseStep"));
    assert_eq!(release.waiting.as_ref().map(|w| &w.on), Some(&WaitingOn::Person));
    assert_eq!((release.weight.wanted, release.weight.set), (Some(10.0), Some(10.0)));
    let labels: Vec<_> = release.steps.iter().map(|step| step.label.to_string()).collect();
    let expected =
        ["weight 1 %", "pause 2m", "weight 10 %", "pause", "analysis", "weight 50 %", "pause 10m", "weight 100 %"];
    assert_eq!(labels, expected);
    assert!(release.steps.iter().take(3).all(|step| step.took.is_some_and(|took| !took.at_least)), "all was seen");
    let revisions: Vec<_> =
        release.revisions.iter().map(|r| (r.number, r.version.to_string(), r.ready, r.pods.len())).collect();
    assert_eq!(revisions, [(Some(42), "4.2.0".to_owned(), 2, 2), (Some(41), "4.1.9".to_owned(), 8, 8)]);
    assert_eq!(release.way_back.version.as_deref(), Some("4.1.9"));
    assert!(release.missing.is_empty() && release.blockers.is_empty(), "{:?}", release.blockers);
}

#[test]
fn rolling_back_brings_everyone_to_the_stable_revision() {
    let mut demo = Demo::new();
    let release = demo.reach(&Goal::Rollback { to: None });
    assert!(release.aborted && release.weight.set == Some(0.0));
    let retried = demo.reach(&Goal::Retry);
    assert!(!retried.aborted);
}

#[test]
fn promoting_ends_the_pause_and_only_that() {
    let mut demo = Demo::new();
    let release = demo.reach(&Goal::Promote);
    assert_eq!(release.current_step().map(|(place, _)| place), Some(4));
    demo.wait(35);
    let analysis = demo.look().analyses.first().cloned().unwrap();
    assert!((analysis.successful, analysis.failed) == (2, 0), "{analysis:?}");
    demo.wait(900);
    assert_eq!(demo.look().phase, Phase::Healthy, "nobody was asked again");
}

#[test]
fn holding_and_resuming_skip_nothing() {
    let mut demo = Demo::new();
    assert!(demo.reach(&Goal::Pause).held);
    let release = demo.reach(&Goal::Resume);
    assert!(!release.held);
    assert_eq!(release.current_step().map(|(place, _)| place), Some(3));
}

#[test]
fn a_full_promotion_is_undone_while_it_runs_and_after_it() {
    let mut demo = Demo::new();
    let plan = demo.plan(&Goal::PromoteFull);
    apply(&mut demo.world, &plan).unwrap();
    demo.wait(2);
    let back = demo.reach(&Goal::Rollback { to: None });
    assert!(back.stable().is_some_and(|stable| stable.version.as_str() == "4.1.9"));

    let mut demo = Demo::new();
    let release = demo.reach(&Goal::PromoteFull);
    assert!(release.stable().is_some_and(|stable| stable.version.as_str() == "4.2.0"));
    demo.wait(60);
    let plan = demo.plan(&Goal::Rollback { to: None });
    assert!(plan.proven, "4.1.9 was there before: {:?}", plan.warnings);
    apply(&mut demo.world, &plan).unwrap();
    demo.wait(40);
    let release = demo.look();
    assert!(release.newest().is_some_and(|newest| newest.version.as_str() == "4.1.9" && newest.is(Tag::Canary)));
    assert_eq!(release.steps[1].state, StepState::Current, "all steps again");
}

#[test]
fn a_plan_made_of_an_old_look_is_a_conflict_and_does_nothing() {
    let mut demo = Demo::new();
    let stale = demo.plan(&Goal::Promote);
    apply(&mut demo.world, &stale).unwrap();
    for seconds in [0, 5] {
        demo.wait(seconds);
        let before = demo.world.rollout(TARGET[0], TARGET[1]).cloned();
        assert_eq!(rehearse(&demo.world, &stale).unwrap_err().kind, FailureKind::Conflict);
        assert_eq!(apply(&mut demo.world, &stale).unwrap_err().kind, FailureKind::Conflict);
        assert_eq!(demo.world.rollout(TARGET[0], TARGET[1]).cloned(), before);
    }
}

#[test]
fn a_watch_tells_everything_once_and_then_only_what_changed() {
    let mut demo = Demo::new();
    let mut watcher = Watcher::new("demo".into(), Scope::Board(Vec::new()));
    let first = watcher.poll(&demo.world);
    assert!(first.iter().any(|update| matches!(update, Update::Snapshot(releases) if releases.len() == 9)));
    assert!(watcher.poll(&demo.world).is_empty());
    let plan = demo.plan(&Goal::Pause);
    apply(&mut demo.world, &plan).unwrap();
    let changed = watcher.poll(&demo.world);
    assert!(
        matches!(Vec::from(changed.clone()).as_slice(), [Update::Changed(release)] if release.id.target.name() == "checkout"),
        "{changed:?}"
    );
    let mut elsewhere = Watcher::new("demo".into(), Scope::Board(vec!["search".into()]));
    let found = elsewhere.poll(&demo.world);
    assert!(found.iter().any(|update| matches!(update, Update::Snapshot(releases) if releases.len() == 2)));
}

#[test]
fn the_neighbours_say_why_they_stand() {
    let demo = Demo::new();
    let indexer = demo.look_at(["search", "indexer"]);
    assert_eq!(indexer.phase, Phase::Degraded);
    assert!(indexer.blockers.iter().any(|why| why.contains("CrashLoopBackOff")), "{:?}", indexer.blockers);
    assert!(demo.look_at(["payments", "ledger"]).waits_for_person());
    assert_eq!(demo.look_at(["shop", "catalog"]).phase, Phase::Healthy);
}

#[test]
fn the_controller_would_pass_what_loses_orders() {
    let demo = Demo::new();
    let release = demo.look();
    let [check] = release.checks.as_slice() else { panic!("{:?}", release.checks) };
    let hash = release.id.revision.raw();
    assert_eq!(check.query.as_deref(), Some(format!("error_ratio{{hash=\"{hash}\"}}").as_str()));
    assert_eq!((check.count, check.failure_limit, check.phase.as_ref()), (Some(5), Some(0), None));
    let standing = release.standing(|_| Some(0.002)).unwrap();
    assert_eq!(standing.reading(), "its analysis (step 5) reads error-ratio only");
    assert_eq!(standing.verdict(), "it would pass now");
    assert_eq!(standing.cautions, []);

    let mut demo = demo;
    demo.reach(&Goal::Promote);
    demo.wait(35);
    let checks = demo.look().checks;
    assert_eq!((checks[0].phase.as_ref(), checks[0].measured.len()), (Some(&AnalysisPhase::Running), 2));
    assert!(checks[0].measured.iter().all(|measured| measured.number.is_some_and(|number| number < 0.02)));
}
