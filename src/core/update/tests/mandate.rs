//! Every state that a guard can find, as a table, and what no order of them may bring about.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::world::{paused, plan};
use crate::{
    core::{
        effect::WatchId,
        guard::{ALPHA, ATTEMPTS, Duty, End, Guard, Mandate, Next, Orders, SOAK, Sight, next},
        policy,
        state::{Act, Stage},
    },
    domain::{
        clean::Clean,
        failure::{Failure, FailureKind},
        goal::{Denied, Direction, Goal, Permission},
        guard::{GuardState, Heartbeat, Outcome},
        journal::ActId,
        plan::{Condition, Plan, Receipt},
        release::Release,
        time::{At, Seconds},
        verdict::Verdict,
        way_back::Means,
    },
};

fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn at(seconds: u64) -> At {
    At { wall: begin() + TimeDelta::seconds(i64::try_from(seconds).unwrap()), mono: seconds * 1000 }
}

fn mandate() -> Mandate {
    let release = paused("checkout").id;
    Mandate { release, alpha: ALPHA, soak: SOAK, until: begin() + TimeDelta::hours(2) }
}

fn orders() -> Orders {
    Orders { mandate: mandate(), id: "me".into(), host: "bastion".into(), over: None, reason: None }
}

/// An armed guard whose sign stands on the release.
fn guard(duty: Duty) -> Guard {
    Guard { duty, seen: true, ..Guard::new(orders(), "operator".into(), at(0)) }
}

fn way_back() -> Plan {
    plan("checkout", Goal::Rollback { to: None }, Direction::Back, None, vec![Condition::Aborted(true)])
}

fn sign(id: &str, state: GuardState) -> Heartbeat {
    Heartbeat { id: id.into(), state, ..guard(Duty::Watching).sign }
}

fn act(stage: Stage) -> Act {
    Act {
        id: ActId(7),
        plan: way_back(),
        reason: None,
        verdict: Verdict::unknown("x"),
        sent: at(0),
        stage,
        replied: true,
        met: None,
        changed: Vec::new(),
    }
}

/// What is known, owned, so that a case can change a part of it.
#[derive(Clone, Debug)]
struct World {
    now: At,
    contact: bool,
    watch: Option<WatchId>,
    gone: bool,
    release: Option<Release>,
    plan: Result<Plan, Denied>,
    regressed: Vec<Clean>,
    uncounted: Vec<Clean>,
    blind: Option<Clean>,
    act: Option<Act>,
}

impl World {
    fn calm() -> Self {
        let mut release = paused("checkout");
        release.guard = Some(sign("me", GuardState::Watching));
        Self {
            now: at(60),
            contact: true,
            watch: Some(WatchId(1)),
            gone: false,
            release: Some(release),
            plan: Ok(way_back()),
            regressed: Vec::new(),
            uncounted: Vec::new(),
            blind: None,
            act: None,
        }
    }

    fn regressed() -> Self {
        Self { regressed: vec!["orders ×0.41".into()], ..Self::calm() }
    }

    fn with(mut self, change: impl FnOnce(&mut Release)) -> Self {
        if let Some(release) = &mut self.release {
            change(release);
        }
        self
    }

    fn next(&self, guard: &Guard) -> Next {
        next(
            guard,
            &Sight {
                now: self.now,
                contact: self.contact,
                watch: self.watch,
                gone: self.gone,
                release: self.release.as_ref(),
                plan: self.plan.as_ref().map_err(Clone::clone),
                regressed: self.regressed.clone(),
                uncounted: self.uncounted.clone(),
                blind: self.blind.clone(),
                act: self.act.as_ref(),
            },
        )
    }
}

/// What comes next, in a word or two.
fn told(next: &Next) -> String {
    match next {
        Next::Stay(GuardState::Watching) => "watch".into(),
        Next::Stay(GuardState::Blind(why)) => format!("blind: {why}"),
        Next::Stay(GuardState::Acting(attempt)) => format!("acting {attempt}"),
        Next::Stay(GuardState::Ended(why)) => format!("has ended: {why}"),
        Next::Read => "read".into(),
        Next::Act(_, because) => format!("act: {because}"),
        Next::Rest(until) => format!("rest {until}"),
        Next::End(end) => format!("{:?}: {}", end.outcome, end.why),
    }
}

fn failed(kind: FailureKind) -> Act {
    act(Stage::Failed(Failure::new(kind, "no")))
}

#[test]
fn it_acts_on_a_fresh_regression_read_anew_and_on_nothing_else() {
    let watching = guard(Duty::Watching);
    let reading = Guard { reads: at(60).mono, ..guard(Duty::Reading(WatchId(1))) };
    let slow = Guard { reads: at(50).mono, ..reading.clone() };
    let uncounted = || World { uncounted: vec!["orders ×0.41, but".into()], ..World::calm() };
    let arming = guard(Duty::Arming);
    let cases = vec![
        (&watching, World::calm(), "watch"),
        (&watching, World::regressed(), "read"),
        (&reading, World::regressed(), "act: orders ×0.41"),
        (&reading, World { watch: Some(WatchId(2)), ..World::regressed() }, "watch"),
        (&reading, World { contact: false, ..World::regressed() }, "watch"),
        (&reading, World::calm(), "watch"),
        (&slow, World { contact: false, ..World::regressed() }, "blind: sees a regression, cannot read the release"),
        (&slow, World { contact: false, ..World::calm() }, "blind: no contact with the release"),
        (&slow, World::regressed(), "act: orders ×0.41"),
        (&watching, uncounted(), "blind: sees a regression: orders ×0.41, but"),
        (&reading, uncounted(), "blind: sees a regression: orders ×0.41, but"),
        (&reading, World { regressed: vec!["refunds ×3".into()], ..uncounted() }, "act: refunds ×3"),
        (&watching, World { blind: Some("orders: no data".into()), ..World::calm() }, "blind: orders: no data"),
        (&watching, World { contact: false, ..World::regressed() }, "blind: no contact with the release"),
        (&arming, World::regressed(), "watch"),
    ];
    for (guard, world, expected) in cases {
        assert_eq!(told(&world.next(guard)), expected, "{:?} {world:#?}", guard.duty);
    }
}

#[test]
fn without_a_way_back_of_its_own_kind_it_says_so_and_does_nothing() {
    let denied = |why: &str| World { plan: Err(Denied::new(why)), ..World::regressed() };
    let with_plan = |change: fn(&mut Plan)| {
        let mut plan = way_back();
        change(&mut plan);
        World { plan: Ok(plan), ..World::regressed() }
    };
    let cases = vec![
        (denied("between two states"), "no way back: between two states"),
        (
            with_plan(|plan| plan.permission = Permission::No("`viewer` may not".into())),
            "no way back: `viewer` may not",
        ),
        (with_plan(|plan| plan.proven = false), "no way back: nothing shows"),
        (with_plan(|plan| plan.direction = Direction::Forward), "no way back: the way back moves customers onto"),
        (with_plan(|plan| plan.goal = Goal::Retry), "no way back: the way back moves customers onto"),
        (with_plan(|plan| plan.release.revision = "newer".into()), "the way back is another release's"),
        (World::regressed().with(|r| r.way_back.means = Means::UndoThroughSteps), "no way back: the way back leads"),
        (World::regressed().with(|r| r.way_back.means = Means::Finish), "no way back: the way back is to finish"),
        (World::regressed().with(|r| r.way_back.means = Means::None("none".into())), "no way back: none"),
    ];
    for (world, expected) in cases {
        for duty in [Duty::Watching, Duty::Reading(WatchId(1))] {
            let told = told(&world.next(&guard(duty)));
            assert!(told.starts_with(&format!("blind: {expected}")), "{told}");
        }
    }
}

#[test]
fn it_ends_when_its_mandate_does() {
    let promoted = Guard { promoted: Some(60_000), ..guard(Duty::Watching) };
    let unseen = Guard { seen: false, ..guard(Duty::Watching) };
    let watching = guard(Duty::Watching);
    let regressed = World::regressed;
    let cases = vec![
        (&watching, regressed().with(|r| r.id.revision = "newer".into()), "Superseded: another revision came"),
        (&watching, regressed().with(|r| r.id.uid = "other".into()), "Superseded: the release was deleted"),
        (&watching, World { gone: true, ..regressed() }, "TakenBack: the release was deleted"),
        (&watching, regressed().with(|r| r.aborted = true), "TakenBack: somebody else"),
        (&watching, World { now: at(7_200), ..regressed() }, "TimeOver"),
        (&promoted, World { now: at(60 + 900), ..World::calm() }, "Completed: all traffic for 15m00s"),
        (&promoted, World { now: at(60 + 899), ..World::calm() }, "watch"),
        (
            &watching,
            regressed().with(|r| r.guard = Some(sign("me", GuardState::Ended("by hand".into())))),
            "StoodDown: by hand",
        ),
        (&watching, regressed().with(|r| r.guard = Some(sign("other", GuardState::Watching))), "Replaced: operator on"),
        // What stood there before its own sign is nobody's any more.
        (&unseen, World::calm().with(|r| r.guard = Some(sign("other", GuardState::Watching))), "watch"),
        (&watching, World::calm().with(|r| r.guard = None), "watch"),
    ];
    for (guard, world, expected) in cases {
        let told = told(&world.next(guard));
        assert!(told.starts_with(expected), "{told}, not {expected}");
    }
}

#[test]
fn a_try_that_is_open_is_waited_for_whatever_else_happens() {
    let trying = Guard { attempts: 2, ..guard(Duty::Acting) };
    let open = [
        Stage::Sent,
        Stage::Accepted(Receipt { at: None, replies: vec![] }),
        Stage::Unconfirmed(Failure::new(FailureKind::Unconfirmed, "no reply")),
    ];
    for stage in open {
        let world = World { act: Some(act(stage)), ..World::regressed() };
        let others = [
            world.clone(),
            World { contact: false, ..world.clone() },
            World { now: at(8_000), ..world.clone() },
            world.clone().with(|r| r.aborted = true),
            world.clone().with(|r| r.id.revision = "newer".into()),
            world.with(|r| r.guard = Some(sign("me", GuardState::Ended("by hand".into())))),
        ];
        for world in others {
            assert_eq!(told(&world.next(&trying)), "acting 2", "{world:#?}");
        }
    }
    let seen = World { act: Some(act(Stage::Seen { at: begin(), after_ms: 3_000 })), ..World::regressed() };
    let told = told(&seen.with(|r| r.aborted = true).next(&trying));
    assert!(told.starts_with("RolledBack: rolled back 08:00:00 UTC, rollback is seen"), "{told}");
}

#[test]
fn a_refused_try_is_followed_by_a_pause_a_fresh_read_and_five_tries_at_most() {
    let trying = |attempts| Guard { attempts, ..guard(Duty::Acting) };
    let after = |kind| World { act: Some(failed(kind)), ..World::regressed() };
    for (attempts, pause) in [(1, 2_000), (2, 5_000), (3, 10_000), (4, 20_000)] {
        let next = after(FailureKind::Conflict).next(&trying(attempts));
        assert_eq!(next, Next::Rest(60_000 + pause));
    }
    for (asked, pause) in [(30.0, 30_000), (3_600.0, 60_000), (f64::INFINITY, 60_000), (0.0, 2_000), (f64::NAN, 2_000)]
    {
        let next = after(FailureKind::Limited(Some(Seconds(asked)))).next(&trying(1));
        assert_eq!(next, Next::Rest(60_000 + pause), "asked for {asked} s");
    }
    let resting = |until| Guard { attempts: 1, ..guard(Duty::Resting(until)) };
    assert_eq!(told(&after(FailureKind::Conflict).next(&resting(60_001))), "acting 1");
    assert_eq!(told(&after(FailureKind::Conflict).next(&resting(60_000))), "read");
    let spent = told(&after(FailureKind::Conflict).next(&trying(5)));
    assert!(spent.starts_with("Failed: 5 tries"), "{spent}");

    let no_effect = || World { act: Some(act(Stage::NoEffect { after_ms: 30_000 })), ..World::regressed() };
    assert_eq!(told(&no_effect().next(&trying(1))), "read", "the time to see it was pause enough");
    let aborted = World { plan: Err(Denied::new("it was aborted already")), ..no_effect() }.with(|r| r.aborted = true);
    assert_eq!(told(&aborted.next(&trying(1))), "blind: no way back: it was aborted already", "its own abort");
    let undone = no_effect().with(|r| r.id.revision = "older".into());
    assert!(told(&undone.next(&trying(1))).starts_with("Failed: it was sent back"));
}

fn stage() -> impl Strategy<Value = Option<Stage>> {
    prop::sample::select(vec![
        None,
        Some(Stage::Sent),
        Some(Stage::Accepted(Receipt { at: None, replies: vec![] })),
        Some(Stage::Unconfirmed(Failure::new(FailureKind::Timeout, "no"))),
        Some(Stage::Failed(Failure::new(FailureKind::Conflict, "no"))),
        Some(Stage::NoEffect { after_ms: 1 }),
        Some(Stage::Seen { at: begin(), after_ms: 1 }),
    ])
}

proptest! {
    /// Whatever is known and whatever it did before: it sends only its own way back, because of a critical panel
    /// that regressed on fresh data, on its own revision, read anew, with nothing of its own still open.
    #[test]
    fn it_never_acts_without_all_that_it_needs(
        duty in prop_oneof![
            3 => Just(Duty::Reading(WatchId(1))),
            1 => prop::sample::select(vec![
                Duty::Arming, Duty::Watching, Duty::Acting, Duty::Resting(1_000), Duty::Resting(100_000_000),
                Duty::Ended(End { outcome: Outcome::TimeOver, why: "x".into() }),
            ]),
        ],
        attempts in 0..8_u32,
        seconds in 0..8_000_u64,
        yes in prop::collection::vec(prop::bool::weighted(0.9), 6),
        no in prop::collection::vec(prop::bool::weighted(0.1), 3),
        stage in stage(),
    ) {
        let ([contact, regressed, mine, proven, allowed, same_watch], [gone, aborted, newer]) = (&yes[..], &no[..]) else {
            return Err(TestCaseError::fail("nine flags"));
        };
        let (contact, regressed, mine, proven, allowed) = (*contact, *regressed, *mine, *proven, *allowed);
        let (same_watch, gone, aborted, newer) = (*same_watch, *gone, *aborted, *newer);
        let guard = Guard { attempts, ..guard(duty.clone()) };
        let mut way = way_back();
        way.proven = proven;
        if !allowed {
            way.permission = Permission::No("no".into());
        }
        let world = World {
            now: at(seconds),
            contact,
            gone,
            watch: Some(WatchId(if same_watch { 1 } else { 2 })),
            regressed: if regressed { vec!["orders".into()] } else { vec![] },
            act: stage.clone().map(act),
            plan: Ok(way),
            ..World::calm()
        }
        .with(|release| {
            release.aborted = aborted;
            if newer {
                release.id.revision = "newer".into();
            }
            if !mine {
                release.guard = Some(sign("other", GuardState::Watching));
            }
        });
        if let Next::Act(sent, _) = world.next(&guard) {
            prop_assert!(contact && !gone && regressed && !newer && mine && proven && allowed && same_watch);
            prop_assert!(duty == Duty::Reading(WatchId(1)) && attempts < ATTEMPTS && seconds < 7_200);
            let open = stage.is_some_and(|stage| stage.is_unproven() || matches!(stage, Stage::Seen { .. }));
            prop_assert!(!open);
            prop_assert_eq!(policy::direction(&sent), Direction::Back);
            prop_assert_eq!(sent.release, guard.orders.mandate.release);
        }
    }
}
