//! How each source is reached, as configured. Secrets are named here (a file, a variable, a command), never held.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    error::Spot,
    prometheus::{self, Flavour, PrometheusConfig},
    toml_file::Section,
};
use crate::core::settings::Environment;

/// One configured source. Adding a kind of source adds one variant here and one line in `connect()`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "a handful of them, read once")]
pub enum SourceConfig {
    Kubernetes(KubernetesConfig),
    Prometheus(PrometheusConfig),
}

/// A cluster. Without a kubeconfig the usual places are tried: `KUBECONFIG`, `~/.kube/config`, in-cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesConfig {
    pub kubeconfig: Option<PathBuf>,
    /// The current context if none.
    pub context: Option<String>,
}

/// A source of some layer, with what only the screen needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceEntry {
    pub name: String,
    pub environment: Environment,
    pub namespaces: Vec<String>,
    pub config: SourceConfig,
    pub spot: Spot,
}

const ENVIRONMENTS: &[(&str, Environment)] =
    &[("prod", Environment::Prod), ("staging", Environment::Staging), ("dev", Environment::Dev)];

#[derive(Clone, Copy)]
enum Kind {
    Kubernetes,
    Prometheus(Flavour),
}

/// Reads one `[[sources]]`; none when anything that matters is wrong, which the section has noted.
pub fn read(section: Section<'_>, home: Option<&Path>) -> Option<SourceEntry> {
    let name = section.needed("name", "\"prod-eu\"");
    if let Some(why) = name.as_deref().and_then(wrong_name) {
        section.wrong("name", why, None);
    }
    let mut kinds = vec![("kubernetes", Kind::Kubernetes)];
    kinds.extend(Flavour::ALL.map(|flavour| (flavour.word(), Kind::Prometheus(flavour))));
    let Some(kind) = section.choice("kind", &kinds) else {
        if !section.has("kind") {
            section.wrong("kind", "is missing", "write `kind = \"kubernetes\"` or `kind = \"prometheus\"`".to_owned());
        }
        return None;
    };
    let environment = section.choice("environment", ENVIRONMENTS).unwrap_or_default();
    let spot = section.spot("name");
    let (namespaces, config) = match kind {
        Kind::Kubernetes => {
            let kubeconfig = section.path("kubeconfig", home);
            let context = section.text("context");
            let namespaces = section.texts("namespaces").unwrap_or_default();
            (namespaces, SourceConfig::Kubernetes(KubernetesConfig { kubeconfig, context }))
        }
        Kind::Prometheus(flavour) => (Vec::new(), SourceConfig::Prometheus(prometheus::read(&section, flavour, home)?)),
    };
    section.finish();
    Some(SourceEntry { name: name?, environment, namespaces, config, spot })
}

/// Why this cannot be a source's name: it stands in targets, `source/namespace/name`.
fn wrong_name(name: &str) -> Option<String> {
    name.chars()
        .find(|c| *c == '/' || c.is_whitespace() || c.is_control())
        .map(|c| format!("a source's name stands in targets and cannot hold `{}`", c.escape_default()))
}

/// Why this cannot be the address of a source, and what to do.
#[must_use]
pub fn wrong_url(url: &str) -> Option<(String, &'static str)> {
    const EXAMPLE: &str = "write it like `https://prometheus.example:9090`";
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let Some(rest) = rest else { return Some(("expected an address with http or https".to_owned(), EXAMPLE)) };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        let what = "an address cannot hold a user or a password".to_owned();
        return Some((what, "name them in `user` and `password`, or a token in `token`"));
    }
    if authority.is_empty() || authority.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some(("the address names no host".to_owned(), EXAMPLE));
    }
    if rest.contains(['?', '#']) {
        let what = "an address of a source ends with its path".to_owned();
        return Some((what, "leave out everything from `?` or `#` on"));
    }
    None
}
