//! One API server: requests in, bytes or failures out. Retries nothing, logs no bodies, keeps no secrets in sight.

use std::{
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use http::{Method, Request, Response, StatusCode, Version, header};
use http_body_util::BodyExt;
use kube::client::Body;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{Clock, credentials::Plugin, failure};
use crate::domain::{
    clean::{Clean, Name},
    clocks::FURTHEST_OFF,
    failure::{Failure, FailureKind},
    update::Update,
};

const USER_AGENT: &str = concat!("flightdeck/", env!("CARGO_PKG_VERSION"));
/// Longest silence within an answer, and until it begins.
const SILENCE: Duration = Duration::from_secs(20);
/// Largest answer and largest line of a watch that is read.
const MAX_BODY: usize = 128 << 20;

pub(super) struct Cluster {
    pub(super) name: Name,
    pub(super) client: kube::Client,
    pub(super) credentials: Option<Plugin>,
    /// The namespace of the kubeconfig's context.
    pub(super) namespace: String,
    pub(super) context: Option<String>,
    pub(super) server: String,
    pub(super) clock: Clock,
    /// Who we are there, once known.
    pub(super) user: OnceLock<Clean>,
    /// How far its clock is ahead of ours, as its answers show it.
    pub(super) ahead: Mutex<Option<TimeDelta>>,
    /// Whether the connection notices by itself that the other side is gone.
    pub(super) pings: AtomicBool,
}

/// A request to be sent.
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) content_type: Option<&'static str>,
    pub(super) body: Vec<u8>,
}

impl Ask {
    pub(super) fn get(path: String) -> Self {
        Self { method: Method::GET, path, content_type: None, body: Vec::new() }
    }

    pub(super) fn post(path: &str, body: &serde_json::Value) -> Self {
        Self {
            method: Method::POST,
            path: path.to_owned(),
            content_type: Some("application/json"),
            body: body.to_string().into_bytes(),
        }
    }
}

/// Why a read ended.
pub(super) enum Stopped {
    /// The version or page asked for is no longer kept.
    Gone(Failure),
    By(Failure),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::By(failure)
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Gone(failure) | Stopped::By(failure) => failure,
        }
    }
}

impl Cluster {
    pub(super) fn wall(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// How far its clock is ahead of ours; none before it has told its time. Keeps still while nothing moves but the
    /// fraction that a date does not tell.
    pub(super) fn ahead(&self) -> Option<TimeDelta> {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far its clock is ahead, if that is other than `told`, which it is from now on.
    pub(super) fn clock_news(&self, told: &mut Option<TimeDelta>) -> Option<Update> {
        let now = self.ahead()?;
        (told.replace(now) != Some(now)).then(|| Update::Clock(now.as_seconds_f64()))
    }

    /// What time it is by its own clock, as its objects tell times.
    pub(super) fn time_there(&self) -> DateTime<Utc> {
        self.wall() + self.ahead().unwrap_or_default()
    }

    /// The request with what lets it in. A credential plugin may take its own time for that, and nothing is sent yet.
    pub(super) async fn authorised(&self, ask: Ask) -> Result<Request<Body>, Failure> {
        let mut request = Request::builder()
            .method(ask.method)
            .uri(ask.path)
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::ACCEPT, "application/json");
        if let Some(content_type) = ask.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(plugin) = &self.credentials
            && let Some(authorization) = plugin.authorization(&self.clock).await?
        {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request
            .body(Body::from(ask.body))
            .map_err(|e| Failure::new(FailureKind::Local, "a request cannot be put together").detail(e.to_string()))
    }

    /// Sends it once. The answer's head, whatever its status.
    pub(super) async fn send(&self, request: Request<Body>) -> Result<Response<Body>, Failure> {
        let sent = self.wall();
        let response = self.client.send(request).await.map_err(|e| failure::of_connection(self, &e))?;
        let date = response.headers().get(header::DATE).and_then(|date| date.to_str().ok());
        if let Some(now) = date.and_then(|date| ahead(date, sent, self.wall())) {
            let mut known = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
            known.take_if(|known| (now - *known).abs() >= SAME_CLOCK);
            known.get_or_insert(now);
        }
        self.pings.store(response.version() == Version::HTTP_2, Ordering::Relaxed);
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(plugin) = &self.credentials
        {
            plugin.forget().await;
        }
        Ok(response)
    }

    /// Sends something that changes nothing and reads the whole answer.
    pub(super) async fn read<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, Stopped> {
        let response = self.open(ask).await?;
        let body = self.collect(response.into_body()).await?;
        Ok(serde_json::from_slice(&body).map_err(|e| self.malformed(&e))?)
    }

    /// The same, as far as the head of an answer that is a success.
    pub(super) async fn open(&self, ask: Ask) -> Result<Response<Body>, Stopped> {
        let request = self.authorised(ask).await?;
        let response = timeout(SILENCE, self.send(request)).await.map_err(|_elapsed| self.silent())??;
        if response.status().is_success() {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let body = self.collect(body).await.unwrap_or_default();
        let failure = failure::of_status(self, head.status, &head.headers, &body);
        Err(if head.status == StatusCode::GONE { Stopped::Gone(failure) } else { Stopped::By(failure) })
    }

    /// The whole of a body, however long it takes as long as it keeps coming.
    pub(super) async fn collect(&self, mut body: Body) -> Result<Vec<u8>, Failure> {
        let mut collected = Vec::new();
        while let Some(frame) = timeout(SILENCE, body.frame()).await.map_err(|_elapsed| self.silent())? {
            let frame = frame.map_err(|e| failure::of_connection(self, &e))?;
            if let Some(data) = frame.data_ref() {
                collected.extend_from_slice(data);
            }
            if collected.len() > MAX_BODY {
                return Err(self.too_large());
            }
        }
        Ok(collected)
    }

    pub(super) fn silent(&self) -> Failure {
        Failure::new(FailureKind::Timeout, format!("`{}` does not answer", self.name)).detail(format!(
            "nothing came from {} for {} s",
            self.server,
            SILENCE.as_secs()
        ))
    }

    fn too_large(&self) -> Failure {
        let limit = MAX_BODY >> 20;
        Failure::new(FailureKind::Malformed, format!("`{}` sends more than {limit} MiB at once", self.name))
    }

    /// Where in the answer it stopped making sense; never what stands there.
    pub(super) fn malformed(&self, error: &serde_json::Error) -> Failure {
        let place = format!("line {}, column {}", error.line(), error.column());
        let kind = if error.is_eof() { "it ends too soon" } else { "it is not what the API describes" };
        Failure::new(FailureKind::Malformed, format!("an answer of `{}` cannot be read", self.name))
            .detail(format!("{kind} at {place}"))
            .hint("see whether a proxy stands between, or the API server is of another version")
    }
}

/// An answer that took longer says too little of the time.
const PROMPT: TimeDelta = TimeDelta::seconds(2);

/// Two readings of a clock that differ by less say the same.
const SAME_CLOCK: TimeDelta = TimeDelta::milliseconds(1_500);

/// How far a server's clock is ahead. Its date is cut to the second and was written at some time between sending and
/// receiving; a difference within that doubt counts as none, and one of decades tells nothing.
fn ahead(date: &str, sent: DateTime<Utc>, back: DateTime<Utc>) -> Option<TimeDelta> {
    let took = back - sent;
    let date = DateTime::parse_from_rfc2822(date).ok()?.to_utc();
    let half = TimeDelta::milliseconds(500);
    let ahead = date + half - (sent + took / 2);
    let is_prompt = (TimeDelta::zero()..=PROMPT).contains(&took);
    let is_time = ahead.abs() < FURTHEST_OFF;
    (is_prompt && is_time).then(|| if ahead.abs() <= half + took / 2 { TimeDelta::zero() } else { ahead })
}

/// The lines of an answer that does not end.
pub(super) struct Lines {
    body: Body,
    buffer: Vec<u8>,
    /// How much of the buffer is known to hold no line break.
    searched: usize,
}

impl Lines {
    pub(super) fn of(body: Body) -> Self {
        Self { body, buffer: Vec::new(), searched: 0 }
    }

    /// The next line; none at the end. May be dropped while it waits without losing anything.
    pub(super) async fn next(&mut self, cluster: &Cluster) -> Option<Result<Vec<u8>, Failure>> {
        loop {
            if let Some(at) = self.buffer.iter().skip(self.searched).position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(self.searched + at + 1);
                let line = std::mem::replace(&mut self.buffer, rest);
                self.searched = 0;
                return Some(Ok(line));
            }
            self.searched = self.buffer.len();
            if self.searched > MAX_BODY {
                return Some(Err(cluster.too_large()));
            }
            match self.body.frame().await? {
                Ok(frame) => self.buffer.extend(frame.data_ref().map(AsRef::as_ref).unwrap_or_default()),
                Err(e) => return Some(Err(failure::of_connection(cluster, &e))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_only_when_that_is_certain() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (sent, soon) = ("2026-11-20T22:00:00.000Z", "2026-11-20T22:00:00.400Z");
        for (date, back, expected) in [
            ("Fri, 20 Nov 2026 22:00:00 GMT", soon, Some(0)),
            ("Fri, 20 Nov 2026 21:59:59 GMT", soon, Some(0)),
            ("Fri, 20 Nov 2026 22:00:05 GMT", soon, Some(5_300)),
            ("Fri, 20 Nov 2026 21:50:00 GMT", soon, Some(-599_700)),
            ("Fri, 20 Nov 2026 22:10:00 GMT", "2026-11-20T22:00:10Z", None),
            ("Fri, 20 Nov 2026 22:10:00 GMT", "2026-11-20T21:59:59Z", None),
            ("Thu, 01 Jan 1970 00:00:00 GMT", soon, None),
            ("Fri, 31 Dec 262142 23:59:59 GMT", soon, None),
            ("soon", soon, None),
        ] {
            assert_eq!(ahead(date, at(sent), at(back)), expected.map(TimeDelta::milliseconds), "{date}");
        }
    }
}
