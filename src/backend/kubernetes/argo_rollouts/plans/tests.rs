//! Every state against every goal, with the exact requests.

use serde_json::{Value, json};

use super::super::{
    Missing, Part,
    objects::ReplicaSet,
    release,
    tests::{list, paused, seen},
};
use crate::{
    backend::kubernetes::argo_rollouts::Observed,
    domain::{
        clean::Clean,
        goal::{Answer, Direction, Goal, Permission},
        plan::{Plan, Request},
        release::Release,
        way_back::Means,
    },
};

pub(super) const UID: &str = "4554b209-2e01-4f70-afe6-67d164416a68";

pub(super) fn look(observed: &Observed) -> Release {
    release(&"lab".into(), observed)
}

fn answer(observed: &Observed, goal: &Goal) -> Answer {
    look(observed).offers.into_iter().find(|o| o.goal == *goal).unwrap_or_else(|| panic!("{goal} not offered")).answer
}

pub(super) fn plan(observed: &Observed, goal: &Goal) -> Plan {
    match answer(observed, goal) {
        Answer::Plan(plan) => *plan,
        Answer::Denied(denied) => panic!("{goal} denied: {denied}"),
    }
}

pub(super) fn denied(observed: &Observed, goal: &Goal) -> String {
    match answer(observed, goal) {
        Answer::Plan(plan) => panic!("{goal} planned: {:?}", plan.requests),
        Answer::Denied(denied) => denied.to_string(),
    }
}

pub(super) fn sent(plan: &Plan) -> (String, Value) {
    let [Request::Http { method, path, content_type, body, .. }] = plan.requests.as_slice() else {
        panic!("{:?}", plan.requests)
    };
    assert_eq!((method.as_str(), content_type.as_str()), ("PATCH", "application/json-patch+json"));
    let base = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/";
    (path.strip_prefix(base).unwrap().to_owned(), body.clone())
}

/// A ReplicaSet of `web` with a template that names its hash.
pub(super) fn set(hash: &str, revision: u64, image: &str, created: &str, ready: i64) -> ReplicaSet {
    serde_json::from_value(json!({
        "metadata": {"name": format!("web-{hash}"), "namespace": "shop", "uid": hash, "creationTimestamp": created,
            "labels": {"rollouts-pod-template-hash": hash, "app": "web"},
            "annotations": {"rollout.argoproj.io/revision": revision.to_string()}},
        "spec": {"replicas": ready, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}},
        "status": {"readyReplicas": ready, "availableReplicas": ready},
    }))
    .unwrap()
}

/// Revision 2 complete after revision 1.
fn complete() -> Observed {
    let mut observed = seen("canary-healthy");
    observed.rollout.status.current_pod_hash = "bbb".into();
    observed.rollout.status.stable_rs = "bbb".into();
    observed.replica_sets = vec![
        set("bbb", 2, "shop/web:v2", "2026-11-20T20:20:00Z", 5),
        set("aaa", 1, "shop/web:v1", "2026-11-20T20:10:00Z", 0),
    ];
    observed
}

const GOALS: [Goal; 7] = [
    Goal::Rollback { to: None },
    Goal::Pause,
    Goal::Resume,
    Goal::Promote,
    Goal::PromoteFull,
    Goal::Abort,
    Goal::Retry,
];

#[test]
fn every_state_allows_exactly_what_works_in_it() {
    // In the order of GOALS: roll back, hold, resume, promote, promote fully, abort, retry.
    let cases = [
        ("canary-paused-at-1pct", "RH.PFA."),
        ("canary-timed-pause-10pct", "RH.PFA."),
        ("canary-paused-at-50pct", "RH.PFA."),
        ("canary-analysis-running", "RH..FA."),
        ("canary-crashloop", "RH..FA."),
        ("canary-user-paused-in-analysis", "R.U..A."),
        ("canary-user-paused-in-timed-pause", "R.U..A."),
        ("canary-aborted", "......T"),
        ("canary-aborted-by-analysis", "......T"),
        ("canary-after-undo", "RH.PFA."),
        ("istio-canary-timed-pause", "RH.PFA."),
        ("istio-canary-user-paused", "R.U..A."),
        // Nothing of these is seen but the Rollout: an undo needs the old template.
        ("canary-promote-full-in-flight", "......."),
        ("canary-healthy", "......."),
        ("bluegreen-paused-before-switch", "......."),
        ("bluegreen-after-switch", "......."),
    ];
    for (name, expected) in cases {
        let observed = seen(name);
        let allowed: String = GOALS
            .iter()
            .zip("RHUPFAT".chars())
            .map(|(goal, letter)| if answer(&observed, goal).plan().is_ok() { letter } else { '.' })
            .collect();
        assert_eq!(allowed, expected, "{name}");
    }
}

#[test]
fn forward_acts_test_step_and_pause_and_ways_back_do_not() {
    let observed = paused();
    let uid = json!({"op": "test", "path": "/metadata/uid", "value": UID});
    let hash = json!({"op": "test", "path": "/status/currentPodHash", "value": "5ff87ff89f"});
    let step = json!({"op": "test", "path": "/status/currentStepIndex", "value": 1});
    let pause = json!({"op": "test", "path": "/status/pauseConditions/0/startTime", "value": "2026-11-20T20:27:20Z"});
    let absent = |path: &str| json!({"op": "test", "path": path, "value": null});
    let cases = [
        (
            Goal::Promote,
            "web/status?fieldManager=flightdeck",
            json!([uid, hash, step, absent("/spec/paused"), pause, {"op": "remove", "path": "/status/pauseConditions"}]),
        ),
        (
            Goal::PromoteFull,
            "web/status?fieldManager=flightdeck",
            json!([uid, hash, step, absent("/spec/paused"), pause, absent("/status/abort"),
                   {"op": "add", "path": "/status/promoteFull", "value": true}]),
        ),
        (
            Goal::Abort,
            "web/status?fieldManager=flightdeck",
            json!([uid, hash, absent("/status/promoteFull"), {"op": "add", "path": "/status/abort", "value": true}]),
        ),
        (
            Goal::Rollback { to: None },
            "web/status?fieldManager=flightdeck",
            json!([uid, hash, absent("/status/promoteFull"), {"op": "add", "path": "/status/abort", "value": true}]),
        ),
        (
            Goal::Pause,
            "web?fieldManager=flightdeck",
            json!([uid, hash, {"op": "add", "path": "/spec/paused", "value": true}]),
        ),
    ];
    for (goal, path, body) in cases {
        assert_eq!(sent(&plan(&observed, &goal)), (path.to_owned(), body), "{goal}");
    }
}

#[test]
fn resume_undoes_the_hold_and_never_touches_the_step() {
    for name in ["canary-user-paused-in-analysis", "canary-user-paused-in-timed-pause"] {
        let (path, body) = sent(&plan(&seen(name), &Goal::Resume));
        assert_eq!(path, "web?fieldManager=flightdeck");
        let changes: Vec<&Value> = body.as_array().unwrap().iter().filter(|o| o["op"] != "test").collect();
        assert_eq!(changes, [&json!({"op": "add", "path": "/spec/paused", "value": false})], "{name}");
    }
}

#[test]
fn promote_says_how_far_it_goes_and_who_is_asked_again() {
    let mut observed = paused();
    observed.analysis_runs = list("analysisrun-running");
    let promote = plan(&observed, &Goal::Promote);
    assert_eq!(promote.customers.as_str(), "1 % → 50 % on v2; asked again at step 7/8 at 50 %");
    let reach = promote.reach.unwrap();
    assert!((reach.weight - 50.0).abs() < 1e-9);
    let path: Vec<_> = reach.path.iter().map(Clean::as_str).collect();
    assert_eq!(path, ["weight 10 %", "pause 30s", "analysis", "weight 50 %"]);
    assert_eq!(reach.seconds.map(|s| s.0), Some(39.0));
    assert_eq!(promote.direction, Direction::Forward);

    let last = plan(&seen("canary-paused-at-50pct"), &Goal::Promote);
    assert!(last.customers.ends_with("50 % → 100 % on v2; nobody is asked again"), "{}", last.customers);
    assert_eq!(last.reach.unwrap().next_stop, None);
}

#[test]
fn an_inconclusive_analysis_is_passed_over_only_by_a_guarded_word() {
    let mut observed = seen("canary-user-paused-in-analysis");
    observed.rollout.spec.paused = None;
    observed.rollout.status.controller_pause = true;
    let pause = json!({"reason": "InconclusiveAnalysisRun", "startTime": "2026-11-20T20:30:00Z"});
    observed.rollout.status.pause_conditions = vec![serde_json::from_value(pause).unwrap()];
    observed.rollout.status.canary.current_step_analysis_run_status.as_mut().unwrap().status = "Inconclusive".into();
    let promote = plan(&observed, &Goal::Promote);
    let (_, body) = sent(&promote);
    let changes: Vec<&Value> = body.as_array().unwrap().iter().filter(|o| o["op"] != "test").collect();
    assert_eq!(
        changes,
        [
            &json!({"op": "remove", "path": "/status/pauseConditions"}),
            &json!({"op": "add", "path": "/status/controllerPause", "value": false}),
            &json!({"op": "add", "path": "/status/currentStepIndex", "value": 5}),
        ],
    );
    assert!(promote.warnings.iter().any(|w| w.contains("inconclusive")));
}

#[test]
fn a_full_promotion_is_undone_by_the_stable_template() {
    let mut observed = seen("canary-promote-full-in-flight");
    observed.replica_sets = vec![
        set("84cb5ff658", 5, "shop/web:v5-slow", "2026-11-20T20:33:00Z", 0),
        set("d4bc5b965", 4, "shop/web:v4", "2026-11-20T20:32:00Z", 5),
    ];
    assert!(denied(&observed, &Goal::Abort).contains("a full promotion ignores an abort"));
    let back = plan(&observed, &Goal::Rollback { to: None });
    let (path, body) = sent(&back);
    assert_eq!(path, "web?fieldManager=flightdeck");
    assert_eq!(body[2], json!({"op": "replace", "path": "/spec/template", "value": null}));
    let [Request::Http { template: Some(template), .. }] = back.requests.as_slice() else { panic!("no template") };
    assert_eq!((template.at.as_str(), template.revision.raw()), ("/2/value", "web-d4bc5b965"));
    assert_eq!(template.digest, observed.replica_sets[1].spec.template.digest);
    assert!(back.command.contains("get replicasets.apps web-d4bc5b965"), "{}", back.command);
    assert!(back.command.contains(r#"{"op":"test","path":"/metadata/uid""#));
    let way_back = look(&observed).way_back;
    assert_eq!((way_back.means, way_back.revision), (Means::UndoFast, Some(4)));
}

#[test]
fn after_completion_the_way_back_runs_all_steps_unless_a_window_permits() {
    let observed = complete();
    assert!(denied(&observed, &Goal::Abort).contains("would be dropped; roll back"));
    let back = plan(&observed, &Goal::Rollback { to: None });
    assert_eq!(back.direction, Direction::Back);
    assert!(back.customers.contains("through all 8 steps again"), "{}", back.customers);
    assert!(back.reach.unwrap().next_stop.unwrap().contains("step 2/8"));
    let way_back = look(&observed).way_back;
    assert_eq!((way_back.means, way_back.revision), (Means::UndoThroughSteps, Some(1)));

    let mut observed = complete();
    observed.rollout.spec.rollback_window = serde_json::from_value(json!({"revisions": 1})).unwrap();
    assert_eq!(look(&observed).way_back.means, Means::UndoFast);
    // One more ReplicaSet was made in between: the window of one is over.
    observed.replica_sets.push(set("ccc", 3, "shop/web:v3", "2026-11-20T20:15:00Z", 0));
    observed.rollout.metadata.annotations.clear();
    let to_first = plan(&observed, &Goal::Rollback { to: Some(1) });
    assert!(to_first.customers.contains("through all 8 steps again"), "{}", to_first.customers);
}

#[test]
fn of_revisions_made_within_one_second_the_numbers_tell_which_is_older() {
    let at_once = "2026-11-20T20:20:00Z";
    let mut observed = complete();
    observed.replica_sets = vec![set("bbb", 2, "shop/web:v2", at_once, 5), set("aaa", 1, "shop/web:v1", at_once, 0)];
    assert_eq!(look(&observed).way_back.revision, Some(1));

    // Put back, it has the highest number, and what was made after it is still not the way back.
    let mut used_again = set("aaa", 3, "shop/web:v1", at_once, 5);
    used_again.metadata.annotations.insert("rollout.argoproj.io/revision-history".into(), "1".into());
    observed.replica_sets = vec![used_again, set("bbb", 2, "shop/web:v2", at_once, 0)];
    observed.rollout.status.current_pod_hash = "aaa".into();
    observed.rollout.status.stable_rs = "aaa".into();
    assert!(denied(&observed, &Goal::Rollback { to: None }).contains("no older revision"));
}

#[test]
fn a_way_back_is_proven_only_by_what_shows_that_its_revision_served_everyone() {
    let rollback = Goal::Rollback { to: None };
    let back = |observed: &Observed| {
        let plan = plan(observed, &rollback);
        let warned = plan.warnings.iter().any(|w| w.contains("is not recorded: `y` is not enough"));
        assert_eq!(plan.direction, Direction::Back);
        assert_eq!(plan.proven, !warned, "{:?}", plan.warnings);
        plan.proven
    };
    assert!(!back(&complete()), "events are gone and nobody watched");

    let mut told = complete();
    let completed = json!({"reason": "RolloutCompleted", "lastTimestamp": "2026-11-20T20:12:00Z",
                           "message": "Rollout completed update to revision 1 (aaa): Initial deploy"});
    told.events = vec![serde_json::from_value(completed).unwrap()];
    assert!(back(&told));

    let mut watched = complete();
    let mut before = watched.rollout.clone();
    before.status.stable_rs = "aaa".into();
    watched.watched.observe(&before, "2026-11-20T20:20:01Z".parse().unwrap());
    assert!(back(&watched), "it was seen to be the stable one");
    // One in between that was never seen to get there is passed over.
    watched.replica_sets[0] = set("bbb", 3, "shop/web:v3", "2026-11-20T20:20:00Z", 5);
    watched.replica_sets.push(set("ccc", 2, "shop/web:v2", "2026-11-20T20:15:00Z", 0));
    assert_eq!(look(&watched).way_back.revision, Some(1));
    assert!(back(&watched));

    assert!(back(&paused()), "an abort leads to the stable revision");
    let mut full = seen("canary-promote-full-in-flight");
    full.replica_sets = vec![
        set("84cb5ff658", 5, "shop/web:v5-slow", "2026-11-20T20:33:00Z", 0),
        set("d4bc5b965", 4, "shop/web:v4", "2026-11-20T20:32:00Z", 5),
    ];
    assert!(back(&full));
}

#[test]
fn a_revision_that_was_aborted_is_not_the_way_back() {
    let mut observed = complete();
    observed.replica_sets[0] = set("bbb", 3, "shop/web:v3", "2026-11-20T20:20:00Z", 5);
    observed.replica_sets.push(set("ccc", 2, "shop/web:v2", "2026-11-20T20:15:00Z", 0));
    assert_eq!(look(&observed).way_back.revision, Some(2));
    let event = json!({"reason": "RolloutAborted", "message": "Rollout aborted update to revision 2",
                       "lastTimestamp": "2026-11-20T20:16:00Z"});
    observed.events = vec![serde_json::from_value(event).unwrap()];
    assert_eq!(look(&observed).way_back.revision, Some(1));
    // Nor is one whose full promotion was taken back: it was begun and never completed.
    let begun = json!({"reason": "RolloutNotCompleted", "lastTimestamp": "2026-11-20T20:11:00Z",
                       "message": "Rollout not completed, started update to revision 1 (aaa)"});
    let mut given_up = observed.clone();
    given_up.events.push(serde_json::from_value(begun).unwrap());
    assert!(denied(&given_up, &Goal::Rollback { to: None }).contains("every older revision that is kept was given up"));
    let chosen = plan(&observed, &Goal::Rollback { to: Some(2) });
    assert_eq!(chosen.direction, Direction::Forward, "an aborted revision is new code to customers");
    assert!(chosen.warnings.iter().any(|w| w.contains("was aborted")), "{:?}", chosen.warnings);
}

#[test]
fn what_the_spec_says_decides_how_fast_customers_are_back() {
    let words = |change: fn(&mut Observed)| {
        let mut observed = paused();
        change(&mut observed);
        let plan = plan(&observed, &Goal::Rollback { to: None });
        (plan.customers.to_string(), look(&observed).way_back.seconds.is_some())
    };
    assert_eq!(words(|_| {}), ("1 % on v2 → 100 % on v1 in ≈3s (5 of 5 pods ready)".into(), true));
    let canary = |o: &mut Observed| o.rollout.spec.strategy.canary.as_mut().unwrap().dynamic_stable_scale = true;
    assert_eq!(words(canary), ("1 % on v2 → 100 % on v1 as its pods come up again (5 of 5 pods ready)".into(), false));
    let (customers, timed) = words(|o| o.rollout.spec.strategy.canary.as_mut().unwrap().traffic_routing = None);
    assert!(customers.ends_with("→ 100 % on v1 by a rolling update back (5 of 5 pods ready)") && !timed, "{customers}");
}

#[test]
fn the_way_back_says_what_stays_and_where_it_gets_worse() {
    let way_back = look(&paused()).way_back;
    assert_eq!((way_back.means, way_back.revision), (Means::Abort, Some(1)));
    assert!(
        way_back.not_undone.iter().any(|n| n.as_str() == "template still says v2: the next edit of it ships it again")
    );
    let worse = way_back.worse_after.unwrap();
    assert_eq!((worse.after.0.as_str(), worse.text.as_str()), ("8", "way back ≥30s + 2 times a person"));
}

#[test]
fn holding_says_what_it_does_not_stop() {
    let timed = plan(&seen("canary-timed-pause-10pct"), &Goal::Pause);
    assert!(timed.not_undone.iter().any(|n| n.contains("the clock of `pause 30s` goes on")));
    let measuring = plan(&seen("canary-analysis-running"), &Goal::Pause);
    assert!(measuring.not_undone.iter().any(|n| n.contains("analysis goes on and may abort")));
    assert!(plan(&seen("canary-paused-at-1pct"), &Goal::Pause).not_undone.is_empty());
}

#[test]
fn traps_are_refused_in_words() {
    let mut between = seen("canary-paused-at-1pct");
    between.rollout.status.pause_conditions.clear();
    let mut unobserved = seen("canary-paused-at-1pct");
    unobserved.rollout.metadata.generation += 1;
    let mut promoted = complete();
    promoted.rollout.metadata.generation += 1;
    let mut workload = complete();
    workload.rollout.spec.workload_ref = serde_json::from_value(json!({"kind": "Deployment", "name": "web"})).unwrap();
    let mut blind = complete();
    blind.missing = vec![Missing { part: Part::ReplicaSets, why: "`viewer` may not list replicasets".into() }];
    let rollback = Goal::Rollback { to: None };
    let cases = vec![
        (seen("canary-aborted"), Goal::Promote, "promoting would either do nothing or ship"),
        (seen("canary-aborted"), Goal::PromoteFull, "retry starts it again"),
        (seen("canary-aborted"), rollback.clone(), "aborted already: customers are on"),
        (seen("canary-user-paused-in-timed-pause"), Goal::Promote, "could skip a step; resume first"),
        (seen("canary-analysis-running"), Goal::Promote, "is measuring"),
        (complete(), Goal::Promote, "nothing is on its way: v2 has all traffic"),
        (between, Goal::Promote, "has not yet acted"),
        (unobserved.clone(), Goal::Pause, "has not yet acted"),
        (unobserved, Goal::PromoteFull, "has not yet acted"),
        (promoted, rollback.clone(), "has not yet acted"),
        (workload, rollback.clone(), "its template lies in Deployment `web`: not yet supported"),
        (blind, rollback, "`viewer` may not list replicasets"),
        (seen("bluegreen-paused-before-switch"), Goal::Promote, "not yet for blue-green"),
        (seen("canary-paused-at-1pct"), Goal::Resume, "promote ends the pause of a step"),
    ];
    for (observed, goal, words) in cases {
        let said = denied(&observed, &goal);
        assert!(said.contains(words), "{goal}: {said}");
    }
}

#[test]
fn a_slow_controller_keeps_nobody_from_going_back() {
    let mut promoted_on = seen("canary-paused-at-1pct");
    promoted_on.rollout.status.pause_conditions.clear();
    let mut unobserved = seen("canary-paused-at-1pct");
    unobserved.rollout.metadata.generation += 1;
    for goal in [Goal::Rollback { to: None }, Goal::Abort] {
        let untouched = plan(&seen("canary-paused-at-1pct"), &goal);
        for (observed, proven) in [(&promoted_on, true), (&unobserved, false)] {
            let plan = plan(observed, &goal);
            assert_eq!(sent(&plan), sent(&untouched), "the same request as ever");
            assert_eq!(plan.proven, proven, "what the spec now asks for may be another version");
            assert!(plan.warnings.iter().any(|w| w.contains("has not acted")), "{:?}", plan.warnings);
        }
    }
    assert_eq!(look(&unobserved).way_back.means, Means::Abort);
}

#[test]
fn a_gitops_owner_is_warned_of_where_the_spec_is_edited() {
    let mut observed = paused();
    let annotations = &mut observed.rollout.metadata.annotations;
    annotations.insert("argocd.argoproj.io/tracking-id".into(), "shop:argoproj.io/Rollout:shop/web".into());
    let warned = |goal: &Goal| plan(&observed, goal).warnings.iter().any(|w| w.contains("Argo CD application `shop`"));
    assert!(warned(&Goal::Pause) && !warned(&Goal::Abort));
}

#[test]
fn the_copied_command_carries_the_same_tests() {
    let observed = paused();
    let abort = plan(&observed, &Goal::Abort);
    assert_eq!(
        abort.command.as_str(),
        format!(
            r"kubectl --context lab --namespace shop patch rollouts.argoproj.io web --subresource=status --type=json -p '{}'",
            sent(&abort).1
        ),
    );
}

#[test]
fn permission_comes_with_the_plan() {
    let mut observed = paused();
    observed.permissions.status = Permission::No("`viewer` may not patch rollouts/status in `shop`".into());
    assert!(matches!(plan(&observed, &Goal::Abort).permission, Permission::No(_)));
    assert_eq!(plan(&observed, &Goal::Pause).permission, Permission::Yes);
    assert!(matches!(look(&observed).way_back.permission, Permission::No(_)));
}

#[test]
fn no_plan_leaks_the_template() {
    let mut observed = complete();
    let secret = json!({"metadata": {"name": "web-aaa", "uid": "aaa", "labels": {"rollouts-pod-template-hash": "aaa"},
        "annotations": {"rollout.argoproj.io/revision": "1"}},
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "shop/web:v1",
            "env": [{"name": "TOKEN", "value": "hunter2"}]}]}}}});
    observed.replica_sets[1] = serde_json::from_value(secret).unwrap();
    assert!(!serde_json::to_string(&look(&observed)).unwrap().contains("hunter2"));
}

#[test]
fn what_was_taken_back_is_not_the_way_back() {
    let mut observed = complete();
    // v3 was completed and undone: the stable one got the highest number, and v3 the one before it.
    observed.replica_sets.push(set("ccc", 3, "shop/web:v3", "2026-11-20T21:00:00Z", 0));
    let stable = observed.rollout.status.stable_rs.clone();
    for replica_set in observed.replica_sets.iter_mut().filter(|rs| rs.hash() == stable) {
        replica_set.metadata.annotations.insert("rollout.argoproj.io/revision".into(), "4".into());
    }
    assert_ne!(look(&observed).way_back.revision, Some(3));
}

#[test]
fn a_template_that_the_controller_altered_is_no_fast_way_back() {
    let mut observed = complete();
    observed.rollout.spec.rollback_window = serde_json::from_value(json!({"revisions": 5})).unwrap();
    assert_eq!(look(&observed).way_back.means, Means::UndoFast);
    for replica_set in &mut observed.replica_sets {
        let altered = r#"{"labels":{"role":"stable"}}"#.to_owned();
        replica_set.metadata.annotations.insert("rollout.argoproj.io/ephemeral-metadata".into(), altered);
    }
    assert_eq!(look(&observed).way_back.means, Means::UndoThroughSteps);
}
