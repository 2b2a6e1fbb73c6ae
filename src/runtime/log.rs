//! Where the program's own log goes: a file, never the screen.

use std::{
    env,
    fs::{self, File},
    io::{self, Write},
    path::Path,
    sync::Mutex,
};

use tracing_subscriber::EnvFilter;

use crate::store::{self, secrets::mask};

/// A log larger than this, in bytes, is put aside at the start; one old one is kept.
const LARGE: u64 = 5 << 20;

/// A file that no credential gets into. One event comes as one write.
struct Masked(File);

impl Write for Masked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(mask(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Logs into `flightdeck.log` of this folder from now on. `FLIGHTDECK_LOG` says what, as `info` or
/// `flightdeck=debug`.
///
/// # Errors
/// When the file cannot be made.
pub fn init(folder: &Path) -> io::Result<()> {
    store::make_folder(folder)?;
    let path = folder.join("flightdeck.log");
    match fs::metadata(&path) {
        Ok(meta) if meta.len() > LARGE => fs::rename(&path, folder.join("flightdeck.log.1"))?,
        Ok(_) | Err(_) => {}
    }
    to(&path)
}

/// Whether something is logged to a file already.
#[must_use]
pub fn is_on() -> bool {
    tracing::dispatcher::has_been_set()
}

/// Appends to this file from now on.
///
/// # Errors
/// When it cannot be made, or the log goes to another file already.
pub fn to(path: &Path) -> io::Result<()> {
    let file = match store::create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::OpenOptions::new().append(true).open(path)?,
        created => created?,
    };
    let filter = env::var("FLIGHTDECK_LOG").unwrap_or_else(|_| "warn,flightdeck=info".to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(false)
        .with_writer(Mutex::new(Masked(file)))
        .try_init()
        .map_err(io::Error::other)
}
