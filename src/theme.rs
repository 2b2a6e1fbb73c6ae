//! Roles and the colours they get; degrades to 256, 16 and no colours.

/// What every role looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {}
