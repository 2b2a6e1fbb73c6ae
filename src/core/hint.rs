//! What a demo suggests to whoever does nothing: what a careful operator would do about what is on screen. It never
//! acts.

use unicode_width::UnicodeWidthStr;

use super::{
    acts,
    command::Command,
    content,
    evidence::{self, Mark, SplitStanding, said},
    forward, keymap, number,
    state::{Open, Overlay, Pane, Panel, State, View},
    urgency::{Urgency, of_row, urgency},
};
use crate::{
    domain::{
        clean::Clean,
        goal::Goal,
        health::Health,
        panel::PanelKind,
        release::{Phase, Release},
        revision::Pod,
        verdict::Word,
    },
    judge::shared::Change,
};

/// Milliseconds without a key after which something is suggested.
pub const IDLE_MS: u64 = 5_000;
/// Columns before the suggestion.
const BEFORE: usize = 3;

/// The suggestion for this moment; none outside a demo, where a key was just pressed, and where what is open says
/// itself which keys it takes.
#[must_use]
pub fn hint(state: &State) -> Option<Clean> {
    let idle = state.at.millis_since(state.touched.unwrap_or(0));
    if !state.settings.demo || idle < IDLE_MS || state.quitting || state.notice.is_some() {
        return None;
    }
    let (why, keys) = match &state.overlay {
        None => advice(&scene(state)?),
        Some(Overlay::Receipt(id)) => {
            let is_open = state.act(*id).is_some_and(|act| act.stage.is_unproven());
            return (!is_open).then(|| "press enter: close the receipt".into());
        }
        Some(
            Overlay::Confirm(_)
            | Overlay::Acts { .. }
            | Overlay::Help { .. }
            | Overlay::Filter
            | Overlay::Leave
            | Overlay::Leaving
            | Overlay::Arm { .. }
            | Overlay::Guard(_)
            | Overlay::Reset(_)
            | Overlay::Debrief { .. },
        ) => return None,
    };
    words(state, why, keys)
}

/// `pods of the canary fail; press R: take every customer back, 3: look at them`: keys that do nothing now are left
/// out, and those from the end for which there is no room.
fn words(state: &State, mut text: String, keys: &[(Command, &str)]) -> Option<Clean> {
    let mut is_first = true;
    for (command, what) in keys.iter().filter(|(command, _)| works(state, *command)) {
        let Some(key) = keymap::keys(&state.settings, *command).first() else { continue };
        let before = match (text.is_empty(), is_first) {
            (true, _) => "press ",
            (false, true) => "; press ",
            (false, false) => ", ",
        };
        let longer = format!("{text}{before}{key}: {what}");
        if !text.is_empty() && longer.width() + BEFORE > usize::from(state.size.columns) {
            break;
        }
        (text, is_first) = (longer, false);
    }
    (!text.is_empty()).then(|| text.into())
}

/// Whether a key does something now.
fn works(state: &State, command: Command) -> bool {
    let Some(open) = &state.open else { return true };
    let release = open.release.as_deref();
    match (command, acts::goal_of(command, release)) {
        // What waits for a person stays where it is without being held, and what is held need not be held again.
        (Command::Hold, Some(Goal::Pause)) => {
            release.is_some_and(|release| !release.waits_for_person()) && acts::possible(state, &Goal::Pause).is_ok()
        }
        (Command::Hold, _) => false,
        (Command::Evidence, _) => !open.panels.is_empty(),
        (_, Some(goal)) => acts::possible(state, &goal).is_ok(),
        (_, None) => true,
    }
}

/// What is on screen, as far as it asks for something else to be done.
#[derive(Clone, Debug, PartialEq)]
enum Scene {
    /// A release on it of which NO-GO was said last.
    Board(Option<String>),
    /// Another view than the cockpit.
    Away,
    /// A past in which everybody is back, in the list of moments.
    Moments,
    /// Everybody is back and nobody has looked at what happened.
    Back,
    /// Everything was seen.
    Over,
    /// Customers are on their way back.
    OnTheWay,
    Resting,
    /// A way back is possible, or not.
    Regressed {
        back: bool,
    },
    Lost,
    /// The release has failed, or something keeps it from going on.
    Failing(&'static str),
    /// Shares of traffic in percent that are seen and set.
    Split {
        seen: Option<f64>,
        set: f64,
    },
    /// Both versions are worse off by this.
    Both(String),
    Unknown,
    /// A panel regressed that decides nothing.
    Minor(String),
    /// A panel leans towards a regression, or asks for a look.
    Leaning(String),
    /// The numbers are good, and an error budget speaks against going on.
    Budget,
    Go {
        on: bool,
    },
    Collecting,
}

/// What to do, and by which keys, the best first.
fn advice(scene: &Scene) -> (String, &'static [(Command, &'static str)]) {
    const LOOK: (Command, &str) = (Command::Evidence, "look closer");
    const BACK: (Command, &str) = (Command::Rollback, "take every customer back");
    const HOLD: (Command, &str) = (Command::Hold, "hold it here");
    const ACTS: (Command, &str) = (Command::Acts, "every act, and why some cannot be done now");
    let keys: &[(Command, &str)] = match scene {
        Scene::Board(Some(_)) => &[(Command::Open, "open it")],
        Scene::Board(None) => &[(Command::Open, "open the release under the cursor and judge it")],
        Scene::Away => &[(Command::Back, "back to the cockpit")],
        Scene::Moments => &[(Command::Earlier, "what it looked like then, moment by moment")],
        Scene::Back => &[(Command::Timeline, "what happened, and from there back to it")],
        Scene::Over => &[(Command::Quit, "leave; the demo tells other stories too")],
        Scene::OnTheWay | Scene::Collecting => &[],
        Scene::Resting => &[(Command::Timeline, "what happened"), (Command::Quit, "leave")],
        Scene::Regressed { back: true } => &[BACK],
        Scene::Regressed { back: false } | Scene::Budget | Scene::Go { on: false } => &[ACTS],
        Scene::Lost => &[(Command::Rollback, "can still be tried")],
        Scene::Failing(_) => &[BACK, (Command::Pods, "see its pods")],
        Scene::Split { .. } => &[LOOK, HOLD, BACK],
        Scene::Both(_) => &[LOOK, HOLD, (Command::Rollback, "if the new one did it")],
        Scene::Unknown => &[(Command::Evidence, "why"), HOLD, BACK],
        Scene::Minor(_) | Scene::Leaning(_) => &[LOOK, HOLD],
        Scene::Go { on: true } => {
            &[(Command::Promote, "on to the next stop; what it commits to stands beside the key")]
        }
    };
    let why = match scene {
        Scene::Board(Some(name)) => format!("{name} is at NO-GO"),
        Scene::Board(None)
        | Scene::Away
        | Scene::Moments
        | Scene::Back
        | Scene::Over
        | Scene::Regressed { .. }
        | Scene::Go { .. } => String::new(),
        Scene::OnTheWay => "wait: customers are on their way back".to_owned(),
        Scene::Resting => "nothing to do: one version has every customer".to_owned(),
        Scene::Lost => "contact is lost, what is shown is old".to_owned(),
        Scene::Failing(what) => (*what).to_owned(),
        Scene::Split { seen, set } => {
            let share = |percent: f64| format!("{} %", number::percent(percent));
            let seen = seen.map_or_else(|| "nothing".to_owned(), share);
            format!("the canary gets {seen}, not {}: do not go on", share(*set))
        }
        Scene::Both(what) => format!("both versions suffer: {what}"),
        Scene::Unknown => "do not go on: whether customers are hurt is not known".to_owned(),
        Scene::Minor(what) => format!("{what}: worse, and it decides nothing by itself"),
        Scene::Leaning(what) => format!("{what}: may be worse, evidence is being collected"),
        Scene::Budget => "an error budget speaks against going on".to_owned(),
        Scene::Collecting => "nothing to do yet: evidence is being collected".to_owned(),
    };
    (why, keys)
}

/// The scene of this moment, the most urgent one; none where what is on screen says itself what to do.
fn scene(state: &State) -> Option<Scene> {
    let Some(open) = &state.open else { return Some(board(state)) };
    // The bar says how to come back.
    if open.looking.is_some() {
        return None;
    }
    let release = open.release.as_deref()?;
    let everyone_is_back = release.aborted && release.weight.set.is_none_or(|weight| weight <= 0.0);
    let unseen = everyone_is_back && !state.looked_back;
    if unseen && content::focus(state, open) == Pane::Timeline {
        return Some(Scene::Moments);
    }
    if open.view != View::Cockpit {
        return Some(Scene::Away);
    }
    if everyone_is_back {
        // The card comes next.
        let is_over = unseen || (state.debrief.is_some() && !state.debrief_due);
        return is_over.then_some(if unseen { Scene::Back } else { Scene::Over });
    }
    Some(if release.aborted { Scene::OnTheWay } else { under_way(state, open, release) })
}

/// What stands first on the board, where it is at NO-GO; `enter` opens what the cursor is on, so it has to be there.
fn board(state: &State) -> Scene {
    let board = &state.board;
    let row = board.cursor.as_ref().and_then(|cursor| board.releases.get(cursor));
    let at_no_go = row.filter(|row| of_row(row, board.said(&row.release)) == Urgency::NoGo);
    Scene::Board(at_no_go.map(|row| Clean::new(row.release.id.target.name()).to_string()))
}

/// What is on screen of a release that customers meet.
fn under_way(state: &State, open: &Open, release: &Release) -> Scene {
    if urgency(release) == Urgency::Resting {
        return Scene::Resting;
    }
    let word = evidence::verdict(open).word;
    if word == Word::NoGo {
        return Scene::Regressed { back: acts::possible(state, &Goal::Rollback { to: None }).is_ok() };
    }
    if open.gone || matches!(open.health, Health::Lost { .. }) {
        return Scene::Lost;
    }
    if let Some(failing) = failing(release) {
        return Scene::Failing(failing);
    }
    if let Some(off) = evidence::split(open).filter(|found| match found.standing {
        SplitStanding::TooMuch | SplitStanding::TooLittle => true,
        SplitStanding::Holds | SplitStanding::Collecting | SplitStanding::Unseen => false,
    }) {
        return Scene::Split { seen: off.seen.map(|seen| seen * 100.0), set: off.set * 100.0 };
    }
    let first = |is: fn(&Panel) -> bool| {
        let found = open.panels.iter().find(|panel| is(panel));
        found.map(|panel| said::noun(panel).to_owned())
    };
    // What is shared is nearer to the cause than what customers feel of it.
    if let Some(both) = first(is_shared_and_worse).or_else(|| first(is_critical_and_worse)) {
        return Scene::Both(both);
    }
    if word == Word::Unknown {
        return Scene::Unknown;
    }
    let regressed = first(|panel| panel.reading.mark == Mark::Regression).map(Scene::Minor);
    let leaning = || first(|panel| panel.reading.off && !panel.reading.is_unknown()).map(Scene::Leaning);
    if let Some(scene) = regressed.or_else(leaning) {
        return scene;
    }
    match word {
        _ if forward::of(state).budgets.is_some() => Scene::Budget,
        Word::Go => Scene::Go { on: acts::possible(state, &Goal::Promote).is_ok() },
        Word::NoGo | Word::Unknown | Word::Collecting => Scene::Collecting,
    }
}

/// What keeps it from going on, in a word.
fn failing(release: &Release) -> Option<&'static str> {
    let is_unwell = |pod: &Pod| !pod.ready && pod.trouble.is_some();
    match release.phase {
        _ if release.newest().is_some_and(|newest| newest.pods.iter().any(is_unwell)) => {
            Some("pods of the canary fail")
        }
        Phase::Degraded => Some("the release has failed"),
        Phase::Healthy | Phase::Progressing | Phase::Paused | Phase::Unknown => {
            (!release.blockers.is_empty()).then_some("something keeps it from going on")
        }
    }
}

/// A panel of what both versions share that is worse than before.
fn is_shared_and_worse(panel: &Panel) -> bool {
    let is_shared = match panel.spec.kind {
        PanelKind::Shared { .. } => true,
        PanelKind::Ratio { .. }
        | PanelKind::Rate { .. }
        | PanelKind::Latency { .. }
        | PanelKind::Value { .. }
        | PanelKind::Analysis { .. } => false,
    };
    is_shared && is_worse(panel)
}

/// A critical panel by which both arms are worse off than before.
fn is_critical_and_worse(panel: &Panel) -> bool {
    panel.spec.critical && panel.spec.kind.has_counts() && is_worse(panel)
}

fn is_worse(panel: &Panel) -> bool {
    panel.evidence.compared.is_some_and(|compared| compared.change == Change::Worse)
}
