//! What outlives a run: the journal of acts and the recordings. Files are private to their user; none holds secrets.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

pub mod journal;
pub mod recording;
pub mod secrets;

/// Makes a folder and those above it, for its user only.
///
/// # Errors
/// When the system refuses.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a new file for its user only, to be appended to.
///
/// # Errors
/// When there is one already, or the system refuses.
pub fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)
}
