//! `flightdeck judge` on files of people's own.

use std::{fmt::Write as _, fs};

use serde_json::Value;

use super::{Home, text};

/// 20 checkouts per second, 2 % orders, 10 % on the canary, which dies after `healthy` of `ticks` ticks.
fn orders(healthy: i64, ticks: i64) -> String {
    let mut out = String::from("tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n");
    for n in 0..ticks {
        let x = if n < healthy { 0.4 } else { 0.0 };
        writeln!(out, "{n},{x},20,3.6,180").unwrap();
    }
    out
}

fn judged(file: &str, options: &str) -> (i32, Vec<Value>) {
    let home = Home::new();
    fs::write(home.path().join("orders.csv"), file).unwrap();
    let output = home.run(&format!("judge orders.csv --json {options}"));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    let lines = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), lines)
}

#[test]
fn a_death_after_health_is_told_tick_by_tick() {
    let (code, lines) = judged(&orders(240, 360), "--better higher --dispersion 1");
    assert_eq!((code, lines.len()), (1, 360));
    let keys: Vec<&str> = lines[0].as_object().unwrap().keys().map(String::as_str).collect();
    for key in ["tick", "verdict", "log_e_harm", "log_e_safe", "low", "high", "since"] {
        assert!(keys.contains(&key), "{key} is not among {keys:?}");
    }
    assert_eq!((&lines[239]["verdict"], &lines[239]["tick"]), (&"collecting".into(), &239.into()));
    let last = &lines[359];
    assert_eq!((&last["verdict"], &last["since"]), (&"no-go".into(), &240.into()));
    let number = |key: &str| last[key].as_f64().unwrap();
    assert!((number("low") - 0.05).abs() < 1e-9 && (number("high") - 0.38).abs() < 0.02, "{last}");
    assert!(number("log_e_harm") > 20.0_f64.ln() && number("log_e_safe") < 0.0);
    let first = lines.iter().position(|line| line["verdict"] == "no-go").unwrap();
    assert!((268..=275).contains(&first), "some 5 minutes after it began: tick {first}");
}

#[test]
fn options_are_held_to() {
    let file = orders(0, 21);
    assert_eq!(judged(&file, "--better higher --dispersion 1").0, 1);
    assert_eq!(judged(&file, "--better higher --dispersion 1 --critical 10").0, 6);
    assert_eq!(judged(&file, "--better higher --dispersion 1 --alpha 0.001").0, 6);
    assert_eq!(judged(&file, "--better higher").0, 6, "uncalibrated takes longer");
    assert_eq!(judged(&file, "--better lower --tolerance 0.2 --dispersion 1").0, 0, "no events are fine");
    let seconds = file.lines().map(|line| line.replacen(',', "0,", 1).replacen("tick0", "tick", 1) + "\n");
    let seconds: String = seconds.collect();
    assert_eq!(judged(&seconds, "--better higher --dispersion 1").1[20]["tick"], 200);
    assert_eq!(
        judged(&seconds, "--better higher --dispersion 1").1[20]["log_e_harm"],
        judged(&file, "--better higher --dispersion 1").1[20]["log_e_harm"],
        "ticks may be counted or be seconds",
    );
}

#[test]
fn what_is_not_known_is_unknown_and_never_hides_a_regression() {
    let header = "tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n";
    let rows = "0,0,0,4,180\n1,0,20,4,180\n2,,20,4,180\n3,1,0,4,180\n4,0,20,4,180\n";
    let (code, lines) = judged(&format!("{header}{rows}"), "--better higher");
    let words: Vec<&str> = lines.iter().map(|line| line["verdict"].as_str().unwrap()).collect();
    assert_eq!(words, ["unknown", "collecting", "unknown", "unknown", "collecting"]);
    assert_eq!((&lines[0]["since"], &lines[1]["since"]), (&Value::Null, &1.into()));
    assert_eq!(lines[2]["log_e_harm"], lines[1]["log_e_harm"], "a missing number changes nothing");
    assert_eq!(code, 6);
    let dead = format!("{}60,,,,\n", orders(0, 60));
    assert_eq!(judged(&dead, "--better higher --dispersion 1").0, 1);
}

#[test]
fn without_json_changes_of_the_verdict_are_listed() {
    let home = Home::new();
    let output = home.command("judge - --better higher --dispersion 1").write_stdin(orders(240, 360)).output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.starts_with(
            "standard input: 360 ticks of 10 s\nmust not drop, tolerance 10 %, α 0.05 over 1 critical panel, φ 1\n"
        ),
        "{said}"
    );
    assert!(said.contains("NO-GO") && said.contains("×0.00 (<0.05–"), "{said}");
    assert!(said.contains("since 240: canary 0 of 2400, baseline 432"), "{said}");
    assert!(said.lines().count() < 12, "calm: {said}");
}

#[test]
fn errors_name_file_line_and_column() {
    let home = Home::new();
    fs::write(
        home.path().join("t.csv"),
        "tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n1,2,3,x,5\n",
    )
    .unwrap();
    for (line, expected) in [
        ("judge t.csv --better higher", "flightdeck: t.csv:2: `baseline_events`: expected a number from 0"),
        ("judge none.csv --better higher", "flightdeck: none.csv: cannot be read: "),
        ("judge t.csv", "error: the following required arguments were not provided:\n  --better <DIRECTION>"),
        ("judge t.csv --better up", "error: invalid value 'up' for '--better <DIRECTION>'"),
        ("judge t.csv --better lower --tick 1.5s", "error: invalid value '1.5s' for '--tick <LENGTH>': expected whole"),
        ("judge t.csv --better lower --dispersion 0.5", "error: invalid value '0.5' for '--dispersion <FACTOR>'"),
        ("judge t.csv --better lower --critical 0", "error: invalid value '0' for '--critical <NUMBER>'"),
    ] {
        let (code, said) = home.fails(line);
        assert!(said.starts_with(expected), "`{line}`: {said}");
        assert_eq!(code, 2, "{line}");
    }
}

#[test]
fn counters_as_scraped_are_refused_or_counted() {
    let home = Home::new();
    let mut counters = String::from("tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n");
    for n in 0..=360 {
        writeln!(counters, "{n},{},{},{},{}", f64::from(n.min(240)) * 0.4, n * 20, f64::from(n) * 3.6, 5_000 + n * 180)
            .unwrap();
    }
    fs::write(home.path().join("raw.csv"), &counters).unwrap();
    fs::write(home.path().join("orders.csv"), orders(240, 360)).unwrap();
    let (code, said) = home.fails("judge raw.csv --better higher --dispersion 1");
    assert!(said.starts_with("flightdeck: raw.csv: these are counters as scraped, not counts of ticks"), "{said}");
    assert!(code == 2 && said.contains("`--as counters`"), "{said}");
    let judged = |line: &str| {
        let output = home.run(&format!("judge {line} --better higher --dispersion 1 --json"));
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
        let lines = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (output.status.code(), lines)
    };
    let (code, counted): (_, Vec<Value>) = judged("raw.csv --as counters");
    let (_, counts): (_, Vec<Value>) = judged("orders.csv");
    assert_eq!((code, counted.len()), (Some(1), 360), "the first line is where counting begins");
    let evidence = |line: &Value| line["log_e_harm"].as_f64().unwrap();
    assert!((evidence(&counted[359]) - evidence(&counts[359])).abs() < 1e-6, "the same as of counts");
    assert_eq!(judged("raw.csv --as counts").1.len(), 361, "whoever insists");
    let short: Vec<&str> = counters.lines().take(20).collect();
    fs::write(home.path().join("short.csv"), short.join("\n")).unwrap();
    let output = home.run("judge short.csv --better higher");
    assert!(text(&output.stderr).starts_with("flightdeck: short.csv: these look like counters"), "a warning only");
    assert!(output.status.code() != Some(2) && !output.stdout.is_empty(), "{}", text(&output.stdout));
    let restart = format!("{counters}361,0,5,1400,70000\n");
    fs::write(home.path().join("restart.csv"), restart).unwrap();
    let said = text(&home.run("judge restart.csv --as counters --better higher").stderr);
    assert!(said.starts_with("flightdeck: restart.csv: a counter falls at tick 361"), "{said}");
}

/// Lines of counters, sums over two pods each of which one goes at `gone`: the canary loses half its orders all along.
fn sums(ticks: u32, gone: u32) -> String {
    let mut out = String::from("tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n");
    for n in 0..=ticks {
        let at = f64::from(n);
        let left = if n < gone { [0.0, 0.0] } else { [400.0, 100.0] };
        let (x, n_canary) = (1_000.0 + at * 0.2 - left[0], 2_000.0 + at * 20.0 - left[1]);
        writeln!(out, "{n},{x},{n_canary},{},{}", 50.0 + at * 3.6, 5_000.0 + at * 180.0).unwrap();
    }
    out
}

#[test]
fn a_counter_that_falls_never_moves_anything_towards_go() {
    let home = Home::new();
    let judged = |file: String, options: &str| {
        fs::write(home.path().join("sums.csv"), file).unwrap();
        let output = home.run(&format!("judge sums.csv --better higher --dispersion 1 --json {options}"));
        let lines: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (output.status.code(), lines, text(&output.stderr))
    };
    let (code, lines, said) = judged(sums(60, 60), "--as counters");
    let (before, fell) = (&lines[58], &lines[59]);
    assert_eq!(fell["verdict"], "unknown");
    assert_eq!(fell["why"], "a counter fell: what this tick counted is not known");
    assert_eq!((code, &fell["log_e_safe"]), (Some(7), &before["log_e_safe"]));
    assert_eq!(fell["log_e_harm"], before["log_e_harm"]);
    assert!(said.starts_with("flightdeck: sums.csv: a counter falls at tick 60; "), "{said}");
    let (_, with, _) = judged(sums(240, 60), "--as counters");
    let (_, without, _) = judged(sums(240, 1_000), "--as counters");
    let safe = |lines: &[Value]| lines[239]["log_e_safe"].as_f64().unwrap();
    assert!(safe(&with) < 0.0 && (safe(&with) - safe(&without)).abs() < 1.0, "one tick less, nothing else");
}

#[test]
fn what_may_be_counters_is_never_go() {
    let home = Home::new();
    // Level arms, one restart: as counts each line would be all that was ever counted.
    let mut file = String::from("tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n");
    for n in 0..400_u32 {
        let at = f64::from(if n < 200 { n } else { n - 200 });
        writeln!(file, "{n},{},{},{},{}", at * 10.0, at * 20.0, f64::from(n) * 90.0, f64::from(n) * 180.0).unwrap();
    }
    fs::write(home.path().join("restart.csv"), &file).unwrap();
    let judged = |line: &str| {
        let output = home.run(&format!("judge {line} --better higher --dispersion 1 --json"));
        let lines: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (output.status.code(), lines, text(&output.stderr))
    };
    let (code, lines, said) = judged("restart.csv");
    assert!(said.contains("nothing is called GO"), "{said}");
    assert!(lines.iter().all(|line| line["verdict"] != "go"));
    assert_eq!(code, Some(7));
    assert!(lines[399]["why"].as_str().unwrap().starts_with("these look like counters"), "{}", lines[399]);
    assert_eq!(judged("restart.csv --as counts").0, Some(0), "whoever insists");
    let (code, lines, _) = judged("restart.csv --as counters");
    assert_eq!((code, &lines[199]["verdict"]), (Some(0), &"unknown".into()), "level, but for one tick");
    // Counts that are called counters fall about as often as they rise.
    let mut counts = String::from("tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n");
    for n in 0..400_u32 {
        writeln!(counts, "{n},{},{},{},{}", 2 + n % 3, 20 + n % 7, 18 + n % 5, 180 + n % 11).unwrap();
    }
    fs::write(home.path().join("counts.csv"), counts).unwrap();
    let (code, lines, _) = judged("counts.csv --as counters");
    assert!(code != Some(0) && lines.iter().all(|line| line["verdict"] != "go"));
}

/// ln E of harm and of safety by the formula alone, every start kept: must not drop, 10 %, φ = 1.
fn by_the_formula(ticks: &[[f64; 4]]) -> (f64, f64) {
    let ln_bound = 0.9_f64.ln();
    let edge = 20.0_f64.ln();
    let grid: Vec<f64> = (0..161).map(|n| edge * (f64::from(n) / 80.0 - 1.0)).collect();
    let grown = |ln_ratio: f64, from: usize| -> f64 {
        let of = |[x, n_canary, y, n_baseline]: &[f64; 4]| {
            let weighted = n_canary * ln_ratio.exp();
            let theta = weighted / (weighted + n_baseline);
            x * theta.ln() + y * (1.0 - theta).ln()
        };
        ticks[from..].iter().map(of).sum()
    };
    let side = |is_in: fn(f64, f64) -> bool, from: usize| -> f64 {
        let bets: Vec<f64> = grid.iter().copied().filter(|ln_ratio| is_in(*ln_ratio, ln_bound)).collect();
        let weight = |ln_ratio: f64| (-0.5 * ((ln_ratio - ln_bound) / 0.7).powi(2)).exp();
        let all: f64 = bets.iter().map(|ln_ratio| weight(*ln_ratio)).sum();
        let under_null = grown(ln_bound, from);
        bets.iter().map(|ln_ratio| weight(*ln_ratio) / all * (grown(*ln_ratio, from) - under_null).exp()).sum()
    };
    let mixed = |is_in: fn(f64, f64) -> bool| {
        let (mut told, mut staked) = (0.0, 0.0);
        for (place, from) in (0..ticks.len()).step_by(60).enumerate() {
            let j = f64::from(u32::try_from(place + 1).unwrap());
            let share = if place == 0 { 0.5 } else { 1.0 / (j * (j + 1.0)) };
            told += share * side(is_in, from);
            staked += share;
        }
        (told + 1.0 - staked).ln()
    };
    (mixed(|ln_ratio, bound| ln_ratio < bound), mixed(|ln_ratio, bound| ln_ratio > bound))
}

/// Nine hours have more starts than are kept while one watches.
#[test]
fn anyone_can_check_it_by_the_formula() {
    let ticks: Vec<[f64; 4]> = (0..3_240_u32)
        .map(|n| {
            let orders = |rate: f64, salt: u32| (rate + f64::from((n * 7919 + salt) % 5) - 2.0).max(0.0);
            [orders(2.0, 1) * if n > 3_000 { 0.8 } else { 1.0 }, 200.0, orders(18.0, 3), 1_800.0]
        })
        .collect();
    let mut file = String::from("tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n");
    for (n, [x, n_canary, y, n_baseline]) in ticks.iter().enumerate() {
        writeln!(file, "{n},{x},{n_canary},{y},{n_baseline}").unwrap();
    }
    let (_, lines) = judged(&file, "--better higher --dispersion 1");
    for n in [59, 60, 1_500, 3_239] {
        let (harm, safe) = by_the_formula(&ticks[..=n]);
        let said = |key: &str| lines[n][key].as_f64().unwrap();
        assert!((said("log_e_harm") - harm).abs() < 1e-3, "tick {n}: {} is not {harm}", said("log_e_harm"));
        assert!((said("log_e_safe") - safe).abs() < 1e-3, "tick {n}: {} is not {safe}", said("log_e_safe"));
    }
}
