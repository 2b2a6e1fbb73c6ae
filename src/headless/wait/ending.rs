//! When waiting ends: a pure function of what is known, looked at after every event.

use std::{fmt, time::Duration};

use crate::{
    cli::Until,
    core::{
        freshness::{self, Standing},
        settings::Role,
        state::{Open, Source, State},
    },
    domain::{
        clean::{Clean, Name},
        health::Health,
        release::{Phase, Release},
        time::{At, Seconds},
        verdict::Word,
    },
    headless::{
        opening,
        problem::{Code, Problem},
        verdict::{Told, text},
    },
};

/// How waiting ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ending {
    Reached(Until, Clean),
    /// What was waited for will not come, and why.
    Failed(Clean),
    TimedOut(Duration),
    Unreachable(Problem),
    Interrupted,
    /// There never was such a release.
    Nobody,
}

impl Ending {
    /// What scripts are told.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Reached(..) => 0,
            Self::Failed(_) => 1,
            Self::Nobody => Code::Usage as u8,
            Self::Unreachable(problem) => problem.code as u8,
            Self::TimedOut(_) => 5,
            Self::Interrupted => 130,
        }
    }

    /// The word in JSON.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Reached(..) => "reached",
            Self::Failed(_) | Self::Nobody => "failed",
            Self::TimedOut(_) => "timed-out",
            Self::Unreachable(_) => "unreachable",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reached(until, why) => write!(f, "{}: {why}", word(*until)),
            Self::Failed(why) => write!(f, "{why}"),
            Self::TimedOut(after) => write!(f, "not reached within {}", Seconds(after.as_secs_f64())),
            Self::Unreachable(problem) => write!(f, "{problem}"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Nobody => f.write_str("there is no such release"),
        }
    }
}

/// A state as it is typed.
pub(super) const fn word(until: Until) -> &'static str {
    match until {
        Until::Go => "go",
        Until::NoGo => "no-go",
        Until::Healthy => "healthy",
        Until::Progressing => "progressing",
        Until::Paused => "paused",
        Until::Degraded => "degraded",
    }
}

/// What is waited for, and what has to be remembered to know when to stop.
#[derive(Clone, Debug)]
pub(super) struct Waiter {
    until: Vec<Until>,
    /// In milliseconds.
    grace: u64,
    /// Since when what is needed is out of reach, in monotonic time.
    lost: Option<u64>,
    /// The revision on its way, once one was seen to be.
    revision: Option<Name>,
    /// The release was there.
    seen: bool,
}

impl Waiter {
    pub(super) fn new(until: Vec<Until>, grace: Duration, now: At) -> Self {
        let grace = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        Self { until, grace, lost: Some(now.mono), revision: None, seen: false }
    }

    /// Whether it is over.
    pub(super) fn look(&mut self, state: &State) -> Option<Ending> {
        let missing = self.missing(state);
        self.lost = missing.as_ref().and(self.lost.or(Some(state.at.mono)));
        let is_over = self.lost.is_some_and(|lost| state.at.millis_since(lost) >= self.grace);
        self.decide(state).or_else(|| missing.filter(|_| is_over).map(Ending::Unreachable))
    }

    /// When it is to be looked at though nothing happens, in monotonic time.
    pub(super) fn deadline(&self) -> Option<u64> {
        Some(self.lost?.saturating_add(self.grace))
    }

    fn decide(&mut self, state: &State) -> Option<Ending> {
        let Some(open) = &state.open else {
            // The board has told all it has, and it was not among it.
            let told = state.wanted.is_none() && opening::board_is_known(state);
            return told.then_some(Ending::Nobody);
        };
        if open.gone {
            let gone = Ending::Failed("it was deleted".into());
            return Some(if self.seen { gone } else { Ending::Nobody });
        }
        // What was last heard of is not what is.
        let source = state.source(&open.target.source).map(|source| freshness::standing(state, source));
        if open.health != Health::Live || !open.complete || !matches!(source, Some(Standing::Live(_))) {
            return None;
        }
        let told = Told::of(state)?;
        self.seen = true;
        // Another release may be as well as it likes: it is not the one that is waited for.
        if let Some(why) = self.superseded(told.release) {
            return Some(Ending::Failed(why));
        }
        let failed = told.forward.failed.clone();
        let wanted = self.until.iter().filter(|until| failed.is_none() || is_bad(**until));
        if let Some(ending) = wanted.into_iter().find_map(|until| reached(*until, &told)) {
            return Some(ending);
        }
        if let Some(why) = failed {
            return Some(Ending::Failed(why));
        }
        // For the rest of the release a budget is no news; whether it may go on is.
        let against = if self.until.contains(&Until::Go) {
            Some(&told.forward.answer)
        } else {
            self.until.contains(&Until::Healthy).then_some(&told.forward.numbers)
        };
        against.filter(|verdict| verdict.word == Word::NoGo).map(|verdict| Ending::Failed(text::said(verdict).into()))
    }

    /// Whether another revision came in place of the one that was on its way.
    fn superseded(&mut self, release: &Release) -> Option<Clean> {
        let revision = &release.id.revision;
        if let Some(known) = &self.revision
            && known != revision
        {
            let version = release.newest().map_or_else(|| revision.to_string(), |newest| newest.version.to_string());
            return Some(Clean::new(format!("another revision came: {version}")));
        }
        if release.is_moving() {
            self.revision = Some(revision.clone());
        }
        None
    }

    /// What is needed and out of reach, if anything.
    fn missing(&self, state: &State) -> Option<Problem> {
        let Some(open) = &state.open else {
            let patience = Duration::from_millis(self.grace);
            return opening::silence(state, patience);
        };
        let numbers = self.until.iter().all(|until| matches!(until, Until::Go | Until::NoGo));
        let needed = |source: &&Source| match source.role {
            Role::Backend => source.name == open.target.source,
            Role::Metrics => numbers && is_critical(open, &source.name),
        };
        state.sources.iter().filter(needed).find_map(|source| match freshness::standing(state, source) {
            Standing::Live(_) => None,
            Standing::Connecting if source.role == Role::Metrics => None,
            Standing::Lost(why, _) => {
                let problem = Problem::from(why.clone());
                Some(Problem::new(problem.code, format!("{}: {problem}", source.name)))
            }
            Standing::Connecting | Standing::Stale(_) => {
                let text = format!("{}: no news; run `flightdeck doctor`", source.name);
                Some(Problem::new(Code::Unreachable, text))
            }
        })
    }
}

/// Whether it can be reached by a release that failed.
const fn is_bad(until: Until) -> bool {
    match until {
        Until::NoGo | Until::Degraded => true,
        Until::Go | Until::Healthy | Until::Progressing | Until::Paused => false,
    }
}

fn is_critical(open: &Open, source: &Name) -> bool {
    open.panels.iter().any(|panel| panel.spec.critical && panel.spec.source == *source)
}

fn reached(until: Until, told: &Told) -> Option<Ending> {
    let phase = |phase: Phase| {
        let why = if told.release.message.is_empty() { phase.word().into() } else { told.release.message.clone() };
        (told.release.phase == phase).then_some(why)
    };
    let word = |word: Word| (told.forward.answer.word == word).then(|| text::said(&told.forward.answer).into());
    let why = match until {
        Until::Go => word(Word::Go),
        Until::NoGo => word(Word::NoGo),
        Until::Healthy => phase(Phase::Healthy),
        Until::Progressing => phase(Phase::Progressing),
        Until::Paused => phase(Phase::Paused),
        Until::Degraded => phase(Phase::Degraded),
    };
    why.map(|why| Ending::Reached(until, why))
}
