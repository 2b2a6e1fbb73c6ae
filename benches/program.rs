//! The program on a terminal, flying the demo: what starting, keys, bytes, memory and processor cost, each beside
//! its budget. Run by `cargo bench --bench program`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints and may stop where it fails")]
#![allow(clippy::disallowed_methods, reason = "it measures real time")]

#[path = "../tests/pty/cockpit.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod cockpit;
mod measure;

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use cockpit::{Cockpit, binary};
use measure::{flight, line, millis, percentile, starts, useful};

const KEYS: usize = 100;

fn main() {
    // `cargo test` builds and runs benchmarks too, without this argument.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    println!("{:<44} {:>12} {:>12}", "demo, 120x40, release build", "measured", "budget");
    starts(|| Cockpit::start(&["demo"]));
    keys();
    flight("bytes to the terminal, moving, at life's speed", open(&["demo", "--speed", "1"]), "< 150 B/s");
    flight("bytes to the terminal, moving, ten times as fast", open(&["demo"]), "");
    let size = fs::metadata(binary()).unwrap().len();
    line("binary", &format!("{:.1} MB", f64::from(u32::try_from(size).unwrap()) / 1e6), "< 15 MB");
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

fn open(args: &[&str]) -> Cockpit {
    let cockpit = Cockpit::start(args);
    cockpit.until("the first useful frame", useful);
    cockpit
}
