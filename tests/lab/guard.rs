//! The guard against the real thing: customers are taken back with nobody at the keys, and only on evidence.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

use crate::{
    deck::{Deck, Home},
    harness::Lab,
};

/// Long enough for a death at 10 % to be proven at the guard's own error rate, uncalibrated.
const PROOF: Duration = Duration::from_mins(7);
const PAUSED_AT_10: &[&str] = &["PAUSED 4/8 at 10 %", "for a person"];

/// A guard's process with what it wrote.
struct Guard {
    child: Child,
    log: PathBuf,
}

impl Guard {
    /// Armed by a script for revision 2, which is on its way.
    fn armed(lab: &Lab, home: &Home) -> Self {
        let log = home.path().join("guard.log");
        let file = File::create(&log).unwrap();
        let arguments = ["guard", "shop/checkout", "--yes", "--revision", "2", "--reason", "nobody is awake"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        command.args(arguments).envs(home.variables()).env_remove("FLIGHTDECK_LAB");
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let guard = Self { child: command.spawn().unwrap(), log };
        lab.wait_until("the guard's first sign", || sign(lab).is_some());
        guard
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits for its end; its exit code.
    fn ended(&mut self, patience: Duration) -> i32 {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < deadline, "the guard did not end within {patience:?}; it said\n{}", self.said());
            sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Gone after a test that passed; one that failed must not leave it behind.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The sign of life on the Rollout.
fn sign(lab: &Lab) -> Option<Value> {
    let rollout = lab.rollout("checkout");
    serde_json::from_str(rollout["metadata"]["annotations"]["flightdeck/guard"].as_str()?).ok()
}

/// The panels of a home's configuration as a ConfigMap beside the release, which then are in no configuration.
struct Declared<'a>(&'a Lab);

const DECLARED: &str = "checkout-panels";

impl<'a> Declared<'a> {
    fn of(lab: &'a Lab, home: &Home) -> Self {
        let file = home.path().join("config/flightdeck/config.toml");
        let config = fs::read_to_string(&file).unwrap();
        let (sources, panels) = config.split_at(config.find("[[panels]]").unwrap());
        fs::write(&file, sources).unwrap();
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": DECLARED, "namespace": "shop", "labels": {"flightdeck/panels": "true"}},
            "data": {"panels.toml": panels},
        });
        let declared = Self(lab);
        declared.remove();
        let maps = lab.api("", "v1", "ConfigMap");
        lab.run(maps.create(&PostParams::default(), &serde_json::from_value(map).unwrap())).unwrap();
        declared
    }

    fn remove(&self) {
        // A test that failed may have left one behind, or none.
        self.0.run(self.0.api("", "v1", "ConfigMap").delete(DECLARED, &DeleteParams::default())).ok();
    }
}

impl Drop for Declared<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A canary at 10 % that waits for a person, with customers.
fn canary(lab: &Lab) {
    lab.set_image("checkout", "shop/checkout:4.2.0");
    let at_10 = |rollout: &Value| rollout["status"]["phase"] == "Paused" && rollout["status"]["currentStepIndex"] == 3;
    lab.wait_for_rollout("checkout", "waiting at 10 %", at_10);
}

/// What the controller was told to do, and how far it is; what a sign of life may not move.
fn progress(lab: &Lab) -> (Value, Value, Value, Vec<Value>) {
    let rollout = lab.rollout("checkout");
    let pods = lab.pods("checkout").iter().map(|pod| pod["metadata"]["uid"].clone()).collect();
    let status = &rollout["status"];
    let of = |value: &Value| value.clone();
    (of(&rollout["metadata"]["generation"]), of(&status["pauseConditions"]), of(&status["currentStepIndex"]), pods)
}

#[test]
fn a_silent_payment_failure_is_taken_back_with_nobody_at_the_keys() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    let traffic = lab.traffic("checkout", &["--order-lag", "1", "--rps", "400"]);
    canary(&lab);
    let home = Home::new(&lab, "operator");
    // What a fresh read must bring along again.
    let _declared = Declared::of(&lab, &home);
    let mut guard = Guard::armed(&lab, &home);
    traffic.fault(&lab, "payments", true);
    assert_eq!(guard.ended(PROOF), 1, "{}", guard.said());

    let rollout = lab.rollout("checkout");
    assert_eq!(rollout["status"]["abort"], true);
    assert_eq!(rollout["status"]["canary"]["weights"]["canary"]["weight"], 0);
    let said = guard.said();
    for words in ["is armed", "try 1 of 5: orders", "rolled back", "100 % is on 4.1.9"] {
        assert!(said.contains(words), "no {words:?} in\n{said}");
    }
    let last = sign(&lab).unwrap();
    assert!(last["state"]["ended"].as_str().unwrap().contains("rolled back"), "{last}");
    assert_eq!(last["outcome"], "rolled_back");
    let status = home.status("shop/checkout");
    assert_eq!((&status["guard"]["state"], &status["guard"]["alive"]), (&"ended".into(), &false.into()));

    let aborts = || {
        let entries = lab.audit_log("operator").into_iter();
        entries
            .filter(|e| {
                e["verb"] == "patch" && e["stage"] == "ResponseComplete" && e["objectRef"]["subresource"] == "status"
            })
            .collect::<Vec<_>>()
    };
    lab.wait_until("the abort in the audit log", || !aborts().is_empty());
    let aborts = aborts();
    assert_eq!(aborts.len(), 1, "sent once: {aborts:#?}");
    let body = aborts[0]["requestObject"].as_array().unwrap();
    assert!(body.iter().any(|op| op["op"] == "test" && op["path"] == "/metadata/uid"), "{body:#?}");
    let journal = home.left_behind();
    for entry in ["\"armed\"", "\"intent\"", "\"effect_seen\"", "\"guard_ended\"", "\"rolled_back\"", "nobody is awake"]
    {
        assert!(journal.contains(entry), "no {entry} in the journal");
    }
}

#[test]
fn with_prometheus_gone_it_does_nothing_and_says_so_until_it_is_stood_down() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    let traffic = lab.traffic("checkout", &["--order-lag", "1", "--rps", "400"]);
    canary(&lab);
    let home = Home::new(&lab, "operator");
    let mut guard = Guard::armed(&lab, &home);
    let before = progress(&lab);
    lab.stop("prometheus");
    traffic.fault(&lab, "payments", true);
    let blind = |sign: Option<Value>| sign.is_some_and(|sign| sign["state"]["blind"].is_string());
    let deadline = Instant::now() + Duration::from_secs(150);
    while !blind(sign(&lab)) {
        assert!(Instant::now() < deadline, "it is not blind: {:?}\n{}", sign(&lab), guard.said());
        sleep(Duration::from_millis(500));
    }
    // As long as a proof takes where there are numbers.
    sleep(Duration::from_mins(1));
    assert_eq!(progress(&lab), before, "neither did it act nor did its signs move anything");
    assert!(guard.child.try_wait().unwrap().is_none(), "{}", guard.said());

    let (code, said, _) = home.run(&["guard", "shop/checkout", "--stand-down", "--yes", "--reason", "enough"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(guard.ended(Duration::from_secs(20)), 0, "{}", guard.said());
    assert!(guard.said().contains("stood down by operator"), "{}", guard.said());
    lab.revive();
}

/// Ends the guard that the screen has started, whatever becomes of the test.
struct StandDown<'a>(&'a Home);

impl Drop for StandDown<'_> {
    fn drop(&mut self) {
        self.0.run(&["guard", "shop/checkout", "--stand-down", "--yes", "--reason", "the test is over"]);
    }
}

fn header(deck: &Deck, wanted: &str) -> String {
    deck.wait(wanted, |screen| screen.lines().next().is_some_and(|line| line.contains(wanted)))
}

#[test]
fn a_guard_that_the_screen_started_outlives_it_and_every_screen_shows_it() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    let _traffic = lab.traffic("checkout", &["--order-lag", "1"]);
    canary(&lab);
    let home = Home::new(&lab, "operator");
    let mut deck = home.open(&["shop/checkout"]);
    deck.wait_for(PAUSED_AT_10);
    deck.wait_for(&["✓ allowed"]);
    deck.press("x");
    deck.wait_for(&["arm guard", "rolls back by itself"]);
    deck.press("Gk\r");
    deck.wait_for(&["ARM A GUARD", "revision 2 (4.2.0) only", "type checkout"]);
    deck.answer("checkout\r");
    let _end = StandDown(&home);
    header(&deck, "guard: operator");
    let begun = sign(&lab).unwrap();
    deck.hang_up();

    lab.wait_until("another sign without the screen", || sign(&lab).is_some_and(|sign| sign["beat"] != begun["beat"]));
    assert_eq!(sign(&lab).unwrap()["id"], begun["id"]);
    let other = Home::new(&lab, "viewer");
    let screen = other.open(&["shop/checkout"]);
    header(&screen, "guard: operator");
    screen.leave();

    let (code, said, complaint) = home.run(&["guard", "shop/checkout", "--stand-down", "--yes", "--reason", "enough"]);
    assert_eq!(code, 0, "{said}{complaint}");
    let logs = || fs::read_dir(home.path().join("data/flightdeck/guards")).unwrap();
    let ended =
        || logs().any(|log| fs::read_to_string(log.unwrap().path()).unwrap().contains("ends: stood down by operator"));
    lab.wait_until("the guard's end", ended);
}
