//! Secrets where they are: a variable, a file, the output of a command. Held no longer than needed, shown nowhere.

use std::{
    fmt, io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::Mutex,
    time::{Instant, timeout},
};

use super::HttpError;
use crate::config::access::{SecretCommand, SecretFrom};

/// A command that failed, or whose output was refused though it was new, is not run again sooner.
const REST: Duration = Duration::from_secs(30);
/// Bytes of output that are read; no secret is longer.
const MOST: u64 = 64 << 10;
/// Characters of a command's complaint that are shown.
const COMPLAINT: usize = 200;

/// One secret, wherever it comes from.
#[derive(Debug)]
pub(super) struct Secret {
    from: SecretFrom,
    /// Locked while a command runs, so that it runs once for everybody who waits.
    runs: Mutex<Runs>,
}

#[derive(Debug, Default)]
struct Runs {
    last: Option<Run>,
    /// When it last ran because what it had given was refused.
    renewed: Option<Instant>,
}

#[derive(Debug)]
struct Run {
    at: Instant,
    result: Result<SecretString, String>,
}

impl Secret {
    pub(super) fn new(from: SecretFrom) -> Self {
        Self { from, runs: Mutex::default() }
    }

    /// The secret as it is now.
    ///
    /// # Errors
    /// When there is none, and what to do about it.
    pub(super) async fn value(&self) -> Result<SecretString, HttpError> {
        match &self.from {
            SecretFrom::Env(name) => of_variable(name),
            SecretFrom::File(file) => of_file(file),
            SecretFrom::Command(command) => {
                let mut runs = self.runs.lock().await;
                let good = runs.last.as_ref().is_some_and(|run| {
                    let lasts = match &run.result {
                        Ok(_) => command.keep.map(|keep| Duration::from_secs_f64(keep.0)),
                        Err(_) => Some(REST),
                    };
                    lasts.is_none_or(|lasts| run.at.elapsed() < lasts)
                });
                if !good {
                    runs.last = Some(run(command).await);
                }
                told(command, runs.last.as_ref())
            }
        }
    }

    /// Another secret than the one that was refused; none where there is no other.
    ///
    /// # Errors
    /// As `value`.
    pub(super) async fn other_than(&self, refused: &SecretString) -> Result<Option<SecretString>, HttpError> {
        if let SecretFrom::Command(command) = &self.from {
            let mut runs = self.runs.lock().await;
            // Somebody else may have asked for another one meanwhile.
            let same = |run: &Run| run.result.as_ref().is_ok_and(|held| is_same(held, refused));
            let rested = runs.renewed.is_none_or(|renewed| renewed.elapsed() >= REST);
            if rested && runs.last.as_ref().is_some_and(same) {
                runs.renewed = Some(Instant::now());
                runs.last = Some(run(command).await);
            }
        }
        Ok(Some(self.value().await?).filter(|now| !is_same(now, refused)))
    }

    /// Where it is, for people.
    pub(super) fn place(&self) -> String {
        match &self.from {
            SecretFrom::Env(name) => format!("the variable `{name}`"),
            SecretFrom::File(file) => format!("`{}`", file.display()),
            SecretFrom::Command(command) => format!("the output of `{}`", program(command)),
        }
    }
}

fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

fn program(command: &SecretCommand) -> &str {
    command.argv.first().map_or("", String::as_str)
}

fn of_variable(name: &str) -> Result<SecretString, HttpError> {
    let wrong = |why: &str| HttpError::Secret {
        what: format!("the variable `{name}` {why}"),
        next: format!("export it before flightdeck starts: `export {name}=…`"),
    };
    // The error would quote what is not text.
    let Ok(value) = std::env::var(name) else { return Err(wrong("is not set, or is no text")) };
    let value = SecretString::from(value);
    trimmed(&value).ok_or_else(|| wrong("is empty"))
}

fn of_file(file: &Path) -> Result<SecretString, HttpError> {
    let wrong = |why: &dyn fmt::Display, next: String| HttpError::Secret {
        what: format!("the secret in `{}` cannot be used: {why}", file.display()),
        next,
    };
    private(file)?;
    let text = std::fs::read_to_string(file)
        .map_err(|error| wrong(&error, "write the secret into it, for you alone to read".to_owned()))?;
    let text = SecretString::from(text);
    trimmed(&text).ok_or_else(|| wrong(&"the file is empty", "write the secret into it".to_owned()))
}

/// A secret without the white space around it, which editors and `echo` leave; none where nothing is left.
fn trimmed(text: &SecretString) -> Option<SecretString> {
    let text = text.expose_secret().trim();
    (!text.is_empty()).then(|| SecretString::from(text))
}

/// # Errors
/// When others than the owner may read the file, or it cannot be looked at.
#[cfg(unix)]
pub(super) fn private(file: &Path) -> Result<(), HttpError> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = file.display();
    let mode = std::fs::metadata(file)
        .map_err(|error| HttpError::Secret {
            what: format!("the secret in `{shown}` cannot be used: {error}"),
            next: "see that the file is there and yours".to_owned(),
        })?
        .permissions()
        .mode();
    if mode.trailing_zeros() >= 6 {
        return Ok(());
    }
    Err(HttpError::Secret {
        what: format!(
            "the secret in `{shown}` is not used: others on this machine may read it (mode {:o})",
            mode & 0o777
        ),
        next: format!("run `chmod 600 {shown}`"),
    })
}

#[cfg(not(unix))]
pub(super) fn private(file: &Path) -> Result<(), HttpError> {
    match std::fs::metadata(file) {
        Ok(_) => Ok(()),
        Err(error) => Err(HttpError::Secret {
            what: format!("the secret in `{}` cannot be used: {error}", file.display()),
            next: "see that the file is there and yours".to_owned(),
        }),
    }
}

fn told(command: &SecretCommand, last: Option<&Run>) -> Result<SecretString, HttpError> {
    let program = program(command);
    let why = match last.map(|run| &run.result) {
        Some(Ok(value)) => return Ok(value.clone()),
        Some(Err(why)) => why.as_str(),
        None => "it did not run",
    };
    Err(HttpError::Secret {
        what: format!("the command `{program}` gave no secret: {why}"),
        next: format!("run `{program}` with its arguments by hand to see why; it is tried again after 30 s"),
    })
}

/// Runs the command to its end.
async fn run(command: &SecretCommand) -> Run {
    let result = match timeout(Duration::from_secs_f64(command.timeout.0), output(command)).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(error.to_string()),
        Err(_elapsed) => Err(format!("it did not end within {}", command.timeout)),
    };
    Run { at: Instant::now(), result }
}

async fn output(command: &SecretCommand) -> io::Result<Result<SecretString, String>> {
    let mut wrap = CommandWrap::with_new(program(command), |inner| {
        inner.args(command.argv.iter().skip(1));
        inner.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    });
    // Without a terminal of its own it can neither ask a question nor write into the screen.
    #[cfg(unix)]
    wrap.wrap(process_wrap::tokio::ProcessSession);
    wrap.wrap(KillOnDrop);
    let mut group = Group { child: wrap.spawn()?, ended: false };
    let (out, err) = (group.child.stdout().take(), group.child.stderr().take());
    let (out, err) = tokio::join!(read(out), read(err));
    let (out, err) = (out?, err?);
    let status: ExitStatus = group.child.wait().await?;
    group.ended = true;
    let Ok(out) = String::from_utf8(out) else { return Ok(Err("its output is no text".to_owned())) };
    let out = SecretString::from(out);
    if !status.success() {
        let said = String::from_utf8_lossy(&err);
        let line = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
        let line: String = line.chars().take(COMPLAINT).collect();
        return Ok(Err(if line.is_empty() { status.to_string() } else { format!("{status}: {line}") }));
    }
    Ok(trimmed(&out).ok_or_else(|| "it printed nothing".to_owned()))
}

/// What a command writes, up to what a secret may be long.
async fn read(from: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(MOST + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() as u64 > MOST { Err(io::Error::other("it printed more than any secret is long")) } else { Ok(bytes) }
}

/// A command with all that it started; ended when nobody waits for it any more.
struct Group {
    child: Box<dyn ChildWrapper>,
    ended: bool,
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.ended {
            // It may be ending by itself just now, which is what is wanted.
            let _ = self.child.start_kill();
        }
    }
}
