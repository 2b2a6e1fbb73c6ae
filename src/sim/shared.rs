//! One world for all who look at it: it has always lived up to now before anybody sees or changes it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

use super::world::World;

/// A handle on a world and on the clock it lives by; clones share both.
#[derive(Clone)]
pub struct Shared {
    world: Arc<Mutex<World>>,
    now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

impl Shared {
    /// `now` gives the world's own time, which may run faster than life.
    pub fn new(world: World, now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { world: Arc::new(Mutex::new(world)), now: Arc::new(now) }
    }

    /// Looks at the world as it is now, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        // A panic of another holder leaves at worst a second lived halfway; looking on is better than ending.
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance((self.now)().timestamp());
        look(&mut world)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
