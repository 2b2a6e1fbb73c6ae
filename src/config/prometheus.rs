//! `[[sources]]` of the kinds that answer Prometheus queries: which server it is, where, as whose data, how often.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{
    access::{self, Access},
    source::wrong_url,
    toml_file::Section,
};
use crate::domain::time::Seconds;

/// What speaks the query language, each with its own ways of saying "not all of it".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavour {
    #[default]
    Prometheus,
    Thanos,
    /// Cortex and Grafana's hosted metrics too.
    Mimir,
    VictoriaMetrics,
}

impl Flavour {
    pub const ALL: [Self; 4] = [Self::Prometheus, Self::Thanos, Self::Mimir, Self::VictoriaMetrics];

    /// As `kind` writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus",
            Self::Thanos => "thanos",
            Self::Mimir => "mimir",
            Self::VictoriaMetrics => "victoriametrics",
        }
    }

    /// As the header calls it.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Prometheus => "prom",
            Self::Thanos => "thanos",
            Self::Mimir => "mimir",
            Self::VictoriaMetrics => "vm",
        }
    }

    /// As its makers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prometheus => "Prometheus",
            Self::Thanos => "Thanos",
            Self::Mimir => "Mimir",
            Self::VictoriaMetrics => "VictoriaMetrics",
        }
    }

    /// The header that says whose data is meant, where a header does.
    #[must_use]
    pub const fn tenant_header(self) -> Option<&'static str> {
        match self {
            Self::Thanos => Some("THANOS-TENANT"),
            Self::Mimir => Some("X-Scope-OrgID"),
            Self::Prometheus | Self::VictoriaMetrics => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrometheusConfig {
    pub flavour: Flavour,
    /// Base address as it was written; see `base`.
    pub url: String,
    /// Whose data is asked for: `team`, with Mimir also `a|b`, with a VictoriaMetrics cluster `7` or `7:1`.
    pub tenant: Option<String>,
    pub access: Access,
    /// How far apart its samples are at most, where that is said; see `scrapes`.
    pub scrape_interval: Option<Seconds>,
    /// Queries it is asked at most within a minute.
    pub queries_per_minute: u32,
    /// How long VictoriaMetrics is to hold numbers back until all of them have come in; none for not at all,
    /// because no question asks for younger ones than two scrapes anyway.
    pub latency_offset: Option<Seconds>,
}

/// Thirty panels of two queries every ten seconds, and as much again for the board and a first look.
const QUERIES_PER_MINUTE: u32 = 600;
/// What Prometheus does where its configuration says nothing.
const DEFAULT_INTERVAL: Seconds = Seconds(60.0);

impl PrometheusConfig {
    /// How far apart its samples are at most; older ones do not stand in for missing ones. Prometheus's own default
    /// where nothing is said, so that nothing is called stale that is not.
    #[must_use]
    pub fn scrapes(&self) -> Seconds {
        self.scrape_interval.unwrap_or(DEFAULT_INTERVAL)
    }

    /// The time between ticks: how often it scrapes, at least 10 s; none where nothing is said.
    #[must_use]
    pub fn tick(&self) -> Option<Seconds> {
        self.scrape_interval.map(|interval| Seconds(interval.0.ceil().max(10.0)))
    }

    #[must_use]
    pub fn at(url: String) -> Self {
        Self {
            flavour: Flavour::Prometheus,
            url,
            tenant: None,
            access: Access::default(),
            scrape_interval: None,
            queries_per_minute: QUERIES_PER_MINUTE,
            latency_offset: None,
        }
    }

    /// The address that `/api/v1/query_range` is appended to. Where Mimir's or a VictoriaMetrics tenant's part of
    /// the path was left out, it is what their documentation says.
    #[must_use]
    pub fn base(&self) -> String {
        let url = self.url.trim_end_matches('/');
        let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
        match (self.flavour, path, &self.tenant) {
            (Flavour::Mimir, None, _) => format!("{url}/prometheus"),
            (Flavour::VictoriaMetrics, _, Some(tenant)) => format!("{url}/select/{tenant}/prometheus"),
            (Flavour::Prometheus | Flavour::Thanos | Flavour::Mimir | Flavour::VictoriaMetrics, _, _) => url.to_owned(),
        }
    }
}

/// Reads what such a source says of itself; none without an address.
pub fn read(section: &Section<'_>, flavour: Flavour, home: Option<&Path>) -> Option<PrometheusConfig> {
    let url = section.needed("url", "\"https://prometheus.example:9090\"");
    if let Some(why) = url.as_deref().and_then(wrong_url) {
        section.wrong("url", why.0, why.1.to_owned());
    }
    let tenant = section.text("tenant");
    if let Some((what, hint)) = tenant.as_deref().and_then(|tenant| wrong_tenant(flavour, tenant, url.as_deref())) {
        section.wrong("tenant", what, hint.to_owned());
    }
    let access = access::read(section, home);
    if let Some(header) = flavour.tenant_header()
        && tenant.is_some()
        && access.headers.iter().any(|other| other.name.eq_ignore_ascii_case(header))
    {
        section.wrong("headers", format!("`{header}` is written from `tenant`"), "keep one of them".to_owned());
    }
    let latency_offset = section.duration("latency_offset");
    if latency_offset.is_some() && flavour != Flavour::VictoriaMetrics {
        let hint = format!("leave it out, or write `kind = \"{}\"`", Flavour::VictoriaMetrics.word());
        section.wrong("latency_offset", format!("is nothing that {} knows", flavour.name()), hint);
    }
    let usual = PrometheusConfig::at(url?);
    Some(PrometheusConfig {
        flavour,
        tenant,
        access,
        scrape_interval: section.duration("scrape_interval"),
        queries_per_minute: section.whole("queries_per_minute").unwrap_or(usual.queries_per_minute),
        latency_offset,
        ..usual
    })
}

/// Why this cannot be a tenant, and what to do.
fn wrong_tenant(flavour: Flavour, tenant: &str, url: Option<&str>) -> Option<(String, &'static str)> {
    let fine = match flavour {
        Flavour::Prometheus => {
            let what = "is nothing that Prometheus knows".to_owned();
            return Some((what, "write `kind = \"mimir\"`, `\"thanos\"` or `\"victoriametrics\"`, or leave it out"));
        }
        Flavour::Thanos => is_tenant(tenant),
        Flavour::Mimir => tenant.split('|').all(is_tenant),
        Flavour::VictoriaMetrics => {
            if url.is_some_and(|url| url.contains("/select/")) {
                return Some(("stands in the address already".to_owned(), "leave it out here or there"));
            }
            let mut parts = tenant.split(':').map(|part| part.parse::<u32>().is_ok());
            (1..=2).contains(&tenant.split(':').count()) && parts.all(|is_number| is_number)
        }
    };
    if fine {
        return None;
    }
    let hint = match flavour {
        Flavour::Prometheus | Flavour::Thanos => "for example `tenant = \"team-a\"`",
        Flavour::Mimir => "for example `tenant = \"team-a\"`, or several as `\"team-a|team-b\"`",
        Flavour::VictoriaMetrics => "write the account's number, `\"7\"`, or with its project, `\"7:1\"`",
    };
    Some((format!("`{}` is no tenant of {}", tenant.escape_debug(), flavour.name()), hint))
}

/// The characters that Mimir allows, and Thanos too.
fn is_tenant(name: &str) -> bool {
    (1..=150).contains(&name.len())
        && name != "."
        && name != ".."
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "!-_.*'()".contains(c))
}
