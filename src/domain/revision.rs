//! Versions of a target and the instances that run them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::clean::{Clean, Name};

/// A version of the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// The backend's number of it, where it counts.
    pub number: Option<u64>,
    /// The number under which it was made, where a revision that is used again gets another.
    #[serde(default)]
    pub first_number: Option<u64>,
    /// The object that holds it: a ReplicaSet, a job version, a deployment id.
    pub name: Name,
    /// What identifies its content over the wire: the pod template hash, a commit.
    pub hash: Name,
    /// What people call it: the image's tag, where one image changed; else the number.
    pub version: Clean,
    pub images: Vec<Clean>,
    pub tags: Vec<Tag>,
    pub created_at: Option<DateTime<Utc>>,
    pub health: RevisionHealth,
    pub ready: u32,
    pub desired: u32,
    /// When its instances will be taken away, where that is scheduled.
    pub scale_down_at: Option<DateTime<Utc>>,
    /// Empty where they may not be read; `Release::missing` says so then.
    pub pods: Vec<Pod>,
}

impl Revision {
    #[must_use]
    pub fn is(&self, tag: Tag) -> bool {
        self.tags.contains(&tag)
    }

    /// Whether it was made before `other`; false where that is not known of both. Backends tell times in whole
    /// seconds: within one of them the numbers tell.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        let made = |revision: &Self| Some((revision.created_at?, revision.first_number));
        made(self).zip(made(other)).is_some_and(|((own, first), (others, others_first))| {
            own < others || own == others && first.zip(others_first).is_some_and(|(first, others)| first < others)
        })
    }
}

/// What a revision is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    Stable,
    Canary,
    Active,
    Preview,
    Ping,
    Pong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevisionHealth {
    Healthy,
    Progressing,
    Degraded,
    ScaledDown,
    Unknown,
}

/// One running instance: a pod, an allocation, a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pod {
    pub name: Name,
    /// In the platform's words: `Running`, `CrashLoopBackOff`.
    pub state: Clean,
    pub ready: bool,
    pub restarts: u32,
    pub started_at: Option<DateTime<Utc>>,
    /// Since when it takes traffic; none while it does not. Not the first time, where it did not for a while.
    #[serde(default)]
    pub ready_since: Option<DateTime<Utc>>,
    /// Why it is not well, in words, where the platform says.
    pub trouble: Option<Clean>,
}
