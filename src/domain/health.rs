//! Whether a source can be heard.

use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// How a watch or a source of numbers is doing. Loss of contact is data, not an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Nothing has been heard yet.
    Connecting,
    /// What is shown is what is there. Sent again as a sign of life, so that silence can be told from rest.
    Live,
    /// Contact is lost; the next try comes by itself after this many milliseconds.
    Lost { why: Failure, retry_in_ms: u64 },
}
