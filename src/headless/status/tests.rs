//! `status` over the simulated world: the same core, backend and plans as on a real cluster.

use serde_json::Value;

use super::*;
use crate::{
    headless::{demo, documented, problem::Code, verdict::tests::full},
    sim::Scenario,
    theme::Theme,
};

async fn status(target: Option<&str>, json: bool, line: bool) -> Result<(String, Option<Problem>), Problem> {
    let theme = Theme::builtin("mono").unwrap();
    let program = demo::program(Scenario::SilentPaymentFailure, demo::SEED, 1.0, theme);
    let connected = Connected { backends: program.backends, metrics: program.metrics };
    let wanted = Status { target: target.map(str::to_owned), json, line };
    let settings = Settings { open: None, ..program.settings };
    read(settings, &connected, program.clock, load::target(target)?, &wanted).await
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn one_release_as_json_holds_everything_a_script_was_promised() {
    let (text, problem) = status(Some("shop/checkout"), true, false).await.unwrap();
    assert_eq!(problem, None);
    assert_eq!(text.lines().count(), 1);
    let release: Value = serde_json::from_str(&text).unwrap();
    let late = full(Scenario::SilentPaymentFailure, 8);
    let (open, closer) = found(&late).unwrap();
    documented::hold("status", &[release.clone(), json::object(&late, closer, Some(open))]);
    let at = |pointer: &str| release.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {release:#}"));
    assert_eq!((at("/schema"), at("/target")), (&Value::from(1), &Value::from("demo/shop/checkout")));
    assert_eq!((at("/kind"), at("/strategy"), at("/phase")), (&"rollout".into(), &"canary".into(), &"paused".into()));
    assert_eq!((at("/weight/wanted"), at("/weight/set")), (&10.0.into(), &10.0.into()));
    assert_eq!((at("/step/index"), at("/step/count"), at("/step/state")), (&3.into(), &8.into(), &"current".into()));
    assert_eq!(keys(&at("/steps/0").clone()).len(), 7);
    assert_eq!(at("/revisions/0/tags/0"), "canary");
    assert!(at("/revisions/0/pods/0/name").is_string() && at("/revisions/0/pods/0/ready").is_boolean());
    assert_eq!((at("/way_back/means"), at("/way_back/revision")), (&"abort".into(), &41.into()));
    assert_eq!(at("/verdict/value"), "collecting");
    assert_eq!(at("/sources/0/state"), "live");
}

#[tokio::test]
async fn goals_carry_the_requests_or_say_why_not() {
    let (text, _) = status(Some("shop/checkout"), true, false).await.unwrap();
    let release: Value = serde_json::from_str(&text).unwrap();
    let goal = |word: &str| {
        let goals = release["goals"].as_array().unwrap();
        goals.iter().find(|goal| goal["goal"] == word).unwrap_or_else(|| panic!("no {word}")).clone()
    };
    let promote = goal("promote");
    let request = &promote["requests"][0];
    assert_eq!((&request["kind"], &request["method"]), (&"http".into(), &"PATCH".into()));
    assert!(request["path"].as_str().unwrap().contains("/rollouts/checkout"));
    assert!(request["content_type"].as_str().unwrap().contains("json") && !request["body"].is_null());
    assert_eq!(promote["reach"]["weight"], 100.0);
    assert!(promote["expect"].is_string() && promote["warnings"].is_array());
    assert!(goal("retry")["denied"].is_string());
}

#[tokio::test]
async fn panels_are_shown_with_what_is_said_of_them() {
    let (text, _) = status(Some("checkout"), true, false).await.unwrap();
    let release: Value = serde_json::from_str(&text).unwrap();
    let panels = release["panels"].as_array().unwrap();
    let orders = panels.iter().find(|panel| panel["name"].as_str().unwrap().starts_with("orders")).unwrap();
    assert!(orders["baseline"].as_f64().unwrap() > 0.0 && orders["age_seconds"].as_f64().unwrap() >= 0.0, "{orders}");
    for panel in panels {
        assert!(["go", "collecting", "unknown"].contains(&panel["verdict"].as_str().unwrap()), "{panel}");
        let Some(ratio) = panel["ratio"].as_array().filter(|_| panel["kind"] == "ratio") else { continue };
        assert!(ratio[0].as_f64() <= ratio[1].as_f64() && ratio[1].as_f64() <= ratio[2].as_f64(), "{panel}");
    }
}

#[tokio::test]
async fn without_a_target_every_release_has_its_line() {
    let (json, _) = status(None, true, false).await.unwrap();
    let targets: Vec<String> = json
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["target"].as_str().unwrap().to_owned())
        .collect();
    let (lines, _) = status(None, false, true).await.unwrap();
    assert!(targets.len() > 1 && targets.contains(&"demo/shop/checkout".to_owned()), "{targets:?}");
    assert_eq!(lines.lines().filter_map(|line| line.split(' ').next()).collect::<Vec<_>>(), targets);
    let line = lines.lines().find(|line| line.starts_with("demo/shop/checkout ")).unwrap();
    assert!(line.starts_with("demo/shop/checkout paused 4/8 10 % 4.1.9 → 4.2.0 UNKNOWN"), "{line}");
}

#[tokio::test]
async fn a_paragraph_says_what_stands_what_is_wrong_and_what_can_be_done() {
    let (text, _) = status(Some("checkout"), false, false).await.unwrap();
    for part in ["demo/shop/checkout", "‖ paused 4/8 at 10 %", "COLLECTING", "↩ way back 4.1.9 by abort", "promote "]
    {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
}

#[tokio::test]
async fn a_name_nobody_has_is_an_error_with_the_near_one() {
    for (typed, hint) in [("chekout", "did you mean `checkout`?"), ("shop/chekcout", "did you mean `shop/checkout`?")] {
        let problem = status(Some(typed), true, false).await.unwrap_err();
        assert_eq!(problem.code, Code::Usage, "{problem}");
        assert!(problem.to_string().contains(typed) && problem.to_string().contains(hint), "{problem}");
    }
}
