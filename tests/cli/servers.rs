//! A cluster and a Prometheus for a test: one canary that began half an hour ago, and counters of both arms as a
//! function of the time that is asked for.

use std::fs;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path, query_param},
};

/// When the captured update began.
const CAPTURED: &str = "2026-11-20T20:27:20Z";
/// Seconds the update runs already.
const LASTS: i64 = 1_800;
/// The pods that count.
const STABLE: [&str; 3] = ["web-766d9b9f7d-aaaaa", "web-766d9b9f7d-bbbbb", "web-766d9b9f7d-ccccc"];
const CANARY: &str = "web-5ff87ff89f-ddddd";

/// What customers do.
#[derive(Clone, Copy, Debug)]
pub struct Story {
    /// Orders per checkout on the canary; 0.5 on the stable revision.
    pub canary_orders: f64,
    /// Share of bad events of the error budget's service.
    pub bad: f64,
}

#[derive(Debug)]
pub struct Servers {
    pub cluster: MockServer,
    pub numbers: MockServer,
}

impl Servers {
    pub async fn start(story: Story) -> Self {
        let now = now();
        let began = now - TimeDelta::seconds(LASTS);
        Self { cluster: cluster(began).await, numbers: numbers(story, began.timestamp()).await }
    }

    pub fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: lab\n\
             clusters: [{{name: lab, cluster: {{server: '{}'}}}}]\n\
             users: [{{name: me, user: {{token: sekrit}}}}]\n\
             contexts: [{{name: lab, context: {{cluster: lab, user: me, namespace: shop}}}}]\n",
            self.cluster.uri()
        )
    }

    /// Orders as a critical panel, and a budget where `slo` asks for one.
    pub fn config(&self, slo: bool) -> String {
        let mut text = format!(
            "[[sources]]\nname = \"lab\"\nkind = \"kubernetes\"\ncontext = \"lab\"\n\n\
             [[sources]]\nname = \"prom\"\nkind = \"prometheus\"\nurl = \"{}\"\n\n\
             [[panels]]\nname = \"orders\"\nsource = \"prom\"\nkind = \"ratio\"\nevents = \"orders\"\n\
             exposures = \"checkouts\"\nbetter = \"higher\"\ncritical = true\nbusiness = true\nper = 1000\n",
            self.numbers.uri()
        );
        if slo {
            text.push_str(
                "\n[[slos]]\nname = \"web\"\nsource = \"prom\"\nobjective = \"99 %\"\nperiod = \"30d\"\n\
                 bad = 'bad[{{window}}]'\ntotal = 'total[{{window}}]'\n",
            );
        }
        text
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary under test runs on a real clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn fixture(name: &str, began: DateTime<Utc>) -> Value {
    let file = format!("{}/tests/fixtures/argo_rollouts/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let mut value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let captured: DateTime<Utc> = CAPTURED.parse().unwrap();
    shift(&mut value, began - captured);
    value
}

/// Moves every time in it.
fn shift(value: &mut Value, by: TimeDelta) {
    match value {
        Value::String(text) => {
            if let Ok(at) = text.parse::<DateTime<Utc>>() {
                *text = (at + by).to_rfc3339_opts(SecondsFormat::Secs, true);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::Object(fields) => fields.values_mut().for_each(|field| shift(field, by)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn listed(items: &[Value]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"metadata": {"resourceVersion": "9"}, "items": items}))
}

async fn cluster(began: DateTime<Utc>) -> MockServer {
    let server = MockServer::start().await;
    let silence = ResponseTemplate::new(200).set_delay(std::time::Duration::from_mins(1));
    Mock::given(query_param("watch", "true")).respond_with(silence).with_priority(1).mount(&server).await;
    let rollout = [fixture("canary-paused-at-1pct", began)];
    let sets = fixture("canary-paused-at-1pct-replicasets", began)["items"].as_array().unwrap().clone();
    for (place, items) in [
        ("/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts", rollout.as_slice()),
        ("/apis/argoproj.io/v1alpha1/rollouts", rollout.as_slice()),
        ("/apis/apps/v1/namespaces/shop/replicasets", sets.as_slice()),
    ] {
        Mock::given(path(place)).respond_with(listed(items)).with_priority(2).mount(&server).await;
    }
    let allowed = ResponseTemplate::new(201).set_body_json(json!({"status": {"allowed": true}}));
    Mock::given(method("POST")).respond_with(allowed).with_priority(3).mount(&server).await;
    Mock::given(method("GET")).respond_with(listed(&[])).with_priority(9).mount(&server).await;
    server
}

async fn numbers(story: Story, began: i64) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| {
        let asked = Asked::read(request);
        let body = match asked.value("start") {
            Some(start) => asked.over_time(story, began, start),
            None => Asked::now(),
        };
        ResponseTemplate::new(200).set_body_json(json!({"status": "success", "data": body}))
    };
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    server
}

/// What a question holds.
struct Asked(Vec<(String, String)>);

impl Asked {
    fn read(request: &Request) -> Self {
        let body = String::from_utf8(request.body.clone()).unwrap();
        let url = reqwest::Url::parse(&format!("http://x/?{body}")).unwrap();
        Self(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    fn value(&self, name: &str) -> Option<i64> {
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
        self.text(name).parse::<f64>().ok().map(|seconds| seconds as i64)
    }

    /// The answer to `time()`.
    fn now() -> Value {
        let now = now().timestamp();
        json!({"resultType": "scalar", "result": [now, now.to_string()]})
    }

    fn over_time(&self, story: Story, began: i64, start: i64) -> Value {
        let (end, step) = (self.value("end").unwrap(), self.value("step").unwrap());
        let query = self.text("query");
        let whole = |count: f64| {
            let values: Vec<Value> = (start..=end)
                .step_by(usize::try_from(step).unwrap())
                .map(|at| json!([at, count.to_string()]))
                .collect();
            json!({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})
        };
        if query.starts_with("bad") {
            return whole(story.bad * 1e6);
        }
        if query.starts_with("total") {
            return whole(1e6);
        }
        let orders = query == "orders";
        let of = |pod: &str, since: i64, per_second: f64| {
            #[expect(clippy::cast_precision_loss, reason = "seconds")]
            let value = |at: i64| (at - since) as f64 * per_second;
            let values: Vec<Value> = (start..=end)
                .step_by(usize::try_from(step).unwrap())
                .filter(|at| *at >= since)
                .map(|at| json!([at, value(at).to_string()]))
                .collect();
            json!({"metric": {"pod": pod}, "values": values})
        };
        let rate = |share: f64| if orders { share } else { 1.0 };
        let mut series: Vec<Value> = STABLE.iter().map(|pod| of(pod, began - 86_400, 330.0 * rate(0.5))).collect();
        series.push(of(CANARY, began, 10.0 * rate(story.canary_orders)));
        json!({"resultType": "matrix", "result": series})
    }
}
