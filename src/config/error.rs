//! What is wrong in a configuration, where, and what would be right.

use std::{fmt, path::PathBuf};

use crate::domain::clean::Clean;

/// Where something was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A line of a file, counted from 1, and the key it is about, empty for the whole file.
    File { file: PathBuf, line: usize, key: String },
    /// A file as a whole: it cannot be read.
    Whole(PathBuf),
    /// An environment variable or a flag, as it is written.
    Said(String),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, key } if key.is_empty() => write!(f, "{}:{line}", file.display()),
            Self::File { file, line, key } => write!(f, "{}:{line}: `{key}`", file.display()),
            Self::Whole(file) => write!(f, "{}", file.display()),
            Self::Said(by) => write!(f, "`{by}`"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub spot: Spot,
    /// What is wrong and what was expected.
    pub what: String,
    /// What to do, where it can be known.
    pub hint: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match &self.hint {
            Some(hint) => format!("{}: {}; {hint}", self.spot, self.what),
            None => format!("{}: {}", self.spot, self.what),
        };
        Clean::new(line).fmt(f)
    }
}

impl std::error::Error for ConfigError {}

/// Everything that is wrong, in the order of the files; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// Lines shown at most, so that all of it fits on one screen.
const SHOWN: usize = 12;

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, error) in self.0.iter().take(SHOWN).enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for ConfigErrors {}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}
