//! The layers, once read, as one configuration.

use std::path::PathBuf;

use chrono::{Local, Offset, TimeZone};

use super::{
    Contexts, Inputs, Loaded, asking,
    error::{ConfigError, ConfigErrors, Spot},
    file::{FileLayer, NumbersLayer, ZoneChoice},
    given::{Given, Said, stricter},
    near,
    prometheus::PrometheusConfig,
    source::{KubernetesConfig, SourceConfig, SourceEntry, wrong_url},
};
use crate::{
    core::settings::{Environment, Policy, Role, Settings, SourceSetting, Zone},
    domain::clean::{Clean, Name},
};

/// The theme where nobody names one.
pub const DEFAULT_THEME: &str = "default";
/// The name of the source that `--prometheus` gives.
const PROMETHEUS: &str = "prometheus";
/// The name of the cluster this process runs in.
const IN_CLUSTER: &str = "in-cluster";

pub fn resolve(
    inputs: &Inputs<'_>,
    given: Given,
    user: FileLayer,
    project: NumbersLayer,
    files: Vec<PathBuf>,
    mut notes: Vec<String>,
) -> Result<Loaded, ConfigErrors> {
    let mut errors = Vec::new();
    let (sources, no_cluster) = sources(inputs, &given, user.sources, &mut errors);
    let in_file = user.read_only.map(|(value, spot)| Said::new(value, spot.to_string()));
    let read_only = stricter(in_file, given.read_only).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let (panels, slos) = asking::resolve(user.numbers, project, &sources, &mut errors, &mut notes);
    if !errors.is_empty() {
        return Err(ConfigErrors(errors));
    }
    let built_in = Settings::default();
    let zone = given.zone.map(|said| said.value).or(user.zone).unwrap_or_default();
    let settings = Settings {
        sources: settings_of(&sources),
        panels,
        slos,
        open: None,
        policy: Policy {
            read_only: read_only.filter(|said| said.value).map(|said| format!("{} says read-only", said.by).into()),
            armed_for: user.armed_for.unwrap_or(built_in.policy.armed_for),
        },
        keys: user.keys,
        zone: match zone {
            ZoneChoice::Utc => built_in.zone,
            ZoneChoice::Local => local(inputs),
        },
        ..built_in
    };
    Ok(Loaded {
        settings,
        sources: sources.into_iter().map(|entry| (entry.name.into(), entry.config)).collect(),
        theme: given
            .theme
            .map(|said| Said { by: format!("`{}`", said.by), ..said })
            .or(user.theme.map(|(name, spot)| Said::new(name, spot.to_string())))
            .unwrap_or_else(|| Said::new(DEFAULT_THEME.to_owned(), "built in")),
        notes,
        files,
        no_cluster,
    })
}

fn local(inputs: &Inputs<'_>) -> Zone {
    let offset = Local.offset_from_utc_datetime(&inputs.now.naive_utc()).fix();
    Zone { minutes_east: offset.local_minus_utc() / 60, name: format!("local {offset}").into() }
}

/// Clusters first, then the places that answer questions; and why there is no cluster, if so.
fn sources(
    inputs: &Inputs<'_>,
    given: &Given,
    configured: Vec<SourceEntry>,
    errors: &mut Vec<ConfigError>,
) -> (Vec<SourceEntry>, Option<String>) {
    for (place, entry) in configured.iter().enumerate() {
        if let Some(first) = configured.iter().take(place).find(|other| other.name == entry.name) {
            errors.push(ConfigError {
                spot: entry.spot.clone(),
                what: format!("there are two sources `{}`", entry.name),
                hint: Some(format!("the first is {}", first.spot)),
            });
        }
    }
    let (mut clusters, mut metrics): (Vec<_>, Vec<_>) =
        configured.into_iter().partition(|entry| matches!(entry.config, SourceConfig::Kubernetes(_)));
    let mut no_cluster = None;
    if given.context.is_some() || given.kubeconfig.is_some() || clusters.is_empty() {
        match cluster(inputs, given, &clusters) {
            Ok(entry) => clusters = vec![entry],
            Err(error) if given.context.is_some() || given.kubeconfig.is_some() => errors.push(error),
            Err(ConfigError { what, hint: Some(hint), .. }) => no_cluster = Some(format!("{what}; {hint}")),
            Err(ConfigError { what, .. }) => no_cluster = Some(what),
        }
    }
    if let Some(namespaces) = &given.namespaces {
        for entry in &mut clusters {
            entry.namespaces.clone_from(&namespaces.value);
        }
    }
    if let Some(said) = &given.prometheus {
        if let Some((what, hint)) = wrong_url(&said.value) {
            errors.push(ConfigError { spot: said.spot(), what, hint: Some(hint.to_owned()) });
        }
        metrics.retain(|entry| entry.name != PROMETHEUS);
        metrics.push(SourceEntry {
            name: PROMETHEUS.to_owned(),
            environment: Environment::Unnamed,
            namespaces: Vec::new(),
            config: SourceConfig::Prometheus(PrometheusConfig::at(said.value.clone())),
            spot: said.spot(),
        });
    }
    clusters.append(&mut metrics);
    (clusters, no_cluster)
}

/// The one cluster that was asked for, or that the kubeconfig calls current.
fn cluster(inputs: &Inputs<'_>, given: &Given, configured: &[SourceEntry]) -> Result<SourceEntry, ConfigError> {
    let kubeconfig = given.kubeconfig.as_ref().map(|said| said.value.clone());
    let known = |entry: &&SourceEntry| match (&entry.config, &given.context) {
        (SourceConfig::Kubernetes(config), Some(context)) => config.context.as_ref() == Some(&context.value),
        (SourceConfig::Kubernetes(_) | SourceConfig::Prometheus(_), _) => false,
    };
    if let (None, Some(entry)) = (&kubeconfig, configured.iter().find(known)) {
        return Ok(entry.clone());
    }
    let asked_by = given.kubeconfig.as_ref().map_or(Spot::Said("kubeconfig".to_owned()), Said::spot);
    let contexts = (inputs.contexts)(kubeconfig.as_deref()).map_err(|what| ConfigError {
        spot: asked_by.clone(),
        what,
        hint: None,
    })?;
    let (name, context, spot) = match (&given.context, &contexts.current) {
        (Some(said), _) => (said.value.clone(), Some(said.value.clone()), said.spot()),
        (None, Some(current)) => (current.clone(), Some(current.clone()), asked_by),
        (None, None) if contexts.in_cluster && kubeconfig.is_none() => (IN_CLUSTER.to_owned(), None, asked_by),
        (None, None) => return Err(no_current(&contexts, asked_by)),
    };
    if let Some(context) = &context
        && !contexts.names.contains(context)
    {
        let hint = if contexts.names.is_empty() {
            "it has no contexts at all".to_owned()
        } else {
            near::suggest(context, contexts.names.iter().map(String::as_str))
        };
        let what = format!("there is no context `{context}` in {}", contexts.from);
        return Err(ConfigError { spot, what, hint: Some(hint) });
    }
    Ok(SourceEntry {
        name: source_name(&name),
        environment: Environment::Unnamed,
        namespaces: Vec::new(),
        config: SourceConfig::Kubernetes(KubernetesConfig { kubeconfig, context }),
        spot,
    })
}

fn no_current(contexts: &Contexts, spot: Spot) -> ConfigError {
    if contexts.names.is_empty() {
        let what = format!("no cluster is configured: {} names no context", contexts.from);
        let hint = "log in to a cluster, give `--kubeconfig FILE`, or try `flightdeck demo`";
        return ConfigError { spot, what, hint: Some(hint.to_owned()) };
    }
    let names: Vec<_> = contexts.names.iter().take(8).map(|name| format!("`{name}`")).collect();
    let what = format!("{} has no current context", contexts.from);
    ConfigError { spot, what, hint: Some(format!("choose one with `--context`: {}", names.join(", "))) }
}

/// A context's name as a source's: targets are split at `/`, so only what follows the last one stays.
fn source_name(context: &str) -> String {
    let last = context.rsplit('/').find(|part| !part.is_empty()).unwrap_or(context);
    last.chars().map(|c| if c.is_whitespace() || c.is_control() { '-' } else { c }).collect()
}

fn settings_of(sources: &[SourceEntry]) -> Vec<SourceSetting> {
    let of_kind = |role: Role| sources.iter().filter(|entry| role_of(entry) == role).count();
    sources
        .iter()
        .map(|entry| {
            let short = match &entry.config {
                SourceConfig::Kubernetes(_) => "k8s",
                SourceConfig::Prometheus(config) => config.flavour.short(),
            };
            let alone = of_kind(role_of(entry)) == 1;
            SourceSetting {
                name: Name::new(entry.name.clone()),
                role: role_of(entry),
                environment: entry.environment,
                folders: entry.namespaces.iter().map(|name| Name::new(name.clone())).collect(),
                short: if alone { short.into() } else { Clean::new(&entry.name) },
                tick: match &entry.config {
                    SourceConfig::Kubernetes(_) => None,
                    SourceConfig::Prometheus(config) => config.tick(),
                },
            }
        })
        .collect()
}

pub(super) fn role_of(entry: &SourceEntry) -> Role {
    match entry.config {
        SourceConfig::Kubernetes(_) => Role::Backend,
        SourceConfig::Prometheus(_) => Role::Metrics,
    }
}
