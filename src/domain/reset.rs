//! A regression that a person has looked at and set aside. It is journalled, and whoever judges the same revision
//! later on this machine begins there.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{clean::Clean, release::ReleaseId};

/// One panel's evidence begins anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reset {
    /// This revision only.
    pub release: ReleaseId,
    /// The panel, by its name and the word of its kind.
    pub panel: Clean,
    pub kind: String,
    /// End of the last tick that was set aside, in seconds since 1970 by the clock of the panel's source.
    pub tick: i64,
    /// What was set aside: `×0.41 (0.28–0.57)`.
    pub found: Clean,
    pub at: DateTime<Utc>,
    /// As whom the backend knew the person; none where it did not say.
    #[serde(default)]
    pub by: Option<Clean>,
    pub reason: Clean,
}
