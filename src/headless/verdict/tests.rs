//! Verdicts over the simulated world, from flights that need neither clock nor cluster.

use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::{
    core::{budget, event::Size, panel::Wrong},
    domain::{
        analysis::{Analysis, Experiment, Measured},
        clean::Clean,
        guard::{GuardState, Heartbeat},
        panel::Worth,
        release::{Gate, Phase},
        reset::Reset,
        slo::{Events, Slo},
    },
    headless::{
        demo::{
            self,
            flight::{Course, Flight},
            script::Script,
        },
        documented,
        problem::Code,
    },
    sim::Scenario,
    theme::Theme,
};

/// The state after some minutes of a story.
pub(in crate::headless) fn flown(scenario: Scenario, minutes: u64) -> State {
    let size = Size { columns: 120, rows: 40 };
    let course = Course { scenario, seed: demo::SEED, speed: demo::SPEED, size, keys: Script::default() };
    let mut flight = Flight::new(course);
    flight.until(minutes * 6_000 + 1_000);
    flight.state().clone()
}

/// A budget of which so much is left.
pub(in crate::headless) fn with_budget(mut state: State, left: f64) -> State {
    let day = 86_400.0;
    let slo = Slo {
        source: "demo-prom".into(),
        objective: 0.99,
        period: crate::domain::time::Seconds(30.0 * day),
        name: "checkout".into(),
        targets: crate::domain::panel::TargetPattern(Vec::new()),
        bad: String::new(),
        total: String::new(),
        origin: "this test".into(),
    };
    let mut budget = budget::Budget::new(slo, 0);
    let now = state.second_at(&"demo-prom".into());
    for (place, lane) in budget.lanes.clone().into_iter().enumerate() {
        let windows = budget.windows(place);
        let events = windows.into_iter().map(|window| (window, Events { bad: (1.0 - left) * 10.0, total: 1000.0 }));
        budget.lanes[place] = budget::Lane { trouble: None, to: Some(now), events: events.collect(), ..lane };
    }
    state.open.as_mut().unwrap().budgets = vec![budget];
    state
}

/// The state with its release changed.
pub(in crate::headless) fn with_release(mut state: State, change: impl FnOnce(&mut Release)) -> State {
    let release = state.open.as_mut().and_then(|open| open.release.as_mut()).unwrap();
    change(Arc::make_mut(release));
    state
}

/// The state after some minutes, with something of everything that can be told.
pub(in crate::headless) fn full(scenario: Scenario, minutes: u64) -> State {
    let mut state = with_release(with_budget(flown(scenario, minutes), 0.4), |release| {
        let since = release.started_at.unwrap_or_default();
        release.guard = Some(Heartbeat {
            id: "1".into(),
            by: "operator".into(),
            host: "bastion".into(),
            revision: release.id.revision.clone(),
            since,
            beat: since,
            until: since,
            state: GuardState::Watching,
            outcome: None,
        });
        release.gates = vec![Gate { name: "production".into(), waits_for: "an approval".into(), since: None }];
        release.experiments = vec![Experiment { name: "one".into(), phase: None }];
        release.analyses = vec![Analysis {
            name: "one".into(),
            phase: "Running".into(),
            message: Clean::default(),
            started_at: None,
            successful: 3,
            failed: 0,
            inconclusive: 0,
            error: 0,
            metrics: Vec::new(),
        }];
        let measured = Measured { at: None, value: "0.01".into(), number: Some(0.01), phase: "Successful".into() };
        release.checks[0].measured = vec![measured];
    });
    let open = state.open.as_mut().unwrap();
    open.wrong = vec![Wrong { origin: "this test".into(), why: "no query".into(), decides: false }];
    for panel in &mut open.panels {
        if let Some(loss) = &mut panel.reading.loss {
            loss.worth = Some(Worth { amount: 42.0, currency: "EUR".into() });
        }
    }
    let (release, at) = (open.release.as_ref().unwrap().id.clone(), state.at.wall);
    let (panel, kind, found) = ("error ratio".into(), "ratio".to_owned(), "×2.41 (1.28–3.57)".into());
    let (by, reason) = (Some("operator".into()), "orders of a load test".into());
    state.resets = vec![Reset { release, panel, kind, tick: at.timestamp() - 60, found, at, by, reason }];
    state
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn one_object_holds_everything_that_was_promised() {
    let state = flown(Scenario::SilentPaymentFailure, 2);
    let told = Told::of(&state).unwrap();
    let object = json::object(&told);
    let late = full(Scenario::SilentPaymentFailure, 8);
    let panels = json::object(&Told::of(&late).unwrap())["panels"].clone();
    let aside = |name: &str| {
        let panel = panels.as_array().unwrap().iter().find(|panel| panel["name"] == name).unwrap();
        (panel["set_aside"]["by"].clone(), panel["set_aside"]["reason"].clone())
    };
    assert_eq!(aside("error ratio"), (Value::from("operator"), Value::from("orders of a load test")));
    assert_eq!(aside("refunds"), (Value::Null, Value::Null));
    let text = text::paragraph(&Told::of(&late).unwrap());
    assert!(text.contains("\n  set aside   error ratio ×2.41 (1.28–3.57) at "), "{text}");
    documented::hold("verdict", &[object.clone(), json::object(&Told::of(&late).unwrap())]);
    assert_eq!((&object["schema"], &object["target"]), (&1.into(), &"demo/shop/checkout".into()));
    assert_eq!((&object["release"]["from"], &object["release"]["to"]), (&"4.1.9".into(), &"4.2.0".into()));
    assert_eq!(object["release"]["phase"], "paused");
    let panels = object["panels"].as_array().unwrap();
    let panels_alike = panels.iter().all(|panel| keys(panel) == keys(&panels[0]));
    assert!(panels_alike, "every panel has every field");
    let orders = panels.iter().find(|panel| panel["business"] == true && panel["critical"] == true).unwrap();
    assert_eq!((&orders["kind"], &orders["better"]), (&"ratio".into(), &"higher".into()));
    assert!(orders["age_seconds"].as_f64().unwrap() >= 0.0 && orders["since"].is_string(), "{orders}");
    assert_eq!(orders["counts"]["canary"]["exposures"], orders["canary_exposures"]);
    let controller = object["controller"]["text"].as_str().unwrap();
    assert!(controller.starts_with("its analysis (step 5) reads"), "{controller}");
    assert_eq!(object["checks"][0]["provider"], "prometheus");
}

#[test]
fn people_read_the_word_first_and_what_is_fine_last() {
    let state = flown(Scenario::SilentPaymentFailure, 2);
    let text = text::paragraph(&Told::of(&state).unwrap());
    let first = text.lines().next().unwrap();
    for part in ["demo/shop/checkout", "4.1.9 → 4.2.0", "paused 4/8 at 10 %"] {
        assert!(first.contains(part), "no `{part}` in\n{text}");
    }
    for part in ["orders per 1,000 checkouts", " vs ", "10 % set, ", "controller  its analysis (step 5) reads"] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    // The panels stand together, marked in the order of urgency.
    let marks = ["✗", "!", "?", "◔", "✓", "~"];
    let place = |line: &str| marks.iter().position(|mark| line.starts_with(&format!("  {mark} ")));
    let places: Vec<usize> = text.lines().filter(|line| line.ends_with(" old")).filter_map(place).collect();
    assert!(places.len() > 4 && places.is_sorted() && places.first() < places.last(), "{text}");
    assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
}

#[test]
fn the_age_of_a_number_is_told_by_its_sources_clock() {
    let mut state = flown(Scenario::Clean, 2);
    for (skew, ahead, age) in [(0.0, 0, 20.0), (300.0, 300, 20.0), (-300.0, -300, 20.0), (-305.0, -300, 15.0)] {
        let source = state.sources.iter_mut().find(|source| source.name.raw() == "demo-prom").unwrap();
        source.skew = Some(skew);
        let by_its_clock = chrono::TimeDelta::seconds(ahead);
        let newest = state.at.wall + by_its_clock - chrono::TimeDelta::seconds(20);
        state.open.as_mut().unwrap().panels[0].newest = Some(newest);
        let told = crate::headless::numbers::panel(&state, &state.open.as_ref().unwrap().panels[0]);
        assert_eq!(told["age_seconds"], age, "{skew}");
        let text = super::text::paragraph(&Told::of(&state).unwrap());
        assert!(text.contains(&format!("  {age}s old")), "{skew}: {text}");
    }
    // A source may be ahead of what is known of its clock.
    state.open.as_mut().unwrap().panels[0].newest = Some(state.at.wall + chrono::TimeDelta::seconds(20));
    let told = crate::headless::numbers::panel(&state, &state.open.as_ref().unwrap().panels[0]);
    assert_eq!(told["age_seconds"], 0.0);
}

#[test]
fn before_a_critical_panel_was_read_nothing_good_is_said() {
    let mut state = flown(Scenario::Clean, 2);
    assert!(is_read(&state));
    let open = state.open.as_mut().unwrap();
    let panel = open.panels.iter_mut().find(|panel| panel.spec.critical).unwrap();
    panel.trouble = None;
    panel.history = Some(crate::core::state::History { from: 0, to: 3_600 });
    assert!(!is_read(&state));
    let told = Told::of(&state).unwrap();
    assert_eq!((told.forward.numbers.word, told.forward.answer.word), (Word::Unknown, Word::Unknown), "{told:?}");
}

#[test]
fn what_is_wrong_for_good_is_not_waited_for() {
    let read = |trouble: PanelTrouble, errors: u32| {
        let mut state = flown(Scenario::Clean, 1);
        let panel = state.open.as_mut().unwrap().panels.iter_mut().find(|panel| panel.spec.critical).unwrap();
        panel.history = Some(crate::core::state::History { from: 0, to: 3_600 });
        (panel.trouble, panel.errors) = (Some(trouble), errors);
        is_read(&state)
    };
    assert!(read(PanelTrouble::NoData, 0) && read(PanelTrouble::Error("no such label".into()), 2));
    assert!(!read(PanelTrouble::Waiting, 0) && !read(PanelTrouble::Error("no route".into()), 1));
    assert!(!read(PanelTrouble::Partial("store down".into()), 0));
}

#[test]
fn a_budget_speaks_against_going_on_and_not_against_the_canary() {
    let clean = flown(Scenario::Clean, 2);
    let without = Told::of(&clean).unwrap().forward.answer.word;
    let state = with_budget(clean.clone(), 0.4);
    assert_eq!(Told::of(&state).unwrap().forward.answer.word, without);
    let state = with_budget(clean.clone(), -0.2);
    let told = Told::of(&state).unwrap();
    assert_eq!(told.forward.answer.word, Word::NoGo);
    assert_ne!(told.forward.numbers.word, Word::NoGo);
    let text = text::paragraph(&told);
    assert!(text.starts_with("✗ NO-GO") && text.contains("the numbers alone: ") && text.contains("SPENT"), "{text}");
    let mut state = with_budget(clean, 0.4);
    for lane in &mut state.open.as_mut().unwrap().budgets[0].lanes {
        lane.trouble = Some(PanelTrouble::Waiting);
    }
    assert!(!is_read(&state));
    assert_eq!(Told::of(&state).unwrap().forward.answer.word, Word::Unknown);
}

#[test]
fn a_release_that_failed_may_not_go_on() {
    for (change, why) in [
        ((|release| release.aborted = true) as fn(&mut Release), "the release was aborted"),
        (|release| release.phase = Phase::Degraded, "the release is degraded"),
    ] {
        let state = with_release(flown(Scenario::Clean, 1), change);
        let told = Told::of(&state).unwrap();
        assert_eq!(told.forward.answer.word, Word::NoGo);
        assert!(told.forward.answer.why[0].starts_with(why), "{told:?}");
        assert_ne!(told.forward.numbers.word, Word::NoGo);
    }
}

async fn asked(typed: &str, json: bool) -> Result<(String, Word), Problem> {
    let theme = Theme::builtin("mono").unwrap();
    let program = demo::program(Scenario::Clean, demo::SEED, 1.0, theme);
    let connected = Connected { backends: program.backends, metrics: program.metrics };
    let wanted = Wanted { target: typed.to_owned(), json, timeout: Duration::from_mins(1) };
    read(program.settings, &connected, program.clock, &load::named(typed)?, &wanted).await
}

#[tokio::test]
async fn a_release_is_asked_for_by_any_part_of_its_name() {
    for typed in ["checkout", "shop/checkout", "demo/shop/checkout"] {
        let (text, word) = asked(typed, true).await.unwrap();
        let object: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(object["verdict"]["value"], word.to_string().to_lowercase(), "{object}");
        assert_eq!(object["sources"][0]["state"], "live");
    }
}

#[tokio::test]
async fn a_name_nobody_has_is_a_usage_error() {
    let problem = asked("shop/chekcout", false).await.unwrap_err();
    assert_eq!(problem.code, Code::Usage);
    assert!(problem.to_string().contains("did you mean `shop/checkout`?"), "{problem}");
}

#[test]
fn a_silent_failure_is_no_go_with_its_numbers_and_its_cost() {
    let state = flown(Scenario::SilentPaymentFailure, 8);
    let told = Told::of(&state).unwrap();
    assert_eq!((told.forward.numbers.word, told.forward.answer.word), (Word::NoGo, Word::NoGo), "{told:?}");
    let text = text::paragraph(&told);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("✗ NO-GO  demo/shop/checkout"), "{text}");
    assert!(lines[1].starts_with("  orders per 1,000 checkouts ×0."), "{text}");
    let first = lines.iter().find(|line| line.contains(" vs ")).unwrap();
    assert!(first.starts_with("  ✗ orders") && first.contains("  since 14:03:"), "{text}");
    assert!(
        text.contains("cost        orders per 1,000 checkouts: ≈") && text.contains(" orders missing so far ("),
        "{text}"
    );
    let decided = lines.iter().find(|line| line.starts_with("  evidence    ")).unwrap();
    assert!(
        decided.contains("orders per 1,000 checkouts: ln E of harm ") && decided.contains(" needed, reached 14:0"),
        "{text}"
    );
    assert!(decided.ends_with("K 2)"), "the interval says the same: {decided}");
    let unknown = lines.iter().find(|line| line.starts_with("  ? ")).unwrap();
    assert!(!unknown.contains(" vs "), "what is not known has no numbers: {unknown}");

    let object = json::object(&told);
    let orders = object["panels"].as_array().unwrap().iter().find(|panel| panel["business"] == true).unwrap();
    let number = |pointer: &str| orders.pointer(pointer).and_then(Value::as_f64).unwrap();
    assert!(number("/ratio/0") < number("/ratio/1") && number("/ratio/1") < number("/ratio/2"), "{orders}");
    assert!(number("/log_e_harm") > number("/log_e_safe") && number("/phi") >= 1.0, "{orders}");
    assert!(number("/log_e_harm") >= number("/log_e_harm_needed"), "what decided is told: {orders}");
    assert!(orders["found_at"].as_str().unwrap().starts_with("2026-03-05T14:0"), "{orders}");
    let loss = &object["loss"][0];
    assert_eq!(loss["panel"], orders["name"]);
    assert_eq!(loss["so_far"], orders["loss"]["so_far"]);
    assert!(loss["so_far"][0].as_f64().unwrap() > 0.0, "{loss}");

    let status = crate::headless::status::text::paragraph(&state, told.release, Some(told.open));
    let places = ["✗ NO-GO", "✗ orders", "‖ paused 4/8 at 10 %", "roll back", "✓ "].map(|part| status.find(part));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{status}");
}

/// The evidence is one-sided and of all starts, the interval neither: what decided stands beside an interval that does
/// not show it.
#[test]
fn a_regression_whose_interval_reaches_into_the_tolerance_says_what_decided() {
    let mut state = flown(Scenario::SilentPaymentFailure, 8);
    let mut said = |change: fn(&mut Panel)| {
        let panel = state.open.as_mut().unwrap().panels.iter_mut().find(|panel| panel.spec.business).unwrap();
        change(panel);
        panel.reading = crate::core::evidence::look(panel);
        let text = text::paragraph(&Told::of(&state).unwrap());
        text.lines().find(|line| line.starts_with("  evidence    ")).map(ToOwned::to_owned)
    };
    let wide = said(|panel| {
        let finding = panel.evidence.finding.as_mut().unwrap();
        finding.high = finding.bound * 1.2;
    });
    let wide = wide.unwrap();
    assert!(wide.ends_with("the interval has two sides and is of one start, so it may reach farther"), "{wide}");
    let faded = said(|panel| panel.evidence.finding.as_mut().unwrap().log_e_harm = 1.0).unwrap();
    assert!(faded.contains(": ln E of harm 1.00, of 3.69 needed, reached 14:0"), "{faded}");
    assert!(faded.ends_with("; newer ticks say less, and it stands until a person resets it"), "{faded}");
    assert_eq!(said(|panel| panel.evidence.finding = None), None, "it is being judged again");
}
