//! The metrics: what is off first and large, what is fine in one line, and a word where numbers cannot be trusted.

use super::budgets;
use crate::{
    core::{
        content,
        evidence::{self, CHART_SECONDS, Reading, TICK_SECONDS},
        freshness::{self, Standing},
        layout::{self, PanelSize},
        state::{Open, Panel, State},
    },
    domain::{
        panel::{Better, PanelTrouble, Side},
        release::Release,
        series::Counts,
        time::Seconds,
        verdict::Word,
    },
    theme::Role,
    view::{
        widget::{number, row::Row, spark},
        words,
    },
};

/// Columns of the arms' names before the charts, and of the numbers behind them.
const ARM: usize = 12;
const NUMBERS: usize = 23;

pub fn heading(open: &Open, focus: Role, width: usize) -> Row {
    let row = Row::new().gap(1).put(focus, "METRICS");
    let right = if open.panels.is_empty() {
        Row::new()
    } else {
        Row::new().muted(format!("rates over {}m every {TICK_SECONDS}s, newest right ", CHART_SECONDS / 60))
    };
    row.with_right(right, width)
}

/// Every panel in its size, then what the controller measures by itself.
pub fn rows(state: &State, open: &Open, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for row in layout::panels(state.size, open) {
        let count = row.panels.len().max(1);
        let columns = if count > 1 || is_wide(state, open) { (width - 2) / 2 } else { width };
        let cells = row.panels.iter().filter_map(|place| open.panels.get(*place));
        let blocks: Vec<Vec<Row>> = cells.map(|panel| block(state, panel, row.size, columns)).collect();
        for y in 0..usize::from(row.size.height()) {
            let line = blocks.iter().enumerate().fold(Row::new(), |line, (place, block)| {
                let line = line.to(place * (columns + 2));
                block.get(y).map_or(line.clone(), |part| line.then(part.clone()))
            });
            rows.push(line);
        }
    }
    if open.panels.is_empty() && open.release.is_some() {
        rows.extend(nothing(state, open));
    }
    if !open.budgets.is_empty() {
        rows.push(Row::new());
        rows.extend(budgets::rows(state, open, width));
    }
    if let Some(release) = &open.release
        && content::controller_lines(open) > 0
    {
        rows.push(Row::new());
        rows.extend(controller(release, words::staleness(state, open), width));
    }
    rows
}

/// A lone last panel keeps its column where two stand side by side.
fn is_wide(state: &State, open: &Open) -> bool {
    layout::panels(state.size, open).iter().any(|row| row.panels.len() > 1)
}

fn nothing(state: &State, open: &Open) -> Vec<Row> {
    let metrics = state.sources.iter().any(|s| s.role == crate::core::settings::Role::Metrics);
    let next = if metrics {
        format!("add a panel for `{}` to the configuration", open.target.within_source())
    } else {
        "add a metrics source and panels to the configuration".to_owned()
    };
    vec![
        Row::new(),
        Row::new().gap(1).put(Role::Unknown, "?").gap(1).text("nobody watches what customers get from this release"),
        Row::new().gap(3).muted(next),
    ]
}

/// Why a panel's numbers cannot be trusted now, as it stands where the verdict would.
fn trouble(state: &State, panel: &Panel) -> Option<String> {
    let aged = |word: &str, age: Option<Seconds>| match age {
        Some(age) => format!("{word} {}", words::coarse(age)),
        None => word.to_owned(),
    };
    let since_newest = panel.newest.map(|newest| state.at.since(newest));
    match &panel.trouble {
        Some(PanelTrouble::Waiting) => return Some("waiting for the first answer".to_owned()),
        Some(PanelTrouble::NoData) => return Some(aged("NO DATA", since_newest.map(|age| Seconds(age.0.floor())))),
        Some(PanelTrouble::Partial(why)) => return Some(format!("PARTIAL {why}")),
        Some(PanelTrouble::Stale(age)) => return Some(aged("STALE", Some(since_newest.unwrap_or(*age)))),
        Some(PanelTrouble::Error(why)) => return Some(format!("ERROR {why}")),
        Some(PanelTrouble::NotFinite) => return Some("NOT A NUMBER".to_owned()),
        None => {}
    }
    let source = state.source(&panel.spec.source)?;
    match freshness::standing(state, source) {
        Standing::Connecting | Standing::Live(_) => None,
        Standing::Stale(_) | Standing::Lost(..) => Some(aged("STALE", since_newest)),
    }
}

fn block(state: &State, panel: &Panel, size: PanelSize, width: usize) -> Vec<Row> {
    let reading = evidence::reading(panel);
    let trouble = trouble(state, panel);
    match size {
        PanelSize::Line => vec![line(state, panel, reading, trouble.as_deref(), width)],
        PanelSize::Chart(height) => chart(state, panel, reading, trouble.as_deref(), width, height),
    }
}

fn standing(reading: &Reading, trouble: Option<&str>) -> (&'static str, Role) {
    if trouble.is_some() {
        words::verdict(Word::Unknown, false)
    } else {
        words::verdict(reading.verdict.word, reading.off)
    }
}

pub fn title(panel: &Panel) -> String {
    match panel.spec.unit.as_str() {
        "" | "%" => panel.spec.name.to_string(),
        unit => format!("{} {unit}", panel.spec.name),
    }
}

/// The unit as it stands behind a number.
fn unit(panel: &Panel) -> &'static str {
    if panel.spec.unit.as_str() == "%" { " %" } else { "" }
}

/// What is known of it without numbers, the longest first.
fn rules(panel: &Panel) -> [Row; 3] {
    let must = match panel.spec.better {
        Better::Higher => "must not drop",
        Better::Lower => "must not rise",
    };
    let critical = || if panel.spec.critical { Row::new().text("critical") } else { Row::new() };
    let joined = |text: String| {
        if panel.spec.critical { critical().muted(format!(" · {text}")) } else { Row::new().muted(text) }
    };
    let tolerance = number::percent(panel.spec.tolerance * 100.0);
    [joined(format!("{must} · tolerance {tolerance} %")), joined(format!("tolerance {tolerance} %")), critical()]
}

fn value(panel: &Panel, counts: Counts) -> String {
    counts
        .rate()
        .map_or_else(|| "–".to_owned(), |rate| format!("{}{}", number::value(rate * panel.spec.per), unit(panel)))
}

fn ratio(reading: &Reading) -> String {
    reading.ratio.map(|ratio| format!("×{ratio:.2}")).unwrap_or_default()
}

fn chart(
    state: &State,
    panel: &Panel,
    reading: &Reading,
    trouble: Option<&str>,
    width: usize,
    height: u16,
) -> Vec<Row> {
    let (glyph, role) = standing(reading, trouble);
    let said = match trouble {
        Some(trouble) => trouble.to_owned(),
        None if reading.ratio.is_some() => ratio(reading),
        None => words::why(&reading.verdict).to_owned(),
    };
    // A long name gives way to what is said of it.
    let name = Row::new().gap(1).put(role, glyph).gap(1).put(Role::Title, title(panel));
    let name = name.cut(width.saturating_sub(said.chars().count() + 2).max(width / 3));
    let head = name.gap(2).put(if trouble.is_some() { Role::Unknown } else { role }, said);
    let note = rules(panel).into_iter().find(|note| head.width() + note.width() + 3 <= width).unwrap_or_default();
    let head = head.cut(width).with_right(note.gap(1), width);
    let room = width.saturating_sub(ARM + NUMBERS);
    let (baseline, canary) = (evidence::rates(panel, Side::Baseline), evidence::rates(panel, Side::Canary));
    let end = end(state, panel);
    let baseline_columns = spark::columns(&baseline, end, TICK_SECONDS, room);
    let canary_columns = spark::columns(&canary, end, TICK_SECONDS, room);
    let top = scale(panel, reading, baseline_columns.iter().chain(&canary_columns));
    let arms = [
        ("baseline", Role::Baseline, baseline_columns, reading.baseline),
        ("canary", Role::Canary, canary_columns, reading.canary),
    ];
    let mut rows = vec![head];
    for (name, arm_role, columns, counts) in arms {
        let quiet = trouble.is_some();
        let arm_role = if quiet { Role::Muted } else { arm_role };
        let lines = spark::lines(&columns, top, height);
        let last = lines.len().saturating_sub(1);
        for (y, bars) in lines.into_iter().enumerate() {
            let row = Row::new().gap(3);
            let row = if y == last { row.put(arm_role, name) } else { row };
            let row = row.to(ARM).put(arm_role, bars);
            rows.push(if y == last {
                let text = if quiet { Role::Muted } else { Role::Title };
                row.to(width.saturating_sub(NUMBERS)).right(text, &value(panel, counts), 10).gap(1).right(
                    Role::Muted,
                    &format!("n {}", number::count(counts.exposures)),
                    12,
                )
            } else {
                row
            });
        }
    }
    rows.push(Row::new());
    rows
}

/// The value that fills a chart. A single tick of few exposures does not flatten everything else: what is
/// far above both arms' rates fills its column.
fn scale<'a>(panel: &Panel, reading: &Reading, values: impl IntoIterator<Item = &'a Option<f64>>) -> f64 {
    /// How far above the larger rate a column still shows its height.
    const HEADROOM: f64 = 2.0;
    let rates = [reading.baseline.rate(), reading.canary.rate()];
    let usual = rates.into_iter().flatten().fold(0.0, f64::max) * panel.spec.per;
    let top = spark::top(values);
    if usual > 0.0 { top.min(usual * HEADROOM) } else { top }
}

/// The time of the rightmost column: that of the newest tick, moved on while none comes.
fn end(state: &State, panel: &Panel) -> i64 {
    let newest = panel.ticks.last().map_or(0, |tick| tick.at);
    let due = state.at.wall.timestamp() - evidence::stale_seconds(state.source(&panel.spec.source), panel.step);
    newest.max(due - due.rem_euclid(TICK_SECONDS))
}

/// `◔ refunds   2.1 vs 2.0 %  ×1.05 ▁▁▂▁▁`.
fn line(state: &State, panel: &Panel, reading: &Reading, trouble: Option<&str>, width: usize) -> Row {
    let (glyph, role) = standing(reading, trouble);
    let name = (width * 32 / 100).clamp(8, 30);
    let row = Row::new().gap(1).put(role, glyph).gap(1).field(Role::Text, panel.spec.name.as_str(), name).gap(1);
    if let Some(trouble) = trouble {
        return row.put(Role::Unknown, trouble.to_owned()).cut(width);
    }
    if reading.verdict.word == Word::Unknown {
        return row.muted(words::why(&reading.verdict).to_owned()).cut(width);
    }
    let canary = reading.canary.rate().map_or_else(|| "–".to_owned(), |rate| number::value(rate * panel.spec.per));
    let row = row
        .right(Role::Canary, &canary, 6)
        .muted(" vs ")
        .put(Role::Baseline, value(panel, reading.baseline))
        .to(name + 23)
        .field(if reading.off { role } else { Role::Muted }, &ratio(reading), 7);
    let room = width.saturating_sub(row.width() + 1);
    if room < 6 {
        return row.cut(width);
    }
    let columns = spark::columns(&evidence::rates(panel, Side::Canary), end(state, panel), TICK_SECONDS, room);
    let top = scale(panel, reading, &columns).max(reading.baseline.rate().unwrap_or_default() * panel.spec.per);
    let bars = spark::lines(&columns, top, 1).into_iter().next().unwrap_or_default();
    row.put(Role::Canary, bars)
}

/// The backend's own analyses: shown beside our numbers, never merged with them.
fn controller(release: &Release, mut stale: Option<String>, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for analysis in content::analyses(release) {
        let (glyph, role) = phase(analysis.phase.as_str());
        let head = if rows.is_empty() { "CONTROLLER" } else { "" };
        let row = Row::new().gap(1).field(Role::Title, head, 11);
        // Said once, on the first line.
        let row = stale.take().map_or(row.clone(), |stale| row.put(Role::Bad, stale).gap(1));
        let row = row
            .muted("its analysis ")
            .text(analysis.name.to_string())
            .gap(1)
            .put(role, format!("{glyph} {}", analysis.phase));
        let tally =
            [("✓", analysis.successful), ("✗", analysis.failed), ("?", analysis.inconclusive), ("!", analysis.error)];
        let tally: Vec<String> =
            tally.iter().filter(|(_, count)| *count > 0).map(|(glyph, count)| format!("{count}{glyph}")).collect();
        let row = row.gap(1).muted(tally.join(" "));
        let row = if analysis.message.is_empty() { row } else { row.gap(1).muted(analysis.message.to_string()) };
        rows.push(row.cut(width));
        for metric in &analysis.metrics {
            let (glyph, role) = phase(metric.phase.as_str());
            let row = Row::new().to(12).put(role, glyph).gap(1).text(metric.name.to_string());
            let row = match &metric.value {
                Some(value) => row.muted(" is ").put(Role::Title, value.to_string()),
                None => row.muted(" not measured yet"),
            };
            let row = match &metric.condition {
                Some(condition) => row.muted(format!(", passes if {condition}")),
                None => row,
            };
            rows.push(row.cut(width));
        }
    }
    rows
}

fn phase(word: &str) -> (&'static str, Role) {
    match word {
        "Successful" => ("✓", Role::Good),
        "Failed" | "Error" => ("✗", Role::Bad),
        "Running" | "Pending" => ("►", Role::Progress),
        _ => ("?", Role::Unknown),
    }
}
