//! `flightdeck verdict` and `flightdeck wait` against a cluster and a Prometheus over the wire.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::{Value, json};
use wiremock::{Mock, ResponseTemplate, matchers::path};

use super::{
    Home, KUBECONFIG,
    servers::{Servers, Story},
    text,
};

const WELL: Story = Story { canary_orders: 0.5, bad: 0.001 };

struct Gate {
    home: Home,
    servers: Servers,
}

impl Gate {
    async fn open(story: Story, slo: bool) -> Self {
        let servers = Servers::start(story).await;
        let home = Home::new().with_kubeconfig(&servers.kubeconfig()).with_config(&servers.config(slo));
        Self { home, servers }
    }

    /// Exit code and every line as JSON.
    fn json(&self, line: &str) -> (i32, Vec<Value>) {
        let output = self.home.run(line);
        let (said, wrong) = (text(&output.stdout), text(&output.stderr));
        assert!(wrong.is_empty(), "{line}: {wrong}");
        let lines = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (output.status.code().unwrap(), lines)
    }
}

#[tokio::test]
async fn a_spent_budget_is_no_go_for_going_on() {
    let gate = Gate::open(Story { bad: 0.02, ..WELL }, true).await;
    let (code, lines) = gate.json("verdict shop/web --json");
    let [object] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((code, &object["verdict"]["value"]), (1, &"no-go".into()), "{object:#}");
    assert_ne!(object["numbers"]["value"], "no-go");
    assert_eq!(object["budgets"][0]["name"], "web");
    assert!(object["budgets"][0]["left"].as_f64().unwrap() < 0.0, "{object:#}");
    let (code, lines) = gate.json("wait web --until go --json");
    assert_eq!((code, &lines.last().unwrap()["result"]), (1, &"failed".into()), "{lines:?}");
    let (code, _) = gate.json("wait web --until no-go --json");
    assert_eq!(code, 0);
}

#[tokio::test]
async fn numbers_out_of_reach_are_unknown_with_the_reason() {
    let gate = Gate::open(WELL, false).await;
    let config = gate.servers.config(false).replace(&gate.servers.numbers.uri(), "http://127.0.0.1:1");
    let home = Home::new().with_kubeconfig(&gate.servers.kubeconfig()).with_config(&config);
    let output = home.run("verdict shop/web");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(7), "{said}{}", text(&output.stderr));
    assert!(said.starts_with("? UNKNOWN  lab/shop/web  v1 → v2  paused 2/8 at 1 %"), "{said}");
    assert!(said.contains("orders") && said.contains("127.0.0.1:1"), "{said}");
    let output = home.run("wait web --until go --grace 1s");
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stdout));
    assert!(text(&output.stdout).lines().last().unwrap().contains("unreachable: prom: "), "{output:?}");
}

#[tokio::test]
async fn waiting_ends_with_the_state_or_the_time() {
    let gate = Gate::open(WELL, false).await;
    let (code, lines) = gate.json("wait shop/web --until healthy,paused --json");
    let last = lines.last().unwrap();
    assert_eq!((code, &last["until"], &last["code"]), (0, &"paused".into(), &0.into()), "{last:#}");
    assert_eq!((&last["release"]["from"], &last["release"]["to"]), (&"v1".into(), &"v2".into()));
    let (code, lines) = gate.json("wait shop/web --until healthy --timeout 2s --json");
    assert_eq!((code, &lines.last().unwrap()["result"]), (5, &"timed-out".into()));
    assert!(lines.len() > 1 && lines[0]["event"] == "change", "{lines:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_ends_it_with_130() {
    let gate = Gate::open(WELL, false).await;
    let home = &gate.home;
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("flightdeck"))
        .args(["wait", "shop/web", "--until", "healthy"])
        .env_clear()
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("paused 2/8"));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(lines.last().unwrap().unwrap().contains("interrupted"));
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn what_cannot_be_asked_is_said_and_has_its_code() {
    let home = Home::new().with_kubeconfig(KUBECONFIG);
    for (line, code, said) in [
        ("verdict shop/web", 3, "flightdeck: lab: "),
        ("verdict shop//web", 2, "flightdeck: `shop//web`: the target has an empty segment"),
        ("verdict", 2, "error: the following required arguments were not provided"),
        ("verdict shop/web --timeout 5", 2, "error: invalid value '5' for '--timeout"),
        ("wait shop/web", 2, "error: the following required arguments were not provided"),
        ("wait shop/web --until done", 2, "error: invalid value 'done' for '--until"),
    ] {
        let (exit, wrong) = home.fails(line);
        assert_eq!(exit, code, "{line}: {wrong}");
        assert!(wrong.starts_with(said), "{line}: {wrong}");
    }
    let output = home.run("wait shop/web --until go --grace 100ms --json");
    let last: Value = serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap();
    assert_eq!((output.status.code(), &last["result"]), (Some(3), &"unreachable".into()), "{last:#}");
    assert_eq!(last["code"], 3);
}

#[tokio::test]
async fn a_name_nobody_has_is_said_with_the_near_one() {
    let gate = Gate::open(WELL, false).await;
    for line in ["verdict shop/wbe", "wait shop/wbe --until go"] {
        let (code, wrong) = gate.home.fails(line);
        assert_eq!(code, 2, "{line}: {wrong}");
        assert!(wrong.contains("there is no release `shop/wbe`; did you mean `shop/web`?"), "{line}: {wrong}");
    }
}

#[tokio::test]
async fn customers_who_cannot_order_are_no_go() {
    let gate = Gate::open(Story { canary_orders: 0.2, ..WELL }, true).await;
    let (code, lines) = gate.json("verdict shop/web --json");
    let [object] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((code, &object["verdict"]["value"]), (1, &"no-go".into()), "{object:#}");
    assert_eq!(object["numbers"]["value"], "no-go");
    let orders = &object["panels"][0];
    assert_eq!((&orders["name"], &orders["verdict"]), (&"orders".into(), &"no-go".into()));
    let ratio: Vec<f64> = orders["ratio"].as_array().unwrap().iter().map(|end| end.as_f64().unwrap()).collect();
    assert!(ratio.is_sorted() && (ratio[1] - 0.4).abs() < 0.02, "{ratio:?}");
    assert!((orders["canary"].as_f64().unwrap() - 200.0).abs() < 2.0, "per 1,000: {orders:#}");
    let lost = object["loss"][0]["so_far"][1].as_f64().unwrap();
    assert!((4_000.0..6_000.0).contains(&lost), "3 orders a second for half an hour: {lost}");
    let (code, lines) = gate.json("wait shop/web --until no-go --json");
    assert_eq!((code, &lines.last().unwrap()["until"]), (0, &"no-go".into()));
    let (code, lines) = gate.json("wait shop/web --until healthy --json");
    assert_eq!((code, &lines.last().unwrap()["result"]), (1, &"failed".into()), "{lines:?}");
    let output = gate.home.run("status shop/web");
    assert!(text(&output.stdout).contains("✗ NO-GO orders ×0.40"), "{}", text(&output.stdout));
}

#[tokio::test]
async fn a_canary_that_does_as_well_may_go_on() {
    let gate = Gate::open(WELL, true).await;
    let output = gate.home.run("verdict shop/web");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.starts_with("✓ GO  lab/shop/web  v1 → v2  paused 2/8 at 1 %\n  critical in tolerance\n"), "{said}");
    assert!(said.contains("✓ orders  500 vs 500  ×1.00 (") && said.contains("budget      web 99 %: "), "{said}");
    let (code, lines) = gate.json("wait web --until go,no-go --json");
    assert_eq!((code, &lines.last().unwrap()["until"]), (0, &"go".into()), "{lines:?}");
}

/// Nothing on standard output is an answer only with the place that was looked at.
#[tokio::test]
async fn where_there_are_no_releases_it_says_where_it_looked() {
    let gate = Gate::open(WELL, false).await;
    let missing = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "reason": "NotFound",
                         "message": "namespaces \"nope\" not found"});
    let forbidden = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, "reason": "Forbidden",
                           "message": "namespaces \"secret\" is forbidden"});
    for (name, code, body) in [("nope", 404, missing), ("secret", 403, forbidden)] {
        let answer = ResponseTemplate::new(code).set_body_json(body);
        let there = path(format!("/api/v1/namespaces/{name}"));
        Mock::given(there).respond_with(answer).with_priority(1).mount(&gate.servers.cluster).await;
    }
    for (line, code, said) in [
        ("-n nope status --json", 2, "flightdeck: there is no namespace nope on lab; name another with `-n`\n"),
        (
            "-n secret status",
            0,
            "flightdeck: no releases in namespace secret on lab; does it exist? try another with `-n`\n",
        ),
        ("-n empty status --line", 0, "flightdeck: no releases in namespace empty on lab\n"),
    ] {
        let output = gate.home.run(line);
        let told = (output.status.code(), text(&output.stdout), text(&output.stderr));
        assert_eq!(told, (Some(code), String::new(), said.to_owned()), "{line}");
    }
}
