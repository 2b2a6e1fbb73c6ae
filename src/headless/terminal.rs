//! What is known of the terminal this process was given, from its environment.

use std::{
    env,
    io::{self, IsTerminal as _},
};

use crate::theme::{Depth, Theme, ThemeError};

/// What is known of the terminal.
#[derive(Clone, Debug, Default)]
pub struct Terminal {
    pub is_terminal: bool,
    pub size: Option<(u16, u16)>,
    pub term: String,
    pub color_term: String,
    pub no_color: bool,
    /// The locale that decides the character set.
    pub locale: String,
    pub multiplexer: Option<&'static str>,
    pub over_ssh: bool,
}

impl Terminal {
    /// The terminal of standard output.
    #[must_use]
    pub fn of_this_process() -> Self {
        let variable = |name: &str| env::var(name).unwrap_or_default();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(variable).find(|value| !value.is_empty());
        let is_terminal = io::stdout().is_terminal();
        Self {
            is_terminal,
            size: is_terminal.then(|| crossterm::terminal::size().ok()).flatten(),
            term: variable("TERM"),
            color_term: variable("COLORTERM"),
            no_color: !variable("NO_COLOR").is_empty(),
            locale: locale.unwrap_or_default(),
            multiplexer: match (variable("TMUX").is_empty(), variable("STY").is_empty()) {
                (false, _) => Some("tmux"),
                (true, false) => Some("screen"),
                (true, true) => None,
            },
            over_ssh: !variable("SSH_CONNECTION").is_empty(),
        }
    }

    /// How many colours it shows. All of them only where it says so itself: a wrong guess paints nonsense.
    #[must_use]
    pub fn depth(&self) -> Depth {
        let term = self.term.as_str();
        if ["truecolor", "24bit"].contains(&self.color_term.as_str()) || term.contains("direct") {
            Depth::True
        } else if term.contains("256color") {
            Depth::Indexed
        } else if matches!(term, "" | "dumb" | "vt100" | "vt102" | "vt220") {
            Depth::None
        } else {
            Depth::Sixteen
        }
    }

    /// The theme of this name, in the colours there are.
    ///
    /// # Errors
    /// When there is no such theme.
    pub fn theme(&self, name: &str) -> Result<Theme, ThemeError> {
        Theme::choose(Some(name), self.no_color, self.depth())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_believed_only_where_they_are_declared() {
        let cases = [
            ("xterm", "", Depth::Sixteen),
            ("xterm-256color", "", Depth::Indexed),
            ("xterm-256color", "truecolor", Depth::True),
            ("xterm-direct", "", Depth::True),
            ("vt220", "", Depth::None),
            ("dumb", "", Depth::None),
            ("", "", Depth::None),
        ];
        for (term, color_term, depth) in cases {
            let (term, color_term) = (term.to_owned(), color_term.to_owned());
            let terminal = Terminal { term, color_term, ..Terminal::default() };
            assert_eq!(terminal.depth(), depth, "{terminal:?}");
        }
    }
}
