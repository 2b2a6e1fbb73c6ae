//! Releases made of objects as the real controller left them.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;
use crate::domain::{
    analysis::{Analysis, Check, Measured},
    release::{Gate, Phase, WaitingOn},
    revision::Tag,
    step::{StepKind, StepState},
};

pub(super) fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/fixtures/argo_rollouts/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[derive(serde::Deserialize)]
struct List<T> {
    items: Vec<T>,
}

pub(super) fn list<T: DeserializeOwned>(name: &str) -> Vec<T> {
    fixture::<List<T>>(name).items
}

pub(super) fn seen(rollout: &str) -> Observed {
    Observed {
        rollout: fixture(rollout),
        permissions: Permissions { status: Permission::Yes, spec: Permission::Yes },
        context: Some("lab".into()),
        ..Observed::default()
    }
}

/// The canary at its first pause, with everything that belongs to it.
pub(super) fn paused() -> Observed {
    Observed {
        replica_sets: list("canary-paused-at-1pct-replicasets"),
        pods: list("canary-paused-at-1pct-pods"),
        events: fixture("events-rollout"),
        ..seen("canary-paused-at-1pct")
    }
}

fn look(observed: &Observed) -> Release {
    release(&"lab".into(), observed)
}

#[test]
fn a_paused_canary_shows_where_it_stands() {
    let release = look(&paused());
    assert_eq!(release.id.target.to_string(), "lab/shop/web");
    assert_eq!((release.phase, release.message.as_str()), (Phase::Paused, "CanaryPauseStep"));
    assert_eq!(release.waiting.as_ref().map(|w| &w.on), Some(&WaitingOn::Person));
    let steps: Vec<_> = release.steps.iter().map(|s| (s.label.as_str(), s.state)).collect();
    assert_eq!(
        steps,
        [
            ("weight 1 %", StepState::Done),
            ("pause", StepState::Current),
            ("weight 10 %", StepState::Ahead),
            ("pause 30s", StepState::Ahead),
            ("analysis", StepState::Ahead),
            ("weight 50 %", StepState::Ahead),
            ("pause", StepState::Ahead),
            ("weight 100 %", StepState::Ahead),
        ],
    );
    assert_eq!((release.weight.wanted, release.weight.set), (Some(1.0), Some(1.0)));
    let revisions: Vec<_> = release
        .revisions
        .iter()
        .map(|r| (r.number, r.version.as_str(), r.tags.clone(), r.ready, r.pods.len()))
        .collect();
    assert_eq!(revisions, [(Some(2), "v2", vec![Tag::Canary], 1, 1), (Some(1), "v1", vec![Tag::Stable], 5, 2)]);
    assert_eq!(release.serving, ["5ff87ff89f".into(), "766d9b9f7d".into()]);
    assert_eq!(release.about.router.as_deref(), Some("nginx"));
    assert!(release.blockers.is_empty() && release.missing.is_empty());
}

#[test]
fn every_capture_has_its_phase_step_and_weight() {
    #[rustfmt::skip]
    let cases = [
        ("canary-healthy", Phase::Healthy, None, (Some(100.0), Some(100.0)), None),
        ("canary-paused-at-1pct", Phase::Paused, Some(1), (Some(1.0), Some(1.0)), Some("person")),
        ("canary-timed-pause-10pct", Phase::Paused, Some(3), (Some(10.0), Some(10.0)), Some("timer")),
        ("canary-user-paused-in-timed-pause", Phase::Paused, Some(3), (Some(10.0), Some(10.0)), Some("person")),
        ("canary-user-paused-in-analysis", Phase::Paused, Some(4), (Some(10.0), Some(10.0)), Some("person")),
        ("canary-analysis-running", Phase::Progressing, Some(4), (Some(10.0), Some(10.0)), Some("analysis")),
        ("canary-paused-at-50pct", Phase::Paused, Some(6), (Some(50.0), Some(50.0)), Some("person")),
        ("canary-aborted", Phase::Degraded, None, (Some(0.0), Some(0.0)), None),
        ("canary-aborted-by-analysis", Phase::Degraded, None, (Some(0.0), Some(0.0)), None),
        // The step index says all is done; the router still has 1 %.
        ("canary-promote-full-in-flight", Phase::Progressing, None, (Some(100.0), Some(1.0)), None),
        ("canary-crashloop", Phase::Progressing, Some(0), (Some(1.0), Some(0.0)), None),
        ("bluegreen-paused-before-switch", Phase::Paused, None, (None, None), Some("person")),
        ("bluegreen-after-switch", Phase::Healthy, None, (None, None), None),
    ];
    for (name, phase, step, weight, waits) in cases {
        let release = look(&seen(name));
        assert_eq!(release.phase, phase, "{name}");
        assert_eq!(release.current_step().map(|(place, _)| place), step, "{name}");
        assert_eq!((release.weight.wanted, release.weight.set), weight, "{name}");
        let waiting = release.waiting.map(|w| match w.on {
            WaitingOn::Person => "person",
            WaitingOn::Timer(_) => "timer",
            WaitingOn::Analysis => "analysis",
            WaitingOn::Pods => "pods",
            WaitingOn::Controller => "controller",
            WaitingOn::Inconclusive => "inconclusive",
        });
        assert_eq!(waiting, waits, "{name}");
    }
}

#[test]
fn a_timed_pause_says_when_it_ends_and_how_long_it_is() {
    let release = look(&seen("canary-timed-pause-10pct"));
    let Some(WaitingOn::Timer(until)) = release.waiting.map(|w| w.on) else { panic!("no timer") };
    assert_eq!(until.to_rfc3339(), "2026-11-20T20:27:50+00:00");
    assert_eq!(release.steps[3].planned.map(|s| s.0), Some(30.0));
    assert_eq!(release.steps[3].kind, StepKind::Wait);
}

#[test]
fn between_two_states_it_waits_for_the_controller() {
    let mut observed = seen("canary-paused-at-1pct");
    observed.rollout.status.pause_conditions.clear();
    assert_eq!(look(&observed).message.as_str(), "waiting for rollout to unpause");
    let mut observed = seen("canary-paused-at-1pct");
    observed.rollout.metadata.generation += 1;
    let release = look(&observed);
    assert_eq!(release.phase, Phase::Progressing);
    assert_eq!(release.waiting.map(|w| w.on), Some(WaitingOn::Controller));
}

#[test]
fn a_crash_loop_is_the_blocker() {
    let pod: Pod = fixture("pod-crashloop");
    let mut set = ReplicaSet::default();
    set.metadata.uid = pod.metadata.owner_references[0].uid.clone();
    set.metadata.labels.insert(objects::HASH_LABEL.into(), "56944558f8".into());
    let observed = Observed { replica_sets: vec![set], pods: vec![pod], ..seen("canary-crashloop") };
    assert_eq!(
        look(&observed).blockers,
        ["canary pod web-56944558f8-p5rd8: CrashLoopBackOff, 2 restarts, exit code 1 (Error), \
          back-off restarting failed container"
            .into()],
    );
}

#[test]
fn a_failed_analysis_is_named_with_value_and_condition() {
    let observed =
        Observed { analysis_runs: vec![fixture("analysisrun-failed")], ..seen("canary-aborted-by-analysis") };
    let release = look(&observed);
    assert_eq!(
        release.blockers.first().map(Clean::as_str),
        Some(
            "analysis web-7b4b6fb878-11-4 failed: success-ratio [0.8], \
             must be `len(result) > 0 && result[0] >= 0.95`, 2 failed (limit 1)"
        ),
    );
    assert_eq!(release.analyses.len(), 1);
    assert_eq!((release.analyses[0].failed, release.analyses[0].successful), (2, 0));
    assert_eq!(release.analyses[0].metrics[0].value.as_deref(), Some("[0.8]"));
    assert!(release.aborted);
}

#[test]
fn a_running_analysis_is_counted_and_its_length_known() {
    let observed = Observed { analysis_runs: list("analysisrun-running"), ..seen("canary-analysis-running") };
    let release = look(&observed);
    assert_eq!((release.analyses[0].phase.word(), release.analyses[0].successful), ("Running", 2));
    assert_eq!(release.steps[4].planned.map(|s| s.0), Some(9.0));
}

#[test]
fn without_any_right_but_rollouts_the_status_still_tells() {
    let missing = [Part::ReplicaSets, Part::Pods, Part::AnalysisRuns, Part::Events];
    let observed = Observed {
        missing: missing.map(|part| Missing { part, why: "`viewer` may not list it".into() }).to_vec(),
        ..seen("canary-paused-at-1pct")
    };
    let release = look(&observed);
    assert_eq!(release.missing.len(), 4);
    assert_eq!(release.revisions[0].version.as_str(), "v2");
    assert!(release.revisions[0].is(Tag::Canary) && release.revisions[1].is(Tag::Stable));
    assert_eq!(release.weight.set, Some(1.0));
}

#[test]
fn without_a_router_pods_are_the_weight() {
    let mut observed = paused();
    observed.rollout.spec.strategy.canary.as_mut().unwrap().traffic_routing = None;
    observed.rollout.status.canary.weights = None;
    let release = look(&observed);
    assert!((release.weight.set.unwrap() - 100.0 / 6.0).abs() < 1e-9);
    assert_eq!(release.serving.len(), 2);
}

#[test]
fn a_router_that_counts_finer_still_shows_percent() {
    let mut observed = seen("canary-paused-at-1pct");
    observed.rollout.spec.strategy.canary.as_mut().unwrap().traffic_routing.as_mut().unwrap().max_traffic_weight =
        Some(1000);
    let release = look(&observed);
    assert_eq!((release.weight.wanted, release.weight.set), (Some(0.1), Some(0.1)));
    assert_eq!(release.steps[0].label.as_str(), "weight 0.1 %");
}

#[test]
fn step_times_are_those_that_were_watched() {
    let at = |text: &str| text.parse().unwrap();
    let mut observed = seen("canary-paused-at-1pct");
    observed.watched.observe(&observed.rollout.clone(), at("2026-11-20T20:27:22Z"));
    // The pause began before this watch, its start time says when.
    assert_eq!(look(&observed).steps[1].started_at, Some(at("2026-11-20T20:27:20Z")));

    let mut next = observed.rollout.clone();
    next.status.current_step_index = Some(2);
    next.status.pause_conditions.clear();
    next.status.controller_pause = false;
    observed.watched.observe(&next, at("2026-11-20T20:28:02Z"));
    observed.rollout = next.clone();
    let step = look(&observed).steps[1].clone();
    assert_eq!(step.took.unwrap().to_string(), "≥40s", "its beginning was not watched and is no longer in the status");

    next.status.current_step_index = Some(3);
    observed.watched.observe(&next, at("2026-11-20T20:28:05Z"));
    observed.rollout = next.clone();
    assert_eq!(look(&observed).steps[2].took.unwrap().to_string(), "3s");

    // A new revision begins from nothing.
    next.status.current_pod_hash = "other".into();
    next.status.current_step_index = Some(0);
    observed.watched.observe(&next, at("2026-11-20T20:30:00Z"));
    observed.rollout = next;
    let steps = look(&observed).steps;
    assert_eq!(steps[0].started_at, Some(at("2026-11-20T20:30:00Z")));
    assert!(steps[2].took.is_none());
}

#[test]
fn events_fill_in_what_was_not_watched() {
    let mut observed = paused();
    observed.rollout.status.current_step_index = Some(3);
    let steps = look(&observed).steps;
    assert_eq!(steps[0].took.unwrap().to_string(), "0s");
    assert!(look(&observed).timeline.iter().any(|m| m.text.contains("step 1/8 completed")));
    assert!(look(&observed).started_at.is_some());
}

#[test]
fn a_hold_is_as_old_as_it_is_known_to_be_and_not_as_old_as_the_pause_under_it() {
    let at = |text: &str| -> Option<DateTime<Utc>> { Some(text.parse().unwrap()) };
    let since = |observed: &Observed| look(observed).waiting.unwrap().since;
    let held = || seen("canary-user-paused-in-timed-pause");
    assert_eq!(since(&held()), None, "the condition is as old as the step's pause");
    assert_eq!(since(&seen("canary-user-paused-in-analysis")), at("2026-11-20T20:31:09Z"), "nothing else paused it");

    let mut watched = held();
    let mut before = watched.rollout.clone();
    before.spec.paused = None;
    for (rollout, now) in [(before.clone(), "2026-11-20T20:27:30Z"), (held().rollout, "2026-11-20T20:27:40Z")] {
        watched.watched.observe(&rollout, now.parse().unwrap());
    }
    assert_eq!(since(&watched), at("2026-11-20T20:27:40Z"));
    watched.watched.observe(&before, "2026-11-20T20:27:50Z".parse().unwrap());
    watched.watched.miss();
    watched.watched.observe(&held().rollout, "2026-11-20T20:29:00Z".parse().unwrap());
    assert_eq!(since(&watched), None, "it began at any time since");

    let mut written = held();
    written.rollout.status.duration =
        Some(serde_json::from_value(serde_json::json!({"manualPauseStartedAt": "2026-11-20T20:27:33Z"})).unwrap());
    assert_eq!(since(&written), at("2026-11-20T20:27:33Z"));
}

#[test]
fn what_changed_unseen_has_no_time_of_its_own() {
    let mut observed = seen("canary-paused-at-1pct");
    let mut next = observed.rollout.clone();
    next.status.pause_conditions.clear();
    next.status.controller_pause = false;
    let mut observe = |index: i64, now: &str, missed: bool| {
        next.status.current_step_index = Some(index);
        if missed {
            observed.watched.miss();
        }
        observed.watched.observe(&next, now.parse().unwrap());
        observed.rollout = next.clone();
        look(&observed).steps
    };
    observe(0, "2026-11-20T20:28:00Z", false);
    observe(1, "2026-11-20T20:28:10Z", false);
    let steps = observe(3, "2026-11-20T20:30:00Z", true);
    assert_eq!((steps[1].took, steps[2].took, steps[3].started_at), (None, None, None));
    let steps = observe(4, "2026-11-20T20:30:10Z", false);
    assert_eq!(steps[3].took.unwrap().to_string(), "≥10s");
    assert_eq!(steps[4].started_at, "2026-11-20T20:30:10Z".parse().ok());
}

#[test]
fn only_events_of_this_update_date_its_steps() {
    let mut observed = paused();
    observed.rollout.status.current_step_index = Some(3);
    assert!(look(&observed).steps[0].took.is_some());
    // It is used again, and what told of that is gone: the events are those of its first time.
    let hash = observed.rollout.status.current_pod_hash.clone();
    observed.rollout.metadata.annotations.insert("rollout.argoproj.io/revision".into(), "7".into());
    for set in observed.replica_sets.iter_mut().filter(|set| set.hash() == hash) {
        set.metadata.annotations.insert("rollout.argoproj.io/revision-history".into(), "2".into());
    }
    let release = look(&observed);
    assert_eq!((release.steps[0].took, release.steps[0].started_at, release.started_at), (None, None, None));
    // Steps end one after the other: an older end belongs to another run through them.
    let mut disordered = paused();
    disordered.rollout.status.current_step_index = Some(3);
    for event in disordered.events.iter_mut().filter(|event| event.message.starts_with("Rollout step 1/8")) {
        event.last_timestamp = "2026-11-20T20:32:00Z".parse().ok();
    }
    assert_eq!(look(&disordered).steps[1].took, None);
}

/// Every time in a value with its place in it. What is sent is as the server has it, and a guard has a clock of its own.
fn times(value: &Value, place: &str) -> Vec<(String, DateTime<Utc>)> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !["offers", "guard"].contains(&key.as_str()))
            .flat_map(|(key, of)| times(of, &format!("{place}/{key}")))
            .collect(),
        Value::Array(items) => items.iter().flat_map(|of| times(of, place)).collect(),
        Value::String(text) => text.parse().ok().map(|at| (place.to_owned(), at)).into_iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The paused canary with times wherever a release can have one.
fn timed() -> Release {
    let mut release = look(&paused());
    let at = release.started_at;
    release.revisions[0].scale_down_at = at;
    release.gates.push(Gate { name: "gate".into(), waits_for: "you".into(), since: at });
    let measured = Measured { at, value: "1".into(), number: Some(1.0), phase: "Successful".into() };
    release.checks.push(Check { measured: vec![measured], ..Check::default() });
    release.analyses.push(Analysis {
        name: "run".into(),
        phase: "Running".into(),
        message: "".into(),
        started_at: at,
        successful: 1,
        failed: 0,
        inconclusive: 0,
        error: 0,
        metrics: Vec::new(),
    });
    release
}

#[test]
fn every_time_is_moved_to_our_clock() {
    let mut places = BTreeSet::new();
    for told in [timed(), look(&seen("canary-timed-pause-10pct"))] {
        let ours = told.clone().by_our_clock(TimeDelta::milliseconds(-600_400));
        let all = |release: &Release| times(&serde_json::to_value(release).unwrap(), "");
        for ((place, before), (_, after)) in all(&told).into_iter().zip(all(&ours)) {
            assert_eq!(after - before, TimeDelta::seconds(600), "{place}");
            places.insert(place);
        }
        assert_eq!(told.clone().by_our_clock(TimeDelta::milliseconds(900)), told);
    }
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    assert_eq!(
        places,
        [
            "/analyses/started_at",
            "/checks/measured/at",
            "/gates/since",
            "/revisions/created_at",
            "/revisions/pods/ready_since",
            "/revisions/pods/started_at",
            "/revisions/scale_down_at",
            "/started_at",
            "/steps/started_at",
            "/timeline/at",
            "/waiting/on/timer",
            "/waiting/since",
        ]
    );
}
