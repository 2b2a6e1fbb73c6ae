//! Which project files a person has looked at and trusts, by the SHA-256 of their content.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// The name of a project's file.
pub const PROJECT_FILE: &str = "flightdeck.toml";

/// The list of trusted files, one line each: digest, space, path.
#[derive(Clone, Debug)]
pub struct Trusted {
    list: PathBuf,
}

impl Trusted {
    /// The list in the program's data folder.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        Self { list: data.join("trusted") }
    }

    /// Whether this very content at this very place was trusted.
    ///
    /// # Errors
    /// When the list is there and cannot be read.
    pub fn holds(&self, file: &Path, content: &[u8]) -> io::Result<bool> {
        let line = line(file, content);
        Ok(self.read()?.lines().any(|known| known == line))
    }

    /// Trusts this content at this place, instead of what was trusted there before.
    ///
    /// # Errors
    /// When the list cannot be read or written.
    pub fn add(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        let path = file.display().to_string();
        let mut text = String::new();
        for known in self.read()?.lines() {
            if known.split_once(' ').is_none_or(|(_, place)| place != path) {
                text.push_str(known);
                text.push('\n');
            }
        }
        text.push_str(&line(file, content));
        text.push('\n');
        if let Some(folder) = self.list.parent() {
            fs::create_dir_all(folder)?;
        }
        // Renamed into place, so that a full disk never leaves half a list.
        let draft = self.list.with_extension("new");
        fs::write(&draft, text)?;
        fs::rename(&draft, &self.list)
    }

    fn read(&self) -> io::Result<String> {
        match fs::read_to_string(&self.list) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            other => other,
        }
    }
}

fn line(file: &Path, content: &[u8]) -> String {
    format!("{} {}", digest(content), file.display())
}

/// SHA-256 in hex.
#[must_use]
pub fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The project's file that holds for `folder`: there or in a folder above it, up to the one that holds `.git`.
#[must_use]
pub fn project_file(folder: &Path) -> Option<PathBuf> {
    let inside = folder.ancestors().any(|above| above.join(".git").exists());
    for above in folder.ancestors() {
        let file = above.join(PROJECT_FILE);
        if file.is_file() {
            return Some(file);
        }
        // Outside of a repository nothing says where the project ends.
        if !inside || above.join(".git").exists() {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_for_content_at_a_place() {
        let folder = tempfile::tempdir().unwrap();
        let trusted = Trusted::new(&folder.path().join("data"));
        let (here, there) = (Path::new("/p/flightdeck.toml"), Path::new("/q/flightdeck.toml"));
        assert!(!trusted.holds(here, b"a").unwrap());
        trusted.add(here, b"a").unwrap();
        trusted.add(there, b"c").unwrap();
        assert!(trusted.holds(here, b"a").unwrap());
        assert!(!trusted.holds(here, b"changed").unwrap());
        assert!(!trusted.holds(there, b"a").unwrap());
        trusted.add(here, b"b").unwrap();
        assert!(!trusted.holds(here, b"a").unwrap(), "what it held before is trusted no more");
        assert!(trusted.holds(there, b"c").unwrap());
    }

    #[test]
    fn a_projects_file_is_found_from_within_and_never_outside() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("repo/src/deep");
        fs::create_dir_all(&inner).unwrap();
        fs::write(folder.path().join(PROJECT_FILE), "").unwrap();
        assert_eq!(project_file(&inner), None, "no repository around it");
        fs::create_dir(folder.path().join("repo/.git")).unwrap();
        assert_eq!(project_file(&inner), None, "the file lies above the repository");
        fs::write(folder.path().join("repo").join(PROJECT_FILE), "").unwrap();
        assert_eq!(project_file(&inner), Some(folder.path().join("repo").join(PROJECT_FILE)));
    }

    #[test]
    fn a_digest_is_the_known_one() {
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
