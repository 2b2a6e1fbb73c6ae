//! States to look at, made of domain values: one release and one board in five situations.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use flightdeck::{
    core::{
        effect::WatchId,
        event::Size,
        evidence,
        past::Past,
        settings::{Environment, Role, Settings, SourceSetting, Zone},
        state::{LastTold, Open, Pane, Panel, Row, State, View},
        study::Study,
        urgency,
    },
    domain::{
        analysis::{Analysis, AnalysisMetric},
        clean::{Clean, Name},
        failure::{Failure, FailureKind},
        goal::{Answer, Denied, Direction, Goal, Offer, Permission},
        guard::Post,
        health::Health,
        panel::{Arm, Arms, Better, PanelKind, PanelSpec, PanelTrouble, TargetPattern},
        plan::{Condition, Expectation, Plan, Reach, Request, Stage},
        release::{About, Phase, Release, ReleaseId, Strategy, Waiting, WaitingOn},
        revision::{Pod, Revision, RevisionHealth, Tag},
        series::{Counts, Tick},
        step::{Step, StepId, StepKind, StepState, Took},
        target::Target,
        time::{At, Seconds},
        timeline::{Moment, MomentKind},
        way_back::{Capacity, Means, WayBack, Worse},
        weight::Weight,
    },
    judge::{Dispersion, Judge, Pods, Rules},
};

/// What there is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// Connected, and nothing is there.
    Empty,
    /// Nothing was heard yet.
    Loading,
    /// A canary at 10 % waits for a person; orders are off.
    Normal,
    /// Contact lost, pods crash, metrics fail.
    Bad,
    /// Long names, many steps, pods, panels and rows.
    Huge,
}

pub const SITUATIONS: [Situation; 5] =
    [Situation::Empty, Situation::Loading, Situation::Normal, Situation::Bad, Situation::Huge];

pub fn now() -> DateTime<Utc> {
    "2026-11-20T14:06:22Z".parse().unwrap()
}

pub fn ago(seconds: i64) -> DateTime<Utc> {
    now() - TimeDelta::seconds(seconds)
}

const MONO: u64 = 3_600_000;

fn target() -> Target {
    Target { source: "prod-eu".into(), kind: "rollout".into(), path: vec!["shop".into(), "checkout".into()] }
}

fn settings() -> Settings {
    let source = |name: &str, short: &str, role| SourceSetting {
        name: name.into(),
        role,
        environment: Environment::Prod,
        folders: vec!["shop".into()],
        short: short.into(),
        tick: Some(Seconds(10.0)),
    };
    Settings {
        sources: vec![source("prod-eu", "k8s", Role::Backend), source("prom-eu", "prom", Role::Metrics)],
        zone: Zone { minutes_east: 0, name: "UTC".into() },
        ..Settings::default()
    }
}

/// The board in a situation.
pub fn board(situation: Situation, size: Size) -> State {
    let mut state = State::new(settings(), size, At { wall: now(), mono: MONO });
    if situation == Situation::Loading {
        return state;
    }
    let source = &mut state.sources[0];
    source.health = Health::Live;
    source.heard = Some(MONO - 400);
    source.user = Some("operator".into());
    source.listed = true;
    match situation {
        Situation::Empty | Situation::Loading => {}
        Situation::Normal => {
            add(&mut state, checkout(), 252);
            add(&mut state, resting("shop", "search", "7.0.3"), 86_400);
            add(&mut state, resting("shop", "basket", "1.18.0"), 7_200);
            add(&mut state, moving("shop", "payments", "2.0.1", "2.1.0", 5.0), 63);
        }
        Situation::Bad => {
            add(&mut state, broken(), 95);
            add(&mut state, resting("shop", "search", "7.0.3"), 86_400);
            lose_contact(&mut state);
        }
        Situation::Huge => {
            add(&mut state, huge(), 252);
            for place in 0..400_i64 {
                let name = format!("service-{place:03}");
                let release = match place % 7 {
                    0 => moving("a-namespace-with-a-long-name", &name, "1.0.0", "1.1.0-rc.1+build.20261120", 25.0),
                    1 => Release {
                        phase: Phase::Degraded,
                        message: "ProgressDeadlineExceeded".into(),
                        ..moving("shop", &name, "1.0.0", "1.1.0", 5.0)
                    },
                    _ => resting("shop", &name, "1.0.0"),
                };
                add(&mut state, release, 60 * place);
            }
            state.board.risen.insert(target());
        }
    }
    let mut order: Vec<_> = state.board.releases.iter().collect();
    order.sort_by_key(|(target, row)| (urgency::rank(row, None), (*target).clone()));
    state.board.order = order.into_iter().map(|(target, _)| target.clone()).collect();
    state.board.cursor = state.board.order.first().cloned();
    state
}

fn add(state: &mut State, release: Release, since: i64) {
    let row = Row { release: Arc::new(release), since: ago(since), since_at_least: since > 80_000, pulse: None };
    state.board.releases.insert(row.release.id.target.clone(), row);
}

fn lose_contact(state: &mut State) {
    let why = Failure::new(FailureKind::Unreachable, "`prod-eu` cannot be reached: connection refused");
    let lost = Health::Lost { why, retry_in_ms: 4000 };
    state.sources[0].health = lost.clone();
    state.sources[0].heard = Some(MONO - 42_000);
    if let Some(open) = &mut state.open {
        open.health = lost;
    }
}

/// The opened release in a situation.
pub fn release(situation: Situation, size: Size) -> State {
    let mut state = board(situation, size);
    let mut open = Open {
        target: target(),
        watch: WatchId(1),
        health: if situation == Situation::Loading { Health::Connecting } else { Health::Live },
        release: None,
        complete: situation != Situation::Loading,
        gone: false,
        view: View::Cockpit,
        pane: Pane::Metrics,
        tab: None,
        scroll: [0; 4],
        unfolded: false,
        study: Study::default(),
        filter: tui_input::Input::default(),
        panels: Vec::new(),
        budgets: Vec::new(),
        seen: Vec::new(),
        weights: Vec::new(),
        first_weight: None,
        told_ahead: 0,
        blind_since: None,
        woke: None,
        critical: None,
        split: None,
        told: LastTold::default(),
        wrong: Vec::new(),
        said: None,
        pulse: None,
        past: Past::default(),
        looking: None,
    };
    if situation != Situation::Loading {
        state.sources[1].health = Health::Live;
        state.sources[1].heard = Some(MONO - 4_000);
    }
    match situation {
        Situation::Empty => open.gone = true,
        Situation::Loading => {}
        Situation::Normal => {
            open.release = Some(Arc::new(checkout()));
            open.panels = panels();
            open.seen = vec![moment(120, MomentKind::Verdict, "COLLECTING: differences are shown, not judged")];
        }
        Situation::Bad => {
            open.release = Some(Arc::new(broken()));
            open.panels = panels();
            let troubles = [
                Some(PanelTrouble::Stale(Seconds(42.0))),
                Some(PanelTrouble::NoData),
                Some(PanelTrouble::Partial("2 of 8 pods are missing".into())),
                Some(PanelTrouble::Error("`prom-eu` answered 503; it may be restarting".into())),
                Some(PanelTrouble::NotFinite),
            ];
            for (panel, trouble) in open.panels.iter_mut().zip(troubles) {
                panel.trouble = trouble;
                panel.reading = evidence::look(panel);
                panel.newest = Some(ago(42));
            }
            open.seen = vec![moment(42, MomentKind::Source, "contact with `prod-eu` lost: connection refused")];
        }
        Situation::Huge => {
            open.release = Some(Arc::new(huge()));
            open.panels = (0..15)
                .map(|place| {
                    let name = format!("a panel with quite a long name, number {place}");
                    panel(
                        &name,
                        if place % 2 == 0 { "per 1,000 checkouts of customers who came through the app" } else { "%" },
                        0.9,
                        0.9 - 0.02 * f64::from(place),
                        place < 4,
                    )
                })
                .collect();
            open.seen = (0..500).map(|place| moment(place * 7, MomentKind::Pod, &format!("checkout-6b7c9d-{place:05} is ready after a long wait for its image, which came from a slow registry"))).collect();
        }
    }
    state.open = Some(open);
    if situation == Situation::Bad {
        lose_contact(&mut state);
    }
    state
}

/// Acts on the source are allowed.
pub fn armed(mut state: State) -> State {
    state.sources[0].armed_until = Some(At { wall: now() + TimeDelta::minutes(12), mono: MONO + 12 * 60_000 });
    state
}

pub fn moment(ago_seconds: i64, kind: MomentKind, text: &str) -> Moment {
    Moment { at: ago(ago_seconds), kind, text: text.into() }
}

fn image(version: &str) -> Vec<Clean> {
    vec![format!("registry.example/shop/checkout:{version}").into()]
}

fn revision(number: u64, hash: &str, version: &str, tag: Tag, age: i64, ready: u32, desired: u32) -> Revision {
    let pods = (0..desired)
        .map(|place| Pod {
            name: format!("checkout-{hash}-{place:05}").into(),
            state: if place < ready { "Running".into() } else { "Pending".into() },
            ready: place < ready,
            restarts: 0,
            started_at: Some(ago(age)),
            ready_since: None,
            trouble: None,
        })
        .collect();
    Revision {
        number: Some(number),
        first_number: Some(number),
        name: format!("checkout-{hash}").into(),
        hash: hash.into(),
        version: version.into(),
        images: image(version),
        tags: vec![tag],
        created_at: Some(ago(age)),
        health: RevisionHealth::Healthy,
        ready,
        desired,
        scale_down_at: None,
        pods,
    }
}

fn step(id: usize, kind: StepKind, label: &str, state: StepState, took: Option<f64>, planned: Option<f64>) -> Step {
    Step {
        id: StepId(id.to_string()),
        kind,
        label: label.into(),
        after: Vec::new(),
        group: None,
        state,
        started_at: (state == StepState::Current).then(|| ago(252)),
        took: took.map(|seconds| Took { seconds: Seconds(seconds), at_least: id == 1 }),
        planned: planned.map(Seconds),
        usual: None,
    }
}

fn id() -> ReleaseId {
    ReleaseId { target: target(), uid: "8c1d".into(), revision: "6b7c9d".into() }
}

fn plan(goal: Goal, direction: Direction, customers: &str, path: &str, body: serde_json::Value) -> Plan {
    Plan {
        goal,
        release: id(),
        direction,
        requests: vec![Request::Http {
            method: "PATCH".into(),
            path: format!("/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/checkout{path}"),
            content_type: "application/json-patch+json".into(),
            body,
            template: None,
        }],
        only_if: vec!["this is still revision 42".into()],
        expect: Expectation {
            text: "100 % is on 4.1.9".into(),
            all: vec![Condition::WeightSet(0.0)],
            within: Seconds(30.0),
        },
        customers: customers.into(),
        not_undone: Vec::new(),
        going_on: None,
        reach: None,
        warnings: Vec::new(),
        proven: true,
        command: "kubectl -n shop patch rollout checkout --type json -p '[…]'".into(),
        permission: Permission::Yes,
    }
}

pub fn rollback() -> Plan {
    Plan {
        not_undone: vec![
            "database: unknown, no migration source".into(),
            "the template still says 4.2.0: the next edit of it ships it again".into(),
        ],
        going_on: Some("retry = step 1 again, all 8 steps, ≈15m + a person".into()),
        ..plan(
            Goal::Rollback { to: None },
            Direction::Back,
            "10 % on 4.2.0 → 100 % on 4.1.9 in ≈3s (8 of 8 pods ready)",
            "/status",
            serde_json::json!([{"op": "test", "path": "/metadata/uid", "value": "8c1d"}, {"op": "add", "path": "/status/abort", "value": true}]),
        )
    }
}

pub fn promote() -> Plan {
    Plan {
        only_if: vec!["this is still revision 42".into(), "step 4 still waits since 14:02:10".into()],
        expect: Expectation {
            text: "step 4 is behind it".into(),
            all: vec![Condition::StepsDone(4)],
            within: Seconds(30.0),
        },
        reach: Some(Reach {
            weight: 100.0,
            next_stop: None,
            seconds: Some(Seconds(759.0)),
            path: vec!["analysis 2m30s".into(), "weight 50 %".into(), "pause 10m".into(), "weight 100 %".into()],
            stages: vec![
                Stage { weight: 10.0, seconds: Some(Seconds(150.0)) },
                Stage { weight: 50.0, seconds: Some(Seconds(600.0)) },
                Stage { weight: 100.0, seconds: None },
            ],
        }),
        warnings: vec!["nobody is asked again before every customer is on 4.2.0".into()],
        ..plan(
            Goal::Promote,
            Direction::Forward,
            "10 % on 4.2.0 → 100 % on 4.2.0 in ≈12m39s",
            "/status",
            serde_json::json!([{"op": "test", "path": "/status/currentStepIndex", "value": 3}, {"op": "replace", "path": "/status/currentStepIndex", "value": 4}]),
        )
    }
}

fn hold() -> Plan {
    Plan {
        not_undone: vec!["a running analysis goes on and may abort".into()],
        ..plan(
            Goal::Pause,
            Direction::Hold,
            "stays at 10 % until somebody resumes",
            "",
            serde_json::json!([{"op": "add", "path": "/spec/paused", "value": true}]),
        )
    }
}

fn offer(plan: Plan) -> Offer {
    Offer { goal: plan.goal.clone(), answer: Answer::Plan(Box::new(plan)) }
}

fn denied(goal: Goal, why: &str) -> Offer {
    Offer { goal, answer: Answer::Denied(Denied::new(why)) }
}

/// A canary at 10 % that waits for a person.
pub fn checkout() -> Release {
    Release {
        id: id(),
        strategy: Strategy::Canary,
        phase: Phase::Paused,
        message: "CanaryPauseStep".into(),
        waiting: Some(Waiting { on: WaitingOn::Person, since: Some(ago(252)) }),
        held: false,
        aborted: false,
        steps: vec![
            step(1, StepKind::SetWeight(1.0), "weight 1 %", StepState::Done, Some(4.0), None),
            step(2, StepKind::Wait, "pause 2m", StepState::Done, Some(120.0), Some(120.0)),
            step(3, StepKind::SetWeight(10.0), "weight 10 %", StepState::Done, Some(5.0), None),
            step(4, StepKind::Person, "pause, for a person", StepState::Current, Some(252.0), None),
            step(5, StepKind::Analysis, "analysis success-rate ×5 30s", StepState::Ahead, None, Some(150.0)),
            step(6, StepKind::SetWeight(50.0), "weight 50 %", StepState::Ahead, None, None),
            step(7, StepKind::Wait, "pause 10m", StepState::Ahead, None, Some(600.0)),
            step(8, StepKind::SetWeight(100.0), "weight 100 %", StepState::Ahead, None, None),
        ],
        weight: Weight { wanted: Some(10.0), set: Some(10.0), verified: None },
        revisions: vec![
            revision(42, "6b7c9d", "4.2.0", Tag::Canary, 381, 2, 2),
            revision(41, "5f4d8c", "4.1.9", Tag::Stable, 260_000, 8, 8),
        ],
        serving: vec!["6b7c9d".into(), "5f4d8c".into()],
        analyses: vec![Analysis {
            name: "checkout-6b7c9d-42-2".into(),
            phase: "Successful".into(),
            message: "".into(),
            started_at: Some(ago(300)),
            successful: 5,
            failed: 0,
            inconclusive: 0,
            error: 0,
            metrics: vec![AnalysisMetric {
                name: "error-ratio".into(),
                phase: "Successful".into(),
                value: Some("0.0021".into()),
                condition: Some("result[0] < 0.05".into()),
            }],
        }],
        experiments: Vec::new(),
        gates: Vec::new(),
        blockers: Vec::new(),
        way_back: WayBack {
            revision: Some(41),
            version: Some("4.1.9".into()),
            means: Means::Abort,
            seconds: Some(Seconds(3.0)),
            capacity: Some(Capacity { ready: 8, needed: 8 }),
            permission: Permission::Yes,
            not_undone: vec!["database: no migration source".into()],
            worse_after: Some(Worse { after: StepId("8".into()), text: "way back ≈15m + a person".into() }),
        },
        offers: vec![
            offer(rollback()),
            offer(hold()),
            offer(promote()),
            offer(Plan {
                goal: Goal::PromoteFull,
                customers: "10 % on 4.2.0 → 100 % on 4.2.0 at once, past 4 steps and 1 analysis".into(),
                warnings: vec!["nothing checks it on the way".into()],
                ..promote()
            }),
            denied(Goal::Retry, "the update was not aborted"),
            offer(Plan { goal: Goal::Abort, ..rollback() }),
        ],
        about: About {
            by: Some("ci".into()),
            owner: Some("team-checkout".into()),
            change: Some("PAY-812 new payment provider".into()),
            gitops: None,
            router: Some("nginx".into()),
        },
        timeline: vec![
            moment(381, MomentKind::Revision, "42 created, 4.2.0"),
            moment(377, MomentKind::Weight, "1 % set"),
            moment(257, MomentKind::Weight, "10 % set"),
            moment(252, MomentKind::Step, "4/8 pause began, waiting for a person"),
        ],
        started_at: Some(ago(381)),
        declared: Vec::new(),
        panels_unseen: None,
        checks: Vec::new(),
        guard: None,
        post: Some(Post {
            wire: "PATCH rollouts/checkout  metadata.annotations[flightdeck/guard], every 10s, as flightdeck-guard"
                .into(),
            permission: Permission::Yes,
        }),
        missing: Vec::new(),
    }
}

/// It crashes, the watch is lost, parts may not be seen.
fn broken() -> Release {
    let mut release = checkout();
    release.phase = Phase::Degraded;
    release.aborted = true;
    release.message =
        "RolloutAborted: metric `error-ratio` assessed Failed due to failed (3) > failureLimit (2)".into();
    release.waiting = None;
    release.weight = Weight { wanted: Some(0.0), set: Some(10.0), verified: Some(false) };
    release.blockers = vec![
        "2 pods of 4.2.0 do not start: CrashLoopBackOff, exit code 1".into(),
        "the router still sends 10 % to 4.2.0".into(),
    ];
    for step in &mut release.steps {
        if step.state == StepState::Current {
            step.state = StepState::Failed;
            step.started_at = None;
        }
    }
    let canary = &mut release.revisions[0];
    canary.health = RevisionHealth::Degraded;
    canary.ready = 0;
    canary.scale_down_at = Some(now() + TimeDelta::seconds(25));
    for pod in &mut canary.pods {
        pod.ready = false;
        pod.state = "CrashLoopBackOff".into();
        pod.restarts = 7;
        pod.trouble = Some("exit code 1: cannot reach payments.example".into());
    }
    release.way_back.capacity = Some(Capacity { ready: 3, needed: 8 });
    release.way_back.permission = Permission::No("`viewer` may not patch rollouts/status in `shop`".into());
    release.way_back.seconds = None;
    let analysis = &mut release.analyses[0];
    analysis.phase = "Failed".into();
    analysis.message = "metric error-ratio assessed Failed".into();
    (analysis.successful, analysis.failed) = (1, 3);
    analysis.metrics[0].phase = "Failed".into();
    analysis.metrics[0].value = Some("0.31".into());
    release.missing = vec!["events: `viewer` may not list events in `shop`".into()];
    release.about.gitops = Some("Argo CD application `shop`".into());
    let no = || Permission::No("`viewer` may not patch rollouts in `shop`".into());
    release.offers = vec![
        offer(Plan { permission: no(), ..rollback() }),
        denied(Goal::Pause, "the update was aborted"),
        denied(Goal::Promote, "the update was aborted; retry starts it again"),
        offer(Plan { goal: Goal::Retry, direction: Direction::Forward, permission: no(), ..promote() }),
    ];
    release
}

fn huge() -> Release {
    let mut release = checkout();
    release.steps = (1..=60)
        .map(|place| {
            let state = match place {
                1..28 => StepState::Done,
                28 => StepState::Current,
                _ => StepState::Ahead,
            };
            let label = format!("pause 10m with a label that is far too long for its column, {place}");
            step(place, StepKind::Wait, &label, state, (place < 28).then_some(600.0), Some(600.0))
        })
        .collect();
    release.revisions = vec![
        revision(1042, "6b7c9d", "4.2.0-rc.12+build.20261120.sha.8c1d2e3f", Tag::Canary, 381, 90, 120),
        revision(1041, "5f4d8c", "4.1.9", Tag::Stable, 260_000, 1080, 1080),
        revision(1040, "4e3d2c", "4.1.8", Tag::Preview, 560_000, 3, 3),
    ];
    release.blockers = (0..4).map(|place| format!("blocker {place}: the quota `cpu` of `shop` is used up and no node has room for the pods of this revision").into()).collect();
    release.missing =
        (0..4).map(|place| format!("part {place}: `operator` may not list it in `shop`").into()).collect();
    release
}

fn resting(namespace: &str, name: &str, version: &str) -> Release {
    let target = Target { source: "prod-eu".into(), kind: "rollout".into(), path: vec![namespace.into(), name.into()] };
    let mut release = checkout();
    release.id = ReleaseId { target, uid: "1".into(), revision: "5f4d8c".into() };
    release.phase = Phase::Healthy;
    release.message = "".into();
    release.waiting = None;
    release.weight = Weight::default();
    release.revisions = vec![revision(7, "5f4d8c", version, Tag::Stable, 260_000, 8, 8)];
    release.steps.clear();
    release.offers.clear();
    release.way_back.means = Means::None("only one revision is known".into());
    release
}

fn moving(namespace: &str, name: &str, from: &str, to: &str, weight: f64) -> Release {
    let mut release = checkout();
    release.id.target.path = vec![namespace.into(), Name::from(name)];
    release.phase = Phase::Progressing;
    release.message = "more replicas need to be updated".into();
    release.waiting = Some(Waiting { on: WaitingOn::Timer(now() + TimeDelta::seconds(80)), since: Some(ago(40)) });
    release.weight = Weight { wanted: Some(weight), set: Some(weight), verified: None };
    release.revisions[0].version = to.into();
    release.revisions[1].version = from.into();
    release
}

fn panels() -> Vec<Panel> {
    vec![
        panel("orders", "per 1,000 checkouts", 0.941, 0.386, true),
        panel("error ratio", "%", 0.0020, 0.0021, true),
        panel("latency > 300 ms", "%", 0.0108, 0.0110, true),
        panel("refunds", "per 1,000 checkouts", 0.019, 0.020, false),
        panel("chat contacts", "per 1,000 checkouts", 0.004, 0.0041, false),
    ]
}

/// A panel with 40 ticks; the canary is exposed in the last 25 of them.
fn panel(name: &str, unit: &str, baseline: f64, canary: f64, critical: bool) -> Panel {
    let end = now().timestamp() / 10 * 10 - 10;
    let wave = |place: i64| 1.0 + 0.08 * f64::from(i32::try_from(place * 37 % 11).unwrap() - 5) / 5.0;
    let ticks: Vec<Tick> = (0..40)
        .map(|place| {
            let at = end - (39 - place) * 10;
            let arm = |rate: f64, exposures: f64| Counts { events: rate * exposures * wave(place), exposures };
            let exposed = if place >= 15 { 17.6 } else { 0.0 };
            // The harm begins a while after the exposure.
            let rate = if place >= 22 { canary } else { baseline };
            Tick { at, baseline: arm(baseline, 163.0), canary: arm(rate, exposed) }
        })
        .collect();
    let arm = |hash: &str| Arm { hash: hash.into(), instance_prefix: format!("checkout-{hash}-").into() };
    let spec = PanelSpec {
        targets: TargetPattern(vec!["checkout".into()]),
        source: "prom-eu".into(),
        critical,
        business: true,
        unit: unit.into(),
        per: if unit == "%" { 100.0 } else { 1000.0 },
        origin: "flightdeck.toml".into(),
        ..PanelSpec::new(
            name,
            PanelKind::Ratio { events: "orders_total".into(), exposures: "checkouts_total".into(), by: "pod".into() },
            if baseline > 0.5 { Better::Higher } else { Better::Lower },
        )
    };
    let arms = Arms { baseline: arm("5f4d8c"), canary: Some(arm("6b7c9d")) };
    let mut panel = Panel {
        exposed_since: Some(end - 250),
        newest: Some(ago(4)),
        ticks,
        trouble: None,
        answered_to: Some(end),
        ..Panel::new(spec, Some(arms), 10, MONO + 6000)
    };
    judge(&mut panel, end - 250);
    panel.reading = evidence::look(&panel);
    panel
}

/// Lets the panel's judge see the ticks since the canary was exposed.
fn judge(panel: &mut Panel, began: i64) {
    let dispersion = Dispersion::measured(1.0);
    let rules = Rules::new(panel.spec.better, panel.spec.tolerance).with_critical(2).with_dispersion(dispersion);
    let mut judge = Judge::new(rules, began);
    for tick in panel.ticks.iter().filter(|tick| tick.at > began) {
        judge.take(tick, Pods { baseline: 8, canary: 2 }).unwrap();
    }
    panel.evidence.dispersion = Some(dispersion);
    panel.evidence.finding = Some(judge.finding());
    panel.evidence.pods = Pods { baseline: 8, canary: 2 };
    panel.evidence.judge = Some(Arc::new(judge));
}
