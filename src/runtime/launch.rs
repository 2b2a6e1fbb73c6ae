//! Starts a guard as a process of its own: this same program, in a session of its own, writing to a file.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::Stdio,
};

use chrono::SecondsFormat;
use tokio::process::{Child, Command};

use super::clock::Clock;
use crate::{
    core::guard::Start,
    domain::{clean::Clean, target::Target},
    store,
};

/// How much of the end of a guard's file is read for its last words, in bytes.
const LAST_WORDS: u64 = 4 << 10;

/// What a guard's process is started with.
#[derive(Clone, Debug)]
pub struct Launcher {
    pub program: PathBuf,
    /// The flags of this run that say which clusters and sources there are.
    pub flags: Vec<OsString>,
    /// The folder of what guards write.
    pub logs: PathBuf,
    pub clock: Clock,
}

/// A guard's process.
#[derive(Debug)]
pub struct Running {
    pub log: PathBuf,
    child: Child,
}

impl Launcher {
    /// # Errors
    /// When its file cannot be made or the system starts no process.
    pub fn launch(&self, start: &Start) -> io::Result<Running> {
        store::make_folder(&self.logs)?;
        let target = &start.mandate.release.target;
        let name = format!("{}-{}.log", self.clock.real_wall().format("%Y%m%dT%H%M%S%3fZ"), file_name(target));
        let log = self.logs.join(name);
        let file = store::create(&log)?;
        let child = Command::new(&self.program)
            .args(arguments(start))
            .args(&self.flags)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()?;
        Ok(Running { log, child })
    }
}

/// The command line of a guard with this mandate, without the flags of the run.
#[must_use]
pub fn arguments(start: &Start) -> Vec<OsString> {
    let mandate = &start.mandate;
    let path = mandate.release.target.path.iter().map(crate::domain::clean::Name::raw);
    let target: Vec<&str> = std::iter::once(mandate.release.target.source.raw()).chain(path).collect();
    [
        "guard".to_owned(),
        target.join("/"),
        format!("--revision={}", mandate.release.revision.raw()),
        format!("--until={}", mandate.until.to_rfc3339_opts(SecondsFormat::Secs, true)),
        format!("--soak={}s", mandate.soak.0),
        format!("--alpha={}%", mandate.alpha * 100.0),
        format!("--reason={}", start.reason),
        "--yes".to_owned(),
        "--detached".to_owned(),
    ]
    .into_iter()
    .map(OsString::from)
    .collect()
}

/// A target as a part of a file's name.
fn file_name(target: &Target) -> String {
    target.to_string().chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

impl Running {
    /// Waits for its end: its exit code, none after a signal, and the last line that it wrote.
    pub async fn ended(mut self) -> (Option<i32>, Clean) {
        let code = self.child.wait().await.ok().and_then(|status| status.code());
        let said = last_line(&self.log).unwrap_or_else(|error| format!("{}: {error}", self.log.display()));
        (code, said.into())
    }
}

fn last_line(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = fs::metadata(path)?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it wrote nothing").to_owned())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{
        core::guard::{ALPHA, Mandate, SOAK},
        domain::release::ReleaseId,
    };

    fn start() -> Start {
        let target = Target { source: "lab".into(), kind: "rollout".into(), path: vec!["shop".into(), "web".into()] };
        let release = ReleaseId { target, uid: "u-1".into(), revision: "7d9f".into() };
        let until = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mandate = Mandate { release, alpha: ALPHA, soak: SOAK, until };
        Start { mandate, reason: "armed on the screen by operator".into() }
    }

    #[tokio::test]
    async fn a_process_gets_its_mandate_and_its_last_words_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let program = PathBuf::from("/bin/echo");
        let logs = folder.path().join("guards");
        let flags = vec!["--context".into(), "lab".into()];
        let running = Launcher { program, flags, logs, clock: Clock::real() }.launch(&start()).unwrap();
        let log = running.log.clone();
        let (code, said) = running.ended().await;
        assert_eq!(code, Some(0));
        assert_eq!(
            said.as_str(),
            "guard lab/shop/web --revision=7d9f --until=2027-01-15T08:00:00Z --soak=900s --alpha=1% \
             --reason=armed on the screen by operator --yes --detached --context lab"
        );
        assert!(log.file_name().unwrap().to_str().unwrap().ends_with("-lab_shop_web.log"));
    }

    #[tokio::test]
    async fn what_cannot_be_started_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("guards");
        let launcher = Launcher { program: "/nowhere/flightdeck".into(), flags: vec![], logs, clock: Clock::real() };
        assert_eq!(launcher.launch(&start()).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
