//! What travels with a release: its panels, and its analysis with the queries that the real controller asks.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use flightdeck::{
    backend::kubernetes,
    config::source::KubernetesConfig,
    domain::{
        analysis::{AnalysisPhase, BadSide, Check, Limit, LimitMeans},
        panel::Declared,
        release::Release,
        standing::Outcome,
        target::Target,
        update::{Scope, Update},
    },
};
use futures::StreamExt;
use kube::{Api, api::ListParams};
use serde_json::Value;
use tokio::time::timeout;

use crate::harness::Lab;

const PATIENCE: Duration = Duration::from_secs(90);

/// The opened release as this user sees it, as soon as it is as wanted.
fn opened(lab: &Lab, user: &str, name: &str, what: &str, wanted: impl Fn(&Release) -> bool) -> Arc<Release> {
    let config = KubernetesConfig { kubeconfig: Some(lab.kubeconfig(user)), context: None };
    let target = Target { source: "lab".into(), kind: "rollout".into(), path: vec!["shop".into(), name.into()] };
    lab.run(async {
        let clock: kubernetes::Clock = Arc::new(chrono::Utc::now);
        let backend = kubernetes::connect("lab".into(), config, clock, Arc::new(|_line| {})).await.unwrap();
        let mut news = backend.watch(Scope::Release(target));
        let mut seen = None;
        let look = async {
            while let Some(update) = news.next().await {
                let release = match update {
                    Update::Snapshot(releases) => releases.into_iter().next(),
                    Update::Changed(release) => Some(release),
                    _ => None,
                };
                seen = release.or(seen.take());
                if let Some(release) = seen.as_ref().filter(|release| wanted(release)) {
                    return Arc::clone(release);
                }
            }
            panic!("the watch ended");
        };
        let found = timeout(PATIENCE, look).await;
        found.unwrap_or_else(|_elapsed| panic!("waited {PATIENCE:?} for {what} as {user}; it is {seen:#?}"))
    })
}

fn check<'a>(release: &'a Release, name: &str) -> &'a Check {
    release.checks.iter().find(|check| check.name.as_str() == name).unwrap()
}

/// The queries that the controller asked, by metric, from its newest run.
fn asked(lab: &Lab) -> BTreeMap<String, String> {
    let runs = lab.api("argoproj.io", "v1alpha1", "AnalysisRun");
    let runs = lab.run(runs.list(&ListParams::default().labels("app=basket"))).unwrap().items;
    let newest = runs.into_iter().max_by_key(|run| run.metadata.creation_timestamp.clone()).unwrap();
    let run = serde_json::to_value(newest).unwrap();
    let results = run["status"]["metricResults"].as_array().cloned().unwrap_or_default();
    let query = |result: &Value| {
        let query = result["metadata"]["ResolvedPrometheusQuery"].as_str()?;
        Some((result["name"].as_str()?.to_owned(), query.to_owned()))
    };
    results.iter().filter_map(query).collect()
}

#[test]
fn panels_and_checks_are_seen_as_the_controller_sees_them() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("basket");
    let at_rest = opened(&lab, "operator", "basket", "three checks", |release| release.checks.len() == 3);
    assert!(at_rest.checks.iter().all(|check| check.phase.is_none()), "nothing has run yet");

    let panels: Vec<(String, String)> = at_rest
        .declared
        .iter()
        .map(|declared| match declared {
            Declared::Panel { spec, .. } => (spec.name.to_string(), spec.origin.to_string()),
            Declared::Wrong { origin, why } => (origin.to_string(), why.to_string()),
        })
        .collect();
    let expected = [
        ("db connections in use", "configmap shop/basket-panels: panels.toml"),
        ("requests", "rollout shop/basket: flightdeck/panels"),
        (
            "configmap shop/basket-panels: panels.toml:11",
            "`panels[2].kind`: `ratoi` is not known here; did you mean `ratio`?",
        ),
    ];
    assert_eq!(panels, expected.map(|(first, second)| (first.to_owned(), second.to_owned())));

    let ratio = check(&at_rest, "error-ratio");
    assert_eq!((ratio.count, ratio.failure_limit, ratio.dry_run), (Some(3), Some(1), false));
    let line = |at, means| Limit { at, bad: BadSide::Above, inclusive: true, means };
    assert_eq!(ratio.limits, [line(0.5, LimitMeans::NotSuccess), line(0.9, LimitMeans::Failure)]);
    assert!(check(&at_rest, "requests").dry_run);
    let secret = check(&at_rest, "behind-a-token");
    assert_eq!((&secret.query, secret.unresolved.as_deref()), (&None, Some("argument `token` is a secret")));
    let standing = at_rest.standing(|check| (check.name.as_str() == "error-ratio").then_some(0.01)).unwrap();
    assert_eq!(standing.reading(), "its analysis (step 2) reads error-ratio and behind-a-token only");
    assert_eq!(standing.now, Outcome::Unknown, "nobody here knows what stands behind the token");
    assert!(standing.cautions.iter().any(|said| said.as_str() == "`behind-a-token` passes on NaN"));

    lab.set_image("basket", "shop/basket:v2");
    let done = opened(&lab, "operator", "basket", "a finished analysis", |release| {
        release.checks.len() == 3
            && release.checks.iter().all(|check| check.phase == Some(AnalysisPhase::Successful))
            && release.waits_for_person()
    });
    let asked = asked(&lab);
    assert_eq!(asked.keys().map(String::as_str).collect::<Vec<_>>(), ["behind-a-token", "error-ratio", "requests"]);
    for name in ["error-ratio", "requests"] {
        assert_eq!(check(&done, name).query.as_ref(), asked.get(name), "what the controller asked");
    }
    let measured = &check(&done, "error-ratio").measured;
    assert_eq!(measured.iter().map(|value| value.number).collect::<Vec<_>>(), [Some(0.0); 3]);
    let told = serde_json::to_string(&*done).unwrap();
    assert!(!told.contains("s3cr3t-of-the-lab"), "the secret stays where it is");

    // A panel that is taken away is gone, without anybody asking again.
    let maps: Api<k8s_openapi::api::core::v1::ConfigMap> = Api::namespaced(lab.client("admin"), "shop");
    lab.run(maps.delete("basket-panels", &kube::api::DeleteParams::default())).unwrap();
    opened(&lab, "operator", "basket", "only its own panel", |release| release.declared.len() == 1);
}

#[test]
fn who_may_not_see_templates_is_told_so_and_loses_nothing_else() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("basket");
    let missing = |release: &Release, part: &str| release.missing.iter().any(|why| why.starts_with(part));
    let narrow = opened(&lab, "narrow", "basket", "what is missing", |release| {
        missing(release, "configmaps:") && missing(release, "analysistemplates:")
    });
    assert_eq!(narrow.checks, []);
    assert!(
        narrow.missing.iter().any(|why| why.as_str() == "configmaps: `narrow` may not list configmaps in `shop`"),
        "{:?}",
        narrow.missing
    );
    let own: Vec<bool> = narrow.declared.iter().map(|it| matches!(it, Declared::Panel { .. })).collect();
    assert_eq!(own, [true], "the annotation is part of the Rollout itself");
}
