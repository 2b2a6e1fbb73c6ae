//! A panel of the opened release: what was asked for it, what came back, and what may be said of it.
//!
//! Plain data. `core::evidence` says what may be read out of it; only `update` changes it.

use std::{collections::VecDeque, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    effect::AskId,
    evidence::{Mark, Reading},
};
use crate::{
    domain::{
        clean::Clean,
        counting::{Apart, Counted, Counting},
        panel::{Arms, PanelSpec, PanelTrouble, Side},
        series::{Level, Point, Tick},
    },
    judge::{Dispersion, Finding, Judge, Pods, forecast::Flow, gauge::Gauge, shared::Compared},
};

/// A panel with what was answered so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    pub spec: PanelSpec,
    /// The arms its numbers belong to; other arms start it anew.
    pub arms: Option<Arms>,
    /// Seconds between its ticks: multiples of this of the source's clock.
    pub step: i64,
    /// What a chart of counts shows (`ratio`, `rate`, `latency`), oldest first, at most `evidence::MAX_TICKS`.
    pub ticks: Vec<Tick>,
    /// What a chart of a `value` shows, as many.
    pub levels: Vec<Level>,
    /// What a chart of a single series shows (`shared`, `analysis`), as many.
    pub points: Vec<Point>,
    /// Where the canary's exposure began, in seconds since 1970 by the source's clock; the comparison counts ticks
    /// after it. Until one was seen, the earliest time at which it can have begun.
    pub exposed_since: Option<i64>,
    /// Exposure began before all that is read: only what came since then is judged.
    pub judged_since: Option<i64>,
    /// The part of the past that is still to be read or judged; while there is one nothing is within tolerance.
    pub history: Option<History>,
    /// Why the newest answer is not a value; none when it is.
    pub trouble: Option<PanelTrouble>,
    /// When the newest sample was taken, by the source's clock.
    pub newest: Option<DateTime<Utc>>,
    /// The question under way.
    pub asked: Option<Asked>,
    /// The end of the last range that was answered, in seconds since 1970 by the source's clock.
    pub answered_to: Option<i64>,
    /// The last value reached the present: what is missing since then is not there to be read.
    #[serde(default)]
    pub reached: bool,
    /// When the weight moved, by the source's clock, oldest first.
    pub moves: Vec<WeightMove>,
    /// Ranges `(from, to]` in which the weight had just moved; their ticks are charted and not counted.
    pub left_out: Vec<(i64, i64)>,
    /// Most ticks the next question may ask for; smaller while a part of the past does not come.
    pub chunk: i64,
    /// What the judge works with.
    pub evidence: Evidence,
    /// What may be said of it now. Made anew by `update` whenever anything of it changes.
    pub reading: Reading,
    /// How the judgement went, oldest first, one point per counted tick, thinned out where it grows long: the
    /// interval over time, and where the mark changes the history of its verdict. Made again with the judge.
    pub trail: Vec<Judged>,
    /// Failed questions in a row.
    pub errors: u32,
    /// Monotonic time of the next question.
    pub due: u64,
}

impl Panel {
    /// Seconds after a move of the weight in which ticks say nothing: until it has warmed up, and the late events of the
    /// weight before have come.
    #[must_use]
    pub fn settles(&self) -> i64 {
        self.spec.warm_up.whole().max(self.spec.lag.whole() + 2 * self.step)
    }

    /// Nothing asked yet; `step` in seconds, `due` is the monotonic time of the first question.
    #[must_use]
    pub fn new(spec: PanelSpec, arms: Option<Arms>, step: i64, due: u64) -> Self {
        Self {
            spec,
            arms,
            step,
            ticks: Vec::new(),
            levels: Vec::new(),
            points: Vec::new(),
            exposed_since: None,
            judged_since: None,
            history: None,
            trouble: Some(PanelTrouble::Waiting),
            newest: None,
            asked: None,
            answered_to: None,
            reached: false,
            moves: Vec::new(),
            left_out: Vec::new(),
            chunk: CHUNK,
            evidence: Evidence::default(),
            reading: Reading::unknown("waiting for the first answer"),
            trail: Vec::new(),
            errors: 0,
            due,
        }
    }

    /// The same arms, read and judged again from the beginning, in ticks of `step` seconds: what was found stands
    /// meanwhile, for the source may be silent from now on.
    #[must_use]
    pub fn again(&self, step: i64, due: u64) -> Self {
        let evidence = Evidence { found: self.regression(), ..Evidence::default() };
        Self { evidence, ..Self::new(self.spec.clone(), self.arms.clone(), step, due) }
    }

    /// The regression that was found and that nobody has set aside.
    #[must_use]
    pub fn regression(&self) -> Option<Finding> {
        let latched = self.evidence.judge.as_ref().is_some_and(|judge| judge.latched().is_some());
        self.evidence.finding.filter(|_| latched).or(self.evidence.found)
    }
}

/// Most ticks that one question asks for.
pub const CHUNK: i64 = 720;

/// What the judge of one panel was given and said: a function of the ticks since the first exposure, so that a second
/// flightdeck and a restarted one come to the same. Changed by `update` alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where the counters stood.
    pub counting: Counting,
    /// Ticks of single instances before the release, until φ is known.
    pub apart: Apart,
    /// How events cluster; none before the hour before the release was read. Nothing is judged until then.
    pub dispersion: Option<Dispersion>,
    /// The same for exposures, for the traffic split; none where it could not be measured.
    pub split_phi: Option<f64>,
    /// Why it is a guess.
    pub uncalibrated: Option<Clean>,
    /// Ticks that were counted and not yet judged, oldest first.
    pub waiting: VecDeque<Counted>,
    /// Ticks of an hour before the first exposure.
    pub hour: VecDeque<Tick>,
    /// Points of that hour, of a `shared` panel.
    pub before: Vec<Point>,
    /// Levels of a `value` that wait.
    pub levels: VecDeque<Level>,
    /// A tick whose events wait for their exposures, and where it began.
    pub held: Option<(Counted, i64)>,
    /// None before the canary was exposed.
    pub judge: Option<Arc<Judge>>,
    pub finding: Option<Finding>,
    /// A regression that was found before all of it had to be read again; it stands until that is done.
    #[serde(default)]
    pub found: Option<Finding>,
    /// The same for a `value`.
    pub gauge: Option<Arc<Gauge>>,
    /// A `shared` panel, or the baseline arm, against the hour before.
    pub compared: Option<Compared>,
    /// Since when the newest comparison counts, and its 2-minute block.
    pub compared_in: Option<(i64, i64)>,
    /// Why the newest tick was not counted; none when it was.
    pub refused: Option<Clean>,
    /// Instances of each arm in the newest counted tick.
    pub pods: Pods,
    /// The same, and those that only other panels of its source heard then.
    #[serde(default)]
    pub heard: Pods,
    /// The same by the end of the tick from which on it was so many, oldest first.
    #[serde(default)]
    pub answering: Vec<(i64, Pods)>,
    /// Pods that take traffic and are not in the newest counted tick, in words, where they could hide harm.
    #[serde(default)]
    pub missing: Option<Clean>,
    /// The traffic split fails, and its events are compared with the share that was set: some of what is found may be
    /// traffic that never came.
    #[serde(default)]
    pub misrouted: bool,
    /// What the newest forecast was made for; none before one was.
    pub forecast_for: Option<Basis>,
    /// The arm that was exposed in the newest counted tick while nothing counted events for it.
    pub silent: Option<Side>,
    /// End of the newest tick that the judge took or refused.
    pub judged_to: Option<i64>,
    /// End of the newest tick that was weighed.
    #[serde(default)]
    pub counted_to: Option<i64>,
    /// Failed tries to read the same part of the past.
    pub tries: u32,
}

/// The traffic that a forecast was made for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// End of the tick after which it was made.
    pub at: i64,
    pub flow: Flow,
}

/// A question that was sent and not yet answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub id: AskId,
    /// The range asked for, in seconds since 1970 by the source's clock.
    pub from: i64,
    pub to: i64,
    /// Monotonic time of asking.
    pub at: u64,
}

/// A stretch of time in seconds since 1970 by the source's clock: `from` is done, `to` is where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub from: i64,
    pub to: i64,
}

/// What was said at the end of one counted tick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The tick's end, in seconds since 1970 by the source's clock.
    pub at: i64,
    pub mark: Mark,
    /// The most likely ratio of event rates, canary to baseline, and its interval.
    pub ratio: Option<f64>,
    pub low: f64,
    pub high: f64,
}

/// A declared panel that cannot be used; shown where it would stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// Which object or file it comes from.
    pub origin: Clean,
    pub why: Clean,
    /// It is critical, or nobody can tell whether it is: without it there is no GO.
    #[serde(default)]
    pub decides: bool,
}

/// The weight moved, by the wall clock of this machine in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightMove {
    pub at: i64,
    /// To what, in percent; none where only the moment is known.
    pub percent: Option<f64>,
    #[serde(default)]
    pub when: When,
}

/// How a move stands to its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    #[default]
    Then,
    /// At some time from then until the next: nobody knows when.
    Later,
    /// At some time before: a look found it so.
    Before,
}
