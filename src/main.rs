//! Parse, dispatch, exit code.

use std::{io, process::ExitCode};

use clap::Parser as _;
use flightdeck::{
    cli::{Cli, Command, ConfigCommand},
    headless::{
        commands, doctor, fly, guard, judge, keys, load, print,
        problem::{Code, Problem},
        status, verdict, wait,
    },
    runtime::clock::Clock,
};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        // Whoever read our output has what they wanted.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            print::complain(&format!("{error:#}"));
            ExitCode::from(error.downcast_ref::<Problem>().map_or(Code::Usage, |problem| problem.code) as u8)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<u8> {
    let clock = Clock::real();
    let global = &cli.global;
    if let Some(file) = &global.log {
        commands::log(file)?;
    }
    let Some(command) = cli.command else {
        return Ok(fly::live(global, &load::paths()?, clock, cli.target.as_deref())?.code());
    };
    if let Some(target) = &cli.target {
        return Err(
            Problem::usage(format!("`{target}` stands before the command; put it behind, or leave one out")).into()
        );
    }
    if global.record.is_some() && !command.records() {
        return Err(Problem::usage("`--record`: only the screen, `demo` and `guard` write a recording").into());
    }
    match command {
        Command::Demo(wanted) => return Ok(fly::demo(global, &wanted)?.code()),
        Command::Status(wanted) => status::status(global, &load::paths()?, clock, &wanted)?,
        Command::Verdict(wanted) => return verdict::verdict(global, &load::paths()?, clock, &wanted),
        Command::Wait(wanted) => return wait::wait(global, &load::paths()?, clock, &wanted),
        Command::Judge(wanted) => return judge::judge(&wanted),
        Command::Guard(wanted) => return guard::guard(global, &load::paths()?, clock, &wanted),
        Command::Replay(wanted) => fly::replay(global, &wanted)?,
        Command::Doctor => doctor::doctor(global, &load::paths()?, clock)?,
        Command::Keys { markdown: true } => print::out(&keys::markdown())?,
        Command::Keys { markdown: false } => {
            let loaded = load::load(global, &load::paths()?, &clock)?;
            print::out(&keys::text(&loaded.settings.keys))?;
        }
        Command::Trust { file } => commands::trust(file, &load::paths()?)?,
        Command::Config { command: ConfigCommand::Show } => commands::show(global, &load::paths()?, &clock)?,
        Command::Config { command: ConfigCommand::Check } => commands::check(global, &load::paths()?, &clock)?,
        Command::Completions { shell } => commands::completions(shell)?,
        Command::Man { dir: Some(dir), .. } => commands::man_pages(&dir)?,
        Command::Man { command, dir: None } => commands::man(&command)?,
    }
    Ok(0)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
