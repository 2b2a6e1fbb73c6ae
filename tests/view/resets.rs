//! The dialog that sets a regression aside, and its line in the menu of acts.

use flightdeck::core::{
    acts::{self, Line},
    state::{Overlay, ResetDialog, State},
    study::Chosen,
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

#[test]
fn the_menu_offers_it_for_each_panel_that_regressed() {
    let mut state = regressed((120, 40));
    let selected = acts::lines(&state).iter().position(|line| matches!(line, Line::Reset { .. })).unwrap();
    state.overlay = Some(Overlay::Acts { selected });
    insta::assert_snapshot!("reset_menu", shown("reset_menu", &state));
}
