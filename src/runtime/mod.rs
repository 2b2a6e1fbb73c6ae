//! The only place with tasks, a clock and a terminal.
