//! Is the canary worse: evidence that may be looked at as often as one likes, and what may be said of it.
//!
//! [`Judge`] weighs one panel, tick by tick. Everything here is a pure function of the ticks it was given: no clock,
//! no randomness. Whether numbers can be trusted at all is decided before they come here.

pub mod burn;
pub mod cap;
pub mod cost;
pub mod dispersion;
pub mod forecast;
pub mod gauge;
mod grid;
mod panel;
mod process;
pub mod release;
mod rules;
pub mod shared;
pub mod split;
pub mod watchdog;

pub use grid::{HIGHEST, LOWEST};
pub use panel::{DOUBT, Finding, Judge, Latch, Standing, words};
pub use process::{Bad, Bounds, Process, Refused, START_EVERY, Since};
pub use rules::{Dispersion, FREQUENT, Pods, Rules, UNCALIBRATED_PHI};

#[cfg(test)]
mod tests;
