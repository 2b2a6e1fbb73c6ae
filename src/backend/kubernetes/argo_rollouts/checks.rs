//! What the controller judges a release by: the metrics of its AnalysisTemplates, as an AnalysisRun would get them.

use std::collections::BTreeSet;

use regex_lite::Regex;

use super::{
    Observed, analysis,
    arguments::Arguments,
    lengths,
    objects::{
        AnalysisRun, AnalysisTemplate, Argument, IntOrText, Measurement, Metric, MetricResult, Rollout,
        RolloutAnalysis, Rule, TemplateRef,
    },
    steps,
};
use crate::domain::{
    analysis::{AnalysisPhase, Check, Measured, Runs},
    clean::Clean,
    step::StepId,
};

/// Most templates that one analysis is followed through, and most checks of a release.
const MAX_TEMPLATES: usize = 64;
const MAX_CHECKS: usize = 200;
/// Measurements kept of a check, the newest.
const MAX_MEASURED: usize = 60;

/// Where a strategy has an analysis.
struct Place {
    runs: Runs,
    steps: Vec<StepId>,
    analysis: RolloutAnalysis,
    /// What the labels of its runs say: the type, and the step counted from 0.
    labels: (&'static str, Option<String>),
}

/// Every check, in the order of the steps, those beside them first.
pub(super) fn checks(observed: &Observed) -> Vec<Check> {
    let mut found: Vec<(Check, Option<&AnalysisRun>)> = Vec::new();
    for place in places(&observed.rollout) {
        for (check, run) in of_place(observed, &place) {
            // The same question at several steps is one check.
            let same = |(other, _): &(Check, Option<&AnalysisRun>)| {
                *other == Check { steps: other.steps.clone(), ..check.clone() }
            };
            let first = found.iter().position(same);
            if let Some((first, newest)) = first.and_then(|first| found.get_mut(first)) {
                first.steps.extend(check.steps);
                let begun = |run: &AnalysisRun| run.metadata.creation_timestamp;
                if run.map(begun) > newest.map(begun) {
                    *newest = run;
                }
            } else if found.len() < MAX_CHECKS {
                found.push((check, run));
            }
        }
    }
    let with_run = |(check, run)| match run {
        Some(run) => with_results(check, run),
        None => check,
    };
    found.into_iter().map(with_run).collect()
}

/// Which kinds of templates its analyses lead to that are not in sight yet: of its namespace, of the cluster.
pub(in crate::backend::kubernetes) fn unseen(
    rollout: &Rollout,
    templates: Option<&[AnalysisTemplate]>,
    cluster_templates: Option<&[AnalysisTemplate]>,
) -> (bool, bool) {
    let refs: Vec<TemplateRef> = places(rollout).into_iter().flat_map(|place| place.analysis.templates).collect();
    let gathered = gather(templates, cluster_templates, &refs);
    (gathered.unseen, gathered.unseen_of_cluster)
}

fn places(rollout: &Rollout) -> Vec<Place> {
    let mut places = Vec::new();
    if let Some(analysis) = rollout.canary().and_then(|canary| canary.analysis.clone()) {
        let first = analysis.starting_step.and_then(|step| usize::try_from(step).ok()).unwrap_or(0);
        let steps = if first == 0 { Vec::new() } else { (first..rollout.steps().len()).map(steps::id).collect() };
        places.push(Place { runs: Runs::Background, steps, analysis, labels: ("Background", None) });
    }
    for (index, step) in rollout.steps().iter().enumerate() {
        let steps = vec![steps::id(index)];
        if let Some(analysis) = step.analysis.clone() {
            places.push(Place { runs: Runs::Step, steps, analysis, labels: ("Step", Some(index.to_string())) });
        } else if let Some(experiment) = &step.experiment {
            for analysis in &experiment.analyses {
                let analysis = RolloutAnalysis {
                    templates: vec![analysis.template.clone()],
                    args: analysis.args.clone(),
                    dry_run: experiment.dry_run.clone(),
                    ..RolloutAnalysis::default()
                };
                // Its runs belong to the experiment and not to the Rollout.
                places.push(Place { runs: Runs::Experiment, steps: steps.clone(), analysis, labels: ("", None) });
            }
        }
    }
    if let Some(strategy) = &rollout.spec.strategy.blue_green {
        let before = strategy.pre_promotion_analysis.clone().map(|it| (Runs::BeforeSwitch, "PrePromotion", it));
        let after = strategy.post_promotion_analysis.clone().map(|it| (Runs::AfterSwitch, "PostPromotion", it));
        for (runs, label, analysis) in before.into_iter().chain(after) {
            places.push(Place { runs, steps: Vec::new(), analysis, labels: (label, None) });
        }
    }
    places
}

/// What an analysis consists of: its metrics with the template each comes from.
#[derive(Default)]
struct Gathered<'a> {
    metrics: Vec<(String, &'a Metric)>,
    arguments: Vec<&'a Argument>,
    dry_run: Vec<&'a Rule>,
    retention: Vec<&'a Rule>,
    /// Templates that are not there.
    absent: Vec<String>,
    /// Templates of the namespace, or of the cluster, are out of sight.
    unseen: bool,
    unseen_of_cluster: bool,
}

fn of_place<'a>(observed: &'a Observed, place: &Place) -> Vec<(Check, Option<&'a AnalysisRun>)> {
    let run = analysis::runs(observed).into_iter().find(|run| {
        run.metadata.label("rollout-type") == Some(place.labels.0)
            && place.labels.1.as_deref().is_none_or(|index| run.metadata.label("step-index") == Some(index))
    });
    let (templates, of_cluster) = (observed.templates.as_deref(), observed.cluster_templates.as_deref());
    let mut gathered = gather(templates, of_cluster, &place.analysis.templates);
    gathered.dry_run.extend(&place.analysis.dry_run);
    gathered.retention.extend(&place.analysis.measurement_retention);
    let mut given = place.analysis.args.as_slice();
    if gathered.unseen || gathered.unseen_of_cluster || run.is_some_and(is_under_way) {
        // A run carries a copy of all that its templates said when it began, arguments filled in.
        let Some(run) = run else { return Vec::new() };
        given = &[];
        gathered = of_run(run, &gathered);
    }
    let arguments = Arguments::merge(&observed.rollout, given, gathered.arguments.iter().copied());
    // An experiment takes of its rules what fits each of its analyses.
    let misfit = || if place.runs == Runs::Experiment { None } else { misfit(&gathered) };
    let arguments = arguments.and_then(|arguments| twice(&gathered).or_else(misfit).map_or(Ok(arguments), Err));
    let base = Check { runs: place.runs, steps: place.steps.clone(), ..Check::default() };
    let absent = gathered.absent.iter().map(|name| Check {
        name: name.as_str().into(),
        template: name.as_str().into(),
        unresolved: Some("there is no such analysis template".into()),
        ..base.clone()
    });
    let metrics = gathered.metrics.iter().map(|(template, metric)| Check {
        template: template.as_str().into(),
        dry_run: is_dry(&gathered.dry_run, &metric.name),
        ..check(metric, &arguments, &base)
    });
    absent.map(|check| (check, None)).chain(metrics.map(|check| (check, run))).collect()
}

/// Whether the controller still measures by it.
fn is_under_way(run: &AnalysisRun) -> bool {
    match run.status.phase.as_str().into() {
        AnalysisPhase::Pending | AnalysisPhase::Running => true,
        AnalysisPhase::Other(word) => word.is_empty(),
        AnalysisPhase::Successful | AnalysisPhase::Failed | AnalysisPhase::Error | AnalysisPhase::Inconclusive => false,
    }
}

/// What a run consists of; which template a metric came from is known where one of those has it.
fn of_run<'a>(run: &'a AnalysisRun, templates: &Gathered<'_>) -> Gathered<'a> {
    let template = |metric: &Metric| {
        let from = templates.metrics.iter().find(|(_, of_template)| of_template.name == metric.name);
        from.map(|(template, _)| template.clone()).unwrap_or_default()
    };
    Gathered {
        metrics: run.spec.metrics.iter().map(|metric| (template(metric), metric)).collect(),
        arguments: run.spec.args.iter().collect(),
        dry_run: run.spec.dry_run.iter().collect(),
        retention: run.spec.measurement_retention.iter().collect(),
        ..Gathered::default()
    }
}

/// All templates these lead to, each once, those of the namespace first, as the controller joins them.
fn gather<'a>(
    templates: Option<&'a [AnalysisTemplate]>,
    cluster_templates: Option<&'a [AnalysisTemplate]>,
    refs: &[TemplateRef],
) -> Gathered<'a> {
    let mut seen: Vec<TemplateRef> = Vec::new();
    let mut ahead: Vec<TemplateRef> = refs.iter().rev().cloned().collect();
    let mut gathered = Gathered::default();
    let (mut of_namespace, mut of_cluster): (Vec<&AnalysisTemplate>, Vec<&AnalysisTemplate>) = Default::default();
    while let Some(next) = ahead.pop() {
        if seen.contains(&next) || seen.len() == MAX_TEMPLATES {
            continue;
        }
        let scope = if next.cluster_scope { cluster_templates } else { templates };
        match scope.map(|all| all.iter().find(|template| template.metadata.name == next.template_name)) {
            Some(Some(template)) => {
                ahead.extend(template.spec.templates.iter().rev().cloned());
                if next.cluster_scope { &mut of_cluster } else { &mut of_namespace }.push(template);
            }
            Some(None) => gathered.absent.push(next.template_name.clone()),
            None if next.cluster_scope => gathered.unseen_of_cluster = true,
            None => gathered.unseen = true,
        }
        seen.push(next);
    }
    for template in of_namespace.into_iter().chain(of_cluster) {
        let name = &template.metadata.name;
        gathered.metrics.extend(template.spec.metrics.iter().map(|metric| (name.clone(), metric)));
        gathered.arguments.extend(&template.spec.args);
        gathered.dry_run.extend(&template.spec.dry_run);
        gathered.retention.extend(&template.spec.measurement_retention);
    }
    gathered
}

/// The controller does not start an analysis with two metrics of one name.
fn twice(gathered: &Gathered<'_>) -> Option<Clean> {
    let mut names = BTreeSet::new();
    let twice = gathered.metrics.iter().find(|(_, metric)| !names.insert(&metric.name))?;
    Some(format!("two of its metrics are called `{}`", Clean::new(&twice.1.name)).into())
}

/// The controller ends an analysis in error that has a rule for none of its metrics.
fn misfit(gathered: &Gathered<'_>) -> Option<Clean> {
    let of = |rules: &[&Rule], what: &str| {
        let fits_none = |rule: &&&Rule| {
            let readable = Regex::new(&rule.metric_name).ok();
            readable.is_some_and(|pattern| !gathered.metrics.iter().any(|(_, metric)| pattern.is_match(&metric.name)))
        };
        let rule = rules.iter().find(fits_none)?;
        Some(format!("its rule `{}` of `{what}` fits none of its metrics", Clean::new(&rule.metric_name)).into())
    };
    of(&gathered.dry_run, "dryRun").or_else(|| of(&gathered.retention, "measurementRetention"))
}

fn is_dry(patterns: &[&Rule], name: &str) -> bool {
    // A pattern that cannot be read matches nothing, as it does for the controller.
    patterns.iter().any(|pattern| Regex::new(&pattern.metric_name).is_ok_and(|pattern| pattern.is_match(name)))
}

/// One metric with its arguments filled in.
fn check(metric: &Metric, arguments: &Result<Arguments, Clean>, base: &Check) -> Check {
    let fill = |text: &str| arguments.as_ref().map_err(Clean::clone).and_then(|arguments| arguments.fill(text));
    // What has no value stays as it is written.
    let shown = |text: &str| (!text.is_empty()).then(|| fill(text).unwrap_or_else(|_| text.to_owned()));
    let count = |number: &Option<IntOrText>| match number.as_ref()? {
        IntOrText::Int(number) => Some(*number),
        IntOrText::Text(text) => fill(text).ok()?.trim().parse().ok(),
    };
    let at_most = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
    let interval = shown(&metric.interval);
    let prometheus = metric.provider.prometheus.as_ref();
    let query = prometheus.map(|asked| {
        if asked.range_query.is_some() {
            return Err(Clean::from("it asks for a range of time and not for now"));
        }
        fill(&asked.query)
    });
    let (query, unresolved) = match query {
        None => (None, None),
        Some(Ok(query)) => (Some(query), None),
        Some(Err(why)) => (None, Some(why)),
    };
    let mut check = Check {
        name: metric.name.as_str().into(),
        provider: metric.provider.word().into(),
        address: prometheus.and_then(|asked| shown(&asked.address)).map(|address| without_login(&address).into()),
        query,
        unresolved: unresolved.or_else(|| arguments.as_ref().err().cloned()),
        success: shown(&metric.success_condition).map(Into::into),
        failure: shown(&metric.failure_condition).map(Into::into),
        count: match count(&metric.count) {
            Some(number) if number > 0 => Some(at_most(number)),
            _ if interval.is_none() => Some(1),
            _ => None,
        },
        interval: interval.as_deref().and_then(lengths::text_length),
        failure_limit: match count(&metric.failure_limit) {
            Some(number) if number < 0 => None,
            number => Some(at_most(number.unwrap_or(0))),
        },
        inconclusive_limit: at_most(count(&metric.inconclusive_limit).unwrap_or(0)),
        ..base.clone()
    };
    check.limits = check.lines();
    check
}

/// An address as it may be shown: without user, password and what follows `?`.
fn without_login(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = address.split_once("://").map_or(("", address), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") }
}

/// What the newest run says of it.
fn with_results(check: Check, run: &AnalysisRun) -> Check {
    let result = run.status.metric_results.iter().find(|result| check.name == Clean::new(&result.name));
    let phase = |result: &MetricResult| (!result.phase.is_empty()).then(|| result.phase.as_str().into());
    let measurements = result.map(|result| result.measurements.as_slice()).unwrap_or_default();
    let newest = measurements.len().saturating_sub(MAX_MEASURED);
    Check {
        dry_run: check.dry_run || result.is_some_and(|result| result.dry_run),
        phase: Some(result.and_then(phase).unwrap_or(AnalysisPhase::Pending)),
        measured: measurements.iter().skip(newest).map(measured).collect(),
        ..check
    }
}

fn measured(measurement: &Measurement) -> Measured {
    Measured {
        at: measurement.finished_at.or(measurement.started_at),
        value: measurement.value.as_str().into(),
        number: number(&measurement.value),
        phase: measurement.phase.as_str().into(),
    }
}

/// A value that is one finite number, or a list of one.
fn number(value: &str) -> Option<f64> {
    let value = value.trim();
    let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(value);
    inner.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        backend::kubernetes::argo_rollouts::objects::Detailed,
        domain::analysis::{BadSide, Limit, LimitMeans},
    };

    fn decode<T: DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn template(name: &str, spec: &Value) -> Value {
        json!({"metadata": {"name": name, "namespace": "shop"}, "spec": spec})
    }

    fn errors(name: &str) -> Value {
        json!({
            "name": name,
            "interval": "30s",
            "count": "{{args.count}}",
            "failureLimit": 1,
            "successCondition": "len(result) > 0 && result[0] < {{args.most}}",
            "failureCondition": "result[0] > 0.5",
            "provider": {"prometheus": {
                "address": "http://me:secret@prom.example:9090/prom?token=x",
                "query": "sum(rate(errors{hash=\"{{args.hash}}\"}[1m]))",
                "headers": [{"key": "Authorization", "value": "Bearer x"}],
            }},
        })
    }

    fn asked() -> Value {
        json!([{"name": "hash"}, {"name": "most", "value": "0.05"}, {"name": "count", "value": "4"}])
    }

    fn latest() -> Value {
        json!([{"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}])
    }

    fn observed(strategy: &Value, templates: Value) -> Observed {
        let Detailed(rollout) = decode(json!({
            "metadata": {"name": "web", "namespace": "shop", "uid": "u1"},
            "spec": {"strategy": strategy},
            "status": {"currentPodHash": "new1", "stableRS": "old1"},
        }));
        Observed { rollout, templates: Some(decode(templates)), ..Observed::default() }
    }

    fn step(template: &str) -> Value {
        json!({"analysis": {"templates": [{"templateName": template}], "args": latest()}})
    }

    #[test]
    fn a_metric_is_a_check_with_all_its_arguments() {
        let observed = observed(
            &json!({"canary": {"steps": [{"setWeight": 1}, step("errors"), {"pause": {}}, step("errors")]}}),
            json!([template("errors", &json!({"args": asked(), "metrics": [errors("errors")]}))]),
        );
        let limit = |at, means| Limit { at, bad: BadSide::Above, inclusive: means == LimitMeans::NotSuccess, means };
        let expected = Check {
            name: "errors".into(),
            template: "errors".into(),
            provider: "prometheus".into(),
            address: Some("http://prom.example:9090/prom".into()),
            query: Some("sum(rate(errors{hash=\"new1\"}[1m]))".to_owned()),
            success: Some("len(result) > 0 && result[0] < 0.05".into()),
            failure: Some("result[0] > 0.5".into()),
            limits: vec![limit(0.05, LimitMeans::NotSuccess), limit(0.5, LimitMeans::Failure)],
            interval: Some(crate::domain::time::Seconds(30.0)),
            steps: vec![StepId("2".into()), StepId("4".into())],
            count: Some(4),
            failure_limit: Some(1),
            ..Check::default()
        };
        assert_eq!(checks(&observed), [expected], "asked at two steps, it is one check");
    }

    #[test]
    fn every_place_of_a_strategy_is_read() {
        let templates = json!([
            template("errors", &json!({"args": asked(), "metrics": [errors("errors")]})),
            template("smoke", &json!({"metrics": [{"name": "smoke", "provider": {"job": {"spec": {}}}}]})),
        ]);
        let canary = json!({"canary": {
            "analysis": {"templates": [{"templateName": "errors"}], "startingStep": 1, "args": latest()},
            "steps": [
                {"setWeight": 1},
                {"setWeight": 5},
                {"experiment": {"analyses": [
                    {"name": "a", "templateName": "errors",
                     "args": [{"name": "hash", "value": "{{templates.canary.podTemplateHash}}"}]},
                ]}},
            ],
        }});
        let found = checks(&observed(&canary, templates.clone()));
        let said = |check: &Check| (check.runs, check.steps.iter().map(|step| step.0.clone()).collect::<Vec<_>>());
        assert_eq!(said(&found[0]), (Runs::Background, vec!["2".into(), "3".into()]));
        assert_eq!(said(&found[1]), (Runs::Experiment, vec!["3".into()]));
        assert_eq!(found[1].unresolved.as_deref(), Some("argument `hash` is known when its experiment runs"));

        let switch = json!({"blueGreen": {
            "prePromotionAnalysis": {"templates": [{"templateName": "smoke"}]},
            "postPromotionAnalysis": {"templates": [{"templateName": "errors"}], "args": latest()},
        }});
        let found = checks(&observed(&switch, templates));
        assert_eq!(found.iter().map(|check| check.runs).collect::<Vec<_>>(), [Runs::BeforeSwitch, Runs::AfterSwitch]);
        assert_eq!((found[0].provider.as_str(), &found[0].query, found[0].count), ("job", &None, Some(1)));
        assert_eq!(found[1].query.as_deref(), Some("sum(rate(errors{hash=\"new1\"}[1m]))"));
    }

    #[test]
    fn templates_lead_to_templates_and_never_in_a_circle() {
        let mut observed = observed(
            &json!({"canary": {"steps": [{"analysis": {"templates": [{"templateName": "all"}], "args": latest()}}]}}),
            json!([
                template(
                    "all",
                    &json!({"args": asked(), "templates": [
                        {"templateName": "more"}, {"templateName": "global", "clusterScope": true}, {"templateName": "gone"},
                    ]})
                ),
                template(
                    "more",
                    &json!({"args": asked(), "metrics": [errors("more")],
                    "dryRun": [{"metricName": "^mo"}, {"metricName": "*"}], "templates": [{"templateName": "all"}]})
                ),
            ]),
        );
        let of_cluster = |observed: &Observed| {
            unseen(&observed.rollout, observed.templates.as_deref(), observed.cluster_templates.as_deref())
        };
        assert_eq!(unseen(&observed.rollout, None, None), (true, false), "who leads where is not known yet");
        assert_eq!(of_cluster(&observed), (false, true));
        assert_eq!(checks(&observed), [], "half of an analysis is not shown as the whole");

        observed.cluster_templates = Some(decode(json!([
            {"metadata": {"name": "global"}, "spec": {"args": asked(), "metrics": [errors("global")]}},
        ])));
        assert_eq!(of_cluster(&observed), (false, false));
        let said: Vec<(String, bool, Option<String>)> = checks(&observed)
            .iter()
            .map(|check| (check.name.to_string(), check.dry_run, check.unresolved.as_ref().map(ToString::to_string)))
            .collect();
        let expected = [
            ("gone".to_owned(), false, Some("there is no such analysis template".to_owned())),
            ("more".to_owned(), true, None),
            ("global".to_owned(), false, None),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn what_cannot_be_asked_says_why() {
        let ask = |query: &str, more: Value| {
            let mut metric = errors("a");
            metric["provider"]["prometheus"]["query"] = query.into();
            if let (Some(asked), Value::Object(more)) = (metric["provider"]["prometheus"].as_object_mut(), more) {
                asked.extend(more);
            }
            metric
        };
        let cases = [
            (vec![ask("x{t=\"{{args.token}}\"}", json!({}))], "argument `token` is a secret"),
            (vec![ask("x", json!({"rangeQuery": {"start": "now()"}}))], "it asks for a range of time and not for now"),
            (vec![errors("a"), errors("a")], "two of its metrics are called `a`"),
        ];
        for (metrics, expected) in cases {
            let mut args = asked();
            let secret = json!({"name": "token", "valueFrom": {"secretKeyRef": {"name": "prom", "key": "token"}}});
            args.as_array_mut().unwrap().push(secret);
            let spec = json!({"args": args, "metrics": metrics});
            let observed = observed(&json!({"canary": {"steps": [step("t")]}}), json!([template("t", &spec)]));
            for check in checks(&observed) {
                assert_eq!((check.query, check.unresolved.as_deref()), (None, Some(expected)));
            }
        }
    }

    #[test]
    fn what_the_newest_run_measured_belongs_to_its_check() {
        let run = |name: &str, at: &str, index: &str, values: &[&str]| {
            let measurements: Vec<Value> = values
                .iter()
                .map(|value| json!({"phase": "Successful", "value": value, "finishedAt": "2026-07-01T10:00:05Z"}))
                .collect();
            json!({
                "metadata": {"name": name, "creationTimestamp": at, "labels": {
                    "rollouts-pod-template-hash": "new1", "rollout-type": "Step", "step-index": index,
                }},
                "spec": {"metrics": [errors("errors")], "args": [
                    {"name": "hash", "value": "new1"}, {"name": "most", "value": "0.05"}, {"name": "count", "value": "4"},
                ]},
                "status": {"phase": "Running",
                           "metricResults": [{"name": "errors", "phase": "Running", "measurements": measurements}]},
            })
        };
        let mut observed = observed(
            &json!({"canary": {"steps": [step("errors"), step("errors")]}}),
            json!([template("errors", &json!({"args": asked(), "metrics": [errors("errors")]}))]),
        );
        let many: Vec<String> = (0..70).map(|n| format!("[{n}]")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        observed.analysis_runs = decode(json!([
            run("old", "2026-07-01T09:00:00Z", "0", &["[0.9]"]),
            run("new", "2026-07-01T10:00:00Z", "1", &many),
            run("other", "2026-07-01T11:00:00Z", "7", &["[0.8]"]),
        ]));
        let found = checks(&observed);
        let [check] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(check.phase, Some(AnalysisPhase::Running));
        assert_eq!(check.measured.len(), MAX_MEASURED);
        assert_eq!(check.measured.last().and_then(|measured| measured.number), Some(69.0));

        // Who may not see templates still sees what runs.
        observed.templates = None;
        let seen = checks(&observed);
        assert_eq!(seen.iter().map(|check| check.query.as_deref()).collect::<Vec<_>>(), [check.query.as_deref(); 1]);
        observed.analysis_runs.clear();
        assert_eq!(checks(&observed), []);
    }

    #[test]
    fn a_run_under_way_goes_by_what_its_templates_said_when_it_began() {
        let metric = |most: &str| {
            json!({
                "name": "errors", "successCondition": format!("result[0] < {most}"),
                "provider": {"prometheus": {"query": "errors{hash=\"{{args.hash}}\"}"}},
            })
        };
        let mut observed = observed(
            &json!({"canary": {"steps": [step("errors")]}}),
            // It was made lenient, and a dry run, while it failed.
            json!([template(
                "errors",
                &json!({
                    "args": [{"name": "hash"}], "metrics": [metric("0.9")], "dryRun": [{"metricName": ".*"}],
                })
            )]),
        );
        let said = |observed: &Observed| {
            let found = checks(observed);
            let [check] = found.as_slice() else { panic!("{found:?}") };
            let success = check.success.as_ref().map(ToString::to_string).unwrap_or_default();
            (success, check.dry_run, check.query.clone().unwrap_or_default(), check.template.to_string())
        };
        let expected = |most: &str, dry, hash: &str| {
            (format!("result[0] < {most}"), dry, format!("errors{{hash=\"{hash}\"}}"), "errors".to_owned())
        };
        assert_eq!(said(&observed), expected("0.9", true, "new1"));
        for (phase, now) in [
            ("", expected("0.05", false, "new0")),
            ("Pending", expected("0.05", false, "new0")),
            ("Running", expected("0.05", false, "new0")),
            // The next one goes by what they say now.
            ("Failed", expected("0.9", true, "new1")),
        ] {
            observed.analysis_runs = decode(json!([{
                "metadata": {"name": "run", "creationTimestamp": "2026-07-01T10:00:00Z", "labels": {
                    "rollouts-pod-template-hash": "new1", "rollout-type": "Step", "step-index": "0",
                }},
                "spec": {"metrics": [metric("0.05")], "args": [{"name": "hash", "value": "new0"}]},
                "status": {"phase": phase},
            }]));
            assert_eq!(said(&observed), now, "{phase}");
        }
    }

    #[test]
    fn rules_that_fit_no_metric_keep_an_analysis_from_running() {
        let found = |of_template: Value, of_rollout: Value| {
            let metric = json!({"name": "errors", "successCondition": "result[0] < 1",
                                "provider": {"prometheus": {"query": "errors"}}});
            let mut spec = of_template;
            spec["metrics"] = json!([metric]);
            let mut analysis = of_rollout;
            analysis["templates"] = json!([{"templateName": "t"}]);
            let observed =
                observed(&json!({"canary": {"steps": [{"analysis": analysis}]}}), json!([template("t", &spec)]));
            let found = checks(&observed);
            found[0].unresolved.as_ref().map(ToString::to_string)
        };
        let rule = |name: &str| json!([{"metricName": name}]);
        let refused = |what: &str| Some(format!("its rule `eror` of {what} fits none of its metrics"));
        assert_eq!(found(json!({"dryRun": rule("err.*")}), json!({"measurementRetention": rule("errors")})), None);
        assert_eq!(found(json!({"dryRun": rule("eror")}), json!({})), refused("`dryRun`"));
        assert_eq!(found(json!({}), json!({"dryRun": rule("eror")})), refused("`dryRun`"));
        assert_eq!(found(json!({"measurementRetention": rule("eror")}), json!({})), refused("`measurementRetention`"));
        // It may be that only we cannot read it.
        assert_eq!(found(json!({"dryRun": rule("\\pL+")}), json!({})), None);
    }

    #[test]
    fn a_number_is_one_that_stands_alone() {
        let cases = [
            ("[0.8]", Some(0.8)),
            ("0.8", Some(0.8)),
            ("[1e-3]", Some(0.001)),
            ("[NaN]", None),
            ("NaN", None),
            ("[+Inf]", None),
            ("[]", None),
            ("[1,2]", None),
            ("ok", None),
            ("", None),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected, "{value}");
        }
    }
}
