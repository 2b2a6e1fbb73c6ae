//! What on the board wants a person first.

use super::state::{Row, Said};
use crate::domain::{
    release::{Phase, Release},
    verdict::Word,
};

/// Classes of rows, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// On its way, and the last word on it was NO-GO.
    NoGo,
    /// Failed, or moving with no way back.
    Trouble,
    /// A person has to let it go on.
    Person,
    /// The backend does not know what it does.
    Unclear,
    Moving,
    Resting,
}

impl Urgency {
    /// Whether somebody should look now.
    #[must_use]
    pub const fn is_urgent(self) -> bool {
        match self {
            Self::NoGo | Self::Trouble | Self::Person => true,
            Self::Unclear | Self::Moving | Self::Resting => false,
        }
    }
}

/// The class of a release.
#[must_use]
pub fn urgency(release: &Release) -> Urgency {
    let stuck = release.no_way_back().is_some();
    match release.phase {
        Phase::Degraded => Urgency::Trouble,
        Phase::Healthy | Phase::Progressing | Phase::Paused | Phase::Unknown if stuck => Urgency::Trouble,
        Phase::Healthy | Phase::Progressing | Phase::Paused | Phase::Unknown if release.waits_for_person() => {
            Urgency::Person
        }
        Phase::Unknown => Urgency::Unclear,
        Phase::Progressing | Phase::Paused => Urgency::Moving,
        Phase::Healthy => Urgency::Resting,
    }
}

/// The class of a row of the board, of which this was said last.
#[must_use]
pub fn of_row(row: &Row, said: Option<&Said>) -> Urgency {
    let urgency = urgency(&row.release);
    let is_no_go = said.is_some_and(|said| said.word == Word::NoGo);
    // Once it was taken back, what was said of it is no call to act any more.
    if is_no_go && row.release.is_moving() { Urgency::NoGo } else { urgency }
}

/// Sorts rows: by class, then the longest first, then by name; resting ones by name alone.
#[must_use]
pub fn rank(row: &Row, said: Option<&Said>) -> (Urgency, i64) {
    let urgency = of_row(row, said);
    match urgency {
        Urgency::NoGo | Urgency::Trouble | Urgency::Person | Urgency::Unclear | Urgency::Moving => {
            (urgency, row.since.timestamp_millis())
        }
        Urgency::Resting => (urgency, 0),
    }
}

/// Whether a row stays under a filter: every word of it stands in the target, a version or the phase.
#[must_use]
pub fn matches(release: &Release, filter: &str) -> bool {
    if filter.trim().is_empty() {
        return true;
    }
    let mut text = format!("{} {} ", release.id.target, release.phase.word());
    for revision in release.newest().into_iter().chain(release.stable()) {
        text.push_str(&revision.version);
        text.push(' ');
    }
    contains(&text, filter)
}

/// Whether every word of `filter` stands in `text`, whatever the case.
#[must_use]
pub fn contains(text: &str, filter: &str) -> bool {
    let text = text.to_lowercase();
    filter.split_whitespace().all(|word| text.contains(&word.to_lowercase()))
}
