//! Flies a recording again: the same `update` and the same picture, every effect dropped.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use anyhow::Context;
use ratatui::{Frame, Terminal, backend::TestBackend, layout::Rect, style::Stylize, text::Line};
use tokio::time::sleep_until;

use crate::{
    core::{
        command::Command,
        event::{Event, Signal, Size, Stamped},
        key::{Code, Key},
        keymap,
        layout::{self, Tier},
        state::{State, Tense},
        update::update,
    },
    runtime::{
        clock::Clock,
        hangup::{self, Sign},
        input,
        screen::{Screen, Sent},
        terminal::{self, Output},
    },
    store::recording::{self, Recording},
    theme::Theme,
    view,
};

use super::picture;

/// A state is kept for every so many events, so that going back is quick.
const CHECKPOINT: usize = 500;
/// Longest pause between two events that is waited out, in milliseconds.
const LONGEST_MS: u64 = 2_000;
/// Least time between two frames.
const FRAME_MS: u64 = 30;

/// What to replay and how.
#[derive(Clone, Debug)]
pub struct Replay {
    pub file: PathBuf,
    /// How many times faster than it happened.
    pub speed: f64,
    /// Only that many events.
    pub to: Option<usize>,
    /// Print the final frame at this size instead of playing.
    pub print: Option<Size>,
    /// Print it as a picture.
    pub svg: bool,
    pub theme: Theme,
}

/// Replays a recording, on the terminal or as one printed frame.
///
/// # Errors
/// When the recording cannot be read, with its file and line, or there is no terminal to play on.
pub async fn run(replay: Replay) -> anyhow::Result<()> {
    let recording = recording::read(&replay.file, replay.to)?;
    let mut player = Player::new(recording);
    let Some(size) = replay.print else { return play(player, &replay).await };
    player.seek_end();
    let text = print(&player.shown(), size, &replay.theme, replay.svg)?;
    io::stdout().write_all(text.as_bytes()).context("cannot print")
}

/// One frame of a state at any size, as text or as an SVG picture.
///
/// # Errors
/// Never in practice: it is painted in memory.
pub fn print(state: &State, size: Size, theme: &Theme, svg: bool) -> anyhow::Result<String> {
    let state = resized(state, size);
    let mut terminal = Terminal::new(TestBackend::new(size.columns, size.rows))?;
    let frame = terminal.draw(|frame| view::draw(&state, theme, frame))?;
    Ok(if svg { picture::svg(frame.buffer, &state.window_title()) } else { picture::text(frame.buffer) })
}

/// The state as it would stand on a screen of another size.
fn resized(state: &State, size: Size) -> State {
    let mut state = state.clone();
    if state.size != size {
        let resized = Stamped { at: state.at, event: Event::Resized(size) };
        drop(update(&mut state, resized));
    }
    state
}

/// A recording and how far it has been flown again.
#[derive(Debug)]
pub struct Player {
    pub state: State,
    events: Vec<Stamped>,
    /// Events the state has seen.
    at: usize,
    /// The state after `n * CHECKPOINT` events, as far as it was flown.
    checkpoints: Vec<State>,
}

impl Player {
    #[must_use]
    pub fn new(recording: Recording<State, Stamped>) -> Self {
        let Recording { state, events, .. } = recording;
        Self { checkpoints: vec![state.clone()], state, events, at: 0 }
    }

    /// Goes to the moment after that many events, or to the end.
    pub fn seek(&mut self, to: usize) {
        let to = to.min(self.events.len());
        if to < self.at {
            let checkpoint = to / CHECKPOINT;
            if let Some(state) = self.checkpoints.get(checkpoint) {
                self.state = state.clone();
                self.at = checkpoint * CHECKPOINT;
            }
        }
        while self.at < to {
            let Some(stamped) = self.events.get(self.at) else { break };
            // Nothing is performed: what the effects brought about is in the recording.
            drop(update(&mut self.state, stamped.clone()));
            self.at += 1;
            if self.at == self.checkpoints.len() * CHECKPOINT {
                self.checkpoints.push(self.state.clone());
            }
        }
    }

    /// The end of the recording.
    pub fn seek_end(&mut self) {
        self.seek(self.events.len());
    }

    /// Milliseconds from the last event flown to the next one; none at the end.
    fn until_next(&self) -> Option<u64> {
        let next = self.events.get(self.at)?.at.mono;
        let last = self.at.checked_sub(1).and_then(|last| self.events.get(last)).map_or(next, |s| s.at.mono);
        Some(next.saturating_sub(last).min(LONGEST_MS))
    }

    /// What is on screen of it, and that it is of a recording.
    #[must_use]
    pub fn shown(&self) -> State {
        State { tense: Tense::Recorded, ..self.state.clone() }
    }

    fn paint(&self, theme: &Theme, playing: bool, refused: Option<&str>, frame: &mut Frame) {
        let area = frame.area();
        let size = Size { columns: area.width, rows: area.height };
        view::draw(&resized(&self.shown(), size), theme, frame);
        // Three lines are state, verdict and way back: none of them gives way, and the corner says what this is.
        if refused.is_none() && layout::tier(size) == Tier::Lines && (3..5).contains(&area.height) {
            return;
        }
        let foot = Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area };
        let state = if playing { "► playing" } else { "‖ paused" };
        let place = format!(" REPLAY {} of {}", self.at, self.events.len());
        let text = match refused {
            Some(why) => format!("{place}  {why}"),
            None => format!(
                "{place}  {}  {state}   q quit  space pause  ←→ one event  page ×100  home end",
                self.state.at.wall.format("%H:%M:%S UTC"),
            ),
        };
        frame.render_widget(Line::raw(format!("{text:<width$}", width = usize::from(area.width))).reversed(), foot);
    }
}

async fn play(mut player: Player, replay: &Replay) -> anyhow::Result<()> {
    let terminal = terminal::Terminal::enter()?;
    let clock = Clock::real();
    let mut signs = hangup::watch(clock)?;
    let mut keys = input::listen(clock)?;
    let size = terminal::size();
    let mut screen = Screen::new(size, Box::new(Output))?;
    let (mut playing, mut dirty, mut painted, mut due) = (true, true, 0, 0);
    let (mut refused, mut title) = (None, String::new());
    loop {
        let now = clock.mono();
        while playing && due <= now {
            player.seek(player.at + 1);
            dirty = true;
            match player.until_next() {
                Some(wait) => due += scaled(wait, replay.speed),
                None => playing = false,
            }
        }
        if dirty && !screen.is_busy() && now >= painted + FRAME_MS {
            let named = player.shown().window_title();
            if named != title {
                screen.title(&named);
                title = named;
            }
            screen.draw(|frame| player.paint(&replay.theme, playing, refused, frame))?;
            (dirty, painted) = (false, now);
            if screen.send(None) == Sent::Refused {
                break;
            }
        }
        let wake = [playing.then_some(due), (dirty && !screen.is_busy()).then_some(painted + FRAME_MS)];
        let wake = clock.moment(wake.into_iter().flatten().min().unwrap_or(now + 60_000));
        let key = tokio::select! { biased;
            event = keys.recv() => match event {
                Some(Event::Key(key)) => key,
                Some(Event::Resized(size)) => {
                    screen.resize(size);
                    dirty = true;
                    continue;
                }
                Some(_) => continue,
                None => break,
            },
            sign = signs.recv() => match sign {
                Some(Sign::Signal(Signal::Continue) | Sign::Stop) => {
                    screen.clear()?;
                    dirty = true;
                    continue;
                }
                Some(Sign::Signal(_)) | None => break,
            },
            Some(written) = screen.written() => {
                written.result?;
                continue;
            }
            () = sleep_until(wake) => continue,
        };
        dirty = true;
        refused = refusal(&player.state, key);
        match target(key, player.at, player.events.len()) {
            Step::Toggle => {
                playing = !playing && player.until_next().is_some();
                due = clock.mono();
            }
            Step::To(to) => {
                playing = false;
                player.seek(to);
            }
            Step::Quit => break,
            Step::Nothing => {}
        }
    }
    drop(terminal);
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a wait of seconds"
)]
fn scaled(millis: u64, speed: f64) -> u64 {
    (millis as f64 / speed.max(0.01)) as u64
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Toggle,
    To(usize),
    Quit,
    Nothing,
}

/// Why a key does nothing that would act, or answer what asks.
fn refusal(state: &State, key: Key) -> Option<&'static str> {
    let command = keymap::resolve(&state.settings, keymap::screen(state), key);
    let answers = state.overlay.is_some() && matches!(key.code, Code::Char('a'..='z' | 'A'..='Z') | Code::Enter);
    let is_own = target(key, 0, 0) != Step::Nothing;
    (!is_own && (answers || command.is_some_and(Command::acts)))
        .then_some("this is a recording: nothing can be sent from it")
}

fn target(key: Key, at: usize, end: usize) -> Step {
    match key.code {
        Code::Char('c') if key.ctrl => Step::Quit,
        Code::Char('q') | Code::Esc => Step::Quit,
        Code::Char(' ') => Step::Toggle,
        Code::Right => Step::To(at + 1),
        Code::Left => Step::To(at.saturating_sub(1)),
        Code::PageDown => Step::To(at + 100),
        Code::PageUp => Step::To(at.saturating_sub(100)),
        Code::Home => Step::To(0),
        Code::End => Step::To(end),
        _ => Step::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::{
        core::{settings::Settings, state::Overlay},
        domain::time::At,
        headless::demo::{
            SEED, SPEED,
            flight::{Course, Flight},
        },
        sim::Scenario,
    };

    fn at(mono: u64) -> At {
        At { wall: DateTime::UNIX_EPOCH + TimeDelta::milliseconds(mono.try_into().unwrap()), mono }
    }

    /// 1,200 events, one a second, with an hour of nothing in the middle.
    fn player() -> Player {
        let state = State::new(Settings::default(), Size { columns: 80, rows: 24 }, at(0));
        let mono = |n: u64| n * 1_000 + if n > 600 { 3_600_000 } else { 0 };
        let events = (1..=1_200).map(|n| Stamped { at: at(mono(n)), event: Event::Tick }).collect();
        Player::new(Recording { version: String::new(), state, events })
    }

    #[test]
    fn any_moment_is_the_same_from_both_sides() {
        let (mut forward, mut back) = (player(), player());
        back.seek_end();
        for to in [1_199, 1_000, 999, 501, 500, 1, 0] {
            back.seek(to);
            forward.seek(0);
            forward.seek(to);
            let [one, other] = [&forward, &back].map(|p| (p.at, serde_json::to_value(&p.state).unwrap()));
            assert_eq!(one, other);
            assert_eq!(one.0, to);
        }
    }

    #[test]
    fn long_quiet_is_not_waited_out() {
        let mut player = player();
        player.seek(10);
        assert_eq!(player.until_next(), Some(1_000));
        player.seek(600);
        assert_eq!(player.until_next(), Some(LONGEST_MS));
        player.seek_end();
        assert_eq!(player.until_next(), None);
    }

    #[test]
    fn every_frame_and_the_title_say_that_it_is_a_recording() {
        let mut player = player();
        player.seek_end();
        player.state.title = "✗ checkout 10 %".to_owned();
        assert_eq!(player.shown().window_title(), "REPLAY ✗ checkout 10 %");
        let theme = Theme::builtin("mono").unwrap();
        for (columns, rows) in [(80, 24), (50, 3), (40, 1)] {
            let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
            terminal.draw(|frame| player.paint(&theme, false, None, frame)).unwrap();
            let text = picture::text(terminal.backend().buffer());
            assert!(text.lines().next().unwrap().contains("REPLAY"), "{text}");
            let printed = print(&player.shown(), Size { columns, rows }, &theme, false).unwrap();
            assert!(printed.lines().next().unwrap().contains("REPLAY"), "{printed}");
            let why = refusal(&player.state, Key::char('q'));
            assert_eq!(why, None);
        }
        let picture = print(&player.shown(), Size { columns: 80, rows: 24 }, &theme, true).unwrap();
        assert!(picture.contains("REPLAY ✗ checkout 10 %"), "{picture}");
    }

    #[test]
    fn keys_that_would_act_are_refused_with_the_reason() {
        let mut state = player().state;
        assert_eq!(refusal(&state, Key::char('R')), None, "the board has no such key");
        let course = Course {
            scenario: Scenario::Clean,
            seed: SEED,
            speed: SPEED,
            size: Size { columns: 80, rows: 24 },
            keys: "".parse().unwrap(),
        };
        let mut flight = Flight::new(course);
        flight.until(5_000);
        state = flight.state().clone();
        for (key, refused) in
            [("R", true), ("h", true), ("p", true), ("x", true), ("space", false), ("q", false), ("e", false)]
        {
            assert_eq!(refusal(&state, key.parse().unwrap()).is_some(), refused, "{key}");
        }
        state.overlay = Some(Overlay::Help { scroll: 0 });
        assert_eq!(refusal(&state, Key::char('y')), Some("this is a recording: nothing can be sent from it"));
        let theme = Theme::builtin("mono").unwrap();
        for rows in [3, 24] {
            let mut terminal = Terminal::new(TestBackend::new(80, rows)).unwrap();
            let why = refusal(&state, Key::char('y'));
            terminal.draw(|frame| player().paint(&theme, false, why, frame)).unwrap();
            let text = picture::text(terminal.backend().buffer());
            assert!(text.lines().last().unwrap().contains("nothing can be sent"), "{text}");
        }
    }

    #[test]
    fn arrows_step_and_never_leave_the_recording() {
        let cases = [
            (Key::of(Code::Left), 0, Step::To(0)),
            (Key::of(Code::Right), 5, Step::To(6)),
            (Key::char(' '), 5, Step::Toggle),
            (Key::of(Code::End), 5, Step::To(9)),
            (Key::ctrl('c'), 5, Step::Quit),
            (Key::char('c'), 5, Step::Nothing),
        ];
        for (key, now, expected) in cases {
            assert_eq!(target(key, now, 9), expected, "{key}");
        }
    }
}
