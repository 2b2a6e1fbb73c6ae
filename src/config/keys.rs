//! `[keys]`: which keys give which command.

use std::collections::BTreeMap;

use super::{near, toml_file::Section};
use crate::core::{
    command::{COMMANDS, Command, Context, Spec},
    key::Key,
};

/// Reads `[keys]`. What is here replaces all keys of that command; an empty list unbinds it.
pub fn read(section: &Section<'_>) -> Vec<(Command, Vec<Key>)> {
    let mut keys = Vec::new();
    for (name, texts) in section.entries() {
        let Some(spec) = COMMANDS.iter().find(|spec| spec.name == name) else {
            let hint = near::nearest(&name, COMMANDS.iter().map(|spec| spec.name)).map_or_else(
                || "`flightdeck keys` lists all commands".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            section.wrong(&name, "is not a command", hint);
            continue;
        };
        let Some(texts) = texts else { continue };
        if spec.context == Context::Menu {
            section.wrong(&name, "has no key of its own", "it is given from the `x` menu".to_owned());
            continue;
        }
        if spec.command == Command::Quit && texts.is_empty() {
            section.wrong(&name, "needs a key", "there would be no way out".to_owned());
            continue;
        }
        let mut parsed = Vec::new();
        for text in texts {
            match text.parse::<Key>() {
                Ok(key) => parsed.push(key),
                Err(error) => section.wrong(&name, error.to_string(), None),
            }
        }
        keys.push((spec.command, parsed));
    }
    conflicts(section, &keys);
    keys
}

/// The keys of a command under this configuration.
#[must_use]
pub fn of<'k>(spec: &'k Spec, configured: &'k [(Command, Vec<Key>)]) -> &'k [Key] {
    configured.iter().find(|(command, _)| *command == spec.command).map_or(spec.keys, |(_, keys)| keys)
}

/// Notes every configured key that would mean two things on one screen.
fn conflicts(section: &Section<'_>, configured: &[(Command, Vec<Key>)]) {
    let mut told = Vec::new();
    for screen in [Context::Board, Context::Release] {
        let mut taken: BTreeMap<Key, &Spec> = BTreeMap::new();
        for spec in COMMANDS.iter().filter(|spec| spec.context == screen || spec.context == Context::Screen) {
            for key in of(spec, configured) {
                let Some(other) = taken.insert(*key, spec) else { continue };
                // The line to change is one that was configured.
                let is_configured = |spec: &Spec| configured.iter().any(|(command, _)| *command == spec.command);
                let (here, there) = if is_configured(spec) { (spec, other) } else { (other, spec) };
                if !told.contains(&(*key, here.command, there.command)) {
                    told.push((*key, here.command, there.command));
                    let hint = format!("give `{}` another key too, or choose another one", there.name);
                    section.wrong(here.name, format!("`{key}` already means `{}`", there.name), hint);
                }
            }
        }
    }
}
