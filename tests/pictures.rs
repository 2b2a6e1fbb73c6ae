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
            flight::{self, Course, Flight},
        },
        film::{self, Shot},
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

/// The story as a film: one flight, its frames by the milliseconds into it, and what happens then.
const FILM: &str = "story";
const FILM_KEYS: &str = "@27 R @29 y @32 enter @38 t @40 left @42 left @43 left @45 left @48 esc";
const SHOTS: &[(u64, &str)] = &[
    (4_000, "a canary at 10 %: all level, and how soon a dead checkout would show"),
    (22_000, "orders on the canary bend; errors and latency do not"),
    (26_500, "NO-GO: how much worse since when, what is missing, and the price of each key"),
    (28_500, "R: what customers get, what is not undone, the request to the letter"),
    (31_500, "y: sent, accepted, effect seen"),
    (37_500, "every customer is back on the old version"),
    (39_500, "t: what happened"),
    (42_500, "left: what it looked like then"),
    (45_500, "and before that"),
    (51_000, "what it cost, and what the controller's own analysis alone would have cost"),
];
/// How long each of them is shown, in milliseconds.
const SHOWN: u64 = 4_000;
/// More is slow to load where pictures are shown.
const MOST_BYTES: usize = 300_000;

/// Flies the story once and films it.
fn film() -> String {
    let size = Size { columns: 120, rows: 40 };
    let keys = FILM_KEYS.parse().unwrap();
    let mut flight =
        Flight::new(Course { scenario: Scenario::SilentPaymentFailure, seed: SEED, speed: SPEED, size, keys });
    let theme = Theme::builtin("default").unwrap();
    let shots = SHOTS.iter().zip(0..).map(|((at, caption), place)| {
        flight.until(*at);
        let mut terminal = Terminal::new(TestBackend::new(size.columns, size.rows)).unwrap();
        terminal.draw(|frame| view::draw(flight.state(), &theme, frame)).unwrap();
        Shot { at: place * SHOWN, frame: terminal.backend().buffer().clone(), caption }
    });
    let shots: Vec<Shot> = shots.collect();
    film::svg(&shots, u64::try_from(SHOTS.len()).unwrap() * SHOWN, "The demo's story in ten frames")
}

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
    let story = film();
    assert!(story.len() <= MOST_BYTES, "{} bytes", story.len());
    let pictures = PICTURES.iter().map(|picture| (picture.name, draw(picture, scratch.path())));
    for (name, drawn) in pictures.chain([(FILM, story)]) {
        let file = assets.join(format!("{name}.svg"));
        if env::var_os("UPDATE_PICTURES").is_some() {
            fs::create_dir_all(&assets).unwrap();
            fs::write(&file, &drawn).unwrap();
        } else if fs::read_to_string(&file).ok().as_deref() != Some(&drawn) {
            drifted.push(name);
        }
    }
    assert!(
        drifted.is_empty(),
        "{drifted:?} are no longer what the program draws; look at them, then draw them anew with `UPDATE_PICTURES=1 cargo test --test pictures`"
    );
    let strangers = fs::read_dir(&assets).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        let is_picture = Path::new(&name).extension().is_some_and(|extension| extension == "svg");
        is_picture
            && !PICTURES
                .iter()
                .map(|picture| picture.name)
                .chain([FILM])
                .any(|known| name.to_str() == Some(&format!("{known}.svg")))
    });
    assert_eq!(strangers.count(), 0, "every picture is drawn here");
}
