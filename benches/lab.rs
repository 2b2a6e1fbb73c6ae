//! The program on a terminal against the lab's real API server. `FLIGHTDECK_LAB=1 cargo bench --bench lab` runs it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints and may stop where it fails")]
#![allow(clippy::panic, clippy::disallowed_methods, reason = "it measures real time, and stops where it must")]

#[path = "../tests/pty/cockpit.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod cockpit;
#[path = "../tests/lab/harness.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod harness;
mod measure;

use std::{
    thread,
    time::{Duration, Instant},
};

use cockpit::Cockpit;
use harness::Lab;
use kube::api::{Patch, PatchParams};
use measure::{flight, line, millis, percentile, starts};

const CHANGES: usize = 100;
/// Longer than any burst of paints lasts: every change comes after quiet.
const QUIET: Duration = Duration::from_millis(400);

fn main() {
    // `cargo test` builds and runs benchmarks too, without this argument.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let Some(lab) = Lab::get() else { return };
    println!("{:<44} {:>12} {:>12}", "lab, one release, 120x40, release build", "measured", "budget");
    lab.fresh("checkout");
    let resting = open(&lab, &["HEALTHY"]);
    flight("bytes to the terminal, resting", resting, "< 30 B/s");
    lab.set_image("checkout", "shop/checkout:4.2.0");
    lab.wait_for_rollout("checkout", "waiting for a person", |rollout| rollout["status"]["currentStepIndex"] == 3);
    starts(|| start(&lab));
    changes(&lab);
    flight("bytes to the terminal, paused", open(&lab, &["for a person"]), "< 150 B/s");
}

fn start(lab: &Lab) -> Cockpit {
    Cockpit::start(&["shop/checkout", "--kubeconfig", lab.kubeconfig("operator").to_str().unwrap()])
}

fn open(lab: &Lab, texts: &[&str]) -> Cockpit {
    let cockpit = start(lab);
    cockpit.until("the release", |screen| texts.iter().all(|text| screen.contents().contains(text)));
    cockpit
}

/// From the moment a change is sent to the API server, which itself takes some milliseconds to write it.
fn changes(lab: &Lab) {
    let mut cockpit = open(lab, &["for a person"]);
    let rollouts = lab.api("argoproj.io", "v1alpha1", "Rollout");
    let mut samples: Vec<_> = (0..CHANGES)
        .map(|n| {
            thread::sleep(QUIET);
            let owner = format!("team-{n}-of-the-bench");
            let body = serde_json::json!({"metadata": {"annotations": {"flightdeck/owner": owner}}});
            let began = Instant::now();
            lab.run(rollouts.patch("checkout", &PatchParams::default(), &Patch::Merge(&body))).unwrap();
            let written = began.elapsed();
            cockpit.until("the change", |screen| screen.contents().contains(&owner));
            (began.elapsed(), began.elapsed().saturating_sub(written))
        })
        .collect();
    let mut sent: Vec<_> = samples.iter().map(|(sent, _)| *sent).collect();
    let mut written: Vec<_> = samples.drain(..).map(|(_, written)| written).collect();
    line("change sent to painted, median", &millis(percentile(&mut sent, 50)), "");
    line("change acknowledged to painted, median", &millis(percentile(&mut written, 50)), "< 8 ms");
    line("change acknowledged to painted, 99 of 100", &millis(percentile(&mut written, 99)), "< 30 ms");
    cockpit.type_text("q");
    cockpit.wait(Duration::from_secs(5));
}
