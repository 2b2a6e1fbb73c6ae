//! The same core without a screen, and the small commands around it.

pub mod commands;
pub mod connect;
pub mod demo;
pub mod doctor;
#[cfg(test)]
mod documented;
pub mod film;
pub mod fly;
pub mod guard;
pub mod judge;
pub mod keys;
pub mod load;
pub mod numbers;
pub mod observe;
mod opening;
pub mod picture;
pub mod print;
pub mod problem;
pub mod replay;
pub mod status;
pub mod terminal;
pub mod verdict;
pub mod wait;
