//! From the command line to the running program on a terminal.

use std::path::Path;

use anyhow::Context as _;

use super::{
    demo::{
        self,
        flight::{self, Course},
        script::Script,
    },
    problem::Problem,
    terminal::Terminal,
};
use crate::{
    cli::{Demo, Global},
    config::{paths::Paths, units},
    core::event::Size,
    runtime::{self, Exit},
    sim::{Scenario, World},
};

/// The theme where none is configured.
const THEME: &str = crate::config::DEFAULT_THEME;

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
    let theme = Terminal::of_this_process()
        .theme(global.theme.as_deref().unwrap_or(THEME))
        .map_err(|error| Problem::usage(error.to_string()))?;
    let mut program = demo::program(World::new(scenario, wanted.seed), wanted.speed, theme);
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
