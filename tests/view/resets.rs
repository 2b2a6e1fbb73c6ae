//! The dialog that sets a regression aside, and its line in the menu of acts.

use chrono::TimeDelta;
use flightdeck::{
    core::{
        acts::{self, Line},
        state::{Overlay, ResetDialog, State, View},
        study::Chosen,
    },
    domain::reset::Reset,
};

use crate::{
    SIZES,
    judged::{self, Verdict},
    shown, size,
};

fn regressed(at: (u16, u16)) -> State {
    judged::release(Verdict::NoGo, 7, size(at))
}

#[test]
fn the_dialog_says_what_a_reset_means_before_it_is_typed() {
    for at in SIZES {
        let mut state = regressed(at);
        let panel = Chosen { name: "orders".into(), kind: "ratio".to_owned() };
        let (name, reason) = ("checkout".into(), "orders of a load".into());
        state.overlay = Some(Overlay::Reset(ResetDialog { panel, name, reason, in_reason: true }));
        insta::assert_snapshot!(format!("reset_{}x{}", at.0, at.1), shown("reset", &state));
    }
}

/// A calm mark on the verdict's line and on the panel's, in every size, as long as it holds.
#[test]
fn what_was_set_aside_is_marked() {
    for at in SIZES {
        for verdict in [Verdict::Collecting, Verdict::Go, Verdict::Unknown] {
            let mut state = judged::release(verdict, 7, size(at));
            let release = state.open.as_ref().unwrap().release.as_ref().unwrap().id.clone();
            state.resets = vec![Reset {
                release,
                panel: "orders".into(),
                kind: "ratio".to_owned(),
                tick: 0,
                found: "×0.41 (0.28–0.57)".into(),
                at: state.at.wall - TimeDelta::minutes(4),
                by: Some("operator".into()),
                reason: "orders of a load test".into(),
            }];
            let screen = shown("set_aside", &state);
            // The reason why nothing is known may need the whole line of a small screen.
            let is_short = at.0 == 80 && verdict == Verdict::Unknown;
            let line = screen.lines().find(|line| line.contains("orders set aside 14:02:22"));
            let word = format!("{verdict:?}").to_uppercase();
            assert!(is_short || line.is_some_and(|line| line.contains(&word)), "{verdict:?} {at:?}:\n{screen}");
            let marks = screen.matches("set aside 14:02:22").count();
            assert!(marks == 2 || (at.0 == 80 && marks == 1), "{verdict:?} {at:?}: {marks}\n{screen}");
            if verdict == Verdict::Collecting {
                insta::assert_snapshot!(format!("set_aside_{}x{}", at.0, at.1), screen);
            }
            state.open.as_mut().unwrap().view = View::Evidence;
            state.open.as_mut().unwrap().study.panel = Some(Chosen { name: "orders".into(), kind: "ratio".to_owned() });
            let screen = shown("set_aside_evidence", &state);
            assert!(screen.contains("set aside"), "{screen}");
            assert!(screen.contains("×0.41 (0.28–0.57) at 14:02:22 by operator:"), "{screen}");
        }
    }
}

#[test]
fn the_menu_offers_it_for_each_panel_that_regressed() {
    let mut state = regressed((120, 40));
    let selected = acts::lines(&state).iter().position(|line| matches!(line, Line::Reset { .. })).unwrap();
    state.overlay = Some(Overlay::Acts { selected });
    insta::assert_snapshot!("reset_menu", shown("reset_menu", &state));
}
