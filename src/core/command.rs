//! Every command of the program, declared once.
//!
//! Dispatch, footer, help, the `x` menu, `[keys]` in the configuration, `flightdeck keys` and the README's
//! key table all read `COMMANDS`.

use serde::{Deserialize, Serialize};

use super::key::{Code, Key};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    Rollback,
    Hold,
    Promote,
    Acts,
    PromoteFull,
    Abort,
    Retry,
    Arm,
    Guard,
    StandDown,
    Reset,
    Open,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    NextPane,
    PreviousPane,
    Evidence,
    Shorter,
    Longer,
    Unfold,
    Metrics,
    Steps,
    Pods,
    Timeline,
    Earlier,
    Later,
    Rewind,
    Forward,
    Filter,
    Help,
    Back,
    Redraw,
    Suspend,
    Quit,
}

/// A move within lines: a list, a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

/// Where a command can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    Board,
    Release,
    /// Both screens.
    Screen,
    /// Only in the `x` menu.
    Menu,
}

/// What it can do to customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// Looks only.
    None,
    /// Opens a dialog that may act.
    Act,
}

#[derive(Clone, Copy, Debug)]
pub struct Spec {
    pub command: Command,
    /// The name in `[keys]`.
    pub name: &'static str,
    pub keys: &'static [Key],
    pub context: Context,
    /// On the footer, after the key.
    pub label: &'static str,
    /// In the help: what it does, lower case, no full stop.
    pub about: &'static str,
    pub group: &'static str,
    /// Place on the footer; what does not fit falls off from the highest number. None stays off.
    pub footer: Option<u8>,
    pub danger: Danger,
}

const ACTS: &str = "acts";
const MOVING: &str = "moving";
const LOOKING: &str = "looking";
const PROGRAM: &str = "program";

macro_rules! row {
    ($command:ident, $name:literal, [$($key:expr),*], $context:ident, $label:literal, $about:literal, $group:ident, $footer:expr, $danger:ident) => {
        Spec { command: Command::$command, name: $name, keys: &[$($key),*], context: Context::$context, label: $label,
               about: $about, group: $group, footer: $footer, danger: Danger::$danger }
    };
}

#[rustfmt::skip]
pub const COMMANDS: &[Spec] = &[
    row!(Rollback, "rollback", [Key::char('R')], Release, "roll back", "every customer back on the stable revision, by the means that works now", ACTS, Some(0), Act),
    row!(Hold, "hold", [Key::char('h')], Release, "hold", "stay at this weight; when held by hand, resume", ACTS, Some(1), Act),
    row!(Promote, "promote", [Key::char('p')], Release, "promote", "on to the next stop", ACTS, Some(2), Act),
    row!(Acts, "acts", [Key::char('x')], Release, "all acts", "every act with its effect, or why it cannot be done now", ACTS, Some(3), None),
    row!(PromoteFull, "promote-full", [], Menu, "promote fully", "to 100 % at once, past every step and analysis", ACTS, Option::None, Act),
    row!(Abort, "abort", [], Menu, "abort", "stop the update and send traffic back to the stable revision", ACTS, Option::None, Act),
    row!(Retry, "retry", [], Menu, "retry", "start an aborted update again from its first step", ACTS, Option::None, Act),
    row!(Arm, "arm", [], Menu, "arm", "allow acts on this source for a while; again to disarm", ACTS, Option::None, None),
    row!(Guard, "guard", [], Menu, "arm guard", "a process of its own rolls back by itself when a critical panel regresses", ACTS, Option::None, None),
    row!(StandDown, "stand-down", [], Menu, "stand down", "tell the guard of this release to end", ACTS, Option::None, None),
    row!(Reset, "reset", [], Menu, "reset", "set a regression aside that a person has looked at; its evidence begins anew", ACTS, Option::None, None),
    row!(Open, "open", [Key::of(Code::Enter)], Board, "open and judge", "open the selected release and judge it", MOVING, Some(4), None),
    row!(Up, "up", [Key::of(Code::Up), Key::char('k')], Screen, "up", "one line up", MOVING, Option::None, None),
    row!(Down, "down", [Key::of(Code::Down), Key::char('j')], Screen, "down", "one line down", MOVING, Option::None, None),
    row!(PageUp, "page-up", [Key::of(Code::PageUp), Key::ctrl('b')], Screen, "page up", "one page up", MOVING, Option::None, None),
    row!(PageDown, "page-down", [Key::of(Code::PageDown), Key::char(' '), Key::ctrl('f')], Screen, "page down", "one page down", MOVING, Option::None, None),
    row!(First, "first", [Key::of(Code::Home), Key::char('g')], Screen, "first", "to the first line", MOVING, Option::None, None),
    row!(Last, "last", [Key::of(Code::End), Key::char('G')], Screen, "last", "to the last line", MOVING, Option::None, None),
    row!(NextPane, "next-pane", [Key::of(Code::Tab)], Release, "pane", "the next pane or tab", MOVING, Option::None, None),
    row!(PreviousPane, "previous-pane", [Key::of(Code::BackTab)], Release, "pane back", "the pane or tab before", MOVING, Option::None, None),
    row!(Evidence, "evidence", [Key::char('e')], Release, "evidence", "one panel with everything that is known of it", LOOKING, Some(4), None),
    row!(Shorter, "shorter", [Key::char('[')], Release, "shorter", "less of the past on the evidence screen", LOOKING, Option::None, None),
    row!(Longer, "longer", [Key::char(']')], Release, "longer", "more of the past on the evidence screen", LOOKING, Option::None, None),
    row!(Unfold, "unfold", [Key::of(Code::Enter)], Release, "unfold", "a line for every panel, or fold what is fine", LOOKING, Option::None, None),
    row!(Metrics, "metrics", [Key::char('1')], Release, "metrics", "the metrics", LOOKING, Option::None, None),
    row!(Steps, "steps", [Key::char('2')], Release, "steps", "the steps", LOOKING, Option::None, None),
    row!(Pods, "pods", [Key::char('3')], Release, "pods", "every pod of every revision", LOOKING, Some(8), None),
    row!(Timeline, "timeline", [Key::char('t'), Key::char('4')], Release, "timeline", "what happened, newest first", LOOKING, Some(9), None),
    row!(Earlier, "earlier", [Key::of(Code::Left)], Release, "earlier", "the release as it was one moment before; nothing is sent from there", LOOKING, Option::None, None),
    row!(Later, "later", [Key::of(Code::Right)], Release, "later", "one moment on, at last back to now", LOOKING, Option::None, None),
    row!(Rewind, "rewind", [Key::char(',')], Release, "rewind", "a few seconds further back", LOOKING, Option::None, None),
    row!(Forward, "forward", [Key::char('.')], Release, "forward", "a few seconds on", LOOKING, Option::None, None),
    row!(Filter, "filter", [Key::char('/')], Screen, "filter", "only lines that hold the typed text", LOOKING, Some(7), None),
    row!(Help, "help", [Key::char('?')], Screen, "help", "every key and what it does", PROGRAM, Some(5), None),
    row!(Back, "back", [Key::of(Code::Esc), Key::of(Code::Backspace)], Screen, "back", "close what is open, back to the board", PROGRAM, Option::None, None),
    row!(Redraw, "redraw", [Key::ctrl('l')], Screen, "redraw", "paint the whole screen anew", PROGRAM, Option::None, None),
    row!(Suspend, "suspend", [Key::ctrl('z')], Screen, "suspend", "back to the shell until `fg`", PROGRAM, Option::None, None),
    row!(Quit, "quit", [Key::char('q'), Key::ctrl('c')], Screen, "quit", "leave; asks first while an act is unproven or a guard stays behind", PROGRAM, Some(6), None),
];

impl Command {
    /// Its row in `COMMANDS`, which holds every command in the order of the enum.
    #[must_use]
    pub fn spec(self) -> &'static Spec {
        &COMMANDS[self as usize]
    }

    /// Whether it acts, or leads to what does.
    #[must_use]
    pub fn acts(self) -> bool {
        self.spec().group == ACTS
    }

    /// The move that it makes within lines; none for commands that do something else.
    #[must_use]
    pub const fn motion(self) -> Option<Motion> {
        match self {
            Self::Up => Some(Motion::Up),
            Self::Down => Some(Motion::Down),
            Self::PageUp => Some(Motion::PageUp),
            Self::PageDown => Some(Motion::PageDown),
            Self::First => Some(Motion::First),
            Self::Last => Some(Motion::Last),
            Self::Rollback
            | Self::Hold
            | Self::Promote
            | Self::Acts
            | Self::PromoteFull
            | Self::Abort
            | Self::Retry
            | Self::Arm
            | Self::Guard
            | Self::StandDown
            | Self::Reset
            | Self::Open
            | Self::NextPane
            | Self::PreviousPane
            | Self::Evidence
            | Self::Shorter
            | Self::Longer
            | Self::Unfold
            | Self::Metrics
            | Self::Steps
            | Self::Pods
            | Self::Timeline
            | Self::Earlier
            | Self::Later
            | Self::Rewind
            | Self::Forward
            | Self::Filter
            | Self::Help
            | Self::Back
            | Self::Redraw
            | Self::Suspend
            | Self::Quit => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_stands_at_its_own_place() {
        for (place, spec) in COMMANDS.iter().enumerate() {
            assert_eq!(spec.command as usize, place, "{}", spec.name);
            assert_eq!(serde_json::to_value(spec.command).unwrap(), spec.name);
        }
    }

    #[test]
    fn no_key_means_two_things_at_once() {
        for screen in [Context::Board, Context::Release] {
            let mut seen = BTreeSet::new();
            for spec in COMMANDS.iter().filter(|s| s.context == screen || s.context == Context::Screen) {
                for key in spec.keys {
                    assert!(seen.insert(*key), "{key} of `{}` is taken on {screen:?}", spec.name);
                }
            }
        }
    }
}
