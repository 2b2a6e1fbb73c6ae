//! Releases of a test's own with their customers: several at once, each judged by flightdeck and flown by nobody.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;

use crate::{
    deck::Home,
    harness::{Lab, Till, Traffic},
};

/// A till with its customers.
pub struct Shop<'a> {
    pub lab: &'a Lab,
    pub home: &'a Home,
    pub name: String,
    pub traffic: Traffic,
    _till: Till,
}

impl<'a> Shop<'a> {
    /// At rest. No other run has used its name, so that nothing else stands in its past.
    pub fn new(lab: &'a Lab, home: &'a Home, what: &str, options: &[&str]) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let name = format!("till-{what}-{}", now.as_secs());
        let till = lab.till(&name);
        Self { traffic: lab.traffic(&name, options), lab, home, name, _till: till }
    }

    pub fn target(&self) -> String {
        format!("shop/{}", self.name)
    }

    /// A canary at 10 % that waits for a person.
    pub fn canary(&self) {
        self.lab.set_image(&self.name, &format!("shop/{}:4.2.0", self.name));
        self.paused_at(3);
    }

    /// Waits until it waits for a person at this step, counted from 0; the Rollout as it is then.
    pub fn paused_at(&self, step: u32) -> Value {
        self.lab.wait_for_rollout(&self.name, &format!("waiting at step {step}"), |rollout| {
            rollout["status"]["phase"] == "Paused" && rollout["status"]["currentStepIndex"] == step
        })
    }

    /// What `verdict` says now.
    pub fn verdict(&self) -> Value {
        let (_, said, wrong) = self.home.run(&["verdict", &self.target(), "--json"]);
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{}: {error}: {said}{wrong}", self.name))
    }

    /// Asks for the verdict again and again until it is as wanted.
    pub fn until(&self, what: &str, patience: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + patience;
        loop {
            let verdict = self.verdict();
            if wanted(&verdict) {
                return verdict;
            }
            assert!(Instant::now() < deadline, "{}: {patience:?} without {what}: {verdict:#}", self.name);
            sleep(Duration::from_secs(3));
        }
    }

    /// `wait` until one of these; its last line, and how long it took.
    pub fn wait(&self, until: &str) -> (Value, Duration) {
        let began = Instant::now();
        let (_, said, wrong) = self.home.run(&["wait", &self.target(), "--until", until, "--timeout", "30m", "--json"]);
        let last = said.lines().last().unwrap_or_default();
        let last = serde_json::from_str(last).unwrap_or_else(|error| panic!("{}: {error}: {said}{wrong}", self.name));
        (last, began.elapsed())
    }

    /// Notes every verdict from now on.
    pub fn watch(&self, until: &str) -> Watch {
        let log = self.home.path().join(format!("{}.jsonl", self.name));
        let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        command.args(["wait", &self.target(), "--until", until, "--timeout", "60m", "--json"]);
        command.envs(self.home.variables()).env_remove("FLIGHTDECK_LAB").stdin(Stdio::null());
        command.stdout(File::create(&log).unwrap()).stderr(Stdio::null());
        Watch { child: command.spawn().unwrap(), log }
    }
}

/// A `wait` of the program's own that runs along.
pub struct Watch {
    child: Child,
    log: PathBuf,
}

impl Watch {
    /// Every verdict so far with its first reason; the watch must still run.
    pub fn seen(&mut self) -> Vec<(String, String)> {
        let text = fs::read_to_string(&self.log).unwrap();
        assert!(self.child.try_wait().unwrap().is_none(), "it ended:\n{text}");
        let told = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let word =
            |line: &Value, pointer: &str| line.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        told.map(|line| (word(&line, "/verdict/value"), word(&line, "/verdict/why/0"))).collect()
    }

    /// Holds that none of these was ever said.
    pub fn never(&mut self, words: &[&str]) {
        let seen = self.seen();
        assert!(seen.iter().any(|(word, _)| word == "collecting"), "it did not judge: {seen:?}");
        assert!(!seen.iter().any(|(word, _)| words.contains(&word.as_str())), "{seen:?}");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A panel of a verdict.
pub fn panel<'a>(verdict: &'a Value, name: &str) -> &'a Value {
    let panels = verdict["panels"].as_array().unwrap();
    panels.iter().find(|panel| panel["name"] == name).unwrap_or_else(|| panic!("no {name} in {verdict:#}"))
}
