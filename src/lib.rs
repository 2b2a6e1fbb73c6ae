//! flightdeck: watch a release as it goes out, see whether customers are hurt, and take it back with one key.
//!
//! | module | what it is |
//! |---|---|
//! | [`domain`] | the nouns: release, step, weight, plan, panel; plain values that serialise |
//! | [`judge`] | is the canary worse, and how sure is that |
//! | [`core`] | the program as a function: state and event to effects |
//! | [`view`], [`theme`] | state to cells; reads only |
//! | [`backend`] | platforms that run deploys |
//! | [`metrics`] | places that answer questions about numbers |
//! | [`http`] | the one HTTP client |
//! | [`sim`] | the demo's world, a function of seed, time and acts |
//! | [`config`] | layers of configuration, resolved to settings |
//! | [`store`] | journal and recordings |
//! | [`runtime`] | tasks, clock and terminal |
//! | [`headless`], [`cli`] | the command line |
//!
//! `ARCHITECTURE.md` says which layer may use which; `tests/architecture.rs` holds it.

pub mod backend;
pub mod cli;
pub mod config;
pub mod core;
pub mod domain;
pub mod headless;
pub mod http;
pub mod judge;
pub mod metrics;
pub mod runtime;
pub mod sim;
pub mod store;
pub mod theme;
pub mod view;
