//! From the command line to the running program on a terminal.

use std::path::Path;

use anyhow::Context as _;

use super::{
    connect,
    demo::{
        self,
        flight::{self, Course},
        script::Script,
    },
    guard, load,
    problem::Problem,
    replay,
    terminal::Terminal,
};
use crate::{
    cli::{Demo, Global, Replay},
    config::{DEFAULT_THEME, given::Said, paths::Paths, units},
    core::event::Size,
    runtime::{self, Exit, Program, clock::Clock, launch::Launcher},
    sim::Scenario,
    theme::{Theme, ThemeError},
};

/// The running program on this terminal: the board, or one release.
///
/// # Errors
/// When the configuration is wrong, a source cannot be made, or the terminal cannot be used.
pub fn live(global: &Global, paths: &Paths, clock: Clock, open: Option<&str>) -> anyhow::Result<Exit> {
    let open = load::target(open)?;
    load::recordable(global)?;
    let mut loaded = load::load(global, paths, &clock)?;
    let theme = configured_theme(&loaded.theme)?;
    load::needs_cluster(&loaded)?;
    load::say_notes(&loaded);
    loaded.settings.open = open;
    loaded.settings.mortal = guard::mortal();
    runtime::execute(async {
        let connected = connect::connect(&loaded, clock).await?;
        let program = Program {
            settings: loaded.settings,
            theme,
            backends: connected.backends,
            metrics: connected.metrics,
            clock,
            record: global.record.clone(),
            data: Some(paths.data.clone()),
            launcher: launcher(global, paths, clock),
        };
        runtime::run(program).await
    })?
}

/// How this run starts a guard: itself, with the same clusters and sources.
fn launcher(global: &Global, paths: &Paths, clock: Clock) -> Option<Launcher> {
    let program = std::env::current_exe().ok()?;
    Some(Launcher { program, flags: load::same_flags(global), logs: paths.data.join("guards"), clock })
}

/// Plays a recording on this terminal, or prints its last frame.
///
/// # Errors
/// When the recording cannot be read, or there is no terminal to play on.
pub fn replay(global: &Global, wanted: &Replay) -> anyhow::Result<()> {
    let name = global.theme.as_deref().unwrap_or(DEFAULT_THEME);
    // A picture looks the same whatever terminal it was made on.
    let theme = if wanted.svg { Theme::builtin(name).map_err(|error| unknown_theme(&error))? } else { theme(name)? };
    let replay = replay::Replay {
        file: wanted.file.clone(),
        speed: wanted.speed,
        to: wanted.to,
        print: wanted.print.map(|(columns, rows)| Size { columns, rows }),
        svg: wanted.svg,
        theme,
    };
    runtime::execute(replay::run(replay))?
}

/// The theme of this name for this terminal.
///
/// # Errors
/// When there is none.
pub fn theme(name: &str) -> Result<Theme, Problem> {
    Terminal::of_this_process().theme(name).map_err(|error| unknown_theme(&error))
}

/// The same of the configuration.
///
/// # Errors
/// When there is none, with where it was given.
pub fn configured_theme(named: &Said<String>) -> Result<Theme, Problem> {
    theme(&named.value).map_err(|problem| Problem::usage(format!("{}: {problem}", named.by)))
}

fn unknown_theme(error: &ThemeError) -> Problem {
    Problem::usage(error.to_string())
}

/// The simulated world on this terminal, or flown by itself into a recording.
///
/// # Errors
/// When there is no such scenario or theme, the recording exists already, or the terminal cannot be used.
pub fn demo(global: &Global, wanted: &Demo) -> anyhow::Result<Exit> {
    let scenario: Scenario = wanted.scenario.parse().map_err(|error| Problem::usage(format!("{error}")))?;
    if let (Some(length), Some(file)) = (&wanted.length, &global.record) {
        record(scenario, wanted, length, file)?;
        return Ok(Exit::Quit);
    }
    let theme = theme(global.theme.as_deref().unwrap_or(DEFAULT_THEME))?;
    let mut program = demo::program(scenario, wanted.seed, wanted.speed, theme);
    program.record.clone_from(&global.record);
    // Acts in a story have no place in the journal of real ones.
    program.data = Paths::of_this_account().map(|paths| paths.data.join("demo"));
    if global.read_only {
        program.settings.policy.read_only = Some("--read-only says read-only".into());
    }
    runtime::execute(runtime::run(program))?
}

fn record(scenario: Scenario, wanted: &Demo, length: &str, file: &Path) -> anyhow::Result<()> {
    let milliseconds = units::duration(length)
        .ok_or_else(|| {
            Problem::usage(format!("`--for`: `{length}` is no length of time; write it like `90s` or `2m`"))
        })?
        .delta()
        .num_milliseconds();
    let keys: Script = wanted
        .keys
        .as_deref()
        .unwrap_or_default()
        .parse()
        .map_err(|error| Problem::usage(format!("`--keys`: {error}")))?;
    let size = Size { columns: 120, rows: 40 };
    let course = Course { scenario, seed: wanted.seed, speed: wanted.speed, size, keys };
    flight::record(course, u64::try_from(milliseconds).unwrap_or_default(), file).context("nothing was recorded")
}
