//! Tests against the real API server, the real Argo Rollouts controller and the real Prometheus of `tests/lab`.
//! `FLIGHTDECK_LAB=1 cargo test --test lab` runs them; without the variable each says that it is left out.
//! A new topic is a new file here, and a test in it begins with `let Some(lab) = Lab::get() else { return };`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::string_slice, reason = "a test ends where it cannot go on")]
#![allow(clippy::disallowed_methods, reason = "the lab runs on a real clock, so its tests wait on one")]

mod deck;
mod declared;
mod flight;
mod gate;
mod guard;
mod harness;
mod itself;
mod judged;
mod shop;
mod sources;
