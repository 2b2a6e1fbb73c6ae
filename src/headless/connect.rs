//! From configured sources to ones that can be watched and asked.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{print, problem::Problem};
use crate::{
    backend::{self, Backend, kubernetes},
    config::Loaded,
    domain::{clean::Name, failure::Failure},
    metrics::{self, Source},
    runtime::clock::Clock,
};

/// Every source of a configuration, by its name.
#[derive(Default)]
pub struct Connected {
    pub backends: BTreeMap<Name, Arc<dyn Backend>>,
    pub metrics: BTreeMap<Name, Arc<dyn Source>>,
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected")
            .field("backends", &self.backends.keys())
            .field("metrics", &self.metrics.keys())
            .finish()
    }
}

/// Makes every source. A cluster's credential plugin runs here, so the terminal must still be the shell's.
///
/// # Errors
/// When what was configured cannot be used: a kubeconfig, a file, an address, a plugin.
pub async fn connect(loaded: &Loaded, clock: Clock) -> Result<Connected, Problem> {
    let mut connected = Connected::default();
    for (name, config) in &loaded.sources {
        let named = |failure: Failure| {
            let problem = Problem::from(failure);
            Problem::new(problem.code, format!("{name}: {problem}"))
        };
        if let Some(backend) = backend::connect(name, config, now(clock), announce()).await.map_err(named)? {
            connected.backends.insert(name.clone(), backend);
        }
        if let Some(source) = metrics::connect(config, Arc::new(move || clock.now())).map_err(named)? {
            connected.metrics.insert(name.clone(), source);
        }
    }
    Ok(connected)
}

/// The time of day, as a backend asks for it.
#[must_use]
pub fn now(clock: Clock) -> kubernetes::Clock {
    Arc::new(move || clock.now().wall)
}

/// Says on standard error what somebody waits for before any screen is drawn.
#[must_use]
pub fn announce() -> Arc<dyn Fn(&str) + Send + Sync> {
    Arc::new(print::complain)
}
