//! What may be said about whether the new revision hurts customers. Never a guess.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::clean::Clean;

/// The four answers; their meaning is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    Go,
    NoGo,
    Collecting,
    Unknown,
}

impl Word {
    /// What a command that was asked for a verdict tells a script.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Go => 0,
            Self::NoGo => 1,
            Self::Collecting => 6,
            Self::Unknown => 7,
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Go => "GO",
            Self::NoGo => "NO-GO",
            Self::Collecting => "COLLECTING",
            Self::Unknown => "UNKNOWN",
        })
    }
}

/// A verdict and its reasons, most important first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub word: Word,
    pub why: Vec<Clean>,
}

impl Verdict {
    #[must_use]
    pub fn unknown(why: impl Into<Clean>) -> Self {
        Self { word: Word::Unknown, why: vec![why.into()] }
    }

    #[must_use]
    pub fn collecting(why: impl Into<Clean>) -> Self {
        Self { word: Word::Collecting, why: vec![why.into()] }
    }
}
