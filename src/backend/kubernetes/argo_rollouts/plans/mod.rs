//! How each goal would be reached on this Rollout now, or why it cannot be.
//!
//! Pure: what is sent later is exactly what stands in the plan. Forward acts test object, revision, step and
//! pause; ways back test only what no timer can move.

mod back;
mod forward;
mod hold;
mod reach;
mod request;
mod returning;
#[cfg(test)]
mod tests;

pub(super) use back::way_back;

use super::{Observed, about, objects::Rollout, phase, steps};
use crate::domain::{
    clean::{Clean, Name},
    goal::{Answer, Denied, Direction, Goal, Offer, Permission},
    plan::{Condition, Expectation, Plan},
    release::ReleaseId,
    revision::{Revision, Tag},
    time::Seconds,
    weight::Weight,
};
use request::Patch;
pub(in super::super) use request::rollout_path;

type Planned = Result<Plan, Denied>;

/// Longest time in which the controller normally acts on a change of status or spec.
const CONTROLLER_SECONDS: Seconds = Seconds(30.0);
const DEFAULT_DEADLINE: i64 = 600;

/// What plans are made of.
pub(super) struct Ground<'a> {
    pub observed: &'a Observed,
    pub id: &'a ReleaseId,
    pub revisions: &'a [Revision],
    pub weight: Weight,
}

/// Every goal worth offering, in the order of a menu.
pub(super) fn offers(ground: &Ground<'_>) -> Vec<Offer> {
    let offer = |goal: Goal| Offer { answer: answer(ground, &goal), goal };
    let mut offers: Vec<Offer> = [
        Goal::Rollback { to: None },
        Goal::Pause,
        Goal::Resume,
        Goal::Promote,
        Goal::PromoteFull,
        Goal::Abort,
        Goal::Retry,
    ]
    .into_iter()
    .map(offer)
    .collect();
    if ground.canary().is_ok() {
        let older = ground.revisions.iter().filter(|r| r.hash != ground.id.revision).filter_map(|r| r.number);
        offers.extend(older.map(|number| offer(Goal::Rollback { to: Some(number) })));
    }
    offers
}

fn answer(ground: &Ground<'_>, goal: &Goal) -> Answer {
    let ready = match goal {
        Goal::Abort | Goal::Rollback { to: None } => ground.settled_enough_to_go_back(),
        Goal::Rollback { to: Some(_) }
        | Goal::Pause
        | Goal::Resume
        | Goal::Promote
        | Goal::PromoteFull
        | Goal::Retry
        | Goal::Restart
        | Goal::SetWeight(_)
        | Goal::Approve(_)
        | Goal::Reject(_)
        | Goal::Terminate(_) => ground.settled(),
    };
    let planned = ground.canary().and(ready).and_then(|()| match goal {
        Goal::Pause => hold::pause(ground),
        Goal::Resume => hold::resume(ground),
        Goal::Promote => forward::promote(ground),
        Goal::PromoteFull => forward::promote_full(ground),
        Goal::Retry => forward::retry(ground),
        Goal::Abort => back::abort(ground),
        Goal::Rollback { to } => back::rollback(ground, *to),
        Goal::Restart | Goal::SetWeight(_) | Goal::Approve(_) | Goal::Reject(_) | Goal::Terminate(_) => {
            Err(Denied::new(format!("{goal} is not supported for rollouts")))
        }
    });
    match planned {
        Ok(plan) => Answer::Plan(Box::new(plan)),
        Err(denied) => Answer::Denied(denied),
    }
}

impl Ground<'_> {
    fn rollout(&self) -> &Rollout {
        &self.observed.rollout
    }

    fn canary(&self) -> Result<(), Denied> {
        match self.rollout().canary() {
            Some(_) => Ok(()),
            None => Err(Denied::new("not yet for blue-green").hint("use `kubectl argo rollouts`")),
        }
    }

    /// Nothing is offered while the controller is between two states: what would be sent was not thought of
    /// for the state it finds.
    fn settled(&self) -> Result<(), Denied> {
        if self.rollout().status.current_pod_hash.is_empty() {
            return Err(Denied::new("the controller has not yet said anything about it")
                .hint("if that lasts, see whether the Argo Rollouts controller runs"));
        }
        if phase::is_between_states(self.rollout()) {
            return Err(Denied::new("the controller has not yet acted on the last change")
                .hint("it takes a moment; if it lasts, see whether the Argo Rollouts controller runs"));
        }
        Ok(())
    }

    /// While an update is under way its abort stays what it is, whatever the controller is about to do, and a slow
    /// controller must not keep customers where they are hurt. Once everyone is on it, what it does next decides
    /// what an undo means.
    fn settled_enough_to_go_back(&self) -> Result<(), Denied> {
        if self.rollout().is_fully_promoted() { self.settled() } else { Ok(()) }
    }

    fn newest(&self) -> Option<&Revision> {
        self.revisions.iter().find(|r| r.hash == self.id.revision)
    }

    /// The revision being brought in, in one word.
    fn new_version(&self) -> Clean {
        self.newest().map_or_else(|| Clean::new(self.id.revision.raw()), |r| r.version.clone())
    }

    fn stable(&self) -> Option<&Revision> {
        self.revisions.iter().find(|r| r.is(Tag::Stable))
    }

    fn old_version(&self) -> Clean {
        self.stable().map_or_else(|| Clean::new(&self.rollout().status.stable_rs), |r| r.version.clone())
    }

    /// The share of customers on the new revision now.
    fn share(&self) -> String {
        self.weight.set.map_or_else(|| "? %".into(), |set| format!("{} %", steps::percent(set)))
    }

    /// "step 2/8".
    fn step_words(&self, place: usize) -> String {
        format!("step {}/{}", place + 1, self.rollout().steps().len())
    }

    fn deadline(&self) -> Seconds {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a deadline")]
        Seconds(self.rollout().spec.progress_deadline_seconds.unwrap_or(DEFAULT_DEADLINE) as f64)
    }

    /// Nothing is on its way any more, said in words.
    fn not_promoted(&self) -> Result<(), Denied> {
        if self.rollout().is_fully_promoted() {
            return Err(Denied::new(format!("nothing is on its way: {} has all traffic", self.new_version())));
        }
        Ok(())
    }

    /// An older revision is being brought in again through the steps.
    fn is_roll_back(&self) -> bool {
        !self.rollout().is_aborted() && !self.rollout().is_fully_promoted() && self.leads_back()
    }

    /// The newest revision was made before the stable one. The controller compares ages too.
    fn leads_back(&self) -> bool {
        self.newest().zip(self.stable()).is_some_and(|(newest, stable)| newest.is_older_than(stable))
    }

    /// Denies what a full promotion does not heed, and names what ends that.
    fn ignored(&self, why: &str) -> Denied {
        let denied = Denied::new(why);
        // The one that finishes a roll back has nothing better before it.
        if self.is_roll_back() { denied } else { denied.hint("roll back takes customers back") }
    }

    /// A patch of this Rollout with the two tests that every act makes.
    fn patch(&self, on: request::On) -> Patch {
        let revision = self.newest().and_then(|r| r.number).map(|n| format!("revision {n} ({})", self.new_version()));
        let revision = revision.unwrap_or_else(|| self.new_version().to_string());
        Patch::of(self.rollout(), on, self.observed.context.as_deref())
            .test("/metadata/uid", self.rollout().metadata.uid.as_str())
            .test("/status/currentPodHash", self.rollout().status.current_pod_hash.as_str())
            .only_if(format!("this is still {revision}"))
    }

    /// The plan with what all plans share; the rest is filled in by each goal.
    fn plan(&self, goal: Goal, direction: Direction, patch: Patch, expect: Expectation) -> Plan {
        let permissions = &self.observed.permissions;
        let (permission, mut warnings): (&Permission, Vec<Clean>) = match patch.on() {
            request::On::Status => (&permissions.status, Vec::new()),
            request::On::Spec => (&permissions.spec, self.reverts().into_iter().collect()),
        };
        if phase::is_between_states(self.rollout()) {
            warnings.push("the controller has not acted on the last change: if that is a new version, it stays".into());
        }
        let (request, command, only_if) = patch.build();
        Plan {
            goal,
            release: self.id.clone(),
            direction,
            requests: vec![request],
            only_if,
            expect,
            customers: Clean::default(),
            not_undone: Vec::new(),
            going_on: None,
            reach: None,
            warnings,
            proven: self.rollout().is_observed(),
            command: command.into(),
            permission: permission.clone(),
        }
    }

    /// Edits of the spec do not live long where a GitOps tool owns it.
    fn reverts(&self) -> Option<Clean> {
        let owner = about::gitops(self.rollout())?;
        Some(format!("{owner} owns the spec: if it heals by itself it reverts this edit").into())
    }
}

fn expect(text: impl Into<Clean>, all: Vec<Condition>, within: Seconds) -> Expectation {
    Expectation { text: text.into(), all, within }
}

fn name(hash: &str) -> Name {
    Name::from(hash)
}
