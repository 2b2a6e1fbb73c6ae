//! The Rollout: what it asks for and what its controller says of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, de::IgnoredAny};

use super::{Condition, ExperimentAnalysis, IntOrText, Meta, RolloutAnalysis, Rule, null_is_empty};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Rollout {
    pub metadata: Meta,
    pub spec: RolloutSpec,
    pub status: RolloutStatus,
    /// Fields that its analyses take as arguments, by their paths; only of a `Detailed` one.
    #[serde(skip)]
    pub named: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutSpec {
    pub replicas: Option<i64>,
    /// Held by hand; absent is another thing than false to a request that tests it.
    pub paused: Option<bool>,
    pub restart_at: Option<DateTime<Utc>>,
    pub progress_deadline_seconds: Option<i64>,
    pub selector: Selector,
    pub workload_ref: Option<WorkloadRef>,
    pub rollback_window: Option<RollbackWindow>,
    pub strategy: StrategySpec,
    pub template: ImagesOnly,
}

impl RolloutSpec {
    #[must_use]
    pub fn replicas(&self) -> u32 {
        self.replicas.map_or(1, |n| u32::try_from(n).unwrap_or_default())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    #[serde(deserialize_with = "null_is_empty")]
    pub match_labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_empty")]
    pub match_expressions: Vec<SelectorExpression>,
}

impl Selector {
    /// As a label selector over the wire.
    #[must_use]
    pub fn as_query(&self) -> String {
        let labels = self.match_labels.iter().map(|(key, value)| format!("{key}={value}"));
        let expressions = self.match_expressions.iter().map(|e| match e.operator.as_str() {
            "In" => format!("{} in ({})", e.key, e.values.join(",")),
            "NotIn" => format!("{} notin ({})", e.key, e.values.join(",")),
            "DoesNotExist" => format!("!{}", e.key),
            _ => e.key.clone(),
        });
        labels.chain(expressions).collect::<Vec<_>>().join(",")
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SelectorExpression {
    pub key: String,
    pub operator: String,
    #[serde(deserialize_with = "null_is_empty")]
    pub values: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct WorkloadRef {
    pub kind: String,
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RollbackWindow {
    pub revisions: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StrategySpec {
    pub canary: Option<Canary>,
    pub blue_green: Option<BlueGreen>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Canary {
    #[serde(deserialize_with = "null_is_empty")]
    pub steps: Vec<CanaryStep>,
    pub traffic_routing: Option<TrafficRouting>,
    pub dynamic_stable_scale: bool,
    pub ping_pong: Option<Unread>,
    /// An analysis that runs beside all steps.
    pub analysis: Option<RolloutAnalysis>,
    pub anti_affinity: Option<Unread>,
}

impl Canary {
    /// The weight that means all traffic, 100 unless the router counts finer.
    #[must_use]
    fn max_weight(&self) -> i64 {
        self.traffic_routing.as_ref().and_then(|r| r.max_traffic_weight).filter(|max| *max > 0).unwrap_or(100)
    }

    /// A weight as a percentage of all traffic.
    #[must_use]
    pub fn percent(&self, weight: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "weights are small")]
        let (weight, max) = (weight as f64, self.max_weight() as f64);
        weight * 100.0 / max
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlueGreen {
    pub auto_promotion_enabled: Option<bool>,
    pub auto_promotion_seconds: Option<i64>,
    pub pre_promotion_analysis: Option<RolloutAnalysis>,
    pub post_promotion_analysis: Option<RolloutAnalysis>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrafficRouting {
    pub max_traffic_weight: Option<i64>,
    #[serde(deserialize_with = "null_is_empty")]
    pub plugins: BTreeMap<String, Unread>,
    /// The routers by name, and `managedRoutes`.
    #[serde(flatten)]
    pub routers: BTreeMap<String, Unread>,
}

/// Something whose presence is all that matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "IgnoredAny")]
pub struct Unread {
    present: bool,
}

impl From<IgnoredAny> for Unread {
    fn from(_: IgnoredAny) -> Self {
        Self { present: true }
    }
}

/// One step; exactly one of its fields is set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CanaryStep {
    pub set_weight: Option<i64>,
    pub pause: Option<PauseStep>,
    pub analysis: Option<RolloutAnalysis>,
    pub experiment: Option<ExperimentStep>,
    pub set_canary_scale: Option<CanaryScale>,
    pub set_header_route: Option<NamedStep>,
    pub set_mirror_route: Option<NamedStep>,
    pub plugin: Option<NamedStep>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PauseStep {
    /// Seconds as a number, or a text like `1m30s`; none waits for a person.
    pub duration: Option<IntOrText>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExperimentStep {
    pub duration: Option<IntOrText>,
    #[serde(deserialize_with = "null_is_empty")]
    pub analyses: Vec<ExperimentAnalysis>,
    #[serde(deserialize_with = "null_is_empty")]
    pub dry_run: Vec<Rule>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CanaryScale {
    pub weight: Option<i64>,
    pub replicas: Option<i64>,
    pub match_traffic_weight: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NamedStep {
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ImagesOnly {
    pub spec: ImagesSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ImagesSpec {
    #[serde(deserialize_with = "null_is_empty")]
    pub containers: Vec<Image>,
}

/// A container's name and image.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Image {
    pub name: String,
    pub image: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutStatus {
    pub phase: String,
    pub message: String,
    /// A number as text; of old controllers something else.
    pub observed_generation: String,
    pub workload_observed_generation: String,
    pub abort: Option<bool>,
    pub aborted_at: Option<DateTime<Utc>>,
    pub promote_full: Option<bool>,
    pub controller_pause: bool,
    #[serde(deserialize_with = "null_is_empty")]
    pub pause_conditions: Vec<PauseCondition>,
    pub current_step_index: Option<i64>,
    pub current_step_hash: String,
    pub current_pod_hash: String,
    #[serde(rename = "stableRS")]
    pub stable_rs: String,
    pub restarted_at: Option<DateTime<Utc>>,
    pub replicas: i64,
    pub updated_replicas: i64,
    pub available_replicas: i64,
    #[serde(deserialize_with = "null_is_empty")]
    pub conditions: Vec<Condition>,
    #[serde(deserialize_with = "null_is_empty")]
    pub canary: CanaryStatus,
    #[serde(deserialize_with = "null_is_empty")]
    pub blue_green: BlueGreenStatus,
    /// Only newer controllers write it.
    pub duration: Option<RolloutDuration>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PauseCondition {
    pub reason: String,
    /// As the API spells it: a precondition has to match it to the letter.
    pub start_time: Option<String>,
}

impl PauseCondition {
    #[must_use]
    pub fn since(&self) -> Option<DateTime<Utc>> {
        self.start_time.as_deref()?.parse().ok()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CanaryStatus {
    pub weights: Option<Weights>,
    pub current_step_analysis_run_status: Option<AnalysisStatus>,
    /// Of the analysis that runs beside the steps.
    pub current_background_analysis_run_status: Option<AnalysisStatus>,
    pub current_experiment: String,
    pub stable_ping_pong: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AnalysisStatus {
    pub name: String,
    pub status: String,
    pub message: String,
}

/// What the controller told the router.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Weights {
    pub canary: WeightOf,
    pub stable: WeightOf,
    pub verified: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WeightOf {
    pub weight: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlueGreenStatus {
    pub pre_promotion_analysis_run_status: Option<AnalysisStatus>,
    pub post_promotion_analysis_run_status: Option<AnalysisStatus>,
    pub active_selector: String,
    pub preview_selector: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutDuration {
    pub rollout_started_at: Option<DateTime<Utc>>,
    /// Since when it is held by hand.
    pub manual_pause_started_at: Option<DateTime<Utc>>,
}

impl Rollout {
    /// Whether somebody holds it by hand.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.spec.paused == Some(true)
    }

    #[must_use]
    pub fn canary(&self) -> Option<&Canary> {
        self.spec.strategy.canary.as_ref()
    }

    /// The strategy's steps; none on blue-green.
    #[must_use]
    pub fn steps(&self) -> &[CanaryStep] {
        self.canary().map_or(&[], |canary| &canary.steps)
    }

    /// Every analysis that its strategy names, those of experiments aside.
    pub fn analyses(&self) -> impl Iterator<Item = &RolloutAnalysis> {
        let of_steps = self.steps().iter().filter_map(|step| step.analysis.as_ref());
        let beside = self.canary().and_then(|canary| canary.analysis.as_ref());
        let blue_green = self.spec.strategy.blue_green.as_ref();
        let before = blue_green.and_then(|strategy| strategy.pre_promotion_analysis.as_ref());
        let after = blue_green.and_then(|strategy| strategy.post_promotion_analysis.as_ref());
        of_steps.chain(beside).chain(before).chain(after)
    }

    /// How many steps the controller says are done; none without steps or before it said anything.
    #[must_use]
    pub fn step_index(&self) -> Option<usize> {
        let count = self.steps().len();
        let index = usize::try_from(self.status.current_step_index?).ok()?;
        (count > 0).then_some(index.min(count))
    }

    /// The step it is in.
    #[must_use]
    pub fn current_step(&self) -> Option<(usize, &CanaryStep)> {
        let index = self.step_index()?;
        self.steps().get(index).map(|step| (index, step))
    }

    /// The newest revision is the stable one: nothing is on its way.
    #[must_use]
    pub fn is_fully_promoted(&self) -> bool {
        self.status.stable_rs == self.status.current_pod_hash && !self.status.stable_rs.is_empty()
    }

    /// An abort was asked for, and the newest revision has not become the stable one all the same.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.status.abort == Some(true) && !self.is_fully_promoted()
    }

    /// A full promotion is on its way.
    #[must_use]
    pub fn is_promoting_fully(&self) -> bool {
        self.status.promote_full == Some(true) && !self.is_fully_promoted()
    }

    #[must_use]
    pub fn has_traffic_routing(&self) -> bool {
        self.canary().is_some_and(|canary| canary.traffic_routing.is_some())
    }

    /// Whether the status names this analysis as one of those that count now.
    #[must_use]
    pub fn is_analysed_by(&self, run: &str) -> bool {
        let (canary, blue_green) = (&self.status.canary, &self.status.blue_green);
        [
            &canary.current_step_analysis_run_status,
            &canary.current_background_analysis_run_status,
            &blue_green.pre_promotion_analysis_run_status,
            &blue_green.post_promotion_analysis_run_status,
        ]
        .into_iter()
        .flatten()
        .any(|status| status.name == run)
    }

    /// Whether the controller has seen the newest spec. Anything but a smaller number counts as seen.
    #[must_use]
    pub fn is_observed(&self) -> bool {
        self.status.observed_generation.parse::<i64>().map_or(true, |seen| seen >= self.metadata.generation)
    }

    /// The controller paused and its pause was ended, but it has not yet gone on.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.status.controller_pause && self.status.pause_conditions.is_empty()
    }
}
