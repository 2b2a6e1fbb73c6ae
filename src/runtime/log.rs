//! Where the program's own log goes: a file, never the screen.

use std::{env, fs, io, path::Path, sync::Mutex};

use tracing_subscriber::EnvFilter;

use crate::store;

/// A log larger than this, in bytes, is put aside at the start; one old one is kept.
const LARGE: u64 = 5 << 20;

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
    let file = match store::create(&path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::OpenOptions::new().append(true).open(&path)?
        }
        created => created?,
    };
    let filter = env::var("FLIGHTDECK_LOG").unwrap_or_else(|_| "warn,flightdeck=info".to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .try_init()
        .map_err(io::Error::other)
}
