//! When waiting ends, over states of the simulated world, and what is told meanwhile.

use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::{
    cli::Until,
    core::state::State,
    domain::{
        failure::{Failure, FailureKind},
        health::Health,
        release::Phase,
        time::At,
    },
    headless::{
        demo, documented,
        problem::{Code, Problem},
        verdict::tests::{flown, with_budget, with_release},
    },
    sim::Scenario,
    theme::Theme,
};

const GRACE: Duration = Duration::from_secs(30);

fn waiter(until: &[Until]) -> Waiter {
    Waiter::new(until.to_vec(), GRACE, At { wall: chrono::DateTime::UNIX_EPOCH, mono: 0 })
}

fn ended(state: &State, until: &[Until]) -> Option<Ending> {
    waiter(until).look(state)
}

/// The code it ends with, if it does.
fn code(state: &State, until: &[Until]) -> Option<u8> {
    ended(state, until).map(|ending| ending.code())
}

#[test]
fn a_phase_is_reached_and_another_is_not() {
    let paused = flown(Scenario::Clean, 2);
    assert_eq!(code(&paused, &[Until::Paused]), Some(0));
    assert_eq!(code(&paused, &[Until::Healthy, Until::Paused]), Some(0));
    for until in [Until::Healthy, Until::Progressing, Until::Degraded, Until::NoGo] {
        assert_eq!(code(&paused, &[until]), None, "{until:?}");
    }
}

#[test]
fn a_release_that_failed_ends_it_unless_that_is_waited_for() {
    let state = with_release(flown(Scenario::Clean, 2), |release| release.phase = Phase::Degraded);
    assert_eq!(code(&state, &[Until::Degraded]), Some(0));
    assert_eq!(code(&state, &[Until::NoGo]), Some(0), "it may not go on");
    for until in [Until::Go, Until::Healthy, Until::Paused, Until::Progressing] {
        assert_eq!(code(&state, &[until]), Some(1), "{until:?}");
    }
}

#[test]
fn a_spent_budget_ends_waiting_for_go_and_not_for_the_end_of_the_release() {
    let state = with_budget(flown(Scenario::Clean, 2), -0.1);
    assert_eq!(code(&state, &[Until::NoGo]), Some(0));
    let Some(Ending::Failed(why)) = ended(&state, &[Until::Go]) else { panic!("not failed") };
    assert!(why.contains("error budget"), "{why}");
    assert_eq!(code(&state, &[Until::Healthy]), None);
}

#[test]
fn no_go_is_what_was_waited_for_or_ends_waiting_for_something_good() {
    let state = flown(Scenario::SilentPaymentFailure, 8);
    assert_eq!(code(&state, &[Until::NoGo]), Some(0));
    assert_eq!(code(&state, &[Until::Go, Until::NoGo]), Some(0));
    for until in [Until::Go, Until::Healthy] {
        let Some(Ending::Failed(why)) = ended(&state, &[until]) else { panic!("{until:?} still waits") };
        assert!(why.starts_with("NO-GO orders per 1,000 checkouts ×0."), "{why}");
    }
    assert_eq!(code(&state, &[Until::Progressing]), None);
}

#[test]
fn another_revision_is_another_release() {
    let state = flown(Scenario::Clean, 2);
    let mut waiter = waiter(&[Until::Healthy]);
    assert_eq!(waiter.look(&state), None);
    let other = with_release(state.clone(), |release| release.id.revision = "other".into());
    assert!(matches!(waiter.look(&other), Some(Ending::Failed(why)) if why.starts_with("another revision came")));
}

#[test]
fn what_was_undone_is_not_what_was_waited_for_however_well_it_is() {
    let state = flown(Scenario::Clean, 2);
    for (until, phase) in [(Until::Healthy, Phase::Healthy), (Until::Paused, Phase::Paused)] {
        let mut waiter = waiter(&[until]);
        let moving = with_release(state.clone(), |release| release.phase = Phase::Progressing);
        assert_eq!(waiter.look(&moving), None);
        let undone = with_release(state.clone(), |release| {
            let stable = release.stable().unwrap().hash.clone();
            release.revisions.retain(|revision| revision.hash == stable);
            release.id.revision = stable;
            release.phase = phase;
        });
        let Some(Ending::Failed(why)) = waiter.look(&undone) else { panic!("{until:?} is reached") };
        assert!(why.starts_with("another revision came: "), "{why}");
    }
    let aborted = with_release(state, |release| {
        release.aborted = true;
        release.phase = Phase::Healthy;
    });
    assert_eq!(code(&aborted, &[Until::Healthy]), Some(1));
    assert_eq!(code(&aborted, &[Until::NoGo]), Some(0), "it may not go on");
}

#[test]
fn a_silent_backend_reaches_nothing() {
    let state = flown(Scenario::Clean, 2);
    let mut waiter = waiter(&[Until::Paused]);
    waiter.look(&with_release(state.clone(), |release| release.phase = Phase::Progressing));
    let silent = at(state, 115);
    assert_eq!(waiter.look(&silent), None, "paused when last heard of, which is long ago");
    assert_eq!(waiter.look(&at(silent, 30)).map(|ending| ending.code()), Some(3));
}

#[test]
fn what_rested_before_may_begin_to_move() {
    let state = flown(Scenario::Clean, 2);
    let mut waiter = waiter(&[Until::Paused]);
    let resting = with_release(state.clone(), |release| {
        release.id.revision = release.stable().unwrap().hash.clone();
        release.phase = Phase::Progressing;
    });
    assert_eq!(waiter.look(&resting), None);
    assert!(matches!(waiter.look(&state), Some(Ending::Reached(Until::Paused, _))));
}

fn at(mut state: State, seconds: u64) -> State {
    state.at.mono += seconds * 1_000;
    state
}

fn lost(mut state: State, source: &str, kind: FailureKind) -> State {
    let health = Health::Lost { why: Failure::new(kind, "gone"), retry_in_ms: 1_000 };
    if source == "demo" {
        state.open.as_mut().unwrap().health = health.clone();
    }
    state.sources.iter_mut().find(|known| known.name.raw() == source).unwrap().health = health;
    state
}

#[test]
fn lost_contact_is_borne_for_a_while_and_nothing_old_counts_meanwhile() {
    let state = flown(Scenario::Clean, 2);
    let cut = lost(state.clone(), "demo", FailureKind::Unreachable);
    let mut waiter = waiter(&[Until::Healthy, Until::Paused]);
    waiter.look(&with_release(state.clone(), |release| release.phase = Phase::Progressing));
    assert_eq!(waiter.look(&cut), None, "paused when last heard of");
    assert_eq!(waiter.deadline(), Some(state.at.mono + 30_000));
    assert_eq!(waiter.look(&at(cut.clone(), 29)), None);
    let Some(Ending::Unreachable(Problem { code: Code::Unreachable, .. })) = waiter.look(&at(cut.clone(), 30)) else {
        panic!("still waiting")
    };
    let mut waiter = self::waiter(&[Until::Healthy]);
    waiter.look(&cut);
    assert_eq!(waiter.look(&at(state, 29)), None);
    assert_eq!(waiter.look(&at(cut, 31)), None, "the time begins anew");
    let denied = lost(flown(Scenario::Clean, 2), "demo", FailureKind::Forbidden);
    assert_eq!(code(&at(denied, 60), &[Until::Healthy]), Some(4));
}

#[test]
fn numbers_are_needed_for_a_verdict_only() {
    let state = lost(flown(Scenario::Clean, 2), "demo-prom", FailureKind::Unreachable);
    let state = at(state, 60);
    assert_eq!(code(&state, &[Until::Go]), Some(3));
    assert_eq!(code(&state, &[Until::Go, Until::Healthy]), None);
    assert_eq!(code(&state, &[Until::Healthy]), None);
}

#[test]
fn what_was_there_and_goes_has_failed_and_what_never_was_is_a_slip() {
    let mut gone = flown(Scenario::Clean, 2);
    gone.open.as_mut().unwrap().gone = true;
    assert_eq!(ended(&gone, &[Until::Healthy]), Some(Ending::Nobody));
    let mut waiter = waiter(&[Until::Healthy]);
    waiter.look(&flown(Scenario::Clean, 2));
    assert_eq!(waiter.look(&gone).map(|ending| ending.code()), Some(1));
}

#[test]
fn figures_alone_make_no_line() {
    let state = flown(Scenario::Clean, 2);
    let key = |state: &State| Line::of(state).key();
    assert_eq!(key(&state), key(&at(state.clone(), 5)));
    let reason = |why: &str| {
        let mut state = state.clone();
        for panel in state.open.as_mut().unwrap().panels.iter_mut().filter(|panel| panel.spec.critical) {
            panel.reading = crate::core::evidence::Reading::unknown(why);
        }
        key(&state)
    };
    assert_eq!(reason("stale 50s"), reason("stale 60s"));
    assert_ne!(reason("stale 50s"), reason("no data"));
    let other = with_release(state.clone(), |release| release.phase = Phase::Progressing);
    assert_ne!(key(&state), key(&other));
}

#[test]
fn the_last_line_says_how_it_ended() {
    let state = flown(Scenario::Clean, 2);
    let ending = Ending::TimedOut(Duration::from_mins(10));
    let text = Line::of(&state).text(false, Some(&ending));
    assert!(text.contains("  timed-out: not reached within 10m00s  ‖ paused 4/8 at 10 %"), "{text}");
    let line: Value = serde_json::from_str(&Line::of(&state).text(true, Some(&ending))).unwrap();
    assert_eq!((&line["event"], &line["result"], &line["code"]), (&"end".into(), &"timed-out".into(), &5.into()));
    let reached = Ending::Reached(Until::NoGo, "NO-GO orders".into());
    let line: Value = serde_json::from_str(&Line::of(&state).text(true, Some(&reached))).unwrap();
    assert_eq!((&line["until"], &line["code"]), (&"no-go".into(), &0.into()));
    documented::hold("wait", &[line]);
}

#[test]
fn a_no_go_says_what_it_was_decided_by() {
    let said = Line::of(&flown(Scenario::SilentPaymentFailure, 8)).text(false, None);
    assert!(said.contains("✗ NO-GO orders per 1,000 checkouts ×0.") && said.contains("  ln E of harm "), "{said}");
    assert!(said.contains(" needed, reached 14:0"), "{said}");
    let said = Line::of(&flown(Scenario::Clean, 2)).text(false, None);
    assert!(!said.contains("ln E"), "{said}");
}

async fn waited(typed: &str, until: Until, timeout: Duration) -> (anyhow::Result<u8>, Vec<Value>) {
    let program = demo::program(Scenario::Clean, demo::SEED, 1.0, Theme::builtin("mono").unwrap());
    let connected = Connected { backends: program.backends, metrics: program.metrics };
    let wanted = Wait { target: typed.to_owned(), until: vec![until], timeout, grace: GRACE, json: true };
    let mut lines = Vec::new();
    let mut tell = |text: &str| {
        lines.push(serde_json::from_str(text).unwrap());
        Ok(true)
    };
    let target = load::named(typed).unwrap();
    let code = follow(program.settings, &connected, program.clock, &target, &wanted, &mut tell).await;
    (code, lines)
}

#[tokio::test]
async fn it_ends_when_the_state_has_come() {
    let (code, lines) = waited("checkout", Until::Paused, Duration::from_mins(1)).await;
    assert_eq!(code.unwrap(), 0);
    let last = lines.last().unwrap();
    assert_eq!((&last["result"], &last["until"]), (&"reached".into(), &"paused".into()));
    assert_eq!(last["target"], "demo/shop/checkout");
    assert!(lines.iter().rev().skip(1).all(|line| line["event"] == "change"), "{lines:?}");
}

#[tokio::test]
async fn time_runs_out() {
    let (code, lines) = waited("checkout", Until::Healthy, Duration::ZERO).await;
    assert_eq!(code.unwrap(), 5);
    assert_eq!(lines.last().unwrap()["result"], "timed-out");
}

#[tokio::test]
async fn a_slip_in_the_name_is_said_at_once() {
    let (code, lines) = waited("shop/chekcout", Until::Healthy, Duration::from_mins(1)).await;
    let problem = code.unwrap_err().downcast::<Problem>().unwrap();
    assert!(problem.code == Code::Usage && problem.to_string().contains("did you mean `shop/checkout`?"), "{problem}");
    assert!(lines.is_empty());
}
