//! From a key to the command it gives on a screen: the table's defaults, replaced where the settings say so.

use super::{
    command::{COMMANDS, Command, Context, Spec},
    key::{Code, Key},
    settings::Settings,
    state::State,
};

/// Which of the two screens gets the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    Board,
    Release,
}

#[must_use]
pub const fn screen(state: &State) -> Screen {
    if state.open.is_some() { Screen::Release } else { Screen::Board }
}

/// The keys of a command as they work now.
#[must_use]
pub fn keys(settings: &Settings, command: Command) -> &[Key] {
    settings.keys.iter().find(|(named, _)| *named == command).map_or(command.spec().keys, |(_, keys)| keys)
}

/// Whether `spec`'s keys work on `screen`. A command of the `x` menu that was given a key works on the release.
#[must_use]
pub const fn works_on(spec: &Spec, screen: Screen) -> bool {
    match (spec.context, screen) {
        (Context::Screen, Screen::Board | Screen::Release)
        | (Context::Board, Screen::Board)
        | (Context::Release | Context::Menu, Screen::Release) => true,
        (Context::Board, Screen::Release) | (Context::Release | Context::Menu, Screen::Board) => false,
    }
}

/// The command a key gives. Keys from the settings win over the defaults of other commands.
#[must_use]
pub fn resolve(settings: &Settings, screen: Screen, key: Key) -> Option<Command> {
    let key = key.pressed();
    let here = |command: Command| works_on(command.spec(), screen);
    let set = settings.keys.iter().find(|(command, keys)| here(*command) && keys.contains(&key)).map(|(c, _)| *c);
    set.or_else(|| COMMANDS.iter().map(|spec| spec.command).find(|c| here(*c) && keys(settings, *c).contains(&key)))
}

/// The command somebody probably meant who pressed an unbound letter: the same letter in the other case.
#[must_use]
pub fn other_case(settings: &Settings, screen: Screen, key: Key) -> Option<(Key, Command)> {
    let Code::Char(c) = key.code else { return None };
    if key.ctrl || !c.is_ascii_alphabetic() {
        return None;
    }
    let other = Key::char(if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() });
    resolve(settings, screen, other).map(|command| (other, command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_table_says_unless_the_settings_differ() {
        let keys = vec![(Command::Promote, vec![Key::char('m')]), (Command::Abort, vec![Key::ctrl('x')])];
        let settings = Settings { keys, ..Settings::default() };
        let cases = [
            (Screen::Board, "enter", Some(Command::Open)),
            (Screen::Release, "enter", Some(Command::Unfold)),
            (Screen::Board, "R", None),
            (Screen::Release, "R", Some(Command::Rollback)),
            (Screen::Release, "p", None),
            (Screen::Release, "m", Some(Command::Promote)),
            (Screen::Release, "ctrl-x", Some(Command::Abort)),
            (Screen::Board, "ctrl-x", None),
            (Screen::Board, "j", Some(Command::Down)),
        ];
        for (screen, key, expected) in cases {
            assert_eq!(resolve(&settings, screen, key.parse().unwrap()), expected, "{screen:?} {key}");
        }
    }

    #[test]
    fn dangerous_letters_next_to_others_are_unbound() {
        for key in ["P", "a", "A", "r"] {
            assert_eq!(resolve(&Settings::default(), Screen::Release, key.parse().unwrap()), None, "{key}");
        }
    }
}
