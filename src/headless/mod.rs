//! The same core without a screen, and the small commands around it.

pub mod commands;
pub mod demo;
pub mod fly;
pub mod keys;
pub mod load;
pub mod picture;
pub mod print;
pub mod problem;
pub mod replay;
pub mod terminal;
