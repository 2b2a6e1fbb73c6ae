//! What a guard makes of a fresh read: of what it tells first, of one that does not come, and of what nothing counts.

use super::{
    guarding::{armed, duty, guarded, ordered, regress, sign, take_signs, ways_back, with_sign},
    world::{Flight, orders as orders_panel, paused, settings},
};
use crate::{
    core::{effect::Effect, guard::Duty, settings::Settings},
    domain::{
        failure::FailureKind,
        guard::GuardState,
        health::Health,
        panel::{Declared, Side},
        release::Release,
        time::Seconds,
        update::{Identity, Update},
    },
};

/// A canary whose panels travel with it.
fn declaring() -> Release {
    let declared = vec![Declared::Panel { spec: Box::new(orders_panel()), source: None }];
    Release { declared, ..guarded(paused("checkout")) }
}

#[test]
fn panels_that_travel_with_the_release_outlive_the_fresh_read() {
    let mut flight = Flight::new(Settings { open: Some("checkout".parse().unwrap()), ..settings() });
    flight.tell(ordered());
    flight.update(Update::Identity(Identity { user: "operator".into() }));
    flight.news(declaring());
    take_signs(&mut flight, &declaring());
    assert_eq!(duty(&flight.state), Some(Duty::Watching), "{:?}", flight.seen());
    regress(&mut flight, None);
    // What declares the panels was not read when the new watch told first.
    let mine = sign(&flight);
    flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]);
    assert_eq!(ways_back(&flight).len(), 1, "{:?}", flight.seen());
    // And what it tells next stands.
    flight.news(with_sign(guarded(paused("checkout")), &mine));
    assert!(flight.state.open.as_ref().unwrap().panels.is_empty());
}

#[test]
fn panels_stay_while_what_declares_them_cannot_be_seen() {
    let mut flight = Flight::new(Settings { open: Some("checkout".parse().unwrap()), ..settings() });
    flight.news(declaring());
    let why = "configmaps: `viewer` may not list configmaps in `shop`";
    let unseen = Release { panels_unseen: Some(why.into()), ..guarded(paused("checkout")) };
    flight.news(unseen.clone()).news(Release { message: "x".into(), ..unseen });
    assert_eq!(flight.state.open.as_ref().unwrap().panels.len(), 1, "{:?}", flight.seen());
    flight.news(guarded(paused("checkout")));
    assert!(flight.state.open.as_ref().unwrap().panels.is_empty(), "seen, and not there");
}

#[test]
fn on_events_that_nothing_counts_it_does_not_act_and_cries() {
    for side in [Side::Canary, Side::Baseline] {
        let mut flight = armed();
        flight.state.open.as_mut().unwrap().panels[0].evidence.silent = Some(side);
        let before = flight.watch();
        regress(&mut flight, None);
        assert_eq!(flight.watch(), before, "nothing to act on");
        flight.wait(11_000);
        assert!(ways_back(&flight).is_empty());
        let GuardState::Blind(why) = &sign(&flight).state else { panic!("{:?}", sign(&flight)) };
        assert!(why.starts_with("sees a regression: orders ×"), "{why}");
        assert!(why.ends_with(&format!(", but no series counts events of the {}", side.word())), "{why}");
        let cries = flight.all.iter().filter(|effect| **effect == Effect::Bell).count();
        assert_eq!(cries, 1, "{:?}", flight.seen());
        let said = flight.seen();
        assert!(said.iter().any(|seen| seen.contains("it may not act: sees a regression")), "{said:?}");
        flight.state.open.as_mut().unwrap().panels[0].evidence.silent = None;
        regress(&mut flight, None);
        assert_ne!(flight.watch(), before);
    }
}

#[test]
fn a_fresh_read_that_does_not_come_is_cried_out() {
    let mut flight = armed();
    regress(&mut flight, None);
    flight.wait(9_000);
    assert_eq!(sign(&flight).state, GuardState::Watching);
    let bells = |flight: &Flight| flight.all.iter().filter(|effect| **effect == Effect::Bell).count();
    assert_eq!(bells(&flight), 0);
    flight.wait(1_500);
    assert_eq!(sign(&flight).state, GuardState::Blind("sees a regression, cannot read the release".into()));
    assert_eq!(bells(&flight), 1, "{:?}", flight.seen());
    let mine = sign(&flight);
    flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]);
    assert_eq!(ways_back(&flight).len(), 1, "read at last");
}

#[test]
fn a_server_that_asks_for_an_hour_gets_a_minute() {
    let mut flight = armed();
    regress(&mut flight, None);
    let mine = sign(&flight);
    flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]);
    take_signs(&mut flight, &guarded(paused("checkout")));
    let watch = flight.watch();
    flight.replied(Err(FailureKind::Limited(Some(Seconds(3_600.0))))).wait(61_000);
    assert_eq!(flight.watch(), watch);
    flight.update(Update::Health(Health::Live));
    regress(&mut flight, None);
    assert_ne!(flight.watch(), watch, "a fresh read after a minute: {:?}", flight.seen());
    let mine = sign(&flight);
    flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]);
    assert_eq!(ways_back(&flight).len(), 2, "{:?}", flight.seen());
}
