//! The demo's story, told by the whole program without a terminal: what an operator would see and do.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail aloud")]

use flightdeck::{
    core::{
        event::Size,
        evidence::{self, Reading},
        state::{Overlay, Stage, State},
    },
    domain::{debrief::Analysis, release::Phase, time::Seconds, verdict::Word},
    headless::demo::{
        SEED, SPEED,
        flight::{Course, Flight},
    },
    headless::replay::print,
    sim::{Edit, Ledger, Scenario, World},
    theme::Theme,
};

/// Disarms the cluster from the menu of all acts.
const DISARM: &str = "x end enter";

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
    assert_eq!(orders.verdict.word, Word::NoGo, "{orders:?}");
    assert!(orders.interval.unwrap().high < 0.9 && orders.loss.is_some(), "{orders:?}");
    assert!(flight.world().ledger("4.2.0").rejected > 150);
}

#[test]
fn two_keys_bring_every_customer_back() {
    let mut flight = flight(Scenario::SilentPaymentFailure, "@30 R @31.5 y");
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
fn a_disarmed_way_back_asks_for_the_name() {
    let back = |keys: &str| {
        let mut flight = flight(Scenario::SilentPaymentFailure, &format!("{DISARM} {keys}"));
        flight.until(45_000);
        set_weight(flight.state())
    };
    assert!((back("@30 R @31.5 y") - 10.0).abs() < 0.01);
    assert!(back("@30 R @31.5 =checkout enter").abs() < 0.01);
}

#[test]
fn promoting_needs_arming_and_the_weight_and_loses_more() {
    // NO-GO by then: name, weight and a reason are asked for.
    let promote = "@60 p @61.5 =checkout space =100 enter =blind enter";
    let disarmed = format!("{DISARM} {promote}");
    let lost = |keys: &str| {
        let mut flight = flight(Scenario::SilentPaymentFailure, keys);
        flight.until(200_000);
        let release = flight.state().open.as_ref().unwrap().release.clone().unwrap();
        (release.phase, flight.world().ledger("4.2.0").rejected, said(&flight))
    };
    let (left_alone, refused, promoted) = (lost(""), lost(&disarmed), lost(promote));
    assert_eq!(left_alone.0, Phase::Paused);
    assert_eq!((refused.0, refused.1), (left_alone.0, left_alone.1), "read-only until armed");
    assert_eq!(promoted.0, Phase::Healthy, "{}", promoted.2);
    assert!(promoted.1 > 3 * left_alone.1, "{} and {}", promoted.1, left_alone.1);
}

#[test]
fn the_card_at_the_end_tells_what_the_simulation_counted() {
    let keys = "@30 R @31.5 y @36 enter";
    let mut flight = flight(Scenario::SilentPaymentFailure, keys);
    flight.until(37_000);
    assert!(flight.state().overlay.is_none() && flight.state().debrief.is_none(), "orders have to recover first");
    flight.until(47_000);
    assert!(matches!(flight.state().overlay, Some(Overlay::Debrief { .. })), "{}", said(&flight));
    let told = flight.state().debrief.clone().unwrap();
    let lost = flight.world().ledger("4.2.0").rejected;
    assert_eq!(told.lost, lost);

    // The same seed, promoted at the very second: its own analysis sees nothing.
    let mut alone = World::new(Scenario::SilentPaymentFailure, SEED);
    alone.advance(told.alone.promoted.timestamp());
    assert_eq!(alone.ledger("4.2.0"), flight_until_act(keys), "one past");
    alone.edit("shop", "checkout", &[Edit::ClearPause]);
    alone.advance(told.alone.until.timestamp());
    assert_eq!(told.alone.lost, alone.ledger("4.2.0").rejected);
    assert!(matches!(told.alone.analysis, Analysis::Passed(_)) && told.alone.lost > 20 * lost, "{told:?}");
}

/// Who looks at the board is told there that a NO-GO stands, and the card counts from when it was said.
#[test]
fn a_look_at_the_board_hides_no_no_go_and_is_not_held_against_anybody() {
    let mut flight = flight(Scenario::SilentPaymentFailure, "@30 esc @60 enter @75 R @76.5 y @81 enter");
    flight.until(29_000);
    let told = flight.state().no_go_said.expect("it was said");
    let board = screen(&mut flight, 50_000);
    assert!(board.contains("✗ NO-GO") && board.contains("▸ checkout is at NO-GO; press enter: open it"), "{board}");
    let card = screen(&mut flight, 100_000);
    assert!(card.contains("THE SAME CUSTOMERS, TWICE"), "{card}");
    assert_eq!(flight.state().no_go_said, Some(told), "said once, whatever was open since");
    let said = card.lines().find(|line| line.contains("NO-GO said")).unwrap();
    assert!(said.contains(&told.format("%H:%M:%S").to_string()), "{card}");
    let debrief = flight.state().debrief.clone().unwrap();
    let after = format!("{} after NO-GO", Seconds::between(told, debrief.back));
    assert!(card.contains(&after), "{after}: {card}");
}

/// What customers had met with when the act was sent.
fn flight_until_act(keys: &str) -> Ledger {
    let mut flight = flight(Scenario::SilentPaymentFailure, keys);
    let mut at = 30_000;
    while flight.state().acts.is_empty() {
        at += 50;
        flight.until(at);
    }
    flight.world().ledger("4.2.0")
}

/// What is on screen at so many real milliseconds.
fn screen(flight: &mut Flight, at: u64) -> String {
    flight.until(at);
    let state = flight.state();
    print(state, state.size, &Theme::builtin("default").unwrap(), false).unwrap()
}

/// Every station with what must be on screen there, within a minute at the keyboard by the hints alone.
#[test]
fn the_story_is_told_whole_in_a_minute() {
    let keys = "@27 R @29 y @32 enter @38 t @40 left @42 left @43 left @45 left @48 esc @52 enter";
    let mut flight = flight(Scenario::SilentPaymentFailure, keys);
    let stations: [(u64, &[&str]); 12] = [
        (2_000, &["◔ COLLECTING", "a dead checkout is visible in ≈3 min", "6◔ 3✓ 1~", "it would pass now"]),
        (6_000, &["a dead checkout is visible in ≈3 min", "▸ nothing to do yet: evidence is being collected"]),
        (22_000, &["! orders ×0.", "◔ COLLECTING"]),
        (26_000, &["✗ NO-GO orders ×0.", "orders missing so far", "orders/min", "the loss stops", "it would pass now"]),
        (26_900, &["▸ press R: take every customer back", "error-ratio only"]),
        (28_000, &["ROLL BACK", "NO-GO orders", "y roll back"]),
        (31_000, &["effect seen", "✓"]),
        (37_500, &["▸ press t: what happened"]),
        (39_500, &["TIMELINE", "←→ look back"]),
        (42_500, &["REPLAY", "ago   now", "esc back to now"]),
        (45_500, &["REPLAY", "NO-GO: orders"]),
        (51_000, &["THE SAME CUSTOMERS, TWICE", "never: it passed at", "orders lost"]),
    ];
    for (at, words) in stations {
        let screen = screen(&mut flight, at);
        for word in words {
            assert!(screen.contains(word), "{at}: `{word}` in\n{screen}");
        }
    }
    let (before, told) = (flight.state().debrief.clone().unwrap(), flight.world().ledger("4.2.0").rejected);
    assert_eq!(before.lost, told, "orders have recovered");
    let said = |screen: &str| screen.contains("press q: leave");
    assert!(said(&screen(&mut flight, 59_000)), "{}", screen(&mut flight, 59_000));
}

#[test]
fn whoever_does_nothing_gets_a_hint_and_nothing_else() {
    let mut flight = flight(Scenario::SilentPaymentFailure, "@10 ?");
    flight.until(4_900);
    assert_eq!(flight.state().hint, None);
    flight.until(5_100);
    assert!(flight.state().hint.as_deref().is_some_and(|hint| hint.contains("nothing to do")), "{}", said(&flight));
    flight.until(10_100);
    assert_eq!(flight.state().hint, None, "a key was pressed");
    flight.until(120_000);
    assert!(flight.state().acts.is_empty());
    assert!((set_weight(flight.state()) - 10.0).abs() < 0.01);
}

/// The hint says what a careful operator would do about what is on screen.
#[test]
fn the_hint_follows_the_screen() {
    let stories: [(Scenario, u64, &str); 8] = [
        (Scenario::SilentPaymentFailure, 40, "press R: take every customer back"),
        (Scenario::Clean, 40, "nothing to do yet: evidence is being collected"),
        (Scenario::IncidentInBothArms, 60, "both versions suffer: payment provider errors; press e: look closer"),
        (Scenario::SharedPool, 60, "both versions suffer: db pool in use; press e: look closer"),
        (Scenario::RouterTwoPercent, 40, "the canary gets 2 %, not 10 %: do not go on; press e: look closer"),
        (Scenario::CrashLoop, 20, "pods of the canary fail; press R: take every customer back, 3: see its pods"),
        (Scenario::CrashLoop, 80, "pods of the canary fail; press R: take every customer back, 3: see its pods"),
        (Scenario::ManyPanels, 40, "press R: take every customer back"),
    ];
    for (scenario, second, says) in stories {
        let size = Size { columns: 80, rows: 24 };
        let mut flight = Flight::new(Course { scenario, seed: SEED, speed: SPEED, size, keys: "".parse().unwrap() });
        let screen = screen(&mut flight, second * 1000);
        let hint = flight.state().hint.clone().unwrap();
        assert!(hint.starts_with(says), "{scenario}: {hint}");
        assert!(screen.contains(hint.as_str()), "{scenario}: `{hint}` is cut in\n{screen}");
        assert!(flight.state().acts.is_empty(), "a hint never acts");
    }
}

/// A guard is a process of its own, and no other process can see the simulated world: the menu says so and what to do.
#[test]
fn the_menu_says_how_a_guard_is_tried() {
    let mut flight = flight(Scenario::Clean, "@2 x");
    let screen = screen(&mut flight, 4_000);
    let said = "no guard in the demo; try `flightdeck guard TARGET` on a cluster";
    assert!(screen.contains(said), "{screen}");
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
