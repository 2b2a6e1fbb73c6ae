//! How much traffic goes to the new revision.

use serde::{Deserialize, Serialize};

/// Share of traffic on the new revision in percent of all traffic; `None` where the backend does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// What the spec asks for at the current step.
    pub wanted: Option<f64>,
    /// What the router was told, or without a router what the pod counts amount to.
    pub set: Option<f64>,
    /// Whether the router confirmed it, where routers can.
    pub verified: Option<bool>,
}
