//! One metric on screen: what it is, and what its arms show.

use serde::{Deserialize, Serialize};

use super::{
    analysis::Limit,
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
    /// How long after a change of weight its numbers say nothing yet.
    #[serde(default)]
    pub warm_up: Seconds,
    /// What one event is worth, where that is known.
    #[serde(default)]
    pub worth: Option<Worth>,
    /// An event share that is too much whatever the other arm shows.
    #[serde(default)]
    pub cap: Option<Cap>,
    /// Values that somebody drew a line at; shown, and never part of a verdict.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// Those lines are all there is to it: a value beyond none of them is fine to whoever drew them.
    #[serde(default)]
    pub all_lines: bool,
    /// Written behind values.
    pub unit: Clean,
    /// Values are shown per this many exposures: 1000 for "orders per 1,000 checkouts".
    pub per: f64,
    /// Which file, cluster object or built-in it comes from, for `?` and errors.
    pub origin: Clean,
}

impl PanelSpec {
    /// With what is usual: 10 % tolerance, per cent, not critical, for every target, no source yet.
    #[must_use]
    pub fn new(name: impl Into<Clean>, kind: PanelKind, better: Better) -> Self {
        Self {
            name: name.into(),
            targets: TargetPattern(Vec::new()),
            source: Name::default(),
            kind,
            better,
            tolerance: 0.1,
            critical: false,
            business: false,
            group: None,
            lag: Seconds(0.0),
            warm_up: Seconds(0.0),
            worth: None,
            cap: None,
            limits: Vec::new(),
            all_lines: false,
            unit: "%".into(),
            per: 100.0,
            origin: Clean::default(),
        }
    }
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

/// What one event is worth in money, for the price of a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// Per event, in units of the currency.
    pub amount: f64,
    /// `EUR`, `$`.
    pub currency: Clean,
}

/// A share of events per exposure that may not be passed, once there are enough exposures to say so.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cap {
    /// Events per exposure, as a fraction: 0.02 is 2 %.
    pub share: f64,
    /// It says nothing on fewer exposures than these.
    pub exposures: f64,
}

/// What a panel computes.
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
    /// Events in each arm against its share of the traffic, where nothing counts exposures. The query gives
    /// counters, one series per instance.
    Rate { events: String, by: Clean },
    /// The share of requests slower than a bucket's bound. Both queries give counters, one series per instance.
    Latency {
        /// Requests that took at most the bound.
        within: String,
        requests: String,
        by: Clean,
    },
    /// A gauge, one series per instance, averaged over an arm. It carries no counts: weak evidence, never critical.
    Value { query: String, by: Clean },
    /// A gauge of something that both arms use, one series; compared with the hour before the release.
    Shared { query: String },
    /// What the backend's own analysis asks for, one series. Its limits are the analysis's; it is no evidence of ours.
    Analysis { query: String },
}

impl PanelKind {
    /// The word in configuration and JSON.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ratio { .. } => "ratio",
            Self::Rate { .. } => "rate",
            Self::Latency { .. } => "latency",
            Self::Value { .. } => "value",
            Self::Shared { .. } => "shared",
            Self::Analysis { .. } => "analysis",
        }
    }

    /// What it asks, in the order in which answers are read, and the label that names the instance of a series;
    /// none where exactly one series is wanted.
    #[must_use]
    pub fn queries(&self) -> Vec<(&str, Option<&Clean>)> {
        match self {
            Self::Ratio { events, exposures, by } => vec![(events, Some(by)), (exposures, Some(by))],
            Self::Latency { within, requests, by } => vec![(within, Some(by)), (requests, Some(by))],
            Self::Rate { events: query, by } | Self::Value { query, by } => vec![(query, Some(by))],
            Self::Shared { query } | Self::Analysis { query } => vec![(query, None)],
        }
    }

    /// Whether its answers count exposures, so that they show how traffic is split.
    #[must_use]
    pub const fn counts_exposures(&self) -> bool {
        match self {
            Self::Ratio { .. } | Self::Latency { .. } => true,
            Self::Rate { .. } | Self::Value { .. } | Self::Shared { .. } | Self::Analysis { .. } => false,
        }
    }

    /// Whether its events are compared with each arm's share of the traffic, because nothing counts exposures.
    #[must_use]
    pub const fn compares_shares(&self) -> bool {
        match self {
            Self::Rate { .. } => true,
            Self::Ratio { .. }
            | Self::Latency { .. }
            | Self::Value { .. }
            | Self::Shared { .. }
            | Self::Analysis { .. } => false,
        }
    }

    /// Whether its numbers are counts of two arms, so that they can be judged.
    #[must_use]
    pub const fn has_counts(&self) -> bool {
        match self {
            Self::Ratio { .. } | Self::Rate { .. } | Self::Latency { .. } => true,
            Self::Value { .. } | Self::Shared { .. } | Self::Analysis { .. } => false,
        }
    }
}

/// A panel that travels with the release: an object of its cluster or its own analysis declares it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Declared {
    /// The source it names; none leaves the choice to the only one there is.
    Panel { spec: Box<PanelSpec>, source: Option<Name> },
    /// It cannot be used: where it stands, and why.
    Wrong { origin: Clean, why: Clean },
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Baseline,
    Canary,
}

impl Side {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Canary => "canary",
        }
    }
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
