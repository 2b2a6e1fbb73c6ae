//! The judge on simulated releases: a few of the cells that `cargo bench --bench validation` runs in full, and that the
//! README shows what came of that.
#![expect(clippy::unwrap_used, reason = "these are tests; the lint knows test functions only")]

#[path = "../../benches/validation/cells.rs"]
mod cells;
#[path = "../../benches/validation/table.rs"]
#[expect(dead_code, reason = "only what reads the document is used here")]
mod table;
#[path = "../../benches/validation/world.rs"]
mod world;

use std::fs;

use cells::{groups, minutes, onsets, rates};

/// Few, because tests are built without optimisation.
const RELEASES: u32 = 16;
const LOSSES: u32 = 24;
const SEED: u64 = 1;
/// Longest releases that are simulated here, in minutes until the loss begins.
const LATEST: i64 = 10;

fn document() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/validation.md")).unwrap()
}

#[test]
fn the_readme_shows_the_figures_of_the_last_full_run() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let document = document();
    let summary = document.split(table::CELLS).next().unwrap().trim();
    assert!(
        readme.contains(summary),
        "the README's section between `<!-- validation -->` differs from tests/judge/validation.md; copy it there"
    );
}

#[test]
fn one_world_of_each_group_keeps_its_error_rates() {
    let document = document();
    for group in groups() {
        let world = &group.worlds[0];
        let said = rates(world, RELEASES, SEED);
        let exceptions: Vec<&str> = document
            .lines()
            .filter(|line| line.starts_with(&format!("- {}: {}: ", group.name, world.words())))
            .collect();
        for wrong in said.exceeded(group.held) {
            assert!(
                exceptions.iter().any(|line| line.contains(wrong)),
                "{}: {}: {wrong} too often",
                group.name,
                world.words()
            );
        }
    }
}

#[test]
fn a_loss_is_seen_as_soon_as_ever() {
    let document = document();
    for onset in onsets().iter().filter(|onset| onset.world.onset.is_some_and(|(minutes, _)| minutes <= LATEST)) {
        let (calibrated, uncalibrated) = table::medians(&document, onset.name).unwrap();
        for (world, frozen) in [(onset.world, calibrated), (onset.uncalibrated(), uncalibrated)] {
            if frozen > 25.0 {
                continue;
            }
            let (median, _) = minutes(&world, LOSSES, SEED);
            assert!((median / frozen - 1.0).abs() <= 0.1, "{}: {median:.1} min, {frozen:.1} before", onset.name);
        }
    }
}
