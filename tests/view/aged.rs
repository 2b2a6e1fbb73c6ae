//! What is no longer measured is not drawn as if it were.

use flightdeck::{
    core::{evidence, state::State, study::Chosen},
    domain::timeline::MomentKind,
    headless::demo::{
        SEED,
        flight::{Course, Flight},
    },
    sim::Scenario,
};

use crate::{roles, shown, size};

/// A story at twice its speed, so many seconds after its beginning.
fn story(scenario: Scenario, keys: &str, seconds: u64, at: (u16, u16)) -> State {
    let keys = keys.parse().unwrap();
    let mut flight = Flight::new(Course { scenario, seed: SEED, speed: 20.0, size: size(at), keys });
    flight.until(seconds * 1000);
    flight.state().clone()
}

/// The default one.
fn flown(keys: &str, seconds: u64, at: (u16, u16)) -> State {
    story(Scenario::SilentPaymentFailure, keys, seconds, at)
}

/// Rolled back at 14:16; what comes up in between is closed.
const BACK: &str = "@40 R @43 y @47 esc @80 esc";

/// The pieces of a frame in one role that hold this text.
fn pieces<'a>(roles: &'a str, role: &str, text: &str) -> Vec<&'a str> {
    let is = |line: &&str| {
        line.trim_start().split_once(' ').is_some_and(|(_, piece)| piece.starts_with(&format!("{role}: ")))
    };
    roles.lines().filter(is).filter(|line| line.contains(text)).collect()
}

#[test]
fn the_evidence_of_a_stale_panel_is_dim_and_says_how_old_it_is() {
    for at in [(80, 24), (120, 40)] {
        let state = flown("@85 e tab", 90, at);
        let (text, roles) = (shown("stale", &state), roles(&state));
        let title = text.lines().find(|line| line.contains("? chat contacts")).unwrap();
        assert!(title.contains("STALE 28m"), "{text}");
        for value in ["0.15 %", "0.16 %", "×1.13"].into_iter().filter(|value| text.contains(value)) {
            assert!(!pieces(&roles, "stale", value).is_empty(), "{value}:\n{roles}");
            assert!(pieces(&roles, "title", value).is_empty(), "{value}:\n{roles}");
        }
        assert!(at.1 < 40 || text.matches("m old").count() + text.matches("s old").count() >= 2, "{text}");
    }
}

#[test]
fn an_arm_that_takes_no_traffic_any_more_is_dim_and_says_until_when() {
    for (at, screen) in [((80, 24), ""), ((120, 40), ""), ((120, 40), "e")] {
        let state = flown(&format!("{BACK} {screen}"), 90, at);
        let (text, roles) = (shown("silent", &state), roles(&state));
        let said = text.lines().find(|line| line.contains("✗ orders")).unwrap();
        assert!(said.contains("until 14:16:"), "{text}");
        let reading = &state
            .open
            .as_ref()
            .unwrap()
            .panels
            .iter()
            .find(|panel| panel.spec.name.starts_with("orders"))
            .unwrap()
            .reading;
        let (canary, baseline) = (reading.canary.rate().unwrap(), reading.baseline.rate().unwrap());
        let (canary, baseline) = (format!("{:.0}", canary * 1000.0), format!("{:.0}", baseline * 1000.0));
        assert!(!pieces(&roles, "stale", &canary).is_empty(), "{canary}:\n{roles}");
        assert!(pieces(&roles, "title", &canary).is_empty(), "{canary}:\n{roles}");
        assert!(pieces(&roles, "canary", &canary).is_empty(), "{canary}:\n{roles}");
        assert!(pieces(&roles, "stale", &baseline).is_empty(), "the baseline is measured on:\n{roles}");
        assert!(screen == "e" || pieces(&roles, "bad", "×").is_empty(), "{roles}");
    }
}

/// What was said is as old as the numbers it stands on, not as the key that left it.
#[test]
fn the_board_tells_a_verdict_with_the_age_of_its_numbers() {
    let text = shown("board_said", &flown(&format!("{BACK} esc"), 90, (120, 40)));
    let row = text.lines().find(|line| line.contains("shop/checkout")).unwrap();
    assert!(row.contains("NO-GO 15m ago"), "{row}");
    assert!(row.trim_end().ends_with(" 15m39s") || row.trim_end().ends_with(" 15m38s"), "{row}");
    let text = shown("board_live", &flown("@40 esc", 42, (120, 40)));
    let row = text.lines().find(|line| line.contains("shop/checkout")).unwrap();
    assert!(!row.contains(" 0s ago") && row.contains(" ago"), "{row}");
}

/// What was said of one release does not stand over the others.
#[test]
fn a_notice_goes_with_the_release_it_is_about() {
    let keys = "@40 R @43 y @47 esc R";
    let denied = "cannot roll back";
    assert!(shown("denied", &flown(keys, 48, (120, 40))).contains(denied));
    let board = shown("denied_board", &flown(&format!("{keys} esc"), 49, (120, 40)));
    assert!(board.contains("releases") && !board.contains(denied), "{board}");
}

#[test]
fn a_past_tells_how_it_stands_now_and_marks_what_was_said_of_now() {
    let text = shown("past_aborted", &flown(&format!("{BACK} left"), 90, (120, 40)));
    let foot = text.lines().rfind(|line| line.contains("REPLAY")).unwrap();
    assert!(foot.contains("now ✗ ABORTED, 100 % on 4.1.9") && !foot.contains("NO-GO"), "{text}");
    let text = shown("past_told", &flown("@40 R @43 y @44.6 esc left", 46, (120, 40)));
    assert!(text.contains("· now: 100 % is on 4.1.9, seen after"), "{text}");
}

/// The newest verdict of the timeline and the header are the same word.
#[test]
fn the_timeline_tells_every_word() {
    for seconds in [60, 150, 200, 280] {
        let state = story(Scenario::SharedPool, "", seconds, (120, 40));
        let open = state.open.as_ref().unwrap();
        let newest = open.seen.iter().rfind(|moment| moment.kind == MomentKind::Verdict).unwrap();
        let word = evidence::verdict(open).word.to_string();
        assert!(newest.text.starts_with(&word), "{word} at {seconds}: {}", newest.text);
    }
}

#[test]
fn harm_that_begins_beyond_the_scale_has_no_line_on_it() {
    let mut state = story(Scenario::SharedPool, "@270 e", 272, (120, 40));
    let open = state.open.as_mut().unwrap();
    open.study.panel = Some(Chosen { name: "chat contacts".into(), kind: "ratio".to_owned() });
    let text = shown("beyond", &state);
    assert!(text.contains("×1.40 │") && text.contains("harm begins at ×1.50"), "{text}");
    assert!(!text.contains("harm from"), "{text}");
}

/// A key is never lost to its price.
#[test]
fn a_price_never_stands_without_its_key() {
    let mut state = flown("", 40, (120, 40));
    for at in [(30, 10), (40, 15), (46, 14), (59, 24), (70, 30), (80, 40), (100, 40), (120, 40), (160, 50)] {
        state.size = size(at);
        let text = shown("prices", &state);
        for line in text.lines().filter(|line| line.contains("the loss stops") || line.contains("orders/min")) {
            let heads = ["R roll back  ", "h hold  ", "p promote  ", "NO-GO"];
            assert!(heads.iter().any(|head| line.contains(head)), "{at:?}: {line}\n{text}");
        }
        for key in ["R roll back   10 %", "h hold        stays at"] {
            assert!(at.1 < 14 || (60..120).contains(&at.0) || text.contains(key), "{at:?}: {key}\n{text}");
        }
    }
}

/// Nothing looks allowed that this run does not do, and what a key would do is still told.
#[test]
fn read_only_says_what_a_key_would_do_and_why_it_does_not() {
    for at in [(80, 24), (120, 40), (200, 60)] {
        let mut state = flown("", 40, (120, 40));
        state.size = size(at);
        state.settings.policy.read_only = Some("--read-only says read-only".into());
        let text = shown("read_only", &state);
        let back = text.lines().find(|line| line.contains("WAY BACK")).unwrap();
        assert!(!back.contains("allowed") && back.contains("read-only here"), "{text}");
        let Some(key) = text.lines().find(|line| line.contains(" R roll back   ")) else { continue };
        let effect = key.find("10 % on 4.2.0").unwrap();
        assert!(key.find("read-only here").is_some_and(|why| effect < why), "{text}");
    }
}
