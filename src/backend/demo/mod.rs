//! A simulated cluster as an ordinary backend: same objects, same rules, same plans as a real one.

mod manifest;
mod patch;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::{
    StreamExt,
    future::{self, BoxFuture, FutureExt},
    stream::{self, BoxStream},
};
use tokio::time::{MissedTickBehavior, interval};

use super::{Backend, kubernetes::argo_rollouts};
use crate::{
    domain::{
        clean::Name,
        failure::{Failure, FailureKind},
        health::Health,
        plan::{Plan, Receipt},
        release::Release,
        target::Target,
        update::{Identity, Scope, Update},
    },
    sim::{Rollout, Shared, World, debrief},
};

/// How often a watch looks whether the world has moved.
const GLANCE: Duration = Duration::from_millis(100);
/// Glances from one sign of life to the next.
const SIGN_OF_LIFE: u32 = 20;

/// A cluster in a simulated world.
#[derive(Clone, Debug)]
pub struct Demo {
    source: Name,
    world: Shared,
}

impl Demo {
    #[must_use]
    pub fn new(source: Name, world: Shared) -> Self {
        Self { source, world }
    }
}

impl Backend for Demo {
    fn watch(&self, scope: Scope) -> BoxStream<'static, Update> {
        let (world, watcher) = (self.world.clone(), Watcher::new(self.source.clone(), scope));
        let mut glances = interval(GLANCE);
        glances.set_missed_tick_behavior(MissedTickBehavior::Delay);
        stream::unfold((watcher, glances, 0_u32), move |(mut watcher, mut glances, count)| {
            let world = world.clone();
            async move {
                glances.tick().await;
                let mut news = world.with(|world| watcher.poll(world));
                if news.is_empty() && count % SIGN_OF_LIFE == 0 {
                    news.push_back(Update::Health(Health::Live));
                }
                Some((stream::iter(news), (watcher, glances, count.wrapping_add(1))))
            }
        })
        .flatten()
        .boxed()
    }

    fn apply(&self, plan: Plan) -> BoxFuture<'static, Result<Receipt, Failure>> {
        future::ready(self.world.with(|world| apply(world, &plan))).boxed()
    }

    fn rehearse(&self, plan: Plan) -> BoxFuture<'static, Result<(), Failure>> {
        future::ready(self.world.with(|world| rehearse(world, &plan))).boxed()
    }
}

/// Sends a plan to the world, exactly as it stands.
///
/// # Errors
/// As a real cluster: a precondition that no longer holds, a revision that is gone.
pub fn apply(world: &mut World, plan: &Plan) -> Result<Receipt, Failure> {
    let [namespace, name] = plan.release.target.path.as_slice() else {
        return Err(Failure::new(FailureKind::NotFound, "a rollout's address is namespace and name"));
    };
    let requests = patch::edits(world, plan)?;
    let mut replies = Vec::new();
    for edits in requests {
        world.edit(namespace.raw(), name.raw(), &edits);
        replies.push("200 OK".into());
    }
    Ok(Receipt { at: Some(world.now()), replies })
}

/// Whether the world would take the plan now.
///
/// # Errors
/// As `apply`.
pub fn rehearse(world: &World, plan: &Plan) -> Result<(), Failure> {
    patch::edits(world, plan).map(|_| ())
}

/// One watch on the world: what it has told already.
#[derive(Debug)]
pub struct Watcher {
    source: Name,
    scope: Scope,
    /// The versions that were told; none before the first look.
    told: Option<BTreeMap<(String, String), u64>>,
    /// How it went was told.
    debriefed: bool,
}

impl Watcher {
    #[must_use]
    pub const fn new(source: Name, scope: Scope) -> Self {
        Self { source, scope, told: None, debriefed: false }
    }

    /// What is new since the last look; everything at the first.
    pub fn poll(&mut self, world: &World) -> VecDeque<Update> {
        let in_scope: Vec<&Rollout> = world.rollouts().iter().filter(|rollout| self.is_in_scope(rollout)).collect();
        let versions = in_scope.iter().map(|rollout| (key(rollout), rollout.version)).collect();
        let Some(told) = self.told.replace(versions) else {
            return self.beginning(&in_scope);
        };
        let mut news: VecDeque<Update> = in_scope
            .into_iter()
            .filter(|rollout| told.get(&key(rollout)) != Some(&rollout.version))
            .map(|rollout| self.release(rollout).map_or_else(|lost| lost, |release| Update::Changed(Arc::new(release))))
            .collect();
        if !self.debriefed
            && matches!(self.scope, Scope::Release(_))
            && let Some(debrief) = debrief(world)
        {
            self.debriefed = true;
            news.push_back(Update::Debrief(Box::new(debrief)));
        }
        news
    }

    fn beginning(&self, in_scope: &[&Rollout]) -> VecDeque<Update> {
        let mut news = VecDeque::from([Update::Identity(Identity { user: "operator".into() })]);
        let releases: Result<Vec<_>, Update> =
            in_scope.iter().map(|rollout| self.release(rollout).map(Arc::new)).collect();
        match (releases, &self.scope) {
            (Err(lost), _) => news.push_back(lost),
            (Ok(releases), Scope::Release(target)) if releases.is_empty() => {
                news.extend([Update::Gone(target.clone()), Update::Health(Health::Live)]);
            }
            (Ok(releases), _) => news.extend([Update::Snapshot(releases), Update::Health(Health::Live)]),
        }
        news
    }

    fn is_in_scope(&self, rollout: &Rollout) -> bool {
        match &self.scope {
            Scope::Board(folders) => {
                folders.is_empty() || folders.iter().any(|folder| folder.raw() == rollout.namespace)
            }
            Scope::Release(target) => *target == self.target(rollout),
        }
    }

    fn target(&self, rollout: &Rollout) -> Target {
        Target {
            source: self.source.clone(),
            kind: argo_rollouts::KIND.into(),
            path: vec![rollout.namespace.as_str().into(), rollout.name.as_str().into()],
        }
    }

    /// What was seen as a release; what cannot be decoded is a loss of contact, never a guess.
    fn release(&self, rollout: &Rollout) -> Result<Release, Update> {
        match manifest::observed(rollout) {
            // A simulated world ends with the program that shows it: nothing outside could guard it.
            Ok(observed) => Ok(Release { post: None, ..argo_rollouts::release(&self.source, &observed) }),
            Err(error) => {
                let why = Failure::new(FailureKind::Malformed, format!("`{}` cannot be decoded", rollout.name));
                Err(Update::Health(Health::Lost { why: why.detail(error.to_string()), retry_in_ms: 1000 }))
            }
        }
    }
}

fn key(rollout: &Rollout) -> (String, String) {
    (rollout.namespace.clone(), rollout.name.clone())
}

#[cfg(test)]
mod tests;
