//! What was said on the command line or in the environment, with who said it.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    error::{ConfigError, Spot},
    file::{ZONES, ZoneChoice},
    near,
};

/// A value and the flag or variable it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    pub value: T,
    pub by: String,
}

impl<T> Said<T> {
    pub fn new(value: T, by: impl Into<String>) -> Self {
        Self { value, by: by.into() }
    }

    #[must_use]
    pub fn spot(&self) -> Spot {
        Spot::Said(self.by.clone())
    }
}

/// The layer above the files. Flags stand above the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    pub config: Option<Said<PathBuf>>,
    pub context: Option<Said<String>>,
    pub kubeconfig: Option<Said<PathBuf>>,
    pub namespaces: Option<Said<Vec<String>>>,
    pub prometheus: Option<Said<String>>,
    pub theme: Option<Said<String>>,
    pub read_only: Option<Said<bool>>,
    pub zone: Option<Said<ZoneChoice>>,
}

const PREFIX: &str = "FLIGHTDECK_";
const VARIABLES: &[&str] = &[
    "FLIGHTDECK_CONFIG",
    "FLIGHTDECK_CONTEXT",
    "FLIGHTDECK_KUBECONFIG",
    "FLIGHTDECK_LOG",
    "FLIGHTDECK_NAMESPACE",
    "FLIGHTDECK_PROMETHEUS",
    "FLIGHTDECK_READ_ONLY",
    "FLIGHTDECK_THEME",
    "FLIGHTDECK_ZONE",
];

impl Given {
    /// Reads the `FLIGHTDECK_*` variables. An empty one counts as not set. One that is not known, and near none
    /// that is, is noted and ignored: it may be of another version.
    ///
    /// # Errors
    /// Variables that were probably meant to be a known one, or whose value is none of the words they take.
    pub fn from_environment(
        variables: &BTreeMap<String, String>,
        notes: &mut Vec<String>,
    ) -> Result<Self, Vec<ConfigError>> {
        let mut wrong = Vec::new();
        let known = || VARIABLES.iter().filter_map(|name| name.strip_prefix(PREFIX));
        for (name, rest) in variables.keys().filter_map(|name| Some((name, name.strip_prefix(PREFIX)?))) {
            if known().any(|known| known == rest) {
                continue;
            }
            match near::nearest(rest, known()) {
                Some(meant) => wrong.push(ConfigError {
                    spot: Spot::Said(name.clone()),
                    what: "is not a known variable".to_owned(),
                    hint: Some(format!("did you mean `{PREFIX}{meant}`?")),
                }),
                None => notes.push(format!("`{name}` is not a variable of this version and was ignored")),
            }
        }
        let text = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        let said = |name: &str| text(name).map(|value| Said::new(value, name));
        let path = |name: &str| text(name).map(|value| Said::new(PathBuf::from(value), name));
        let mut choice = |name: &'static str, words: &[(&'static str, bool)]| {
            let value = text(name)?;
            let found = words.iter().find(|(word, _)| *word == value).map(|(_, meant)| Said::new(*meant, name));
            if found.is_none() {
                wrong.push(ConfigError {
                    spot: Spot::Said(name.to_owned()),
                    what: format!("`{value}` is not known here"),
                    hint: Some(near::suggest(&value, words.iter().map(|(word, _)| *word))),
                });
            }
            found
        };
        let read_only = choice("FLIGHTDECK_READ_ONLY", &[("1", true), ("true", true), ("0", false), ("false", false)]);
        let zones: Vec<_> = ZONES.iter().map(|(word, zone)| (*word, *zone == ZoneChoice::Local)).collect();
        let zone = choice("FLIGHTDECK_ZONE", &zones)
            .map(|said| Said { value: if said.value { ZoneChoice::Local } else { ZoneChoice::Utc }, by: said.by });
        let namespaces = said("FLIGHTDECK_NAMESPACE").map(|said| Said {
            value: said.value.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect(),
            by: said.by,
        });
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            config: path("FLIGHTDECK_CONFIG"),
            context: said("FLIGHTDECK_CONTEXT"),
            kubeconfig: path("FLIGHTDECK_KUBECONFIG"),
            namespaces,
            prometheus: said("FLIGHTDECK_PROMETHEUS"),
            theme: said("FLIGHTDECK_THEME"),
            read_only,
            zone,
        })
    }

    /// This layer over `below`. Read-only is the exception: whoever says it first, it stays.
    ///
    /// # Errors
    /// When this layer would lift what the one below forbids.
    pub fn over(self, below: Self) -> Result<Self, ConfigError> {
        Ok(Self {
            config: self.config.or(below.config),
            context: self.context.or(below.context),
            kubeconfig: self.kubeconfig.or(below.kubeconfig),
            namespaces: self.namespaces.or(below.namespaces),
            prometheus: self.prometheus.or(below.prometheus),
            theme: self.theme.or(below.theme),
            read_only: stricter(below.read_only, self.read_only)?,
            zone: self.zone.or(below.zone),
        })
    }
}

/// Policy can only be made stricter by a later layer.
///
/// # Errors
/// When `above` would lift what `below` asks for.
pub fn stricter(below: Option<Said<bool>>, above: Option<Said<bool>>) -> Result<Option<Said<bool>>, ConfigError> {
    match (below, above) {
        (Some(below), Some(above)) if below.value && !above.value => Err(ConfigError {
            spot: above.spot(),
            what: format!("cannot lift read-only, which {} asks for", below.by),
            hint: Some("a later layer can only be stricter; change it there".to_owned()),
        }),
        (Some(below), _) if below.value => Ok(Some(below)),
        (below, above) => Ok(above.or(below)),
    }
}
