//! One kind of object, listed and then watched for ever: pages, bookmarks, a new list when too much was missed.
//!
//! Written by hand over the plain API rather than taken from a runtime, because bookmarks and silence are
//! news here (a sign of life, a loss) and the wait before the next try is shown to people.

use std::{collections::VecDeque, sync::Arc, sync::atomic::Ordering, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::{self, Stream};
use kube::core::params::{ListParams, WatchParams};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::{sleep, timeout};

use super::{
    argo_rollouts::objects::{Meta, null_is_empty},
    cluster::{Ask, Cluster, Lines, Stopped},
    failure::{self, GONE, Status},
};
use crate::domain::failure::{Failure, FailureKind};

const PAGE: u32 = 500;
/// How often a quiet watch is said to be alive, where the connection itself would tell of its end.
const ALIVE_EVERY: Duration = Duration::from_secs(8);
/// How long the server keeps a watch open.
const WATCH_SECONDS: u32 = 290;
/// The same where nothing but an answer proves that somebody is there.
const SHORT_WATCH_SECONDS: u32 = 40;
/// Silence after which such a watch counts as lost.
const SILENT: Duration = Duration::from_mins(1);
/// A watch that ends sooner than this is not opened again at once.
const SHORTEST: TimeDelta = TimeDelta::seconds(2);
/// Tries after which what is forbidden is asked for only now and then. A server that has just been started
/// forbids everything for a moment.
const FORBIDDEN_TRIES: u32 = 5;
const FORBIDDEN_PAUSE: Duration = Duration::from_mins(1);

/// Which objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Resource {
    pub(super) path: String,
    pub(super) labels: Option<String>,
    pub(super) fields: Option<String>,
}

/// News of them.
pub(super) enum Heard<T> {
    /// These are all there are.
    All(Vec<T>),
    Applied(T),
    Deleted(T),
    /// Nothing new, and somebody is there.
    Alive,
    /// Nobody is there, or will not tell; it is tried again by itself.
    Lost {
        why: Failure,
        retry_in_ms: u64,
    },
}

impl<T> Heard<T> {
    /// The same news of something made of each object.
    pub(super) fn map<U>(self, of: impl Fn(T) -> U) -> Heard<U> {
        match self {
            Self::All(all) => Heard::All(all.into_iter().map(of).collect()),
            Self::Applied(object) => Heard::Applied(of(object)),
            Self::Deleted(object) => Heard::Deleted(of(object)),
            Self::Alive => Heard::Alive,
            Self::Lost { why, retry_in_ms } => Heard::Lost { why, retry_in_ms },
        }
    }
}

/// An object with the metadata that is read.
pub(super) trait Object: DeserializeOwned + Send + 'static {
    fn meta(&self) -> &Meta;
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(deserialize_with = "null_is_empty", default = "Vec::new", bound(deserialize = "T: Deserialize<'de>"))]
    items: Vec<T>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListMeta {
    resource_version: String,
    r#continue: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "object", rename_all = "UPPERCASE")]
enum Event<T> {
    Added(T),
    Modified(T),
    Deleted(T),
    Bookmark(OnlyMeta),
    Error(Status),
}

#[derive(Deserialize)]
struct OnlyMeta {
    #[serde(default)]
    metadata: Meta,
}

enum Phase {
    Listing,
    Opening,
    Reading { lines: Lines, since: DateTime<Utc> },
    Waiting(Duration, Box<Phase>),
}

struct Listening<T> {
    cluster: Arc<Cluster>,
    resource: Resource,
    phase: Phase,
    version: String,
    backoff: ExponentialBackoff,
    forbidden: u32,
    ready: VecDeque<Heard<T>>,
}

/// News of `resource`, for ever.
pub(super) fn listen<T: Object>(cluster: Arc<Cluster>, resource: Resource) -> impl Stream<Item = Heard<T>> + Send {
    let listening = Listening {
        cluster,
        resource,
        phase: Phase::Listing,
        version: String::new(),
        backoff: backoff(),
        forbidden: 0,
        ready: VecDeque::new(),
    };
    stream::unfold(listening, |mut listening| async move {
        let heard = listening.next().await;
        Some((heard, listening))
    })
}

fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(8))
        .with_jitter()
        .without_max_times()
        .build()
}

impl<T: Object> Listening<T> {
    async fn next(&mut self) -> Heard<T> {
        loop {
            if let Some(heard) = self.ready.pop_front() {
                return heard;
            }
            match std::mem::replace(&mut self.phase, Phase::Listing) {
                Phase::Waiting(pause, then) => {
                    sleep(pause).await;
                    self.phase = *then;
                }
                Phase::Listing => match self.list().await {
                    Ok(all) => {
                        self.backoff = backoff();
                        self.forbidden = 0;
                        self.phase = Phase::Opening;
                        return Heard::All(all);
                    }
                    Err(why) => return self.lost(why, Phase::Listing),
                },
                Phase::Opening => match self.open().await {
                    Ok(lines) => {
                        self.backoff = backoff();
                        self.forbidden = 0;
                        self.phase = Phase::Reading { lines, since: self.cluster.wall() };
                        return Heard::Alive;
                    }
                    Err(Stopped::Gone(_)) => self.phase = Phase::Listing,
                    Err(Stopped::By(why)) => return self.lost(why, Phase::Opening),
                },
                Phase::Reading { lines, since } => {
                    if let Some(heard) = self.read(lines, since).await {
                        return heard;
                    }
                }
            }
        }
    }

    /// All of them, page by page.
    async fn list(&mut self) -> Result<Vec<T>, Failure> {
        let mut all = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let params = ListParams {
                label_selector: self.resource.labels.clone(),
                field_selector: self.resource.fields.clone(),
                limit: Some(PAGE),
                continue_token: next.clone(),
                ..ListParams::default()
            };
            let request = kube::core::Request::new(&self.resource.path).list(&params).map_err(|e| malformed(&e))?;
            match self.cluster.read::<List<T>>(Ask::get(request.uri().to_string())).await {
                Ok(page) => {
                    all.extend(page.items);
                    self.version = page.metadata.resource_version;
                    if page.metadata.r#continue.is_empty() {
                        return Ok(all);
                    }
                    next = Some(page.metadata.r#continue);
                }
                // The rest of the pages is no longer kept: from the beginning.
                Err(Stopped::Gone(_)) if next.is_some() => {
                    all.clear();
                    next = None;
                }
                Err(why) => return Err(why.into()),
            }
        }
    }

    async fn open(&mut self) -> Result<Lines, Stopped> {
        let pings = self.cluster.pings.load(Ordering::Relaxed);
        let params = WatchParams {
            label_selector: self.resource.labels.clone(),
            field_selector: self.resource.fields.clone(),
            timeout: Some(if pings { WATCH_SECONDS } else { SHORT_WATCH_SECONDS }),
            bookmarks: true,
            ..WatchParams::default()
        };
        let request = kube::core::Request::new(&self.resource.path).watch(&params, &self.version);
        let request = request.map_err(|e| Stopped::By(malformed(&e)))?;
        let response = self.cluster.open(Ask::get(request.uri().to_string())).await?;
        Ok(Lines::of(response.into_body()))
    }

    /// One line of the watch; none when there is nothing to tell and it goes on by itself.
    async fn read(&mut self, mut lines: Lines, since: DateTime<Utc>) -> Option<Heard<T>> {
        let pings = self.cluster.pings.load(Ordering::Relaxed);
        let line = timeout(if pings { ALIVE_EVERY } else { SILENT }, lines.next(&self.cluster)).await;
        let Ok(line) = line else {
            if pings {
                self.phase = Phase::Reading { lines, since };
                return Some(Heard::Alive);
            }
            return Some(self.lost(self.cluster.silent(), Phase::Opening));
        };
        let line = match line {
            Some(Ok(line)) => line,
            Some(Err(why)) => return Some(self.lost(why, Phase::Opening)),
            None => {
                // Its time was over. A server that ends it at once is not asked again at once.
                let short = self.cluster.wall() - since < SHORTEST;
                self.phase = if short {
                    Phase::Waiting(Duration::from_secs(1), Box::new(Phase::Opening))
                } else {
                    Phase::Opening
                };
                return None;
            }
        };
        let heard = match serde_json::from_slice::<Event<T>>(&line) {
            Ok(Event::Added(object) | Event::Modified(object)) => {
                self.version.clone_from(&object.meta().resource_version);
                Heard::Applied(object)
            }
            Ok(Event::Deleted(object)) => {
                self.version.clone_from(&object.meta().resource_version);
                Heard::Deleted(object)
            }
            Ok(Event::Bookmark(bookmark)) => {
                self.version = bookmark.metadata.resource_version;
                Heard::Alive
            }
            // It comes as a success with this inside: what was missed is no longer kept.
            Ok(Event::Error(status)) if status.code == GONE => return None,
            Ok(Event::Error(status)) => {
                let why = failure::of_event(&self.cluster, &status);
                return Some(self.lost(why, Phase::Listing));
            }
            Err(error) => return Some(self.lost(self.cluster.malformed(&error), Phase::Listing)),
        };
        self.phase = Phase::Reading { lines, since };
        Some(heard)
    }

    fn lost(&mut self, why: Failure, then: Phase) -> Heard<T> {
        // An answer, even a refusal, ends the growing silence after which it was asked.
        if self.forbidden == 0 && why.kind == FailureKind::Forbidden {
            self.backoff = backoff();
        }
        let next = self.backoff.next().unwrap_or(FORBIDDEN_PAUSE);
        // Whoever listens may have given up what it had: a watch alone would not bring it back.
        let then = match why.kind {
            FailureKind::Forbidden | FailureKind::NotFound => Phase::Listing,
            _ => then,
        };
        let pause = match why.kind {
            FailureKind::Forbidden | FailureKind::NotFound => {
                self.forbidden += 1;
                if self.forbidden > FORBIDDEN_TRIES { FORBIDDEN_PAUSE } else { next }
            }
            // The server knows best, and spreads its callers itself.
            FailureKind::Limited(Some(asked)) => Duration::from_secs_f64(asked.0.clamp(0.5, 300.0)),
            _ => next,
        };
        self.phase = Phase::Waiting(pause, Box::new(then));
        Heard::Lost { why, retry_in_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX) }
    }
}

fn malformed(error: &kube::core::request::Error) -> Failure {
    Failure::new(FailureKind::Local, "a request cannot be put together").detail(error.to_string())
}
