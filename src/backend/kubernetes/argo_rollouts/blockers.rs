//! What keeps a Rollout from going on, most important first.

use super::{
    Observed, analysis, lengths,
    objects::{AnalysisRun, condition},
    pods, times,
};
use crate::domain::{analysis::AnalysisPhase, clean::Clean, time::Seconds};

/// Pods named one by one; the others are counted.
const NAMED_PODS: usize = 3;
const DEFAULT_DEADLINE: i64 = 600;

pub(super) fn blockers(observed: &Observed) -> Vec<Clean> {
    let rollout = &observed.rollout;
    let conditions = &rollout.status.conditions;
    let mut found: Vec<String> = Vec::new();
    if let Some(invalid) = condition(conditions, "InvalidSpec").filter(|c| c.status == "True") {
        found.push(format!("invalid spec: {}", invalid.message));
    }
    let moving = !rollout.is_fully_promoted();
    if moving {
        let runs = analysis::runs(observed).into_iter().filter(|run| blocks(observed, run));
        found.extend(runs.filter_map(failed_analysis));
    }
    if rollout.is_aborted()
        && let Some(aborted) = conditions.iter().find(|c| c.reason == "RolloutAborted")
    {
        found.push(lower_first(&aborted.message));
    }
    if conditions.iter().any(|c| c.reason == "ProgressDeadlineExceeded") {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a deadline")]
        let deadline = Seconds(rollout.spec.progress_deadline_seconds.unwrap_or(DEFAULT_DEADLINE) as f64);
        found.push(format!("no progress within the deadline of {}", lengths::short(deadline)));
    }
    for rs in &observed.replica_sets {
        if let Some(failure) = condition(&rs.status.conditions, "ReplicaFailure").filter(|c| c.status == "True") {
            found.push(format!("{} cannot make pods: {}", rs.metadata.name, failure.message));
        }
    }
    found.extend(unwell_pods(observed));
    found.into_iter().map(Clean::from).collect()
}

/// Whether an analysis belongs to this run through the steps; a retry leaves those of the run before it behind.
fn blocks(observed: &Observed, run: &AnalysisRun) -> bool {
    let rollout = &observed.rollout;
    if rollout.is_analysed_by(&run.metadata.name) {
        return true;
    }
    // As long as it goes on, the status names those of the Rollout itself; not those of an experiment.
    let is_its_own = run.metadata.label("rollout-type").is_some();
    if !rollout.is_aborted() && is_its_own {
        return false;
    }
    let made = run.metadata.creation_timestamp.and_then(|made| times::is_of_this_run(observed, made));
    made.unwrap_or_else(|| rollout.is_aborted())
}

/// "analysis x failed: success-ratio [0.8], must be `…`, 2 failed (limit 1)".
fn failed_analysis(run: &AnalysisRun) -> Option<String> {
    let phase = AnalysisPhase::from(run.status.phase.as_str());
    let word = match phase {
        AnalysisPhase::Failed => "failed",
        AnalysisPhase::Error => "could not measure",
        AnalysisPhase::Inconclusive => "is inconclusive",
        AnalysisPhase::Pending | AnalysisPhase::Running | AnalysisPhase::Successful | AnalysisPhase::Other(_) => {
            return None;
        }
    };
    let details: Vec<String> = run
        .status
        .metric_results
        .iter()
        .filter(|result| result.phase == run.status.phase && !result.dry_run)
        .map(|result| {
            let metric = run.spec.metrics.iter().find(|m| m.name == result.name);
            let value = analysis::newest_value(result).map_or_else(|| " no value".into(), |v| format!(" {v}"));
            let must = metric.and_then(analysis::condition).map(|c| format!(", must be `{c}`")).unwrap_or_default();
            let limit = metric.and_then(|m| m.failure_limit.as_ref()?.count()).unwrap_or(0);
            // Those of the run's own phase are left here.
            let count = match phase {
                AnalysisPhase::Failed => format!(", {} failed (limit {limit})", result.failed),
                AnalysisPhase::Inconclusive => format!(", {} inconclusive", result.inconclusive),
                _ => format!(", {} errors", result.error),
            };
            let said = result.measurements.iter().rev().map(|m| &m.message).find(|m| !m.is_empty());
            let said = said.or(Some(&result.message)).filter(|m| !m.is_empty()).map(|m| format!(": {m}"));
            format!("{}{value}{must}{count}{}", result.name, said.unwrap_or_default())
        })
        .collect();
    let details = if details.is_empty() { run.status.message.clone() } else { details.join("; ") };
    Some(format!("analysis {} {word}: {details}", run.metadata.name))
}

/// Pods of the newest revision that will not become ready by waiting.
fn unwell_pods(observed: &Observed) -> Vec<String> {
    /// Words of pods that start, run or leave as they should.
    const WELL: [&str; 7] =
        ["Running", "Pending", "ContainerCreating", "PodInitializing", "Completed", "Terminating", "Succeeded"];
    let Some(newest) = observed.replica_set(&observed.rollout.status.current_pod_hash) else { return Vec::new() };
    let arm = if observed.rollout.is_fully_promoted() { "pod" } else { "canary pod" };
    let of_set = observed.pods.iter().filter(|pod| pod.metadata.is_owned_by(&newest.metadata.uid));
    let unwell: Vec<String> = pods::pods(of_set)
        .into_iter()
        .filter(|pod| {
            let waits = pod.state.as_str() == "Pending" && pod.trouble.is_some();
            let starts = pod.state.starts_with("Init:") && pod.state.chars().any(|c| c == '/');
            !pod.ready && (waits || !(starts || WELL.contains(&pod.state.as_str())))
        })
        .map(|pod| {
            let restarts = if pod.restarts > 0 { format!(", {} restarts", pod.restarts) } else { String::new() };
            let why = pod.trouble.map(|why| format!(", {why}")).unwrap_or_default();
            format!("{arm} {}: {}{restarts}{why}", pod.name, pod.state)
        })
        .collect();
    let more = unwell.len().saturating_sub(NAMED_PODS);
    let mut named: Vec<String> = unwell.into_iter().take(NAMED_PODS).collect();
    if more > 0 {
        named.push(format!("{more} more of its pods are not well"));
    }
    named
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{fixture, seen};
    use super::*;

    /// A failed analysis of the newest revision, made at 20:35:40.
    fn with_failed(rollout: &str) -> Observed {
        let mut run: AnalysisRun = fixture("analysisrun-failed");
        let observed = seen(rollout);
        let hash = observed.rollout.status.current_pod_hash.clone();
        run.metadata.labels.insert("rollouts-pod-template-hash".into(), hash);
        Observed { analysis_runs: vec![run], ..observed }
    }

    fn blames_it(observed: &Observed) -> bool {
        blockers(observed).iter().any(|blocker| blocker.starts_with("analysis "))
    }

    fn aborted_at(observed: &mut Observed, at: &str) {
        let number = observed.rollout.metadata.revision().unwrap();
        let message = format!("Rollout aborted update to revision {number}");
        let event = json!({"reason": "RolloutAborted", "message": message, "lastTimestamp": at});
        observed.events.push(serde_json::from_value(event).unwrap());
    }

    #[test]
    fn an_analysis_of_the_run_before_a_retry_blocks_nothing() {
        let mut observed = with_failed("canary-analysis-running");
        assert!(!blames_it(&observed), "the status names another one");
        let name = observed.analysis_runs[0].metadata.name.clone();
        observed.rollout.status.canary.current_step_analysis_run_status.as_mut().unwrap().name = name;
        assert!(blames_it(&observed));
    }

    #[test]
    fn an_abort_is_blamed_on_an_analysis_of_its_own_run() {
        let mut observed = with_failed("canary-aborted-by-analysis");
        assert!(blames_it(&observed), "nothing tells of another run");
        aborted_at(&mut observed, "2026-11-20T20:35:43Z");
        assert!(blames_it(&observed), "this abort is that of its own run");
        // It ran again, and somebody else ended that.
        observed.rollout.status.aborted_at = "2026-11-20T20:40:00Z".parse().ok();
        aborted_at(&mut observed, "2026-11-20T20:40:00Z");
        assert!(!blames_it(&observed));
    }
}
