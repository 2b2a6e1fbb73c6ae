//! What every role looks like. Themes are TOML; the built-in ones need no file.
//!
//! A theme decides looks only: what something means is said by glyph and word as well.

mod degrade;
mod parse;
mod roles;

pub use degrade::{Depth, rgb as indexed};
pub use parse::ThemeError;
pub use roles::Role;

use ratatui::style::Style;

/// Themes that need no file, by name.
pub const BUILTIN: &[(&str, &str)] =
    &[("default", include_str!("../../themes/default.toml")), ("mono", include_str!("../../themes/mono.toml"))];

/// What every role looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// In the order of `Role::ALL`.
    styles: Vec<Style>,
}

impl Theme {
    /// # Errors
    /// When there is no built-in theme of that name.
    pub fn builtin(name: &str) -> Result<Self, ThemeError> {
        let (_, text) = BUILTIN
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| ThemeError::UnknownTheme { name: name.to_owned() })?;
        Self::parse(text)
    }

    /// The theme for this terminal: `name` if given, else the default one; without colours where `no_color`
    /// says so or the terminal has none.
    ///
    /// # Errors
    /// When there is no theme of that name.
    pub fn choose(name: Option<&str>, no_color: bool, depth: Depth) -> Result<Self, ThemeError> {
        if no_color || depth == Depth::None {
            // A wrong name is told even where it would not be used.
            Self::builtin(name.unwrap_or("mono"))?;
            return Self::builtin("mono");
        }
        Ok(Self::builtin(name.unwrap_or("default"))?.degrade(depth))
    }

    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}
