//! The command line's definitions and nothing else.
