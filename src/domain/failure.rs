//! What went wrong when something outside was asked, in words and by kind.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{clean::Clean, time::Seconds};

/// A failed request or a lost source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    /// One line, lower case, values in backticks.
    pub summary: Clean,
    /// What the other side said, for those who look closer.
    pub detail: Option<Clean>,
    /// The next step for the person who reads it.
    pub hint: Option<Clean>,
}

impl Failure {
    #[must_use]
    pub fn new(kind: FailureKind, summary: impl Into<Clean>) -> Self {
        Self { kind, summary: summary.into(), detail: None, hint: None }
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<Clean>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<Clean>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary.fmt(f)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Who we are was not accepted: an expired token, a refused certificate.
    Auth,
    /// Who we are was accepted and may not do this.
    Forbidden,
    NotFound,
    /// A precondition no longer holds: somebody or something moved it.
    Conflict,
    /// Too many requests; nothing was done. The wait the other side asked for, if it did.
    Limited(Option<Seconds>),
    /// Nothing was sent: no connection, no name, no trusted certificate.
    Unreachable,
    /// It may or may not have been done: the reply was lost.
    Unconfirmed,
    /// No answer in time to a question that changes nothing.
    Timeout,
    /// An answer that cannot be understood, or a body too large to be read.
    Malformed,
    /// The other side failed, or refused for another reason.
    Refused,
    /// This machine failed: the journal could not be written, a command is missing.
    Local,
}

impl FailureKind {
    /// The wait that the other side asked for, if it did.
    #[must_use]
    pub const fn retry_after(self) -> Option<Seconds> {
        match self {
            Self::Limited(wait) => wait,
            Self::Auth
            | Self::Forbidden
            | Self::NotFound
            | Self::Conflict
            | Self::Unreachable
            | Self::Unconfirmed
            | Self::Timeout
            | Self::Malformed
            | Self::Refused
            | Self::Local => None,
        }
    }

    /// Whether it is certain that nothing reached the other side, so that one key may send again.
    #[must_use]
    pub const fn not_sent(self) -> bool {
        match self {
            Self::Limited(_) | Self::Unreachable | Self::Local => true,
            Self::Auth
            | Self::Forbidden
            | Self::NotFound
            | Self::Conflict
            | Self::Unconfirmed
            | Self::Timeout
            | Self::Malformed
            | Self::Refused => false,
        }
    }
}
