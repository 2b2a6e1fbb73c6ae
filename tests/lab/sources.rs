//! The same questions to the real Prometheus and the real VictoriaMetrics, which scrape the same counters.

use std::{
    io::Write,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use chrono::{DateTime, Utc};
use flightdeck::{
    config::prometheus::{Flavour, PrometheusConfig},
    domain::{
        failure::FailureKind,
        question::{Answer, Query, Question, Values},
        time::{At, Seconds},
    },
    metrics::{Clock, Source, prometheus::Prometheus},
};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::path};

use crate::harness::Lab;

/// What each pod's counter grows by in a second.
const RATES: [(&str, f64); 2] = [("a", 40.0), ("b", 7.0)];
const STEP: i64 = 10;

/// A shop that sells steadily, and begins anew from nothing when it is told to.
struct Shop {
    began: Instant,
    dark: Arc<AtomicBool>,
}

impl Respond for Shop {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        if self.dark.load(Ordering::Relaxed) {
            return ResponseTemplate::new(503);
        }
        let seconds = self.began.elapsed().as_secs_f64();
        let mut page = Vec::new();
        for (pod, rate) in RATES {
            let sold = (seconds * rate).floor();
            writeln!(page, "sold_total{{pod=\"{pod}\",till=\"1\"}} {sold}").unwrap();
            writeln!(page, "sold_total{{pod=\"{pod}\",till=\"2\"}} 5").unwrap();
        }
        ResponseTemplate::new(200).set_body_raw(page, "text/plain; version=0.0.4")
    }
}

fn source(flavour: Flavour, url: &str) -> Prometheus {
    let began = Instant::now();
    let clock: Clock =
        Arc::new(move || At { wall: Utc::now(), mono: u64::try_from(began.elapsed().as_millis()).unwrap() });
    let scrape_interval = Some(Seconds(5.0));
    let config = PrometheusConfig { flavour, scrape_interval, ..PrometheusConfig::at(url.to_owned()) };
    Prometheus::connect(&config, clock).unwrap()
}

/// Every server there is, with what it is.
fn servers(lab: &Lab) -> Vec<(Flavour, Prometheus)> {
    let mut servers = vec![(Flavour::Prometheus, source(Flavour::Prometheus, lab.prometheus_url()))];
    match lab.victoria_url() {
        Some(url) => servers.push((Flavour::VictoriaMetrics, source(Flavour::VictoriaMetrics, url))),
        // Written past libtest's capture, which would hide it for a test that passes.
        None => std::io::stderr().write_all(b"left out: VictoriaMetrics, which is not installed\n").unwrap(),
    }
    servers
}

/// The newest seconds that can be asked for on a grid of steps: two scrapes may be on their way.
fn now() -> i64 {
    (Utc::now().timestamp() - 6).div_euclid(STEP) * STEP
}

fn question(text: &str, by: Option<&str>, from: i64, to: i64) -> Question {
    let query = Query { text: text.to_owned(), by: by.map(Into::into) };
    Question { source: "it".into(), queries: vec![query], from, to, step: STEP }
}

const SOLD: &str = "sum by (pod) (sold_total)";

fn is_value(answer: &Answer) -> bool {
    matches!(answer, Answer::Value(_))
}

/// What each pod sold between neighbouring samples.
fn growth(values: &Values) -> Vec<(String, Vec<f64>)> {
    let of = |points: &[flightdeck::domain::series::Point]| {
        points
            .windows(2)
            .filter(|pair| pair[1].at - pair[0].at == STEP)
            .map(|pair| pair[1].value - pair[0].value)
            .collect()
    };
    values.sets[0].iter().map(|series| (series.instance.to_string(), of(&series.points))).collect()
}

#[test]
fn prometheus_and_victoria_metrics_answer_the_same_questions_as_truly() {
    let Some(lab) = Lab::get() else { return };
    let dark = Arc::new(AtomicBool::new(false));
    let listener = TcpListener::bind(lab.target_address()).unwrap();
    let shop = Shop { began: Instant::now(), dark: Arc::clone(&dark) };
    let _server = lab.run(async {
        let server = MockServer::builder().listener(listener).start().await;
        Mock::given(path("/metrics")).respond_with(shop).mount(&server).await;
        server
    });
    let servers = servers(&lab);
    let ask = |source: &Prometheus, question: Question| lab.run(source.ask(question));
    let began = now() + 2 * STEP;
    let newest = |source: &Prometheus| match ask(source, question(SOLD, Some("pod"), began, now().max(began))) {
        Answer::Value(values) => values.newest.timestamp(),
        _ => 0,
    };
    lab.wait_until("half a minute of sales in each", || {
        servers.iter().all(|(_, source)| newest(source) >= began + 3 * STEP)
    });

    for (flavour, source) in &servers {
        // Every step grew as it was sold: nothing stands still because it is held back.
        let Answer::Value(values) = ask(source, question(SOLD, Some("pod"), began, now())) else {
            panic!("{flavour:?} has sold something")
        };
        let expected_back = if *flavour == Flavour::VictoriaMetrics { Seconds(30.0) } else { Seconds(0.0) };
        assert_eq!(values.held_back, expected_back, "{flavour:?}: this version of it");
        for ((pod, grown), (name, rate)) in growth(&values).iter().zip(RATES) {
            assert_eq!(pod, name);
            assert!(grown.len() >= 3, "{flavour:?} {grown:?}");
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let expected = rate * STEP as f64;
            // A sample is up to one scrape of 2 s old.
            let fits = |grown: &f64| (grown - expected).abs() <= rate * 3.0;
            assert!(grown.iter().all(fits), "{flavour:?} {pod}: {grown:?} for {expected}");
        }
        let behind = Utc::now().timestamp() - values.newest.timestamp();
        #[expect(clippy::cast_possible_truncation, reason = "30 s")]
        let expected_behind = expected_back.0 as i64 + 10;
        assert!(behind - STEP <= expected_behind, "{flavour:?} is {behind} s behind");

        // What is no number, by each one's own ways.
        let told = |text: &str, by: Option<&str>| ask(source, question(text, by, began, began + 2 * STEP));
        let kind = |answer: Answer| match answer {
            Answer::Error(failure) => Some(failure.kind),
            Answer::Value(_) | Answer::NoData | Answer::Partial(_) | Answer::Stale(_) | Answer::NotFinite => None,
        };
        assert_eq!(told("sum by (pod) (no_such_total)", Some("pod")), Answer::NoData, "{flavour:?}");
        assert_eq!(told(&format!("{SOLD} / 0"), Some("pod")), Answer::NotFinite, "{flavour:?}");
        let nan = told(&format!("{SOLD} * 0 / 0"), Some("pod"));
        assert!(matches!(nan, Answer::NotFinite | Answer::NoData), "{flavour:?} {nan:?}");
        assert_eq!(kind(told("sold_total", Some("pod"))), Some(FailureKind::Malformed), "{flavour:?}: two tills");
        assert_eq!(kind(told("sum(sold_total)", Some("pod"))), Some(FailureKind::Malformed), "{flavour:?}: no pod");
        assert_eq!(kind(told(SOLD, None)), Some(FailureKind::Malformed), "{flavour:?}: two where one is wanted");
        assert!(is_value(&told("sum(sold_total)", None)), "{flavour:?}");
        assert_eq!(kind(told("sum by (", Some("pod"))), Some(FailureKind::Refused), "{flavour:?}");
        let (past, long_ago) = (began - 3600, began - 7200);
        assert_eq!(ask(source, question(SOLD, Some("pod"), long_ago, past)), Answer::NoData, "{flavour:?}");

        let probe = lab.run(source.probe()).unwrap();
        assert_eq!((probe.flavour, probe.held_back), (Some(*flavour), expected_back));
        assert_eq!(probe.skew, Some(0.0), "{flavour:?} runs on this machine");
        assert!(probe.targets.is_some_and(|(up, all)| up >= 1 && up <= all), "{probe:?}");
    }

    // They saw the same, up to when each of them looked.
    let settled = |source: &Prometheus| match ask(source, question(SOLD, Some("pod"), began, began + 2 * STEP)) {
        Answer::Value(values) => values.sets[0].clone(),
        other => panic!("{other:?}"),
    };
    let all: Vec<_> = servers.iter().map(|(_, source)| settled(source)).collect();
    for other in all.iter().skip(1) {
        for ((one, other), (_, rate)) in all[0].iter().zip(other).zip(RATES) {
            assert_eq!(one.instance, other.instance);
            for (a, b) in one.points.iter().zip(&other.points) {
                assert!(a.at == b.at && (a.value - b.value).abs() <= rate * 3.0, "{a:?} {b:?}");
            }
        }
    }

    // The shop goes dark: no number is made up for what was not seen.
    dark.store(true, Ordering::Relaxed);
    let closed = DateTime::from_timestamp(Utc::now().timestamp() + 2, 0).unwrap();
    for (flavour, source) in &servers {
        lab.wait_until("the dark to be told", || {
            let answer = ask(source, question(SOLD, Some("pod"), now() - 3 * STEP, now()));
            if let Answer::Value(values) = &answer {
                // Two scrapes of 5 s may stand in for a missing one.
                assert!(values.newest <= closed + chrono::TimeDelta::seconds(10), "{flavour:?} {}", values.newest);
            }
            !is_value(&answer)
        });
    }
}
