//! The demo: a simulated world behind the ordinary program, on a terminal or without one.
//!
//! `program` is for people; `flight` lives through the same world without a clock or a terminal, always alike.

pub mod flight;
mod panels;
pub mod script;

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    backend::{self, Backend},
    core::settings::{Environment, Role, Settings, SourceSetting},
    domain::{clean::Name, target::TargetRef, time::Seconds},
    metrics::{self, Source},
    runtime::{Program, clock::Clock},
    sim::{Scenario, Shared, World},
    theme::Theme,
};

/// How many times faster than life the demo runs if nobody says otherwise.
pub const SPEED: f64 = 10.0;
/// The world that is shown if nobody asks for another.
pub const SEED: u64 = 42;

const CLUSTER: &str = "demo";
const NUMBERS: &str = "demo-prom";

/// The ordinary program over the simulated world of this number. Without a folder in `data` it refuses forward acts, as always.
#[must_use]
pub fn program(scenario: Scenario, number: u64, speed: f64, theme: Theme) -> Program {
    let world = World::new(scenario, number);
    let clock = Clock::simulated(world.now(), speed);
    let world = Shared::new(world, move || clock.now().wall);
    let cluster: Arc<dyn Backend> = Arc::new(backend::demo::Demo::new(CLUSTER.into(), world.clone()));
    let numbers: Arc<dyn Source> = Arc::new(metrics::demo::Demo::new(world));
    Program {
        settings: settings(scenario, speed),
        theme,
        backends: BTreeMap::from([(Name::from(CLUSTER), cluster)]),
        metrics: BTreeMap::from([(Name::from(NUMBERS), numbers)]),
        clock,
        record: None,
        data: None,
        launcher: None,
    }
}

/// What the demo is configured with.
#[must_use]
pub fn settings(scenario: Scenario, speed: f64) -> Settings {
    let source = |name: &str, role, short: &str| SourceSetting {
        name: name.into(),
        role,
        environment: Environment::Prod,
        folders: Vec::new(),
        short: short.into(),
        tick: Some(Seconds(10.0)),
    };
    Settings {
        sources: vec![source(CLUSTER, Role::Backend, "k8s"), source(NUMBERS, Role::Metrics, "prom")],
        panels: panels::panels(scenario.is_detailed()),
        open: Some(TargetRef { kind: None, segments: vec!["shop".into(), "checkout".into()] }),
        demo: true,
        speed,
        ..Settings::default()
    }
}
