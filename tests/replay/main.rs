//! What a live run saw, flown again from its recording, ends in the same state; and nothing secret is in what is kept.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at what it did not expect")]

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use flightdeck::{
    backend::Backend,
    core::{
        event::{Event, Signal, Size, Stamped},
        key::{Code, Key},
        settings::{Environment, Role, Settings, SourceSetting},
        state::State,
    },
    domain::{
        failure::{Failure, FailureKind},
        goal::Permission,
        health::Health,
        plan::{Plan, Receipt},
        release::{About, Phase, Release, ReleaseId, Strategy},
        revision::{Revision, RevisionHealth, Tag},
        target::Target,
        update::{Identity, Scope, Update},
        way_back::{Means, WayBack},
        weight::Weight,
    },
    headless::{
        demo::{
            SEED, SPEED,
            flight::{Course, Flight},
        },
        replay::Player,
    },
    runtime::{Exit, Ports, Program, Sign, clock::Clock, fly},
    sim::Scenario,
    store::recording,
    theme::Theme,
};
use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use tokio::sync::mpsc;

const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.cGxhbnRlZC1zaWduYXR1cmU";
const PASSWORD: &str = "hunter2-planted";

fn target(name: &str) -> Target {
    Target { source: "prod".into(), kind: "rollout".into(), path: vec!["shop".into(), name.into()] }
}

fn release(name: &str, percent: f64) -> Arc<Release> {
    let revision = |number: u64, tag| Revision {
        number: Some(number),
        first_number: Some(number),
        name: format!("{name}-{number}").into(),
        hash: format!("hash{number}").into(),
        version: format!("4.{number}").into(),
        images: Vec::new(),
        tags: vec![tag],
        created_at: Some(DateTime::UNIX_EPOCH),
        health: RevisionHealth::Healthy,
        ready: 2,
        desired: 2,
        scale_down_at: None,
        pods: Vec::new(),
    };
    Arc::new(Release {
        id: ReleaseId { target: target(name), uid: "uid".into(), revision: "hash42".into() },
        strategy: Strategy::Canary,
        phase: Phase::Progressing,
        message: "more replicas need to be updated".into(),
        waiting: None,
        held: false,
        aborted: false,
        steps: Vec::new(),
        weight: Weight { wanted: Some(percent), set: Some(percent), verified: None },
        revisions: vec![revision(42, Tag::Canary), revision(41, Tag::Stable)],
        serving: vec!["hash41".into(), "hash42".into()],
        analyses: Vec::new(),
        experiments: Vec::new(),
        gates: Vec::new(),
        blockers: Vec::new(),
        way_back: WayBack {
            revision: Some(41),
            version: Some("4.41".into()),
            means: Means::Abort,
            seconds: None,
            capacity: None,
            permission: Permission::Yes,
            not_undone: Vec::new(),
            worse_after: None,
        },
        offers: Vec::new(),
        about: About::default(),
        timeline: Vec::new(),
        started_at: None,
        declared: Vec::new(),
        panels_unseen: None,
        checks: Vec::new(),
        guard: None,
        post: None,
        missing: Vec::new(),
    })
}

/// Tells a few releases, many changes and a loss of contact whose reason carries credentials.
struct Fake {
    changes: u32,
    panics: bool,
}

impl Backend for Fake {
    fn watch(&self, scope: Scope) -> BoxStream<'static, Update> {
        assert!(!self.panics, "a fault in the backend");
        let why = Failure::new(FailureKind::Auth, format!("the server refused `{TOKEN}`"))
            .detail(format!("GET https://op:{PASSWORD}@prod:6443/api: Authorization: Bearer {TOKEN}"));
        let all = match scope {
            Scope::Board(_) => vec![release("checkout", 10.0), release("pay", 5.0)],
            Scope::Release(_) => vec![release("checkout", 10.0)],
        };
        let first = [
            Update::Health(Health::Live),
            Update::Identity(Identity { user: "operator".into() }),
            Update::Snapshot(all),
            Update::Health(Health::Lost { why, retry_in_ms: 800 }),
            Update::Health(Health::Live),
        ];
        let changes = (0..self.changes).map(|n| Update::Changed(release("checkout", f64::from(n % 100))));
        stream::iter(first).chain(stream::iter(changes)).chain(stream::pending()).boxed()
    }

    fn apply(&self, _: Plan) -> BoxFuture<'static, Result<Receipt, Failure>> {
        async { Ok(Receipt { at: None, replies: vec!["200 OK".into()] }) }.boxed()
    }

    fn rehearse(&self, _: Plan) -> BoxFuture<'static, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }
}

/// What was painted.
#[derive(Clone, Default)]
struct Painted(Arc<Mutex<Vec<u8>>>);

impl io::Write for Painted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Run {
    exit: Exit,
    state: State,
    painted: Vec<u8>,
}

/// One live run of the loop: the keys are pressed one by one, each after the frame of the one before.
async fn live(fake: Fake, data: &Path, record: Option<PathBuf>, keys: &[Event]) -> Run {
    let settings = Settings {
        sources: vec![SourceSetting {
            name: "prod".into(),
            role: Role::Backend,
            environment: Environment::Prod,
            folders: Vec::new(),
            short: "k8s".into(),
            tick: None,
        }],
        ..Settings::default()
    };
    let program = Program {
        settings,
        theme: Theme::builtin("mono").unwrap(),
        backends: BTreeMap::from([("prod".into(), Arc::new(fake) as Arc<dyn Backend>)]),
        metrics: BTreeMap::new(),
        clock: Clock::simulated(start(), 10.0),
        record,
        data: Some(data.to_owned()),
        launcher: None,
    };
    let (sender, receiver) = mpsc::channel(16);
    let (signs, heard) = mpsc::unbounded_channel();
    let painted = Painted::default();
    let ports = Ports {
        keys: receiver,
        signs: heard,
        output: Box::new(painted.clone()),
        size: Size { columns: 80, rows: 24 },
        terminal: None,
    };
    let keys = keys.to_vec();
    let press = async move {
        for key in keys {
            tokio::time::sleep(Duration::from_millis(60)).await;
            sender.send(key).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        signs.send(Sign::Signal(Signal::Terminate)).unwrap();
        // A keyboard that falls silent is not one that is gone.
        std::future::pending::<()>().await;
    };
    let (exit, state) = tokio::select! {
        ended = fly(program, ports) => ended.unwrap(),
        () = press => unreachable!(),
    };
    let painted = painted.0.lock().unwrap().clone();
    Run { exit, state, painted }
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn keys() -> Vec<Event> {
    let press = |code| Event::Key(Key::of(code));
    vec![
        press(Code::Down),
        press(Code::Enter),
        press(Code::Char('t')),
        Event::Resized(Size { columns: 120, rows: 40 }),
        press(Code::Esc),
        press(Code::Char('/')),
        Event::Pasted(format!("Bearer {TOKEN}")),
        press(Code::Esc),
    ]
}

/// The state a recording ends in.
fn flown_again(path: &Path) -> (usize, State) {
    let recording = recording::read::<State, Stamped>(path, None).unwrap();
    let events = recording.events.len();
    let mut player = Player::new(recording);
    player.seek_end();
    (events, player.state)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// As JSON, with credentials masked as they are in a recording.
fn json(state: &State) -> serde_json::Value {
    let text = serde_json::to_string(state).unwrap();
    serde_json::from_str(&flightdeck::store::secrets::mask(&text)).unwrap()
}

#[tokio::test]
async fn a_live_run_and_its_recording_end_in_the_same_state() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("run.jsonl");
    let fake = Fake { changes: 300, panics: false };
    let run = live(fake, folder.path(), Some(record.clone()), &keys()).await;
    assert_eq!(run.exit, Exit::Signal(Signal::Terminate));
    assert!(!run.painted.is_empty());
    assert!(!run.state.board.releases.is_empty(), "the run saw nothing");
    let (events, state) = flown_again(&record);
    assert!(events > 600, "{events} events");
    assert_eq!(json(&state), json(&run.state));
}

#[tokio::test]
async fn an_opened_release_is_recorded_by_itself_from_the_state_it_was_opened_in() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake { changes: 20, panics: false };
    let open = [Event::Key(Key::of(Code::Down)), Event::Key(Key::of(Code::Enter))];
    let run = live(fake, folder.path(), None, &open).await;
    assert!(run.state.open.is_some(), "nothing was opened");
    let recordings = files(&folder.path().join("recordings"));
    assert_eq!(recordings.len(), 1, "{recordings:?}");
    let (_, state) = flown_again(&recordings[0]);
    assert_eq!(json(&state), json(&run.state));
}

#[tokio::test]
async fn no_planted_secret_is_in_anything_that_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("run.jsonl");
    let fake = Fake { changes: 20, panics: false };
    live(fake, folder.path(), Some(record), &keys()).await;
    let kept = files(folder.path());
    assert!(kept.len() >= 2, "{kept:?}");
    for path in kept {
        let text = fs::read_to_string(&path).unwrap();
        for secret in [TOKEN, PASSWORD] {
            assert!(!text.contains(secret), "`{secret}` is in {}", path.display());
        }
    }
}

#[tokio::test]
async fn a_backend_that_panics_is_told_and_the_loop_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("run.jsonl");
    let fake = Fake { changes: 0, panics: true };
    let run = live(fake, folder.path(), Some(record.clone()), &[Event::Key(Key::char('?'))]).await;
    assert_eq!(run.exit, Exit::Signal(Signal::Terminate));
    let recording = recording::read::<State, Stamped>(&record, None).unwrap();
    let fault = recording.events.iter().find_map(|s| match &s.event {
        Event::Fault(why) => Some(why.to_string()),
        _ => None,
    });
    assert!(fault.unwrap().contains("a fault in the backend"));
    assert!(recording.events.iter().any(|s| matches!(s.event, Event::Key(_))), "the key after it was heard");
}

/// Real numbers, real panels and an act: what a clock and a terminal would add is in the events.
#[test]
fn a_flight_of_the_demo_and_its_recording_end_in_the_same_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.jsonl");
    let course = Course {
        scenario: Scenario::default(),
        seed: SEED,
        speed: SPEED,
        size: Size { columns: 120, rows: 40 },
        keys: "@30 R @31.5 y".parse().unwrap(),
    };
    let mut flight = Flight::new(course);
    flight.until(90_000);
    let live = json(flight.state());
    assert_eq!(flight.state().acts.len(), 1, "nothing was rolled back");
    flight.write(&path).unwrap();
    let (_, state) = flown_again(&path);
    assert_eq!(json(&state), live);
}

#[test]
fn a_recording_that_wrapped_replays_from_its_checkpoint() {
    let at = |mono| flightdeck::domain::time::At { wall: start(), mono };
    let mut state = State::new(Settings::default(), Size { columns: 80, rows: 24 }, at(0));
    let mut ring = recording::Ring::default();
    for n in 0..25_000_u64 {
        let event = if n % 100 == 0 {
            Event::Resized(Size { columns: 80 + u16::try_from(n % 40).unwrap(), rows: 24 })
        } else {
            Event::Painted { generation: n }
        };
        let stamped = Stamped { at: at(n * 10), event };
        ring.push(&state, recording::line(&stamped).unwrap());
        drop(flightdeck::core::update::update(&mut state, stamped));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring.jsonl");
    ring.write(fs::File::create(&path).unwrap()).unwrap();
    let (events, replayed) = flown_again(&path);
    assert!((9_000..=10_000).contains(&events), "{events} events are left");
    assert_eq!(json(&replayed), json(&state));
}
