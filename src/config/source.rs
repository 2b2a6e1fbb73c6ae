//! How each source is reached, as configured. Secrets are named here (a file, a variable, a command), never held.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One configured source. Adding a kind of source adds one variant here and one line in `connect()`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SourceConfig {
    Kubernetes(KubernetesConfig),
    Prometheus(PrometheusConfig),
    /// A simulated world; both a backend and a source of numbers.
    Demo(DemoConfig),
}

/// A cluster. Without a kubeconfig the usual places are tried: `KUBECONFIG`, `~/.kube/config`, in-cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesConfig {
    pub kubeconfig: Option<PathBuf>,
    /// The current context if none.
    pub context: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrometheusConfig {
    /// Base address; `/api/v1/query_range` is appended.
    pub url: String,
    /// A file with a bearer token.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// A PEM file with certificates to trust besides the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoConfig {
    pub scenario: String,
    pub seed: u64,
}
