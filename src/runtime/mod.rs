//! The only place with tasks, a clock and a terminal.
//!
//! Feeds events to `core::update`, performs the effects it asks for and paints; decides nothing about releases.

use std::{collections::BTreeMap, fmt, io, path::PathBuf, sync::Arc};

use crate::{
    backend::Backend,
    core::{
        event::{Event, Signal},
        settings::Settings,
        state::State,
    },
    domain::clean::Name,
    metrics::Source,
    theme::Theme,
};

pub mod clock;
mod crash;
mod effects;
mod flight;
pub(crate) mod hangup;
pub mod input;
mod journaling;
pub mod launch;
pub mod log;
mod recorder;
pub(crate) mod screen;
pub mod terminal;
pub mod unmanned;
mod writer;

use clock::Clock;
pub use flight::Ports;
pub use hangup::Sign;

/// Everything one run on a terminal needs.
pub struct Program {
    pub settings: Settings,
    pub theme: Theme,
    /// By the name of their source.
    pub backends: BTreeMap<Name, Arc<dyn Backend>>,
    pub metrics: BTreeMap<Name, Arc<dyn Source>>,
    pub clock: Clock,
    /// A file that gets every event from the start; it must not exist yet.
    pub record: Option<PathBuf>,
    /// The folder of journal and recordings. Without one nothing is recorded and forward acts are refused.
    pub data: Option<PathBuf>,
    /// How guards are started; none where nothing outlives the run.
    pub launcher: Option<launch::Launcher>,
}

impl Program {
    /// The folder of recordings that nobody asks for. A story that can be told again at any time needs none.
    fn records_to(&self) -> Option<PathBuf> {
        self.data.clone().filter(|_| !self.settings.demo)
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("backends", &self.backends.keys())
            .field("metrics", &self.metrics.keys())
            .field("record", &self.record)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Quit,
    Signal(Signal),
}

impl Exit {
    /// What the shell is told.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Quit | Self::Signal(Signal::Continue) => 0,
            Self::Signal(Signal::HangUp) => 129,
            Self::Signal(Signal::Interrupt) => 130,
            Self::Signal(Signal::Terminate) => 143,
        }
    }
}

/// Runs a future to its end, with tasks on one other thread: the loop stays on the calling one, so that
/// decoding a large answer never delays a key.
///
/// # Errors
/// When the system gives no thread or no event queue.
pub fn execute<F: Future>(future: F) -> io::Result<F::Output> {
    let executor = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(4)
        .thread_name("tasks")
        .enable_all()
        .build()?;
    let output = executor.block_on(future);
    // A look-up that hangs must not keep the process.
    executor.shutdown_background();
    Ok(output)
}

/// Runs the program on other ports than this process's terminal; how it ended and the last state.
///
/// # Errors
/// When a thread cannot be started or the recording asked for cannot be made.
pub async fn fly(program: Program, ports: Ports) -> anyhow::Result<(Exit, State)> {
    let faults = flight::Faults::new();
    let recorder =
        recorder::Recorder::new(program.record.clone(), program.records_to(), program.clock, faults.sender())?;
    flight::Flight::new(program, ports, recorder, faults)?.fly().await
}

/// Runs the program on this process's terminal until it is left.
///
/// # Errors
/// When standard output is not a terminal that can be painted, or the recording asked for cannot be made.
pub async fn run(program: Program) -> anyhow::Result<Exit> {
    terminal::check()?;
    let faults = flight::Faults::new();
    if let Some(data) = &program.data
        && !log::is_on()
        && let Err(error) = log::init(data)
    {
        let why = format!("there is no log: `{}`: {error}", data.display());
        drop(faults.sender().send(Event::Fault(why.into())));
    }
    let recorder =
        recorder::Recorder::new(program.record.clone(), program.records_to(), program.clock, faults.sender())?;
    crash::install(recorder.ring(), program.data.clone(), program.clock);
    let terminal = terminal::Terminal::enter()?;
    let signs = hangup::watch(program.clock)?;
    let ports = Ports {
        keys: input::listen(program.clock)?,
        signs,
        output: Box::new(terminal::Output),
        size: terminal::size(),
        terminal: Some(terminal),
    };
    let ended = flight::Flight::new(program, ports, recorder, faults)?.fly().await;
    crash::remove();
    Ok(ended?.0)
}
