//! The core's own loop without a screen: it watches and asks until something is known, and never acts.

use std::{sync::Arc, time::Duration};

use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{BoxStream, FuturesUnordered, SelectAll},
};
use tokio::time::{sleep, sleep_until};

use super::connect::Connected;
use crate::{
    core::{
        effect::{Effect, WatchId},
        event::{Event, Size, Stamped},
        settings::Settings,
        state::State,
        update,
    },
    domain::{
        failure::{Failure, FailureKind},
        question::Answer,
    },
    runtime::clock::Clock,
};

/// What is on its way: news of watches, each with the watch it belongs to, and answers to questions.
#[derive(Default)]
struct Pending {
    watches: SelectAll<BoxStream<'static, Event>>,
    answers: FuturesUnordered<BoxFuture<'static, Event>>,
    ended: Vec<WatchId>,
}

/// The core at work: what it wants to see is watched and asked, what happens is told to it.
pub(super) struct Observer<'a> {
    state: State,
    pending: Pending,
    connected: &'a Connected,
    clock: Clock,
}

impl<'a> Observer<'a> {
    /// Begins to watch and to ask.
    pub(super) fn new(settings: Settings, connected: &'a Connected, clock: Clock) -> Self {
        let state = State::new(settings, Size { columns: 120, rows: 40 }, clock.now());
        let mut observer = Self { state, pending: Pending::default(), connected, clock };
        let effects = update::start(&mut observer.state);
        observer.pending.perform(effects, connected);
        observer
    }

    /// What is known as of now: ages are not those of the last event.
    pub(super) fn state(&mut self) -> &State {
        self.state.at = self.clock.now();
        &self.state
    }

    /// Waits for the next thing that happens and lets the core take it. Given up while it waits, it loses nothing.
    pub(super) async fn step(&mut self) {
        let due = update::deadline(&self.state).map(|due| self.clock.moment(due));
        let event = tokio::select! {
            Some(event) = self.pending.watches.next() => event,
            Some(event) = self.pending.answers.next() => event,
            () = async { match due { Some(due) => sleep_until(due).await, None => std::future::pending().await } } => Event::Tick,
        };
        if let Event::Update { watch, .. } = &event
            && self.pending.ended.contains(watch)
        {
            return;
        }
        let effects = update::update(&mut self.state, Stamped { at: self.clock.now(), event });
        self.pending.perform(effects, self.connected);
    }
}

/// Runs the core until `known` says that enough is known, or for `patience`.
pub async fn observe(
    settings: Settings,
    connected: &Connected,
    clock: Clock,
    patience: Duration,
    known: impl Fn(&State) -> bool,
) -> State {
    let mut observer = Observer::new(settings, connected, clock);
    let mut enough = std::pin::pin!(sleep(patience));
    while !known(observer.state()) {
        tokio::select! {
            () = observer.step() => {}
            () = &mut enough => break,
        }
    }
    observer.state().clone()
}

impl Pending {
    fn perform(&mut self, effects: Vec<Effect>, connected: &Connected) {
        for effect in effects {
            match effect {
                Effect::Watch { watch, source, scope } => {
                    if let Some(backend) = connected.backends.get(&source) {
                        let news = backend.watch(scope).map(move |update| Event::Update { watch, update });
                        self.watches.push(news.boxed());
                    }
                }
                Effect::Unwatch(watch) => self.ended.push(watch),
                Effect::Ask { ask, question } => {
                    let source = connected.metrics.get(&question.source).map(Arc::clone);
                    let answer = async move {
                        let answer = match source {
                            Some(source) => source.ask(question).await,
                            None => {
                                Answer::Error(Failure::new(FailureKind::Local, "there is no such source of numbers"))
                            }
                        };
                        Event::Answered { ask, answer }
                    };
                    self.answers.push(answer.boxed());
                }
                // Nobody is here who could press a key, look, or listen.
                Effect::Apply { .. }
                | Effect::Rehearse { .. }
                | Effect::Journal(_)
                | Effect::Beat { .. }
                | Effect::StartGuard(_)
                | Effect::Paint
                | Effect::Bell
                | Effect::Title(_)
                | Effect::Copy(_)
                | Effect::Suspend
                | Effect::Redraw
                | Effect::Quit => {}
            }
        }
    }
}
