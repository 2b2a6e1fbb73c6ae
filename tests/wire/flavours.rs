//! What each of the servers that speak the language says in its own way, and how each is recognised.

use std::sync::Arc;

use flightdeck::{
    config::prometheus::{Flavour, PrometheusConfig},
    domain::question::Answer,
    metrics::{Source, prometheus::Prometheus},
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{body_string_contains, path, path_regex},
};

use crate::{
    prometheus::{ask_for, good, http, matrix, one, ranges, serve, source_of, time, told},
    raw_server::{Piece, RawServer},
};

/// A server whose paths begin with `prefix`.
async fn server_at(prefix: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path(format!("{prefix}/api/v1/query"))).respond_with(time(2000.0, 2000.0)).mount(&server).await;
    Mock::given(path(format!("{prefix}/api/v1/query_range"))).respond_with(answer).mount(&server).await;
    server
}

fn of(flavour: Flavour, tenant: Option<&str>, server: &MockServer) -> Prometheus {
    let tenant = tenant.map(str::to_owned);
    source_of(&PrometheusConfig { flavour, tenant, ..PrometheusConfig::at(server.uri()) }, &Arc::default())
}

fn error(status: u16, kind: &str, text: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"status": "error", "errorType": kind, "error": text}))
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn whose_data_is_meant_goes_along_in_each_ones_own_way() {
    let fine = || ResponseTemplate::new(200).set_body_json(good());
    let cases = [
        (Flavour::Mimir, Some("team-a|team-b"), "/prometheus", Some("x-scope-orgid")),
        (Flavour::Mimir, None, "/prometheus", None),
        (Flavour::Thanos, Some("team-a"), "", Some("thanos-tenant")),
        (Flavour::VictoriaMetrics, Some("7:1"), "/select/7:1/prometheus", None),
        (Flavour::VictoriaMetrics, None, "", None),
        (Flavour::Prometheus, None, "", None),
    ];
    for (flavour, tenant, prefix, name) in cases {
        let server = server_at(prefix, fine()).await;
        let answer = of(flavour, tenant, &server).ask(ask_for(&["orders"])).await;
        assert_eq!(told(&answer), "value [[(\"a\", 4)]]", "{flavour:?}");
        for request in server.received_requests().await.unwrap() {
            for header_name in ["x-scope-orgid", "thanos-tenant"] {
                let expected = tenant.filter(|_| name == Some(header_name)).map(str::to_owned);
                assert_eq!(header(&request, header_name), expected, "{flavour:?} {header_name}");
            }
        }
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn what_each_says_when_it_is_not_all_of_it_is_no_number() {
    let with = |key: &str, value: Value| {
        let mut body = good();
        body[key] = value;
        ResponseTemplate::new(200).set_body_json(body)
    };
    let cases = [
        (
            "a store is down",
            Flavour::Thanos,
            with("warnings", json!(["receive series from Addr: store-1:10901: context deadline exceeded"])),
            "partial: receive series from Addr: store-1:10901: context deadline exceeded",
        ),
        (
            "a store is down, partial answers off",
            Flavour::Thanos,
            error(422, "execution", "expanding series: proxy Series(): fetch series for store-1: unavailable"),
            "Refused: `HOST` cannot answer this: expanding series: proxy Series(): fetch series for store-1: unavailable; see the panel's queries, and the limits it names",
        ),
        (
            "cut off at the limit",
            Flavour::Prometheus,
            with("warnings", json!(["results truncated due to limit"])),
            "partial: results truncated due to limit",
        ),
        (
            "a node is down",
            Flavour::VictoriaMetrics,
            with("isPartial", json!(true)),
            "partial: a part of the storage did not answer",
        ),
        ("all nodes are there", Flavour::VictoriaMetrics, with("isPartial", json!(false)), "value [[(\"a\", 4)]]"),
        (
            "a node is down, partial answers denied",
            Flavour::VictoriaMetrics,
            error(503, "503", "cannot return full response, since some of vmstorage nodes are unavailable"),
            "Refused: `HOST` failed with status 503: cannot return full response, since some of vmstorage nodes are unavailable",
        ),
        (
            "too many queries at once",
            Flavour::VictoriaMetrics,
            error(429, "429", "couldn't start executing the request in 10.000 seconds")
                .insert_header("retry-after", "10"),
            "Limited(Some(Seconds(10.0))): `HOST` has too much to do: couldn't start executing the request in 10.000 seconds",
        ),
        (
            "no tenant",
            Flavour::Mimir,
            ResponseTemplate::new(401).set_body_string("no org id\n"),
            "Auth: `HOST` wants to know whose data is meant; name the tenant: `kind = \"mimir\"` and `tenant = \"team-a\"`",
        ),
        (
            "a limit of the tenant",
            Flavour::Mimir,
            error(422, "execution", "the query exceeded the maximum number of series (err-mimir-max-series-per-query)"),
            "Refused: `HOST` cannot answer this: the query exceeded the maximum number of series (err-mimir-max-series-per-query); see the panel's queries, and the limits it names",
        ),
        (
            "a limit of the tenant in plain words",
            Flavour::Mimir,
            ResponseTemplate::new(429).set_body_string("too many outstanding requests"),
            "Limited(None): `HOST` has too much to do: too many outstanding requests",
        ),
        (
            "one bad and one good half",
            Flavour::Mimir,
            error(500, "internal", "rpc error: code = Unavailable desc = shard 3 of 16"),
            "Refused: `HOST` failed with status 500: rpc error: code = Unavailable desc = shard 3 of 16",
        ),
        (
            "no such path",
            Flavour::VictoriaMetrics,
            ResponseTemplate::new(404),
            "NotFound: `HOST` has no VictoriaMetrics at this address; see whether the address needs a path, like `/select/0/prometheus` or `/prometheus`",
        ),
        (
            "null for a value",
            Flavour::Prometheus,
            ResponseTemplate::new(200).set_body_json(one(&json!([[1030, null]]))),
            "Malformed",
        ),
        (
            "null for all",
            Flavour::Prometheus,
            ResponseTemplate::new(200).set_body_json(matrix(&Value::Null)),
            "Malformed",
        ),
        ("null for no warnings", Flavour::Thanos, with("warnings", Value::Null), "value [[(\"a\", 4)]]"),
        (
            "no data at all",
            Flavour::Prometheus,
            ResponseTemplate::new(200).set_body_json(json!({"status": "success"})),
            "Malformed",
        ),
    ];
    for (name, flavour, answer, expected) in cases {
        let prefix = if flavour == Flavour::Mimir { "/prometheus" } else { "" };
        let server = server_at(prefix, answer).await;
        let host = server.uri().replace("http://", "");
        let told = told(&of(flavour, None, &server).ask(ask_for(&["orders"])).await).replace(&host, "HOST");
        let fits = if expected == "Malformed" { told.starts_with(expected) } else { told == expected };
        assert!(fits, "{name}\n  said:     {told}\n  expected: {expected}");
    }
}

#[tokio::test]
async fn a_panel_that_wants_one_series_takes_no_other_of_several() {
    let two = matrix(&json!([{"metric": {"pod": "a"}, "values": [[1030, "1"]]},
                             {"metric": {"pod": "b"}, "values": [[1030, "2"]]}]));
    let server = serve(ResponseTemplate::new(200).set_body_json(two)).await;
    let mut question = ask_for(&["orders"]);
    question.queries[0].by = None;
    let answer = of(Flavour::Prometheus, None, &server).ask(question).await;
    assert_eq!(told(&answer), "Malformed: there are several series where one is wanted; make them one: `sum(…)`");
}

fn many(series: usize) -> Vec<u8> {
    let one = |number: usize| format!("{{\"metric\":{{\"pod\":\"p{number}\"}},\"values\":[[1030,\"1\"]]}}");
    let all: Vec<_> = (0..series).map(one).collect();
    format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{}]}}}}", all.join(","))
        .into_bytes()
}

#[tokio::test]
async fn more_series_than_anybody_wants_cost_no_memory() {
    let cases = [(10_001, "sent more than 10000 series"), (1_000_000, "is larger than 1 MiB")];
    for (series, expected) in cases {
        let body = many(series);
        let answer = http(&format!("content-length: {}\r\n", body.len()), &body);
        let server = RawServer::start(vec![Piece::Send(answer)]).await;
        let source = source_of(&PrometheusConfig::at(server.address.clone()), &Arc::default());
        let Answer::Error(failure) = source.ask(ask_for(&["orders"])).await else { panic!("no number") };
        let text = failure.to_string();
        assert!(text.contains(expected) && text.contains("aggregate with `sum by (pod)`"), "{series}: {text}");
    }
}

/// A server that answers questions about itself as one of them does.
async fn speaks_like(build: Option<Value>, stores: bool, hostname: bool, page: Option<&str>) -> MockServer {
    let server = MockServer::start().await;
    let vector = |value: &str| {
        let result = json!([{"metric": {}, "value": [1_795_212_000.5, value]}]);
        let body = json!({"status": "success", "data": {"resultType": "vector", "result": result}});
        let answer = ResponseTemplate::new(200).set_body_json(body);
        if hostname { answer.insert_header("x-server-hostname", "vm-1") } else { answer }
    };
    let asked = |query: &str| Mock::given(path_regex("/api/v1/query$")).and(body_string_contains(query));
    asked("up+%3D%3D+1").respond_with(vector("2")).mount(&server).await;
    asked("count%28up%29").respond_with(vector("3")).mount(&server).await;
    asked("time").respond_with(time(1_795_212_000.0, 1_795_211_970.5)).mount(&server).await;
    if let Some(build) = build {
        let body = ResponseTemplate::new(200).set_body_json(json!({"status": "success", "data": build}));
        Mock::given(path_regex("/api/v1/status/buildinfo$")).respond_with(body).mount(&server).await;
    }
    if stores {
        let body = ResponseTemplate::new(200).set_body_json(json!({"status": "success", "data": {"query": []}}));
        Mock::given(path("/api/v1/stores")).respond_with(body).mount(&server).await;
    }
    if let Some(page) = page {
        Mock::given(path("/metrics"))
            .respond_with(ResponseTemplate::new(200).set_body_string(page))
            .mount(&server)
            .await;
    }
    server
}

#[tokio::test]
async fn each_is_recognised_by_what_only_it_does() {
    let go = |version: &str| json!({"version": version, "revision": "x", "branch": "HEAD", "goVersion": "go1.20.5"});
    let mimir =
        json!({"application": "Grafana Mimir", "version": "2.17.1", "revision": "5bedc7a1", "goVersion": "go1.20.5"});
    let page = "go_goroutines 7\nvm_app_version{version=\"victoria-metrics-2022\", short_version=\"v1.79.5\"} 1\n";
    let cases = [
        (
            "prometheus",
            speaks_like(Some(go("2.42.0")), false, false, None).await,
            Some(Flavour::Prometheus),
            Some("2.42.0"),
        ),
        ("thanos", speaks_like(Some(go("0.34.0")), true, false, None).await, Some(Flavour::Thanos), Some("0.34.0")),
        ("mimir", speaks_like(Some(mimir), false, false, None).await, Some(Flavour::Mimir), Some("2.17.1")),
        (
            "single VictoriaMetrics, which calls itself Prometheus 2.24",
            speaks_like(Some(json!({"version": "2.24.0"})), false, true, Some(page)).await,
            Some(Flavour::VictoriaMetrics),
            Some("v1.79.5"),
        ),
        (
            "the same behind a path",
            speaks_like(Some(json!({})), false, true, None).await,
            Some(Flavour::VictoriaMetrics),
            None,
        ),
        ("something else", speaks_like(None, false, false, None).await, None, None),
    ];
    for (name, server, flavour, version) in cases {
        let probe = of(Flavour::Prometheus, None, &server).probe().await.unwrap();
        assert_eq!((probe.flavour, probe.version.as_deref()), (flavour, version), "{name}");
        assert_eq!((probe.targets, probe.held_back.0), (Some((2, 3)), 30.0), "{name}");
    }
}

#[tokio::test]
async fn the_offset_of_victoria_metrics_is_asked_for_as_configured() {
    let server = serve(ResponseTemplate::new(200).set_body_json(good())).await;
    let seconds = flightdeck::config::units::duration("45s");
    let config = PrometheusConfig {
        flavour: Flavour::VictoriaMetrics,
        latency_offset: seconds,
        ..PrometheusConfig::at(server.uri())
    };
    source_of(&config, &Arc::default()).ask(ask_for(&["orders"])).await;
    let body = String::from_utf8(ranges(&server).await[0].body.clone()).unwrap();
    assert!(body.ends_with("&latency_offset=45000ms"), "{body}");
}
