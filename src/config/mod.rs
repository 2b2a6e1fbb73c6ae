//! Layers of configuration, resolved to settings; every error names file, line and key.

pub mod source;
