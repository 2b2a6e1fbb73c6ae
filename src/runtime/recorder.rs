//! Records every event before `update` sees it: the last ones in memory, all of an opened release on the disk.
//!
//! Files are written on a thread of their own; a disk too slow to follow ends the recording, never the flight.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process,
    sync::{Arc, Mutex, PoisonError, TryLockError, mpsc},
    thread,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use tokio::sync::mpsc as async_mpsc;

use super::clock::Clock;
use crate::{
    core::{
        event::{Event, Stamped},
        state::State,
    },
    domain::{clean::Clean, target::Target},
    store::{
        self,
        recording::{self, Ring},
    },
};

/// Lines that may wait for the disk.
const QUEUE: usize = 4096;
/// Longest wait for the disk at the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// The last events, where a panic hook can reach them.
pub type SharedRing = Arc<Mutex<Ring<State>>>;

pub struct Recorder {
    ring: SharedRing,
    clock: Clock,
    /// The folder of recordings made without being asked.
    folder: Option<PathBuf>,
    disk: Option<Disk>,
    /// The release that is being recorded because it is open.
    followed: Option<Followed>,
    next_file: u64,
    faults: async_mpsc::UnboundedSender<Event>,
    /// Why nothing can be recorded was said already.
    failed: bool,
    /// The recording asked for, until the first event.
    asked: Option<(PathBuf, File)>,
}

struct Followed {
    target: Target,
    /// Of its file.
    number: u64,
    /// Of its events in that file.
    bytes: u64,
}

struct Disk {
    jobs: mpsc::SyncSender<Job>,
    done: mpsc::Receiver<()>,
}

enum Job {
    Begin { number: u64, path: PathBuf, file: Option<File>, state: Box<State>, at: SystemTime },
    Line(Arc<str>),
    End { number: u64 },
}

impl Recorder {
    /// # Errors
    /// When the recording asked for cannot be made, or a thread cannot be started.
    pub fn new(
        record: Option<PathBuf>,
        data: Option<PathBuf>,
        clock: Clock,
        faults: async_mpsc::UnboundedSender<Event>,
    ) -> anyhow::Result<Self> {
        let asked = record
            .map(|path| {
                let file = store::create(&path).with_context(|| recording::taken(&path))?;
                anyhow::Ok((path, file))
            })
            .transpose()?;
        let folder = data.map(|data| data.join("recordings"));
        let disk = Disk::start(folder.clone(), faults.clone())?;
        Ok(Self {
            ring: SharedRing::default(),
            clock,
            folder,
            disk: Some(disk),
            followed: None,
            next_file: 0,
            faults,
            failed: false,
            asked,
        })
    }

    /// The last events, for the panic hook.
    pub fn ring(&self) -> SharedRing {
        Arc::clone(&self.ring)
    }

    /// Takes an event and the state before it.
    pub fn push(&mut self, state: &State, stamped: &Stamped) {
        if let Some((path, file)) = self.asked.take() {
            self.begin(path, Some(file), state);
        }
        self.follow(state);
        let line = match recording::line(stamped) {
            Ok(line) => line,
            Err(error) => return self.fail(&format!("an event cannot be recorded: {error}")),
        };
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).push(state, Arc::clone(&line));
        if let Some(followed) = &mut self.followed {
            followed.bytes = followed.bytes.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        }
        if self.next_file > 0 {
            self.send(Job::Line(line));
        }
    }

    /// Begins or ends the recording of the opened release, or goes on with it in another file.
    fn follow(&mut self, state: &State) {
        let open = state.open.as_ref().map(|open| &open.target);
        let is_full = self.followed.as_ref().is_some_and(|followed| followed.bytes >= recording::FILE_BYTES);
        if !is_full && self.followed.as_ref().map(|followed| &followed.target) == open {
            return;
        }
        if let Some(Followed { number, .. }) = self.followed.take() {
            self.send(Job::End { number });
        }
        if let (Some(target), Some(folder)) = (open, &self.folder) {
            let time = self.clock.real_wall().format("%Y%m%dT%H%M%SZ");
            let name = format!("{time}-{}-{}-{}.jsonl", file_name(target), process::id(), self.next_file);
            let number = self.begin(folder.join(name), None, state);
            self.followed = Some(Followed { target: target.clone(), number, bytes: 0 });
        }
    }

    fn begin(&mut self, path: PathBuf, file: Option<File>, state: &State) -> u64 {
        let number = self.next_file;
        self.next_file += 1;
        let at = self.clock.real_wall().into();
        self.send(Job::Begin { number, path, file, state: Box::new(state.clone()), at });
        number
    }

    fn send(&mut self, job: Job) {
        let Some(disk) = &self.disk else { return };
        match disk.jobs.try_send(job) {
            Ok(()) => {}
            // A recording with a hole cannot be replayed.
            Err(mpsc::TrySendError::Full(_)) => {
                self.disk = None;
                self.fail("the recording has ended: the disk is too slow");
            }
            // It ended for a reason that was told then.
            Err(mpsc::TrySendError::Disconnected(_)) => self.disk = None,
        }
    }

    fn fail(&mut self, why: &str) {
        tracing::warn!(why);
        if !self.failed {
            self.failed = true;
            drop(self.faults.send(Event::Fault(Clean::new(why))));
        }
    }

    /// Waits until what was recorded is in its files, for at most a second.
    pub fn finish(mut self) {
        if let Some(Disk { jobs, done }) = self.disk.take() {
            drop(jobs);
            if done.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                tracing::warn!("the recording was left behind: the disk is too slow");
            }
        }
    }
}

/// A target as part of a file's name.
fn file_name(target: &Target) -> String {
    target
        .to_string()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' })
        .take(100)
        .collect()
}

/// Writes the last events; waits half a second for whoever holds them.
pub fn snapshot(ring: &SharedRing, file: File) -> io::Result<()> {
    for _ in 0..50 {
        match ring.try_lock() {
            Ok(ring) => return ring.write(BufWriter::new(file)),
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner().write(BufWriter::new(file)),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
        }
    }
    Err(io::Error::other("they were being written to"))
}

impl Disk {
    fn start(folder: Option<PathBuf>, faults: async_mpsc::UnboundedSender<Event>) -> io::Result<Self> {
        let (jobs, inbox) = mpsc::sync_channel(QUEUE);
        let (finished, done) = mpsc::channel();
        thread::Builder::new().name("recorder".into()).spawn(move || {
            let result = write_all(&inbox, folder.as_deref());
            if let Err(error) = result {
                drop(faults.send(Event::Fault(Clean::new(format!("the recording has ended: {error:#}")))));
            }
            drop(finished);
        })?;
        Ok(Self { jobs, done })
    }
}

fn write_all(inbox: &mpsc::Receiver<Job>, folder: Option<&Path>) -> anyhow::Result<()> {
    let mut files: Vec<(u64, BufWriter<File>)> = Vec::new();
    loop {
        let job = match inbox.try_recv() {
            Ok(job) => job,
            Err(mpsc::TryRecvError::Disconnected) => break,
            Err(mpsc::TryRecvError::Empty) => {
                for (_, file) in &mut files {
                    file.flush()?;
                }
                match inbox.recv() {
                    Ok(job) => job,
                    Err(mpsc::RecvError) => break,
                }
            }
        };
        match job {
            Job::Begin { number, path, file, state, at } => {
                let file = match file {
                    Some(file) => file,
                    None => made(&path, folder, at)?,
                };
                let mut file = BufWriter::new(file);
                writeln!(file, "{}", recording::header(&*state)?)?;
                files.push((number, file));
            }
            Job::Line(line) => {
                for (_, file) in &mut files {
                    writeln!(file, "{line}")?;
                }
            }
            Job::End { number } => {
                for (_, mut file) in files.extract_if(.., |(n, _)| *n == number) {
                    file.flush()?;
                }
            }
        }
    }
    for (_, mut file) in files {
        file.flush()?;
    }
    Ok(())
}

fn made(path: &Path, folder: Option<&Path>, now: SystemTime) -> anyhow::Result<File> {
    if let Some(folder) = folder {
        store::make_folder(folder).with_context(|| format!("`{}`", folder.display()))?;
        recording::prune(folder, now).with_context(|| format!("`{}`", folder.display()))?;
    }
    store::create(path).with_context(|| format!("`{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        core::event::Size,
        headless::demo::{
            self,
            flight::{Course, Flight},
            script::Script,
        },
        sim::Scenario,
    };

    #[test]
    fn a_full_file_goes_on_in_another_one_that_can_be_replayed_by_itself() {
        let size = Size { columns: 80, rows: 24 };
        let mut flight = Flight::new(Course {
            scenario: Scenario::Clean,
            seed: demo::SEED,
            speed: demo::SPEED,
            size,
            keys: Script::default(),
        });
        flight.until(1_000);
        let state = flight.state();
        assert!(state.open.is_some());
        let tick = Stamped { at: state.at, event: Event::Tick };
        let folder = tempfile::tempdir().unwrap();
        let (faults, _told) = async_mpsc::unbounded_channel();
        let mut recorder = Recorder::new(None, Some(folder.path().to_owned()), Clock::real(), faults).unwrap();
        recorder.push(state, &tick);
        let followed = recorder.followed.as_mut().unwrap();
        assert!(followed.bytes > 0);
        followed.bytes = recording::FILE_BYTES;
        recorder.push(state, &tick);
        recorder.push(state, &tick);
        recorder.finish();
        let read = |path: PathBuf| recording::read::<State, Stamped>(&path, None).unwrap();
        let files = std::fs::read_dir(folder.path().join("recordings")).unwrap().map(|entry| entry.unwrap().path());
        let mut events: Vec<_> =
            files.map(read).map(|recording| (recording.events.len(), recording.state.at)).collect();
        events.sort_unstable_by_key(|(events, _)| *events);
        assert_eq!(events, [(1, state.at), (2, state.at)]);
    }
}
