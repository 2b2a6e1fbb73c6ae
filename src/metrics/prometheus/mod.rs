//! Prometheus and what speaks like it: Thanos, Mimir and Cortex, VictoriaMetrics.
//!
//! Every answer is typed; a number leaves this module only when nothing about it is in doubt. All of them are asked
//! with one form that holds everything each of them knows to keep an answer whole; the others ignore it.

mod budget;
mod once;
mod present;
mod probe;
mod read;
mod wire;

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{BoxFuture, FutureExt, join_all};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

pub use self::probe::Probe;
use self::{
    budget::Budget,
    once::{Fetched, Once, Request},
    present::Present,
    read::Times,
    wire::Server,
};
use super::{Clock, Source};
use crate::{
    config::{
        access::{Access, Header, HeaderFrom},
        prometheus::PrometheusConfig,
    },
    domain::{
        failure::{Failure, FailureKind},
        question::{Answer, Question},
        time::{At, Seconds},
    },
    http::{Client, HttpError, Limits, Reply},
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
    server: Server,
    clock: Clock,
    /// What goes along with every query.
    form: Vec<(&'static str, String)>,
    slots: Semaphore,
    budget: std::sync::Mutex<Budget>,
    once: Once,
    present: Mutex<Option<Present>>,
    /// Monotonic milliseconds before which nothing is sent, because the server asked for a rest.
    rests_until: AtomicU64,
}

impl std::fmt::Debug for Prometheus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Prometheus").field(&self.0.server.host).finish()
    }
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
        let client = Client::new(&config.base(), &access(config), limits).map_err(|error| failure(&error))?;
        let server = Server {
            host: client.host(),
            flavour: config.flavour,
            login: client.login(),
            has_tenant: config.tenant.is_some(),
        };
        Ok(Self(Arc::new(Inner {
            client,
            server,
            clock,
            form: form(config, limits),
            slots: Semaphore::new(AT_ONCE),
            budget: std::sync::Mutex::new(Budget::new(config.queries_per_minute)),
            once: Once::default(),
            present: Mutex::new(None),
            rests_until: AtomicU64::new(0),
        })))
    }
}

/// Who we are, with whose data we want.
fn access(config: &PrometheusConfig) -> Access {
    let mut access = config.access.clone();
    if let (Some(name), Some(tenant)) = (config.flavour.tenant_header(), &config.tenant) {
        access.headers.push(Header { name: name.to_owned(), value: HeaderFrom::Text(tenant.clone()) });
    }
    access
}

fn form(config: &PrometheusConfig, limits: Limits) -> Vec<(&'static str, String)> {
    // Twice, because one scrape may come late.
    let lookback = format!("{}s", (config.scrapes().0 * 2.0).max(1.0).ceil());
    let latency_offset = config.latency_offset.map_or(1.0, |offset| (offset.0 * 1000.0).max(1.0).round());
    vec![
        ("timeout", format!("{}s", limits.total.as_secs().max(1))),
        // How far back a sample may stand in for a missing one; VictoriaMetrics calls it otherwise.
        ("lookback_delta", lookback.clone()),
        ("max_lookback", lookback),
        // Prometheus says in a warning that it cut the rest off.
        ("limit", wire::MOST_SERIES.to_string()),
        // Thanos and VictoriaMetrics would else leave out what they cannot reach, as if it were not there.
        ("partial_response", "false".to_owned()),
        ("deny_partial_response", "1".to_owned()),
        // Thanos: replicas are not counted twice, and samples are the ones that were taken.
        ("dedup", "true".to_owned()),
        ("max_source_resolution", "0s".to_owned()),
        // VictoriaMetrics would else repeat what it knew 30 s ago. Old versions do so all the same: see `present`.
        ("latency_offset", format!("{latency_offset}ms")),
    ]
}

impl Source for Prometheus {
    fn ask(&self, question: Question) -> BoxFuture<'static, Answer> {
        let inner = Arc::clone(&self.0);
        async move { inner.answer(&question).await.unwrap_or_else(Answer::Error) }.boxed()
    }
}

impl Inner {
    async fn answer(self: &Arc<Self>, question: &Question) -> Result<Answer, Failure> {
        if question.step <= 0 || question.to < question.from || question.queries.is_empty() {
            return Err(Failure::new(FailureKind::Local, "the question asks for no time at all"));
        }
        let asked = question.queries.iter().map(|query| {
            let (from, to, step) = (question.from, question.to, question.step);
            let request = Request { query: query.text.clone(), from, to, step };
            self.once.get(request, (self.clock)(), |request| {
                let inner = Arc::clone(self);
                async move { inner.fetch(&request).await }.boxed()
            })
        });
        let fetched = join_all(asked).await.into_iter().collect::<Result<Vec<Fetched>, Failure>>()?;
        let present = self.present().await?;
        let sent = fetched.iter().map(|fetched| fetched.sent.mono).min().unwrap_or_default();
        let times = Times {
            real_until: present.real_until(sent),
            held_back: present.held_back,
            skew: fetched.iter().find_map(|fetched| fetched.skew),
        };
        let matrices: Vec<_> = fetched.into_iter().map(|fetched| fetched.matrix).collect();
        Ok(read::answer(question, &matrices, times))
    }

    async fn fetch(&self, request: &Request) -> Result<Fetched, Failure> {
        let (from, to, step) = (request.from.to_string(), request.to.to_string(), request.step.to_string());
        let range = [("query", request.query.as_str()), ("start", &from), ("end", &to), ("step", &step)];
        let _turn = self.turn().await?;
        let sent = (self.clock)();
        let reply = self.post("/api/v1/query_range", &range).await?;
        let back = (self.clock)();
        let matrix = wire::matrix(wire::accept(&reply, &self.server)?)?;
        Ok(Fetched { matrix: Arc::new(matrix), sent, back, skew: skew(reply.date, sent, back) })
    }

    /// Up to when its numbers are real, measured anew every few minutes.
    async fn present(&self) -> Result<Present, Failure> {
        // Held while it is measured, so that it is measured once for everybody who waits.
        let mut present = self.present.lock().await;
        if let Some(good) = present.filter(|present| present.is_good((self.clock)())) {
            return Ok(good);
        }
        let reply = self.instant("time()").await?;
        let sample = wire::instant(&wire::accept(&reply, &self.server)?)?;
        let measured = Present::measured(sample, (self.clock)())?;
        *present = Some(measured);
        Ok(measured)
    }

    async fn instant(&self, query: &str) -> Result<Reply, Failure> {
        let _turn = self.turn().await?;
        self.post("/api/v1/query", &[("query", query)]).await
    }

    async fn get(&self, path: &str) -> Result<Reply, Failure> {
        let _turn = self.turn().await?;
        let reply = self.client.get(path).await.map_err(|error| failure(&error))?;
        self.note_rest(&reply);
        Ok(reply)
    }

    async fn post(&self, path: &str, query: &[(&str, &str)]) -> Result<Reply, Failure> {
        let always = self.form.iter().map(|(name, value)| (*name, value.as_str()));
        let form: Vec<_> = query.iter().copied().chain(always).collect();
        let reply = self.client.post_form(path, &form).await.map_err(|error| failure(&error))?;
        self.note_rest(&reply);
        Ok(reply)
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// When the server asked for a rest, or was asked often enough.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, Failure> {
        let slot = self.slots.acquire().await;
        let slot = slot.map_err(|_closed| Failure::new(FailureKind::Local, "the source is closed"))?;
        if let Some(failure) = self.resting() {
            return Err(failure);
        }
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        budget.take((self.clock)().mono).map_err(|wait| {
            let (host, most) = (&self.server.host, budget.most());
            let summary = format!("`{host}` was asked {most} queries within a minute, its budget; {wait} to go");
            Failure::new(FailureKind::Limited(Some(wait)), summary)
                .hint("watch fewer panels, or raise `queries_per_minute` of this source")
        })?;
        Ok(slot)
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
        let summary = format!("`{}` asked for a rest, {left} to go", self.server.host);
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
        HttpError::ClientCertificate { .. } => {
            (FailureKind::Auth, "name a valid one in `client_cert_file` and `client_key_file`")
        }
        HttpError::Timeout { .. } => (FailureKind::Timeout, "ask for less, or see whether the server is busy"),
        HttpError::Broken { .. } => {
            (FailureKind::Malformed, "see whether something between here and there cuts answers")
        }
        HttpError::TooLarge { .. } => (FailureKind::Malformed, "ask for less: aggregate with `sum by (pod)`"),
        HttpError::Secret { next, .. } => (FailureKind::Auth, next.as_str()),
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
