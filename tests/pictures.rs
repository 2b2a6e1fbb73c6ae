//! The pictures in `assets/` are what the program draws from recordings of its demo, to the letter.
//!
//! `UPDATE_PICTURES=1 cargo test --test pictures` draws them anew.
#![expect(clippy::unwrap_used, reason = "tests fail aloud")]

use std::{env, fs, path::Path};

use flightdeck::{
    core::{
        event::{Size, Stamped},
        state::State,
    },
    headless::{
        demo::{
            SEED, SPEED,
            flight::{self, Course},
        },
        picture,
        replay::Player,
    },
    sim::Scenario,
    store::recording,
    theme::Theme,
    view,
};
use ratatui::{Terminal, backend::TestBackend};

struct Picture {
    name: &'static str,
    title: &'static str,
    size: (u16, u16),
    /// Real seconds into the demo.
    at: u64,
    keys: &'static str,
}

const PICTURES: &[Picture] = &[
    Picture {
        name: "cockpit",
        title: "The cockpit of a canary at 10 %: errors and latency are level, orders on the canary fall",
        size: (120, 40),
        at: 36,
        keys: "",
    },
    Picture {
        name: "roll-back",
        title: "The dialog before a roll back: what customers get, what is not undone, the request to the letter",
        size: (120, 40),
        at: 40,
        keys: "@36 R",
    },
    Picture {
        name: "receipt",
        title: "The receipt of a roll back: sent, accepted, effect seen",
        size: (120, 40),
        at: 44,
        keys: "@36 R @38 y",
    },
    Picture {
        name: "board",
        title: "The board: releases in trouble first, then those that wait for a person",
        size: (120, 18),
        at: 36,
        keys: "@30 esc @31 g",
    },
    Picture { name: "tmux", title: "The same release in 80 columns and 24 rows", size: (80, 24), at: 36, keys: "1" },
];

/// Flies the demo, records it, and draws the last frame of the recording.
fn draw(picture: &Picture, folder: &Path) -> String {
    let (columns, rows) = picture.size;
    let size = Size { columns, rows };
    let keys = picture.keys.parse().unwrap();
    let course = Course { scenario: Scenario::SilentPaymentFailure, seed: SEED, speed: SPEED, size, keys };
    let file = folder.join(format!("{}.jsonl", picture.name));
    flight::record(course, picture.at * 1000, &file).unwrap();
    let mut player = Player::new(recording::read::<State, Stamped>(&file, None).unwrap());
    player.seek_end();
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let theme = Theme::builtin("default").unwrap();
    terminal.draw(|frame| view::draw(&player.state, &theme, frame)).unwrap();
    picture::svg(terminal.backend().buffer(), picture.title)
}

#[test]
fn the_pictures_are_what_the_program_draws() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let scratch = tempfile::tempdir().unwrap();
    let mut drifted = Vec::new();
    for picture in PICTURES {
        let drawn = draw(picture, scratch.path());
        let file = assets.join(format!("{}.svg", picture.name));
        if env::var_os("UPDATE_PICTURES").is_some() {
            fs::create_dir_all(&assets).unwrap();
            fs::write(&file, &drawn).unwrap();
        } else if fs::read_to_string(&file).ok().as_deref() != Some(&drawn) {
            drifted.push(picture.name);
        }
    }
    assert!(
        drifted.is_empty(),
        "{drifted:?} are no longer what the program draws; look at them, then draw them anew with `UPDATE_PICTURES=1 cargo test --test pictures`"
    );
    let strangers = fs::read_dir(&assets).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        let is_picture = Path::new(&name).extension().is_some_and(|extension| extension == "svg");
        is_picture && !PICTURES.iter().any(|picture| name.to_str() == Some(&format!("{}.svg", picture.name)))
    });
    assert_eq!(strangers.count(), 0, "every picture is drawn here");
}
