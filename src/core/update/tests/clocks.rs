//! A clock of ours that is set while something is waited for.

use super::{
    guarding::{armed, guarded, ordered, outcome, regress, sign, take_signs, watched, with_sign},
    world::{Flight, aborted, name, paused, settings},
};
use crate::{
    core::{
        acts::Part,
        event::Event,
        policy::Confirmation,
        settings::Settings,
        state::{Overlay, Stage},
    },
    domain::guard::Outcome,
};

#[test]
fn a_clock_that_is_set_makes_an_effect_neither_late_nor_early() {
    for (jumped, speed) in [(-600, 1_u32), (600, 1), (0, 10)] {
        let world = |seconds: u64| seconds * 1000 / u64::from(speed);
        let mut flight = Flight::open(Settings { speed: speed.into(), ..settings() });
        flight.armed().key("R").settled().key("y").replied(Ok(()));
        let mut met = flight.clone();
        flight.jumped = jumped;
        flight.wait(world(28));
        assert!(flight.state.acts[0].stage.is_unproven(), "set by {jumped} s at {speed}");
        flight.wait(world(5));
        assert!(matches!(flight.state.acts[0].stage, Stage::NoEffect { .. }), "set by {jumped} s at {speed}");

        met.jumped = jumped;
        met.wait(world(4)).news(aborted("checkout"));
        let Stage::Seen { after_ms, .. } = met.state.acts[0].stage else { panic!("{:?}", met.state.acts[0].stage) };
        assert_eq!(after_ms, 4_000, "set by {jumped} s at {speed}");
    }
}

#[test]
fn a_clock_that_is_set_holds_up_no_try_and_no_arming() {
    for jumped in [-600, 600] {
        let mut flight = armed();
        regress(&mut flight, None);
        let mine = sign(&flight);
        flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]);
        take_signs(&mut flight, &guarded(paused("checkout")));
        flight.replied(Ok(()));
        flight.jumped = jumped;
        for (seconds, unproven) in [(20, true), (20, false)] {
            flight.wait(seconds * 1000);
            take_signs(&mut flight, &guarded(paused("checkout")));
            let stage = &flight.state.acts[0].stage;
            assert_eq!(stage.is_unproven(), unproven, "set by {jumped} s: {stage:?}");
        }

        let mut flight = Flight::new(Settings { open: Some("checkout".parse().unwrap()), ..watched() });
        flight.tell(ordered());
        flight.jumped = jumped;
        flight.skip(29_000).tell(Event::Tick);
        assert_eq!(outcome(&flight), None, "set by {jumped} s");
        flight.skip(2_000).tell(Event::Tick);
        assert_eq!(outcome(&flight), Some(Outcome::Refused), "set by {jumped} s");
    }
}

/// What `CLOCK_MONOTONIC` makes of a laptop that is shut for that long.
fn sleep(flight: &mut Flight, seconds: i64) {
    flight.jumped += seconds;
    flight.skip(1).tell(Event::Tick);
}

#[test]
fn a_machine_that_slept_is_disarmed() {
    let mut flight = Flight::open(settings());
    flight.armed();
    sleep(&mut flight, 2 * 3600 + 600);
    assert!(!flight.state.is_armed(&name("prod-eu")));
    assert_eq!(flight.notice(), "`prod-eu` is read-only again: this machine slept 2h10m, or its clock was set");
    let open = flight.state.open.as_ref().unwrap();
    assert!(open.blind_since.is_some(), "nobody knows what the weight was meanwhile");

    let mut awake = Flight::open(settings());
    awake.armed();
    for _ in 0..20 {
        // A clock that is corrected little by little.
        sleep(&mut awake, 3);
        awake.wait(10_000);
    }
    assert!(awake.state.is_armed(&name("prod-eu")), "{}", awake.notice());
    assert_eq!(awake.state.open.as_ref().unwrap().blind_since, None);
}

#[test]
fn arming_ends_by_whichever_clock_says_so_first() {
    let minutes = |minutes: u64| minutes * 60_000;
    let is_armed = |flight: &Flight| flight.state.is_armed(&name("prod-eu"));
    let mut back = Flight::open(settings());
    back.armed();
    back.jumped = -3600;
    back.wait(minutes(14));
    assert!(is_armed(&back));
    back.wait(minutes(1));
    assert!(!is_armed(&back), "a clock that is set back prolongs nothing");

    let mut fast = Flight::open(settings());
    fast.armed();
    for _ in 0..110 {
        fast.jumped += 4;
        fast.wait(5_000);
    }
    assert!(!is_armed(&fast), "15 minutes are over by the clock on the wall");

    let speed = 10.0;
    let mut story = Flight::open(Settings { speed, ..settings() });
    story.armed();
    for _ in 0..100 {
        // Simulated time runs ahead by itself.
        story.jumped += 9;
        story.skip(1_000).tell(Event::Tick);
    }
    assert!(is_armed(&story), "{}", story.notice());
}

#[test]
fn a_dialog_that_was_open_while_the_machine_slept_asks_anew() {
    let mut flight = Flight::open(settings());
    flight.key("R").settled().type_text("checkout").wait(500);
    assert!(flight.dialog().ready);
    sleep(&mut flight, 3600);
    let change = &flight.dialog().changed[0];
    assert_eq!((change.part, change.now.as_str()), (Part::Slept, "this machine slept 1h00m, or its clock was set"));
    flight.key("enter");
    assert!(flight.sent().is_empty(), "the key was pressed at what was there an hour ago");
    flight.settled().key("enter").settled().key("enter");
    assert!(flight.sent().is_empty(), "the first key only acknowledges, and what was typed is taken back");
    flight.type_text("checkout").settled().key("enter");
    assert_eq!(flight.sent().len(), 1);

    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled();
    sleep(&mut flight, 3600);
    let asked = Confirmation::Type { text: "checkout".into(), with_reason: false };
    assert_eq!(flight.dialog().confirmation, asked, "it is not armed any more");

    let mut flight = Flight::open(settings());
    flight.keys("x G enter").type_text("prod-eu");
    assert!(matches!(flight.state.overlay, Some(Overlay::Arm { .. })));
    sleep(&mut flight, 3600);
    flight.key("enter");
    assert!(!flight.state.is_armed(&name("prod-eu")), "the name was typed an hour ago");
    assert!(flight.state.overlay.is_none());
}

#[test]
fn a_program_that_was_stopped_asks_anew_too() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled().skip(120_000).key("y");
    assert!(flight.sent().is_empty());
    assert_eq!(flight.dialog().changed[0].now, "this program was stopped for 2m00s".into());
    assert!(flight.state.is_armed(&name("prod-eu")), "that time is counted");
}
