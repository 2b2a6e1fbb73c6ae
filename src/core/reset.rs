//! Setting a regression aside: when a person may, what that means in words, and where judges begin anew because of it.
//!
//! It changes what this machine says of one panel on one revision. It sends nothing.

use super::{
    arming::Sentence,
    state::{Open, Panel, State},
    study::Chosen,
};
use crate::domain::{clean::Clean, goal::Denied, release::ReleaseId, reset::Reset};

/// Panels that have regressed, in the order of the release.
pub fn regressed(open: &Open) -> impl Iterator<Item = &Panel> {
    open.panels.iter().filter(|panel| latched(panel).is_some())
}

/// When the regression of a panel was found, in seconds since 1970 by the clock of its source.
#[must_use]
pub fn latched(panel: &Panel) -> Option<i64> {
    panel.evidence.judge.as_ref()?.latched().map(|latch| latch.at)
}

/// The panel whose regression may be set aside now.
///
/// # Errors
/// Why not.
pub fn possible<'a>(state: &'a State, chosen: &Chosen) -> Result<&'a Panel, Denied> {
    if let Some(why) = &state.settings.policy.read_only {
        return Err(Denied::new(why.clone()));
    }
    let open = state.open.as_ref().ok_or_else(|| Denied::new("no release is open"))?;
    let panel = regressed(open).find(|panel| chosen.is(panel));
    panel.ok_or_else(|| Denied::new(format!("{} has no regression to set aside", chosen.name)))
}

/// What setting it aside means, most important first.
#[must_use]
pub fn sentences(state: &State, panel: &Panel) -> Vec<Sentence> {
    let found = latched(panel).map(|at| state.settings.zone.time_of_day(state.wall_of(&panel.spec.source, at)));
    let found = found.map_or_else(String::new, |at| format!(", found {at}"));
    let ratio = words(panel);
    let say = |label, text: String| Sentence { label, text };
    let mut said = vec![
        say("regression", format!("{} {ratio}{found}", panel.spec.name)),
        say("then", "its evidence and its loss begin anew now; the same harm can be proved again".to_owned()),
    ];
    if panel.spec.critical {
        said.push(say("verdict", "NO-GO goes, unless another critical panel says it".to_owned()));
    }
    said.push(say("only", "this panel on this revision; nothing is sent, customers stay where they are".to_owned()));
    said.push(say(
        "others",
        "a guard that runs already and flightdecks elsewhere go on with what they have found".to_owned(),
    ));
    said.push(say("journal", "your reason is written down; whoever looks from this machine begins there".to_owned()));
    said
}

/// What was found, as `×0.41 (0.28–0.57)`.
#[must_use]
pub fn words(panel: &Panel) -> Clean {
    panel.evidence.finding.map_or_else(Clean::default, |finding| finding.words().into())
}

/// What was set aside of a panel on the revision that is open, newest first.
pub fn held<'a>(state: &'a State, panel: &'a Panel) -> impl Iterator<Item = &'a Reset> {
    let release = state.open.as_ref().and_then(|open| open.release.as_ref()).map(|release| &release.id);
    state.resets.iter().rev().filter(move |reset| Some(&reset.release) == release && is_of(reset, panel))
}

/// `set aside 14:02:10`, while it has not regressed again; none where nothing was.
#[must_use]
pub fn mark(state: &State, panel: &Panel) -> Option<String> {
    let reset = held(state, panel).next().filter(|_| latched(panel).is_none())?;
    Some(format!("set aside {}", state.settings.zone.time_of_day(reset.at)))
}

/// `×0.41 (0.28–0.57) at 14:02:10 by operator: load test; judged anew since then`.
#[must_use]
pub fn words_of(state: &State, reset: &Reset) -> String {
    let by = reset.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
    let at = state.settings.zone.time_of_day(reset.at);
    format!("{} at {at}{by}: {}; judged anew since then", reset.found, reset.reason)
}

fn is_of(reset: &Reset, panel: &Panel) -> bool {
    reset.panel == panel.spec.name && reset.kind == panel.spec.kind.word()
}

/// Ends of the last ticks that were set aside for a panel of a revision, in seconds by the clock of its source.
#[must_use]
pub fn ticks(resets: &[Reset], release: &ReleaseId, panel: &Panel) -> Vec<i64> {
    let is_its = |reset: &&Reset| reset.release == *release && is_of(reset, panel);
    resets.iter().filter(is_its).map(|reset| reset.tick).collect()
}
