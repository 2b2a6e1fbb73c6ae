//! Every command with its keys, for reading and as the README's table.

use std::fmt::Write as _;

use crate::{
    config::keys,
    core::{
        command::{COMMANDS, Command, Context, Spec},
        key::Key,
    },
};

/// Lines under the heading of each group; `configured` keys stand in for the defaults.
#[must_use]
pub fn text(configured: &[(Command, Vec<Key>)]) -> String {
    let rows: Vec<_> = COMMANDS.iter().map(|spec| (spec, shown(keys::of(spec, configured), ", "))).collect();
    let width = rows.iter().map(|(_, keys)| keys.chars().count()).max().unwrap_or_default();
    let name = COMMANDS.iter().map(|spec| spec.name.len()).max().unwrap_or_default();
    let mut out = String::new();
    let mut group = "";
    for (spec, keys) in rows {
        if spec.group != group {
            let _ = writeln!(out, "{}{}", if group.is_empty() { "" } else { "\n" }, spec.group);
            group = spec.group;
        }
        let keys = if keys.is_empty() { unbound(spec) } else { &keys };
        let _ = writeln!(out, "  {keys:width$}  {:name$}  {}", spec.name, spec.about);
    }
    out
}

/// The same as a Markdown table, always with the default keys.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from("| key | command | what it does | where |\n|---|---|---|---|\n");
    for spec in COMMANDS {
        let keys = shown(spec.keys, "` `");
        let keys = if keys.is_empty() { unbound(spec).to_owned() } else { format!("`{keys}`") };
        let place = match spec.context {
            Context::Board => "board",
            Context::Release => "release",
            Context::Screen => "everywhere",
            Context::Menu => "`x` menu",
        };
        let _ = writeln!(out, "| {keys} | {} | {} | {place} |", spec.name, spec.about);
    }
    out
}

fn shown(keys: &[Key], between: &str) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

fn unbound(spec: &Spec) -> &'static str {
    if spec.context == Context::Menu { "x" } else { "–" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_listed_with_the_keys_that_hold() {
        let configured = [(Command::Promote, vec![Key::char('P')]), (Command::Hold, Vec::new())];
        let text = text(&configured);
        for spec in COMMANDS {
            assert!(text.contains(spec.about), "{}", spec.name);
            assert!(markdown().contains(spec.about), "{}", spec.name);
        }
        let line = |name: &str| {
            text.lines().find(|line| line.split_whitespace().nth(1) == Some(name)).unwrap().trim_start().to_owned()
        };
        assert!(line("promote").starts_with("P "));
        assert!(line("hold").starts_with('–'));
        assert!(markdown().contains("| `p` | promote |"));
    }
}
