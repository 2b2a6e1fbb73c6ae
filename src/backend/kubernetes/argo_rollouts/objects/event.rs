//! A core Event about the Rollout. Many are dropped on their way: they fill gaps, they are no history.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Meta, null_is_empty};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    pub metadata: Meta,
    #[serde(deserialize_with = "null_is_empty")]
    pub involved_object: InvolvedObject,
    pub reason: String,
    pub message: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub count: Option<i64>,
    pub first_timestamp: Option<DateTime<Utc>>,
    pub last_timestamp: Option<DateTime<Utc>>,
    pub event_time: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct InvolvedObject {
    pub kind: String,
    pub name: String,
    pub uid: String,
}

impl Event {
    /// Whether it is about the update to this revision: "... update to revision 4: ...".
    #[must_use]
    pub fn is_about_revision(&self, number: u64) -> bool {
        let rest = self.message.split_once(" update to revision ").map(|(_, rest)| rest);
        rest.is_some_and(|rest| rest.split(|c: char| !c.is_ascii_digit()).next() == Some(number.to_string().as_str()))
    }

    /// When it last happened.
    #[must_use]
    pub fn at(&self) -> Option<DateTime<Utc>> {
        self.last_timestamp.or(self.event_time).or(self.first_timestamp)
    }
}
