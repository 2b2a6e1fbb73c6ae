//! Performs what `update` asks of the outside world. Every answer comes back as an event, every failed task as a fault.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
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
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    crash,
    journaling::{Journaling, Outcome},
    launch::Launcher,
};
use crate::{
    backend::Backend,
    core::{
        effect::{AskId, WatchId},
        event::Event,
        guard::{Process, Start},
    },
    domain::{
        clean::{Clean, Name},
        failure::{Failure, FailureKind},
        goal::Direction,
        guard::Beat,
        journal::{ActId, Entry},
        plan::{Plan, Receipt},
        question::{Answer, Question},
        time::Seconds,
        update::Scope,
    },
    metrics::Source,
};

/// Questions one source is asked at the same time; the others wait.
const QUESTIONS: usize = 4;
/// How long a question may take, waiting for its turn included. The state gives up after 60 s: by then it knows why.
const QUESTION_TAKES: Duration = Duration::from_secs(50);
/// How long a way back waits for a slow disk.
const WAY_BACK_WAITS: Duration = Duration::from_secs(2);
/// How long a forward act waits for it before it is refused.
const FORWARD_WAITS: Duration = Duration::from_secs(10);

/// The tasks of a run.
pub struct Effects {
    backends: BTreeMap<Name, Arc<dyn Backend>>,
    metrics: BTreeMap<Name, (Arc<dyn Source>, Arc<Semaphore>)>,
    inbox: mpsc::Sender<Event>,
    /// How long a question may take with its turn, before the state gives it up.
    patience: Duration,
    /// How long a way back waits for the journal's disk.
    way_back_waits: Duration,
    journal: Journaling,
    launcher: Option<Launcher>,
    watches: HashMap<WatchId, CancellationToken>,
    tasks: JoinSet<()>,
    /// Acts whose reply the loop has not taken yet; a run does not end under them without waiting a little.
    acts: BTreeSet<ActId>,
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
            patience: QUESTION_TAKES,
            way_back_waits: WAY_BACK_WAITS,
            journal: Journaling::start(data)?,
            launcher: None,
            watches: HashMap::new(),
            tasks: JoinSet::new(),
            acts: BTreeSet::new(),
        })
    }

    /// The same with a way to start guards.
    pub fn with(self, launcher: Option<Launcher>) -> Self {
        Self { launcher, ..self }
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
        let patience = self.patience;
        let deadline = Instant::now() + patience;
        self.spawn(async move {
            let name = question.source.clone();
            // The semaphore is never closed; without a permit the question is asked all the same.
            let turn = timeout_at(deadline, permits.acquire_owned()).await.map(Result::ok);
            let turn = turn.ok().filter(|_permit| Instant::now() < deadline);
            let answer = match turn {
                // What waits for the answer will ask a newer question: an old one would only delay that.
                None => late(
                    format!("`{name}` is too slow for what it is asked: no turn within {}", shown(patience)),
                    "show fewer panels of it, or see why it takes so long",
                ),
                Some(_permit) => timeout_at(deadline, source.ask(question)).await.unwrap_or_else(|_elapsed| {
                    late(format!("`{name}` did not answer within {}", shown(patience)), "see why it takes so long")
                }),
            };
            tell(&inbox, Event::Answered { ask, answer }).await;
        });
    }

    /// Writes the intent through to the disk, sends the plan once and tells what came back.
    pub fn apply(&mut self, act: ActId, plan: Plan, intent: Box<Entry>) {
        let inbox = self.inbox.clone();
        let backend = self.backends.get(&plan.release.target.source).map(Arc::clone);
        let written = self.journal.append(intent);
        let waits = match plan.direction {
            Direction::Back | Direction::Hold => self.way_back_waits,
            Direction::Forward => FORWARD_WAITS,
        };
        let task = async move {
            let result = match backend {
                None => {
                    let why = format!("there is no backend for `{}`", plan.release.target.source);
                    Err(Failure::new(FailureKind::Local, why))
                }
                Some(backend) => match journalled(plan.direction, waits, written).await {
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
        self.acts.insert(act);
        self.spawn(task);
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

    /// Leaves a guard's heartbeat.
    pub fn beat(&mut self, act: ActId, beat: Beat) {
        let inbox = self.inbox.clone();
        let backend = self.backends.get(&beat.release.target.source).map(Arc::clone);
        self.spawn(async move {
            let result = if let Some(backend) = backend {
                backend.beat(beat).await
            } else {
                let why = format!("there is no backend for `{}`", beat.release.target.source);
                Err(Failure::new(FailureKind::Local, why))
            };
            tell(&inbox, Event::Beaten { act, result }).await;
        });
    }

    /// Starts a guard as a process of its own and tells when it ends, as long as anybody listens.
    pub fn start_guard(&mut self, start: Start) {
        let (inbox, launcher) = (self.inbox.clone(), self.launcher.clone());
        self.spawn(async move {
            let target = start.mandate.release.target.clone();
            let begun = launcher.map(|launcher| launcher.launch(&start));
            let heard = |process| tell(&inbox, Event::GuardProcess(process));
            match begun {
                None => heard(Process::Failed { target, why: "this run starts no processes".into() }).await,
                Some(Err(error)) => heard(Process::Failed { target, why: error.to_string().into() }).await,
                Some(Ok(running)) => {
                    let log = Clean::new(running.log.display().to_string());
                    heard(Process::Started { target: target.clone(), log }).await;
                    let (code, said) = running.ended().await;
                    heard(Process::Ended { target, code, said }).await;
                }
            }
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

    /// The reply of an act has been taken.
    pub fn replied(&mut self, act: ActId) {
        self.acts.remove(&act);
    }

    /// Whether a plan was handed over and its reply has not been taken.
    pub fn is_acting(&self) -> bool {
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

fn late(why: String, next: &str) -> Answer {
    Answer::Error(Failure::new(FailureKind::Timeout, why).hint(next))
}

fn shown(length: Duration) -> Seconds {
    Seconds(length.as_secs_f64())
}

/// A loop that has ended hears nothing, and nothing is left to be told to.
async fn tell(inbox: &mpsc::Sender<Event>, event: Event) {
    drop(inbox.send(event).await);
}

fn gone() -> Clean {
    "the journal has ended; restart flightdeck".into()
}

/// Waits so long for the intent to be on the disk. What to warn of, or why not to send, as the direction has it.
async fn journalled(
    direction: Direction,
    waits: Duration,
    written: tokio::sync::oneshot::Receiver<Outcome>,
) -> Result<Option<Clean>, Clean> {
    let outcome = match timeout(waits, written).await {
        Ok(outcome) => outcome.unwrap_or_else(|_| Err(gone())),
        Err(_) => Err("the journal's disk does not answer".into()),
    };
    match (outcome, direction) {
        (Ok(()), _) => Ok(None),
        (Err(why), Direction::Back | Direction::Hold) => {
            Ok(Some(format!("sent without a journal entry: {why}").into()))
        }
        (Err(why), Direction::Forward) => Err(why),
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

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::Path,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use chrono::DateTime;
    use futures::{
        future::BoxFuture,
        stream::{self, BoxStream},
    };
    use tokio::task::yield_now;

    use super::*;
    use crate::domain::{
        goal::{Goal, Permission},
        journal::What,
        plan::Expectation,
        release::ReleaseId,
        target::Target,
        update::Update,
        verdict::Verdict,
    };

    /// Counts what it is sent and what the journal held by then.
    #[derive(Default)]
    struct Fake {
        journal: Option<PathBuf>,
        sent: AtomicUsize,
        journalled: AtomicUsize,
        panics: bool,
    }

    impl Backend for Fake {
        fn watch(&self, _: Scope) -> BoxStream<'static, Update> {
            stream::pending().boxed()
        }

        fn apply(&self, _: Plan) -> BoxFuture<'static, Result<Receipt, Failure>> {
            self.sent.fetch_add(1, Ordering::SeqCst);
            let entries = self.journal.as_deref().map_or(0, |journal| text(journal).matches("\"intent\"").count());
            self.journalled.store(entries, Ordering::SeqCst);
            assert!(!self.panics, "lost the thread");
            async { Ok(Receipt { at: None, replies: vec!["200 OK".into()] }) }.boxed()
        }

        fn rehearse(&self, _: Plan) -> BoxFuture<'static, Result<(), Failure>> {
            async { Ok(()) }.boxed()
        }
    }

    /// Everything in the files of a folder.
    fn text(folder: &Path) -> String {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    fn plan(direction: Direction) -> Plan {
        let target = Target { source: "prod".into(), kind: "rollout".into(), path: vec!["shop".into(), "pay".into()] };
        Plan {
            goal: Goal::Promote,
            release: ReleaseId { target, uid: "uid".into(), revision: "hash".into() },
            direction,
            requests: Vec::new(),
            only_if: Vec::new(),
            expect: Expectation { text: "it moves".into(), all: Vec::new(), within: Seconds(30.0) },
            customers: "10 % → 50 %".into(),
            not_undone: Vec::new(),
            going_on: None,
            reach: None,
            warnings: Vec::new(),
            proven: true,
            command: "kubectl".into(),
            permission: Permission::Yes,
        }
    }

    fn intent(plan: &Plan) -> Box<Entry> {
        let what = What::Intent { plan: Box::new(plan.clone()), verdict: Verdict::unknown("no data"), reason: None };
        Box::new(Entry { at: DateTime::UNIX_EPOCH, act: ActId(1), user: None, what })
    }

    /// Applies one plan; the events up to its reply.
    async fn act(fake: &Arc<Fake>, data: Option<PathBuf>, direction: Direction) -> Vec<Event> {
        let (sender, mut inbox) = mpsc::channel(8);
        let backends = BTreeMap::from([("prod".into(), Arc::clone(fake) as Arc<dyn Backend>)]);
        let mut effects = Effects::new(backends, BTreeMap::new(), data, sender).unwrap();
        // The disk of a machine that builds may take longer than a way back waits.
        effects.way_back_waits = QUESTION_TAKES;
        let plan = plan(direction);
        let intent = intent(&plan);
        effects.apply(ActId(1), plan, intent);
        assert!(effects.is_acting());
        let mut events = Vec::new();
        while !matches!(events.last(), Some(Event::Applied { .. })) {
            events.push(inbox.recv().await.unwrap());
        }
        effects.finish().await;
        events
    }

    fn kind(event: Option<&Event>) -> Option<FailureKind> {
        match event {
            Some(Event::Applied { result: Err(failure), .. }) => Some(failure.kind),
            _ => None,
        }
    }

    #[tokio::test]
    async fn the_intent_is_on_the_disk_before_the_plan_is_sent_once() {
        for direction in [Direction::Forward, Direction::Hold, Direction::Back] {
            let folder = tempfile::tempdir().unwrap();
            let journal = Some(folder.path().join("journal"));
            let fake = Arc::new(Fake { journal, ..Fake::default() });
            let events = act(&fake, Some(folder.path().to_owned()), direction).await;
            assert!(matches!(events.as_slice(), [Event::Applied { result: Ok(_), .. }]), "{events:?}");
            assert_eq!(fake.sent.load(Ordering::SeqCst), 1);
            assert_eq!(fake.journalled.load(Ordering::SeqCst), 1, "{direction:?}");
        }
    }

    #[tokio::test]
    async fn without_a_journal_customers_can_go_back_and_not_forward() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        fs::write(&blocked, "in the way").unwrap();
        for data in [None, Some(blocked)] {
            let fake = Arc::new(Fake::default());
            let events = act(&fake, data.clone(), Direction::Forward).await;
            assert_eq!(kind(events.last()), Some(FailureKind::Local));
            assert_eq!(fake.sent.load(Ordering::SeqCst), 0);
            for direction in [Direction::Back, Direction::Hold] {
                let fake = Arc::new(Fake::default());
                let events = act(&fake, data.clone(), direction).await;
                let [Event::Fault(warning), Event::Applied { result: Ok(_), .. }] = events.as_slice() else {
                    panic!("{events:?}")
                };
                assert!(warning.contains("without a journal entry"), "{warning}");
                assert_eq!(fake.sent.load(Ordering::SeqCst), 1);
            }
        }
    }

    #[tokio::test]
    async fn a_backend_that_fails_while_sending_leaves_it_unconfirmed() {
        let folder = tempfile::tempdir().unwrap();
        let fake = Arc::new(Fake { panics: true, ..Fake::default() });
        let events = act(&fake, Some(folder.path().to_owned()), Direction::Back).await;
        assert_eq!(kind(events.last()), Some(FailureKind::Unconfirmed));
    }

    /// Remembers how many questions it had at the same time.
    #[derive(Default)]
    struct Slow {
        now: Arc<AtomicUsize>,
        most: Arc<AtomicUsize>,
    }

    impl Source for Slow {
        fn ask(&self, _: Question) -> BoxFuture<'static, Answer> {
            let (now, most) = (Arc::clone(&self.now), Arc::clone(&self.most));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..20 {
                    yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
                Answer::NoData
            }
            .boxed()
        }
    }

    #[tokio::test]
    async fn a_source_gets_a_few_questions_at_a_time_and_answers_all() {
        let (sender, mut inbox) = mpsc::channel(256);
        let slow = Arc::new(Slow::default());
        let metrics = BTreeMap::from([("prom".into(), Arc::clone(&slow) as Arc<dyn Source>)]);
        let mut effects = Effects::new(BTreeMap::new(), metrics, None, sender).unwrap();
        let question =
            |source: &str| Question { source: source.into(), queries: Vec::new(), from: 0, to: 10, step: 10 };
        for n in 0..40 {
            effects.ask(AskId(n), question("prom"));
        }
        effects.ask(AskId(40), question("nobody"));
        let mut answered = Vec::new();
        for _ in 0..=40 {
            match inbox.recv().await {
                Some(Event::Answered { ask, answer }) => {
                    assert_eq!(ask == AskId(40), matches!(answer, Answer::Error(_)));
                    answered.push(ask.0);
                }
                other => panic!("{other:?}"),
            }
        }
        answered.sort_unstable();
        assert_eq!(answered, (0..=40).collect::<Vec<_>>());
        assert_eq!(slow.most.load(Ordering::SeqCst), QUESTIONS);
    }

    /// Never answers, and counts what still waits for it.
    #[derive(Default)]
    struct Mute {
        asked: AtomicUsize,
        waiting: Arc<AtomicUsize>,
    }

    struct Waits(Arc<AtomicUsize>);

    impl Drop for Waits {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    impl Source for Mute {
        fn ask(&self, _: Question) -> BoxFuture<'static, Answer> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.waiting.fetch_add(1, Ordering::SeqCst);
            let waits = Waits(Arc::clone(&self.waiting));
            async move {
                let _waits = waits;
                std::future::pending().await
            }
            .boxed()
        }
    }

    #[tokio::test]
    async fn a_question_that_waits_too_long_is_answered_and_waits_no_longer() {
        let (sender, mut inbox) = mpsc::channel(256);
        let mute = Arc::new(Mute::default());
        let metrics = BTreeMap::from([("prom".into(), Arc::clone(&mute) as Arc<dyn Source>)]);
        let effects = Effects::new(BTreeMap::new(), metrics, None, sender).unwrap();
        let mut effects = Effects { patience: Duration::from_millis(200), ..effects };
        for round in 1..=3 {
            for n in 0..30 {
                let question = Question { source: "prom".into(), queries: Vec::new(), from: 0, to: 10, step: 10 };
                effects.ask(AskId(n), question);
            }
            let (mut late, mut queued) = (0, 0);
            for _ in 0..30 {
                match timeout(Duration::from_secs(20), inbox.recv()).await {
                    Ok(Some(Event::Answered { answer: Answer::Error(failure), .. })) => {
                        assert_eq!(failure.kind, FailureKind::Timeout, "{failure}");
                        late += usize::from(failure.to_string().starts_with("`prom` did not answer within"));
                        queued += usize::from(failure.to_string().starts_with("`prom` is too slow"));
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(late + queued, 30, "round {round}");
            assert!(late >= QUESTIONS && queued >= 1, "{queued} had no turn");
            assert_eq!(mute.asked.swap(0, Ordering::SeqCst), late, "nothing old is sent");
            assert_eq!(mute.waiting.load(Ordering::SeqCst), 0, "nothing old is under way");
        }
    }
}
