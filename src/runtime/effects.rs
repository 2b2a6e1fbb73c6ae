//! Performs what `update` asks of the outside world. Every answer comes back as an event, every failed task as a fault.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    io,
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt};
use tokio::{
    sync::{Semaphore, mpsc},
    task::{AbortHandle, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    crash,
    journaling::{Journaling, Outcome},
};
use crate::{
    backend::Backend,
    core::{
        effect::{AskId, WatchId},
        event::Event,
    },
    domain::{
        clean::{Clean, Name},
        failure::{Failure, FailureKind},
        goal::Direction,
        journal::{ActId, Entry},
        plan::{Plan, Receipt},
        question::{Answer, Question},
        update::Scope,
    },
    metrics::Source,
};

/// Questions one source is asked at the same time; the others wait.
const QUESTIONS: usize = 4;
/// How long a way back waits for a slow disk.
const WAY_BACK_WAITS: Duration = Duration::from_secs(2);
/// How long a forward act waits for it before it is refused.
const FORWARD_WAITS: Duration = Duration::from_secs(10);

/// The tasks of a run.
pub struct Effects {
    backends: BTreeMap<Name, Arc<dyn Backend>>,
    metrics: BTreeMap<Name, (Arc<dyn Source>, Arc<Semaphore>)>,
    inbox: mpsc::Sender<Event>,
    journal: Journaling,
    watches: HashMap<WatchId, CancellationToken>,
    tasks: JoinSet<()>,
    /// Acts that were sent and have no reply yet; a run does not end under them without waiting a little.
    acts: Vec<AbortHandle>,
}

impl Effects {
    /// # Errors
    /// When the journal's thread cannot be started.
    pub fn new(
        backends: BTreeMap<Name, Arc<dyn Backend>>,
        metrics: BTreeMap<Name, Arc<dyn Source>>,
        data: Option<PathBuf>,
        inbox: mpsc::Sender<Event>,
    ) -> io::Result<Self> {
        let limited = |(name, source)| (name, (source, Arc::new(Semaphore::new(QUESTIONS))));
        Ok(Self {
            backends,
            metrics: metrics.into_iter().map(limited).collect(),
            inbox,
            journal: Journaling::start(data)?,
            watches: HashMap::new(),
            tasks: JoinSet::new(),
            acts: Vec::new(),
        })
    }

    /// Streams a scope into the inbox until `unwatch`.
    pub fn watch(&mut self, watch: WatchId, source: &Name, scope: Scope) {
        let Some(backend) = self.backends.get(source).map(Arc::clone) else {
            return self.fault(format!("there is no backend for `{source}`"));
        };
        let token = CancellationToken::new();
        self.watches.insert(watch, token.clone());
        let (inbox, name) = (self.inbox.clone(), source.clone());
        self.spawn(async move {
            let streamed = async {
                let mut updates = backend.watch(scope);
                while let Some(update) = updates.next().await {
                    if inbox.send(Event::Update { watch, update }).await.is_err() {
                        return;
                    }
                    crash::on_purpose("task");
                }
                tell(&inbox, Event::Fault(format!("the watch on `{name}` ended; restart flightdeck").into())).await;
            };
            token.run_until_cancelled(streamed).await;
        });
    }

    pub fn unwatch(&mut self, watch: WatchId) {
        if let Some(token) = self.watches.remove(&watch) {
            token.cancel();
        }
    }

    /// Asks a source of numbers, a few questions at a time.
    pub fn ask(&mut self, ask: AskId, question: Question) {
        let inbox = self.inbox.clone();
        let Some((source, permits)) = self.metrics.get(&question.source).cloned() else {
            let why = format!("there is no source of numbers named `{}`", question.source);
            let answer = Answer::Error(Failure::new(FailureKind::Local, why));
            return self.spawn(async move { tell(&inbox, Event::Answered { ask, answer }).await });
        };
        self.spawn(async move {
            // The semaphore is never closed; without a permit the question is asked all the same.
            let _permit = permits.acquire_owned().await.ok();
            let answer = source.ask(question).await;
            tell(&inbox, Event::Answered { ask, answer }).await;
        });
    }

    /// Writes the intent through to the disk, sends the plan once and tells what came back.
    pub fn apply(&mut self, act: ActId, plan: Plan, intent: Box<Entry>) {
        let inbox = self.inbox.clone();
        let backend = self.backends.get(&plan.release.target.source).map(Arc::clone);
        let written = self.journal.append(intent);
        let task = async move {
            let result = match backend {
                None => {
                    let why = format!("there is no backend for `{}`", plan.release.target.source);
                    Err(Failure::new(FailureKind::Local, why))
                }
                Some(backend) => match journalled(plan.direction, written).await {
                    Ok(warning) => {
                        if let Some(warning) = warning {
                            tell(&inbox, Event::Fault(warning)).await;
                        }
                        applied(&*backend, plan).await
                    }
                    Err(why) => Err(Failure::new(FailureKind::Local, format!("nothing was sent: {why}"))
                        .hint("forward acts need the journal; ways back do not")),
                },
            };
            tell(&inbox, Event::Applied { act, result }).await;
        };
        self.acts.push(self.tasks.spawn(task));
    }

    /// Asks the backend for a dry run.
    pub fn rehearse(&mut self, act: ActId, plan: Plan) {
        let inbox = self.inbox.clone();
        let backend = self.backends.get(&plan.release.target.source).map(Arc::clone);
        self.spawn(async move {
            let result = if let Some(backend) = backend {
                backend.rehearse(plan).await
            } else {
                let why = format!("there is no backend for `{}`", plan.release.target.source);
                Err(Failure::new(FailureKind::Local, why))
            };
            tell(&inbox, Event::Rehearsed { act, result }).await;
        });
    }

    /// Journals something that has happened already; a failure is a fault.
    pub fn journal(&mut self, entry: Box<Entry>) {
        let (inbox, written) = (self.inbox.clone(), self.journal.append(entry));
        self.spawn(async move {
            if let Err(why) = written.await.unwrap_or_else(|_| Err(gone())) {
                tell(&inbox, Event::Fault(why)).await;
            }
        });
    }

    /// Tells the inbox something went wrong.
    pub fn fault(&mut self, why: String) {
        let inbox = self.inbox.clone();
        self.spawn(async move { tell(&inbox, Event::Fault(why.into())).await });
    }

    /// The next task that ended by a panic, as a fault; pending while none does.
    pub async fn failed(&mut self) -> Event {
        loop {
            match self.tasks.join_next().await {
                Some(Err(error)) if error.is_panic() => {
                    let panic = error.into_panic();
                    let why = format!("a part of the program failed: {}", crash::message(&*panic));
                    return Event::Fault(why.into());
                }
                Some(Ok(()) | Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Whether a plan was sent and its reply is still out.
    pub fn is_acting(&mut self) -> bool {
        self.acts.retain(|act| !act.is_finished());
        !self.acts.is_empty()
    }

    /// Ends every task and waits until the journal is on the disk.
    pub async fn finish(mut self) {
        self.tasks.shutdown().await;
        self.journal.finish();
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }
}

/// A loop that has ended hears nothing, and nothing is left to be told to.
async fn tell(inbox: &mpsc::Sender<Event>, event: Event) {
    drop(inbox.send(event).await);
}

fn gone() -> Clean {
    "the journal has ended; restart flightdeck".into()
}

/// Waits for the intent to be on the disk as long as the direction allows. What to warn of, or why not to send.
async fn journalled(
    direction: Direction,
    written: tokio::sync::oneshot::Receiver<Outcome>,
) -> Result<Option<Clean>, Clean> {
    let (waits, back) = match direction {
        Direction::Back | Direction::Hold => (WAY_BACK_WAITS, true),
        Direction::Forward => (FORWARD_WAITS, false),
    };
    let outcome = match timeout(waits, written).await {
        Ok(outcome) => outcome.unwrap_or_else(|_| Err(gone())),
        Err(_) => Err("the journal's disk does not answer".into()),
    };
    match outcome {
        Ok(()) => Ok(None),
        Err(why) if back => Ok(Some(format!("sent without a journal entry: {why}").into())),
        Err(why) => Err(why),
    }
}

/// A backend that fails while it sends leaves it open whether anything arrived.
async fn applied(backend: &dyn Backend, plan: Plan) -> Result<Receipt, Failure> {
    let sent = AssertUnwindSafe(async { backend.apply(plan).await }).catch_unwind().await;
    sent.unwrap_or_else(|panic| {
        let why = format!("the program failed while sending: {}", crash::message(&*panic));
        Err(Failure::new(FailureKind::Unconfirmed, why))
    })
}
