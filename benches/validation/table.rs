//! The validation as a document: the summary that the README shows, and every cell.

use std::fmt::Write as _;

use crate::{
    cells::{ALPHA, Group, Held, Rates},
    world::World,
};

/// Where the summary ends.
pub const CELLS: &str = "## Every cell";

/// One world with what came of it.
pub struct Cell {
    pub world: World,
    pub rates: Rates,
}

/// How long a loss stayed unseen: median and 90th percentile in minutes, calibrated at φ = 1 and not calibrated.
pub struct Unseen {
    pub name: &'static str,
    pub calibrated: (f64, f64),
    pub uncalibrated: (f64, f64),
}

/// The whole document.
pub fn document(groups: &[(Group, Vec<Cell>)], unseen: &[Unseen]) -> String {
    let mut out = summary(groups, unseen);
    let _ = write!(out, "\n{CELLS}\n\n| releases | world | NO-GO | GO | interval |\n|---|---|---|---|---|\n");
    for (group, cells) in groups {
        for Cell { world, rates } in cells {
            let share = |count: u32| percent(rates.share(count));
            let (no_go, go, missed) = (share(rates.no_go), share(rates.go), share(rates.missed));
            let _ = writeln!(out, "| {} | {} | {no_go} | {go} | {missed} |", group.name, world.words());
        }
    }
    out
}

fn summary(groups: &[(Group, Vec<Cell>)], unseen: &[Unseen]) -> String {
    let releases = groups.iter().flat_map(|(_, cells)| cells).map(|cell| cell.rates.releases).min().unwrap_or_default();
    let limit = Rates { releases, ..Rates::default() }.limit();
    let mut out = format!(
        "Wrongly said at any time, in the worst cell of each line; {releases} releases per cell, looked at every 10 s, α {}.\n\
         A line holds while no cell is above α + 3σ = {}.\n\n\
         | releases | cells | NO-GO | GO | interval without the truth | holds |\n|---|---|---|---|---|---|\n",
        percent(ALPHA),
        percent(limit),
    );
    let mut exceptions = String::new();
    for (group, cells) in groups {
        let worst = |count: fn(&Rates) -> u32| {
            percent(cells.iter().map(|cell| cell.rates.share(count(&cell.rates))).fold(0.0, f64::max))
        };
        let go = if group.held == Held::Bound { worst(|rates| rates.go) } else { "right".to_owned() };
        let mut holds = "yes";
        for cell in cells {
            for what in cell.rates.exceeded(group.held) {
                holds = "**no**";
                let count = match what {
                    "NO-GO" => cell.rates.no_go,
                    "GO" => cell.rates.go,
                    _ => cell.rates.missed,
                };
                let share = percent(cell.rates.share(count));
                let _ = writeln!(exceptions, "- {}: {}: {what} {share}", group.name, cell.world.words());
            }
        }
        let _ = writeln!(
            out,
            "| {} | {} | {} | {go} | {} | {holds} |",
            group.name,
            cells.len(),
            worst(|rates| rates.no_go),
            worst(|rates| rates.missed),
        );
    }
    if !exceptions.is_empty() {
        let _ = write!(out, "\nThe cells that do not hold:\n\n{exceptions}");
    }
    out.push_str(
        "\nMinutes until a total loss of orders (2 % of 20 checkouts per second) is a NO-GO, median (90th percentile):\n\n\
         | the loss begins | φ = 1, measured | uncalibrated, φ = 3 |\n|---|---|---|\n",
    );
    for Unseen { name, calibrated, uncalibrated } in unseen {
        let minutes = |(median, late): &(f64, f64)| format!("{median:.1} ({late:.1})");
        let _ = writeln!(out, "| {name} | {} | {} |", minutes(calibrated), minutes(uncalibrated));
    }
    out
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The medians of a document, calibrated and uncalibrated, by the name of the onset.
pub fn medians(document: &str, name: &str) -> Option<(f64, f64)> {
    let mut fields = row(document, name)?.skip(1).map(|field| field.split(' ').next()?.parse::<f64>().ok());
    Some((fields.next()??, fields.next()??))
}

/// The fields of the summary's row that begins with `name`.
fn row<'a>(document: &'a str, name: &str) -> Option<impl Iterator<Item = &'a str>> {
    let line = document.lines().find(|line| line.starts_with(&format!("| {name} |")))?;
    Some(line.trim_matches('|').split('|').map(str::trim))
}
