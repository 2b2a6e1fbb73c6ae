//! Every screen × size × situation.

use std::sync::Arc;

use chrono::TimeDelta;
use flightdeck::{
    core::state::{Pane, State, View},
    domain::{release::Release, way_back::Means},
    headless::picture,
    theme::Theme,
};

use ratatui::style::Modifier;

use crate::{
    SIZES,
    fixtures::{self, SITUATIONS, Situation},
    frame, roles, shown, size,
};

fn of_view(view: View) -> impl Fn(Situation, (u16, u16)) -> State {
    move |situation, at| {
        let mut state = fixtures::release(situation, size(at));
        if let Some(open) = &mut state.open {
            open.view = view;
        }
        state
    }
}

fn all(screen: &str, state: impl Fn(Situation, (u16, u16)) -> State) {
    for at in SIZES {
        for situation in SITUATIONS {
            let name = format!("{screen}_{}x{}_{situation:?}", at.0, at.1).to_lowercase();
            insta::assert_snapshot!(name.clone(), shown(&name, &state(situation, at)));
        }
    }
}

/// A small screen has a clock with its zone too, and never at the cost of what is read first.
#[test]
fn a_small_screen_tells_the_time() {
    let mut state = fixtures::release(Situation::Normal, size((80, 24)));
    let line = |state: &State, y: usize| shown("clock", state).lines().nth(y).unwrap_or_default().to_owned();
    assert!(line(&state, 0).contains("PROD") && line(&state, 0).contains("shop/checkout"), "{}", line(&state, 0));
    assert!(line(&state, 0).contains("READ-ONLY · k8s live · prom live"), "{}", line(&state, 0));
    let clock = format!("{} UTC", state.at.wall.format("%H:%M:%S"));
    assert!(
        line(&state, 1).ends_with(&clock) && line(&state, 1).contains("owner team-checkout"),
        "{}",
        line(&state, 1)
    );
    // The owner gives way first, then who began it, then the clock.
    for (columns, by, owner, time) in [(70, true, true, true), (60, true, false, true)] {
        state.size = size((columns, 24));
        let line = line(&state, 1);
        let is = (line.contains("by ci"), line.contains("owner"), line.contains(&clock));
        assert_eq!(is, (by, owner, time), "{columns}: {line}");
    }
    // Elsewhere there is one line only.
    state.open.as_mut().unwrap().view = View::Timeline;
    for (columns, who, time) in [(70, false, false), (78, false, true), (80, true, false), (90, false, true)] {
        state.size = size((columns, 24));
        let header = line(&state, 0);
        let is = (header.contains("as operator"), header.contains("14:06:22"));
        assert_eq!(is, (who, time), "{columns}: {header}");
        assert!(header.contains("READ-ONLY") && header.contains("prom live"), "{columns}: {header}");
    }
}

#[test]
fn board() {
    all("board", |situation, at| fixtures::board(situation, size(at)));
}

#[test]
fn release() {
    all("release", of_view(View::Cockpit));
}

#[test]
fn pods() {
    all("pods", of_view(View::Pods));
}

#[test]
fn timeline() {
    all("timeline", of_view(View::Timeline));
}

#[test]
fn every_tab_of_the_small_release() {
    for pane in Pane::ALL {
        let mut state = fixtures::release(Situation::Normal, size((80, 24)));
        state.open.as_mut().unwrap().tab = Some(pane);
        let name = format!("tab_{pane:?}").to_lowercase();
        insta::assert_snapshot!(name.clone(), shown(&name, &state));
    }
}

#[test]
fn an_aborted_release_says_where_customers_are() {
    for at in [(120, 40), (80, 24)] {
        let mut state = fixtures::release(Situation::Normal, size(at));
        let open = state.open.as_mut().unwrap();
        let mut release = fixtures::checkout();
        release.aborted = true;
        release.way_back.means = Means::None("it was aborted already".into());
        open.release = Some(Arc::new(release.clone()));
        let way = shown("aborted", &state);
        assert!(way.contains("✗ ABORTED, customers are on their way to 4.1.9"), "{way}");
        release.weight.set = Some(0.0);
        state.open.as_mut().unwrap().release = Some(Arc::new(release));
        let home = shown("aborted", &state);
        for part in
            ["✗ ABORTED, 100 % on 4.1.9", "no comparison: no customers are on 4.2.0", "↩ customers are on 4.1.9"]
        {
            assert!(home.contains(part), "{part}:\n{home}");
        }
        assert!(!home.contains("COLLECTING differences"), "{home}");
    }
}

/// It goes the other way than a release does, and looks like one otherwise.
#[test]
fn a_roll_back_through_steps_says_so() {
    for at in [(120, 40), (80, 24), (59, 11)] {
        let mut state = fixtures::release(Situation::Normal, size(at));
        let mut release = fixtures::checkout();
        let made = release.revisions[0].created_at;
        release.revisions[0].created_at = release.revisions[1].created_at;
        release.revisions[1].created_at = made;
        release.way_back.means = Means::Finish;
        release.way_back.version = Some("4.2.0".into());
        let mut show = |release: &Release| {
            state.open.as_mut().unwrap().release = Some(Arc::new(release.clone()));
            shown("roll_back", &state)
        };
        let frame = show(&release);
        assert!(frame.contains("PAUSED 4/8, roll back to 4.2.0 at 10 %"), "{frame}");
        assert!(frame.contains("WAY BACK 4.2.0 in ≈3s, finish: all steps skipped"), "{frame}");
        assert_eq!(frame.contains("canary roll back 4.1.9 → 4.2.0"), at.1 > 11, "{frame}");
        release.way_back.means = Means::None("already on its way".into());
        let frame = show(&release);
        assert!(frame.contains("↩ ON THE WAY BACK already on its way") && !frame.contains("NO WAY"), "{frame}");
    }
    let mut state = fixtures::board(Situation::Normal, size((120, 40)));
    let row = state.board.releases.values_mut().find(|row| row.release.is_moving()).unwrap();
    let mut release = Release::clone(&row.release);
    release.revisions[1].created_at = release.revisions[0].created_at.map(|at| at + TimeDelta::seconds(1));
    row.release = Arc::new(release);
    assert!(shown("roll_back_board", &state).contains("roll back "), "{}", shown("roll_back_board", &state));
}

#[test]
fn a_kept_filter_is_shown_with_its_list() {
    for at in [(120, 40), (80, 24)] {
        let mut state = fixtures::release(Situation::Normal, size(at));
        let open = state.open.as_mut().unwrap();
        open.tab = Some(Pane::Timeline);
        open.filter = "unheard of".into();
        let frame = shown("filtered", &state);
        assert!(frame.contains("no line holds `unheard of`") && frame.contains("filter unheard of"), "{frame}");
        assert!(frame.contains("? help") && frame.contains("q quit"), "{frame}");
    }
}

#[test]
fn where_nothing_else_fits() {
    for at in [(59, 11), (40, 4), (30, 3)] {
        for situation in [Situation::Normal, Situation::Bad] {
            let name = format!("lines_{}x{}_{situation:?}", at.0, at.1).to_lowercase();
            insta::assert_snapshot!(name.clone(), shown(&name, &fixtures::release(situation, size(at))));
        }
    }
}

#[test]
fn what_each_piece_means() {
    insta::assert_snapshot!("roles_board", roles(&fixtures::board(Situation::Normal, size((120, 40)))));
    insta::assert_snapshot!("roles_release", roles(&fixtures::release(Situation::Normal, size((120, 40)))));
    for view in [View::Pods, View::Timeline] {
        let name = format!("roles_{view:?}").to_lowercase();
        insta::assert_snapshot!(name, roles(&of_view(view)(Situation::Normal, (80, 24))));
    }
}

/// What was told before contact was lost is dim and says its age; the dimming is what a reader sees of it.
#[test]
fn nothing_old_is_drawn_as_live() {
    let dimmed = |state: &State, text: &str| {
        let buffer = frame(state, &Theme::builtin("default").unwrap());
        let lines = picture::text(&buffer);
        let y = lines.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no `{text}`:\n{lines}"));
        (0..44.min(buffer.area.width)).all(|x| {
            let cell = &buffer[(x, u16::try_from(y).unwrap())];
            cell.symbol() == " " || cell.modifier.contains(Modifier::DIM)
        })
    };
    for at in [(120, 40), (80, 24)] {
        let lost = fixtures::release(Situation::Bad, size(at));
        assert!(shown("lost", &lost).contains("STALE 42s"));
        assert!(dimmed(&lost, "WAY BACK"), "{at:?}");
        assert!(!dimmed(&fixtures::release(Situation::Normal, size(at)), "WAY BACK"), "{at:?}");
    }
    let lost = fixtures::release(Situation::Bad, size((120, 40)));
    for part in ["weight 1 %", "wanted", "41 stable"] {
        assert!(dimmed(&lost, part), "{part}");
    }
    let board = fixtures::board(Situation::Bad, size((120, 40)));
    assert!(dimmed(&board, "shop/search"));
}

/// A clock that is off makes every age a guess: it is said beside the source, in few words where room is short.
#[test]
fn a_clock_that_is_off_is_said_beside_its_source() {
    for (at, skew, said) in [
        ((160, 50), 12.4, "! clock +12s"),
        ((160, 50), -600.5, "! clock −10m"),
        ((80, 24), 12.4, "!+12s"),
        ((160, 50), 1.9, ""),
    ] {
        let mut state = fixtures::release(Situation::Normal, size(at));
        for source in &mut state.sources {
            source.skew = Some(skew);
        }
        let frame = shown("skewed", &state);
        let header = frame.lines().next().unwrap();
        assert!(header.contains(said), "{header}");
        assert_eq!(header.contains('!'), !said.is_empty(), "{header}");
    }
}

#[test]
fn a_demo_says_so_on_every_screen() {
    for at in [(120, 40), (80, 24), (59, 11)] {
        for mut state in [fixtures::board(Situation::Normal, size(at)), fixtures::release(Situation::Normal, size(at))]
        {
            state.settings.demo = true;
            assert!(shown("demo", &state).contains(" DEMO "), "{at:?}");
        }
    }
}
