//! One metric on screen: what it is, and what its arms show.

use serde::{Deserialize, Serialize};

use super::{
    clean::{Clean, Name},
    time::Seconds,
};

/// A panel as it was configured; queries still carry their `{{…}}` places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PanelSpec {
    pub name: Clean,
    /// Which targets it belongs to.
    pub targets: TargetPattern,
    /// The metrics source it asks.
    pub source: Name,
    pub kind: PanelKind,
    pub better: Better,
    /// Relative change that is still fine, as a fraction: 0.1 is 10 %.
    pub tolerance: f64,
    pub critical: bool,
    /// Counts what customers came for, not how machines feel.
    pub business: bool,
    pub group: Option<Clean>,
    /// How long after an exposure its event may still come.
    pub lag: Seconds,
    /// Written behind values.
    pub unit: Clean,
    /// Values are shown per this many exposures: 1000 for "orders per 1,000 checkouts".
    pub per: f64,
    /// Which file, cluster object or built-in it comes from, for `?` and errors.
    pub origin: Clean,
}

/// Which targets a panel belongs to: segments from the name backwards, `*` for any one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetPattern(pub Vec<String>);

impl TargetPattern {
    #[must_use]
    pub fn matches(&self, target: &super::target::Target) -> bool {
        let full: Vec<&Name> = std::iter::once(&target.source).chain(&target.path).collect();
        self.0.len() <= full.len()
            && self.0.iter().rev().zip(full.into_iter().rev()).all(|(want, is)| want == "*" || want == is.raw())
    }
}

/// What a panel computes. Further kinds join with the judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PanelKind {
    /// Events per exposure in each arm. Both queries give counters, one series per instance.
    Ratio {
        events: String,
        exposures: String,
        /// The label that names the instance.
        by: Clean,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    Higher,
    Lower,
}

/// The two sides of a comparison, by the hash that identifies each revision over the wire and the names
/// of their instances: an instance belongs to an arm when its name starts with one of the arm's prefixes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arms {
    pub baseline: Arm,
    /// None while only one revision runs.
    pub canary: Option<Arm>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    pub hash: Name,
    pub instance_prefix: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Baseline,
    Canary,
}

impl Arms {
    /// The arm an instance belongs to, if any.
    #[must_use]
    pub fn side_of(&self, instance: &Name) -> Option<Side> {
        let belongs = |arm: &Arm| instance.raw().starts_with(arm.instance_prefix.raw());
        match &self.canary {
            Some(canary) if belongs(canary) => Some(Side::Canary),
            _ if belongs(&self.baseline) => Some(Side::Baseline),
            Some(_) | None => None,
        }
    }
}

/// What stands in place of numbers when a panel has none to trust.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelTrouble {
    /// Nothing was asked yet, or the first answer is on its way.
    Waiting,
    NoData,
    Partial(Clean),
    /// The newest sample is this old.
    Stale(Seconds),
    Error(Clean),
    NotFinite,
}
