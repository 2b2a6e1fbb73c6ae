//! Where files lie on this machine.

use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

/// The folders of this program and the home they are under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub home: Option<PathBuf>,
    pub config: PathBuf,
    pub data: PathBuf,
}

impl Paths {
    /// The platform's usual places; none where this account has no home.
    #[must_use]
    pub fn of_this_account() -> Option<Self> {
        let project = ProjectDirs::from("", "", "flightdeck")?;
        Some(Self {
            home: BaseDirs::new().map(|base| base.home_dir().to_owned()),
            config: project.config_dir().to_owned(),
            data: project.data_dir().to_owned(),
        })
    }

    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The path for reading, with `~` for the home folder.
    #[must_use]
    pub fn short(&self, path: &Path) -> String {
        match self.home.as_deref().and_then(|home| path.strip_prefix(home).ok()) {
            Some(inside) => format!("~/{}", inside.display()),
            None => path.display().to_string(),
        }
    }
}
