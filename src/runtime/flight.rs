//! The loop: one event at a time into `update`, its effects performed, then at most one frame.
//!
//! Nothing is awaited but the next event. All times here are monotonic milliseconds of the program's clock.

use std::{fmt, future, io::Write, time::Duration};

use futures::FutureExt;
use tokio::{
    sync::mpsc,
    time::{sleep_until, timeout},
};

use super::{
    Exit, Program,
    clock::Clock,
    crash,
    effects::Effects,
    hangup::Sign,
    recorder::Recorder,
    screen::{Screen, Sent},
    terminal::{self, Terminal},
    writer::Written,
};
use crate::{
    core::{
        effect::Effect,
        event::{Event, Signal, Size, Stamped},
        state::State,
        update::{deadline, start, update},
    },
    theme::Theme,
    view,
};

/// Events of backends and sources that may wait; more hold their senders back.
const INBOX: usize = 256;
/// Events taken before the screen gets its turn.
const PASS: usize = 256;
/// Least time between paints that no key asked for.
const PACE_MS: u64 = 100;
/// Least time between paints while somebody waits for what a start or a key brings in.
const EAGER_MS: u64 = 16;
/// How long after a start or a key that is.
const AWAITED_MS: u64 = 500;
/// Least time between two wake-ups the state asked for, so that a deadline that stays past costs little.
const TICK_MS: u64 = 10;
/// How long a run that a signal ends waits for the reply of an act. One that is left by a key has waited already,
/// as long as the person wanted.
const REPLY_MS: u64 = 1_000;
/// How long leaving or suspending waits for a frame under way.
const FRAME_MS: u64 = 500;

/// Where keys and signals come from and frames go to.
pub struct Ports {
    /// Keys, pastes and resizes.
    pub keys: mpsc::Receiver<Event>,
    pub signs: mpsc::UnboundedReceiver<Sign>,
    pub output: Box<dyn Write + Send>,
    pub size: Size,
    /// What has to be left and entered again when suspended; none where no real terminal is painted.
    pub terminal: Option<Terminal>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").field("size", &self.size).field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

/// A way to tell the loop of trouble on this machine from any thread.
pub struct Faults {
    sender: mpsc::UnboundedSender<Event>,
    receiver: mpsc::UnboundedReceiver<Event>,
}

impl Faults {
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender, receiver }
    }

    pub fn sender(&self) -> mpsc::UnboundedSender<Event> {
        self.sender.clone()
    }

    pub fn into_receiver(self) -> mpsc::UnboundedReceiver<Event> {
        self.receiver
    }
}

/// When to paint.
#[derive(Debug, Default)]
struct Pace {
    /// Something on screen changed since the last paint.
    dirty: bool,
    /// Only time has changed it: a second that ticks must not hold back the news that comes right after it.
    by_time: bool,
    /// Somebody pressed a key and waits for its effect.
    urgent: bool,
    /// Until when what comes in is awaited.
    awaited: u64,
    last: Option<u64>,
}

impl Pace {
    /// The time of the next paint; none while nothing changed.
    fn due(&self) -> Option<u64> {
        let paced = self.last.map_or(0, |last| last + if last < self.awaited { EAGER_MS } else { PACE_MS });
        self.dirty.then_some(if self.urgent { 0 } else { paced })
    }

    /// Whether an event asked for a paint stands in `dirty`; `before` is what stood there before it.
    fn asked(&mut self, before: bool, by_time: bool) {
        if self.dirty {
            self.by_time = by_time && (self.by_time || !before);
        }
        self.dirty |= before;
    }

    fn painted(&mut self, now: u64) {
        let last = if self.by_time { self.last } else { Some(now) };
        *self = Self { dirty: false, by_time: false, urgent: false, last, ..*self };
    }
}

/// One run of the program.
pub struct Flight {
    state: State,
    theme: Theme,
    clock: Clock,
    effects: Effects,
    recorder: Recorder,
    screen: Screen,
    keys: mpsc::Receiver<Event>,
    signs: mpsc::UnboundedReceiver<Sign>,
    inbox: mpsc::Receiver<Event>,
    faults: Faults,
    terminal: Option<Terminal>,
    pace: Pace,
    last_tick: u64,
    /// The shell has the terminal, or is about to get it.
    away: bool,
    /// When the terminal is given to the shell even if a frame is still under way.
    suspend: Option<u64>,
    /// The terminal takes nothing any more.
    lost: bool,
    /// Nothing comes from the keyboard any more.
    deaf: bool,
    /// How the run ends, and when it does even if a reply is still out.
    end: Option<(Exit, u64)>,
}

/// What the loop woke for.
enum Woken {
    Event(Event),
    /// The keyboard's channel has closed.
    Deaf,
    Sign(Sign),
    Written(Written),
    Time,
}

impl Flight {
    /// # Errors
    /// When a thread cannot be started.
    pub fn new(program: Program, ports: Ports, recorder: Recorder, faults: Faults) -> anyhow::Result<Self> {
        let Program { settings, theme, backends, metrics, clock, record: _, data, launcher } = program;
        let Ports { keys, signs, output, size, terminal } = ports;
        let (sender, inbox) = mpsc::channel(INBOX);
        let mut state = State::new(settings, size, clock.now());
        let effects = Effects::new(backends, metrics, data, sender)?.with(launcher);
        let screen = Screen::new(size, output)?;
        let asked = start(&mut state);
        let mut flight = Self {
            state,
            theme,
            clock,
            effects,
            recorder,
            screen,
            keys,
            signs,
            inbox,
            faults,
            terminal,
            pace: Pace { dirty: true, awaited: clock.mono() + AWAITED_MS, ..Pace::default() },
            last_tick: 0,
            away: false,
            suspend: None,
            lost: false,
            deaf: false,
            end: None,
        };
        for effect in asked {
            flight.perform(effect, Exit::Quit)?;
        }
        Ok(flight)
    }

    /// Runs until the program is left; the state it ended in.
    ///
    /// # Errors
    /// When a frame cannot be encoded or the process cannot be suspended. The terminal is restored all the same.
    pub async fn fly(mut self) -> anyhow::Result<(Exit, State)> {
        let ended = self.cruise().await;
        if self.screen.is_busy() && !self.lost {
            // A frame that is still not written then is cut by what restores the terminal.
            drop(timeout(Duration::from_millis(FRAME_MS), self.screen.written()).await);
        }
        drop(self.terminal);
        // The journal before the recording: the process may be ended hard on the way.
        self.effects.finish().await;
        self.recorder.finish();
        ended.map(|exit| (exit, self.state))
    }

    async fn cruise(&mut self) -> anyhow::Result<Exit> {
        loop {
            self.paint()?;
            if let Some((exit, at)) = self.end
                && (!self.effects.is_acting() || self.clock.mono() >= at)
            {
                return Ok(exit);
            }
            let mut woken = Some(self.next().await);
            for _ in 0..PASS {
                let Some(what) = woken else { break };
                self.wake(what)?;
                woken = self.ready();
            }
            if let Some(what) = woken {
                self.wake(what)?;
            }
            self.tick()?;
            self.leave_for_shell()?;
        }
    }

    /// Waits for whatever comes first; of things that are there already, keys go first.
    async fn next(&mut self) -> Woken {
        let timer = match self.wake_at() {
            Some(at) => sleep_until(self.clock.moment(at)).left_future(),
            None => future::pending().right_future(),
        };
        tokio::select! { biased;
            key = self.keys.recv(), if !self.deaf => match key {
                Some(event) => Woken::Event(event),
                None => Woken::Deaf,
            },
            Some(sign) = self.signs.recv() => Woken::Sign(sign),
            Some(written) = self.screen.written() => Woken::Written(written),
            Some(fault) = self.faults.receiver.recv() => Woken::Event(fault),
            Some(event) = self.inbox.recv() => Woken::Event(event),
            fault = self.effects.failed() => Woken::Event(fault),
            () = timer => Woken::Time,
        }
    }

    /// Something that is there already, in the same order.
    fn ready(&mut self) -> Option<Woken> {
        let key = self.keys.try_recv().ok().map(Woken::Event);
        key.or_else(|| self.signs.try_recv().ok().map(Woken::Sign))
            .or_else(|| self.screen.try_written().map(Woken::Written))
            .or_else(|| self.faults.receiver.try_recv().ok().map(Woken::Event))
            .or_else(|| self.inbox.try_recv().ok().map(Woken::Event))
    }

    fn wake_at(&self) -> Option<u64> {
        let paint = self.pace.due().filter(|_| self.can_paint());
        let tick = deadline(&self.state).map(|at| at.max(self.last_tick + TICK_MS));
        [paint, tick, self.suspend, self.end.map(|(_, at)| at)].into_iter().flatten().min()
    }

    fn wake(&mut self, woken: Woken) -> anyhow::Result<()> {
        match woken {
            Woken::Time => Ok(()),
            Woken::Event(event) => self.take(event),
            Woken::Deaf => {
                self.deaf = true;
                self.hang_up()
            }
            Woken::Written(Written { result: Ok(()), frame }) => {
                frame.generation.map_or(Ok(()), |generation| self.take(Event::Painted { generation }))
            }
            Woken::Written(Written { result: Err(error), .. }) => {
                tracing::warn!(%error, "the terminal takes nothing any more");
                self.hang_up()
            }
            Woken::Sign(Sign::Stop) => self.perform(Effect::Suspend, Exit::Quit),
            Woken::Sign(Sign::Signal(Signal::HangUp)) => self.hang_up(),
            Woken::Sign(Sign::Signal(Signal::Continue)) => self.come_back(),
            Woken::Sign(Sign::Signal(signal @ (Signal::Terminate | Signal::Interrupt))) => {
                self.take(Event::Signal(signal))
            }
        }
    }

    fn hang_up(&mut self) -> anyhow::Result<()> {
        if std::mem::replace(&mut self.lost, true) {
            return Ok(());
        }
        self.take(Event::Signal(Signal::HangUp))
    }

    /// Records an event, lets the state take it and performs what it asks for.
    fn take(&mut self, event: Event) -> anyhow::Result<()> {
        let by_hand = matches!(event, Event::Key(_) | Event::Pasted(_));
        let is_tick = event == Event::Tick;
        let before = std::mem::take(&mut self.pace.dirty);
        let mut exit = Exit::Quit;
        if let Event::Signal(signal) = event {
            exit = Exit::Signal(signal);
        }
        if let Event::Resized(size) = event {
            self.screen.resize(size);
            self.pace.dirty = true;
        }
        if let Event::Applied { act, .. } = event {
            self.effects.replied(act);
        }
        let stamped = Stamped { at: self.clock.now(), event };
        self.recorder.push(&self.state, &stamped);
        if matches!(stamped.event, Event::Painted { .. }) {
            crash::on_purpose("loop");
        }
        for effect in update(&mut self.state, stamped) {
            self.perform(effect, exit)?;
        }
        self.pace.asked(before, is_tick);
        if by_hand {
            self.pace.urgent |= self.pace.dirty;
            self.pace.awaited = self.clock.mono() + AWAITED_MS;
        }
        Ok(())
    }

    /// `exit` is how the run ends if this effect ends it.
    fn perform(&mut self, effect: Effect, exit: Exit) -> anyhow::Result<()> {
        match effect {
            Effect::Paint => self.pace.dirty = true,
            Effect::Watch { watch, source, scope } => self.effects.watch(watch, &source, scope),
            Effect::Unwatch(watch) => self.effects.unwatch(watch),
            Effect::Ask { ask, question } => self.effects.ask(ask, question),
            Effect::Apply { act, plan, intent } => self.effects.apply(act, *plan, intent),
            Effect::Rehearse { act, plan } => self.effects.rehearse(act, *plan),
            Effect::Journal(entry) => self.effects.journal(entry),
            Effect::Beat { act, beat } => self.effects.beat(act, *beat),
            Effect::StartGuard(start) => self.effects.start_guard(*start),
            Effect::Bell => self.screen.bell(),
            Effect::Title(text) => self.screen.title(&text),
            Effect::Copy(text) => {
                if !self.screen.copy(&text) {
                    self.effects.fault("too long for the clipboard of a terminal".to_owned());
                }
            }
            Effect::Suspend => {
                self.away = true;
                self.suspend = Some(self.clock.mono() + FRAME_MS);
            }
            Effect::Redraw => {
                self.screen.clear()?;
                self.pace.dirty = true;
            }
            Effect::Quit => {
                let wait = match exit {
                    Exit::Quit => 0,
                    Exit::Signal(_) => REPLY_MS,
                };
                self.end.get_or_insert((exit, self.clock.mono() + wait));
            }
        }
        Ok(())
    }

    const fn can_paint(&self) -> bool {
        !self.away && !self.lost && !self.screen.is_busy()
    }

    fn paint(&mut self) -> anyhow::Result<()> {
        if !self.can_paint() {
            return Ok(());
        }
        let now = self.clock.mono();
        let mut generation = None;
        if self.pace.due().is_some_and(|due| due <= now) {
            self.screen.draw(|frame| view::draw(&self.state, &self.theme, frame))?;
            self.pace.painted(now);
            generation = Some(self.state.generation);
        }
        match (self.screen.send(generation), generation) {
            (Sent::Nothing, None) | (Sent::UnderWay, _) => Ok(()),
            // Not a cell differs: the terminal shows this state already.
            (Sent::Nothing, Some(generation)) => self.take(Event::Painted { generation }),
            (Sent::Refused, _) => self.hang_up(),
        }
    }

    /// Wakes the state when the time it asked for has come.
    fn tick(&mut self) -> anyhow::Result<()> {
        let now = self.clock.mono();
        if now < self.last_tick + TICK_MS || deadline(&self.state).is_none_or(|at| at > now) {
            return Ok(());
        }
        self.last_tick = now;
        self.take(Event::Tick)
    }

    /// Gives the terminal back and stops, once the frame under way is written or has had its time.
    fn leave_for_shell(&mut self) -> anyhow::Result<()> {
        let Some(at) = self.suspend else { return Ok(()) };
        if self.screen.is_busy() && self.clock.mono() < at {
            return Ok(());
        }
        self.suspend = None;
        if self.terminal.is_some() && terminal::has_shell() {
            terminal::restore();
            // The whole group: whoever waits for this process lets go of the terminal too.
            return Ok(rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?);
        }
        self.away = false;
        self.take(Event::Fault("there is no shell to go back to; leave with `q`".into()))
    }

    /// In the foreground again: what stands on the terminal and how large it is are not known.
    fn come_back(&mut self) -> anyhow::Result<()> {
        // A hang-up is followed by this signal, so that a stopped process can end.
        if self.lost {
            return Ok(());
        }
        if let Some(terminal) = &self.terminal {
            if let Err(error) = terminal.enter_again() {
                tracing::warn!(%error, "the terminal cannot be taken back");
                return self.hang_up();
            }
            let size = terminal::size();
            if size != self.state.size {
                self.take(Event::Resized(size))?;
            }
        }
        self.away = false;
        self.suspend = None;
        self.screen.clear()?;
        self.pace.dirty = true;
        self.take(Event::Signal(Signal::Continue))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paints_come_at_once_after_quiet_and_paced_in_a_burst() {
        // Last paint, asked for by a key, awaited until, expected time of the next.
        let cases = [
            (None, false, 0, 0),
            (Some(1_000), false, 0, 1_100),
            (Some(1_000), true, 0, 0),
            // What a start or a key brings in.
            (Some(1_000), false, 1_400, 1_016),
            (Some(1_400), false, 1_400, 1_500),
        ];
        for (last, urgent, awaited, due) in cases {
            let pace = Pace { dirty: true, by_time: false, urgent, awaited, last };
            assert_eq!(pace.due(), Some(due), "{pace:?}");
            assert_eq!(Pace { dirty: false, ..pace }.due(), None);
        }
    }

    #[test]
    fn a_second_that_ticks_holds_no_news_back() {
        let mut pace = Pace { last: Some(1_000), ..Pace::default() };
        pace.dirty = true;
        pace.asked(false, true);
        pace.painted(2_000);
        pace.dirty = true;
        pace.asked(false, false);
        assert_eq!(pace.due(), Some(1_100), "long past: at once");
        pace.painted(2_050);
        // Time and news in one paint count as news.
        pace.dirty = true;
        pace.asked(false, false);
        pace.dirty = true;
        pace.asked(true, true);
        assert_eq!(pace.due(), Some(2_150));
        pace.painted(2_150);
        assert_eq!(pace.last, Some(2_150));
    }
}
