//! The demo: a simulated world behind the ordinary program, on a terminal or without one.
//!
//! `program` is for people; `flight` lives through the same world without a clock or a terminal, always alike.

pub mod flight;
pub mod script;

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    backend::{self, Backend},
    core::settings::{Environment, Role, Settings, SourceSetting},
    domain::{
        clean::Name,
        panel::{Better, PanelKind, PanelSpec, TargetPattern},
        target::TargetRef,
        time::Seconds,
    },
    metrics::{self, Source},
    runtime::{Program, clock::Clock},
    sim::{Shared, World},
    theme::Theme,
};

/// How many times faster than life the demo runs if nobody says otherwise.
pub const SPEED: f64 = 10.0;
/// The world that is shown if nobody asks for another.
pub const SEED: u64 = 42;

const CLUSTER: &str = "demo";
const NUMBERS: &str = "demo-prom";

/// The ordinary program over a simulated world. Without a folder in `data` it refuses forward acts, as always.
#[must_use]
pub fn program(world: World, speed: f64, theme: Theme) -> Program {
    let clock = Clock::simulated(world.now(), speed);
    let world = Shared::new(world, move || clock.now().wall);
    let cluster: Arc<dyn Backend> = Arc::new(backend::demo::Demo::new(CLUSTER.into(), world.clone()));
    let numbers: Arc<dyn Source> = Arc::new(metrics::demo::Demo::new(world));
    Program {
        settings: settings(speed),
        theme,
        backends: BTreeMap::from([(Name::from(CLUSTER), cluster)]),
        metrics: BTreeMap::from([(Name::from(NUMBERS), numbers)]),
        clock,
        record: None,
        data: None,
    }
}

/// What the demo is configured with.
#[must_use]
pub fn settings(speed: f64) -> Settings {
    let source = |name: &str, role, short: &str| SourceSetting {
        name: name.into(),
        role,
        environment: Environment::Prod,
        folders: Vec::new(),
        short: short.into(),
    };
    Settings {
        sources: vec![source(CLUSTER, Role::Backend, "k8s"), source(NUMBERS, Role::Metrics, "prom")],
        panels: panels(),
        open: Some(TargetRef { kind: None, segments: vec!["shop".into(), "checkout".into()] }),
        demo: true,
        speed,
        ..Settings::default()
    }
}

/// What customers came for first, then how the machines feel.
fn panels() -> Vec<PanelSpec> {
    let orders = PanelSpec {
        targets: TargetPattern(vec!["checkout".to_owned()]),
        source: NUMBERS.into(),
        critical: true,
        business: true,
        lag: Seconds(30.0),
        unit: "".into(),
        per: 1000.0,
        origin: "built into the demo".into(),
        ..PanelSpec::new("orders per 1,000 checkouts", ratio("orders", "checkouts"), Better::Higher)
    };
    let lower = |name: &str, events: &str, exposures: &str, tolerance: f64| PanelSpec {
        name: name.into(),
        kind: ratio(events, exposures),
        better: Better::Lower,
        tolerance,
        critical: false,
        business: false,
        lag: Seconds(0.0),
        unit: "%".into(),
        per: 100.0,
        ..orders.clone()
    };
    vec![
        orders.clone(),
        PanelSpec { critical: true, ..lower("error ratio", "errors", "requests", 0.5) },
        lower("latency > 300 ms", "slow_requests", "requests", 0.25),
        lower("payment provider errors", "provider_errors", "checkouts", 1.0),
        PanelSpec { business: true, lag: Seconds(60.0), ..lower("refunds", "refunds", "checkouts", 1.0) },
    ]
}

fn ratio(events: &str, exposures: &str) -> PanelKind {
    PanelKind::Ratio { events: events.to_owned(), exposures: exposures.to_owned(), by: "pod".into() }
}
