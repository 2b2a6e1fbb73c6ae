//! The configuration as it holds, written so that it could be a file again. Names where secrets are, never what they are.

use std::{fmt::Write as _, path::Path};

use toml::{Table, Value};

use super::{
    Loaded,
    access::{Access, ClientCertificate, HeaderFrom, Login, SecretFrom},
    source::SourceConfig,
    units,
};
use crate::{
    core::{
        command::COMMANDS,
        settings::{Environment, SourceSetting},
    },
    domain::{
        panel::{Better, PanelKind, PanelSpec},
        slo::Slo,
    },
};

/// TOML, with the files it came from and all notes as comments.
#[must_use]
pub fn show(loaded: &Loaded) -> String {
    let mut out = String::new();
    for file in &loaded.files {
        let _ = writeln!(out, "# read: {}", file.display());
    }
    for note in loaded.notes.iter().chain(&loaded.no_cluster) {
        let _ = writeln!(out, "# note: {note}");
    }
    let settings = &loaded.settings;
    line(&mut out, "theme", &loaded.theme.value);
    line(
        &mut out,
        "zone",
        if settings.zone.minutes_east == 0 && &*settings.zone.name == "UTC" { "utc" } else { "local" },
    );
    let _ = writeln!(out, "\n[policy]\nread_only = {}", settings.policy.read_only.is_some());
    line(&mut out, "armed_for", &settings.policy.armed_for.to_string());
    if !settings.keys.is_empty() {
        out.push_str("\n[keys]\n");
        for (command, keys) in &settings.keys {
            let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
            let name = COMMANDS.iter().find(|spec| spec.command == *command).map_or("", |spec| spec.name);
            let _ = writeln!(out, "{name} = {}", Value::from(keys));
        }
    }
    for (setting, (_, config)) in settings.sources.iter().zip(&loaded.sources) {
        source(&mut out, setting, config);
    }
    for spec in &settings.panels {
        panel(&mut out, spec);
    }
    for spec in &settings.slos {
        slo(&mut out, spec);
    }
    out
}

fn line(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key} = {}", Value::from(value));
}

fn source(out: &mut String, setting: &SourceSetting, config: &SourceConfig) {
    out.push_str("\n[[sources]]\n");
    line(out, "name", setting.name.raw());
    match setting.environment {
        Environment::Prod => line(out, "environment", "prod"),
        Environment::Staging => line(out, "environment", "staging"),
        Environment::Dev => line(out, "environment", "dev"),
        Environment::Unnamed => {}
    }
    let path = |out: &mut String, key: &str, path: &Option<std::path::PathBuf>| {
        if let Some(path) = path {
            line(out, key, &path.display().to_string());
        }
    };
    match config {
        SourceConfig::Kubernetes(config) => {
            line(out, "kind", "kubernetes");
            let names: Vec<_> = setting.folders.iter().map(|name| name.raw().to_owned()).collect();
            let _ = writeln!(out, "namespaces = {}", Value::from(names));
            path(out, "kubeconfig", &config.kubeconfig);
            if let Some(context) = &config.context {
                line(out, "context", context);
            }
        }
        SourceConfig::Prometheus(config) => {
            line(out, "kind", config.flavour.word());
            line(out, "url", &config.url);
            if let Some(tenant) = &config.tenant {
                line(out, "tenant", tenant);
            }
            access(out, &config.access);
            if let Some(interval) = config.scrape_interval {
                line(out, "scrape_interval", &units::written(interval));
            }
            let _ = writeln!(out, "queries_per_minute = {}", config.queries_per_minute);
            if let Some(offset) = config.latency_offset {
                line(out, "latency_offset", &units::written(offset));
            }
        }
    }
}

/// Where secrets are: the names of variables, files and commands.
fn access(out: &mut String, access: &Access) {
    let path = |path: &Path| Value::from(path.display().to_string());
    let mut put = |key: &str, value: Value| {
        let _ = writeln!(out, "{key} = {value}");
    };
    match &access.login {
        Login::None => {}
        Login::Token(from) => put("token", secret(from)),
        Login::Password { user, password } => {
            put("user", Value::from(user.as_str()));
            put("password", secret(password));
        }
    }
    if !access.headers.is_empty() {
        let value = |value: &HeaderFrom| match value {
            HeaderFrom::Text(text) => Value::from(text.as_str()),
            HeaderFrom::Secret(from) => secret(from),
        };
        put(
            "headers",
            Value::Table(access.headers.iter().map(|header| (header.name.clone(), value(&header.value))).collect()),
        );
    }
    if let Some(file) = &access.ca_file {
        put("ca_file", path(file));
    }
    if let Some(ClientCertificate { certificate, key }) = &access.certificate {
        put("client_cert_file", path(certificate));
        put("client_key_file", path(key));
    }
}

fn secret(from: &SecretFrom) -> Value {
    let mut table = Table::new();
    let (key, value) = match from {
        SecretFrom::Env(name) => ("env", Value::from(name.as_str())),
        SecretFrom::File(file) => ("file", Value::from(file.display().to_string())),
        SecretFrom::Command(command) => {
            table.insert("timeout".to_owned(), Value::from(units::written(command.timeout)));
            if let Some(keep) = command.keep {
                table.insert("keep".to_owned(), Value::from(units::written(keep)));
            }
            ("command", Value::from(command.argv.clone()))
        }
    };
    table.insert(key.to_owned(), value);
    Value::Table(table)
}

fn panel(out: &mut String, spec: &PanelSpec) {
    let _ = writeln!(out, "\n[[panels]]  # {}", spec.origin);
    line(out, "name", &spec.name);
    line(out, "kind", spec.kind.word());
    if !spec.targets.0.is_empty() {
        line(out, "targets", &spec.targets.0.join("/"));
    }
    line(out, "source", spec.source.raw());
    asked(out, &spec.kind);
    line(
        out,
        "better",
        match spec.better {
            Better::Higher => "higher",
            Better::Lower => "lower",
        },
    );
    let _ = writeln!(out, "tolerance = {}\ncritical = {}\nbusiness = {}", spec.tolerance, spec.critical, spec.business);
    if let Some(group) = &spec.group {
        line(out, "group", group);
    }
    line(out, "lag", &spec.lag.to_string());
    line(out, "warm_up", &spec.warm_up.to_string());
    if let Some(worth) = &spec.worth {
        let _ = writeln!(out, "worth = {}", worth.amount);
        line(out, "currency", &worth.currency);
    }
    if let Some(cap) = &spec.cap {
        let _ = writeln!(out, "cap = {}\ncap_exposures = {}", cap.share, cap.exposures);
    }
    line(out, "unit", &spec.unit);
    let _ = writeln!(out, "per = {}", spec.per);
}

fn slo(out: &mut String, spec: &Slo) {
    let _ = writeln!(out, "\n[[slos]]  # {}", spec.origin);
    line(out, "name", &spec.name);
    if !spec.targets.0.is_empty() {
        line(out, "targets", &spec.targets.0.join("/"));
    }
    line(out, "source", spec.source.raw());
    let _ = writeln!(out, "objective = {}", spec.objective);
    line(out, "period", &spec.period.to_string());
    line(out, "bad", &spec.bad);
    line(out, "total", &spec.total);
}

fn asked(out: &mut String, kind: &PanelKind) {
    match kind {
        PanelKind::Ratio { events, exposures, by } => {
            line(out, "events", events);
            line(out, "exposures", exposures);
            line(out, "by", by);
        }
        PanelKind::Rate { events, by } => {
            line(out, "events", events);
            line(out, "by", by);
        }
        PanelKind::Latency { within, requests, by } => {
            line(out, "within", within);
            line(out, "requests", requests);
            line(out, "by", by);
        }
        PanelKind::Value { query, by } => {
            line(out, "query", query);
            line(out, "by", by);
        }
        PanelKind::Shared { query } | PanelKind::Analysis { query } => line(out, "query", query),
    }
}
