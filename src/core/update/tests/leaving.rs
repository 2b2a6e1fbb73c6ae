//! Leaving with an act under way: asked first, then as late as its reply, or at once and written down as open.

use super::world::{Flight, aborted, paused, settings};
use crate::{
    core::{
        effect::Effect,
        event::{Event, Signal},
        state::Overlay,
    },
    domain::{failure::FailureKind, journal::What},
};

/// A way back that was sent and left.
fn left() -> Flight {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled().key("y").keys("esc q");
    assert!(matches!(flight.state.overlay, Some(Overlay::Leave)));
    flight.keys("y");
    flight
}

fn quits(flight: &Flight) -> bool {
    flight.effects.contains(&Effect::Quit)
}

/// What was journalled of acts that were left, by whether their reply was there.
fn given_up(flight: &Flight) -> Vec<bool> {
    let left = |effect: &Effect| match effect {
        Effect::Journal(entry) => match entry.what {
            What::Left { replied } => Some(replied),
            _ => None,
        },
        _ => None,
    };
    flight.all.iter().filter_map(left).collect()
}

#[test]
fn leaving_asks_while_an_act_is_unproven_and_a_signal_does_not() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled().key("y").replied(Ok(())).key("q");
    flight.keys("q");
    assert!(!flight.state.quitting);
    assert!(matches!(flight.state.overlay, Some(Overlay::Leave)));
    flight.keys("n");
    assert!(flight.state.overlay.is_none());
    flight.keys("q");
    let mut signalled = flight.clone();
    flight.keys("q");
    assert!(flight.effects.contains(&Effect::Quit));
    signalled.tell(Event::Signal(Signal::HangUp));
    assert!(signalled.effects.contains(&Effect::Quit));

    let mut calm = Flight::open(settings());
    calm.key("q");
    assert!(calm.effects.contains(&Effect::Quit));
}

#[test]
fn leaving_waits_for_the_reply_however_long_it_takes() {
    let mut flight = left();
    assert!(matches!(flight.state.overlay, Some(Overlay::Leaving)) && !quits(&flight));
    flight.wait(20_000).news(paused("checkout"));
    assert!(!quits(&flight) && !flight.state.quitting);
    flight.replied(Ok(()));
    assert!(quits(&flight));
    assert_eq!(given_up(&flight), [true], "its effect was not seen");
}

#[test]
fn a_second_key_leaves_at_once_and_the_outcome_is_written_down_as_open() {
    for hurry in ["q", "ctrl-c"] {
        let mut flight = left();
        flight.keys(hurry);
        assert!(quits(&flight), "{hurry}");
        assert_eq!(given_up(&flight), [false], "{hurry}");
    }
    for signal in [Signal::HangUp, Signal::Terminate, Signal::Interrupt] {
        let mut flight = left();
        flight.tell(Event::Signal(signal));
        assert!(quits(&flight), "{signal:?}");
        assert_eq!(given_up(&flight), [false], "{signal:?}");
    }
}

#[test]
fn leaving_can_be_thought_better_of() {
    let mut flight = left();
    flight.keys("y");
    assert!(!quits(&flight), "only what was offered");
    flight.keys("n").replied(Ok(()));
    assert!(!flight.state.quitting && flight.state.overlay.is_none());
}

#[test]
fn a_bad_reply_keeps_the_person_here() {
    let mut flight = left();
    flight.replied(Err(FailureKind::Forbidden));
    assert!(!flight.state.quitting && matches!(flight.state.overlay, Some(Overlay::Receipt(_))));

    let mut flight = left();
    flight.replied(Err(FailureKind::Unreachable));
    assert!(!flight.state.quitting);
    assert!(flight.dialog().not_sent.is_some(), "one more key sends it");
}

#[test]
fn what_was_proven_is_not_written_down_as_open() {
    let mut flight = left();
    flight.news(aborted("checkout"));
    assert!(!quits(&flight), "the reply may say that it was somebody else's");
    flight.replied(Ok(()));
    assert!(quits(&flight));
    assert!(given_up(&flight).is_empty());
}
