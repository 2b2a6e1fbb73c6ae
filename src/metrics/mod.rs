//! Places that answer questions about numbers over time.

use futures::future::BoxFuture;

use crate::domain::question::{Answer, Question};

/// A place that answers questions about numbers over time. Every failure is an answer.
pub trait Source: Send + Sync {
    fn ask(&self, question: Question) -> BoxFuture<'static, Answer>;
}
