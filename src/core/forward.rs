//! Whether a release may go on: what its numbers say, no better than the error budgets allow, and never once it has
//! failed. Policy, the dialogs and the command line ask here. Nothing of this ever speaks against a way back.

use super::{
    budget, evidence,
    state::{Open, Panel, State},
};
use crate::{
    domain::{
        clean::Clean,
        panel::PanelTrouble,
        release::{Phase, Release},
        verdict::{Verdict, Word},
    },
    judge::release::Outcome,
};

/// Failed questions in a row after which one about the past is not waited for any longer.
const TRIES: u32 = 2;

/// The answer, and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// May it go on?
    pub answer: Verdict,
    /// What the numbers say alone.
    pub numbers: Verdict,
    /// What the error budgets say against it; none where all are known and something is left.
    pub budgets: Option<Verdict>,
    /// Why the release has failed, if it has.
    pub failed: Option<Clean>,
    /// Things to look at that decide nothing by themselves.
    pub notes: Vec<Clean>,
}

/// The answer for the opened release.
#[must_use]
pub fn of(state: &State) -> Forward {
    let Some(open) = &state.open else {
        return answer(Verdict::unknown("no release is open"), None, None, Vec::new());
    };
    let Outcome { verdict, notes } = evidence::outcome(open);
    let failed = open.release.as_deref().and_then(failure);
    answer(read_through(open, verdict), budget::against(state), failed, notes)
}

/// The answer for a release whose numbers nobody asked for.
#[must_use]
pub fn unwatched(release: &Release) -> Forward {
    answer(Verdict::unknown("not watched"), None, failure(release), Vec::new())
}

fn answer(numbers: Verdict, budgets: Option<Verdict>, failed: Option<Clean>, notes: Vec<Clean>) -> Forward {
    let held = held(numbers.clone(), budgets.clone());
    let answer = match &failed {
        Some(why) => Verdict { word: Word::NoGo, why: [vec![why.clone()], held.why].concat() },
        None => held,
    };
    Forward { answer, numbers, budgets, failed, notes }
}

/// A verdict no better than the budgets allow.
fn held(verdict: Verdict, budgets: Option<Verdict>) -> Verdict {
    match (verdict.word, budgets) {
        (Word::NoGo, _) | (_, None) => verdict,
        (Word::Unknown, Some(budgets)) if budgets.word == Word::Unknown => verdict,
        (Word::Go | Word::Collecting | Word::Unknown, Some(mut budgets)) => {
            budgets.why.extend(verdict.why);
            budgets
        }
    }
}

/// The verdict of the numbers. While a critical panel has not been read nothing is said that reading it could undo.
fn read_through(open: &Open, verdict: Verdict) -> Verdict {
    let unread: Vec<Clean> = open
        .panels
        .iter()
        .filter(|panel| panel.spec.critical && is_unread(panel))
        .map(|panel| {
            let why = evidence::reading(panel).verdict.why.first().cloned().unwrap_or_default();
            Clean::new(format!("{}: {why}", panel.spec.name))
        })
        .collect();
    match verdict.word {
        Word::Go | Word::Collecting if !unread.is_empty() => Verdict { word: Word::Unknown, why: unread },
        Word::Go | Word::NoGo | Word::Collecting | Word::Unknown => verdict,
    }
}

/// Whether a panel's first answer, or a part of its past, is still on its way.
#[must_use]
pub fn is_unread(panel: &Panel) -> bool {
    if panel.arms.is_none() {
        return false;
    }
    match &panel.trouble {
        Some(PanelTrouble::Waiting) => true,
        // Where a part of the past has a flaw smaller parts of it are asked for.
        None | Some(PanelTrouble::Partial(_) | PanelTrouble::NotFinite) => panel.history.is_some(),
        Some(PanelTrouble::Error(_)) => panel.history.is_some() && panel.errors < TRIES,
        Some(PanelTrouble::NoData | PanelTrouble::Stale(_)) => false,
    }
}

/// Why a release has failed, if it has: nothing may go on then, whatever the numbers say.
#[must_use]
pub fn failure(release: &Release) -> Option<Clean> {
    let said = |word: &str| {
        let message = &release.message;
        Clean::new(if message.is_empty() { word.to_owned() } else { format!("{word}: {message}") })
    };
    if release.aborted {
        return Some(said("the release was aborted"));
    }
    match release.phase {
        Phase::Degraded => Some(said("the release is degraded")),
        Phase::Healthy | Phase::Progressing | Phase::Paused | Phase::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(word: Word, why: &str) -> Verdict {
        Verdict { word, why: vec![why.into()] }
    }

    #[test]
    fn the_answer_is_no_better_than_the_worst_of_what_it_is_made_of() {
        use Word::{Collecting, Go, NoGo, Unknown};
        let cases = [
            (Go, None, false, Go, "numbers"),
            (Go, Some(NoGo), false, NoGo, "budget numbers"),
            (Go, Some(Unknown), false, Unknown, "budget numbers"),
            (Collecting, None, false, Collecting, "numbers"),
            (Collecting, Some(Unknown), false, Unknown, "budget numbers"),
            (Unknown, Some(Unknown), false, Unknown, "numbers"),
            (Unknown, Some(NoGo), false, NoGo, "budget numbers"),
            (NoGo, Some(Unknown), false, NoGo, "numbers"),
            (NoGo, Some(NoGo), false, NoGo, "numbers"),
            (Go, None, true, NoGo, "failed numbers"),
            (Unknown, Some(Unknown), true, NoGo, "failed numbers"),
            (Go, Some(NoGo), true, NoGo, "failed budget numbers"),
            (NoGo, None, true, NoGo, "failed numbers"),
        ];
        for (numbers, budgets, failed, word, why) in cases {
            let budgets = budgets.map(|word| said(word, "budget"));
            let told = answer(said(numbers, "numbers"), budgets, failed.then(|| "failed".into()), Vec::new());
            let reasons: Vec<&str> = told.answer.why.iter().map(Clean::as_str).collect();
            assert_eq!((told.answer.word, reasons.join(" ")), (word, why.to_owned()), "{told:?}");
            assert_eq!(told.numbers.word, numbers, "the numbers stay what they are");
        }
    }
}
