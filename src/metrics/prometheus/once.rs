//! Same queries of several panels are asked once: while the answer is under way, and for a moment after it,
//! because panels do not ask at the same instant.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::future::{BoxFuture, FutureExt, Shared, WeakShared};

use super::wire::Matrix;
use crate::domain::{failure::Failure, time::At};

/// How long an answer is good for whoever asks the very same. Neighbouring panels ask within a second.
const GOOD_MS: u64 = 2_000;
/// Samples beyond which an answer is not kept: it would cost more memory than it saves time.
const MOST_SAMPLES: usize = 10_000;
/// Answers kept at most.
const MOST_ANSWERS: usize = 32;

/// A query over a range; the same one has the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    pub query: String,
    pub from: i64,
    pub to: i64,
    pub step: i64,
}

/// What came back, with when it was asked and received.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub matrix: Arc<Matrix>,
    pub sent: At,
    pub back: At,
    /// Seconds the server's clock is ahead of ours, where it says its time.
    pub skew: Option<f64>,
}

type Fetching = BoxFuture<'static, Result<Fetched, Failure>>;

/// The queries of one server that are under way or have just been answered.
#[derive(Default)]
pub struct Once(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// Weak, so that a query that nobody waits for any more is given up.
    under_way: HashMap<Request, WeakShared<Fetching>>,
    answered: VecDeque<(Request, Fetched)>,
}

impl Once {
    /// The answer to a request: the one that is under way or has just come, else what `fetch` gets.
    ///
    /// # Errors
    /// As `fetch`; all who wait for the same get the same.
    pub async fn get(
        &self,
        request: Request,
        now: At,
        fetch: impl FnOnce(Request) -> Fetching + Send,
    ) -> Result<Fetched, Failure> {
        let fetching = match self.find(&request, now) {
            Found::Answered(fetched) => return Ok(fetched),
            Found::UnderWay(fetching) => fetching,
            Found::Nothing(mut held) => {
                let fetching = fetch(request.clone()).shared();
                if let Some(weak) = fetching.downgrade() {
                    held.under_way.insert(request.clone(), weak);
                }
                fetching
            }
        };
        let result = fetching.await;
        self.keep(request, &result);
        result
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing in it is left half done by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, request: &Request, now: At) -> Found<'_> {
        let mut held = self.held();
        held.answered.retain(|(_, fetched)| now.millis_since(fetched.back.mono) <= GOOD_MS);
        if let Some((_, fetched)) = held.answered.iter().find(|(answered, _)| answered == request) {
            return Found::Answered(fetched.clone());
        }
        match held.under_way.get(request).and_then(WeakShared::upgrade) {
            Some(fetching) => Found::UnderWay(fetching),
            None => Found::Nothing(held),
        }
    }

    fn keep(&self, request: Request, result: &Result<Fetched, Failure>) {
        let mut held = self.held();
        held.under_way.retain(|other, weak| *other != request && weak.upgrade().is_some());
        let Ok(fetched) = result else { return };
        let samples: usize = fetched.matrix.series.iter().map(|series| series.values.len()).sum();
        if samples <= MOST_SAMPLES && !held.answered.iter().any(|(answered, _)| *answered == request) {
            held.answered.push_back((request, fetched.clone()));
            if held.answered.len() > MOST_ANSWERS {
                held.answered.pop_front();
            }
        }
    }
}

enum Found<'a> {
    Answered(Fetched),
    UnderWay(Shared<Fetching>),
    /// Still locked, so that nobody else begins the same.
    Nothing(MutexGuard<'a, Held>),
}
