//! What each source answers: whether it is there, as whom it knows us, what it lets us see and do.

use std::sync::Arc;

use futures::future::join_all;

use super::{Finding, Part};
use crate::{
    backend::kubernetes,
    config::{
        Loaded,
        prometheus::PrometheusConfig,
        source::{KubernetesConfig, SourceConfig},
    },
    core::settings::SourceSetting,
    domain::{clean::Name, failure::Failure, goal::Permission, time::Seconds},
    headless::connect::{announce, now},
    metrics::prometheus::Prometheus,
    runtime::clock::Clock,
};

/// A clock that is off by more than this makes old data look fresh.
const MUCH: f64 = 2.0;

/// Examines all sources at once.
pub async fn examine(loaded: &Loaded, clock: Clock) -> Vec<Part> {
    let mut parts: Vec<Part> =
        join_all(loaded.settings.sources.iter().zip(&loaded.sources).map(|(setting, (name, config))| async move {
            match config {
                SourceConfig::Kubernetes(config) => {
                    let findings = cluster(setting, config, clock).await;
                    Part { title: format!("cluster {name}"), findings }
                }
                SourceConfig::Prometheus(config) => {
                    Part { title: format!("prometheus {name}"), findings: prometheus(config, clock).await }
                }
            }
        }))
        .await;
    if let Some(why) = &loaded.no_cluster {
        let (what, next) = why.split_once("; ").unwrap_or((why, "give `--kubeconfig FILE`"));
        parts.insert(0, Part { title: "cluster".to_owned(), findings: vec![Finding::bad(what, next)] });
    }
    parts
}

async fn cluster(setting: &SourceSetting, config: &KubernetesConfig, clock: Clock) -> Vec<Finding> {
    let namespaces: Vec<Name> = setting.folders.clone();
    let examined = kubernetes::examine(setting.name.clone(), config.clone(), now(clock), announce(), namespaces).await;
    let examined = match examined {
        Ok(examined) => examined,
        Err(failure) => return vec![failed(&failure)],
    };
    let mut findings = vec![
        Finding::good(format!("reached {}, Kubernetes {}", examined.server, examined.version)),
        Finding::good(format!("as `{}`", examined.user)),
    ];
    for right in examined.rights {
        let place = right.namespace.map_or_else(|| "in all namespaces".to_owned(), |name| format!("in `{name}`"));
        findings.push(match right.permission {
            Permission::Yes => Finding::good(format!("may {} {place}", right.what)),
            Permission::No(_) if right.vital => Finding::bad(format!("may not {} {place}", right.what), right.removes),
            Permission::No(_) => Finding::look(format!("may not {} {place}", right.what), right.removes),
            Permission::Checking => {
                Finding::look(format!("whether it may {} {place} is not told", right.what), right.removes)
            }
        });
    }
    findings
}

async fn prometheus(config: &PrometheusConfig, clock: Clock) -> Vec<Finding> {
    let probed = match Prometheus::connect(config, Arc::new(move || clock.now())) {
        Ok(prometheus) => prometheus.probe().await,
        Err(failure) => Err(failure),
    };
    let probe = match probed {
        Ok(probe) => probe,
        Err(failure) => return vec![failed(&failure)],
    };
    let version = probe.version.map_or_else(|| "version not told".to_owned(), |version| format!("version {version}"));
    let mut findings = vec![Finding::good(format!("reached {}, {version}", config.url))];
    findings.push(match probe.skew {
        Some(skew) if skew.abs() > MUCH => {
            let (length, way) = (Seconds(skew.abs()), if skew > 0.0 { "ahead of" } else { "behind" });
            let next = "set both clocks; until then ages are told by the server's";
            Finding::look(format!("its clock is {length} {way} ours"), next)
        }
        Some(_) => Finding::good("its clock agrees with ours"),
        None => Finding::look("it does not tell its time", "see whether something between removes the `Date` header"),
    });
    findings.push(match probe.targets {
        Some((up, all)) if up == all => Finding::good(format!("all {all} targets it scrapes are up")),
        Some((up, all)) => {
            Finding::look(format!("{up} of {all} targets it scrapes are up"), "see its own page of targets")
        }
        None => Finding::look("it scrapes nothing under the name `up`", "see whether the numbers come another way"),
    });
    findings
}

fn failed(failure: &Failure) -> Finding {
    let next = failure.hint.clone().or_else(|| failure.detail.clone()).unwrap_or_else(|| "see its own log".into());
    Finding::bad(failure.summary.clone(), next)
}
