//! The lab as a test sees it: one test at a time, everything awaited with a deadline and a reason.
//! What is asked of the cluster here is asked as `admin`, unless a user is named.

#![allow(clippy::unused_self, reason = "holding the lab is what permits to touch it")]

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
    thread::{self, sleep},
    time::{Duration, Instant},
};

use kube::{
    Api, Client, Config,
    api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};
use tempfile::TempPath;
use tokio::runtime::Runtime;

/// Long enough for every step of the examples on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

static UP: OnceLock<()> = OnceLock::new();

/// A running lab, for as long as one test holds it.
pub struct Lab {
    environment: BTreeMap<String, String>,
    runtime: Runtime,
    admin: Client,
    audit_begins: usize,
    /// Tests share one namespace, also with those of another `cargo test` on the same lab.
    _turn: File,
}

impl Lab {
    /// The lab, started if need be, or `None` after saying that the calling test is left out.
    pub fn get() -> Option<Self> {
        if std::env::var_os("FLIGHTDECK_LAB").is_none_or(|value| value.is_empty() || value == "0") {
            leave_out("1");
            return None;
        }
        let environment = environment();
        let folder = PathBuf::from(&environment["LAB_DIR"]);
        fs::create_dir_all(&folder).unwrap();
        let turn = File::create(folder.join("turn")).unwrap();
        turn.lock().unwrap();

        UP.get_or_init(|| drop(script(&["up"])));
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        // With a worker of its own, connections live on between two calls of `run`.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let admin = runtime.block_on(connect(&kubeconfig("admin")));
        let audit_begins = audit_lines(&environment).len();
        Some(Self { environment, runtime, admin, audit_begins, _turn: turn })
    }

    /// The same for a test of half an hour and more, which only `FLIGHTDECK_LAB=long` runs.
    pub fn long() -> Option<Self> {
        if std::env::var_os("FLIGHTDECK_LAB").is_some_and(|value| value == "long") {
            return Self::get();
        }
        leave_out("long");
        None
    }

    /// Runs a future to its end. For the tests' own questions; a test must not be async itself.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// The kubeconfig of `admin`, `operator`, `viewer`, `narrow` or `stranger`.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        kubeconfig(user)
    }

    /// A client that is this user.
    pub fn client(&self, user: &str) -> Client {
        self.run(connect(&self.kubeconfig(user)))
    }

    /// Where Prometheus answers.
    pub fn prometheus_url(&self) -> &str {
        &self.environment["LAB_PROMETHEUS"]
    }

    /// Where VictoriaMetrics answers, where there is one.
    pub fn victoria_url(&self) -> Option<&str> {
        Some(self.environment["LAB_VICTORIA"].as_str()).filter(|url| !url.is_empty())
    }

    /// Prometheus scrapes whatever a test serves here.
    pub fn target_address(&self) -> String {
        format!("127.0.0.1:{}", self.environment["LAB_TARGET_PORT"])
    }

    /// The changes this user has asked for since the test began, with their bodies, oldest first.
    /// The API server writes an entry when it has answered: wait for the one that matters.
    pub fn audit_log(&self, user: &str) -> Vec<Value> {
        let lines = audit_lines(&self.environment);
        let new = lines.get(self.audit_begins..).unwrap_or(&lines);
        let entries = new.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        entries.filter(|entry| entry["user"]["username"] == user).collect()
    }

    /// Creates what a YAML file describes.
    pub fn apply(&self, file: &Path) {
        script(&["apply", file.to_str().unwrap()]);
    }

    /// An example (`checkout`, `web`, `basic`, `basket`, `till`) as if it had never been there before, at rest on its first revision.
    pub fn fresh(&self, example: &str) {
        let file = folder().join(format!("examples/{example}.yaml"));
        script(&["remove", file.to_str().unwrap()]);
        let of_example = ListParams::default().labels(&format!("app={example}"));
        // ReplicaSets are named by their template: old ones still being collected would be in the new ones' way.
        self.wait_until("the old pods to be collected", || {
            self.run(async {
                let sets = self.api("apps", "v1", "ReplicaSet").list_metadata(&of_example).await.unwrap();
                let pods = self.api("", "v1", "Pod").list_metadata(&of_example).await.unwrap();
                sets.items.is_empty() && pods.items.is_empty()
            })
        });
        self.apply(&file);
        self.wait_for_rollout(example, "healthy", |rollout| rollout["status"]["phase"] == "Healthy");
    }

    /// The example `till` under this name, at rest on its first revision, until the value is dropped.
    pub fn till(&self, name: &str) -> Till {
        let text = fs::read_to_string(folder().join("examples/till.yaml")).unwrap().replace("till", name);
        let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let till = Till { file: file.into_temp_path() };
        self.apply(&till.file);
        self.wait_for_rollout(name, "healthy", |rollout| rollout["status"]["phase"] == "Healthy");
        till
    }

    /// A kind's objects in namespace `shop`, as admin.
    pub fn api(&self, group: &str, version: &str, kind: &str) -> Api<DynamicObject> {
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        Api::namespaced_with(self.admin.clone(), "shop", &kind)
    }

    /// The whole Rollout as it stands now.
    pub fn rollout(&self, name: &str) -> Value {
        let api = self.api("argoproj.io", "v1alpha1", "Rollout");
        serde_json::to_value(self.run(api.get(name)).unwrap()).unwrap()
    }

    /// The pods of an app as they stand now.
    pub fn pods(&self, app: &str) -> Vec<Value> {
        let of_app = ListParams::default().labels(&format!("app={app}"));
        let pods = self.run(self.api("", "v1", "Pod").list(&of_app)).unwrap();
        pods.items.into_iter().map(|pod| serde_json::to_value(pod).unwrap()).collect()
    }

    /// Starts an update by naming a new image for the only container.
    pub fn set_image(&self, rollout: &str, image: &str) {
        let body = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image}]);
        let patch = Patch::<()>::Json(serde_json::from_value(body).unwrap());
        let api = self.api("argoproj.io", "v1alpha1", "Rollout");
        self.run(api.patch(rollout, &PatchParams::default(), &patch)).unwrap();
    }

    /// Ends the pause that was seen, and no other, as `operator`.
    pub fn promote(&self, rollout: &str, seen: &Value) {
        let since = &seen["status"]["pauseConditions"][0]["startTime"];
        let body = json!([
            {"op": "test", "path": "/metadata/uid", "value": seen["metadata"]["uid"]},
            {"op": "test", "path": "/status/pauseConditions/0/startTime", "value": since},
            {"op": "remove", "path": "/status/pauseConditions"},
        ]);
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Rollout"));
        let api: Api<DynamicObject> = Api::namespaced_with(self.client("operator"), "shop", &kind);
        let patch = Patch::<()>::Json(serde_json::from_value(body).unwrap());
        self.run(api.patch_status(rollout, &PatchParams::default(), &patch)).unwrap();
    }

    /// Waits until the Rollout is as wanted, and returns it as it was then.
    pub fn wait_for_rollout(&self, name: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Value::Null;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            seen = self.rollout(name);
            if wanted(&seen) {
                return seen;
            }
            sleep(Duration::from_millis(200));
        }
        panic!("waited {PATIENCE:?} for {name} to be {what}; its status is {:#}", seen["status"]);
    }

    /// Asks again and again until the answer is yes.
    pub fn wait_until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds() {
            assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}");
            sleep(Duration::from_millis(200));
        }
    }

    /// An instant query that gives one number; `None` while there is none.
    pub fn ask_prometheus(&self, query: &str) -> Option<f64> {
        let base = format!("{}/api/v1/query", self.prometheus_url());
        let url = reqwest::Url::parse_with_params(&base, [("query", query)]).unwrap();
        let ask = reqwest::Client::new().get(url);
        let answer: Value = self.run(async { ask.send().await.unwrap().json().await.unwrap() });
        let number = answer["data"]["result"][0]["value"][1].as_str()?;
        number.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Sends customers to a rollout until the value is dropped; options as in `lab-traffic --help`.
    pub fn traffic(&self, rollout: &str, options: &[&str]) -> Traffic {
        script(&["traffic", "stop", rollout]);
        let output = script(&[&["traffic", "start", rollout], options].concat());
        let url = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        Traffic { rollout: rollout.to_owned(), url }
    }

    /// Ends one process of the lab, as a crash would; `revive` brings it back.
    pub fn stop(&self, process: &str) {
        script(&["stop", process]);
    }

    /// Starts whatever has stopped.
    pub fn revive(&self) {
        script(&["up"]);
    }
}

/// A rollout of a test's own.
pub struct Till {
    file: TempPath,
}

impl Drop for Till {
    fn drop(&mut self) {
        script(&["remove", self.file.to_str().unwrap()]);
    }
}

/// Customers of one rollout.
pub struct Traffic {
    rollout: String,
    url: String,
}

impl Traffic {
    /// Switches a fault.
    pub fn fault(&self, lab: &Lab, name: &str, on: bool) {
        let url = format!("{}/fault/{name}/{}", self.url, if on { "on" } else { "off" });
        lab.run(async { reqwest::Client::new().post(url).send().await.unwrap().error_for_status().unwrap() });
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        script(&["traffic", "stop", &self.rollout]);
    }
}

fn leave_out(how: &str) {
    let thread = thread::current();
    let name = thread.name().unwrap_or("a test");
    // Written past libtest's capture, which would hide it for a test that passes.
    writeln!(std::io::stderr(), "left out: {name} (FLIGHTDECK_LAB={how} runs it)").ok();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab")
}

fn script(arguments: &[&str]) -> Output {
    let output = Command::new(folder().join("lab")).args(arguments).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "lab {} failed: {said}", arguments.join(" "));
    output
}

fn environment() -> BTreeMap<String, String> {
    let lines = String::from_utf8(script(&["env"]).stdout).unwrap();
    let pairs = lines.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn kubeconfig(user: &str) -> PathBuf {
    let path = String::from_utf8(script(&["kubeconfig", user]).stdout).unwrap();
    PathBuf::from(path.trim())
}

fn audit_lines(environment: &BTreeMap<String, String>) -> Vec<String> {
    let log = fs::read_to_string(&environment["LAB_AUDIT"]).unwrap_or_default();
    log.lines().map(str::to_owned).collect()
}

async fn connect(kubeconfig: &Path) -> Client {
    let file = Kubeconfig::read_from(kubeconfig).unwrap();
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}
