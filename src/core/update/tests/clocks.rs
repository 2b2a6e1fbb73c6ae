//! A clock of ours that is set while something is waited for.

use super::{
    guarding::{armed, guarded, ordered, outcome, regress, sign, take_signs, watched, with_sign},
    world::{Flight, aborted, paused, settings},
};
use crate::{
    core::{event::Event, settings::Settings, state::Stage},
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
