//! The JSON as it comes, and what its envelope says.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

use crate::{
    config::prometheus::Flavour,
    domain::{
        clean::Clean,
        failure::{Failure, FailureKind},
        time::Seconds,
    },
    http::Reply,
};

/// Series that an answer may hold: every instance of two revisions, many times over.
pub const MOST_SERIES: usize = 10_000;
const TOO_MANY: &str = "too many series";

/// Whom we talk to, for messages.
#[derive(Clone, Debug)]
pub struct Server {
    pub host: String,
    pub flavour: Flavour,
    /// Where the secret is that says who we are, if one does.
    pub login: Option<String>,
    pub has_tenant: bool,
}

/// The answer to a range query, before anything in it is believed.
#[derive(Debug)]
pub struct Matrix {
    pub series: Vec<RawSeries>,
    /// What the server says about what is missing from it.
    pub doubts: Vec<Clean>,
}

#[derive(Debug, Deserialize)]
pub struct RawSeries {
    #[serde(default)]
    pub metric: BTreeMap<String, String>,
    /// Seconds with fractions, and the number as text: `NaN` and `+Inf` are numbers here.
    #[serde(default)]
    pub values: Vec<(f64, String)>,
    /// Native histograms, which are no counters.
    #[serde(default)]
    pub histograms: Vec<serde::de::IgnoredAny>,
}

/// Characters of an answer that is no JSON and still shown.
const PLAIN: usize = 200;

/// An envelope whose `data` is not looked at yet.
#[derive(Debug, Default, Deserialize)]
pub struct Envelope {
    status: String,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default, rename = "errorType")]
    error_type: Option<String>,
    #[serde(default)]
    error: Option<String>,
    /// Prometheus and Thanos. Its `infos` are no doubts: they are about the query, and nothing is missing.
    #[serde(default)]
    warnings: Option<Vec<String>>,
    /// VictoriaMetrics.
    #[serde(default, rename = "isPartial")]
    is_partial: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Matrix(#[serde(deserialize_with = "few")] Vec<RawSeries>),
    Vector(Vec<RawSample>),
    Scalar((f64, String)),
    String(serde::de::IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct RawSample {
    value: Option<(f64, String)>,
}

/// Reads no more series than anybody could want, so that a careless query costs no memory.
fn few<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RawSeries>, D::Error> {
    struct Few;
    impl<'de> Visitor<'de> for Few {
        type Value = Vec<RawSeries>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of series")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut series: A) -> Result<Self::Value, A::Error> {
            let mut found = Vec::new();
            while let Some(one) = series.next_element()? {
                if found.len() == MOST_SERIES {
                    return Err(A::Error::custom(TOO_MANY));
                }
                found.push(one);
            }
            Ok(found)
        }
    }
    deserializer.deserialize_seq(Few)
}

/// One number, and the time it is said to be for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub at: f64,
    pub value: f64,
}

/// The envelope of an answer that is one.
///
/// # Errors
/// When the server refused, failed, or is something else.
pub fn accept(reply: &Reply, server: &Server) -> Result<Envelope, Failure> {
    let host = &server.host;
    let envelope = serde_json::from_slice::<Envelope>(&reply.body);
    let is_page = is_page(reply);
    if !reply.status.is_success() {
        let envelope = envelope.unwrap_or_default();
        return Err(refusal(reply, server, &envelope, is_page));
    }
    if is_page {
        let hint = "it may want a login, or the address is another program's";
        let failure = Failure::new(FailureKind::Malformed, format!("`{host}` answered with a web page"));
        return Err(failure.hint(hint));
    }
    match envelope {
        Ok(envelope) if envelope.status == "success" => Ok(envelope),
        Ok(envelope) => {
            let error_type = envelope.error_type.as_deref().unwrap_or_default();
            let kind = if error_type == "timeout" { FailureKind::Timeout } else { FailureKind::Refused };
            Err(said(Failure::new(kind, format!("`{host}` says `{error_type}`{}", why(&envelope))), &envelope))
        }
        Err(error) if error.to_string().starts_with(TOO_MANY) => {
            let failure = Failure::new(FailureKind::Malformed, format!("`{host}` sent more than {MOST_SERIES} series"));
            Err(failure.hint("ask for less: aggregate with `sum by (pod)`"))
        }
        // The reader's own message says where, and nothing of what stands there.
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            let what = format!("`{host}` sent what is no Prometheus answer ({place})");
            Err(Failure::new(FailureKind::Malformed, what).hint("see the address"))
        }
    }
}

fn is_page(reply: &Reply) -> bool {
    reply.content_type.contains("text/html")
        || reply.body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'<')
}

fn why(envelope: &Envelope) -> String {
    envelope.error.as_ref().map_or_else(String::new, |said| format!(": {said}"))
}

fn said(failure: Failure, envelope: &Envelope) -> Failure {
    match &envelope.error {
        Some(said) => failure.detail(said.as_str()),
        None => failure,
    }
}

/// What another status than success means, and what to do about it.
fn refusal(reply: &Reply, server: &Server, envelope: &Envelope, is_page: bool) -> Failure {
    let host = &server.host;
    // Mimir and proxies say it in plain words.
    let plain = String::from_utf8_lossy(&reply.body);
    let plain = plain.lines().next().map(str::trim).filter(|line| {
        envelope.error.is_none() && !is_page && !line.starts_with(['{', '[']) && (1..=PLAIN).contains(&line.len())
    });
    let error_type = envelope.error_type.as_deref();
    let envelope = &Envelope { error: envelope.error.clone().or(plain.map(str::to_owned)), ..Envelope::default() };
    let why = why(envelope);
    let wait = reply.retry_after.map(|wait| Seconds(wait.as_secs_f64()));
    let failed = |kind, summary: String, hint: &str| {
        let failure = Failure::new(kind, summary);
        said(if hint.is_empty() { failure } else { failure.hint(hint) }, envelope)
    };
    match reply.status.as_u16() {
        300..=399 => {
            let to = reply.location.as_ref().map_or_else(String::new, |to| format!(" to `{to}`"));
            let hint = "it may want a login: use the address behind it, or name a token in `token`";
            failed(FailureKind::Auth, format!("`{host}` sends us elsewhere{to}"), hint)
        }
        401 if !server.has_tenant && why.contains("org id") => {
            let hint = "name the tenant: `kind = \"mimir\"` and `tenant = \"team-a\"`";
            failed(FailureKind::Auth, format!("`{host}` wants to know whose data is meant"), hint)
        }
        401 => {
            let hint = match &server.login {
                Some(place) => format!("see that {place} is valid there"),
                None => "name a token in `token`, or `user` and `password`".to_owned(),
            };
            failed(FailureKind::Auth, format!("`{host}` does not accept who we are"), &hint)
        }
        403 => {
            let hint = "ask its owner for the right to query";
            failed(FailureKind::Forbidden, format!("`{host}` does not let us ask"), hint)
        }
        404 => {
            let hint = match server.flavour {
                Flavour::Prometheus | Flavour::Thanos => "see whether the address needs a path, like `/prometheus`",
                Flavour::Mimir => "see whether the address needs another path than `/prometheus`, or is not Mimir's",
                Flavour::VictoriaMetrics => {
                    "see whether the address needs a path, like `/select/0/prometheus` or `/prometheus`"
                }
            };
            let name = server.flavour.name();
            failed(FailureKind::NotFound, format!("`{host}` has no {name} at this address"), hint)
        }
        429 => failed(FailureKind::Limited(wait), format!("`{host}` has too much to do{why}"), ""),
        503 if error_type == Some("timeout") => {
            failed(FailureKind::Timeout, format!("`{host}` could not answer in time{why}"), "ask for less")
        }
        503 if reply.retry_after.is_some() => {
            failed(FailureKind::Limited(wait), format!("`{host}` is not ready{why}"), "")
        }
        400 | 422 => {
            let hint = "see the panel's queries, and the limits it names";
            failed(FailureKind::Refused, format!("`{host}` cannot answer this{why}"), hint)
        }
        status => failed(FailureKind::Refused, format!("`{host}` failed with status {status}{why}"), ""),
    }
}

/// The series of a range query.
///
/// # Errors
/// When it is the answer to something else.
pub fn matrix(envelope: Envelope) -> Result<Matrix, Failure> {
    let mut doubts: Vec<Clean> = envelope.warnings.iter().flatten().map(Clean::new).collect();
    if envelope.is_partial == Some(true) {
        doubts.push("a part of the storage did not answer".into());
    }
    match envelope.data {
        Some(Data::Matrix(series)) => Ok(Matrix { series, doubts }),
        Some(Data::Vector(_) | Data::Scalar(_) | Data::String(_)) | None => {
            Err(Failure::new(FailureKind::Malformed, "the server sent something else than series over time"))
        }
    }
}

/// The one number of an instant query.
///
/// # Errors
/// When there is not exactly one.
pub fn instant(envelope: &Envelope) -> Result<Sample, Failure> {
    let sample = match &envelope.data {
        Some(Data::Scalar(sample)) => Some(sample),
        Some(Data::Vector(samples)) => match samples.as_slice() {
            [only] => only.value.as_ref(),
            _ => None,
        },
        Some(Data::Matrix(_) | Data::String(_)) | None => None,
    };
    sample
        .and_then(|(at, text)| text.parse().ok().map(|value| Sample { at: *at, value }))
        .ok_or_else(|| Failure::new(FailureKind::Malformed, "the server sent something else than a number"))
}

/// What a server says of its build.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// Mimir and Cortex.
    #[serde(default)]
    pub application: Option<String>,
    #[serde(default)]
    pub version: Option<String>,
    #[serde(default)]
    pub go_version: Option<String>,
}

/// The build as its page tells it; none where the page is another one.
#[must_use]
pub fn build(body: &[u8]) -> Option<Build> {
    #[derive(Deserialize)]
    struct Page {
        data: Build,
    }
    serde_json::from_slice::<Page>(body).ok().map(|page| page.data)
}

/// Whether this is the answer of an API of this kind, whatever it holds.
#[must_use]
pub fn is_success(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Page {
        status: String,
    }
    serde_json::from_slice::<Page>(body).is_ok_and(|page| page.status == "success")
}
