//! The lab keeps its own promises: rights, faulty pods, a whole flight with customers on board.

use std::net::TcpListener;

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::{Api, api::PostParams};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use crate::harness::Lab;

#[test]
fn users_have_the_rights_the_readme_gives_them() {
    let Some(lab) = Lab::get() else { return };
    let asked =
        [("list", "rollouts", ""), ("list", "pods", ""), ("patch", "rollouts", ""), ("patch", "rollouts", "status")];
    for (user, namespace, expected) in [
        ("admin", "other", [true; 4]),
        ("operator", "shop", [true; 4]),
        ("operator", "other", [true, true, false, false]),
        ("viewer", "shop", [true, true, false, false]),
        ("narrow", "shop", [true, false, false, false]),
        ("narrow", "other", [false; 4]),
        ("stranger", "shop", [false; 4]),
    ] {
        let reviews: Api<SelfSubjectAccessReview> = Api::all(lab.client(user));
        let allowed = asked.map(|(verb, resource, subresource)| {
            let group = if resource == "pods" { "" } else { "argoproj.io" };
            let attributes = ResourceAttributes {
                group: Some(group.to_owned()),
                namespace: Some(namespace.to_owned()),
                resource: Some(resource.to_owned()),
                subresource: Some(subresource.to_owned()),
                verb: Some(verb.to_owned()),
                ..ResourceAttributes::default()
            };
            let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
            let review = SelfSubjectAccessReview { spec, ..Default::default() };
            lab.run(reviews.create(&PostParams::default(), &review)).unwrap().status.unwrap().allowed
        });
        assert_eq!(allowed, expected, "{user} in {namespace} for {asked:?}");
    }
}

#[test]
fn image_tags_decide_how_pods_do() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("basic");
    for (image, waiting) in [
        ("shop/basic:v2-crash", json!("CrashLoopBackOff")),
        ("shop/basic:v2-pull", json!("ImagePullBackOff")),
        ("shop/basic:v2-never", Value::Null),
        ("shop/basic:v2-slow", Value::Null),
    ] {
        lab.set_image("basic", image);
        lab.wait_until(&format!("a pod of {image} that is not ready"), || {
            lab.pods("basic").iter().any(|pod| {
                let container = &pod["status"]["containerStatuses"][0];
                let started = container != &Value::Null || image.ends_with("-slow");
                pod["spec"]["containers"][0]["image"] == image
                    && started
                    && container["ready"] != true
                    && container["state"]["waiting"]["reason"] == waiting
            })
        });
    }
    lab.wait_for_rollout("basic", "paused once the slow pod is ready", |rollout| {
        rollout["status"]["phase"] == "Paused"
    });
}

#[test]
fn checkout_flies_from_nothing_to_all_customers() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    let traffic = lab.traffic("checkout", &["--order-lag", "1"]);
    lab.set_image("checkout", "shop/checkout:4.2.0");
    let waiting = lab.wait_for_rollout("checkout", "waiting for a person at 10 %", |rollout| {
        rollout["status"]["currentStepIndex"] == 3 && rollout["status"]["phase"] == "Paused"
    });
    let status = &waiting["status"];
    assert_eq!(status["canary"]["weights"]["canary"]["weight"], 10);

    let hash = status["currentPodHash"].as_str().unwrap();
    let orders_per_checkout = |relation: &str| {
        let arm = format!(r#"app="checkout",rollouts_pod_template_hash{relation}"{hash}""#);
        let query = format!(
            "sum(rate(orders_completed_total{{{arm}}}[20s])) / sum(rate(checkout_attempts_total{{{arm}}}[20s]))"
        );
        lab.ask_prometheus(&query)
    };
    lab.wait_until("orders of both arms in Prometheus", || {
        ["=", "!="].iter().all(|arm| orders_per_checkout(arm).is_some_and(|share| share > 0.75))
    });
    traffic.fault(&lab, "payments", true);
    lab.wait_until("the canary's orders to fall", || orders_per_checkout("=").is_some_and(|share| share < 0.6));
    assert!(orders_per_checkout("!=").unwrap() > 0.75, "the stable arm is not hurt");

    lab.promote("checkout", &waiting);
    let there = lab.wait_for_rollout("checkout", "healthy on the new revision", |rollout| {
        rollout["status"]["phase"] == "Healthy" && rollout["status"]["stableRS"] == hash
    });
    assert_eq!(there["status"]["currentStepIndex"], 8);
    lab.wait_until("the promotion in the audit log", || {
        lab.audit_log("operator").iter().any(|entry| {
            entry["verb"] == "patch"
                && entry["objectRef"]["subresource"] == "status"
                && entry["requestObject"][2]["op"] == "remove"
                && entry["responseStatus"]["code"] == 200
        })
    });
}

#[test]
fn a_stopped_controller_leaves_things_as_they_are_until_it_is_back() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("basic");
    lab.stop("rollouts-controller");
    lab.set_image("basic", "shop/basic:v2");
    let unseen = lab.rollout("basic");
    assert_ne!(unseen["status"]["observedGeneration"], unseen["metadata"]["generation"].to_string());
    lab.revive();
    lab.wait_for_rollout("basic", "paused at its first step", |rollout| rollout["status"]["phase"] == "Paused");
}

#[test]
fn metrics_of_a_test_of_your_own_are_scraped() {
    let Some(lab) = Lab::get() else { return };
    let listener = TcpListener::bind(lab.target_address()).unwrap();
    let _server = lab.run(async {
        let server = MockServer::builder().listener(listener).start().await;
        let page = ResponseTemplate::new(200).set_body_raw("coupons_used_total 7\n", "text/plain; version=0.0.4");
        Mock::given(path("/metrics")).respond_with(page).mount(&server).await;
        server
    });
    lab.wait_until("the metric in Prometheus", || lab.ask_prometheus("coupons_used_total") == Some(7.0));
}
