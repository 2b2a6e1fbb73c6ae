//! A guard's signs in the header of the release, and the dialogs that arm one and stand one down.

use std::sync::Arc;

use chrono::TimeDelta;
use flightdeck::{
    core::{
        guard::{ALPHA, LASTS, Mandate, SOAK},
        pulse::Pulse,
        state::{GuardDialog, GuardOrder, Overlay, Said, State},
    },
    domain::{
        guard::{GuardState, Heartbeat},
        health::Health,
        release::Release,
        time::At,
        verdict::Word,
    },
};

use tui_input::Input;

use crate::{
    SIZES,
    fixtures::{self, Situation, ago},
    shown, size,
};

fn sign(state: GuardState, age: i64) -> Heartbeat {
    Heartbeat {
        id: "bastion-4242".into(),
        by: "operator".into(),
        host: "bastion".into(),
        revision: "5f7c".into(),
        since: ago(600),
        beat: ago(age),
        until: ago(-3_600),
        state,
        outcome: None,
    }
}

/// A checkout whose guard's newest sign is `age` seconds old, after `before` others.
fn guarded(at: (u16, u16), doing: &GuardState, age: i64, before: i64) -> State {
    let mut state = fixtures::release(Situation::Normal, size(at));
    let now = state.at;
    let seen =
        |age: i64| At { wall: now.wall - TimeDelta::seconds(age), mono: now.mono - u64::try_from(age * 1000).unwrap() };
    let newest = sign(doing.clone(), age);
    let open = state.open.as_mut().unwrap();
    for place in (0..=before).rev() {
        let age = age + place * 10;
        open.pulse = Some(Pulse::note(open.pulse.take(), &sign(doing.clone(), age), seen(age)));
    }
    let mut release = open.release.as_deref().unwrap().clone();
    release.guard = Some(newest);
    open.release = Some(Arc::new(release));
    state
}

#[test]
fn a_guard_shows_who_would_roll_back_and_whether_it_lives() {
    let ended = || GuardState::Ended("rolled back 14:06:31 UTC, 100 % is on 4.1.9".into());
    let cases = [
        ("watching", GuardState::Watching, 6, 3),
        ("found only now", GuardState::Watching, 6, 0),
        ("lost", GuardState::Watching, 40, 3),
        ("blind", GuardState::Blind("orders: no data for 90 s".into()), 3, 3),
        ("acting", GuardState::Acting(2), 1, 3),
        ("ended", ended(), 300, 3),
    ];
    let mut lines = Vec::new();
    for (name, doing, age, before) in cases {
        for at in [(160, 40), (120, 40), (80, 24)] {
            let frame = shown(&format!("guard_{name}_{}", at.0), &guarded(at, &doing, age, before));
            lines.push(format!("{name}\n{}", frame.lines().next().unwrap().trim_end()));
        }
    }
    let mut unseen = guarded((120, 40), &GuardState::Watching, 20, 3);
    let open = unseen.open.as_mut().unwrap();
    open.health = Health::Connecting;
    lines.push(format!("contact lost\n{}", shown("guard_unseen", &unseen).lines().next().unwrap().trim_end()));
    insta::assert_snapshot!("guard_headers", lines.join("\n"));
}

fn mandate(state: &State) -> Mandate {
    let release = state.open.as_ref().unwrap().release.as_ref().unwrap().id.clone();
    Mandate { release, alpha: ALPHA, soak: SOAK, until: state.at.wall + LASTS.delta() }
}

#[test]
fn a_mandate_is_read_before_the_name_is_typed() {
    for at in SIZES {
        let mut arm = fixtures::release(Situation::Normal, size(at));
        arm.settings.mortal = Some("systemd-logind ends it with your SSH session (session-42.scope)".into());
        let order = GuardOrder::Arm(Box::new(mandate(&arm)));
        arm.overlay = Some(Overlay::Guard(GuardDialog { order, input: Input::new("check".into()) }));
        let name = format!("guard_arm_{}x{}", at.0, at.1);
        insta::assert_snapshot!(name.clone(), shown(&name, &arm));
    }
    let mut down = guarded((120, 40), &GuardState::Watching, 6, 3);
    let order = GuardOrder::StandDown("bastion-4242".into());
    down.overlay = Some(Overlay::Guard(GuardDialog { order, input: Input::default() }));
    insta::assert_snapshot!("guard_stand_down", shown("guard_stand_down", &down));
}

#[test]
fn leaving_says_that_a_guard_stays() {
    let mut state = guarded((120, 40), &GuardState::Watching, 6, 3);
    state.started.push(state.open.as_ref().unwrap().target.clone());
    state.overlay = Some(Overlay::Leave);
    insta::assert_snapshot!("guard_stays", shown("guard_stays", &state));
}

#[test]
fn the_menu_stands_down_who_holds_it() {
    let mut state = guarded((120, 40), &GuardState::Watching, 6, 3);
    let line = flightdeck::core::acts::lines(&state).len() - 2;
    state.overlay = Some(Overlay::Acts { selected: line });
    insta::assert_snapshot!("guard_menu", shown("guard_menu", &state));
}

#[test]
fn the_board_counts_guards_and_says_which_of_them_are_no_help() {
    let doing = [(GuardState::Watching, 6), (GuardState::Watching, 40), (GuardState::Acting(1), 2)];
    let mut state = fixtures::board(Situation::Huge, size((120, 40)));
    let now = state.at;
    for (row, (doing, age)) in state.board.releases.values_mut().zip(doing) {
        let mut release = (*row.release).clone();
        let newest = sign(doing, age);
        let seen = |age: i64| At {
            wall: now.wall - TimeDelta::seconds(age),
            mono: now.mono - u64::try_from(age * 1000).unwrap(),
        };
        let before = Pulse::note(None, &Heartbeat { beat: ago(age + 10), ..newest.clone() }, seen(age + 10));
        row.pulse = Some(Pulse::note(Some(before), &newest, seen(age)));
        release.guard = Some(newest);
        row.release = Arc::new(release);
    }
    let frame = shown("guard_board", &state);
    let counts = frame.lines().nth(1).unwrap().trim();
    assert!(counts.contains("1 guard ACTING   1 guard LOST   1 guarded"), "{counts}");
}

/// A board of which two releases were opened and left, and a guard holds two.
fn left(at: (u16, u16)) -> State {
    let mut state = fixtures::board(Situation::Normal, size(at));
    let now = state.at;
    let mut hold = |name: &str, doing: GuardState, before: i64| {
        let row = state.board.releases.values_mut().find(|row| row.release.id.target.name() == name).unwrap();
        let mut release = Release::clone(&row.release);
        for place in (0..=before).rev() {
            let age = 4 + place * 10;
            let mono = now.mono - u64::try_from(age * 1000).unwrap();
            let seen = At { wall: now.wall - TimeDelta::seconds(age), mono };
            row.pulse = Some(Pulse::note(row.pulse.take(), &sign(doing.clone(), age), seen));
        }
        release.guard = Some(sign(doing, 4));
        row.release = Arc::new(release);
    };
    hold("payments", GuardState::Watching, 1);
    hold("checkout", GuardState::Blind("no contact with the release".into()), 1);
    for (name, word, seconds) in [("checkout", Word::NoGo, 190), ("search", Word::Go, 7_300)] {
        let row = state.board.releases.values().find(|row| row.release.id.target.name() == name).unwrap();
        let said = Said { release: row.release.id.clone(), word, at: ago(seconds), since: None };
        state.board.said.insert(said.release.target.clone(), said);
    }
    state
}

#[test]
fn the_board_tells_past_words_with_their_age_and_who_guards() {
    for at in SIZES {
        let name = format!("board_left_{}x{}", at.0, at.1);
        insta::assert_snapshot!(name.clone(), shown(&name, &left(at)));
    }
    let screen = shown("left", &left((80, 24)));
    assert!(screen.contains("✗ 1 NO-GO 3m ago") && screen.contains("✗ guard blind"), "{screen}");
    let mut state = left((80, 24));
    for row in state.board.releases.values_mut() {
        row.pulse = None;
        row.release = Arc::new(Release { guard: None, ..Release::clone(&row.release) });
    }
    let screen = shown("left_alone", &state);
    for part in ["✗ NO-GO 3m ago", "not watched", "✓ GO 2h ago"] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
}
