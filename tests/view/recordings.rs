//! A recording that is played never looks live, on any screen in any size.

use flightdeck::{
    core::state::{Overlay, State, Tense, View},
    theme::{Role, Theme},
};

use crate::{
    SIZES,
    fixtures::{self, SITUATIONS, Situation},
    frame, shown, size,
};

/// A moment of a recording instead of now.
fn played(state: State) -> State {
    State { tense: Tense::Recorded, ..state }
}

#[test]
fn a_recording() {
    for at in SIZES.into_iter().chain([(50, 3)]) {
        let name = format!("recording_{}x{}", at.0, at.1);
        let state = played(fixtures::release(Situation::Normal, size(at)));
        insta::assert_snapshot!(name.clone(), shown(&name, &state));
    }
}

#[test]
fn every_frame_of_a_recording_says_so_in_its_corner() {
    let theme = Theme::builtin("default").unwrap();
    let mark = theme.style(Role::Replay);
    for situation in SITUATIONS {
        let board = played(fixtures::board(situation, size((80, 24))));
        let release = |view| {
            let mut state = played(fixtures::release(situation, size((80, 24))));
            if let Some(open) = &mut state.open {
                open.view = view;
            }
            state
        };
        let mut helped = release(View::Cockpit);
        helped.overlay = Some(Overlay::Help { scroll: 0 });
        let views = [View::Cockpit, View::Pods, View::Timeline, View::Evidence].map(release);
        for mut state in views.into_iter().chain([board, helped]) {
            for at in [(8, 1), (30, 3), (50, 4), (50, 10), (60, 12), (80, 24), (119, 39), (120, 40), (200, 60)] {
                state.size = size(at);
                let buffer = frame(&state, &theme);
                let corner = at.0 - 8..at.0;
                let text: String = corner.clone().map(|x| buffer[(x, 0)].symbol()).collect();
                assert_eq!(text, " REPLAY ", "{situation:?} {at:?}");
                assert!(corner.clone().all(|x| Some(buffer[(x, 0)].bg) == mark.bg), "{situation:?} {at:?}");
            }
        }
    }
}

/// What was live is said to have been so then, whether acts were allowed is not said, and what they would do is greyed.
#[test]
fn a_recording_promises_nothing_of_now() {
    for at in SIZES {
        let state = fixtures::release(Situation::Normal, size(at));
        let live = shown("live", &state);
        assert!(live.contains("READ-ONLY") && live.contains("k8s live") && !live.contains("then k8s"), "{live}");
        let played = shown("played", &played(fixtures::armed(state)));
        let header = played.lines().next().unwrap();
        assert!(header.contains("then k8s live · prom live"), "{header}");
        assert!(!played.contains("READ-ONLY") && !played.contains("ARMED"), "{played}");
        assert_eq!(played.contains("as it stood then; nothing is sent from a recording"), at.0 >= 120, "{played}");
    }
}
