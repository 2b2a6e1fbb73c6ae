//! Releases whose panels a real judge has looked at: every verdict, with one panel, seven and thirty.

use std::sync::Arc;

use flightdeck::{
    core::{
        effect::WatchId,
        event::Size,
        evidence::{self, Forecast, Mark, Progress},
        state::{Evidence, Judged, Panel, State, Watched, WeightMove, When, Wrong},
    },
    domain::{
        analysis::{BadSide, Check, Limit, LimitMeans, Measured},
        panel::{Arm, Arms, Better, Cap, PanelKind, PanelSpec, PanelTrouble, TargetPattern, Worth},
        series::{Counts, Level, Point, Tick},
        step::StepId,
        time::Seconds,
        timeline::MomentKind,
    },
    judge::{Dispersion, Judge, Pods, Rules, Standing, forecast, gauge::Gauge, shared, split::Split},
};

use crate::fixtures::{self, Situation, ago, checkout, moment, now};

/// What the panels add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    NoGo,
    Go,
    TechnicalOnly,
    Collecting,
    Unknown,
}

pub const VERDICTS: [Verdict; 5] =
    [Verdict::NoGo, Verdict::Go, Verdict::TechnicalOnly, Verdict::Collecting, Verdict::Unknown];

/// Seconds between ticks, and ticks in a chart.
const STEP: i64 = 10;
const TICKS: i64 = 240;

fn end() -> i64 {
    (now().timestamp() - 20) / STEP * STEP
}

/// A canary at 10 % that waits for a person, with so many panels that come to this verdict.
pub fn release(verdict: Verdict, panels: usize, size: Size) -> State {
    let mut state = fixtures::release(Situation::Normal, size);
    let exposed = if verdict == Verdict::Collecting { 25 } else { 150 };
    let open = state.open.as_mut().unwrap();
    open.watch = WatchId(1);
    let mut release = checkout();
    release.checks = checks();
    release.analyses.clear();
    open.release = Some(Arc::new(release));
    open.panels = match panels {
        1 => vec![alone(verdict, exposed)],
        7 => seven(verdict, exposed),
        _ => thirty(verdict, exposed),
    };
    if panels > 1 {
        open.panels.push(analysis());
        open.split = Some(split(exposed, if verdict == Verdict::Unknown { 2.0 } else { 17.6 }));
    }
    if panels > 7 {
        open.wrong = vec![Wrong {
            origin: "ConfigMap flightdeck-extra".into(),
            why: "panel `carts` asks `graphite`, which is not configured as a source of numbers".into(),
            decides: false,
        }];
    }
    open.weights = vec![WeightMove { at: end() - exposed * STEP, percent: Some(10.0), when: When::Then }];
    let word = evidence::verdict(open);
    open.said = Some(word.word);
    let why = word.why.first().map(ToString::to_string).unwrap_or_default();
    open.seen = vec![moment(104, MomentKind::Verdict, &format!("{}: {why}", word.word))];
    state
}

/// A release of which nearly everything is wrong or unknown.
pub fn all_wrong(size: Size) -> State {
    let mut state = release(Verdict::NoGo, 30, size);
    let open = state.open.as_mut().unwrap();
    let healthy = open.panels.iter_mut().filter(|panel| panel.spec.kind.has_counts() && !panel.spec.critical);
    for (place, panel) in healthy.enumerate() {
        if place % 3 == 0 {
            trouble(panel, PanelTrouble::NoData);
        } else {
            let rate = panel.reading.baseline.rate().unwrap_or(0.05);
            *panel = Story { spec: panel.spec.clone(), rate, factor: 4.0, since: 70, exposed: 150 }.panel();
        }
    }
    state
}

fn alone(verdict: Verdict, exposed: i64) -> Panel {
    match verdict {
        Verdict::NoGo => orders(0.41, exposed),
        Verdict::Go | Verdict::Collecting => orders(1.0, exposed),
        Verdict::TechnicalOnly => errors(exposed),
        Verdict::Unknown => {
            let mut panel = orders(1.0, exposed);
            trouble(&mut panel, PanelTrouble::NoData);
            panel
        }
    }
}

fn seven(verdict: Verdict, exposed: i64) -> Vec<Panel> {
    let mut orders = orders(if verdict == Verdict::NoGo { 0.41 } else { 1.0 }, exposed);
    orders.spec.critical = verdict != Verdict::TechnicalOnly;
    let mut chat = ratio("chat contacts", 0.004, exposed).panel();
    if matches!(verdict, Verdict::NoGo | Verdict::Unknown) {
        trouble(&mut chat, PanelTrouble::NoData);
    }
    if verdict == Verdict::Unknown {
        trouble(&mut orders, PanelTrouble::Partial("2 of 8 pods are missing".into()));
    }
    let mut refunds = ratio("refunds", 0.02, exposed.min(60));
    refunds.spec.tolerance = 0.2;
    let mut latency = ratio("latency > 300 ms", 0.11, exposed);
    (latency.spec.unit, latency.spec.per) = ("%".into(), 100.0);
    latency.spec.kind = PanelKind::Latency {
        within: "http_fast_requests_total".into(),
        requests: "http_requests_total".into(),
        by: "pod".into(),
    };
    let pool = if verdict == Verdict::NoGo { 61.0 } else { 38.5 };
    vec![
        orders,
        chat,
        refunds.panel(),
        errors(exposed),
        latency.panel(),
        cpu(exposed),
        shared_panel("db pool in use", "%", 38.0, pool, exposed),
    ]
}

fn thirty(verdict: Verdict, exposed: i64) -> Vec<Panel> {
    let mut panels = seven(verdict, exposed);
    panels.push(shared_panel("payment provider errors", "%", 0.1, 0.1, exposed));
    let groups: [(&str, &[&str]); 3] = [
        (
            "customers",
            &[
                "coupons redeemed",
                "gift cards",
                "saved carts",
                "abandoned carts",
                "guest checkouts",
                "address corrections",
                "newsletter opt-ins",
                "wishes",
            ],
        ),
        (
            "machines",
            &[
                "latency > 1 s",
                "latency > 3 s",
                "cache misses",
                "redirects",
                "garbage collection",
                "socket errors",
                "disk waits",
            ],
        ),
        (
            "dependencies",
            &[
                "database retries",
                "lock waits",
                "stock timeouts",
                "tax timeouts",
                "mail bounces",
                "search errors",
                "a dependency with a name that is too long for its column",
            ],
        ),
    ];
    for (group, names) in groups {
        for name in names {
            let mut story = ratio(name, 0.05, exposed);
            story.spec.group = Some(group.into());
            story.spec.unit = "%".into();
            story.spec.per = 100.0;
            // One of the customers' panels leans, on a release that hurts them.
            if *name == "abandoned carts" && verdict == Verdict::NoGo {
                (story.factor, story.since) = (2.6, 60);
            }
            panels.push(story.panel());
        }
    }
    panels
}

fn trouble(panel: &mut Panel, trouble: PanelTrouble) {
    panel.trouble = Some(trouble);
    panel.newest = Some(ago(90));
    panel.reading = evidence::look(panel);
}

/// What happened to the counters of one panel.
struct Story {
    spec: PanelSpec,
    /// Events per exposure of the baseline.
    rate: f64,
    /// The canary's rate over the baseline's, and how many ticks ago that began.
    factor: f64,
    since: i64,
    /// Ticks since the canary is exposed.
    exposed: i64,
}

fn spec(name: &str, kind: PanelKind, better: Better) -> PanelSpec {
    PanelSpec {
        targets: TargetPattern(vec!["checkout".into()]),
        source: "prom-eu".into(),
        lag: Seconds(30.0),
        origin: "ConfigMap flightdeck-panels".into(),
        ..PanelSpec::new(name, kind, better)
    }
}

fn ratio(name: &str, rate: f64, exposed: i64) -> Story {
    let kind = PanelKind::Ratio {
        events: format!(
            r#"sum by (pod) ({}_total{{namespace="{{{{namespace}}}}", app="{{{{name}}}}"}})"#,
            name.replace(' ', "_")
        ),
        exposures: r#"sum by (pod) (checkout_attempts_total{namespace="{{namespace}}", app="{{name}}"})"#.into(),
        by: "pod".into(),
    };
    let spec = PanelSpec {
        tolerance: 0.5,
        unit: "per 1,000 checkouts".into(),
        per: 1000.0,
        ..spec(name, kind, Better::Lower)
    };
    Story { spec, rate, factor: 1.0, since: 0, exposed }
}

fn orders(factor: f64, exposed: i64) -> Panel {
    let mut story = ratio("orders", 0.941, exposed);
    story.spec.tolerance = 0.1;
    story.spec.better = Better::Higher;
    story.spec.critical = true;
    story.spec.business = true;
    story.spec.worth = Some(Worth { amount: 42.0, currency: "EUR".into() });
    (story.factor, story.since) = (factor, 26);
    story.panel()
}

fn errors(exposed: i64) -> Panel {
    let mut story = ratio("error ratio", 0.08, exposed);
    story.spec = PanelSpec {
        critical: true,
        unit: "%".into(),
        per: 100.0,
        cap: Some(Cap { share: 0.2, exposures: 500.0 }),
        ..story.spec
    };
    story.panel()
}

impl Story {
    fn ticks(&self) -> Vec<Tick> {
        let wave = |place: i64| 1.0 + 0.06 * f64::from(i32::try_from(place * 37 % 11).unwrap() - 5) / 5.0;
        (1..=TICKS)
            .map(|place| {
                let back = TICKS - place;
                let rate = |factor: f64, wave: f64| (self.rate * factor * wave).min(1.0);
                let arm = |exposures: f64, rate: f64| Counts { events: rate * exposures, exposures };
                let exposed = if back < self.exposed { 17.6 } else { 0.0 };
                let factor = if back < self.since { self.factor } else { 1.0 };
                Tick {
                    at: end() - back * STEP,
                    baseline: arm(163.7, rate(1.0, wave(place))),
                    canary: arm(exposed, rate(factor, wave(place + 3))),
                }
            })
            .collect()
    }

    fn panel(self) -> Panel {
        let arm = |hash: &str| Arm { hash: hash.into(), instance_prefix: format!("checkout-{hash}-").into() };
        let arms = Arms { baseline: arm("5f4d8c"), canary: Some(arm("6b7c9d")) };
        let began = end() - self.exposed * STEP;
        let ticks = self.ticks();
        let spread = Dispersion::measured(1.4);
        let rules = Rules::new(self.spec.better, self.spec.tolerance).with_critical(2).with_dispersion(spread);
        let mut judge = Judge::new(rules, began);
        let mut trail = Vec::new();
        for tick in ticks.iter().filter(|tick| tick.at > began) {
            judge.take(tick, Pods { baseline: 8, canary: 2 }).unwrap();
            let finding = judge.finding();
            let mark = match finding.standing {
                Standing::Regression => Mark::Regression,
                Standing::Within => Mark::Good,
                Standing::Collecting => Mark::Collecting,
            };
            trail.push(Judged { at: tick.at, mark, ratio: finding.ratio, low: finding.low, high: finding.high });
        }
        let evidence = Evidence {
            dispersion: Some(spread),
            finding: Some(judge.finding()),
            pods: Pods { baseline: 8, canary: 2 },
            judge: Some(Arc::new(judge.clone())),
            judged_to: Some(end()),
            ..Evidence::default()
        };
        let mut panel = Panel {
            exposed_since: Some(began),
            newest: Some(ago(4)),
            answered_to: Some(end()),
            moves: vec![WeightMove { at: began, percent: Some(10.0), when: When::Then }],
            left_out: vec![(began - 50, began)],
            ticks,
            trouble: None,
            evidence,
            trail,
            ..Panel::new(self.spec, Some(arms), STEP, 3_606_000)
        };
        panel.reading = evidence::look(&panel);
        if panel.spec.critical && matches!(panel.reading.mark, Mark::Collecting | Mark::Good) {
            panel.reading.forecast = Some(forecast_of(&judge, &panel));
        }
        panel
    }
}

fn forecast_of(judge: &Judge, panel: &Panel) -> Forecast {
    let newest: Vec<_> = panel.ticks[panel.ticks.len() - 6..].iter().map(|tick| (*tick, STEP)).collect();
    let flow = forecast::Flow::observed(&newest).unwrap();
    let pods = Pods { baseline: 8, canary: 2 };
    let dead = if panel.spec.better == Better::Higher { 0.0 } else { 10.0 };
    let seconds = |seconds: i64| Seconds(f64::from(i32::try_from(seconds).unwrap()));
    Forecast {
        progress: forecast::progress(judge, flow, pods, STEP).map(|to| Progress {
            done: to.done,
            of: to.of,
            ready_at: to.ready_at,
        }),
        blind: forecast::until_seen(judge, flow, pods, dead, 0).map(seconds),
        enough_weight: forecast::weight_to_see(*judge.rules(), flow, pods, dead, 300),
    }
}

/// A gauge of both arms.
fn cpu(exposed: i64) -> Panel {
    let kind = PanelKind::Value { query: r#"avg by (pod) (cpu_per_request{app="{{name}}"})"#.into(), by: "pod".into() };
    let spec =
        PanelSpec { tolerance: 0.2, unit: "ms".into(), per: 1.0, ..spec("cpu per request", kind, Better::Lower) };
    let mut panel = ratio("cpu per request", 0.01, exposed).panel();
    let began = end() - exposed * STEP;
    let levels: Vec<Level> = (1..=TICKS)
        .map(|place| {
            let at = end() - (TICKS - place) * STEP;
            let wave = f64::from(i32::try_from(place % 7).unwrap()) * 0.05;
            Level { at, baseline: Some(4.0 + wave), canary: (at > began).then_some(4.1 + wave) }
        })
        .collect();
    let mut gauge = Gauge::new(&Rules::new(Better::Lower, 0.2), began);
    for level in levels.iter().filter(|level| level.at > began) {
        gauge.take(level.at, level.baseline.unwrap(), level.canary.unwrap()).unwrap();
    }
    panel.spec = spec;
    panel.ticks.clear();
    panel.trail.clear();
    panel.levels = levels;
    panel.evidence = Evidence { gauge: Some(Arc::new(gauge)), ..Evidence::default() };
    panel.reading = evidence::look(&panel);
    panel
}

/// A gauge that both arms share, against the hour before.
fn shared_panel(name: &str, unit: &str, before: f64, after: f64, exposed: i64) -> Panel {
    let kind = PanelKind::Shared { query: "max(db_pool_in_use)".into() };
    let spec = PanelSpec { unit: unit.into(), per: 1.0, tolerance: 0.25, ..spec(name, kind, Better::Lower) };
    let mut panel = ratio(name, 0.01, exposed).panel();
    let began = end() - exposed * STEP;
    let points: Vec<Point> = (1..=360 + exposed)
        .map(|place| {
            let at = end() - (360 + exposed - place) * STEP;
            let wave = 1.0 + f64::from(i32::try_from(place % 9).unwrap()) * 0.004;
            Point { at, value: wave * if at > began { after } else { before } }
        })
        .collect();
    panel.evidence =
        Evidence { compared: Some(shared::values(&points, began, Better::Lower, 0.25)), ..Evidence::default() };
    panel.spec = spec;
    panel.ticks.clear();
    panel.trail.clear();
    panel.points = points;
    panel.reading = evidence::look(&panel);
    panel
}

/// What the controller asks by itself.
fn analysis() -> Panel {
    let kind =
        PanelKind::Analysis { query: "sum(rate(http_errors_total[1m])) / sum(rate(http_requests_total[1m]))".into() };
    let limit = Limit { at: 0.15, bad: BadSide::Above, inclusive: true, means: LimitMeans::NotSuccess };
    let mut panel = ratio("error-ratio", 0.01, 60).panel();
    panel.spec = PanelSpec {
        limits: vec![limit],
        all_lines: true,
        unit: "".into(),
        per: 1.0,
        origin: "success-rate".into(),
        ..spec("error-ratio", kind, Better::Lower)
    };
    panel.points = panel.ticks.iter().map(|tick| Point { at: tick.at, value: 0.08 }).collect();
    panel.ticks.clear();
    panel.trail.clear();
    panel.evidence = Evidence::default();
    panel.reading = evidence::look(&panel);
    panel
}

fn checks() -> Vec<Check> {
    let measured = |value: &str, number: f64| Measured {
        at: Some(ago(200)),
        value: value.into(),
        number: Some(number),
        phase: "Successful".into(),
    };
    vec![Check {
        name: "error-ratio".into(),
        template: "success-rate".into(),
        provider: "prometheus".into(),
        query: Some("sum(rate(http_errors_total[1m])) / sum(rate(http_requests_total[1m]))".into()),
        success: Some("result[0] < 0.15".into()),
        steps: vec![StepId("5".into())],
        count: Some(5),
        failure_limit: Some(2),
        measured: vec![measured("[0.081]", 0.081), measured("[0.079]", 0.079)],
        ..Check::default()
    }]
}

/// The router was told 10 %, and this many of 181 exposures a tick come to the canary.
fn split(exposed: i64, canary: f64) -> Watched {
    let began = end() - exposed * STEP;
    let mut split = Split::new(1.2, 0.1, began);
    for place in 1..=exposed {
        let of = |exposures: f64| Counts { events: 0.0, exposures };
        split.take(&Tick { at: began + place * STEP, baseline: of(181.0 - canary), canary: of(canary) }).unwrap();
    }
    Watched { panel: "error ratio".into(), split, found: None, since: began, to: end() }
}
