//! The thread that writes the journal, so that a slow disk delays nothing but what must wait for it.

use std::{env, fs, io, path::PathBuf, process, sync::mpsc, thread, time::Duration};

use tokio::sync::oneshot;

use crate::{
    domain::{clean::Clean, journal::Entry},
    store::journal::{Journal, Origin},
};

/// Longest wait for the disk at the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether an entry is on the disk, or why not.
pub type Outcome = Result<(), Clean>;

type Job = (Box<Entry>, oneshot::Sender<Outcome>);

/// Appends entries in the order given.
#[derive(Debug)]
pub struct Journaling {
    /// None without a folder to write to.
    jobs: Option<mpsc::Sender<Job>>,
    done: mpsc::Receiver<()>,
}

impl Journaling {
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(data: Option<PathBuf>) -> io::Result<Self> {
        let (finished, done) = mpsc::channel();
        let Some(data) = data else { return Ok(Self { jobs: None, done }) };
        let (jobs, inbox) = mpsc::channel::<Job>();
        thread::Builder::new().name("journal".into()).spawn(move || {
            let mut journal = Journal::new(data.join("journal"), origin());
            for (entry, reply) in inbox {
                let outcome = journal.append(&entry).map_err(|error| Clean::new(error.to_string()));
                if let Err(why) = &outcome {
                    tracing::error!(%why, "journal");
                }
                // Whoever asked may have stopped waiting.
                drop(reply.send(outcome));
            }
            drop(finished);
        })?;
        Ok(Self { jobs: Some(jobs), done })
    }

    /// Queues an entry; the answer comes when it is on the disk.
    pub fn append(&self, entry: Box<Entry>) -> oneshot::Receiver<Outcome> {
        let (reply, outcome) = oneshot::channel();
        match &self.jobs {
            // A thread that is gone drops the reply, which its receiver takes for a failure.
            Some(jobs) => drop(jobs.send((entry, reply))),
            None => drop(reply.send(Err("there is no data folder; set `XDG_DATA_HOME` or `HOME`".into()))),
        }
        outcome
    }

    /// Waits until everything queued is on the disk, for at most a second.
    pub fn finish(self) {
        drop(self.jobs);
        if self.done.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::error!("the journal was left behind: the disk is too slow");
        }
    }
}

/// Who runs this program where.
fn origin() -> Origin {
    let named = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let host = fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| named("HOSTNAME"));
    Origin {
        user: named("USER").or_else(|| named("LOGNAME")),
        host: host.map(|host| host.trim().to_owned()),
        ssh: named("SSH_CONNECTION"),
        pid: process::id(),
    }
}
