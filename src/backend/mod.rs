//! Platforms that run deploys. One folder each; nothing outside this layer knows which one it talks to.

pub mod demo;
pub mod kubeconfig;
pub mod kubernetes;

use futures::{future::BoxFuture, stream::BoxStream};

use crate::domain::{
    failure::Failure,
    plan::{Plan, Receipt},
    update::{Scope, Update},
};

/// A platform that runs deploys.
pub trait Backend: Send + Sync {
    /// What happens in `scope`, for ever: the stream reconnects by itself and says so in `Update::Health`.
    fn watch(&self, scope: Scope) -> BoxStream<'static, Update>;

    /// Sends one plan exactly as shown, once; the answer is an acknowledgement, not completion.
    /// Never retries: what may have reached the other side fails as `FailureKind::Unconfirmed`.
    fn apply(&self, plan: Plan) -> BoxFuture<'static, Result<Receipt, Failure>>;

    /// Asks the platform whether it would take the plan, changing nothing (a server-side dry run).
    fn rehearse(&self, plan: Plan) -> BoxFuture<'static, Result<(), Failure>>;
}
