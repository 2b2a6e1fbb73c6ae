//! The commands that only read or write files of this machine.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use clap::CommandFactory;
use clap_complete::Shell;

use super::{fly, load, print, problem::Problem};
use crate::{
    cli::{Cli, Global},
    config::{
        file, near,
        paths::Paths,
        show,
        trust::{self, Trusted},
    },
    runtime::{clock::Clock, log},
};

/// Trusts a project's file as it is now.
///
/// # Errors
/// When there is none, it is wrong, or the list of trusted files cannot be written.
pub fn trust(named: Option<PathBuf>, paths: &Paths) -> anyhow::Result<()> {
    let here = env::current_dir()?;
    let file = match named {
        Some(file) => file,
        None => trust::project_file(&here).ok_or_else(|| {
            Problem::usage(format!("there is no `{}` here; name the file to trust", trust::PROJECT_FILE))
        })?,
    };
    let unreadable = |file: &Path, error| Problem::usage(format!("{} cannot be read: {error}", file.display()));
    let file = file.canonicalize().map_err(|error| unreadable(&file, error))?;
    if file.file_name().is_none_or(|name| name != trust::PROJECT_FILE) {
        let name = trust::PROJECT_FILE;
        return Err(Problem::usage(format!("only a file named `{name}` is ever read from a project")).into());
    }
    let content = fs::read(&file).map_err(|error| unreadable(&file, error))?;
    let text = String::from_utf8_lossy(&content);
    let numbers = file::project(&file, &text)
        .map_err(|errors| Problem::usage(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    Trusted::new(&paths.data).add(&file, &content).map_err(|error| {
        Problem::usage(format!("the list of trusted files in {} cannot be written: {error}", paths.data.display()))
    })?;
    let mut text = format!("trusted as it is now: {}\n", file.display());
    for panel in numbers.panels {
        let _ = writeln!(text, "panel {}", panel.spec.name);
    }
    for slo in numbers.slos {
        let _ = writeln!(text, "objective {}", slo.spec.name);
    }
    print::out(&text)?;
    Ok(())
}

/// Prints the configuration as it holds.
///
/// # Errors
/// Everything that is wrong in it.
pub fn show(global: &Global, paths: &Paths, clock: &Clock) -> anyhow::Result<()> {
    print::out(&show::show(&load::load(global, paths, clock)?))?;
    Ok(())
}

/// Says that the configuration is right and which files it comes from.
///
/// # Errors
/// Everything that is wrong in it.
pub fn check(global: &Global, paths: &Paths, clock: &Clock) -> anyhow::Result<()> {
    let loaded = load::load(global, paths, clock)?;
    let mut text = String::new();
    for file in &loaded.files {
        let _ = writeln!(text, "read {}", paths.short(file));
    }
    // A build machine has no cluster, and a configuration can be right there all the same.
    for note in loaded.notes.iter().chain(&loaded.no_cluster) {
        let _ = writeln!(text, "note: {note}");
    }
    fly::configured_theme(&loaded.theme)?;
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (sources, panels) = (loaded.settings.sources.len(), loaded.settings.panels.len());
    let word = if loaded.notes.is_empty() { "all right" } else { "no mistakes, but see the notes" };
    let _ = writeln!(text, "{word}: {}, {}", counted(sources, "source"), counted(panels, "panel"));
    print::out(&text)?;
    Ok(())
}

/// Prints completions.
///
/// # Errors
/// When they cannot be written.
pub fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "flightdeck", &mut text);
    print::out(&String::from_utf8_lossy(&text))?;
    Ok(())
}

/// Prints the man page of the program, or of one of its commands.
///
/// # Errors
/// When there is no such command, or it cannot be written.
pub fn man(names: &[String]) -> anyhow::Result<()> {
    let mut command = Cli::command();
    // Names and common options reach the commands below only now.
    command.build();
    for name in names {
        let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let wrong = || Problem::usage(format!("`{name}` is not a command; {}", near::suggest(name, known)));
        command = command.find_subcommand(name).cloned().ok_or_else(wrong)?;
    }
    let mut text = Vec::new();
    page(command).render(&mut text)?;
    print::out(&String::from_utf8_lossy(&text))?;
    Ok(())
}

/// Writes the man pages of the program and all its commands into a folder, over what stands there.
///
/// # Errors
/// When the system refuses.
pub fn man_pages(folder: &Path) -> anyhow::Result<()> {
    fn write(command: &clap::Command, folder: &Path) -> io::Result<()> {
        page(command.clone()).generate_to(folder)?;
        command.get_subcommands().try_for_each(|below| write(below, folder))
    }
    let mut command = Cli::command();
    command.build();
    let written = fs::create_dir_all(folder).and_then(|()| write(&command, folder));
    written.map_err(|error| Problem::usage(format!("`--dir`: {} cannot be written: {error}", folder.display())))?;
    Ok(())
}

fn page(command: clap::Command) -> clap_mangen::Man {
    clap_mangen::Man::new(command).source(concat!("flightdeck ", env!("CARGO_PKG_VERSION")))
}

/// Sends the program's own log to this file.
///
/// # Errors
/// When it cannot be made.
pub fn log(file: &Path) -> Result<(), Problem> {
    log::to(file).map_err(|error| Problem::usage(format!("`--log`: {} cannot be written: {error}", file.display())))
}
