//! Guards of other processes on the screen: starting one, standing one down, telling of one that is lost.

use chrono::TimeDelta;

use super::{
    guarding::{beats, guarded, journalled, watched, with_sign},
    world::{Flight, noon, offer, paused, plan},
};
use crate::{
    core::{
        arming,
        effect::Effect,
        event::{Event, Size},
        guard::{ALPHA, Process, SOAK},
        layout,
        state::Overlay,
    },
    domain::{
        failure::{Failure, FailureKind},
        goal::{Direction, Goal},
        guard::{GuardState, Heartbeat},
        health::Health,
        journal::What,
        plan::{Condition, Plan},
        update::{Identity, Update},
    },
};

/// The cockpit of a person, with a release that can be guarded.
fn cockpit() -> Flight {
    let mut flight = Flight::open(watched());
    flight.update(Update::Identity(Identity { user: "operator".into() }));
    flight.news(guarded(paused("checkout")));
    flight
}

#[test]
fn the_screen_starts_a_guard_after_the_typed_name_and_asks_before_it_leaves() {
    let mut flight = cockpit();
    flight.keys("x G k enter");
    assert!(matches!(flight.state.overlay, Some(Overlay::Guard(_))), "{:?}", flight.notice());
    flight.tell(Event::Pasted("checkout".into())).key("enter");
    assert!(flight.notice().contains("type `checkout`"), "{}", flight.notice());
    flight.type_text("checkout").tell(Event::Resized(Size { columns: 80, rows: 9 })).key("enter");
    assert_eq!(flight.notice(), layout::TOO_SMALL, "its mandate is not on screen");
    flight.tell(Event::Resized(Size { columns: 80, rows: 24 })).key("enter");
    let started = flight.effects.iter().find_map(|effect| match effect {
        Effect::StartGuard(start) => Some(start.clone()),
        _ => None,
    });
    let started = started.unwrap();
    assert_eq!(started.mandate.release, paused("checkout").id);
    assert_eq!((started.mandate.alpha, started.mandate.soak), (ALPHA, SOAK));
    assert!(started.reason.contains("by operator"), "{}", started.reason);

    let target = paused("checkout").id.target;
    flight.tell(Event::GuardProcess(Process::Started { target: target.clone(), log: "guard.log".into() }));
    flight.key("q");
    assert!(matches!(flight.state.overlay, Some(Overlay::Leave)));
    flight.key("n");
    let said = "no guard: nothing critical is watched".into();
    flight.tell(Event::GuardProcess(Process::Ended { target, code: Some(4), said }));
    assert!(flight.notice().contains("ended with code 4: no guard"), "{}", flight.notice());
    flight.key("q");
    assert!(flight.state.quitting, "nothing stays behind");
}

#[test]
fn no_guard_is_armed_on_a_roll_back() {
    let mut flight = cockpit();
    assert!(arming::may_arm(&flight.state).is_ok());
    let mut back = guarded(paused("checkout"));
    back.revisions[0].created_at = back.revisions[1].created_at.map(|at| at - TimeDelta::days(1));
    flight.news(back);
    let denied = arming::may_arm(&flight.state).unwrap_err();
    assert!(denied.to_string().contains("a roll back itself"), "{denied}");
}

#[test]
fn what_was_confirmed_for_one_revision_starts_no_guard_of_another() {
    let mut flight = cockpit();
    flight.keys("x G k enter").type_text("checkout");
    let mut newer = guarded(paused("checkout"));
    newer.id.revision = "newer".into();
    newer.revisions[0].hash = "newer".into();
    newer.offers = vec![offer(Plan {
        release: newer.id.clone(),
        ..plan("checkout", Goal::Rollback { to: None }, Direction::Back, None, vec![Condition::Aborted(true)])
    })];
    flight.news(newer).key("enter");
    assert!(flight.notice().contains("another revision has come"), "{}", flight.notice());
    assert!(!flight.all.iter().any(|effect| matches!(effect, Effect::StartGuard(_))));
}

#[test]
fn the_screen_stands_a_guard_down_and_tells_of_one_that_is_lost() {
    let mut flight = cockpit();
    let begun = Heartbeat {
        id: "far".into(),
        by: "op2".into(),
        host: "bastion".into(),
        revision: "new".into(),
        since: noon(),
        beat: noon(),
        until: noon() + TimeDelta::hours(1),
        state: GuardState::Watching,
        outcome: None,
    };
    flight.news(with_sign(guarded(paused("checkout")), &begun));
    assert!(flight.seen().iter().any(|line| line.contains("guard a guard of op2 on bastion watches")));
    flight.wait(10_000);
    let second = Heartbeat { beat: noon() + TimeDelta::seconds(10), ..begun.clone() };
    flight.news(with_sign(guarded(paused("checkout")), &second));
    flight.keys("x G k enter").type_text("checkout").key("enter");
    let [(act, beat)] = &beats(&flight)[..] else { panic!("{:?}", flight.effects) };
    assert_eq!((beat.heartbeat.id.as_str(), beat.heartbeat.beat), ("far", second.beat));
    let GuardState::Ended(why) = &beat.heartbeat.state else { panic!("{beat:?}") };
    assert!(why.contains("stood down by operator"), "{why}");
    assert!(journalled(&flight).iter().any(|what| matches!(what, What::StandDownSent { .. })));
    let failure = Failure::new(FailureKind::Conflict, "it moved");
    let act = *act;
    flight.tell(Event::Beaten { act, result: Err(failure) });
    assert!(flight.notice().contains("was not told to stand down: it moved"), "{}", flight.notice());

    flight.update(Update::Health(Health::Live)).wait(28_000);
    assert!(!flight.seen().iter().any(|line| line.contains("LOST")));
    flight.wait(2_500);
    let lost = flight.seen().iter().filter(|line| line.contains("LOST")).count();
    assert_eq!(lost, 1, "{:?}", flight.seen());
    assert!(flight.all.contains(&Effect::Bell));
    flight.wait(60_000);
    assert_eq!(flight.seen().iter().filter(|line| line.contains("LOST")).count(), 1, "said once");
}
