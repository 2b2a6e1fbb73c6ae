//! The whole program over the simulated world in one thread, without clock, terminal or chance: the same
//! scenario, seed, speed, size and keys always give the same events and the same state.

use std::{
    collections::{BTreeMap, VecDeque},
    io::Write,
    path::Path,
};

use anyhow::Context;
use chrono::TimeDelta;

use super::{CLUSTER, script::Script, settings};
use crate::{
    backend::demo::{Watcher, apply, rehearse},
    core::{
        effect::{Effect, WatchId},
        event::{Event, Size, Stamped},
        state::State,
        update::{deadline, start, update},
    },
    domain::{time::At, update::Update},
    metrics::demo::answer,
    sim::{Scenario, World},
    store::{self, recording},
};

/// Real milliseconds between two looks at everything.
const PULSE_MS: u64 = 50;
/// Looks between two signs of life of a watch that has no news.
const SIGN_OF_LIFE: u64 = 40;

/// How to fly.
#[derive(Clone, Debug)]
pub struct Course {
    pub scenario: Scenario,
    pub seed: u64,
    pub speed: f64,
    pub size: Size,
    pub keys: Script,
}

/// A flight under way.
#[derive(Debug)]
pub struct Flight {
    state: State,
    world: World,
    at: At,
    speed: f64,
    keys: VecDeque<(u64, crate::core::key::Key)>,
    watchers: BTreeMap<WatchId, Watcher>,
    /// What comes back at the next pulse.
    inbox: VecDeque<Event>,
    /// Something is to be painted.
    dirty: bool,
    /// The generation of the frame that is on its way to the terminal.
    drawn: Option<u64>,
    pulse: u64,
    /// The state before the first event, as a line, and every event since.
    header: serde_json::Result<String>,
    events: Vec<Stamped>,
}

impl Flight {
    #[must_use]
    pub fn new(course: Course) -> Self {
        let Course { scenario, seed, speed, size, keys } = course;
        let world = World::new(scenario, seed);
        let at = At { wall: world.now(), mono: 0 };
        let mut state = State::new(settings(scenario, speed), size, at);
        let effects = start(&mut state);
        let header = recording::header(&state);
        let mut flight = Self {
            state,
            world,
            at,
            speed,
            keys: keys.0.into(),
            watchers: BTreeMap::new(),
            inbox: VecDeque::new(),
            dirty: false,
            drawn: None,
            pulse: 0,
            header,
            events: Vec::new(),
        };
        flight.perform(effects);
        flight
    }

    /// Flies until this many real milliseconds after the start, or until somebody quits.
    pub fn until(&mut self, mono: u64) {
        while self.at.mono < mono && !self.state.quitting {
            self.beat();
        }
    }

    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Writes what happened so far as a recording that `flightdeck replay` reads.
    ///
    /// # Errors
    /// When the file exists already or cannot be written.
    pub fn write(self, file: &Path) -> anyhow::Result<()> {
        let write = || -> anyhow::Result<()> {
            let mut out = std::io::BufWriter::new(store::create(file)?);
            writeln!(out, "{}", self.header?)?;
            for event in &self.events {
                writeln!(out, "{}", serde_json::to_string(event)?)?;
            }
            out.flush().map_err(Into::into)
        };
        write().with_context(|| format!("cannot record to `{}`; name a file that does not exist yet", file.display()))
    }

    /// One pulse: time passes, then everything that came of it is told, keys first.
    fn beat(&mut self) {
        self.pulse += 1;
        self.at.mono += PULSE_MS;
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "milliseconds of one flight")]
        let lived = (self.at.mono as f64 * self.speed) as i64;
        self.at.wall = World::start() + TimeDelta::milliseconds(lived);
        self.world.advance(self.at.wall.timestamp());
        while let Some((_, key)) = self.keys.pop_front_if(|(due, _)| *due <= self.at.mono) {
            self.tell(Event::Key(key));
        }
        if let Some(generation) = self.drawn.take() {
            self.tell(Event::Painted { generation });
        }
        for event in std::mem::take(&mut self.inbox) {
            self.tell(event);
        }
        for (watch, update) in self.news() {
            self.tell(Event::Update { watch, update });
        }
        if deadline(&self.state).is_some_and(|due| due <= self.at.mono) {
            self.tell(Event::Tick);
        }
        if std::mem::take(&mut self.dirty) {
            self.drawn = Some(self.state.generation);
        }
    }

    fn news(&mut self) -> Vec<(WatchId, Update)> {
        let is_alive = self.pulse.is_multiple_of(SIGN_OF_LIFE);
        let mut news = Vec::new();
        for (watch, watcher) in &mut self.watchers {
            let told = watcher.poll(&self.world);
            if told.is_empty() && is_alive {
                news.push((*watch, Update::Health(crate::domain::health::Health::Live)));
            }
            news.extend(told.into_iter().map(|update| (*watch, update)));
        }
        news
    }

    fn tell(&mut self, event: Event) {
        let stamped = Stamped { at: self.at, event };
        self.events.push(stamped.clone());
        let effects = update(&mut self.state, stamped);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Paint | Effect::Redraw => self.dirty = true,
                Effect::Watch { watch, source, scope } => {
                    if source.raw() == CLUSTER {
                        self.watchers.insert(watch, Watcher::new(source, scope));
                    }
                }
                Effect::Unwatch(watch) => {
                    self.watchers.remove(&watch);
                }
                Effect::Ask { ask, question } => {
                    let answer = answer(&self.world, &question);
                    self.inbox.push_back(Event::Answered { ask, answer });
                }
                Effect::Apply { act, plan, intent: _ } => {
                    let result = apply(&mut self.world, &plan);
                    self.inbox.push_back(Event::Applied { act, result });
                }
                Effect::Rehearse { act, plan } => {
                    let result = rehearse(&self.world, &plan);
                    self.inbox.push_back(Event::Rehearsed { act, result });
                }
                // Nobody is there to be rung for, and nothing is kept.
                Effect::Journal(_)
                | Effect::Beat { .. }
                | Effect::StartGuard(_)
                | Effect::Bell
                | Effect::Title(_)
                | Effect::Copy(_)
                | Effect::Suspend
                | Effect::Quit => {}
            }
        }
    }
}

/// Flies for some real milliseconds and writes the recording.
///
/// # Errors
/// When the file exists already or cannot be written.
pub fn record(course: Course, milliseconds: u64, file: &Path) -> anyhow::Result<()> {
    let mut flight = Flight::new(course);
    flight.until(milliseconds);
    flight.write(file)
}
