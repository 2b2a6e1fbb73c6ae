//! Prometheus and what speaks like it: Thanos, Mimir, VictoriaMetrics.
//!
//! Every answer is typed; a number leaves this module only when nothing about it is in doubt.

mod read;
mod wire;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{BoxFuture, FutureExt, join_all};
use tokio::sync::Semaphore;

use super::{Clock, Source};
use crate::{
    config::source::PrometheusConfig,
    domain::{
        failure::{Failure, FailureKind},
        question::{Answer, Query, Question},
        time::{At, Seconds},
    },
    http::{Access, Client, HttpError, Limits, Reply},
};

/// Questions under way at once; more would crowd out the people who look at dashboards.
const AT_ONCE: usize = 4;
/// How long to leave a server alone that says "too many" and not for how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(10);

/// One server.
#[derive(Clone)]
pub struct Prometheus(Arc<Inner>);

struct Inner {
    client: Client,
    clock: Clock,
    /// How far back a sample may stand in for a missing one, as the server reads it.
    lookback: String,
    limits: Limits,
    slots: Semaphore,
    /// Monotonic milliseconds before which nothing is sent, because the server asked for a rest.
    rests_until: AtomicU64,
}

impl std::fmt::Debug for Prometheus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Prometheus").field(&self.0.client.host()).finish()
    }
}

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Where it tells.
    pub version: Option<String>,
    /// Seconds its clock is ahead of ours, where it says its time.
    pub skew: Option<f64>,
    /// Targets it scrapes that are up, and all; none where it knows none.
    pub targets: Option<(u64, u64)>,
}

impl Prometheus {
    /// A source for this configuration; nobody is contacted yet.
    ///
    /// # Errors
    /// When a file that was named or the address cannot be used.
    pub fn connect(config: &PrometheusConfig, clock: Clock) -> Result<Self, Failure> {
        Self::with_limits(config, clock, Limits::default())
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// As `connect`.
    pub fn with_limits(config: &PrometheusConfig, clock: Clock, limits: Limits) -> Result<Self, Failure> {
        let access = Access { token_file: config.token_file.clone(), ca_file: config.ca_file.clone() };
        let client = Client::new(&config.url, &access, limits).map_err(|error| failure(&error))?;
        // Twice, because one scrape may come late.
        let lookback = format!("{}s", (config.scrape_interval.0 * 2.0).max(1.0).ceil());
        let (slots, rests_until) = (Semaphore::new(AT_ONCE), AtomicU64::new(0));
        Ok(Self(Arc::new(Inner { client, clock, lookback, limits, slots, rests_until })))
    }

    /// Asks the server who it is.
    ///
    /// # Errors
    /// When it cannot be reached, refuses, or is no Prometheus.
    pub async fn probe(&self) -> Result<Probe, Failure> {
        let inner = &self.0;
        let sent = (inner.clock)();
        let reply = inner
            .client
            .post_form("/api/v1/query", &[("query", "count(up) or vector(0)")])
            .await
            .map_err(|error| failure(&error))?;
        let skew = skew(reply.date, sent, (inner.clock)());
        let all = wire::instant(&wire::accept(&reply, &inner.client.host())?)?;
        let reply = inner
            .client
            .post_form("/api/v1/query", &[("query", "count(up == 1) or vector(0)")])
            .await
            .map_err(|error| failure(&error))?;
        let up = wire::instant(&wire::accept(&reply, &inner.client.host())?)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
        let targets = (all > 0.0).then_some((up as u64, all as u64));
        // Not every server that speaks the language has this page.
        let version = match inner.client.get("/api/v1/status/buildinfo").await {
            Ok(reply) if reply.status.is_success() => wire::version(&reply.body),
            Ok(_) | Err(_) => None,
        };
        Ok(Probe { version, skew, targets })
    }
}

impl Source for Prometheus {
    fn ask(&self, question: Question) -> BoxFuture<'static, Answer> {
        let inner = Arc::clone(&self.0);
        async move { inner.answer(&question).await }.boxed()
    }
}

impl Inner {
    async fn answer(&self, question: &Question) -> Answer {
        if question.step <= 0 || question.to < question.from || question.queries.is_empty() {
            return Answer::Error(Failure::new(FailureKind::Local, "the question asks for no time at all"));
        }
        if let Some(failure) = self.resting() {
            return Answer::Error(failure);
        }
        let sent = (self.clock)();
        let replies = join_all(question.queries.iter().map(|query| self.fetch(question, query))).await;
        let back = (self.clock)();
        let mut matrices = Vec::new();
        let mut ahead = None;
        for reply in replies {
            match reply {
                Ok((matrix, date)) => {
                    ahead = skew(date, sent, back).or(ahead);
                    matrices.push(matrix);
                }
                Err(failure) => return Answer::Error(failure),
            }
        }
        read::answer(question, matrices, ahead)
    }

    async fn fetch(
        &self,
        question: &Question,
        query: &Query,
    ) -> Result<(wire::Matrix, Option<DateTime<Utc>>), Failure> {
        let _slot =
            self.slots.acquire().await.map_err(|_closed| Failure::new(FailureKind::Local, "the source is closed"))?;
        let (start, end, step) = (question.from.to_string(), question.to.to_string(), question.step.to_string());
        let timeout = format!("{}s", self.limits.total.as_secs().max(1));
        let form = [
            ("query", query.text.as_str()),
            ("start", &start),
            ("end", &end),
            ("step", &step),
            ("timeout", &timeout),
            ("lookback_delta", &self.lookback),
            // Thanos and VictoriaMetrics would else leave out what they cannot reach, as if it were not there.
            ("partial_response", "false"),
            ("deny_partial_response", "1"),
        ];
        let reply = self.client.post_form("/api/v1/query_range", &form).await.map_err(|error| failure(&error))?;
        self.note_rest(&reply);
        let body = wire::accept(&reply, &self.client.host())?;
        Ok((wire::matrix(body)?, reply.date))
    }

    fn note_rest(&self, reply: &Reply) {
        let asked = match (reply.status.as_u16(), reply.retry_after) {
            (429, wait) => Some(wait.unwrap_or(DEFAULT_WAIT)),
            (503, wait) => wait,
            (_, _) => None,
        };
        if let Some(wait) = asked {
            let until = (self.clock)().mono + u64::try_from(wait.as_millis()).unwrap_or(u64::MAX / 2);
            self.rests_until.fetch_max(until, Ordering::Relaxed);
        }
    }

    /// Why nothing is sent now, if so.
    fn resting(&self) -> Option<Failure> {
        let left =
            self.rests_until.load(Ordering::Relaxed).checked_sub((self.clock)().mono).filter(|left| *left > 0)?;
        #[expect(clippy::cast_precision_loss, reason = "minutes in milliseconds")]
        let left = Seconds(left as f64 / 1000.0);
        let summary = format!("`{}` asked for a rest, {left} to go", self.client.host());
        Some(Failure::new(FailureKind::Limited(Some(left)), summary))
    }
}

/// How far the server's clock is ahead. Its date is cut to the second and it was read at some time between
/// sending and receiving; a difference within that doubt counts as none.
fn skew(date: Option<DateTime<Utc>>, sent: At, back: At) -> Option<f64> {
    let doubt = 0.5 + Seconds::between(sent.wall, back.wall).0 / 2.0;
    let middle = sent.wall + (back.wall - sent.wall) / 2;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds between two clocks")]
    let ahead = (date? + TimeDelta::milliseconds(500) - middle).num_milliseconds() as f64 / 1000.0;
    Some(if ahead.abs() <= doubt { 0.0 } else { ahead })
}

fn failure(error: &HttpError) -> Failure {
    let (kind, hint) = match error {
        HttpError::Connect { .. } => (FailureKind::Unreachable, "check the address and that the way to it is open"),
        HttpError::Certificate { .. } => (FailureKind::Unreachable, "name the right authority in `ca_file`"),
        HttpError::Timeout { .. } => (FailureKind::Timeout, "ask for less, or see whether the server is busy"),
        HttpError::Broken { .. } => {
            (FailureKind::Malformed, "see whether something between here and there cuts answers")
        }
        HttpError::TooLarge { .. } => (FailureKind::Malformed, "ask for less: aggregate with `sum by (pod)`"),
        HttpError::Local(_) => return Failure::new(FailureKind::Local, error.to_string()),
    };
    Failure::new(kind, error.to_string()).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_only_when_that_is_certain() {
        let at = |text: &str, mono| At { wall: text.parse().unwrap(), mono };
        let (sent, back) = (at("2026-11-20T22:00:00.000Z", 0), at("2026-11-20T22:00:00.400Z", 400));
        let cases = [
            (None, None),
            (Some("2026-11-20T22:00:00Z"), Some(0.0)),
            (Some("2026-11-20T21:59:59Z"), Some(0.0)),
            (Some("2026-11-20T22:00:05Z"), Some(5.3)),
            (Some("2026-11-20T21:50:00Z"), Some(-599.7)),
        ];
        for (date, ahead) in cases {
            assert_eq!(skew(date.map(|date| date.parse().unwrap()), sent, back), ahead, "{date:?}");
        }
    }
}
