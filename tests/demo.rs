//! The demo's story, told by the whole program without a terminal: what an operator would see and do.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail aloud")]

use flightdeck::{
    core::{
        event::Size,
        evidence::{self, Reading},
        state::{Stage, State},
    },
    domain::{release::Phase, verdict::Word},
    headless::demo::{
        SEED, SPEED,
        flight::{Course, Flight},
    },
    sim::Scenario,
};

/// Arms the cluster from the menu of all acts.
const ARM: &str = "x end enter =demo enter";

fn flight(scenario: Scenario, keys: &str) -> Flight {
    let size = Size { columns: 120, rows: 40 };
    Flight::new(Course { scenario, seed: SEED, speed: SPEED, size, keys: keys.parse().unwrap() })
}

fn reading(state: &State, panel: &str) -> Reading {
    let open = state.open.as_ref().unwrap();
    let found = open.panels.iter().find(|one| one.spec.name.contains(panel));
    evidence::reading(found.unwrap_or_else(|| panic!("no panel `{panel}`"))).clone()
}

fn set_weight(state: &State) -> f64 {
    state.open.as_ref().unwrap().release.as_ref().unwrap().weight.set.unwrap()
}

fn said(flight: &Flight) -> String {
    format!("{:?} {:?}", flight.state().notice, flight.state().overlay)
}

#[test]
fn everything_is_level_at_first_and_then_only_orders_bend() {
    let mut flight = flight(Scenario::SilentPaymentFailure, "");
    let mut bent = None;
    for second in 1..=60 {
        flight.until(second * 1000);
        let state = flight.state();
        let off: Vec<_> = ["orders", "error", "latency", "provider", "refunds"]
            .into_iter()
            .filter(|panel| reading(state, panel).off)
            .collect();
        assert!(off.is_empty() || off == ["orders"], "{second}s: {off:?}");
        if !off.is_empty() && bent.is_none() {
            bent = Some(second);
        }
    }
    let bent = bent.expect("orders bend within a minute");
    assert!((8..=40).contains(&bent), "level for a while, then soon enough: {bent}s");
    let orders = reading(flight.state(), "orders");
    assert!(orders.ratio.is_some_and(|ratio| ratio < 0.7), "unmistakable: {orders:?}");
    assert_eq!(orders.verdict.word, Word::Collecting, "shown, not judged");
    assert!(flight.world().ledger("4.2.0").rejected > 150);
}

#[test]
fn one_key_and_the_name_bring_every_customer_back() {
    let mut flight = flight(Scenario::SilentPaymentFailure, "@30 R @31.5 =checkout enter");
    flight.until(30_000);
    assert!((set_weight(flight.state()) - 10.0).abs() < 0.01);
    flight.until(45_000);
    assert!(set_weight(flight.state()).abs() < 0.01, "{}", said(&flight));
    let act = flight.state().acts.last().unwrap();
    assert!(matches!(act.stage, Stage::Seen { .. }), "{act:?}");
    let before = flight.world().ledger("4.2.0");
    flight.until(90_000);
    assert_eq!(flight.world().ledger("4.2.0"), before, "nobody meets the bad version any more");
    let release = flight.state().open.as_ref().unwrap().release.clone().unwrap();
    assert!(release.aborted);
    assert_eq!(release.serving.len(), 1);
}

#[test]
fn promoting_needs_arming_and_the_weight_and_loses_more() {
    let disarmed = "@30 p @31.5 =100 enter";
    let promote = format!("{ARM} {disarmed}");
    let lost = |keys: &str| {
        let mut flight = flight(Scenario::SilentPaymentFailure, keys);
        flight.until(150_000);
        let release = flight.state().open.as_ref().unwrap().release.clone().unwrap();
        (release.phase, flight.world().ledger("4.2.0").rejected, said(&flight))
    };
    let (left_alone, refused, promoted) = (lost(""), lost(disarmed), lost(&promote));
    assert_eq!(left_alone.0, Phase::Paused);
    assert_eq!((refused.0, refused.1), (left_alone.0, left_alone.1), "read-only until armed");
    assert_eq!(promoted.0, Phase::Healthy, "{}", promoted.2);
    assert!(promoted.1 > 3 * left_alone.1, "{} and {}", promoted.1, left_alone.1);
}

#[test]
fn a_clean_canary_stays_level() {
    let mut flight = flight(Scenario::Clean, "");
    for second in 1..=60 {
        flight.until(second * 1000);
        assert!(!reading(flight.state(), "orders").off, "{second}s: {:?}", reading(flight.state(), "orders"));
    }
    let orders = reading(flight.state(), "orders");
    assert!(orders.ratio.is_some_and(|ratio| (0.95..1.05).contains(&ratio)), "{orders:?}");
}

#[test]
fn the_same_keys_make_the_same_flight() {
    let fly = || {
        let mut flight = flight(Scenario::SilentPaymentFailure, "@3 j @5 ? esc @10 R esc");
        flight.until(20_000);
        serde_json::to_string(flight.state()).unwrap()
    };
    assert_eq!(fly(), fly());
}
