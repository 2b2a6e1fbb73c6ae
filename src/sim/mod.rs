//! The demo's world: a cluster, its controller, its traffic and its customers.
//!
//! A function of scenario, seed, time and acts: whole seconds are lived through one by one, so the same acts
//! at the same seconds give the same world however often it is looked at. Knows neither files, clock nor wire.

mod cast;
mod controller;
mod customers;
mod debrief;
mod dice;
mod fault;
mod meters;
mod rollout;
mod scaling;
mod scenario;
mod shared;
mod world;

pub use customers::{Ledger, ORDER_WORTH};
pub use debrief::debrief;
pub use meters::{MINOR, meters};
pub use rollout::{
    Analysis, Edit, Event, Image, Measurement, Pause, PauseReason, Pod, ReplicaSet, Rollout, Spec, Status, Step,
    StepTime,
};
pub use scenario::{Scenario, ScenarioError};
pub use shared::Shared;
pub use world::World;
