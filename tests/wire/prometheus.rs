//! Each way a Prometheus can mislead: whatever is in doubt must not become a number.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use flightdeck::{
    config::prometheus::PrometheusConfig,
    domain::{
        failure::FailureKind,
        question::{Answer, Query, Question},
        time::{At, Seconds},
    },
    http::Limits,
    metrics::{Source, prometheus::Prometheus},
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{body_string_contains, method, path},
};

use crate::raw_server::{Piece, RawServer};

pub const NOW: &str = "2026-11-20T22:00:00Z";

pub fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        silence: Duration::from_millis(300),
        total: Duration::from_millis(900),
        body: 1 << 20,
    }
}

/// A source on a clock that the test moves.
pub fn source(url: &str, mono: &Arc<AtomicU64>) -> Prometheus {
    source_of(&PrometheusConfig::at(url.to_owned()), mono)
}

pub fn source_of(config: &PrometheusConfig, mono: &Arc<AtomicU64>) -> Prometheus {
    let mono = Arc::clone(mono);
    let began: DateTime<Utc> = NOW.parse().unwrap();
    let clock = move || {
        let mono = mono.load(Ordering::Relaxed);
        At { wall: began + TimeDelta::milliseconds(i64::try_from(mono).unwrap()), mono }
    };
    Prometheus::with_limits(config, Arc::new(clock), limits()).unwrap()
}

pub fn ask_for(queries: &[&str]) -> Question {
    let query = |text: &&str| Query { text: (*text).to_owned(), by: Some("pod".into()) };
    Question { source: "prom".into(), queries: queries.iter().map(query).collect(), from: 1000, to: 1030, step: 10 }
}

pub async fn ask(url: &str) -> Answer {
    source(url, &Arc::default()).ask(ask_for(&["orders"])).await
}

/// The answer to `time()`: the server's clock, and up to when its numbers are real.
pub fn time(now: f64, real_until: f64) -> ResponseTemplate {
    let result = json!([now, real_until.to_string()]);
    ResponseTemplate::new(200)
        .set_body_json(json!({"status": "success", "data": {"resultType": "scalar", "result": result}}))
}

/// The questions about ranges that a server was asked.
pub async fn ranges(server: &MockServer) -> Vec<Request> {
    let mut requests = server.received_requests().await.unwrap();
    requests.retain(|request| request.url.path().ends_with("/query_range"));
    requests
}

/// A server whose clock is past every question.
pub async fn server() -> MockServer {
    let server = MockServer::start().await;
    let asked = Mock::given(path("/api/v1/query")).and(body_string_contains("query=time%28%29"));
    asked.respond_with(time(2000.0, 2000.0)).mount(&server).await;
    server
}

pub async fn serve(answer: ResponseTemplate) -> MockServer {
    let server = server().await;
    Mock::given(method("POST")).and(path("/api/v1/query_range")).respond_with(answer).mount(&server).await;
    server
}

pub fn matrix(result: &Value) -> Value {
    json!({"status": "success", "data": {"resultType": "matrix", "result": result}})
}

pub fn one(values: &Value) -> Value {
    matrix(&json!([{"metric": {"pod": "a"}, "values": values}]))
}

pub fn good() -> Value {
    one(&json!([[1000, "1"], [1010, "2"], [1020, "3"], [1030, "4"]]))
}

pub async fn answer_to(body: Value) -> Answer {
    let server = serve(ResponseTemplate::new(200).set_body_json(body)).await;
    ask(&server.uri()).await
}

/// The answer in one word, with what a person would read.
pub fn told(answer: &Answer) -> String {
    match answer {
        Answer::Value(values) => {
            let sets: Vec<Vec<(String, usize)>> = values
                .sets
                .iter()
                .map(|set| set.iter().map(|series| (series.instance.to_string(), series.points.len())).collect())
                .collect();
            format!("value {sets:?}")
        }
        Answer::NoData => "no data".to_owned(),
        Answer::Partial(why) => format!("partial: {why}"),
        Answer::Stale(Seconds(age)) => format!("stale {age}"),
        Answer::Error(failure) => format!("{:?}: {failure}", failure.kind),
        Answer::NotFinite => "not finite".to_owned(),
    }
}

#[tokio::test]
async fn only_what_is_beyond_doubt_becomes_a_number() {
    let with = |key: &str, value: Value| {
        let mut body = good();
        body[key] = value;
        body
    };
    let cases = [
        ("good", good(), "value [[(\"a\", 4)]]"),
        ("infos are no doubt", with("infos", json!(["metric might not be a counter"])), "value [[(\"a\", 4)]]"),
        ("empty", matrix(&json!([])), "no data"),
        ("series without samples", one(&json!([])), "no data"),
        ("NaN", one(&json!([[1020, "NaN"], [1030, "4"]])), "not finite"),
        ("infinite", one(&json!([[1020, "+Inf"], [1030, "4"]])), "not finite"),
        ("warnings", with("warnings", json!(["store x is down"])), "partial: store x is down"),
        ("several warnings", with("warnings", json!(["one", "two", "one"])), "partial: one (and 1 more)"),
        ("VictoriaMetrics", with("isPartial", json!(true)), "partial: a part of the storage did not answer"),
        ("old", one(&json!([[1000, "1"]])), "stale 30"),
        ("at the edge of old", one(&json!([[1010, "1"]])), "value [[(\"a\", 1)]]"),
        (
            "warnings weigh more than NaN",
            {
                let mut body = one(&json!([[1030, "NaN"]]));
                body["warnings"] = json!(["cut"]);
                body
            },
            "partial: cut",
        ),
        (
            "the same instance twice",
            matrix(&json!([{"metric": {"pod": "a", "zone": "1"}, "values": [[1030, "1"]]},
                           {"metric": {"pod": "a", "zone": "2"}, "values": [[1030, "2"]]}])),
            "Malformed: there are several series with `pod` = `a`; make them one: `sum by (pod) (…)`",
        ),
        (
            "no label",
            matrix(&json!([{"metric": {}, "values": [[1030, "1"]]}])),
            "Malformed: a series has no label `pod`; let the query keep it: `sum by (pod) (…)`",
        ),
        (
            "native histogram",
            matrix(&json!([{"metric": {"pod": "a"}, "histograms": [[1030, {"count": "1"}]]}])),
            "Malformed: the series of `a` is a histogram and no counter; take its count: `histogram_count(…)`",
        ),
        (
            "the future",
            one(&json!([[1030, "1"], [1040, "2"]])),
            "Malformed: a sample of `a` lies where none was asked for; see whether something between here and there changes questions",
        ),
        (
            "off the grid",
            one(&json!([[1025, "1"], [1030, "2"]])),
            "Malformed: a sample of `a` lies where none was asked for; see whether something between here and there changes questions",
        ),
        (
            "two values for one time",
            one(&json!([[1030, "1"], [1030, "2"]])),
            "Malformed: the series of `a` has two values for the same time; see whether two servers answer as one",
        ),
        ("no number", one(&json!([[1030, "many"]])), "Malformed: a value of `a` is no number; see the address"),
        (
            "the answer to something else",
            json!({"status": "success", "data": {"resultType": "vector", "result": []}}),
            "Malformed: the server sent something else than series over time",
        ),
    ];
    for (name, body, expected) in cases {
        assert_eq!(told(&answer_to(body).await), expected, "{name}");
    }
}

#[tokio::test]
async fn points_come_out_in_order_however_they_came() {
    let Answer::Value(values) = answer_to(one(&json!([[1030, "4"], [1010.2, "2"], [1020, "3"]]))).await else {
        panic!("a value")
    };
    let points: Vec<_> = values.sets[0][0].points.iter().map(|point| (point.at, point.value)).collect();
    assert_eq!(points, [(1010, 2.0), (1020, 3.0), (1030, 4.0)]);
    assert_eq!(values.newest.timestamp(), 1030);
}

#[tokio::test]
async fn one_silent_query_of_two_is_no_ratio() {
    let server = server().await;
    let respond = |query: &str, body: Value| {
        Mock::given(body_string_contains(format!("query={query}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
    };
    respond("orders", good()).mount(&server).await;
    respond("empty", matrix(&json!([]))).mount(&server).await;
    respond("old", one(&json!([[1000, "1"]]))).mount(&server).await;
    let both = |second| source(&server.uri(), &Arc::default()).ask(ask_for(&["orders", second]));
    assert_eq!(told(&both("empty").await), "no data");
    assert_eq!(told(&both("old").await), "stale 30");
    assert_eq!(told(&both("orders").await), "value [[(\"a\", 4)], [(\"a\", 4)]]");
}

#[tokio::test]
async fn every_refusal_is_told_by_its_kind() {
    let error = |kind: &str, text: &str| json!({"status": "error", "errorType": kind, "error": text});
    let json = |status: u16, body: Value| ResponseTemplate::new(status).set_body_json(body);
    let cases = [
        (
            "bad query",
            json(400, error("bad_data", "parse error")),
            "Refused: `HOST` cannot answer this: parse error; see the panel's queries, and the limits it names",
        ),
        (
            "too many samples",
            json(422, error("execution", "too many")),
            "Refused: `HOST` cannot answer this: too many; see the panel's queries, and the limits it names",
        ),
        (
            "query timeout",
            json(503, error("timeout", "took long")),
            "Timeout: `HOST` could not answer in time: took long; ask for less",
        ),
        ("error with 200", json(200, error("internal", "oops")), "Refused: `HOST` says `internal`: oops"),
        ("broken", json(500, error("internal", "oops")), "Refused: `HOST` failed with status 500: oops"),
        (
            "who?",
            ResponseTemplate::new(401),
            "Auth: `HOST` does not accept who we are; name a token in `token`, or `user` and `password`",
        ),
        (
            "no",
            ResponseTemplate::new(403),
            "Forbidden: `HOST` does not let us ask; ask its owner for the right to query",
        ),
        (
            "nothing here",
            ResponseTemplate::new(404).set_body_string("404 page not found"),
            "NotFound: `HOST` has no Prometheus at this address; see whether the address needs a path, like `/prometheus`",
        ),
        (
            "login",
            ResponseTemplate::new(302).insert_header("location", "https://login.example/start?secret=1"),
            "Auth: `HOST` sends us elsewhere to `https://login.example`; it may want a login: use the address behind it, or name a token in `token`",
        ),
        (
            "login page",
            ResponseTemplate::new(200).set_body_string("\n<!doctype html><html>log in</html>"),
            "Malformed: `HOST` answered with a web page; it may want a login, or the address is another program's",
        ),
        (
            "another program",
            ResponseTemplate::new(200).set_body_string("{\"hello\": 1}"),
            "Malformed: `HOST` sent what is no Prometheus answer (line 1, column 12); see the address",
        ),
        (
            "depth",
            ResponseTemplate::new(200).set_body_string("[".repeat(10_000)),
            "Malformed: `HOST` sent what is no Prometheus answer (line 1, column 1); see the address",
        ),
        ("busy", ResponseTemplate::new(429), "Limited(None): `HOST` has too much to do"),
        (
            "starting",
            ResponseTemplate::new(503).insert_header("retry-after", "7"),
            "Limited(Some(Seconds(7.0))): `HOST` is not ready",
        ),
    ];
    for (name, answer, expected) in cases {
        let server = serve(answer).await;
        let host = server.uri().replace("http://", "");
        assert_eq!(told(&ask(&server.uri()).await).replace(&host, "HOST"), expected, "{name}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_rest_gets_it() {
    let server = server().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "10");
    let range = || Mock::given(path("/api/v1/query_range"));
    range().respond_with(busy).up_to_n_times(1).mount(&server).await;
    range().respond_with(ResponseTemplate::new(200).set_body_json(good())).mount(&server).await;
    let mono = Arc::default();
    let source = source(&server.uri(), &mono);
    let asked = || async { ranges(&server).await.len() };

    assert!(matches!(source.ask(ask_for(&["orders"])).await, Answer::Error(_)));
    mono.store(9_000, Ordering::Relaxed);
    let Answer::Error(failure) = source.ask(ask_for(&["orders"])).await else { panic!("still resting") };
    assert_eq!(failure.kind, FailureKind::Limited(Some(Seconds(1.0))));
    assert_eq!(asked().await, 1, "nothing was sent while it rests");
    mono.store(10_001, Ordering::Relaxed);
    assert!(matches!(source.ask(ask_for(&["orders"])).await, Answer::Value(_)));
    assert_eq!(asked().await, 2);
}

#[tokio::test]
async fn the_question_is_a_form_with_everything_that_keeps_it_honest() {
    let server = serve(ResponseTemplate::new(200).set_body_json(good())).await;
    source(&server.uri(), &Arc::default()).ask(ask_for(&["sum by (pod) (a{b=\"x&y\"})"])).await;
    let request = &ranges(&server).await[0];
    let body = String::from_utf8(request.body.clone()).unwrap();
    assert_eq!(
        body,
        "query=sum+by+%28pod%29+%28a%7Bb%3D%22x%26y%22%7D%29&start=1000&end=1030&step=10&timeout=1s&lookback_delta=120s\
         &max_lookback=120s&limit=10000&partial_response=false&deny_partial_response=1&dedup=true\
         &max_source_resolution=0s&latency_offset=1ms"
    );
    let header = |name| request.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/x-www-form-urlencoded");
    assert!(header("user-agent").starts_with("flightdeck/"));
}

#[tokio::test]
async fn the_servers_clock_is_compared_with_ours() {
    let dated = ResponseTemplate::new(200).set_body_json(good()).insert_header("date", "Fri, 20 Nov 2026 22:10:00 GMT");
    let server = serve(dated).await;
    let Answer::Value(values) = ask(&server.uri()).await else { panic!("a value") };
    assert_eq!(values.skew, Some(600.5));
}

pub fn http(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{headers}\r\n").into_bytes();
    answer.extend_from_slice(body);
    answer
}

#[tokio::test]
async fn what_is_cut_slow_or_too_large_is_no_answer() {
    let body = good().to_string().into_bytes();
    let half = body[..body.len() / 2].to_vec();
    let length = format!("content-length: {}\r\n", body.len());
    let slow = body.chunks(1).flat_map(|byte| [Piece::Send(byte.to_vec()), Piece::Wait(Duration::from_millis(50))]);
    let zeros = vec![b' '; 8 << 20];
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&zeros).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 20_000, "it is small on the wire");
    let cases: Vec<(&str, Vec<Piece>, &str)> = vec![
        ("whole", vec![Piece::Send(http(&length, &body))], "value"),
        // Thinking takes as long as the whole may take; it is no silence within an answer.
        ("slow to begin", vec![Piece::Wait(Duration::from_millis(500)), Piece::Send(http(&length, &body))], "value"),
        ("cut", vec![Piece::Send(http(&length, &half))], "Malformed: the answer of `HOST` broke off"),
        (
            "cut without a length",
            vec![Piece::Send(http("connection: close\r\n", &half))],
            "Malformed: `HOST` sent what is no",
        ),
        ("silence", vec![Piece::Hang], "Timeout: `HOST` did not answer in time"),
        ("stalled", vec![Piece::Send(http(&length, &half)), Piece::Hang], "Timeout: `HOST` did not answer in time"),
        (
            "a byte at a time",
            std::iter::once(Piece::Send(http(&length, &[]))).chain(slow).collect(),
            "Timeout: `HOST` did not answer in time",
        ),
        ("no HTTP", vec![Piece::Send(b"220 mail ready\r\n".to_vec())], "Malformed: the answer of `HOST` broke off"),
        ("closed at once", vec![], "Malformed: the answer of `HOST` broke off"),
        (
            "large",
            vec![Piece::Send(http(&format!("content-length: {}\r\n", zeros.len()), &zeros))],
            "Malformed: the answer of `HOST` is larger than 1 MiB",
        ),
        (
            "small and unpacks to large",
            vec![Piece::Send(http(&format!("content-encoding: gzip\r\ncontent-length: {}\r\n", bomb.len()), &bomb))],
            "Malformed: the answer of `HOST` is larger than 1 MiB",
        ),
    ];
    for (name, pieces, expected) in cases {
        let time = json!({"status": "success", "data": {"resultType": "scalar", "result": [2000, "2000"]}});
        let time = http("connection: close\r\n", time.to_string().as_bytes());
        let server = RawServer::start_with(pieces, Some(("/api/v1/query", time))).await;
        let host = server.address.replace("http://", "");
        let answer = told(&ask(&server.address).await).replace(&host, "HOST");
        assert!(answer.starts_with(expected), "{name}: {answer}");
    }
}

#[tokio::test]
async fn nobody_there_is_told_without_the_address_in_full() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let Answer::Error(failure) = ask(&format!("http://{free}/tenant-secret")).await else { panic!("nobody") };
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(failure.to_string().contains(&free.to_string()) && !failure.to_string().contains("secret"), "{failure}");
}
