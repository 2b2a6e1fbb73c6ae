//! How a server is asked: the same once, not too often, and only for numbers that can be real already.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use flightdeck::{
    config::prometheus::PrometheusConfig,
    domain::{
        failure::FailureKind,
        question::{Answer, Values},
        time::Seconds,
    },
    metrics::Source,
};
use futures::FutureExt;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string_contains, path},
};

use crate::prometheus::{ask_for, good, matrix, one, ranges, server, source, source_of, time, told};

fn numbers(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A server that says `now` and up to when its numbers are real, and answers every range with `body`.
async fn at(now: f64, real_until: f64, body: &Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/api/v1/query")).respond_with(time(now, real_until)).mount(&server).await;
    Mock::given(path("/api/v1/query_range")).respond_with(numbers(body)).mount(&server).await;
    server
}

async fn answered(server: &MockServer) -> Answer {
    source(&server.uri(), &Arc::default()).ask(ask_for(&["orders"])).await
}

fn points(values: &Values) -> Vec<Vec<i64>> {
    values.sets.iter().map(|set| set[0].points.iter().map(|point| point.at).collect()).collect()
}

#[tokio::test]
async fn two_panels_with_the_same_query_ask_once() {
    let server = server().await;
    let slow = numbers(&good()).set_delay(Duration::from_millis(50));
    Mock::given(path("/api/v1/query_range")).respond_with(slow).mount(&server).await;
    let mono = Arc::default();
    let source = source(&server.uri(), &mono);
    let (orders, refunds) = (ask_for(&["orders", "checkouts"]), ask_for(&["refunds", "checkouts"]));
    let (one, other) = tokio::join!(source.ask(orders.clone()), source.ask(refunds.clone()));
    assert_eq!((told(&one).as_str(), one == other), ("value [[(\"a\", 4)], [(\"a\", 4)]]", true));
    assert_eq!(ranges(&server).await.len(), 3, "checkouts once");
    // Neighbouring panels ask a moment later.
    mono.store(1900, Ordering::Relaxed);
    source.ask(orders.clone()).await;
    assert_eq!(ranges(&server).await.len(), 3);
    mono.store(2100, Ordering::Relaxed);
    source.ask(orders).await;
    assert_eq!(ranges(&server).await.len(), 5, "an answer of two seconds ago is old");
    // Another range is another question.
    let mut later = refunds;
    (later.from, later.to) = (1010, 1030);
    source.ask(later).await;
    assert_eq!(ranges(&server).await.len(), 7);
}

#[tokio::test]
async fn all_who_wait_get_the_same_failure_and_the_next_one_asks_anew() {
    let server = server().await;
    let broken = ResponseTemplate::new(500).set_delay(Duration::from_millis(50));
    Mock::given(path("/api/v1/query_range")).respond_with(broken).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/api/v1/query_range")).respond_with(numbers(&good())).mount(&server).await;
    let source = source(&server.uri(), &Arc::default());
    let (one, other) = tokio::join!(source.ask(ask_for(&["orders"])), source.ask(ask_for(&["orders"])));
    assert!(matches!(one, Answer::Error(_)) && one == other);
    assert!(matches!(source.ask(ask_for(&["orders"])).await, Answer::Value(_)));
    assert_eq!(ranges(&server).await.len(), 2);
}

#[tokio::test]
async fn a_question_nobody_waits_for_keeps_nobody_waiting() {
    let server = server().await;
    Mock::given(path("/api/v1/query_range")).respond_with(numbers(&good())).mount(&server).await;
    let source = source(&server.uri(), &Arc::default());
    let mut given_up = source.ask(ask_for(&["orders"]));
    assert!((&mut given_up).now_or_never().is_none(), "under way");
    drop(given_up);
    assert!(matches!(source.ask(ask_for(&["orders"])).await, Answer::Value(_)));
}

#[tokio::test]
async fn over_the_budget_nothing_is_sent_and_the_panel_says_so() {
    let server = server().await;
    Mock::given(path("/api/v1/query_range")).respond_with(numbers(&good())).mount(&server).await;
    let mono = Arc::default();
    let config = PrometheusConfig { queries_per_minute: 3, ..PrometheusConfig::at(server.uri()) };
    let source = source_of(&config, &mono);
    let sent = || async { server.received_requests().await.unwrap().len() };
    // Two of them for this one: its time is measured too.
    assert!(matches!(source.ask(ask_for(&["one"])).await, Answer::Value(_)));
    mono.store(10_000, Ordering::Relaxed);
    assert!(matches!(source.ask(ask_for(&["two"])).await, Answer::Value(_)));
    let Answer::Error(failure) = source.ask(ask_for(&["three"])).await else { panic!("over the budget") };
    assert_eq!(failure.kind, FailureKind::Limited(Some(Seconds(50.0))));
    let text = failure.to_string();
    assert!(text.contains("3 queries within a minute, its budget; 50s to go"), "{text}");
    assert!(text.ends_with("watch fewer panels, or raise `queries_per_minute` of this source"), "{text}");
    assert_eq!(sent().await, 3);
    mono.store(60_001, Ordering::Relaxed);
    assert!(matches!(source.ask(ask_for(&["three"])).await, Answer::Value(_)));
}

#[tokio::test]
async fn whoever_waits_for_a_turn_learns_that_the_server_wants_a_rest() {
    let server = server().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "7").set_delay(Duration::from_millis(20));
    Mock::given(path("/api/v1/query_range")).respond_with(busy).mount(&server).await;
    let source = source(&server.uri(), &Arc::default());
    let Answer::Error(failure) = source.ask(ask_for(&["a", "b", "c", "d", "e", "f"])).await else { panic!("busy") };
    assert_eq!(failure.kind, FailureKind::Limited(Some(Seconds(7.0))));
    assert_eq!(ranges(&server).await.len(), 4, "four at once, and no more after the first refusal");
}

#[tokio::test]
async fn repeated_values_are_not_taken_for_numbers() {
    // VictoriaMetrics: what it knew 30 s ago, again and again.
    let flat = one(&json!([[1000, "7"], [1010, "7"], [1020, "7"], [1030, "7"]]));
    let Answer::Value(values) = answered(&at(1031.0, 1001.4, &flat).await).await else { panic!("a value") };
    assert_eq!(points(&values), [[1000]], "30 s old and not called stale");
    assert_eq!((values.newest.timestamp(), values.held_back), (1000, Seconds(30.0)));
    // Prometheus, asked by somebody whose clock is ahead.
    let Answer::Value(values) = answered(&at(1015.2, 1015.2, &flat).await).await else { panic!("a value") };
    assert_eq!((points(&values), values.held_back), (vec![vec![1000, 1010]], Seconds(0.0)));
}

#[tokio::test]
async fn held_back_is_one_thing_and_stale_another() {
    let old = one(&json!([[1000, "1"]]));
    let mut question = ask_for(&["orders"]);
    question.to = 1100;
    let server = at(1101.0, 1071.0, &old).await;
    let answer = source(&server.uri(), &Arc::default()).ask(question).await;
    assert_eq!(told(&answer), "stale 70", "behind what could be there");
}

#[tokio::test]
async fn nothing_can_be_asked_of_a_server_that_is_not_there_yet() {
    let Answer::Error(failure) = answered(&at(400.0, 400.0, &good()).await).await else { panic!("no number") };
    assert_eq!(failure.kind, FailureKind::Local);
    let text = failure.to_string();
    assert_eq!(text, "our clock is more than 10m00s ahead of the server's; set the clock of this machine");
    // Held back is not the same as not there.
    assert_eq!(told(&answered(&at(1005.0, 975.0, &good()).await).await), "no data");
}

#[tokio::test]
async fn without_knowing_what_is_real_there_is_no_number() {
    let nonsense = [
        (ResponseTemplate::new(500), "Refused"),
        (numbers(&matrix(&json!([]))), "Malformed"),
        (time(1000.0, f64::NAN), "Malformed"),
        (time(1000.0, 9e9), "Malformed"),
    ];
    for (answer, kind) in nonsense {
        let server = MockServer::start().await;
        Mock::given(path("/api/v1/query")).respond_with(answer).mount(&server).await;
        Mock::given(path("/api/v1/query_range")).respond_with(numbers(&good())).mount(&server).await;
        let told = told(&answered(&server).await);
        assert!(told.starts_with(kind), "{told}");
    }
}

#[tokio::test]
async fn its_time_is_measured_now_and_then() {
    let server = at(2000.0, 2000.0, &good()).await;
    let mono = Arc::default();
    let source = source(&server.uri(), &mono);
    for (now, measured) in [(0, 1), (10_000, 1), (299_000, 1), (300_001, 2), (310_000, 2)] {
        mono.store(now, Ordering::Relaxed);
        source.ask(ask_for(&["orders"])).await;
        let all = server.received_requests().await.unwrap().len();
        assert_eq!(all - ranges(&server).await.len(), measured, "{now}");
    }
}

#[tokio::test]
async fn events_are_not_counted_further_than_exposures() {
    let server = server().await;
    let respond = |query: &str, body: &Value| {
        Mock::given(body_string_contains(format!("query={query}"))).respond_with(numbers(body))
    };
    respond("orders", &good()).mount(&server).await;
    respond("late", &one(&json!([[1000, "1"], [1010, "2"], [1020, "3"]]))).mount(&server).await;
    for queries in [["orders", "late"], ["late", "orders"]] {
        let Answer::Value(values) = source(&server.uri(), &Arc::default()).ask(ask_for(&queries)).await else {
            panic!("a value")
        };
        assert_eq!(points(&values), [[1000, 1010, 1020], [1000, 1010, 1020]]);
        assert_eq!(values.newest.timestamp(), 1020);
    }
}
