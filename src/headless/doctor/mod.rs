//! `flightdeck doctor`: what is wrong with sources, permissions and terminal, and what to do about it.
//! Changes nothing but a file of its own that it makes and removes again.

mod machine;
mod sources;

use std::fmt::Write as _;

use super::{
    load, print,
    problem::{Code, Problem},
    terminal::Terminal,
};
use crate::{
    cli::Global,
    config::paths::Paths,
    domain::clean::Clean,
    runtime::{self, clock::Clock},
};

/// What an examination found of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Good,
    /// Works, with something missing.
    Look,
    Bad,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub mark: Mark,
    pub what: Clean,
    /// What to do about it.
    pub next: Option<Clean>,
}

impl Finding {
    pub fn good(what: impl Into<Clean>) -> Self {
        Self { mark: Mark::Good, what: what.into(), next: None }
    }

    pub fn look(what: impl Into<Clean>, next: impl Into<Clean>) -> Self {
        Self { mark: Mark::Look, what: what.into(), next: Some(next.into()) }
    }

    pub fn bad(what: impl Into<Clean>, next: impl Into<Clean>) -> Self {
        Self { mark: Mark::Bad, what: what.into(), next: Some(next.into()) }
    }
}

/// Findings under a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub title: String,
    pub findings: Vec<Finding>,
}

/// Examines everything and prints the report.
///
/// # Errors
/// When anything is bad enough that flightdeck could not be used: `Code::Usage` for this machine and its
/// configuration, `Code::Unreachable` for a source.
pub fn doctor(global: &Global, paths: &Paths, clock: Clock) -> anyhow::Result<()> {
    let mut parts = vec![machine::terminal(&Terminal::of_this_process()), machine::folders(paths)];
    let mut unreachable = false;
    match load::load(global, paths, &clock) {
        Ok(loaded) => {
            parts.push(machine::configuration(&loaded, paths));
            let examined = runtime::execute(sources::examine(&loaded, clock))?;
            unreachable = examined.iter().flat_map(|part| &part.findings).any(|finding| finding.mark == Mark::Bad);
            parts.extend(examined);
        }
        Err(problem) => {
            let findings = problem
                .lines
                .into_iter()
                .map(|line| Finding::bad(line, "correct it; nothing else of the configuration was looked at"));
            parts.push(Part { title: "configuration".to_owned(), findings: findings.collect() });
        }
    }
    print::out(&report(&parts))?;
    let bad = parts.iter().flat_map(|part| &part.findings).filter(|finding| finding.mark == Mark::Bad).count();
    match bad {
        0 => Ok(()),
        1 => Err(Problem::new(code(unreachable), "one thing is wrong, marked ✗").into()),
        more => Err(Problem::new(code(unreachable), format!("{more} things are wrong, marked ✗")).into()),
    }
}

const fn code(unreachable: bool) -> Code {
    if unreachable { Code::Unreachable } else { Code::Usage }
}

/// The report for reading.
#[must_use]
pub fn report(parts: &[Part]) -> String {
    let mut out = String::new();
    for part in parts {
        let _ = writeln!(out, "{}{}", if out.is_empty() { "" } else { "\n" }, part.title);
        for finding in &part.findings {
            let mark = match finding.mark {
                Mark::Good => '✓',
                Mark::Look => '!',
                Mark::Bad => '✗',
            };
            let _ = writeln!(out, "  {mark} {}", finding.what);
            if let Some(next) = &finding.next {
                let _ = writeln!(out, "      {next}");
            }
        }
    }
    out
}
