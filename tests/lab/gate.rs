//! A pipeline that asks before it goes on: `wait` and `verdict` on a real release.

use serde_json::Value;

use crate::{deck::Home, harness::Lab};

/// Exit code and every line as JSON.
fn told(home: &Home, line: &str) -> (i32, Vec<Value>) {
    let (code, said, wrong) = home.run(&line.split(' ').collect::<Vec<_>>());
    assert!(wrong.is_empty(), "{line}: {wrong}");
    (code, said.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn a_pipeline_is_stopped_by_a_silent_payment_failure() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    let traffic = lab.traffic("checkout", &["--order-lag", "1"]);
    let home = Home::new(&lab, "viewer");
    lab.set_image("checkout", "shop/checkout:4.2.0");
    traffic.fault(&lab, "payments", true);

    let (code, seen) = told(&home, "wait shop/checkout --until paused --timeout 60s --json");
    assert_eq!(code, 0, "{seen:?}");
    assert_eq!(seen.last().unwrap()["release"]["to"], "4.2.0");

    let (code, seen) = told(&home, "wait shop/checkout --until go,no-go --timeout 15m --json");
    let last = seen.last().unwrap();
    assert_eq!((code, &last["until"]), (0, &"no-go".into()), "{last:#}");
    let words: Vec<&str> = seen.iter().map(|line| line["verdict"]["value"].as_str().unwrap_or_default()).collect();
    assert!(!words.contains(&"go"), "{words:?}");

    // Harm is proven by a test of one side; the interval, which is of both, excludes 1 in the same tick or soon after.
    let verdict = || {
        let (code, mut seen) = told(&home, "verdict shop/checkout --json");
        assert_eq!((code, seen.len(), &seen[0]["verdict"]["value"]), (1, 1, &"no-go".into()), "{seen:#?}");
        seen.remove(0)
    };
    lab.wait_until("the loss to be known", || !verdict()["loss"].as_array().unwrap().is_empty());
    let object = verdict();
    let panel = |name: &str| object["panels"].as_array().unwrap().iter().find(|panel| panel["name"] == name).unwrap();
    let orders = panel("orders per 1,000 checkouts");
    assert_eq!((&orders["verdict"], &orders["mark"]), (&"no-go".into(), &"no-go".into()), "{orders:#}");
    let number = |pointer: &str| {
        orders.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("{pointer}: {orders:#}"))
    };
    let (low, ratio, high) = (number("/ratio/0"), number("/ratio/1"), number("/ratio/2"));
    assert!(low <= ratio && ratio <= high && high < 1.0, "{orders:#}");
    assert!(number("/log_e_harm") > 3.0 && number("/phi") >= 1.0 && orders["since"].is_string(), "{orders:#}");
    let cost = &object["loss"][0];
    assert_eq!(cost["panel"], orders["name"]);
    assert!(cost["so_far"][0].as_f64().unwrap() > 0.0, "{cost:#}");
    assert_ne!(panel("error ratio")["mark"], "no-go", "nothing else is wrong");

    let (_, text, _) = home.run(&["verdict", "shop/checkout"]);
    assert!(text.starts_with("✗ NO-GO  lab/shop/checkout  4.1.9 → 4.2.0  paused"), "{text}");
    let (_, status, _) = home.run(&["status", "shop/checkout"]);
    let places = ["✗ NO-GO", "✗ orders per 1,000 checkouts", "‖ paused 4/8"].map(|part| status.find(part));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "what is wrong stands first:\n{status}");
    assert_eq!(lab.audit_log("viewer"), Vec::<Value>::new(), "neither command ever acts");
}
