//! What one pass of the loop costs: an event into `update`, then the frame, encoded for the terminal. Budget: 1 ms
//! for the busiest frame at 200×60. Run by `cargo bench --bench frame`.

#![allow(clippy::unwrap_used, reason = "a benchmark may stop where it fails")]

use std::sync::Arc;

use flightdeck::{
    core::{
        effect::WatchId,
        event::{Event, Size, Stamped},
        state::State,
        update::update,
    },
    domain::{release::Release, time::At, update::Update},
    headless::demo::flight::{Course, Flight},
    headless::demo::{SEED, SPEED, script::Script},
    sim::Scenario,
    theme::Theme,
    view,
};
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};

const SIZE: Size = Size { columns: 200, rows: 60 };
/// Panels on the busiest screen.
const PANELS: usize = 30;
const RELEASES: usize = 1_000;

fn main() {
    divan::main();
}

/// The demo's canary an hour into its flight, with more panels than anybody watches.
fn cockpit() -> State {
    let course =
        Course { scenario: Scenario::default(), seed: SEED, speed: SPEED, size: SIZE, keys: Script::default() };
    let mut flight = Flight::new(course);
    flight.until(360_000);
    let mut state = flight.state().clone();
    let open = state.open.as_mut().unwrap();
    let shown = open.panels.clone();
    open.panels.extend(shown.into_iter().cycle().take(PANELS - open.panels.len()));
    state
}

/// The same program on the board of a large cluster.
fn board() -> (State, WatchId, Vec<Arc<Release>>) {
    let mut state = cockpit();
    let release = state.open.take().unwrap().release.unwrap();
    let releases = (0..RELEASES).map(|n| {
        let mut release = Release::clone(&release);
        release.id.target.path = vec!["shop".into(), format!("service-{n}").into()];
        Arc::new(release)
    });
    let watch = WatchId(state.next_id);
    state.sources.first_mut().unwrap().watch = Some(watch);
    (state, watch, releases.collect())
}

fn terminal() -> Terminal<CrosstermBackend<Vec<u8>>> {
    let viewport = Viewport::Fixed(Rect::new(0, 0, SIZE.columns, SIZE.rows));
    Terminal::with_options(CrosstermBackend::new(Vec::new()), TerminalOptions { viewport }).unwrap()
}

fn second_later(at: At) -> At {
    At { wall: at.wall + chrono::TimeDelta::seconds(10), mono: at.mono + 1_000 }
}

#[divan::bench]
fn tick_and_frame_of_the_cockpit(bencher: divan::Bencher) {
    let (mut state, theme, mut terminal) = (cockpit(), Theme::builtin("default").unwrap(), terminal());
    bencher.bench_local(|| {
        let tick = Stamped { at: second_later(state.at), event: Event::Tick };
        let effects = update(&mut state, tick);
        terminal.draw(|frame| view::draw(&state, &theme, frame)).unwrap();
        effects
    });
}

#[divan::bench]
fn whole_frame_of_the_cockpit_from_nothing(bencher: divan::Bencher) {
    let (state, theme) = (cockpit(), Theme::builtin("default").unwrap());
    bencher.with_inputs(terminal).bench_local_values(|mut terminal| {
        terminal.draw(|frame| view::draw(&state, &theme, frame)).unwrap();
        terminal
    });
}

#[divan::bench]
fn change_and_frame_of_a_board_of_1000(bencher: divan::Bencher) {
    let (mut state, watch, releases) = board();
    let theme = Theme::builtin("default").unwrap();
    let mut terminal = terminal();
    let first = Stamped { at: state.at, event: Event::Update { watch, update: Update::Snapshot(releases.clone()) } };
    drop(update(&mut state, first));
    assert!(state.board.releases.len() >= RELEASES, "the board did not take its releases");
    let mut changed = releases.iter().cycle();
    bencher.bench_local(|| {
        let release = Arc::clone(changed.next().unwrap());
        let event = Event::Update { watch, update: Update::Changed(release) };
        let stamped = Stamped { at: second_later(state.at), event };
        let effects = update(&mut state, stamped);
        terminal.draw(|frame| view::draw(&state, &theme, frame)).unwrap();
        effects
    });
}
