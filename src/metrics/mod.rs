//! Places that answer questions about numbers over time. One folder each.

pub mod prometheus;

use std::sync::Arc;

pub mod demo;

use futures::future::BoxFuture;

use crate::{
    config::source::SourceConfig,
    domain::{
        failure::Failure,
        question::{Answer, Question},
        time::At,
    },
};

/// A place that answers questions about numbers over time. Every failure is an answer.
pub trait Source: Send + Sync {
    fn ask(&self, question: Question) -> BoxFuture<'static, Answer>;
}

/// Stamps moments; the runtime's clock.
pub type Clock = Arc<dyn Fn() -> At + Send + Sync>;

/// The source for a configuration; none for kinds that answer no questions by themselves.
/// Contacts nobody yet.
///
/// # Errors
/// When what was configured cannot be used: a file, an address.
pub fn connect(config: &SourceConfig, clock: Clock) -> Result<Option<Arc<dyn Source>>, Failure> {
    match config {
        SourceConfig::Prometheus(config) => Ok(Some(Arc::new(prometheus::Prometheus::connect(config, clock)?))),
        SourceConfig::Kubernetes(_) => Ok(None),
    }
}
