//! What the backend's own analysis says of the release, line by line: beside our numbers, never merged with them.

use super::state::Open;
use crate::domain::{
    analysis::{Analysis, AnalysisMetric, AnalysisPhase, Check},
    clean::Clean,
    condition::Sample,
    panel::PanelKind,
    release::Release,
    standing::{Outcome, Standing},
};

/// Runs, checks and cautions that are shown at most.
const RUNS: usize = 3;
const CHECKS: usize = 6;
const CAUTIONS: usize = 3;

/// A line of what the controller says.
#[derive(Clone, Debug, PartialEq)]
pub enum ControllerLine<'a> {
    /// What it reads, and what it would say now.
    Standing(Standing),
    /// A run of it.
    Run(&'a Analysis),
    /// What a run measured.
    Metric(&'a AnalysisMetric),
    /// What it measures by, the newest value that anybody has, and what that comes to.
    Check(&'a Check, Option<f64>, Outcome),
    /// Where its rules let trouble through.
    Caution(Clean),
}

impl ControllerLine<'_> {
    /// Whether it stays where there is little room.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Standing(_) => true,
            Self::Run(run) => match run.phase {
                AnalysisPhase::Running | AnalysisPhase::Pending | AnalysisPhase::Successful => false,
                AnalysisPhase::Failed
                | AnalysisPhase::Error
                | AnalysisPhase::Inconclusive
                | AnalysisPhase::Other(_) => true,
            },
            Self::Check(_, _, outcome) => *outcome == Outcome::Fail,
            Self::Metric(_) | Self::Caution(_) => false,
        }
    }
}

/// What it reads and would say now; none where it has nothing to measure by.
#[must_use]
pub fn standing(open: &Open) -> Option<Standing> {
    open.release.as_ref()?.standing(|check| newest(open, check))
}

/// Everything that is shown of it: what it would say, its runs, what it measures, its traps.
#[must_use]
pub fn lines(open: &Open) -> Vec<ControllerLine<'_>> {
    let Some(release) = open.release.as_deref() else { return Vec::new() };
    let mut lines = Vec::new();
    let Some(standing) = standing(open) else {
        for run in runs(release) {
            lines.push(ControllerLine::Run(run));
            lines.extend(run.metrics.iter().map(ControllerLine::Metric));
        }
        return lines;
    };
    let cautions = standing.cautions.clone();
    lines.push(ControllerLine::Standing(standing));
    // One that has passed says no more than its measurements do.
    lines.extend(
        runs(release).into_iter().filter(|run| run.phase != AnalysisPhase::Successful).map(ControllerLine::Run),
    );
    lines.extend(release.checks.iter().take(CHECKS).map(|check| {
        let newest = newest(open, check);
        let outcome = newest.map_or(Outcome::Unknown, |value| check.outcome(Sample::Value(value)));
        ControllerLine::Check(check, newest, outcome)
    }));
    lines.extend(cautions.into_iter().take(CAUTIONS).map(ControllerLine::Caution));
    lines
}

/// Runs of the analysis that are shown, those under way first.
fn runs(release: &Release) -> Vec<&Analysis> {
    let mut shown: Vec<&Analysis> = release.analyses.iter().collect();
    shown.sort_by_key(|run| (run.phase != AnalysisPhase::Running, std::cmp::Reverse(run.started_at)));
    shown.truncate(RUNS);
    shown
}

/// The newest value of what a check asks, as our own source answers the same question.
#[must_use]
pub fn newest(open: &Open, check: &Check) -> Option<f64> {
    let same = |panel: &&super::state::Panel| {
        let asks = match &panel.spec.kind {
            PanelKind::Analysis { query } => Some(query),
            PanelKind::Ratio { .. }
            | PanelKind::Rate { .. }
            | PanelKind::Latency { .. }
            | PanelKind::Value { .. }
            | PanelKind::Shared { .. } => None,
        };
        // Templates may have checks of one name. What is read of the past is not what it would say now.
        asks.is_some()
            && asks == check.query.as_ref()
            && panel.spec.name == check.name
            && panel.trouble.is_none()
            && panel.history.is_none()
    };
    open.panels.iter().find(same).and_then(|panel| panel.points.last()).map(|point| point.value)
}
