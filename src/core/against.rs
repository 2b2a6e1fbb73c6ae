//! What stands against going forward, one line each: every panel that is `✗` or `!` on the cockpit, what blocks, what the
//! controller's own analysis has found, and no way back. Whoever confirms has read it.
//!
//! It decides nothing: what may go on is `forward`'s.

use super::{
    controller::{self, ControllerLine},
    evidence::{Mark, said, split},
    metrics, number,
    state::{Open, Panel, State},
};
use crate::domain::{analysis::AnalysisPhase, release::Release};

/// Lines at least and at most, however small or large the screen is.
const FEWEST: usize = 3;
const MOST: usize = 8;
/// Rows of the screen for each of them.
const ROWS_EACH: usize = 5;

/// One of them. The worst sort first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    pub is_bad: bool,
    pub text: String,
}

/// All of them, the worst first; the regression that the verdict itself tells in full is left out.
#[must_use]
pub fn all(state: &State, open: &Open) -> Vec<Objection> {
    let ranked: Vec<&Panel> =
        metrics::ranked(state, open).into_iter().filter_map(|place| open.panels.get(place)).collect();
    let told = said::leading(open).map(|panel| &panel.spec.name);
    let marked = |mark: Mark| ranked.iter().filter(move |panel| metrics::mark(state, panel) == mark);
    let bad = |text: String| Objection { is_bad: true, text };
    let look = |text: String| Objection { is_bad: false, text };
    let release = open.release.as_deref();

    // Few, and of another kind than panels: they are never among those that are only counted.
    let blockers = release.iter().flat_map(|release| &release.blockers);
    let mut found: Vec<Objection> = blockers.map(|why| bad(format!("! BLOCKED {why}"))).collect();
    let no_way_back = release.and_then(Release::no_way_back);
    found.extend(no_way_back.map(|why| bad(format!("! NO WAY BACK {why}"))));
    let regressions = marked(Mark::Regression).filter(|panel| Some(&panel.spec.name) != told);
    found.extend(regressions.map(|panel| bad(format!("✗ {}", regressed(state, panel)))));
    found.extend(controller::lines(open).into_iter().filter_map(|line| ended_badly(&line)).map(bad));
    found.extend(marked(Mark::Look).map(|panel| look(format!("! {}", looked_at(panel)))));
    let is_split = metrics::split(state, open) == Some(Mark::Look);
    found.extend(split(open).filter(|_| is_split).map(|found| {
        let share = |share: f64| format!("{} %", number::percent(share * 100.0));
        let seen = found.seen.map_or_else(|| "?".to_owned(), share);
        look(format!("! traffic split: {seen} seen, {} set", share(found.set)))
    }));
    found
}

/// Those for which there is room on a screen of so many rows, and how many more there are.
#[must_use]
pub fn shown(state: &State, open: &Open) -> (Vec<Objection>, usize) {
    let mut all = all(state, open);
    let most = (usize::from(state.size.rows) / ROWS_EACH).clamp(FEWEST, MOST);
    // The line that counts the others takes the place of one.
    let kept = if all.len() > most { most - 1 } else { all.len() };
    let more = all.len() - kept;
    all.truncate(kept);
    (all, more)
}

/// `refunds ×1.90 (1.31–2.60) since 14:02:10`.
fn regressed(state: &State, panel: &Panel) -> String {
    let ratio = said::ratio(&panel.reading).map(|ratio| format!(" {ratio}")).unwrap_or_default();
    let since = said::since(state, panel).map(|since| format!(" since {since}")).unwrap_or_default();
    format!("{}{ratio}{since}", panel.spec.name)
}

/// `db pool in use: worse than in the hour before the release`.
fn looked_at(panel: &Panel) -> String {
    let ratio = panel.reading.ratio.map(|ratio| format!(" ×{ratio:.2}")).unwrap_or_default();
    let why = match panel.reading.verdict.why.first() {
        Some(why) if panel.reading.mark == Mark::Look => why.as_str(),
        Some(_) | None => "may be worse; evidence is being collected",
    };
    format!("{}{ratio}: {why}", panel.spec.name)
}

/// `✗ its analysis checkout-7d9f-42-2 Failed: …`: a run that did not pass. What it would say now is said of its panels.
fn ended_badly(line: &ControllerLine<'_>) -> Option<String> {
    let ControllerLine::Run(run) = line else { return None };
    let is_bad = match run.phase {
        AnalysisPhase::Failed | AnalysisPhase::Error | AnalysisPhase::Inconclusive => true,
        AnalysisPhase::Pending | AnalysisPhase::Running | AnalysisPhase::Successful | AnalysisPhase::Other(_) => false,
    };
    let why = if run.message.is_empty() { String::new() } else { format!(": {}", run.message) };
    is_bad.then(|| format!("✗ its analysis {} {}{why}", run.name, run.phase))
}
