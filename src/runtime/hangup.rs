//! Hears signals and notices a terminal that vanishes, on a thread that nothing else can block.
//!
//! A program told to end that does not is ended here, with the terminal restored.

use std::{
    io::{self, Read},
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    stdio::stdin,
};
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP},
    flag, low_level,
};
use tokio::sync::mpsc;

use super::{Exit, clock::Clock, terminal};
use crate::core::event::Signal;

/// What the system told the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Signal(Signal),
    /// Asked from outside to stop, as ctrl-z does from inside.
    Stop,
}

const HEARD: [(i32, Sign); 5] = [
    (SIGHUP, Sign::Signal(Signal::HangUp)),
    (SIGTERM, Sign::Signal(Signal::Terminate)),
    (SIGINT, Sign::Signal(Signal::Interrupt)),
    (SIGTSTP, Sign::Stop),
    (SIGCONT, Sign::Signal(Signal::Continue)),
];

/// How long the program may take to end after this, in milliseconds; none where it may go on.
const fn grace(sign: Sign) -> Option<u64> {
    match sign {
        // The reader of a vanished terminal may be burning a core.
        Sign::Signal(Signal::HangUp) => Some(1_500),
        Sign::Signal(Signal::Terminate) => Some(3_000),
        Sign::Signal(Signal::Interrupt | Signal::Continue) | Sign::Stop => None,
    }
}

/// Starts the watch.
///
/// # Errors
/// When the system gives no pipe or thread.
pub fn watch(clock: Clock) -> io::Result<mpsc::UnboundedReceiver<Sign>> {
    let (pipe, bell) = UnixStream::pair()?;
    pipe.set_nonblocking(true)?;
    let mut flags = Vec::new();
    for (signal, sign) in HEARD {
        let raised = Arc::new(AtomicBool::new(false));
        // The flag first: whoever is woken by the pipe must find it.
        flag::register(signal, Arc::clone(&raised))?;
        low_level::pipe::register(signal, bell.try_clone()?)?;
        flags.push((raised, sign));
    }
    let (sender, signs) = mpsc::unbounded_channel();
    let watch = Watch { clock, pipe, flags, sender, end: None, tty: true };
    thread::Builder::new().name("hangup".into()).spawn(move || watch.run())?;
    Ok(signs)
}

struct Watch {
    clock: Clock,
    pipe: UnixStream,
    flags: Vec<(Arc<AtomicBool>, Sign)>,
    sender: mpsc::UnboundedSender<Sign>,
    /// When the process is ended, and why.
    end: Option<(u64, Exit)>,
    /// The terminal has not vanished yet.
    tty: bool,
}

impl Watch {
    fn run(mut self) {
        loop {
            match self.wait() {
                Ok(gone) => {
                    if gone && self.tty {
                        self.tty = false;
                        self.tell(Sign::Signal(Signal::HangUp));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "signals cannot be heard any more");
                    return;
                }
            }
            let raised: Vec<Sign> = self
                .flags
                .iter()
                .filter_map(|(raised, sign)| raised.swap(false, Ordering::SeqCst).then_some(*sign))
                .collect();
            for sign in raised {
                self.tell(sign);
            }
            if let Some((at, exit)) = self.end
                && self.clock.mono() >= at
            {
                tracing::warn!(?exit, "did not end in time");
                terminal::restore();
                low_level::exit(i32::from(exit.code()));
            }
        }
    }

    fn tell(&mut self, sign: Sign) {
        if let (Some(grace), Sign::Signal(signal)) = (grace(sign), sign) {
            let at = self.clock.mono() + grace;
            if self.end.is_none_or(|(end, _)| at < end) {
                self.end = Some((at, Exit::Signal(signal)));
            }
        }
        // Nobody listens while the program ends; the time limit stands.
        if self.sender.send(sign).is_err() {
            tracing::debug!(?sign, "came after the end");
        }
    }

    /// Waits for a signal, the end of the terminal or of the time left. Says whether the terminal is gone.
    fn wait(&mut self) -> io::Result<bool> {
        let timeout = self.end.map(|(at, _)| {
            let left = i64::try_from(at.saturating_sub(self.clock.mono())).unwrap_or(i64::MAX);
            Timespec { tv_sec: left / 1000, tv_nsec: (left % 1000) * 1_000_000 }
        });
        let mut fds = vec![PollFd::new(&self.pipe, PollFlags::IN)];
        if self.tty {
            // No events asked for: only that it hung up or failed, which is always told.
            fds.push(PollFd::from_borrowed_fd(stdin(), PollFlags::empty()));
        }
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let gone = fds.get(1).is_some_and(|tty| !tty.revents().is_empty());
        let mut rung = [0; 64];
        match self.pipe.read(&mut rung) {
            Ok(_) => Ok(gone),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(gone),
            Err(error) => Err(error),
        }
    }
}
