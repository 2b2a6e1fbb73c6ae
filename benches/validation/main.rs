//! The whole validation of the judge on simulated releases: `cargo bench --bench validation` prints its document in
//! Markdown, about three minutes on one core; `-- --write` also writes it to `tests/judge/validation.md`, which the
//! README is held to. Fails if a median of the file before is no longer met within 10 %.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and may stop where it fails")]

mod cells;
mod table;
mod world;

use std::{env, fs, process::ExitCode};

use cells::{groups, minutes, onsets, rates};
use table::{Cell, Unseen, document, medians};

/// Releases per cell of error rates, and per onset of a loss.
const RELEASES: u32 = 1_000;
const LOSSES: u32 = 400;
const SEED: u64 = 1;
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/validation.md");

fn main() -> ExitCode {
    let groups: Vec<_> = groups()
        .into_iter()
        .map(|group| {
            let cells: Vec<Cell> =
                group.worlds.iter().map(|world| Cell { world: *world, rates: rates(world, RELEASES, SEED) }).collect();
            (group, cells)
        })
        .collect();
    let unseen: Vec<Unseen> = onsets()
        .iter()
        .map(|onset| {
            let of = |world| minutes(world, LOSSES, SEED);
            Unseen { name: onset.name, calibrated: of(&onset.world), uncalibrated: of(&onset.uncalibrated()) }
        })
        .collect();
    let document = document(&groups, &unseen);
    println!("{document}");
    let mut code = ExitCode::SUCCESS;
    for Unseen { name, calibrated, uncalibrated } in &unseen {
        let Some(frozen) = fs::read_to_string(FILE).ok().and_then(|frozen| medians(&frozen, name)) else { continue };
        for (is, was) in [(calibrated.0, frozen.0), (uncalibrated.0, frozen.1)] {
            if (is / was - 1.0).abs() > 0.1 {
                println!("{name}: {is:.1} min, {was:.1} before");
                code = ExitCode::FAILURE;
            }
        }
    }
    if env::args().any(|argument| argument == "--write") {
        fs::write(FILE, document).unwrap();
    }
    code
}
