//! A way back to what is not known to have served everyone: one key is not enough.

use super::world::{Flight, offer, paused, plan, settings};
use crate::{
    core::policy::Confirmation,
    domain::{
        goal::{Direction, Goal},
        plan::Plan,
    },
};

#[test]
fn armed_a_way_back_that_is_not_proven_asks_for_the_name() {
    let mut unproven = plan("checkout", Goal::Rollback { to: None }, Direction::Back, None, vec![]);
    unproven.proven = false;
    let mut release = paused("checkout");
    release.offers.retain(|offer| offer.goal != unproven.goal);
    release.offers.push(offer(unproven));
    let mut flight = Flight::open(settings());
    flight.armed().news(release).key("R");
    assert_eq!(flight.dialog().confirmation, Confirmation::Type { text: "checkout".into(), with_reason: false });
    flight.settled().key("y").wait(200).key("enter");
    assert!(flight.sent().is_empty(), "`y` is only a letter here");
    flight.key("backspace").type_text("checkout").wait(200).key("enter");
    assert_eq!(flight.sent().len(), 1);
}

#[test]
fn a_plan_of_a_recording_that_says_nothing_of_proof_is_confirmed_as_it_was() {
    let plan = plan("checkout", Goal::Rollback { to: None }, Direction::Back, None, vec![]);
    let mut old = serde_json::to_value(&plan).unwrap();
    assert!(old.as_object_mut().unwrap().remove("proven").is_some());
    assert_eq!(serde_json::from_value::<Plan>(old).unwrap(), plan);
}
