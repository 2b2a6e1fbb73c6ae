//! A ConfigMap that carries panels: only its TOML documents are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::Meta;

/// The label that makes a ConfigMap carry panels, whatever its value; and the annotation of a Rollout that does.
pub const PANELS: &str = "flightdeck/panels";
/// How the keys of its documents end.
const DOCUMENT: &str = ".toml";

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ConfigMap {
    pub metadata: Meta,
    #[serde(deserialize_with = "only_documents")]
    pub data: BTreeMap<String, String>,
}

fn only_documents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    super::only(deserializer, |key| key.ends_with(DOCUMENT))
}
