//! Everything the program knows, scroll positions and typed text included. Only `update` changes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tui_input::Input;

pub use super::overlay::{Confirm, GuardDialog, GuardOrder, Overlay, Rehearsal, ResetDialog};
pub use super::panel::{Asked, Evidence, History, Judged, Panel, WeightMove, When, Wrong};
pub use super::tense::Tense;
use super::{
    acts::Change,
    budget::Budget,
    effect::WatchId,
    event::Size,
    guard::Guard,
    pairs,
    past::Past,
    pulse::Pulse,
    settings::{Environment, Role, Settings},
    study::Study,
};
use crate::{
    domain::{
        clean::{Clean, Name},
        debrief::Debrief,
        failure::Failure,
        health::Health,
        journal::ActId,
        plan::{Plan, Receipt},
        release::{Release, ReleaseId},
        reset::Reset,
        target::{Target, TargetRef},
        time::{At, Seconds},
        timeline::Moment,
        verdict::{Verdict, Word},
    },
    judge::split::{Split, SplitFinding},
};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// The stamp of the newest event: what "now" is on screen.
    pub at: At,
    /// Counts events; a frame is known by the generation it shows.
    pub generation: u64,
    /// The generation of the newest frame that is on the terminal in full.
    pub painted: u64,
    pub size: Size,
    pub settings: Settings,
    pub sources: Vec<Source>,
    pub board: Board,
    /// The opened release; the board is on screen while there is none.
    pub open: Option<Open>,
    /// A release to open as soon as the board shows exactly one that matches.
    pub wanted: Option<TargetRef>,
    pub overlay: Option<Overlay>,
    /// Acts of this run, oldest first; proven ones stay until their receipt is closed.
    pub acts: Vec<Act>,
    /// The guard that this run is; none where a person looks.
    #[serde(default)]
    pub guard: Option<Box<Guard>>,
    /// A guard that was told from here to stand down, until that is answered.
    #[serde(default)]
    pub standing_down: Option<ActId>,
    /// Guards' processes that this run has started and that have not ended since.
    #[serde(default)]
    pub started: Vec<Target>,
    pub notice: Option<Notice>,
    /// Monotonic time of the last key; none before the first.
    #[serde(default)]
    pub touched: Option<u64>,
    /// What a demo suggests to whoever does nothing.
    #[serde(default)]
    pub hint: Option<Clean>,
    /// What a simulated release cost and would have cost, once it is over.
    #[serde(default)]
    pub debrief: Option<Box<Debrief>>,
    /// It is still to be shown.
    #[serde(default)]
    pub debrief_due: bool,
    /// When NO-GO was said first, whatever became of it and whatever screen was open since.
    #[serde(default)]
    pub no_go_said: Option<DateTime<Utc>>,
    /// The past was looked at in this run.
    #[serde(default)]
    pub looked_back: bool,
    /// Regressions that were set aside, in this run and before it.
    #[serde(default)]
    pub resets: Vec<Reset>,
    /// The last title that was set, so that it is set again only when it changes.
    pub title: String,
    /// It is a moment of a recording, and nothing of it is now. Whoever plays one says so; it is in none.
    #[serde(skip)]
    pub tense: Tense,
    pub quitting: bool,
    /// The wall time, in seconds and at the pace of the screen, that it was last painted for.
    pub clock: i64,
    /// The next number for watches, questions and acts.
    pub next_id: u64,
}

/// A configured place to look, and how it is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub name: Name,
    pub short: Clean,
    pub role: Role,
    pub environment: Environment,
    pub folders: Vec<Name>,
    pub health: Health,
    /// Monotonic time of the last sign of life; none before the first.
    pub heard: Option<u64>,
    /// As whom it knows us, where it said so.
    pub user: Option<Clean>,
    /// Acts are allowed until then, by whichever of its two clocks says first that it is over: one stands still while
    /// the machine sleeps, the other can be set back.
    #[serde(default, rename = "armed")]
    pub armed_until: Option<At>,
    /// Seconds its clock is ahead of ours, where it says its time.
    pub skew: Option<f64>,
    /// How far behind its own clock its newest numbers are by design.
    #[serde(default)]
    pub held_back: Seconds,
    /// The board's watch on it.
    pub watch: Option<WatchId>,
    /// The board's first list of it has come; before that an empty board says nothing.
    pub listed: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Board {
    #[serde(with = "pairs")]
    pub releases: BTreeMap<Target, Row>,
    /// What is shown, most urgent first; changes its order only when the cursor has rested.
    pub order: Vec<Target>,
    /// `order` waits for the cursor to rest.
    pub unsettled: bool,
    /// What became urgent meanwhile: the `↑2` at the top.
    pub risen: BTreeSet<Target>,
    /// The selection is an identity, not a place.
    pub cursor: Option<Target>,
    /// First line on screen, an index into `order`.
    pub scroll: usize,
    /// Monotonic time of the last move of the cursor by hand; none before the first.
    pub moved: Option<u64>,
    pub filter: Input,
    /// What was said last of releases that this run has opened and left, one word each.
    #[serde(default, with = "pairs")]
    pub said: BTreeMap<Target, Said>,
}

impl Board {
    /// What was said last of a release, if it still is the same one.
    #[must_use]
    pub fn said(&self, release: &Release) -> Option<&Said> {
        self.said.get(&release.id.target).filter(|said| said.release == release.id)
    }
}

/// The last word on a release that was left. Nobody has looked since, so that it is always told with its age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub release: ReleaseId,
    pub word: Word,
    /// How new the numbers are that it stood on when the release was left; then, where it stood on none.
    pub at: DateTime<Utc>,
    /// Since when the release was in its phase, where the run that looked at it saw that.
    #[serde(default)]
    pub since: Option<DateTime<Utc>>,
}

/// One release on the board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub release: Arc<Release>,
    /// Since when it is in this phase, as far as this run saw.
    pub since: DateTime<Utc>,
    /// The phase began before this run looked, and the backend does not say when.
    pub since_at_least: bool,
    /// The heartbeats of its guard, as this run saw them.
    #[serde(default)]
    pub pulse: Option<Pulse>,
}

/// The opened release.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Open {
    pub target: Target,
    pub watch: WatchId,
    /// How the release's own watch is doing; its parts are live only while this is.
    pub health: Health,
    /// None until first heard of; the board's row until its own watch has reported.
    pub release: Option<Arc<Release>>,
    /// Its own watch has reported; before that no act is offered.
    pub complete: bool,
    /// The backend said that it is there no more.
    pub gone: bool,
    pub view: View,
    /// The focused part of the cockpit; the arrows move in it.
    pub pane: Pane,
    /// Chosen by hand; else the tab that matters.
    pub tab: Option<Pane>,
    /// First line of each pane, in the order of `Pane`.
    pub scroll: [usize; 4],
    /// Every panel has its own line, however calm.
    #[serde(default)]
    pub unfolded: bool,
    /// What the evidence screen shows.
    #[serde(default)]
    pub study: Study,
    pub filter: Input,
    pub panels: Vec<Panel>,
    /// Declared panels that cannot be used, and why.
    pub wrong: Vec<Wrong>,
    #[serde(default)]
    pub budgets: Vec<Budget>,
    /// What this run saw happen, oldest first, bounded; merged with the backend's own on screen.
    pub seen: Vec<Moment>,
    /// When the weight moved and to what by the cluster's clock, oldest first, as far as known.
    pub weights: Vec<WeightMove>,
    /// What it was when this run first saw it.
    #[serde(default)]
    pub first_weight: Option<WeightMove>,
    /// How far the cluster's clock was ahead of ours when the release was told, in whole seconds: its times are moved by
    /// that.
    #[serde(default)]
    pub told_ahead: i64,
    /// Since when the cluster is not heard, in seconds of its clock: the weight may have moved meanwhile.
    #[serde(default)]
    pub blind_since: Option<i64>,
    /// When this program went on after a time that it was not there for, in monotonic milliseconds.
    #[serde(default)]
    pub woke: Option<u64>,
    /// Number of critical panels, fixed when the first of them began to be judged on this revision: each has that part
    /// of the release's error rate. One that is declared later is judged with the number there is then, if larger.
    pub critical: Option<Critical>,
    /// Whether the router does what it was told; none without a weight and counted exposures.
    pub split: Option<Watched>,
    /// The last verdict that was told; none before the first.
    pub said: Option<Word>,
    /// When each was last told aloud.
    pub told: LastTold,
    /// The heartbeats of its guard, as this run saw them.
    #[serde(default)]
    pub pulse: Option<Pulse>,
    /// What this run saw of it before. Not in recordings: it is made again as they are played.
    #[serde(skip)]
    pub past: Past,
    /// An earlier time that is on screen instead of now.
    #[serde(default)]
    pub looking: Option<DateTime<Utc>>,
}

/// How many critical panels share the error rate of one revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Critical {
    pub revision: Name,
    pub panels: u32,
}

/// The traffic split as one panel's exposures show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// The panel whose exposures are counted: the busiest when watching began.
    pub panel: Clean,
    pub split: Split,
    /// What it said at an earlier time that is looked at; none now.
    #[serde(default)]
    pub found: Option<SplitFinding>,
    /// When the weight was set that it is held to, and the end of the newest tick it has seen, in seconds since 1970 by
    /// the source's clock.
    pub since: i64,
    pub to: i64,
}

impl Watched {
    /// Whether it is this panel's exposures that are counted.
    #[must_use]
    pub fn is_of(&self, panel: &Panel) -> bool {
        panel.spec.name == self.panel && panel.spec.kind.counts_exposures() && panel.evidence.judge.is_some()
    }

    #[must_use]
    pub fn finding(&self) -> SplitFinding {
        self.found.unwrap_or_else(|| self.split.finding())
    }
}

/// Monotonic times at which a verdict was last told aloud, so that one that goes to and fro stays calm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTold {
    pub go: Option<u64>,
    pub no_go: Option<u64>,
    pub unknown: Option<u64>,
}

/// What the release screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    Cockpit,
    /// Every pod, full screen.
    Pods,
    /// Everything that happened, full screen.
    Timeline,
    /// One panel with everything that is known of it, full screen.
    Evidence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pane {
    Metrics,
    Steps,
    Pods,
    Timeline,
}

impl Pane {
    pub const ALL: [Self; 4] = [Self::Metrics, Self::Steps, Self::Pods, Self::Timeline];
}

/// One act of this run, from the key to the proof.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    pub id: ActId,
    pub plan: Plan,
    pub reason: Option<Clean>,
    pub verdict: Verdict,
    /// When it was sent.
    pub sent: At,
    pub stage: Stage,
    /// The other side has answered, whatever it said.
    pub replied: bool,
    /// When a later snapshot first showed the effect; it counts once the reply does not contradict it.
    pub met: Option<At>,
    /// After a conflict: what differs now from what was sent.
    pub changed: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Sent; no reply yet.
    Sent,
    /// Acknowledged; the effect is not seen yet.
    Accepted(Receipt),
    /// The reply was lost; the effect decides.
    Unconfirmed(Failure),
    /// The other side refused, or nothing was sent.
    Failed(Failure),
    /// The effect was seen.
    Seen { at: DateTime<Utc>, after_ms: u64 },
    /// The effect was not seen in the time that is normal. A later sighting still makes it `Seen`.
    NoEffect { after_ms: u64 },
}

impl Stage {
    /// Whether it is still open what became of it.
    #[must_use]
    pub const fn is_unproven(&self) -> bool {
        match self {
            Self::Sent | Self::Accepted(_) | Self::Unconfirmed(_) => true,
            Self::Failed(_) | Self::Seen { .. } | Self::NoEffect { .. } => false,
        }
    }
}

/// One line at the foot of the screen until it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    pub text: Clean,
    pub kind: NoticeKind,
    /// Monotonic time at which it goes by itself.
    pub until: u64,
    /// It answers a key in the dialog that is open: it stands beside the question, and goes with the dialog.
    #[serde(default)]
    pub in_dialog: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    Said,
    Warning,
    Trouble,
}

impl State {
    /// The state before anything has happened.
    #[must_use]
    pub fn new(settings: Settings, size: Size, at: At) -> Self {
        // A story is told to be acted in.
        let armed_until = settings.is_armed_from_the_start().then(|| settings.armed_until(at));
        let resets = settings.resets.clone();
        let sources = settings
            .sources
            .iter()
            .map(|s| Source {
                name: s.name.clone(),
                short: s.short.clone(),
                role: s.role,
                environment: s.environment,
                folders: s.folders.clone(),
                health: Health::Connecting,
                heard: None,
                user: None,
                armed_until: armed_until.filter(|_| s.role == Role::Backend),
                skew: None,
                held_back: Seconds::default(),
                watch: None,
                listed: false,
            })
            .collect();
        Self {
            at,
            generation: 0,
            painted: 0,
            size,
            settings,
            sources,
            board: Board::default(),
            open: None,
            wanted: None,
            overlay: None,
            acts: Vec::new(),
            guard: None,
            standing_down: None,
            started: Vec::new(),
            notice: None,
            touched: None,
            hint: None,
            debrief: None,
            debrief_due: false,
            no_go_said: None,
            looked_back: false,
            resets,
            title: String::new(),
            tense: Tense::Now,
            quitting: false,
            clock: 0,
            next_id: 1,
        }
    }

    #[must_use]
    pub fn source(&self, name: &Name) -> Option<&Source> {
        self.sources.iter().find(|s| s.name == *name)
    }

    /// How far a source's clock is ahead of ours, in whole seconds; 0 where that is not known.
    #[must_use]
    pub fn ahead(&self, source: &Name) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "saturates; a clock is not off by more than that")]
        let skew = self.source(source).and_then(|s| s.skew).unwrap_or(0.0).round() as i64;
        skew
    }

    /// The second it is at a source now, by its own clock where that is known.
    #[must_use]
    pub fn second_at(&self, source: &Name) -> i64 {
        self.at.wall.timestamp().saturating_add(self.ahead(source))
    }

    /// When a second of a source's own clock was by ours.
    #[must_use]
    pub fn wall_of(&self, source: &Name, second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second.saturating_sub(self.ahead(source)), 0).unwrap_or(self.at.wall)
    }

    /// How old a panel's newest sample is, both by its source's clock.
    #[must_use]
    pub fn age_of(&self, panel: &Panel) -> Option<Seconds> {
        let ahead = TimeDelta::seconds(self.ahead(&panel.spec.source));
        panel.newest.map(|newest| Seconds::between(newest, self.at.wall + ahead))
    }

    #[must_use]
    pub fn act(&self, id: ActId) -> Option<&Act> {
        self.acts.iter().find(|a| a.id == id)
    }
}
