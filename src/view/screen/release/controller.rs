//! What the backend's own analysis says: shown beside our numbers, never merged with them.

use crate::{
    core::{controller::ControllerLine, number},
    domain::{
        analysis::{Analysis, AnalysisMetric, AnalysisPhase, Check},
        standing::{Outcome, Standing},
    },
    theme::Role,
    view::widget::row::{Row, fit},
};

/// Columns of the heading.
const HEAD: usize = 12;
/// Columns of a measured value that is no number.
const MEASURED: usize = 20;

/// One line of it; the first carries the heading, and how old it is where that is too old.
pub fn row(line: &ControllerLine<'_>, is_first: bool, stale: Option<&str>, width: usize) -> Row {
    let row = if is_first { Row::new().gap(1).put(Role::Title, "CONTROLLER") } else { Row::new() }.to(HEAD);
    let row = match stale {
        Some(stale) => row.put(Role::Bad, stale.to_owned()).gap(1),
        None => row,
    };
    let row = match line {
        ControllerLine::Standing(standing) => of_standing(row, standing),
        ControllerLine::Run(analysis) => run(row, analysis),
        ControllerLine::Metric(metric) => of_metric(row, metric),
        ControllerLine::Check(check, newest, outcome) => of_check(row, check, *newest, *outcome),
        ControllerLine::Caution(caution) => row.put(Role::Warn, "!").gap(1).muted(caution.to_string()),
    };
    row.cut(width)
}

/// `its analysis (step 5) reads error ratio only; it would pass now`.
fn of_standing(row: Row, standing: &Standing) -> Row {
    let (_, role) = outcome(standing.now);
    let role = if standing.now == Outcome::Pass { Role::Title } else { role };
    row.text(standing.reading()).muted("; ").put(role, standing.verdict())
}

fn run(row: Row, analysis: &Analysis) -> Row {
    let (glyph, role) = phase(&analysis.phase);
    let row = row.muted("its analysis ").text(analysis.name.to_string()).gap(1);
    let row = row.put(role, format!("{glyph} {}", analysis.phase));
    let tally =
        [("✓", analysis.successful), ("✗", analysis.failed), ("?", analysis.inconclusive), ("!", analysis.error)];
    let tally: Vec<String> =
        tally.iter().filter(|(_, count)| *count > 0).map(|(glyph, count)| format!("{count}{glyph}")).collect();
    let row = row.gap(1).muted(tally.join(" "));
    if analysis.message.is_empty() { row } else { row.gap(1).muted(analysis.message.to_string()) }
}

fn of_metric(row: Row, metric: &AnalysisMetric) -> Row {
    let (glyph, role) = phase(&metric.phase);
    let row = row.put(role, glyph).gap(1).text(metric.name.to_string());
    let row = match (&metric.value, &metric.phase) {
        (Some(value), _) => row.muted(" is ").put(Role::Title, value.to_string()),
        (None, AnalysisPhase::Pending) => row.muted(" not measured yet"),
        // It may have been tried, and nothing came of it.
        (None, AnalysisPhase::Running) => row.muted(" without a value yet"),
        (None, _) => row.muted(" without a value"),
    };
    match &metric.condition {
        Some(condition) => row.muted(format!(", passes if {condition}")),
        None => row,
    }
}

/// `✓ error-ratio is 0.0021, passes if result[0] < 0.05   ✓✓✓✗`: the newest value, the rules, what was measured.
fn of_check(row: Row, check: &Check, newest: Option<f64>, now: Outcome) -> Row {
    let (glyph, role) = outcome(now);
    let row = row.put(role, glyph).gap(1).text(check.name.to_string());
    let row = match newest {
        Some(value) => row.muted(" is ").put(Role::Title, number::value(value)),
        None => last_measured(row, check),
    };
    let row = match &check.success {
        Some(condition) => row.muted(format!(", passes if {condition}")),
        None => row,
    };
    let row = match &check.failure {
        Some(condition) => row.muted(format!(", fails if {condition}")),
        None => row,
    };
    check.measured.iter().fold(row.gap(2), |row, measured| {
        let (glyph, role) = phase(&measured.phase);
        row.put(role, glyph)
    })
}

/// Where our own source has no value of it: what the controller measured last, and what it came to.
fn last_measured(row: Row, check: &Check) -> Row {
    let Some(last) = check.measured.last() else {
        return match &check.phase {
            None | Some(AnalysisPhase::Pending | AnalysisPhase::Running) => row.muted(" not measured yet"),
            Some(phase) => row.muted(format!(" {phase}, and no measurement is kept")),
        };
    };
    let value = last.number.map_or_else(|| fit(&last.value, MEASURED).into_owned(), number::value);
    let (_, role) = phase(&last.phase);
    let row = if value.is_empty() { row.muted(" gave no value") } else { row.muted(" was ").put(Role::Title, value) };
    // That it was successful stands behind it as a mark, and is no news.
    if last.phase == AnalysisPhase::Successful {
        return row;
    }
    row.muted(", ").put(role, last.phase.word().to_lowercase())
}

const fn outcome(outcome: Outcome) -> (&'static str, Role) {
    match outcome {
        Outcome::Pass => ("✓", Role::Good),
        Outcome::Fail => ("✗", Role::Bad),
        Outcome::Inconclusive | Outcome::Unknown => ("?", Role::Unknown),
    }
}

const fn phase(phase: &AnalysisPhase) -> (&'static str, Role) {
    match phase {
        AnalysisPhase::Successful => ("✓", Role::Good),
        AnalysisPhase::Failed | AnalysisPhase::Error => ("✗", Role::Bad),
        AnalysisPhase::Running | AnalysisPhase::Pending => ("►", Role::Progress),
        AnalysisPhase::Inconclusive | AnalysisPhase::Other(_) => ("?", Role::Unknown),
    }
}
