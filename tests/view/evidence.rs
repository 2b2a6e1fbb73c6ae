//! The verdict, the panels and the evidence screen: every verdict, with few panels and many, in every size.

use flightdeck::core::state::Pane;

use crate::{
    SIZES,
    judged::{self, VERDICTS},
    shown, size,
};

/// Several frames in one text, each under its name.
fn together(frames: impl IntoIterator<Item = (String, String)>) -> String {
    frames.into_iter().map(|(name, frame)| format!("=== {name}\n{frame}\n")).collect::<Vec<_>>().concat()
}

#[test]
fn every_verdict_with_few_panels_and_with_many() {
    for at in SIZES {
        for panels in [1, 7, 30] {
            let frames = VERDICTS.map(|verdict| {
                let mut state = judged::release(verdict, panels, size(at));
                state.open.as_mut().unwrap().tab = Some(Pane::Metrics);
                let name = format!("verdict_{verdict:?}_{panels}_{}x{}", at.0, at.1).to_lowercase();
                (name.clone(), shown(&name, &state))
            });
            insta::assert_snapshot!(format!("verdicts_{panels}_{}x{}", at.0, at.1), together(frames));
        }
    }
}
