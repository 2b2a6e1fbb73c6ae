//! flightdeck itself, flown against the lab: the real binary on a pseudo-terminal, its screen read as a person would.

use std::{
    fs,
    io::{Read, Write},
    num::NonZeroU16,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread::{self, sleep},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::Lab;

/// Long enough for every step of the examples, and for numbers to be counted: a tick must be old enough for its
/// late events, and those after a change of weight are left out.
const PATIENCE: Duration = Duration::from_secs(150);
const ROWS: NonZeroU16 = NonZeroU16::new(40).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(120).unwrap();
/// A dialog counts a confirming key only after it has stood a while and the keyboard was quiet.
const UNHURRIED: Duration = Duration::from_millis(700);

/// A home folder with a configuration for the lab, seen as one of its users.
pub struct Home {
    folder: TempDir,
    user: String,
}

impl Home {
    /// Panels as the owner of the example would have written them.
    pub fn new(lab: &Lab, user: &str) -> Self {
        Self::with_panels(lab, user, PANELS)
    }

    /// Panels of a test's own, of source `prom`.
    pub fn with_panels(lab: &Lab, user: &str, panels: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let kubeconfig = lab.kubeconfig(user);
        let prometheus = lab.prometheus_url();
        let config = format!(
            r#"
[[sources]]
name = "lab"
kind = "kubernetes"
kubeconfig = "{}"
environment = "prod"
namespaces = ["shop"]

[[sources]]
name = "prom"
kind = "prometheus"
url = "{prometheus}"
{panels}"#,
            kubeconfig.display(),
        );
        fs::create_dir_all(folder.path().join("config/flightdeck")).unwrap();
        fs::write(folder.path().join("config/flightdeck/config.toml"), config).unwrap();
        Self { folder, user: user.to_owned() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn variables(&self) -> [(&'static str, PathBuf); 4] {
        let within = |name| self.folder.path().join(name);
        [
            ("HOME", self.folder.path().to_owned()),
            ("XDG_CONFIG_HOME", within("config")),
            ("XDG_DATA_HOME", within("data")),
            ("XDG_STATE_HOME", within("state")),
        ]
    }

    /// Opens the program on a terminal of 120×40.
    pub fn open(&self, arguments: &[&str]) -> Deck {
        let size = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_flightdeck"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("FLIGHTDECK_LAB");
        for (name, value) in self.variables() {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let mut output = pair.master.try_clone_reader().unwrap();
        let painted = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                painted.lock().unwrap().process(&bytes[..count]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Deck { child, _master: pair.master, keys, screen, user: self.user.clone() }
    }

    /// Everything the program left on disk, as text.
    pub fn left_behind(&self) -> String {
        let mut text = String::new();
        let mut folders = vec![self.folder.path().join("data"), self.folder.path().join("state")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    text += &String::from_utf8_lossy(&fs::read(path).unwrap());
                }
            }
        }
        text
    }

    /// Runs a command of the program to its end; what it printed.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        let output = command.args(arguments).envs(self.variables()).env_remove("FLIGHTDECK_LAB").output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// `status TARGET --json`.
    pub fn status(&self, target: &str) -> Value {
        let (code, printed, said) = self.run(&["status", target, "--json"]);
        assert_eq!(code, 0, "status failed: {said}");
        serde_json::from_str(&printed).unwrap()
    }
}

/// The running program.
pub struct Deck {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    user: String,
}

impl Deck {
    /// The screen's lines, with every run of spaces as one: columns may move.
    pub fn text(&self) -> String {
        let contents = self.screen.lock().unwrap().screen().contents();
        contents
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Sends keys at once, as one press each.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Presses the key of an act until its dialog shows all of these texts. Where it cannot be taken in this moment (the
    /// controller is behind) the screen says why without a dialog, and a person presses it again.
    pub fn ask(&mut self, key: &str, texts: &[&str]) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.press(key);
            sleep(UNHURRIED);
            let has_come = |screen: &str| texts.iter().all(|text| screen.contains(text));
            let is_denied = |screen: &str| screen.contains("cannot") && !screen.contains('┌');
            let what = format!("`{key}` to ask with {texts:?}");
            let screen = self.wait(&what, |screen| has_come(screen) || is_denied(screen));
            if has_come(&screen) {
                return screen;
            }
            assert!(Instant::now() < deadline, "{} waited {PATIENCE:?} for {what}; it shows\n{screen}", self.user);
        }
    }

    /// Types as a person does, who reads a dialog before answering it, and the answer before sending it.
    pub fn answer(&mut self, keys: &str) {
        sleep(UNHURRIED);
        match keys.strip_suffix('\r') {
            Some(typed) => {
                self.press(typed);
                sleep(UNHURRIED);
                self.press("\r");
            }
            None => self.press(keys),
        }
    }

    /// Waits until the screen shows all of these texts.
    pub fn wait_for(&self, texts: &[&str]) -> String {
        self.wait(&format!("{texts:?}"), |screen| texts.iter().all(|text| screen.contains(text)))
    }

    /// Waits until the screen is as wanted, and returns it as it was then.
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if wanted(&text) {
                return text;
            }
            assert!(
                Instant::now() < deadline,
                "{} waited {PATIENCE:?} for {what}; the screen shows\n{text}",
                self.user
            );
            sleep(Duration::from_millis(50));
        }
    }

    /// The connection breaks: everyone in its group is told, as the system does then, and it ends by itself.
    pub fn hang_up(mut self) {
        let leader = i32::try_from(self.child.process_id().unwrap()).unwrap();
        let group = rustix::process::Pid::from_raw(leader).unwrap();
        rustix::process::kill_process_group(group, rustix::process::Signal::HUP).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it did not end with its terminal");
            sleep(Duration::from_millis(20));
        }
    }

    /// Leaves by `q` and sees the process end well.
    pub fn leave(mut self) {
        self.press("q");
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "left with {status:?}");
                return;
            }
            assert!(Instant::now() < deadline, "`q` did not leave; the screen shows\n{}", self.text());
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Deck {
    fn drop(&mut self) {
        // Already gone after `leave`; a test that failed must not leave it behind.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

const PANELS: &str = r#"
[[panels]]
name = "orders per 1,000 checkouts"
targets = "shop/checkout"
source = "prom"
kind = "ratio"
events = 'sum by (pod) (orders_completed_total{namespace="{{namespace}}", app="{{name}}"})'
exposures = 'sum by (pod) (checkout_attempts_total{namespace="{{namespace}}", app="{{name}}"})'
better = "higher"
critical = true
business = true
per = 1000
lag = "2s"

[[panels]]
name = "error ratio"
targets = "shop/checkout"
source = "prom"
kind = "ratio"
events = 'sum by (pod) (http_requests_total{namespace="{{namespace}}", app="{{name}}", code=~"5.."})'
exposures = 'sum by (pod) (http_requests_total{namespace="{{namespace}}", app="{{name}}"})'
better = "lower"
per = 100
unit = "%"
"#;
