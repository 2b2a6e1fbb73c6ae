//! The program on a terminal, flying the demo: what starting, keys, bytes, memory and processor cost, each beside
//! its budget. Run by `cargo bench --bench program`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints and may stop where it fails")]
#![allow(clippy::disallowed_methods, reason = "it measures real time")]

#[path = "../tests/pty/cockpit.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod cockpit;

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use cockpit::{Cockpit, binary};

const STARTS: usize = 15;
const KEYS: usize = 100;
const WATCHED: Duration = Duration::from_secs(20);

fn main() {
    // `cargo test` builds and runs benchmarks too, without this argument.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    println!("{:<44} {:>12} {:>12}", "demo, 120x40, release build", "measured", "budget");
    starts();
    keys();
    flight("bytes to the terminal, moving, at life's speed", &["demo", "--speed", "1"], "< 150 B/s");
    flight("bytes to the terminal, moving, ten times as fast", &["demo"], "");
    let size = fs::metadata(binary()).unwrap().len();
    line("binary", &format!("{:.1} MB", f64::from(u32::try_from(size).unwrap()) / 1e6), "< 15 MB");
}

fn line(what: &str, measured: &str, budget: &str) {
    println!("{what:<44} {measured:>12} {budget:>12}");
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// The sample that `percent` of all do not exceed.
fn percentile(samples: &mut [Duration], percent: usize) -> Duration {
    samples.sort_unstable();
    samples[(samples.len() * percent / 100).min(samples.len() - 1)]
}

fn useful(screen: &vt100::Screen) -> bool {
    let text = screen.contents();
    text.contains("checkout") && text.contains("WAY BACK") && text.contains("STEPS")
}

fn starts() {
    let mut samples: Vec<_> = (0..STARTS)
        .map(|_| {
            let began = Instant::now();
            let mut cockpit = Cockpit::start(&["demo"]);
            cockpit.until("the first useful frame", useful);
            let took = began.elapsed();
            cockpit.type_text("q");
            cockpit.wait(Duration::from_secs(5));
            took
        })
        .collect();
    line("start to first useful frame, median", &millis(percentile(&mut samples, 50)), "< 60 ms");
}

fn keys() {
    let mut cockpit = Cockpit::start(&["demo"]);
    cockpit.until("the first useful frame", useful);
    let mut samples = Vec::new();
    for _ in 0..KEYS / 2 {
        for (key, shown) in [("?", false), ("\u{1b}", true)] {
            thread::sleep(Duration::from_millis(47));
            let began = Instant::now();
            cockpit.type_text(key);
            cockpit.until("the effect of a key", |screen| useful(screen) == shown);
            samples.push(began.elapsed());
        }
    }
    line("key to painted, median", &millis(percentile(&mut samples, 50)), "");
    line("key to painted, 99 of 100", &millis(percentile(&mut samples, 99)), "< 16 ms");
    cockpit.type_text("q");
    cockpit.wait(Duration::from_secs(5));
}

/// Watches one flight for a while without touching it.
fn flight(what: &str, args: &[&str], budget: &str) {
    let mut cockpit = Cockpit::start(args);
    cockpit.until("the first useful frame", useful);
    thread::sleep(Duration::from_secs(2));
    let pid = cockpit.id();
    let (bytes, busy, began) = (cockpit.received(), busy(pid), Instant::now());
    thread::sleep(WATCHED);
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of bytes")]
    let rate = (cockpit.received() - bytes) as f64 / seconds;
    line(what, &format!("{rate:.0} B/s"), budget);
    let share = self::busy(pid).saturating_sub(busy).as_secs_f64() / seconds * 100.0;
    line(
        "  processor meanwhile, of one core",
        &format!("{share:.2} %"),
        if budget.is_empty() { "" } else { "< 0.1 % idle" },
    );
    line("  memory (PSS)", &format!("{:.1} MiB", pss(pid)), "< 20 MiB");
    cockpit.type_text("q");
    cockpit.wait(Duration::from_secs(5));
}

fn pss(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let kib = text.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap();
    kib.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() / 1024.0
}

fn busy(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<u64> =
        stat.rsplit_once(')').unwrap().1.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
    Duration::from_millis((fields[11] + fields[12]) * 10)
}
