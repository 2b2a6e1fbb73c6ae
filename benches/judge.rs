//! What judging costs. Budget: 30 panels per tick, taken and told, in under 1 ms. Run by `cargo bench --bench judge`.

#![allow(clippy::unwrap_used, reason = "a benchmark may stop where it fails")]

use divan::Bencher;
use flightdeck::{
    domain::{
        panel::Better,
        series::{Counts, Tick},
    },
    judge::{
        Dispersion, Judge, Pods, Rules,
        forecast::{self, Flow},
    },
};

const PODS: Pods = Pods { baseline: 9, canary: 1 };
const FLOW: Flow = Flow { baseline: 18.0, canary: 2.0, rate: 0.02 };

fn main() {
    divan::main();
}

fn tick(n: i64) -> Tick {
    let x = if n % 3 == 0 { 1.0 } else { 0.0 };
    let canary = Counts { events: x, exposures: 20.0 };
    Tick { at: n * 10, baseline: Counts { events: 4.0, exposures: 180.0 }, canary }
}

/// A panel after so many ticks.
fn after(ticks: i64) -> Judge {
    let rules = Rules::new(Better::Higher, 0.1).with_dispersion(Dispersion::measured(1.0));
    let mut judge = Judge::new(rules, 0);
    for n in 1..=ticks {
        judge.take(&tick(n), PODS).unwrap();
    }
    judge
}

/// Ten minutes in, two hours in, and with as many starts as are kept.
#[divan::bench(args = [60, 720, 2_880])]
fn thirty_panels_take_a_tick(bencher: Bencher, ticks: i64) {
    let panels = vec![after(ticks); 30];
    bencher.with_inputs(|| panels.clone()).bench_local_refs(|panels| {
        for judge in panels {
            judge.take(&tick(ticks + 1), PODS).unwrap();
            divan::black_box(judge.finding());
        }
    });
}

#[divan::bench]
fn one_panel_is_made_again_from_two_hours() -> Judge {
    after(720)
}

#[divan::bench(args = [60, 720])]
fn one_panel_says_when_it_is_ready(bencher: Bencher, ticks: i64) {
    let judge = after(ticks);
    bencher.bench(|| forecast::progress(divan::black_box(&judge), FLOW, PODS, 10));
}

#[divan::bench]
fn one_panel_says_how_long_it_is_blind() -> Option<i64> {
    let rules = Rules::new(Better::Higher, 0.1);
    forecast::blind(divan::black_box(rules), FLOW, PODS, 0.0)
}

#[divan::bench]
fn one_panel_is_written(bencher: Bencher) {
    let judge = after(720);
    bencher.bench(|| serde_json::to_string(divan::black_box(&judge)).unwrap());
}
