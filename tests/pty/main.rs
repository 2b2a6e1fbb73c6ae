//! The real program on a real pseudo-terminal: that it starts, ends and leaves the terminal as it was found,
//! whatever ends it. The only tests that wait for real time.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at what it did not expect")]
#![allow(clippy::disallowed_methods, reason = "a test on a real terminal waits in real time")]

#[allow(dead_code, reason = "the benchmark uses the rest")]
mod cockpit;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cockpit::{Cockpit, binary};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn it_starts_quits_and_leaves_the_terminal_as_it_was() {
    let mut cockpit = Cockpit::start(&["demo"]);
    cockpit.until("the first frame", |screen| screen.alternate_screen() && screen.hide_cursor());
    cockpit.until("the release", |screen| screen.contents().contains("checkout"));
    cockpit.type_text("q");
    assert_eq!(cockpit.wait(SOON), 0);
    cockpit.assert_terminal_as_found();
}

#[test]
fn signals_end_it_and_the_shell_is_told_which() {
    for (signal, code) in [("TERM", 143), ("HUP", 129)] {
        let mut cockpit = Cockpit::start(&["demo"]);
        cockpit.until("the first frame", |screen| screen.contents().contains("checkout"));
        cockpit.signal(signal);
        assert_eq!(cockpit.wait(SOON), code, "SIG{signal}");
        cockpit.assert_terminal_as_found();
    }
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "only a debug build fails on purpose")]
fn a_panic_anywhere_restores_the_terminal_and_keeps_the_last_events() {
    for place in ["loop", "task", "thread"] {
        let mut cockpit = Cockpit::start_with(&["demo"], &[("FLIGHTDECK_PANIC", place)]);
        assert_eq!(cockpit.wait(SOON), 101, "{place}");
        cockpit.assert_terminal_as_found();
        let said = cockpit.contents();
        assert!(said.contains("failed in") && said.contains("on purpose"), "{place}: {said}");
        if place == "loop" {
            assert!(said.contains("crash"), "{said}");
            let crash = find(cockpit.data(), "crash").expect("a recording of the crash");
            let text = fs::read_to_string(crash).unwrap();
            assert!(text.lines().count() > 1 && text.starts_with("{\"format\":"), "{text}");
        }
    }
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back() {
    let mut cockpit = Cockpit::shell();
    cockpit.until("the prompt", |screen| screen.contents().contains("ready$"));
    let before = cockpit.termios();
    cockpit.type_text(&format!("{} demo\r", binary()));
    cockpit.until("the first frame", |screen| screen.alternate_screen() && screen.contents().contains("checkout"));
    cockpit.type_text("\u{1a}");
    cockpit.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
    cockpit.until("that it stopped", |screen| screen.contents().contains("Stopped"));
    cockpit.assert_termios_become(&before);
    cockpit.type_text("fg\r");
    cockpit.until("the frame again", |screen| {
        screen.alternate_screen() && screen.hide_cursor() && screen.contents().contains("checkout")
    });
    cockpit.type_text("q");
    cockpit.until("the prompt again", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("ready$")
    });
    cockpit.type_text("echo left with $?\r");
    cockpit.until("its exit code", |screen| screen.contents().contains("left with 0"));
    cockpit.assert_termios_become(&before);
}

#[test]
fn a_storm_of_resizes_ends_in_a_whole_frame_of_the_last_size() {
    let mut cockpit = Cockpit::start(&["demo"]);
    cockpit.until("the first frame", |screen| screen.contents().contains("checkout"));
    for n in 0..200_u16 {
        cockpit.resize(1 + n % 60, 1 + (n * 7) % 200);
        thread::sleep(Duration::from_millis(2));
    }
    cockpit.resize(40, 120);
    cockpit.until("a frame of the last size", |screen| {
        let rows: Vec<String> = screen.rows(0, 120).collect();
        rows.iter().any(|row| row.contains("checkout")) && rows.last().is_some_and(|row| row.contains("quit"))
    });
    cockpit.type_text("q");
    assert_eq!(cockpit.wait(SOON), 0);
    cockpit.assert_terminal_as_found();
}

#[test]
fn without_a_terminal_it_says_what_to_use_instead() {
    let output = Command::new(binary()).arg("demo").stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("not a terminal") && said.contains("flightdeck status"), "{said}");
    assert!(output.stdout.is_empty());
}

/// The leader of the session ignores SIGHUP, so the program, its child, is told nothing.
#[test]
fn a_terminal_that_vanishes_without_a_signal_ends_it_in_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let inside = format!("trap '' HUP; {} demo; sleep 5", binary());
    let mut terminal = Command::new("script")
        .args(["-qfc", &inside, "/dev/null"])
        .env("XDG_DATA_HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path())
        .env("TERM", "xterm-256color")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`script` of Debian's bsdutils");
    let flightdeck = until_some("the program", || descendant(terminal.id(), "flightdeck"));
    // What the program paints arrives here; then the terminal goes.
    let mut painted = [0; 1024];
    std::io::Read::read_exact(terminal.stdout.as_mut().unwrap(), &mut painted).unwrap();
    let busy_before = busy(flightdeck).unwrap();
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let gone = Instant::now();
    let mut busy_after = busy_before;
    while let Some(busy) = busy(flightdeck) {
        busy_after = busy;
        assert!(gone.elapsed() < Duration::from_secs(2), "it still runs");
        thread::sleep(Duration::from_millis(10));
    }
    let burnt = busy_after.saturating_sub(busy_before);
    assert!(burnt < Duration::from_millis(500), "it burnt {burnt:?}");
}

#[test]
fn a_terminal_that_takes_nothing_stops_painting_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("run.jsonl");
    let mut cockpit = Cockpit::start(&["demo", "--record", record.to_str().unwrap()]);
    cockpit.until("the first frame", |screen| screen.contents().contains("checkout"));
    cockpit.stop_reading();
    // Whole frames until the pipe is full.
    for n in 0..40 {
        cockpit.resize(39 + n % 2, 120);
        thread::sleep(Duration::from_millis(60));
    }
    let count = |what: &str| fs::read_to_string(&record).unwrap().matches(what).count();
    let (painted, told) = (count("{\"painted\""), count("{\"update\"") + count("{\"answered\""));
    let since = Instant::now();
    while count("{\"update\"") + count("{\"answered\"") < told + 3 {
        assert!(since.elapsed() < SOON, "nothing is collected while the terminal takes nothing");
        thread::sleep(Duration::from_millis(50));
    }
    assert!(count("{\"painted\"") <= painted + 1, "frames were painted onto a terminal that takes nothing");
    cockpit.signal("TERM");
    assert_eq!(cockpit.wait(SOON), 143);
}

#[test]
fn a_recording_plays_pauses_and_steps_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.jsonl");
    let file = file.to_str().unwrap();
    let recorded = Command::new(binary()).args(["demo", "--record", file, "--for", "60s"]).status().unwrap();
    assert!(recorded.success());
    let mut cockpit = Cockpit::start(&["replay", file, "--speed", "4"]);
    cockpit.until("the recorded release", |screen| screen.contents().contains("checkout"));
    cockpit.until("its progress", |screen| screen.contents().contains("REPLAY 1"));
    cockpit.type_text(" ");
    cockpit.until("the pause", |screen| screen.contents().contains("‖ paused"));
    let place = |screen: &vt100::Screen| {
        let text = screen.contents();
        // The header says REPLAY too; the last line is the one that counts.
        let after = text.rsplit("REPLAY ").next()?.to_owned();
        after.split_whitespace().next()?.parse::<usize>().ok()
    };
    let paused = cockpit.look(place).unwrap();
    cockpit.type_text("\u{1b}[D");
    cockpit.until("one event less", |screen| place(screen) == Some(paused - 1));
    cockpit.type_text("q");
    assert_eq!(cockpit.wait(SOON), 0);
    cockpit.assert_terminal_as_found();
}

fn find(folder: &Path, part: &str) -> Option<std::path::PathBuf> {
    fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path()).find_map(|path| {
        let named = path.file_name().is_some_and(|name| name.to_string_lossy().contains(part));
        if path.is_dir() { find(&path, part) } else { named.then_some(path) }
    })
}

fn until_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < SOON, "{what} did not come");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A process below `parent` with this name.
fn descendant(parent: u32, name: &str) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).find_map(|pid: u32| {
        let is_it = fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name);
        if is_it { Some(pid) } else { descendant(pid, name) }
    })
}

/// Processor time a process has used; none once it has ended.
fn busy(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if fields.first() == Some(&"Z") {
        return None;
    }
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}
