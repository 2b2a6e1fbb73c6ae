//! A run that is a guard: orders and news in, heartbeats and ways back out.

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::world::{Flight, aborted, noon, orders as orders_panel, paused, promoted, resting, settings};
use crate::{
    core::{
        effect::Effect,
        event::{Event, Signal},
        guard::{ALPHA, Duty, Mandate, Orders, SOAK},
        settings::Settings,
        state::State,
    },
    domain::{
        clean::Clean,
        failure::{Failure, FailureKind},
        goal::{Answer, Denied, Direction, Goal, Permission},
        guard::{Beat, GuardState, Heartbeat, Outcome, Post},
        health::Health,
        journal::{ActId, What},
        panel::{Better, PanelTrouble},
        plan::Plan,
        release::Release,
        revision::Tag,
        series::{Counts, Tick},
        timeline::MomentKind,
        update::{Identity, Update},
        way_back::Means,
    },
    judge::{Judge, Pods, Rules},
};

/// A release that can carry a guard's sign.
pub(super) fn guarded(mut release: Release) -> Release {
    release.post = Some(Post { wire: "PATCH rollouts/checkout".into(), permission: Permission::Yes });
    release
}

pub(super) fn with_sign(mut release: Release, sign: &Heartbeat) -> Release {
    release.guard = Some(sign.clone());
    release
}

pub(super) fn watched() -> Settings {
    Settings { panels: vec![orders_panel()], ..settings() }
}

fn mandate() -> Mandate {
    Mandate { release: paused("checkout").id, alpha: ALPHA, soak: SOAK, until: noon() + TimeDelta::hours(2) }
}

pub(super) fn ordered() -> Event {
    let (id, host) = ("me".into(), "bastion".into());
    Event::Ordered(Box::new(Orders { mandate: mandate(), id, host, over: None, reason: Some("on call".into()) }))
}

pub(super) fn beats(flight: &Flight) -> Vec<(ActId, Beat)> {
    let beat = |effect: &Effect| match effect {
        Effect::Beat { act, beat } => Some((*act, (**beat).clone())),
        _ => None,
    };
    flight.effects.iter().filter_map(beat).collect()
}

pub(super) fn ways_back(flight: &Flight) -> Vec<Plan> {
    let apply = |effect: &Effect| match effect {
        Effect::Apply { plan, .. } => Some((**plan).clone()),
        _ => None,
    };
    flight.all.iter().filter_map(apply).collect()
}

pub(super) fn journalled(flight: &Flight) -> Vec<What> {
    let entry = |effect: &Effect| match effect {
        Effect::Journal(entry) => Some(entry.what.clone()),
        _ => None,
    };
    flight.all.iter().filter_map(entry).collect()
}

/// Takes every sign that was sent, and shows it on the release as the server would.
pub(super) fn take_signs(flight: &mut Flight, release: &Release) {
    for (act, beat) in beats(flight) {
        flight.tell(Event::Beaten { act, result: Ok(()) });
        flight.news(with_sign(release.clone(), &beat.heartbeat));
    }
}

/// A guard that is armed and watches a canary at 10 %.
pub(super) fn armed() -> Flight {
    let mut flight = Flight::new(Settings { open: Some("checkout".parse().unwrap()), ..watched() });
    flight.tell(ordered());
    flight.update(Update::Identity(Identity { user: "operator".into() }));
    flight.news(guarded(paused("checkout")));
    assert_eq!(beats(&flight).len(), 1, "its first sign: {:?}", flight.seen());
    take_signs(&mut flight, &guarded(paused("checkout")));
    assert_eq!(duty(&flight.state), Some(Duty::Watching), "{:?}", flight.seen());
    flight
}

pub(super) fn duty(state: &State) -> Option<Duty> {
    state.guard.as_ref().map(|guard| guard.duty.clone())
}

pub(super) fn sign(flight: &Flight) -> Heartbeat {
    flight.state.guard.as_ref().unwrap().sign.clone()
}

pub(super) fn outcome(flight: &Flight) -> Option<Outcome> {
    flight.state.guard.as_ref().and_then(|guard| guard.end()).map(|end| end.outcome)
}

/// Judged on so many ticks of a total loss of orders at 10 %.
fn dead(ticks: i64) -> Arc<Judge> {
    let mut judge = Judge::new(Rules::new(Better::Higher, 0.1), 0);
    for n in 1..=ticks {
        let canary = Counts { events: 0.0, exposures: 20.0 };
        let baseline = Counts { events: 18.0, exposures: 180.0 };
        judge.take(&Tick { at: n * 10, baseline, canary }, Pods::default()).unwrap();
    }
    Arc::new(judge)
}

/// The orders are found to have regressed, on data as fresh or as missing as said.
pub(super) fn regress(flight: &mut Flight, trouble: Option<PanelTrouble>) {
    let now = flight.state.at.wall;
    let panel = &mut flight.state.open.as_mut().unwrap().panels[0];
    panel.evidence.judge = Some(dead(30));
    panel.history = None;
    panel.newest = Some(now);
    panel.trouble = trouble;
    flight.tell(Event::Tick);
}

#[test]
fn it_is_armed_by_its_first_sign_and_beats_every_ten_seconds() {
    let mut flight = armed();
    let armed: Vec<_> = journalled(&flight);
    let [What::Armed { guard, mandate, reason, .. }] = armed.as_slice() else { panic!("{armed:?}") };
    assert_eq!((guard.by.as_str(), guard.host.as_str()), ("operator", "bastion"));
    assert_eq!(reason.as_ref().map(Clean::as_str), Some("on call"));
    let mandate = mandate.iter().map(Clean::as_str).collect::<Vec<_>>().join("\n");
    for words in [
        "rolls back prod-eu/shop/checkout to 4.1.9, now by abort in ≈3s",
        "revision 42 (4.2.0) only",
        "orders regresses (1 % chance of a false alarm)",
        "never on missing data",
        "at most 5",
        "15m00s after all traffic",
    ] {
        assert!(mandate.contains(words), "no {words:?} in\n{mandate}");
    }
    let mut count = 0;
    for _ in 0..60 {
        flight.wait(1_000);
        count += beats(&flight).len();
        take_signs(&mut flight, &guarded(paused("checkout")));
    }
    assert_eq!(count, 6);
    assert!(ways_back(&flight).is_empty());
}

#[test]
fn without_what_it_needs_it_is_not_armed() {
    let no_post = paused("checkout");
    let mut may_not_write = guarded(paused("checkout"));
    may_not_write.post.as_mut().unwrap().permission = Permission::No("`viewer` may not patch rollouts".into());
    let mut no_way = guarded(paused("checkout"));
    no_way.offers[0].answer = Answer::Denied(Denied::new("there is no stable revision"));
    let mut forbidden = guarded(paused("checkout"));
    if let Answer::Plan(plan) = &mut forbidden.offers[0].answer {
        plan.permission = Permission::No("`viewer` may not".into());
    }
    let mut newer = guarded(paused("checkout"));
    newer.id.revision = "newer".into();
    newer.revisions[0].hash = "newer".into();
    let cases = [
        (watched(), no_post, "no place for a guard's heartbeat"),
        (watched(), may_not_write, "the guard cannot write its heartbeat: `viewer` may not"),
        (watched(), no_way, "there is no stable revision"),
        (watched(), forbidden, "`viewer` may not"),
        (watched(), guarded(resting("checkout")), "another revision came"),
        (watched(), guarded(aborted("checkout")), "somebody else took it back"),
        (watched(), newer, "another revision came"),
        (settings(), guarded(paused("checkout")), "nothing critical is watched"),
    ];
    for (settings, release, expected) in cases {
        let mut flight = Flight::new(Settings { open: Some("checkout".parse().unwrap()), ..settings });
        flight.tell(ordered());
        flight.update(Update::Identity(Identity { user: "operator".into() }));
        flight.news(release);
        assert!(beats(&flight).is_empty(), "{expected}");
        let end = flight.state.guard.as_ref().and_then(|guard| guard.end()).unwrap();
        assert!(end.why.contains(expected), "{:?}, not {expected}", end.why);
        assert!(flight.state.quitting && flight.effects.contains(&Effect::Quit));
    }
    let mut flight = Flight::new(Settings { open: Some("checkout".parse().unwrap()), ..watched() });
    flight.tell(ordered());
    flight.update(Update::Identity(Identity { user: "operator".into() }));
    flight.news(guarded(paused("checkout")));
    let (act, _) = beats(&flight).remove(0);
    let held = Failure::new(FailureKind::Conflict, "another guard holds it: op2 on bastion");
    flight.tell(Event::Beaten { act, result: Err(held) });
    assert_eq!(outcome(&flight), Some(Outcome::Refused));
}

#[test]
fn a_regression_is_read_anew_taken_back_once_proven_and_said() {
    let mut flight = armed();
    let before = flight.watch();
    regress(&mut flight, None);
    assert_ne!(flight.watch(), before, "a fresh read");
    assert!(flight.effects.contains(&Effect::Unwatch(before)));
    assert!(ways_back(&flight).is_empty(), "not by a plan that was there before");
    let mine = sign(&flight);
    flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]);
    let sent = ways_back(&flight);
    let [plan] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!((&plan.goal, plan.direction), (&Goal::Rollback { to: None }, Direction::Back));
    assert!(flight.effects.contains(&Effect::Bell));
    let [(_, beat)] = &beats(&flight)[..] else { panic!("its sign says at once that it acts") };
    assert_eq!(beat.heartbeat.state, GuardState::Acting(1));
    let intent = flight.all.iter().find_map(|effect| match effect {
        Effect::Apply { intent, .. } => Some(intent.what.clone()),
        _ => None,
    });
    let Some(What::Intent { reason: Some(reason), .. }) = intent else { panic!("{intent:?}") };
    assert!(reason.contains("guard me, try 1 of 5: orders"), "{reason}");

    take_signs(&mut flight, &guarded(paused("checkout")));
    flight.replied(Ok(())).wait(3_000);
    let mine = sign(&flight);
    flight.news(with_sign(guarded(aborted("checkout")), &mine));
    assert_eq!(outcome(&flight), Some(Outcome::RolledBack));
    let last = beats(&flight);
    let [(_, beat)] = last.as_slice() else { panic!("{last:?}") };
    let GuardState::Ended(why) = &beat.heartbeat.state else { panic!("{beat:?}") };
    assert!(why.contains("rolled back 08:00:"), "{why}");
    assert!(!flight.state.quitting, "not before its last sign is there");
    take_signs(&mut flight, &guarded(aborted("checkout")));
    assert!(flight.state.quitting);
    assert_eq!(ways_back(&flight).len(), 1);
    let told = journalled(&flight);
    assert!(told.iter().any(|what| matches!(what, What::EffectSeen { .. })), "{told:?}");
    assert!(matches!(told.last(), Some(What::GuardEnded { outcome: Outcome::RolledBack, .. })), "{told:?}");
}

#[test]
fn it_does_nothing_on_data_that_is_missing_old_or_partial() {
    let troubles = [
        PanelTrouble::Waiting,
        PanelTrouble::NoData,
        PanelTrouble::Partial("2 of 8 pods".into()),
        PanelTrouble::Error("connection refused".into()),
        PanelTrouble::NotFinite,
    ];
    for trouble in troubles {
        let mut flight = armed();
        regress(&mut flight, Some(trouble.clone()));
        let mine = sign(&flight);
        flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]).wait(60_000);
        assert!(ways_back(&flight).is_empty(), "{trouble:?}");
        assert_eq!(outcome(&flight), None);
    }
    let mut flight = armed();
    let open = flight.state.open.as_mut().unwrap();
    open.panels[0].reading = crate::core::evidence::Reading::unknown("no data");
    open.panels[0].trouble = Some(PanelTrouble::NoData);
    flight.wait(11_000);
    let told = beats(&flight);
    let GuardState::Blind(why) = &told.last().unwrap().1.heartbeat.state else { panic!("{told:?}") };
    assert_eq!(why.as_str(), "orders: no data");
}

#[test]
fn with_the_api_server_gone_it_waits_and_looks_again_before_it_acts() {
    let mut flight = armed();
    let why = Failure::new(FailureKind::Unreachable, "gone");
    flight.update(Update::Health(Health::Lost { why: why.clone(), retry_in_ms: 800 }));
    regress(&mut flight, None);
    assert!(ways_back(&flight).is_empty());
    assert!(matches!(sign(&flight).state, GuardState::Blind(_)));
    let mine = sign(&flight);
    flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]);
    assert!(ways_back(&flight).is_empty(), "back, and read anew first");
    // Somebody aborted it meanwhile.
    flight.board(vec![with_sign(guarded(aborted("checkout")), &mine)]);
    assert!(ways_back(&flight).is_empty());
    assert_eq!(outcome(&flight), Some(Outcome::TakenBack));
}

#[test]
fn what_was_refused_is_tried_again_from_a_fresh_read_five_times_at_most() {
    let mut flight = armed();
    regress(&mut flight, None);
    for attempt in 1..=5_u32 {
        let mine = sign(&flight);
        flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]);
        assert_eq!(ways_back(&flight).len(), usize::try_from(attempt).unwrap());
        take_signs(&mut flight, &guarded(paused("checkout")));
        let watch = flight.watch();
        flight.replied(Err(FailureKind::Conflict));
        if let Some(pause) = [2_000, 5_000, 10_000, 20_000].get(usize::try_from(attempt - 1).unwrap()) {
            flight.wait(pause - 100);
            assert_eq!(flight.watch(), watch, "a pause first");
            flight.wait(200);
            assert_ne!(flight.watch(), watch, "then a fresh read");
        }
    }
    assert_eq!(outcome(&flight), Some(Outcome::Failed));
    flight.wait(600_000);
    assert_eq!(ways_back(&flight).len(), 5);
}

#[test]
fn a_lost_reply_is_read_back_before_anything_is_sent_again() {
    let mut flight = armed();
    regress(&mut flight, None);
    let mine = sign(&flight);
    flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]);
    flight.replied(Err(FailureKind::Unconfirmed)).wait(29_000);
    assert_eq!(ways_back(&flight).len(), 1, "its effect may still come");
    flight.news(with_sign(guarded(aborted("checkout")), &mine));
    assert_eq!(outcome(&flight), Some(Outcome::RolledBack), "it had been done");
}

#[test]
fn others_end_it_and_signals_do() {
    let ended = |why: &str| GuardState::Ended(why.into());
    let mut flight = armed();
    let mine = sign(&flight);
    flight.news(with_sign(guarded(paused("checkout")), &Heartbeat { state: ended("by hand"), ..mine.clone() }));
    assert_eq!(outcome(&flight), Some(Outcome::StoodDown));
    assert!(beats(&flight).is_empty() && flight.state.quitting, "the sign that ended it stays");

    let mut flight = armed();
    flight.news(with_sign(guarded(paused("checkout")), &Heartbeat { id: "other".into(), ..mine.clone() }));
    assert_eq!(outcome(&flight), Some(Outcome::Replaced));
    assert!(beats(&flight).is_empty());

    let mut flight = armed();
    flight.tell(Event::Signal(Signal::HangUp));
    assert_eq!(outcome(&flight), None, "it outlives its terminal");
    flight.tell(Event::Signal(Signal::Terminate));
    assert_eq!(outcome(&flight), Some(Outcome::Stopped));
    assert_eq!(beats(&flight)[0].1.heartbeat.state, ended("stopped by a signal"));
    flight.tell(Event::Signal(Signal::Terminate));
    assert!(flight.state.quitting, "twice is now");
}

/// All traffic is on the new revision, and the way back is this.
fn out(means: Means) -> Release {
    let mut out = guarded(promoted("checkout"));
    for revision in &mut out.revisions {
        let is_new = revision.hash == out.id.revision;
        revision.tags = if is_new { vec![Tag::Stable] } else { vec![] };
    }
    out.way_back.means = means;
    out
}

#[test]
fn it_soaks_after_all_traffic_and_then_ends() {
    let mut flight = armed();
    let mine = sign(&flight);
    flight.news(with_sign(out(Means::UndoFast), &mine)).wait(14 * 60_000);
    assert_eq!(outcome(&flight), None);
    flight.update(Update::Health(Health::Live)).wait(61_000);
    assert_eq!(outcome(&flight), Some(Outcome::Completed));
}

#[test]
fn evidence_that_comes_after_all_traffic_counts_where_the_way_back_is_at_once() {
    for (means, acts) in [(Means::UndoFast, true), (Means::UndoThroughSteps, false)] {
        let mut flight = armed();
        let mine = sign(&flight);
        flight.news(with_sign(out(means.clone()), &mine));
        let arms = flight.panel().arms.clone().unwrap();
        assert_eq!(
            arms.canary.map(|canary| canary.hash),
            Some("new".into()),
            "what is on its way belongs to these arms"
        );
        flight.effects.clear();
        regress(&mut flight, None);
        assert_eq!(flight.effects.contains(&Effect::Bell), !acts, "a person is called where it may not act");
        flight.board(vec![with_sign(out(means.clone()), &mine)]);
        assert_eq!(ways_back(&flight).len(), usize::from(acts), "{means:?}");
        if !acts {
            assert!(flight.seen().iter().any(|line| line.contains("it may not act: no way back: the way back leads")));
        }
    }
    let mut looking = Flight::open(watched());
    looking.news(out(Means::UndoFast));
    assert_eq!(looking.panel().arms.clone().unwrap().canary, None, "a person looks at what runs now");
}

#[test]
fn what_is_enough_for_a_person_is_not_yet_enough_for_it() {
    let enough = |ticks: &i64, alpha: f64| dead(*ticks).harm_at(alpha);
    let ticks = (1..100).find(|ticks| enough(ticks, 0.05)).unwrap();
    assert!(!enough(&ticks, ALPHA));
    let mut flight = armed();
    let panel = &mut flight.state.open.as_mut().unwrap().panels[0];
    panel.evidence.judge = Some(dead(ticks));
    (panel.history, panel.trouble) = (None, None);
    let before = flight.watch();
    flight.tell(Event::Tick);
    assert_eq!(flight.watch(), before, "NO-GO on screen, and the guard waits for more");
    regress(&mut flight, None);
    assert_ne!(flight.watch(), before);
}

fn happening() -> impl Strategy<Value = u8> {
    0..14_u8
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// No order of events makes a guard send anything but its way back, on its own revision, while a critical panel
    /// stands regressed on fresh data, and more often than it may; and what it does is the same in a replay.
    #[test]
    fn no_order_of_events_makes_it_act_without_cause(steps in prop::collection::vec((happening(), 0..30_000_u64), 1..60)) {
        let mut flight = armed();
        let mut regressed = false;
        let mut sent = 0;
        for (what, pause) in steps {
            flight.skip(pause).tell(Event::Tick);
            let mine = sign(&flight);
            match what {
                0 => { flight.board(vec![with_sign(guarded(paused("checkout")), &mine)]); }
                1 => { flight.news(with_sign(guarded(paused("checkout")), &mine)); }
                2 => { regress(&mut flight, None); regressed = true; }
                3 => {
                    let panel = &mut flight.state.open.as_mut().unwrap().panels[0];
                    panel.trouble = Some(PanelTrouble::NoData);
                    regressed = false;
                    flight.tell(Event::Tick);
                }
                4 => {
                    let why = Failure::new(FailureKind::Unreachable, "gone");
                    flight.update(Update::Health(Health::Lost { why, retry_in_ms: 800 }));
                }
                5 => { flight.update(Update::Health(Health::Live)); }
                6 if !flight.state.acts.is_empty() => { flight.replied(Err(FailureKind::Conflict)); }
                7 if !flight.state.acts.is_empty() => { flight.replied(Ok(())); }
                8 if !flight.state.acts.is_empty() => { flight.replied(Err(FailureKind::Unconfirmed)); }
                9 => { take_signs(&mut flight, &guarded(paused("checkout"))); }
                10 => { flight.wait(pause); }
                11 if pause > 25_000 => { flight.news(with_sign(guarded(aborted("checkout")), &mine)); }
                12 if pause > 25_000 => {
                    let mut newer = with_sign(guarded(paused("checkout")), &mine);
                    newer.id.revision = "newer".into();
                    flight.board(vec![newer]);
                }
                13 if pause > 25_000 => { flight.tell(Event::Signal(Signal::Terminate)); }
                _ => { flight.tell(Event::Tick); }
            }
            let panel = &flight.state.open.as_ref().unwrap().panels[0];
            // Data grows old by itself.
            let fresh = regressed && panel.trouble.is_none();
            let now = ways_back(&flight);
            if now.len() > sent {
                prop_assert_eq!(now.len(), sent + 1);
                prop_assert!(fresh, "acted without a regression on fresh data");
                let plan = now.last().unwrap();
                prop_assert_eq!(&plan.release, &paused("checkout").id);
                prop_assert_eq!(&plan.goal, &Goal::Rollback { to: None });
                prop_assert_eq!(&flight.state.open.as_ref().unwrap().release.as_ref().unwrap().id, &plan.release);
                sent += 1;
            }
            prop_assert!(sent <= 5);
            if flight.state.quitting {
                break;
            }
        }
        let moments = flight.state.open.as_ref().unwrap().seen.iter().filter(|m| m.kind == MomentKind::Guard).count();
        prop_assert!(moments >= 1);
        let json = serde_json::to_value(&flight.state).unwrap();
        let back: State = serde_json::from_value(json.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&back).unwrap(), json);
    }
}
