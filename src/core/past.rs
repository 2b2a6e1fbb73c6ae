//! The opened release as it was: what this run kept of earlier moments, and the state that shows one of them.
//!
//! Nothing can be sent from there: whatever acts comes back to now first. It is no part of a recording, for playing
//! one makes it again.

use std::{collections::VecDeque, mem::size_of, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    budget::Budget,
    content,
    evidence::{self, Reading},
    pulse::Pulse,
    state::{Open, Panel, Source, State, Watched},
    study::Chosen,
};
use crate::{
    domain::{
        clean::Clean,
        health::Health,
        panel::PanelTrouble,
        release::Release,
        time::{At, Seconds},
    },
    judge::{
        Finding, Pods,
        shared::Compared,
        split::{Split, SplitFinding},
    },
};

/// Most glimpses kept: at the usual pace of 40 minutes every one, of what is older every other, and so on.
const MOST: usize = 240;
/// Most bytes that they take, roughly.
const MOST_BYTES: usize = 3 << 20;
/// Time between two of them while nothing happens.
const EVERY: TimeDelta = TimeDelta::seconds(10);
/// Time between two of them at least, however much happens.
const APART: TimeDelta = TimeDelta::seconds(1);

/// What the opened release looked like at one time.
#[derive(Clone, Debug)]
struct Glimpse {
    at: DateTime<Utc>,
    /// In the order of the state's sources.
    sources: Vec<Heard>,
    health: Health,
    gone: bool,
    release: Arc<Release>,
    /// Which panels there were, and in the same order what they showed.
    names: Arc<[Chosen]>,
    panels: Vec<Shown>,
    split: Option<(Clean, SplitFinding)>,
    budgets: Arc<[Budget]>,
    pulse: Option<Pulse>,
    /// How much had been seen to happen.
    happened: usize,
    /// Something had since the glimpse before.
    is_news: bool,
    /// What it takes in memory by itself, roughly.
    bytes: usize,
}

/// How a source stood.
#[derive(Clone, Debug)]
struct Heard {
    health: Health,
    /// Milliseconds since its last sign of life.
    ago: Option<u64>,
}

/// What a panel showed.
#[derive(Clone, Debug)]
struct Shown {
    reading: Reading,
    finding: Option<Finding>,
    pods: Pods,
    counted_to: Option<i64>,
    compared: Option<Compared>,
    refused: Option<Clean>,
    trouble: Option<PanelTrouble>,
    newest: Option<DateTime<Utc>>,
    answered_to: Option<i64>,
}

/// The glimpses of the opened release, oldest first. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Past {
    kept: VecDeque<Arc<Glimpse>>,
    bytes: usize,
}

/// How far one step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stride {
    /// To where something happened.
    Moment,
    /// To the next glimpse.
    Glimpse,
}

/// There is nothing older that this run can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NothingOlder;

/// Keeps what is shown now, if something happened or enough time has passed since the last time.
pub(super) fn keep(state: &mut State) {
    let Some(open) = &state.open else { return };
    let Some(release) = open.release.as_ref().filter(|_| open.complete) else { return };
    let happened = open.seen.len() + release.timeline.len();
    let last = open.past.kept.back();
    let is_news = last.is_none_or(|last| last.happened != happened);
    let is_near = |apart| last.is_some_and(|last| state.at.wall < last.at + apart);
    // What happens right after a quiet glimpse takes its place.
    let instead = is_news && is_near(APART);
    if is_near(if is_news { APART } else { EVERY }) && !(instead && last.is_some_and(|last| !last.is_news)) {
        return;
    }
    let glimpse = Glimpse::of(state, open, release, happened, is_news);
    if let Some(open) = &mut state.open {
        open.past.push(glimpse, instead);
    }
}

impl Past {
    /// Adds the newest glimpse, `instead` of the one before or after it.
    fn push(&mut self, glimpse: Glimpse, instead: bool) {
        if instead && let Some(last) = self.kept.pop_back() {
            self.bytes -= last.bytes;
        }
        self.bytes += glimpse.bytes;
        self.kept.push_back(Arc::new(glimpse));
        while self.kept.len() > MOST || (self.bytes > MOST_BYTES && self.kept.len() > 2) {
            self.thin_out();
        }
    }

    /// Leaves out every other one of the older half: those of quiet times first.
    fn thin_out(&mut self) {
        let (all, half) = (self.kept.len(), self.kept.len() / 2);
        for quiet_only in [true, false] {
            let (mut place, mut odd) = (0, false);
            self.kept.retain(|glimpse| {
                place += 1;
                if place > half || (quiet_only && glimpse.is_news) {
                    return true;
                }
                odd = !odd;
                odd
            });
            if self.kept.len() < all {
                break;
            }
        }
        self.bytes = self.kept.iter().map(|glimpse| glimpse.bytes).sum();
    }

    /// How many glimpses there are, and how many bytes they take, roughly.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.kept.len(), self.bytes)
    }

    /// The first one from `at` on; the newest where none is that new.
    fn at(&self, at: DateTime<Utc>) -> Option<&Glimpse> {
        let place = self.kept.partition_point(|glimpse| glimpse.at < at);
        self.kept.get(place).or(self.kept.back()).map(AsRef::as_ref)
    }
}

/// The times that steps go to, oldest first.
fn stops(open: &Open, stride: Stride) -> Vec<DateTime<Utc>> {
    let past = &open.past;
    let mut stops: Vec<DateTime<Utc>> = match stride {
        Stride::Glimpse => past.kept.iter().map(|glimpse| glimpse.at).collect(),
        Stride::Moment => {
            let newest = past.kept.back().map(|glimpse| glimpse.at);
            let moments = content::timeline(open).into_iter().filter(|moment| Some(moment.at) <= newest);
            let then = moments.filter_map(|moment| past.at(moment.at)).map(|glimpse| glimpse.at);
            // What was seen first is where all of it begins.
            then.chain(past.kept.front().map(|glimpse| glimpse.at)).collect()
        }
    };
    stops.sort_unstable();
    stops.dedup();
    stops
}

/// The time that is looked at after one step back (`older`) or on; none is now.
///
/// # Errors
/// When nothing older was kept.
pub fn step(open: &Open, stride: Stride, older: bool) -> Result<Option<DateTime<Utc>>, NothingOlder> {
    let stops = stops(open, stride);
    match (open.looking, older) {
        (None, false) => Ok(None),
        (None, true) => stops.last().copied().map(Some).ok_or(NothingOlder),
        (Some(now), true) => stops.iter().rev().find(|at| **at < now).copied().map(Some).ok_or(NothingOlder),
        (Some(now), false) => Ok(stops.iter().find(|at| **at > now).copied()),
    }
}

/// The state as it was at the time that is looked at; none while that is now.
#[must_use]
pub fn shown(state: &State) -> Option<State> {
    let open = state.open.as_ref()?;
    let glimpse = open.past.at(open.looking?)?;
    // Not cloned whole: what the judges keep is large, and nobody sees it.
    let at = At { wall: glimpse.at, mono: state.at.mono };
    let mut then = State::new(state.settings.clone(), state.size, at);
    let heard = |(source, heard): (&Source, &Heard)| {
        let heard_at = heard.ago.map(|ago| at.mono.saturating_sub(ago));
        Source { health: heard.health.clone(), heard: heard_at, ..source.clone() }
    };
    then.sources = state.sources.iter().zip(&glimpse.sources).map(heard).collect();
    then.resets = state.resets.iter().filter(|reset| reset.at <= glimpse.at).cloned().collect();
    then.open = Some(glimpse.open(open));
    Some(then)
}

/// How long ago it was that `then` shows, by now.
#[must_use]
pub fn ago(now: &State, then: &State) -> Seconds {
    Seconds(now.at.since(then.at.wall).0.max(0.0).floor())
}

impl Glimpse {
    fn of(state: &State, open: &Open, release: &Arc<Release>, happened: usize, is_news: bool) -> Self {
        let last = open.past.kept.back();
        let names: Vec<Chosen> = open.panels.iter().map(Chosen::of).collect();
        let is_same = last.is_some_and(|last| Arc::ptr_eq(&last.release, release));
        let panels: Vec<Shown> = open.panels.iter().map(Shown::of).collect();
        let own = size_of::<Self>() + panels.iter().map(Shown::bytes).sum::<usize>();
        Self {
            at: state.at.wall,
            sources: state.sources.iter().map(|source| Heard::of(source, state.at)).collect(),
            health: open.health.clone(),
            gone: open.gone,
            release: Arc::clone(release),
            names: match last.filter(|last| *last.names == *names) {
                Some(last) => Arc::clone(&last.names),
                None => names.into(),
            },
            panels,
            split: open.split.as_ref().and_then(|watched| Some((watched.panel.clone(), evidence::split(open)?))),
            budgets: match last.filter(|last| *last.budgets == *open.budgets) {
                Some(last) => Arc::clone(&last.budgets),
                None => open.budgets.as_slice().into(),
            },
            pulse: open.pulse.clone(),
            happened,
            is_news,
            bytes: own + if is_same { 0 } else { length(release) },
        }
    }

    /// The opened release as it was.
    fn open(&self, open: &Open) -> Open {
        let now = self.at.timestamp();
        let panels = open.panels.iter().map(|panel| {
            let chosen = Chosen::of(panel);
            let shown = self.names.iter().zip(&self.panels).find(|(name, _)| **name == chosen);
            match shown {
                Some((_, shown)) => shown.panel(panel),
                None => later(panel),
            }
        });
        Open {
            target: open.target.clone(),
            watch: open.watch,
            health: self.health.clone(),
            release: Some(Arc::clone(&self.release)),
            complete: true,
            gone: self.gone,
            view: open.view,
            pane: open.pane,
            tab: open.tab,
            scroll: open.scroll,
            unfolded: open.unfolded,
            study: open.study.clone(),
            filter: open.filter.clone(),
            panels: panels.collect(),
            wrong: open.wrong.clone(),
            budgets: self.budgets.to_vec(),
            seen: open.seen.iter().filter(|moment| moment.at <= self.at).cloned().collect(),
            weights: open.weights.iter().filter(|moved| moved.at <= now).copied().collect(),
            first_weight: open.first_weight,
            told_ahead: open.told_ahead,
            blind_since: None,
            woke: None,
            critical: open.critical.clone(),
            split: self.split.as_ref().map(|(panel, found)| Watched {
                panel: panel.clone(),
                split: Split::new(1.0, found.set, now),
                found: Some(*found),
                since: now,
                to: now,
            }),
            told: open.told,
            said: open.said,
            pulse: self.pulse.clone(),
            past: Past::default(),
            looking: open.looking,
        }
    }
}

impl Heard {
    fn of(source: &Source, at: At) -> Self {
        Self { health: source.health.clone(), ago: source.heard.map(|heard| at.millis_since(heard)) }
    }
}

impl Shown {
    fn of(panel: &Panel) -> Self {
        Self {
            reading: panel.reading.clone(),
            finding: panel.evidence.finding,
            pods: panel.evidence.pods,
            counted_to: panel.evidence.counted_to,
            compared: panel.evidence.compared,
            refused: panel.evidence.refused.clone(),
            trouble: panel.trouble.clone(),
            newest: panel.newest,
            answered_to: panel.answered_to,
        }
    }

    fn bytes(&self) -> usize {
        let why = self.reading.verdict.why.iter().map(|why| size_of::<Clean>() + why.len());
        size_of::<Self>() + why.sum::<usize>()
    }

    /// The panel as it was: its charts end where they ended then.
    fn panel(&self, panel: &Panel) -> Panel {
        let to = self.answered_to.unwrap_or(i64::MIN);
        let mut then = bare(panel);
        then.ticks = until(&panel.ticks, |tick| tick.at <= to);
        then.levels = until(&panel.levels, |level| level.at <= to);
        then.points = until(&panel.points, |point| point.at <= to);
        then.trail = until(&panel.trail, |judged| judged.at <= to);
        then.moves = until(&panel.moves, |moved| moved.at <= to);
        then.left_out = until(&panel.left_out, |(from, _)| *from <= to);
        (then.newest, then.answered_to) = (self.newest, self.answered_to);
        then.reading.clone_from(&self.reading);
        then.trouble.clone_from(&self.trouble);
        let evidence = &mut then.evidence;
        (evidence.finding, evidence.pods, evidence.compared) = (self.finding, self.pods, self.compared);
        evidence.counted_to = self.counted_to;
        evidence.answering.clone_from(&panel.evidence.answering);
        evidence.refused.clone_from(&self.refused);
        evidence.judge.clone_from(&panel.evidence.judge);
        evidence.uncalibrated.clone_from(&panel.evidence.uncalibrated);
        then
    }
}

/// A panel that came later.
fn later(panel: &Panel) -> Panel {
    Panel { reading: Reading::unknown("not asked for yet"), ..bare(panel) }
}

/// What of a panel is the same at all times.
fn bare(panel: &Panel) -> Panel {
    Panel {
        exposed_since: panel.exposed_since,
        judged_since: panel.judged_since,
        ..Panel::new(panel.spec.clone(), panel.arms.clone(), panel.step, panel.due)
    }
}

/// The items of a list in order of time up to where it was then.
fn until<T: Clone>(items: &[T], was: impl Fn(&T) -> bool) -> Vec<T> {
    items.iter().take_while(|item| was(item)).cloned().collect()
}

/// What a release takes, roughly: as long as it is written down.
fn length(release: &Release) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // One that cannot be written down counts as the room there is for all.
    serde_json::to_writer(&mut count, release).map_or(MOST_BYTES, |()| count.0)
}
