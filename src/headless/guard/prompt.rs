//! The mandate on a terminal, and the typed name that confirms it.

use std::io::{self, IsTerminal as _, Write as _};

use crate::{
    core::arming::Sentence,
    domain::clean::Clean,
    headless::{print, problem::Problem},
};

/// Columns of the labels.
const LABEL: usize = 12;

/// What a person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    /// The exit code.
    No(u8),
}

pub(super) fn sentences(sentences: &[Sentence]) -> String {
    let line = |sentence: &Sentence| format!("{:LABEL$}{}", sentence.label, Clean::new(&sentence.text));
    sentences.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Prints a line or more. A terminal that is gone does not keep a guard from its work.
pub(super) fn say(text: &str) {
    drop(print::out(text));
}

/// Whether somebody is there who could be asked.
///
/// # Errors
/// When nobody is.
pub(super) fn can_ask() -> Result<(), Problem> {
    if io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Problem::usage(
        "nobody can be asked: standard input is no terminal; `--yes --revision REVISION --reason TEXT` asks nothing",
    ))
}

/// Asks for a name to be typed; anything else is a no.
pub(super) async fn ask(text: &str, name: &str, act: &str) -> Result<Answer, Problem> {
    can_ask()?;
    say(text);
    let question = format!("type {} to {act}, or nothing to leave: ", Clean::new(name));
    let line = tokio::task::spawn_blocking(move || {
        let mut out = io::stdout().lock();
        out.write_all(question.as_bytes())?;
        out.flush()?;
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let line = tokio::select! {
        line = line => line,
        _ = tokio::signal::ctrl_c() => return Ok(Answer::No(130)),
    };
    match line {
        Ok(Ok(line)) if line.trim_end_matches(['\r', '\n']) == name => Ok(Answer::Yes),
        Ok(Ok(_)) => {
            say("nothing was done");
            Ok(Answer::No(2))
        }
        Ok(Err(error)) => Err(Problem::usage(format!("the answer cannot be read: {error}"))),
        Err(error) => Err(Problem::usage(format!("the answer cannot be read: {error}"))),
    }
}
