//! What may be said of one panel: the value that every screen, script and record reads.

use serde::{Deserialize, Serialize};

use crate::{
    core::price::Loss,
    domain::{
        panel::Side,
        series::Counts,
        time::Seconds,
        verdict::{Verdict, Word},
    },
};

/// What a panel shows and what is said of it. A value that is not known is none; none is never shown as zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What stands first on its line: glyph and colour.
    pub mark: Mark,
    /// The word and its reasons, most important first. For panels without counts of two arms (`value`, `shared`,
    /// `analysis`) it is COLLECTING where nothing speaks against them: they carry no GO.
    pub verdict: Verdict,
    /// Something on it asks for a look: a regression, evidence that leans towards one, a shared level that rose, a
    /// value that the backend's own analysis would fail.
    pub off: bool,
    /// Events and exposures of each arm that were counted since `since`.
    pub baseline: Counts,
    pub canary: Counts,
    /// Since when what is shown was counted, in seconds since 1970 by the source's clock: the first exposure, or for
    /// a regression the moment from which it can be told best.
    pub since: Option<i64>,
    /// Ticks counted since then.
    pub ticks: u32,
    /// The most likely ratio of event rates, canary to baseline.
    pub ratio: Option<f64>,
    /// Its interval, at the release's error rate over all looks. An end at 1/20 or 20 means "that or beyond".
    pub interval: Option<Interval>,
    /// Of a gauge, in its own unit: the arms now (`value`), the hour before and now (`shared`), only now (`analysis`).
    pub levels: Levels,
    /// An arm that is exposed while nothing counts events for it: counted as none, and never good enough for GO.
    pub silent: Option<Side>,
    /// How much events of this panel cluster; none before it is known.
    pub dispersion: Option<Spread>,
    /// What waiting at the present weight may bring; none where nothing is being collected or rates are not known.
    pub forecast: Option<Forecast>,
    /// What it has cost so far; only while the interval excludes "nothing".
    pub loss: Option<Loss>,
}

/// The glyph in front of a panel, the most urgent first: the one order of panels, tallies and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// `✗`: beyond the tolerance, found and not set aside.
    Regression,
    /// `!`: no verdict, and something to look at.
    Look,
    /// `?`
    Unknown,
    /// `◔`
    Collecting,
    /// `✓`: within tolerance now; of a `shared` panel no higher than before; of an `analysis` it would pass now.
    Good,
    /// `~`: a gauge; evidence too weak for a verdict, so it stands last.
    Weak,
}

impl Mark {
    /// Neither wrong nor unknown.
    #[must_use]
    pub const fn is_calm(self) -> bool {
        match self {
            Self::Regression | Self::Look | Self::Unknown => false,
            Self::Collecting | Self::Good | Self::Weak => true,
        }
    }

    /// Nothing is awaited of it either.
    #[must_use]
    pub const fn is_fine(self) -> bool {
        match self {
            Self::Good | Self::Weak => true,
            Self::Regression | Self::Look | Self::Unknown | Self::Collecting => false,
        }
    }

    #[must_use]
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::Regression => "✗",
            Self::Look => "!",
            Self::Unknown => "?",
            Self::Collecting => "◔",
            Self::Weak => "~",
            Self::Good => "✓",
        }
    }

    /// The word in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Regression => "no-go",
            Self::Look => "look",
            Self::Unknown => "unknown",
            Self::Collecting => "collecting",
            Self::Weak => "weak",
            Self::Good => "go",
        }
    }
}

/// An interval of ratios.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// Two levels of a gauge; what they stand for depends on the panel's kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// The baseline, or the hour before the release.
    pub before: Option<f64>,
    /// The canary, or the newest value.
    pub now: Option<f64>,
}

/// How much events vary beyond independent ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Variance over that of independent counts, at least 1.
    pub phi: f64,
    /// Measured on the hour before the release; else a guess, and the screen says "uncalibrated".
    pub calibrated: bool,
}

/// What waiting brings, from running the judge on expected counts: at the present weight and rates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The way to "within tolerance" if the arms are alike; none where it is longer than can be looked ahead (6 h).
    pub progress: Option<Progress>,
    /// How long a total loss (for "must not rise": a tenfold rise) that begins now stays invisible, until its events
    /// fail to come and their tick is judged; none where that is longer than can be looked ahead.
    pub blind: Option<Seconds>,
    /// The smallest weight, in percent up to 50, at which that takes no more than `ENOUGH`; none if none does.
    pub enough_weight: Option<f64>,
}

/// `done` of `of` ticks, ready at `ready_at` (seconds since 1970 by the source's clock), when the last one is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub done: u32,
    pub of: u32,
    pub ready_at: i64,
}

/// How long a total loss may stay invisible at a weight that is called enough.
pub const ENOUGH: Seconds = Seconds(300.0);

impl Reading {
    /// Nothing but a reason.
    #[must_use]
    pub fn unknown(why: impl Into<crate::domain::clean::Clean>) -> Self {
        Self::plain(Mark::Unknown, Verdict::unknown(why))
    }

    /// A verdict without numbers.
    #[must_use]
    pub fn plain(mark: Mark, verdict: Verdict) -> Self {
        Self {
            mark,
            verdict,
            off: false,
            baseline: Counts::default(),
            canary: Counts::default(),
            since: None,
            ticks: 0,
            ratio: None,
            interval: None,
            levels: Levels::default(),
            silent: None,
            dispersion: None,
            forecast: None,
            loss: None,
        }
    }

    /// What stands in the column of an arm, before the panel's `per`: its rate, or its level. Of a panel without arms
    /// the hour before stands for the baseline.
    #[must_use]
    pub fn value(&self, side: Side) -> Option<f64> {
        match side {
            Side::Baseline => self.baseline.rate().or(self.levels.before),
            Side::Canary => self.canary.rate().or(self.levels.now),
        }
    }

    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.verdict.word == Word::Unknown
    }
}
