//! Nothing panics at any size.

use flightdeck::{
    core::{
        event::Size,
        policy::Confirmation,
        state::{Overlay, State, View},
    },
    theme::Theme,
};
use tui_input::Input;

use crate::{
    fixtures::{self, SITUATIONS},
    frame, judged,
};

fn draw_at_every_size(state: &mut State) {
    let theme = Theme::builtin("mono").unwrap();
    // Every small size, where there is least room, then strides up to the cockpit and beyond.
    let columns = (1..=5).chain((13..120).step_by(23)).chain([119, 120, 160, 200]);
    for columns in columns {
        for rows in (1..=13).chain([24, 39, 40, 45]) {
            state.size = Size { columns, rows };
            frame(state, &theme);
        }
    }
}

#[test]
fn every_screen_in_every_situation() {
    for situation in SITUATIONS {
        let size = Size { columns: 80, rows: 24 };
        draw_at_every_size(&mut fixtures::board(situation, size));
        for view in [View::Cockpit, View::Pods, View::Timeline, View::Evidence] {
            let mut state = fixtures::release(situation, size);
            if let Some(open) = &mut state.open {
                open.view = view;
                // Offsets beyond the end, as left behind by a longer list.
                open.scroll = [10_000; 4];
            }
            draw_at_every_size(&mut state);
        }
    }
}

#[test]
fn few_panels_and_many() {
    for panels in [1, 30] {
        let mut state = judged::release(judged::Verdict::NoGo, panels, Size { columns: 80, rows: 24 });
        for (view, unfolded) in [(View::Cockpit, false), (View::Cockpit, true), (View::Evidence, false)] {
            let open = state.open.as_mut().unwrap();
            (open.view, open.unfolded, open.study.scroll) = (view, unfolded, 10_000);
            draw_at_every_size(&mut state);
        }
    }
}

#[test]
fn every_dialog() {
    let mut state = fixtures::release(fixtures::Situation::Normal, Size { columns: 80, rows: 24 });
    let plan = fixtures::promote();
    let confirm = crate::overlays::confirm(plan, Confirmation::Type { text: "checkout 100".into(), with_reason: true });
    let overlays = [
        Overlay::Confirm(Box::new(confirm)),
        Overlay::Acts { selected: 99 },
        Overlay::Help { scroll: 99 },
        Overlay::Filter,
        Overlay::Leave,
        Overlay::Leaving,
        Overlay::Arm { source: "prod-eu".into(), input: Input::new("a long text that does not fit".into()) },
        Overlay::Receipt(flightdeck::domain::journal::ActId(7)),
    ];
    state.acts = vec![crate::overlays::act(flightdeck::core::state::Stage::Sent)];
    for overlay in overlays {
        state.overlay = Some(overlay);
        draw_at_every_size(&mut state);
    }
}

#[test]
fn a_frame_smaller_than_the_state_believes() {
    let theme = Theme::builtin("default").unwrap();
    let state = fixtures::release(fixtures::Situation::Normal, Size { columns: 200, rows: 60 });
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(20, 5)).unwrap();
    terminal.draw(|frame| flightdeck::view::draw(&state, &theme, frame)).unwrap();
}
