//! A past that is looked at never looks like now.

use flightdeck::{
    core::state::State,
    headless::demo::{
        SEED, SPEED,
        flight::{Course, Flight},
    },
    sim::Scenario,
    theme::{Role, Theme},
};

use crate::{SIZES, frame, roles, shown, size};

/// The demo's story on after these keys, 30 s after its beginning.
fn flown(keys: &str, at: (u16, u16)) -> State {
    let course = Course {
        scenario: Scenario::SilentPaymentFailure,
        seed: SEED,
        speed: SPEED,
        size: size(at),
        keys: keys.parse().unwrap(),
    };
    let mut flight = Flight::new(course);
    flight.until(30_000);
    flight.state().clone()
}

#[test]
fn the_past() {
    for at in SIZES {
        let name = format!("past_{}x{}", at.0, at.1);
        insta::assert_snapshot!(name.clone(), shown(&name, &flown("@20 , , , , , , , , , , , ,", at)));
    }
    let list = flown("@28 left t", (120, 40));
    insta::assert_snapshot!("past_timeline", shown("past_timeline", &list));
    insta::assert_snapshot!("roles_past", roles(&flown("@28 left", (80, 24))));
}

/// What the keys would do and the way back are greyed, and say of when they are.
#[test]
fn nothing_that_could_be_done_then_looks_as_if_it_could_be_now() {
    for at in [(120, 40), (200, 60)] {
        let (now, then) = (flown("", at), flown("@28 left", at));
        let act =
            |line: &&str| line.contains("R roll back ") || line.contains("h hold ") || line.contains("p promote ");
        let (live, past) = (shown("now", &now), shown("then", &then));
        // The strip, and below it the keys; of a past the last line is another.
        assert_eq!((live.lines().filter(act).count(), past.lines().filter(act).count()), (4, 3), "{past}");
        assert!(past.contains("as it stood then; each of these keys comes back to now first"), "{past}");
        assert!(!live.contains("as it stood then"));
        let greyed = |state: &State| {
            let all = roles(state);
            let is =
                |line: &&str| line.contains(" denied: ") && (line.contains("R roll back ") || line.contains("h hold "));
            all.lines().filter(is).count()
        };
        assert_eq!((greyed(&now), greyed(&then)), (0, 2), "{}", roles(&then));
        assert!(roles(&then).lines().any(|line| line.contains("denied: after p: runs to 100 %")), "{}", roles(&then));
        assert!(roles(&then).lines().any(|line| line.contains("stale: ↩ WAY BACK")), "{}", roles(&then));
    }
}

#[test]
fn every_size_says_that_it_is_no_longer_now() {
    let theme = Theme::builtin("default").unwrap();
    let bar = theme.style(Role::Replay);
    for columns in (10..=200).step_by(38) {
        for rows in 1..45 {
            let state = flown_at((columns, rows));
            let buffer = frame(&state, &theme);
            let foot: Vec<_> = (0..columns).map(|x| &buffer[(x, rows - 1)]).collect();
            assert!(foot.iter().all(|cell| cell.bg == bar.bg.unwrap()), "{columns}x{rows}");
            let text: String = foot.iter().map(|cell| cell.symbol()).collect();
            assert!(text.starts_with(" REPLAY"), "{columns}x{rows}: {text}");
        }
    }
}

/// The same past on a screen of another size.
fn flown_at(at: (u16, u16)) -> State {
    thread_local! {
        static FLOWN: State = flown("@28 left", (120, 40));
    }
    let mut state = FLOWN.with(Clone::clone);
    state.size = size(at);
    state
}
