//! The program on a pseudo-terminal, as a person would see it.

use std::{
    fs::File,
    io::{Read, Write},
    num::NonZeroU16,
    path::Path,
    process::Command,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::termios::{Termios, tcgetattr};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);

/// The program under test.
pub fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_flightdeck")
}

pub struct Cockpit {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    screen: Arc<(Mutex<vt100::Parser>, Condvar)>,
    reading: Arc<AtomicBool>,
    received: Arc<AtomicU64>,
    /// Keeps the terminal after the program has ended.
    tty: File,
    before: String,
    home: TempDir,
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn parser(rows: u16, cols: u16) -> vt100::Parser {
    vt100::Parser::new(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(cols).unwrap(), 0)
}

fn shown(termios: &Termios) -> String {
    format!("{termios:?}")
}

impl Cockpit {
    pub fn start(args: &[&str]) -> Self {
        Self::start_with(args, &[])
    }

    pub fn start_with(args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::spawn(binary(), args, env)
    }

    /// An interactive shell with job control.
    pub fn shell() -> Self {
        Self::spawn("bash", &["--norc", "--noprofile", "-i"], &[("PS1", "ready$ ")])
    }

    fn spawn(program: &str, args: &[&str], env: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let pair = native_pty_system().openpty(size(40, 120)).unwrap();
        let tty = File::options().read(true).write(true).open(pair.master.tty_name().unwrap()).unwrap();
        let before = shown(&tcgetattr(&tty).unwrap());
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path());
        command.env_remove("FLIGHTDECK_LAB");
        // A backtrace would push the message off the screen.
        command.env("RUST_BACKTRACE", "0");
        for folder in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
            command.env(folder, home.path());
        }
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let screen = Arc::new((Mutex::new(parser(40, 120)), Condvar::new()));
        let reading = Arc::new(AtomicBool::new(true));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let received = Arc::new(AtomicU64::new(0));
        let (shared, goes_on, count) = (Arc::clone(&screen), Arc::clone(&reading), Arc::clone(&received));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                count.fetch_add(read as u64, Ordering::SeqCst);
                shared.0.lock().unwrap().process(&bytes[..read]);
                shared.1.notify_all();
                while !goes_on.load(Ordering::SeqCst) {
                    thread::park();
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { master: pair.master, child, writer, screen, reading, received, tty, before, home }
    }

    /// Where the program keeps its data.
    pub fn data(&self) -> &Path {
        self.home.path()
    }

    /// The program's process.
    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Bytes the program has sent to its terminal.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::SeqCst)
    }

    pub fn type_text(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub fn resize(&self, rows: u16, cols: u16) {
        self.screen.0.lock().unwrap().set_size(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(cols).unwrap());
        self.master.resize(size(rows, cols)).unwrap();
    }

    /// From now on the terminal takes nothing.
    pub fn stop_reading(&self) {
        self.reading.store(false, Ordering::SeqCst);
    }

    pub fn signal(&self, name: &str) {
        let pid = self.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    pub fn contents(&self) -> String {
        self.screen.0.lock().unwrap().screen().contents()
    }

    /// Something of what the screen shows now.
    pub fn look<T>(&self, at: impl Fn(&vt100::Screen) -> T) -> T {
        at(self.screen.0.lock().unwrap().screen())
    }

    /// The shell sets the modes of its own line editor a moment after its prompt can be read.
    pub fn assert_termios_become(&self, wanted: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.termios() != wanted {
            assert!(Instant::now() < deadline, "the terminal's modes are {}, not {wanted}", self.termios());
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn termios(&self) -> String {
        shown(&tcgetattr(&self.tty).unwrap())
    }

    /// Waits until the screen shows something.
    pub fn until(&self, what: &str, is_there: impl Fn(&vt100::Screen) -> bool) {
        let (screen, changed) = &*self.screen;
        let until = Instant::now() + PATIENCE;
        let mut parser = screen.lock().unwrap();
        while !is_there(parser.screen()) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} did not come; the screen shows\n{}", parser.screen().contents());
            parser = changed.wait_timeout(parser, left).unwrap().0;
        }
    }

    /// The exit code.
    pub fn wait(&mut self, limit: Duration) -> u32 {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it said last is still on its way through the terminal.
                thread::sleep(Duration::from_millis(100));
                return status.exit_code();
            }
            assert!(since.elapsed() < limit, "it does not end; the screen shows\n{}", self.contents());
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn assert_terminal_as_found(&self) {
        let parser = self.screen.0.lock().unwrap();
        let screen = parser.screen();
        assert!(!screen.alternate_screen(), "it left the alternate screen on");
        assert!(!screen.hide_cursor(), "it left the cursor hidden");
        assert!(!screen.bracketed_paste(), "it left bracketed paste on");
        assert_eq!(self.termios(), self.before, "it left other terminal attributes");
    }
}

impl Drop for Cockpit {
    fn drop(&mut self) {
        // Ended already, or a test failed.
        drop(self.child.kill());
    }
}
