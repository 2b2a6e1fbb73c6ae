//! A run without a screen: the same loop, effects, journal and recording, with lines instead of frames.
//!
//! It outlives its terminal: a hang-up is only told to the core, and lines that nobody takes are dropped.

use std::{collections::BTreeMap, fmt, future, path::PathBuf, sync::Arc};

use futures::FutureExt;
use tokio::{
    signal::unix::{Signal as Stream, SignalKind, signal},
    sync::mpsc,
    time::sleep_until,
};

use super::{clock::Clock, effects::Effects, flight::Faults, journaling::Journaling, log, recorder::Recorder};
use crate::{
    backend::Backend,
    core::{
        effect::Effect,
        event::{Event, Signal, Size, Stamped},
        settings::Settings,
        state::State,
        update::{deadline, start, update},
    },
    domain::{clean::Name, journal::Entry, timeline::Moment},
    metrics::Source,
};

/// What screens that are not there would be.
const SIZE: Size = Size { columns: 120, rows: 40 };
const INBOX: usize = 256;
/// How long the end waits for the reply of an act.
const REPLY_MS: u64 = 4_000;

/// Everything such a run needs.
pub struct Unmanned {
    pub settings: Settings,
    pub backends: BTreeMap<Name, Arc<dyn Backend>>,
    pub metrics: BTreeMap<Name, Arc<dyn Source>>,
    pub clock: Clock,
    pub data: Option<PathBuf>,
    pub record: Option<PathBuf>,
    /// What it is told first.
    pub first: Option<Event>,
}

impl fmt::Debug for Unmanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unmanned")
            .field("backends", &self.backends.keys())
            .field("first", &self.first)
            .finish_non_exhaustive()
    }
}

/// What a run has to tell while it goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    Moment(Moment),
    /// Trouble on this machine.
    Trouble(String),
    Bell,
}

/// Runs until the core quits or `enough` says so; the state it ended in.
///
/// # Errors
/// When a thread cannot be started, signals cannot be heard, or the recording asked for cannot be made.
pub async fn fly(
    unmanned: Unmanned,
    mut say: impl FnMut(&State, Word),
    mut enough: impl FnMut(&State) -> bool,
) -> anyhow::Result<State> {
    let Unmanned { settings, backends, metrics, clock, data, record, first } = unmanned;
    let mut signals = [
        (signal(SignalKind::hangup())?, Signal::HangUp),
        (signal(SignalKind::terminate())?, Signal::Terminate),
        (signal(SignalKind::interrupt())?, Signal::Interrupt),
    ];
    if let Some(data) = data.as_ref().filter(|_| !log::is_on())
        && let Err(error) = log::init(data)
    {
        let state = State::new(settings.clone(), SIZE, clock.now());
        say(&state, Word::Trouble(format!("there is no log: `{}`: {error}", data.display())));
    }
    let faults = Faults::new();
    let mut recorder = Recorder::new(record, data.clone(), clock, faults.sender())?;
    let mut faults = faults.into_receiver();
    let (sender, mut inbox) = mpsc::channel(INBOX);
    let mut effects = Effects::new(backends, metrics, data, sender)?;
    let mut state = State::new(settings, SIZE, clock.now());
    let mut teller = Teller::default();
    let mut end = None;
    for effect in start(&mut state) {
        perform(&mut effects, effect);
    }
    let mut next = first;
    loop {
        if let Some(event) = next.take() {
            if let Event::Applied { act, .. } = event {
                effects.replied(act);
            }
            if let Event::Fault(why) = &event {
                say(&state, Word::Trouble(why.to_string()));
            }
            let stamped = Stamped { at: clock.now(), event };
            recorder.push(&state, &stamped);
            let mut bell = false;
            for effect in update(&mut state, stamped) {
                match effect {
                    Effect::Bell => bell = true,
                    Effect::Quit => end = Some(clock.mono() + REPLY_MS),
                    other => perform(&mut effects, other),
                }
            }
            teller.tell(&state, &mut say);
            if bell {
                say(&state, Word::Bell);
            }
        }
        if enough(&state) || end.is_some_and(|at| !effects.is_acting() || clock.mono() >= at) {
            break;
        }
        let due = match (deadline(&state), end) {
            (Some(due), Some(end)) => Some(due.min(end)),
            (due, end) => due.or(end),
        };
        let timer = match due {
            Some(due) => sleep_until(clock.moment(due)).left_future(),
            None => future::pending().right_future(),
        };
        next = tokio::select! { biased;
            signal = heard(&mut signals) => Some(Event::Signal(signal)),
            Some(fault) = faults.recv() => Some(fault),
            Some(event) = inbox.recv() => Some(event),
            fault = effects.failed() => Some(fault),
            () = timer => end.is_none().then_some(Event::Tick),
        };
    }
    effects.finish().await;
    recorder.finish();
    Ok(state)
}

/// Writes one entry of the journal through to the disk, for a command that does nothing else.
///
/// # Errors
/// Why it is not there.
pub async fn journal(data: PathBuf, entry: Entry) -> anyhow::Result<()> {
    let journal = Journaling::start(Some(data))?;
    let written = journal.append(Box::new(entry)).await;
    journal.finish();
    written?.map_err(|why| anyhow::anyhow!("{why}"))
}

/// The next signal of any.
async fn heard(signals: &mut [(Stream, Signal); 3]) -> Signal {
    let [(hang_up, one), (terminate, two), (interrupt, three)] = signals;
    tokio::select! {
        Some(()) = hang_up.recv() => *one,
        Some(()) = terminate.recv() => *two,
        Some(()) = interrupt.recv() => *three,
        else => future::pending().await,
    }
}

fn perform(effects: &mut Effects, effect: Effect) {
    match effect {
        Effect::Watch { watch, source, scope } => effects.watch(watch, &source, scope),
        Effect::Unwatch(watch) => effects.unwatch(watch),
        Effect::Ask { ask, question } => effects.ask(ask, question),
        Effect::Apply { act, plan, intent } => effects.apply(act, *plan, intent),
        Effect::Rehearse { act, plan } => effects.rehearse(act, *plan),
        Effect::Journal(entry) => effects.journal(entry),
        Effect::Beat { act, beat } => effects.beat(act, *beat),
        // Nobody is here who could look or press a key, and what runs unmanned starts nothing.
        Effect::StartGuard(_)
        | Effect::Paint
        | Effect::Bell
        | Effect::Title(_)
        | Effect::Copy(_)
        | Effect::Suspend
        | Effect::Redraw
        | Effect::Quit => {}
    }
}

/// Tells what the run has seen, each moment once.
#[derive(Default)]
struct Teller {
    last: Option<Moment>,
}

impl Teller {
    fn tell(&mut self, state: &State, say: &mut impl FnMut(&State, Word)) {
        let Some(open) = &state.open else { return };
        let from = self.last.as_ref().and_then(|last| open.seen.iter().rposition(|moment| moment == last));
        for moment in open.seen.iter().skip(from.map_or(0, |place| place + 1)) {
            say(state, Word::Moment(moment.clone()));
        }
        if let Some(last) = open.seen.last() {
            self.last = Some(last.clone());
        }
    }
}
