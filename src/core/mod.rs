//! The program as a function: `update` takes the state and one stamped event and gives effects.
//!
//! No clock, no randomness, no files, no network. The runtime stamps events and performs effects;
//! a recording, a test and the live program all run this same code.

pub mod acts;
pub mod against;
pub mod arming;
pub mod budget;
pub mod command;
pub mod content;
pub mod controller;
pub mod effect;
pub mod event;
pub mod evidence;
pub mod forward;
pub mod freshness;
pub mod guard;
pub mod hint;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod metrics;
pub mod number;
mod overlay;
mod pairs;
pub mod panel;
pub mod past;
pub mod policy;
pub mod price;
pub mod pulse;
pub mod reset;
pub mod settings;
pub mod sheet;
pub mod state;
pub mod study;
mod tense;
pub mod update;
pub mod urgency;
