//! The nouns of a release: what was observed, what can be done about it and what was said of it.
//!
//! Everything here is a plain value that serialises. Nothing here knows a backend, a screen,
//! a file or the clock; a layer that needs one of those turns it into one of these values first.

pub mod analysis;
pub mod clean;
pub mod clocks;
pub mod condition;
pub mod counting;
pub mod debrief;
pub mod failure;
pub mod goal;
pub mod guard;
pub mod health;
pub mod journal;
pub mod panel;
pub mod plan;
pub mod question;
pub mod release;
pub mod reset;
pub mod revision;
pub mod series;
pub mod slo;
pub mod standing;
pub mod step;
pub mod target;
pub mod template;
pub mod time;
pub mod timeline;
pub mod update;
pub mod verdict;
pub mod way_back;
pub mod weight;
