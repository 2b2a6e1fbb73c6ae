//! Standard output and standard error, each written once and as a whole.

use std::io::{self, Write};

/// Writes to standard output. A reader that left early is told apart by `io::ErrorKind::BrokenPipe`.
///
/// # Errors
/// When it cannot be written.
pub fn out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// The same for what is beside the exit code, which stands even when nobody reads this. False when nobody does.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn offer(text: &str) -> io::Result<bool> {
    match out(text) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes lines to standard error, each behind the program's name. Nobody is left to tell when that fails.
pub fn complain(text: &str) {
    let mut err = io::stderr().lock();
    for line in text.lines() {
        let _ = writeln!(err, "flightdeck: {line}");
    }
}
