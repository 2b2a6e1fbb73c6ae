//! What every benchmark of the running program measures, and how it is printed beside its budget.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::cockpit::Cockpit;

const STARTS: usize = 15;
const WATCHED: Duration = Duration::from_secs(20);

pub fn line(what: &str, measured: &str, budget: &str) {
    println!("{what:<44} {measured:>12} {budget:>12}");
}

pub fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// The sample that `percent` of all do not exceed.
pub fn percentile(samples: &mut [Duration], percent: usize) -> Duration {
    samples.sort_unstable();
    samples[(samples.len() * percent / 100).min(samples.len() - 1)]
}

/// Whether somebody can work with what is on screen.
pub fn useful(screen: &vt100::Screen) -> bool {
    let text = screen.contents();
    text.contains("checkout") && text.contains("WAY BACK") && text.contains("STEPS")
}

/// Watches one flight for a while without touching it.
pub fn flight(what: &str, mut cockpit: Cockpit, budget: &str) {
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

/// Starts the program again and again.
pub fn starts(start: impl Fn() -> Cockpit) {
    let mut samples: Vec<_> = (0..STARTS)
        .map(|_| {
            let began = Instant::now();
            let mut cockpit = start();
            cockpit.until("the first useful frame", useful);
            let took = began.elapsed();
            cockpit.type_text("q");
            cockpit.wait(Duration::from_secs(5));
            took
        })
        .collect();
    line("start to first useful frame, median", &millis(percentile(&mut samples, 50)), "< 60 ms");
}
