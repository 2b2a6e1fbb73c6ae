//! The terminal's modes: entered together, left together, whatever ends the program.

use std::{
    env,
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{getppid, getsid},
    stdio::{stdin, stdout},
    termios::{QueueSelector, isatty, tcflush, tcgetwinsize},
};

use crate::core::event::Size;

/// What is switched on at the start and off, in reverse, at the end. Raw mode goes with them.
const MODES: &[(&str, &str)] = &[
    // The window title, kept by the terminal.
    ("\x1b[22;2t", "\x1b[23;2t"),
    // Alternate screen.
    ("\x1b[?1049h", "\x1b[?1049l"),
    // Bracketed paste, so that pasted text never arrives as keys.
    ("\x1b[?2004h", "\x1b[?2004l"),
    // No cursor.
    ("\x1b[?25l", "\x1b[?25h"),
];
/// Ends whatever sequence a cut frame left open and switches attributes off.
const CALM: &str = "\x1b\\\x1b[0m";
/// Longest wait for a terminal that takes no output, in milliseconds.
const PATIENCE_MS: i64 = 500;

static ENTERED: AtomicBool = AtomicBool::new(false);

/// Why the screen cannot be painted.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    #[error(
        "standard output is not a terminal; for text use `flightdeck status`, for scripts `flightdeck status --json`"
    )]
    NotATerminal,
    #[error("standard input is not a terminal, so no key would be heard; for text use `flightdeck status`")]
    NoKeys,
    #[error("`TERM={0}` cannot paint a screen; for text use `flightdeck status`")]
    Dumb(String),
    #[error("the terminal refused: {0}; for text use `flightdeck status`")]
    Refused(#[from] io::Error),
}

/// Whether this process has a terminal to paint on and hear keys from.
///
/// # Errors
/// What it lacks.
pub fn check() -> Result<(), TerminalError> {
    if !isatty(stdout()) {
        return Err(TerminalError::NotATerminal);
    }
    if !isatty(stdin()) {
        return Err(TerminalError::NoKeys);
    }
    match env::var("TERM") {
        Ok(term) if term == "dumb" => Err(TerminalError::Dumb(term)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The terminal in use; dropping it leaves it as it was found.
#[derive(Debug)]
pub struct Terminal(());

impl Terminal {
    /// # Errors
    /// When it cannot be switched; it is then as it was found.
    pub fn enter() -> Result<Self, TerminalError> {
        check()?;
        enter()?;
        Ok(Self(()))
    }

    /// Switches everything on again, whatever happened to the terminal meanwhile.
    ///
    /// # Errors
    /// When it cannot be switched.
    pub fn enter_again(&self) -> io::Result<()> {
        restore();
        enter()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

fn enter() -> io::Result<()> {
    crossterm::terminal::enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let on: String = MODES.iter().map(|(on, _)| *on).collect();
    write_patiently(on.as_bytes()).inspect_err(|_| restore())
}

/// Leaves the terminal as it was found. Does nothing the second time; safe in a panic hook.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let off: String = std::iter::once(CALM).chain(MODES.iter().rev().map(|(_, off)| *off)).collect();
    // A terminal that is gone or takes nothing cannot be helped; the other steps still count.
    let written = write_patiently(off.as_bytes());
    // Keys meant for this program must not reach the shell.
    let flushed = tcflush(stdin(), QueueSelector::IFlush);
    let raw = crossterm::terminal::disable_raw_mode();
    if let (Err(error), _, _) | (_, _, Err(error)) = (written, flushed, raw) {
        tracing::warn!(%error, "the terminal could not be restored in full");
    }
}

/// Whether somebody in this session would notice that this process stopped, and could continue it.
#[must_use]
pub fn has_shell() -> bool {
    let session = getsid(None).ok();
    let parent = getppid().and_then(|parent| getsid(Some(parent)).ok());
    session.is_some() && session == parent
}

/// Columns and rows; 80×24 where the terminal does not say.
#[must_use]
pub fn size() -> Size {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size { columns: size.ws_col, rows: size.ws_row },
        Ok(_) | Err(_) => Size { columns: 80, rows: 24 },
    }
}

fn write_patiently(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        if !writable_within(PATIENCE_MS)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match rustix::io::write(stdout(), bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn writable_within(millis: i64) -> io::Result<bool> {
    let timeout = Timespec { tv_sec: millis / 1000, tv_nsec: (millis % 1000) * 1_000_000 };
    let mut fds = [PollFd::from_borrowed_fd(stdout(), PollFlags::OUT)];
    match poll(&mut fds, Some(&timeout)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}

/// Standard output without buffering, for the writer thread. Refuses once the terminal is given back, so that
/// a frame under way cannot paint over the shell.
#[derive(Debug)]
pub struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            if !ENTERED.load(Ordering::SeqCst) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            match rustix::io::write(stdout(), bytes) {
                Ok(written) => return Ok(written),
                Err(Errno::INTR) => {}
                // Somebody who shares the terminal made it non-blocking.
                Err(Errno::AGAIN) => {
                    writable_within(250)?;
                }
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
