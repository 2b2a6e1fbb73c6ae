//! A small world to test in: one cluster, one Prometheus, a checkout canary held at 10 %.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    core::{
        effect::{AskId, Effect, WatchId},
        event::{Event, Size, Stamped},
        key::Key,
        settings::{Environment, Role, Settings, SourceSetting},
        state::{Confirm, Overlay, Panel, State},
        update::{deadline, start, update},
    },
    domain::{
        clean::{Clean, Name},
        failure::{Failure, FailureKind},
        goal::{Answer as Offered, Denied, Direction, Goal, Offer, Permission},
        journal::ActId,
        panel::{Better, PanelKind, PanelSpec, TargetPattern},
        plan::{Condition, Expectation, Plan, Reach, Receipt, Request},
        question::Question,
        release::{About, Phase, Release, ReleaseId, Strategy, Waiting, WaitingOn},
        revision::{Pod, Revision, RevisionHealth, Tag},
        step::{Step, StepId, StepKind, StepState, Took},
        target::Target,
        time::{At, Seconds},
        update::Update,
        way_back::{Capacity, Means, WayBack},
        weight::Weight,
    },
};

pub(super) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// Seconds before noon at which the canary of `paused` got its weight.
pub(super) const EXPOSED: i64 = 1_800;

pub(super) fn target(name: &str) -> Target {
    Target { source: "prod-eu".into(), kind: "rollout".into(), path: vec!["shop".into(), name.into()] }
}

fn revision(name: &str, hash: &str, version: &str, tag: Tag, ready: u32) -> Revision {
    let pod = |n: u32| Pod {
        name: format!("{name}-{hash}-{n}").into(),
        state: "Running".into(),
        ready: true,
        restarts: 0,
        started_at: Some(noon()),
        ready_since: None,
        trouble: None,
    };
    Revision {
        number: Some(if tag == Tag::Stable { 41 } else { 42 }),
        first_number: None,
        name: format!("{name}-{hash}").into(),
        hash: hash.into(),
        version: version.into(),
        images: vec![],
        tags: vec![tag],
        created_at: Some(noon() - TimeDelta::seconds(if tag == Tag::Stable { 300_000 } else { EXPOSED + 20 })),
        health: RevisionHealth::Healthy,
        ready,
        desired: ready,
        scale_down_at: None,
        pods: (0..ready).map(pod).collect(),
    }
}

pub(super) fn plan(name: &str, goal: Goal, direction: Direction, weight: Option<f64>, all: Vec<Condition>) -> Plan {
    Plan {
        release: ReleaseId { target: target(name), uid: "uid-1".into(), revision: "new".into() },
        direction,
        requests: vec![Request::Http {
            method: "PATCH".into(),
            path: format!("/rollouts/{name}/{}", goal.word()),
            content_type: "application/json-patch+json".into(),
            body: serde_json::json!([]),
            template: None,
        }],
        only_if: vec!["this is still revision 42".into()],
        expect: Expectation { text: format!("{} is seen", goal.word()).into(), all, within: Seconds(30.0) },
        customers: format!("customers after {}", goal.word()).into(),
        not_undone: vec![],
        going_on: None,
        reach: weight.map(|weight| Reach { weight, next_stop: None, seconds: None, path: vec![], stages: vec![] }),
        warnings: vec![],
        proven: true,
        command: format!("kubectl argo rollouts {} {name}", goal.word()).into(),
        permission: Permission::Yes,
        goal,
    }
}

pub(super) fn offer(plan: Plan) -> Offer {
    Offer { goal: plan.goal.clone(), answer: Offered::Plan(Box::new(plan)) }
}

/// A canary at 10 % for half an hour, waiting for a person since `noon`.
pub(super) fn paused(name: &str) -> Release {
    let step = |place: usize, kind: StepKind, state: StepState| Step {
        id: StepId(place.to_string()),
        label: match &kind {
            StepKind::SetWeight(percent) => format!("weight {percent} %").into(),
            _ => "pause".into(),
        },
        kind,
        after: vec![],
        group: None,
        state,
        started_at: (place == 1).then(|| noon() - TimeDelta::seconds(EXPOSED)),
        took: (place == 1).then_some(Took { seconds: Seconds(3.0), at_least: false }),
        planned: None,
        usual: None,
    };
    Release {
        id: ReleaseId { target: target(name), uid: "uid-1".into(), revision: "new".into() },
        strategy: Strategy::Canary,
        phase: Phase::Paused,
        message: "CanaryPauseStep".into(),
        waiting: Some(Waiting { on: WaitingOn::Person, since: Some(noon()) }),
        held: false,
        aborted: false,
        steps: vec![
            step(1, StepKind::SetWeight(10.0), StepState::Done),
            step(2, StepKind::Person, StepState::Current),
            step(3, StepKind::SetWeight(50.0), StepState::Ahead),
        ],
        weight: Weight { wanted: Some(10.0), set: Some(10.0), verified: None },
        revisions: vec![revision(name, "new", "4.2.0", Tag::Canary, 2), revision(name, "old", "4.1.9", Tag::Stable, 8)],
        serving: vec!["old".into(), "new".into()],
        analyses: vec![],
        experiments: vec![],
        gates: vec![],
        blockers: vec![],
        way_back: WayBack {
            revision: Some(41),
            version: Some("4.1.9".into()),
            means: Means::Abort,
            seconds: Some(Seconds(3.0)),
            capacity: Some(Capacity { ready: 8, needed: 8 }),
            permission: Permission::Yes,
            not_undone: vec![],
            worse_after: None,
        },
        offers: vec![
            offer(plan(name, Goal::Rollback { to: None }, Direction::Back, None, vec![Condition::Aborted(true)])),
            offer(plan(name, Goal::Pause, Direction::Hold, None, vec![Condition::Held(true)])),
            offer(plan(name, Goal::Promote, Direction::Forward, Some(50.0), vec![Condition::StepsDone(2)])),
            offer(plan(name, Goal::PromoteFull, Direction::Forward, Some(100.0), vec![Condition::StepsDone(3)])),
            offer(plan(name, Goal::Abort, Direction::Back, None, vec![Condition::Aborted(true)])),
            Offer { goal: Goal::Retry, answer: Offered::Denied(Denied::new("not aborted")) },
        ],
        about: About { router: Some("nginx".into()), ..About::default() },
        timeline: vec![],
        started_at: None,
        declared: vec![],
        panels_unseen: None,
        checks: vec![],
        guard: None,
        post: None,
        missing: vec![],
    }
}

/// The same after it went on to 50 %.
pub(super) fn promoted(name: &str) -> Release {
    let mut release = paused(name);
    for (step, state) in release.steps.iter_mut().zip([StepState::Done, StepState::Done, StepState::Current]) {
        step.state = state;
    }
    release.phase = Phase::Progressing;
    release.waiting = None;
    release.weight.set = Some(50.0);
    release.offers.retain(|offer| offer.goal != Goal::Promote);
    release.offers.push(Offer { goal: Goal::Promote, answer: Offered::Denied(Denied::new("it is on its way")) });
    release
}

pub(super) fn aborted(name: &str) -> Release {
    let mut release = paused(name);
    release.aborted = true;
    release.phase = Phase::Degraded;
    release.waiting = None;
    release.weight.set = Some(0.0);
    release
}

pub(super) fn resting(name: &str) -> Release {
    let mut release = paused(name);
    release.id.revision = "old".into();
    release.phase = Phase::Healthy;
    release.waiting = None;
    release.revisions.remove(0);
    for step in &mut release.steps {
        step.state = StepState::Done;
    }
    release
}

/// A critical panel of orders per checkout.
pub(super) fn orders() -> PanelSpec {
    PanelSpec {
        targets: TargetPattern(vec!["*".into()]),
        source: "prom".into(),
        critical: true,
        business: true,
        lag: Seconds(30.0),
        unit: Clean::default(),
        per: 1000.0,
        origin: "panels.toml".into(),
        ..PanelSpec::new(
            "orders",
            PanelKind::Ratio {
                events: r#"orders{ns="{{namespace}}",pod=~"{{name}}-.*"}"#.into(),
                exposures: r#"checkouts{hash=~"{{stable}}|{{canary}}"}"#.into(),
                by: "pod".into(),
            },
            Better::Higher,
        )
    }
}

pub(super) fn settings() -> Settings {
    let source = |name: &str, short: &str, role| SourceSetting {
        name: name.into(),
        role,
        environment: Environment::Prod,
        folders: vec!["shop".into()],
        short: short.into(),
        tick: Some(Seconds(10.0)),
    };
    Settings {
        sources: vec![source("prod-eu", "k8s", Role::Backend), source("prom", "prom", Role::Metrics)],
        ..Settings::default()
    }
}

/// A run of the program: what happens to it and what it wanted done.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) state: State,
    /// Effects of the newest event, paints left out.
    pub(super) effects: Vec<Effect>,
    pub(super) all: Vec<Effect>,
    pub(super) events: Vec<Stamped>,
    /// Seconds by which our clock was set.
    pub(super) jumped: i64,
    mono: u64,
}

impl Flight {
    pub(super) fn new(settings: Settings) -> Self {
        let size = Size { columns: 120, rows: 40 };
        let mut state = State::new(settings, size, At { wall: noon(), mono: 0 });
        let all = start(&mut state);
        Self { state, effects: all.clone(), all, events: vec![], jumped: 0, mono: 0 }
    }

    /// The cockpit of a paused checkout, `orders` watched, its frame on the terminal.
    pub(super) fn open(settings: Settings) -> Self {
        let mut flight = Self::new(Settings { open: Some("checkout".parse().unwrap()), ..settings });
        flight.news(paused("checkout"));
        flight
    }

    pub(super) fn at(&self) -> At {
        let millis = i64::try_from(self.mono).unwrap();
        At { wall: noon() + TimeDelta::seconds(self.jumped) + TimeDelta::milliseconds(millis), mono: self.mono }
    }

    pub(super) fn tell(&mut self, event: Event) -> &mut Self {
        let stamped = Stamped { at: self.at(), event };
        self.events.push(stamped.clone());
        self.effects = update(&mut self.state, stamped);
        self.all.extend(self.effects.iter().cloned());
        self.effects.retain(|effect| *effect != Effect::Paint);
        self
    }

    /// Lets time pass, waking the state when it wants to be woken, as the runtime does.
    pub(super) fn wait(&mut self, millis: u64) -> &mut Self {
        let end = self.mono + millis;
        let mut effects = vec![];
        while let Some(next) = deadline(&self.state).filter(|next| *next <= end) {
            assert!(next > self.mono, "a deadline that does not lie ahead spins the loop");
            self.mono = next;
            self.tell(Event::Tick);
            effects.append(&mut self.effects);
        }
        self.mono = end;
        self.effects = effects;
        self
    }

    /// Time passes and nobody is woken.
    pub(super) fn skip(&mut self, millis: u64) -> &mut Self {
        self.mono += millis;
        self
    }

    pub(super) fn key(&mut self, key: &str) -> &mut Self {
        self.tell(Event::Key(key.parse().unwrap()))
    }

    pub(super) fn held(&mut self, key: &str) -> &mut Self {
        self.tell(Event::Key(Key { held: true, ..key.parse().unwrap() }))
    }

    /// Keys one after the other, as fast as people type.
    pub(super) fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.skip(200);
            self.key(key);
        }
        self
    }

    pub(super) fn type_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.skip(60);
            self.tell(Event::Key(Key::char(c)));
        }
        self
    }

    pub(super) fn painted(&mut self) -> &mut Self {
        let generation = self.state.generation;
        self.tell(Event::Painted { generation })
    }

    /// The newest frame is on the terminal and the keyboard has been quiet for long enough.
    pub(super) fn settled(&mut self) -> &mut Self {
        self.painted();
        self.wait(500)
    }

    /// Arms the source as a person would.
    pub(super) fn armed(&mut self) -> &mut Self {
        self.keys("x G enter").type_text("prod-eu").key("enter");
        assert!(self.state.is_armed(&"prod-eu".into()), "{:?}", self.state.notice);
        self
    }

    pub(super) fn watch(&self) -> WatchId {
        self.state.open.as_ref().map(|open| open.watch).or(self.state.sources[0].watch).unwrap()
    }

    pub(super) fn update(&mut self, update: Update) -> &mut Self {
        let watch = self.watch();
        self.tell(Event::Update { watch, update })
    }

    pub(super) fn news(&mut self, release: Release) -> &mut Self {
        self.update(Update::Changed(Arc::new(release)))
    }

    pub(super) fn board(&mut self, releases: Vec<Release>) -> &mut Self {
        self.update(Update::Snapshot(releases.into_iter().map(Arc::new).collect()))
    }

    pub(super) fn replied(&mut self, result: Result<(), FailureKind>) -> &mut Self {
        let act = self.state.acts.last().unwrap().id;
        let result = match result {
            Ok(()) => Ok(Receipt { at: None, replies: vec!["200 OK".into()] }),
            Err(kind) => Err(Failure::new(kind, "the server said no")),
        };
        self.tell(Event::Applied { act, result })
    }

    /// Every act that was sent so far.
    pub(super) fn sent(&self) -> Vec<ActId> {
        let sent = |effect: &Effect| match effect {
            Effect::Apply { act, .. } => Some(*act),
            _ => None,
        };
        self.all.iter().filter_map(sent).collect()
    }

    pub(super) fn asked(&self) -> Vec<(AskId, Question)> {
        let asked = |effect: &Effect| match effect {
            Effect::Ask { ask, question } => Some((*ask, question.clone())),
            _ => None,
        };
        self.effects.iter().filter_map(asked).collect()
    }

    pub(super) fn notice(&self) -> &str {
        self.state.notice.as_ref().map_or("", |notice| notice.text.as_str())
    }

    pub(super) fn dialog(&self) -> &Confirm {
        match &self.state.overlay {
            Some(Overlay::Confirm(confirm)) => confirm,
            other => panic!("no dialog but {other:?}, notice {:?}", self.notice()),
        }
    }

    pub(super) fn panel(&self) -> &Panel {
        &self.state.open.as_ref().unwrap().panels[0]
    }

    pub(super) fn seen(&self) -> Vec<String> {
        let open = self.state.open.as_ref().unwrap();
        open.seen.iter().map(|m| format!("{} {}", m.kind.word(), m.text)).collect()
    }

    pub(super) fn order(&self) -> Vec<&str> {
        self.state.board.order.iter().map(Target::name).collect()
    }

    pub(super) fn cursor(&self) -> &str {
        self.state.board.cursor.as_ref().map_or("", Target::name)
    }
}

pub(super) fn name(text: &str) -> Name {
    text.into()
}
