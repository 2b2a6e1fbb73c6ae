//! Why a command could not do what it was asked, and the exit code that says so to scripts.

use std::fmt;

use crate::domain::{
    clean::Clean,
    failure::{Failure, FailureKind},
};

/// What scripts are told; everything not here is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Wrong arguments, configuration or files.
    Usage = 2,
    /// Nobody could be reached, or nobody understood.
    Unreachable = 3,
    /// Somebody was reached and said no.
    Denied = 4,
}

/// One screen at most: what is wrong, line by line, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    pub lines: Vec<Clean>,
}

impl Problem {
    #[must_use]
    pub fn usage(text: impl AsRef<str>) -> Self {
        Self::new(Code::Usage, text)
    }

    #[must_use]
    pub fn new(code: Code, text: impl AsRef<str>) -> Self {
        Self { code, lines: text.as_ref().lines().map(Clean::new).collect() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, line) in self.lines.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            line.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let code = match failure.kind {
            FailureKind::Auth | FailureKind::Forbidden | FailureKind::Conflict => Code::Denied,
            FailureKind::Local | FailureKind::NotFound => Code::Usage,
            FailureKind::Limited(_)
            | FailureKind::Unreachable
            | FailureKind::Unconfirmed
            | FailureKind::Timeout
            | FailureKind::Malformed
            | FailureKind::Refused => Code::Unreachable,
        };
        Self::new(code, failure.to_string())
    }
}
