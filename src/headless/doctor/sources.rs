//! What each source answers: whether it is there, as whom it knows us, what it lets us see and do.

use std::sync::Arc;

use futures::future::join_all;

use super::{Finding, Part};
use crate::{
    backend::kubernetes,
    config::{
        Loaded,
        prometheus::{Flavour, PrometheusConfig},
        source::{KubernetesConfig, SourceConfig},
    },
    core::settings::SourceSetting,
    domain::{clean::Name, failure::Failure, goal::Permission, time::Seconds},
    headless::connect::{announce, now},
    metrics::prometheus::{Probe, Prometheus},
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
                    let title = format!("{} {name}", config.flavour.word());
                    Part { title, findings: prometheus(config, clock).await }
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
    match probed {
        Ok(probe) => numbers(config, &probe),
        Err(failure) => vec![failed(&failure)],
    }
}

/// What a source of numbers says of itself.
fn numbers(config: &PrometheusConfig, probe: &Probe) -> Vec<Finding> {
    let name = probe.flavour.map_or("it does not say what it is", Flavour::name);
    let version = probe.version.as_deref().map_or_else(String::new, |version| format!(" {version}"));
    let mut findings = vec![Finding::good(format!("reached {}, {name}{version}", config.base()))];
    if let Some(found) = probe.flavour.filter(|found| *found != config.flavour) {
        let what = format!("it is {} and is configured as {}", found.name(), config.flavour.name());
        findings.push(Finding::look(what, format!("write `kind = \"{}\"` in its `[[sources]]`", found.word())));
    }
    if probe.held_back.0 > 0.0 {
        let what = format!("it holds its newest {} back, so verdicts come that much later", probe.held_back);
        let next = match config.latency_offset {
            Some(_) => "as `latency_offset` says; leave that out where numbers come in faster",
            None => "a newer VictoriaMetrics gives them when asked; with this one lower `-search.latencyOffset`",
        };
        findings.push(Finding::look(what, next));
    }
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

#[cfg(test)]
mod tests {
    use super::{super::Mark, *};

    fn probe() -> Probe {
        let (version, targets) = (Some("2.42.0".to_owned()), Some((3, 3)));
        Probe { flavour: Some(Flavour::Prometheus), version, skew: Some(0.0), held_back: Seconds(0.0), targets }
    }

    fn told(flavour: Flavour, probe: &Probe) -> Vec<(Mark, String)> {
        let config = PrometheusConfig { flavour, ..PrometheusConfig::at("http://prom:9090".to_owned()) };
        let line = |finding: Finding| {
            let next = finding.next.map(|next| format!("; {next}")).unwrap_or_default();
            (finding.mark, format!("{}{next}", finding.what))
        };
        numbers(&config, probe).into_iter().map(line).filter(|(mark, _)| *mark != Mark::Good).collect()
    }

    #[test]
    fn a_source_that_is_as_configured_has_nothing_to_look_at() {
        assert!(told(Flavour::Prometheus, &probe()).is_empty());
        // It may well be what was configured.
        assert!(told(Flavour::Mimir, &Probe { flavour: None, version: None, ..probe() }).is_empty());
    }

    #[test]
    fn whatever_is_not_as_it_should_be_is_told_with_the_next_step() {
        let off = Probe { skew: Some(-600.0), ..probe() };
        let silent = Probe { skew: None, targets: None, ..probe() };
        let old = Probe { flavour: Some(Flavour::VictoriaMetrics), held_back: Seconds(30.0), ..probe() };
        let thanos = Probe { flavour: Some(Flavour::Thanos), targets: Some((2, 3)), ..probe() };
        let cases = [
            (Flavour::Prometheus, off, vec!["its clock is 10m00s behind ours; set both clocks"]),
            (
                Flavour::Prometheus,
                silent,
                vec!["it does not tell its time; ", "it scrapes nothing under the name `up`; "],
            ),
            (
                Flavour::VictoriaMetrics,
                old,
                vec!["it holds its newest 30s back, so verdicts come that much later; a newer"],
            ),
            (
                Flavour::Prometheus,
                thanos,
                vec![
                    "it is Thanos and is configured as Prometheus; write `kind = \"thanos\"` in its `[[sources]]`",
                    "2 of 3 targets it scrapes are up; ",
                ],
            ),
        ];
        for (flavour, probe, expected) in cases {
            let told = told(flavour, &probe);
            assert_eq!(told.len(), expected.len(), "{told:?}");
            for ((mark, line), expected) in told.iter().zip(expected) {
                assert_eq!(*mark, Mark::Look);
                assert!(line.starts_with(expected), "{line}");
            }
        }
    }
}
