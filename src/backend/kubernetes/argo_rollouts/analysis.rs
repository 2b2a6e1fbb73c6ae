//! The controller's own analyses of the newest revision.

use super::{
    Observed,
    objects::{AnalysisRun, Metric, MetricResult},
};
use crate::domain::analysis::{Analysis, AnalysisMetric, AnalysisPhase};

/// Runs that belong to the newest revision, newest first.
pub(super) fn analyses(observed: &Observed) -> Vec<Analysis> {
    runs(observed).into_iter().map(analysis).collect()
}

/// The same as objects.
pub(super) fn runs(observed: &Observed) -> Vec<&AnalysisRun> {
    let newest = observed.rollout.status.current_pod_hash.as_str();
    let mut runs: Vec<&AnalysisRun> = observed
        .analysis_runs
        .iter()
        .filter(|run| run.metadata.label(super::objects::HASH_LABEL).is_none_or(|hash| hash == newest))
        .collect();
    runs.sort_by(|a, b| {
        let key = |run: &AnalysisRun| run.metadata.creation_timestamp;
        key(b).cmp(&key(a)).then_with(|| a.metadata.name.cmp(&b.metadata.name))
    });
    runs
}

fn analysis(run: &AnalysisRun) -> Analysis {
    let sum = |count: fn(&MetricResult) -> u32| run.status.metric_results.iter().map(count).sum();
    Analysis {
        name: run.metadata.name.as_str().into(),
        phase: if run.status.phase.is_empty() { AnalysisPhase::Pending } else { run.status.phase.as_str().into() },
        message: run.status.message.as_str().into(),
        started_at: run.status.started_at.or(run.metadata.creation_timestamp),
        successful: sum(|m| m.successful),
        failed: sum(|m| m.failed),
        inconclusive: sum(|m| m.inconclusive),
        error: sum(|m| m.error),
        metrics: run.spec.metrics.iter().map(|metric| measured(run, metric)).collect(),
    }
}

fn measured(run: &AnalysisRun, metric: &Metric) -> AnalysisMetric {
    let result = run.status.metric_results.iter().find(|r| r.name == metric.name);
    let value = result.and_then(newest_value);
    AnalysisMetric {
        name: metric.name.as_str().into(),
        phase: result.map_or(AnalysisPhase::Pending, |r| r.phase.as_str().into()),
        value: value.map(Into::into),
        condition: condition(metric).map(Into::into),
    }
}

/// The newest value that was measured.
pub(super) fn newest_value(result: &MetricResult) -> Option<&str> {
    result.measurements.iter().rev().map(|m| m.value.as_str()).find(|value| !value.is_empty())
}

/// What a value must satisfy.
pub(super) fn condition(metric: &Metric) -> Option<String> {
    match (metric.success_condition.as_str(), metric.failure_condition.as_str()) {
        ("", "") => None,
        ("", bad) => Some(format!("not {bad}")),
        (good, _) => Some(good.to_owned()),
    }
}
