//! Reads a theme: `inherits`, `[palette]` (names for colours) and `[roles]` (role to colour and attributes).

use std::{collections::BTreeMap, str::FromStr};

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::{BUILTIN, Role, Theme};

/// Why a theme cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ThemeError {
    #[error("there is no theme `{name}`; built in are `default` and `mono`")]
    UnknownTheme { name: String },
    #[error("the theme cannot be read: {message}")]
    Syntax { message: String },
    #[error("`{name}` is no role; see the roles of the built-in theme `default`")]
    UnknownRole { name: String },
    #[error("the role `{name}` is missing; add it to `[roles]` or add `inherits = \"default\"`")]
    MissingRole { name: &'static str },
    #[error("`{colour}` of `{name}` is no colour; write a name of `[palette]`, `light-red`, `0` to `255` or `#rrggbb`")]
    UnknownColour { name: String, colour: String },
    #[error("a theme inherits from a built-in theme that inherits from nothing; `{name}` inherits itself")]
    InheritsTwice { name: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inherits: Option<String>,
    #[serde(default)]
    palette: BTreeMap<String, String>,
    #[serde(default)]
    roles: BTreeMap<String, Look>,
}

/// A colour alone, or a colour with a background and attributes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Look {
    Colour(String),
    Full(Full),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "one per attribute of a terminal")]
struct Full {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    italic: bool,
    #[serde(default)]
    underline: bool,
    #[serde(default)]
    reverse: bool,
}

impl Theme {
    /// Reads a theme.
    ///
    /// # Errors
    /// With the name of the role, colour or theme that is wrong or missing.
    pub fn parse(text: &str) -> Result<Self, ThemeError> {
        let file = read(text)?;
        let mut looks: BTreeMap<Role, Style> = match &file.inherits {
            None => BTreeMap::new(),
            Some(name) => {
                let (_, text) = BUILTIN
                    .iter()
                    .find(|(known, _)| known == name)
                    .ok_or_else(|| ThemeError::UnknownTheme { name: name.clone() })?;
                let base = read(text)?;
                if base.inherits.is_some() {
                    return Err(ThemeError::InheritsTwice { name: name.clone() });
                }
                styles(&base)?
            }
        };
        looks.extend(styles(&file)?);
        let styles = Role::ALL
            .iter()
            .map(|role| looks.get(role).copied().ok_or(ThemeError::MissingRole { name: role.name() }))
            .collect::<Result<_, _>>()?;
        Ok(Self { styles })
    }
}

fn read(text: &str) -> Result<File, ThemeError> {
    toml::from_str(text).map_err(|error| ThemeError::Syntax { message: error.to_string() })
}

fn styles(file: &File) -> Result<BTreeMap<Role, Style>, ThemeError> {
    let style = |(name, look): (&String, &Look)| {
        let role = Role::ALL
            .iter()
            .find(|role| role.name() == name)
            .ok_or_else(|| ThemeError::UnknownRole { name: name.clone() })?;
        Ok((*role, style(name, look, &file.palette)?))
    };
    file.roles.iter().map(style).collect()
}

fn style(role: &str, look: &Look, palette: &BTreeMap<String, String>) -> Result<Style, ThemeError> {
    let colour = |text: &String| {
        let meant = palette.get(text).unwrap_or(text);
        Color::from_str(meant)
            .map_err(|_unknown| ThemeError::UnknownColour { name: role.to_owned(), colour: meant.clone() })
    };
    let full = match look {
        Look::Colour(fg) => return Ok(Style::new().fg(colour(fg)?)),
        Look::Full(full) => full,
    };
    let mut style = Style::new();
    if let Some(fg) = &full.fg {
        style = style.fg(colour(fg)?);
    }
    if let Some(bg) = &full.bg {
        style = style.bg(colour(bg)?);
    }
    for (wanted, modifier) in [
        (full.bold, Modifier::BOLD),
        (full.dim, Modifier::DIM),
        (full.italic, Modifier::ITALIC),
        (full.underline, Modifier::UNDERLINED),
        (full.reverse, Modifier::REVERSED),
    ] {
        if wanted {
            style = style.add_modifier(modifier);
        }
    }
    Ok(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_built_in_and_loads() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("themes");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        let names: Vec<_> = BUILTIN.iter().map(|(name, _)| *name).collect();
        assert_eq!(files, names);
        for name in names {
            Theme::builtin(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    #[test]
    fn the_default_theme_keeps_to_the_colours_every_terminal_has() {
        let theme = Theme::builtin("default").unwrap();
        for role in Role::ALL {
            let style = theme.style(*role);
            for colour in style.fg.into_iter().chain(style.bg) {
                assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)), "{}", role.name());
            }
        }
    }

    #[test]
    fn the_mono_theme_has_no_colours() {
        let theme = Theme::builtin("mono").unwrap();
        for role in Role::ALL {
            let style = theme.style(*role);
            assert_eq!((style.fg, style.bg), (None, None), "{}", role.name());
        }
    }

    #[test]
    fn a_theme_builds_on_another_and_names_its_colours() {
        let theme = Theme::parse(
            "inherits = \"mono\"\n[palette]\nblood = \"#aa0000\"\n[roles]\nbad = { fg = \"blood\", bold = true }\ngood = \"34\"",
        )
        .unwrap();
        assert_eq!(theme.style(Role::Bad), Style::new().fg(Color::Rgb(0xaa, 0, 0)).add_modifier(Modifier::BOLD));
        assert_eq!(theme.style(Role::Good), Style::new().fg(Color::Indexed(34)));
        assert_eq!(theme.style(Role::Title), Theme::builtin("mono").unwrap().style(Role::Title));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("[roles]\ntext = \"red\"", "the role `muted` is missing"),
            ("inherits = \"default\"\n[roles]\nbda = \"red\"", "`bda` is no role"),
            ("inherits = \"default\"\n[roles]\nbad = \"blod\"", "`blod` of `bad` is no colour"),
            ("inherits = \"solarized\"", "there is no theme `solarized`"),
            ("inherits = ", "the theme cannot be read"),
            ("inherits = \"default\"\n[rolls]\nbad = \"red\"", "unknown field `rolls`"),
        ];
        for (text, said) in cases {
            let error = Theme::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
