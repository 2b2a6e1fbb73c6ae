//! The verdict against the real Prometheus: what was predicted comes when it was predicted, and what is not proven is
//! not said.

use std::{
    io::Write,
    thread::{self, sleep},
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    deck::Home,
    harness::Lab,
    shop::{Shop, panel},
};

/// How far a time may lie from what the screen said.
const TOLERANCE: f64 = 0.25;
/// Many visits and few orders: a death shows in minutes, and little but the number of orders is left to chance.
const QUIET: &[&str] = &["--rps", "180", "--checkouts", "0.01", "--order-lag", "4"];
/// Enough customers for a proof of health in minutes, and an hour before the release to compare both arms with.
const BUSY: &[&str] = &["--rps", "2000", "--order-lag", "4", "--past", "2700"];
/// Within this, both arms can be held against the hour before, and a busy shop's panels are within their tolerance.
const JUDGED: Duration = Duration::from_mins(10);

#[test]
fn six_releases_at_once_are_each_judged_as_they_are() {
    let Some(lab) = Lab::get() else { return };
    let home = Home::with_panels(&lab, "viewer", PANELS);
    let shop = |what, options| Shop::new(&lab, &home, what, options);
    let [dead, clean, rough] = [shop("dead", QUIET), shop("clean", BUSY), shop("rough", BUSY)];
    let [sick, greedy] = [shop("sick", BUSY), shop("greedy", BUSY)];
    // With 2 % of so many, the canary would be shown to be well in the same time.
    let starved = shop("starved", &["--rps", "8000", "--order-lag", "4", "--past", "2700", "--fault", "wrong-split"]);
    // All of them end, so that one failure hides no other.
    let is_near = thread::scope(|scope| {
        let death = scope.spawn(|| a_death_shows_when_it_was_said(&dead, Duration::from_mins(2)));
        scope.spawn(|| a_clean_release_is_go_when_it_was_said(&clean));
        scope.spawn(|| resets_missed_scrapes_and_steps_change_nothing(&rough));
        scope.spawn(|| an_incident_of_both_arms_is_neither_go_nor_no_go(&sick));
        scope.spawn(|| a_canary_that_eats_what_is_shared_is_never_go(&greedy));
        scope.spawn(|| a_router_that_sends_too_little_is_caught(&starved));
        death.join().unwrap()
    });
    drop([dead, clean, rough, sick, greedy, starved]);
    // Some dozens of orders decide when it shows, so one death may be told wrongly by chance, two are no chance.
    assert!(is_near || a_death_shows_when_it_was_said(&shop("again", QUIET), Duration::from_mins(2)));
}

#[test]
fn a_checkout_that_dies_after_half_an_hour_of_health_is_seen_when_it_was_said() {
    let Some(lab) = Lab::long() else { return };
    let home = Home::with_panels(&lab, "viewer", PANELS);
    assert!(a_death_shows_when_it_was_said(&Shop::new(&lab, &home, "late", QUIET), Duration::from_mins(30)));
}

/// A death is NO-GO; true if it was that when it was said.
fn a_death_shows_when_it_was_said(shop: &Shop<'_>, health: Duration) -> bool {
    shop.canary();
    sleep(health);
    let predicted = predicted(shop);
    shop.traffic.fault(shop.lab, "dead-payments", true);
    let (last, took) = shop.wait("go,no-go");
    assert_eq!(last["until"], "no-go", "{last:#}");
    assert!(last["why"].as_str().unwrap().contains(ORDERS), "{last:#}");
    let took = took.as_secs_f64();
    say(&format!("dead after {health:?} of health: predicted {predicted:.0} s, seen in {took:.0} s"));
    (took / predicted - 1.0).abs() <= TOLERANCE
}

/// Seconds in which the screen says that a death will show; scripts are told the same.
fn predicted(shop: &Shop<'_>) -> f64 {
    let deck = shop.home.open(&[&shop.target()]);
    let screen = deck.wait_for(&["is visible in ≈"]);
    deck.leave();
    let verdict = shop.verdict();
    let exact = panel(&verdict, ORDERS)["forecast"]["blind_seconds"].as_f64().unwrap();
    let said: Vec<&str> = screen.split_once("is visible in ≈").unwrap().1.split_whitespace().take(2).collect();
    let (unit, rounding) = match said[1].trim_end_matches(',') {
        "min" => (60.0, 30.0),
        "s" => (1.0, 5.0),
        other => panic!("{other} in {screen}"),
    };
    let seconds = said[0].parse::<f64>().unwrap() * unit;
    // A tick may have come between the two.
    assert!((seconds - exact).abs() <= rounding + 0.05 * exact, "the screen says {seconds} s, `verdict` {exact} s");
    exact
}

fn a_clean_release_is_go_when_it_was_said(shop: &Shop<'_>) {
    shop.canary();
    let when = |verdict: &Value| verdict["ready_at"].as_str().map(|at| at.parse::<DateTime<Utc>>().unwrap());
    let early = shop.until("saying by when", Duration::from_mins(3), |verdict| when(verdict).is_some());
    assert_eq!(early["verdict"]["value"], "collecting", "{early:#}");
    let (last, _) = shop.wait("go");
    assert_eq!(last["until"], "go", "{last:#}");
    let (said_at, ready_at) = (early["at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), when(&early).unwrap());
    let seconds =
        |from: DateTime<Utc>| (last["at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap() - from).as_seconds_f64();
    let (said, took) = ((ready_at - said_at).as_seconds_f64(), seconds(said_at));
    say(&format!("clean: GO predicted in {said:.0} s, came in {took:.0} s"));
    assert!((took / said - 1.0).abs() <= TOLERANCE, "GO predicted in {said:.0} s, came in {took:.0} s");
}

fn resets_missed_scrapes_and_steps_change_nothing(shop: &Shop<'_>) {
    shop.canary();
    let mut watch = shop.watch("no-go");
    shop.traffic.fault(shop.lab, "counter-reset", true);
    for _ in 0..2 {
        sleep(Duration::from_mins(1));
        shop.traffic.fault(shop.lab, "unscraped", true);
        sleep(Duration::from_secs(45));
        shop.traffic.fault(shop.lab, "unscraped", false);
    }
    sleep(Duration::from_secs(30));
    shop.lab.promote(&shop.name, &shop.paused_at(3));
    shop.paused_at(5);
    let verdict = shop.until("GO", JUDGED, |verdict| verdict["verdict"]["value"] == "go");
    let orders = panel(&verdict, ORDERS);
    let interval = [0, 2].map(|end| orders["ratio"][end].as_f64().unwrap());
    assert!(interval[0] <= 1.0 && 1.0 <= interval[1], "{orders:#}");
    assert_eq!(verdict["split"]["standing"], "holds", "{verdict:#}");
    watch.never(&["no-go"]);
}

fn an_incident_of_both_arms_is_neither_go_nor_no_go(shop: &Shop<'_>) {
    shop.canary();
    let mut watch = shop.watch("go,no-go");
    shop.traffic.fault(shop.lab, "provider", true);
    let verdict = shop.until("saying that both arms are worse", JUDGED, both_worse);
    let why = verdict["verdict"]["why"][0].as_str().unwrap();
    assert!(why.contains("since 10 %") && why.ends_with(ORDERS), "{why}");
    watch.never(&["go", "no-go"]);
}

fn a_canary_that_eats_what_is_shared_is_never_go(shop: &Shop<'_>) {
    shop.canary();
    let mut watch = shop.watch("go,no-go");
    shop.traffic.fault(shop.lab, "shared-pool", true);
    let verdict = shop.until("saying that what is shared is worse", JUDGED, both_worse);
    assert!(verdict["verdict"]["why"][0].as_str().unwrap().contains(POOL), "{verdict:#}");
    watch.never(&["go", "no-go"]);
}

fn both_worse(verdict: &Value) -> bool {
    let why = verdict["verdict"]["why"][0].as_str().unwrap_or_default();
    verdict["verdict"]["value"] == "unknown" && why.starts_with("both arms are worse")
}

fn a_router_that_sends_too_little_is_caught(shop: &Shop<'_>) {
    shop.canary();
    let mut watch = shop.watch("go,no-go");
    let caught = shop
        .until("the split being off", Duration::from_mins(3), |verdict| verdict["split"]["standing"] == "too-little");
    let seen = caught["split"]["seen"].as_f64().unwrap();
    assert!((1.5..2.5).contains(&seen) && caught["split"]["set"] == 10.0, "{caught:#}");
    // Every panel is well, and all the same it may not go on.
    let blocked = shop.until("the split as the reason", JUDGED, |verdict| {
        verdict["verdict"]["value"] == "unknown"
            && verdict["verdict"]["why"][0].as_str().is_some_and(|why| why.starts_with("traffic split: 2."))
    });
    for name in [ORDERS, ERRORS] {
        assert_eq!(panel(&blocked, name)["verdict"], "go", "{blocked:#}");
    }
    watch.never(&["go", "no-go"]);
}

/// Figures are said past libtest's capture, which would hide them for a test that passes.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}

const ORDERS: &str = "orders per 1,000 visits";
const ERRORS: &str = "error ratio";
const POOL: &str = "db connections in use";
const PANELS: &str = r#"
[[panels]]
name = "orders per 1,000 visits"
source = "prom"
kind = "ratio"
events = 'sum by (pod) (orders_completed_total{namespace="{{namespace}}", app="{{name}}"})'
exposures = 'sum by (pod) (http_requests_total{namespace="{{namespace}}", app="{{name}}"})'
better = "higher"
critical = true
business = true
per = 1000
lag = "5s"

[[panels]]
name = "error ratio"
source = "prom"
kind = "ratio"
events = 'sum by (pod) (http_requests_total{namespace="{{namespace}}", app="{{name}}", code=~"5.."})'
exposures = 'sum by (pod) (http_requests_total{namespace="{{namespace}}", app="{{name}}"})'
better = "lower"
tolerance = 0.9
critical = true
per = 100
unit = "%"

[[panels]]
name = "db connections in use"
source = "prom"
kind = "shared"
query = 'sum(db_pool_connections_in_use{namespace="{{namespace}}", app="{{name}}"}) / sum(db_pool_connections_max{namespace="{{namespace}}", app="{{name}}"})'
better = "lower"
"#;
