//! The JSON as it comes, and what its envelope says.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    domain::{
        clean::Clean,
        failure::{Failure, FailureKind},
        time::Seconds,
    },
    http::Reply,
};

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

/// An envelope whose `data` is not looked at yet.
#[derive(Debug, Deserialize)]
pub struct Envelope {
    status: String,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default, rename = "errorType")]
    error_type: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
    /// VictoriaMetrics.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Matrix(Vec<RawSeries>),
    Vector(Vec<Sample>),
    Scalar((f64, String)),
    String(serde::de::IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct Sample {
    value: Option<(f64, String)>,
}

/// The envelope of an answer that is one.
///
/// # Errors
/// When the server refused, failed, or is something else.
pub fn accept(reply: &Reply, host: &str) -> Result<Envelope, Failure> {
    let status = reply.status.as_u16();
    let is_page = reply.content_type.contains("text/html")
        || reply.body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'<');
    let envelope = serde_json::from_slice::<Envelope>(&reply.body);
    let said = envelope.as_ref().ok().and_then(|envelope| envelope.error.clone());
    let error_type = envelope.as_ref().ok().and_then(|envelope| envelope.error_type.clone()).unwrap_or_default();
    let failed = |kind, summary: String, hint: &str| {
        let failure = Failure::new(kind, summary);
        let failure = if hint.is_empty() { failure } else { failure.hint(hint) };
        Err(match &said {
            Some(said) => failure.detail(said.as_str()),
            None => failure,
        })
    };
    let why = said.as_ref().map_or_else(String::new, |said| format!(": {said}"));
    match status {
        200..=299 => {}
        300..=399 => {
            let to = reply.location.as_ref().map_or_else(String::new, |to| format!(" to `{to}`"));
            let hint = "it may want a login: use the address behind it, or name a token in `token_file`";
            return failed(FailureKind::Auth, format!("`{host}` sends us elsewhere{to}"), hint);
        }
        401 => {
            let hint = "name a file with a valid token in `token_file`";
            return failed(FailureKind::Auth, format!("`{host}` does not accept who we are"), hint);
        }
        403 => {
            let hint = "ask its owner for the right to query";
            return failed(FailureKind::Forbidden, format!("`{host}` does not let us ask"), hint);
        }
        404 => {
            let hint = "see whether the address needs a path, like `/prometheus`";
            return failed(FailureKind::NotFound, format!("`{host}` has no Prometheus at this address"), hint);
        }
        429 => {
            let wait = reply.retry_after.map(|wait| Seconds(wait.as_secs_f64()));
            return failed(FailureKind::Limited(wait), format!("`{host}` has too much to do{why}"), "");
        }
        503 if error_type == "timeout" => {
            return failed(FailureKind::Timeout, format!("`{host}` could not answer in time{why}"), "ask for less");
        }
        503 if reply.retry_after.is_some() => {
            let wait = reply.retry_after.map(|wait| Seconds(wait.as_secs_f64()));
            return failed(FailureKind::Limited(wait), format!("`{host}` is not ready{why}"), "");
        }
        400 | 422 => {
            let hint = "see the panel's queries";
            return failed(FailureKind::Refused, format!("`{host}` cannot answer this{why}"), hint);
        }
        _ => return failed(FailureKind::Refused, format!("`{host}` failed with status {status}{why}"), ""),
    }
    if is_page {
        let hint = "it may want a login, or the address is another program's";
        return failed(FailureKind::Malformed, format!("`{host}` answered with a web page"), hint);
    }
    match envelope {
        Ok(envelope) if envelope.status == "success" => Ok(envelope),
        Ok(_) => {
            let kind = if error_type == "timeout" { FailureKind::Timeout } else { FailureKind::Refused };
            failed(kind, format!("`{host}` says `{error_type}`{why}"), "")
        }
        // The reader's own message says where, and nothing of what stands there.
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            failed(
                FailureKind::Malformed,
                format!("`{host}` sent what is no Prometheus answer ({place})"),
                "see the address",
            )
        }
    }
}

/// The series of a range query.
///
/// # Errors
/// When it is the answer to something else.
pub fn matrix(envelope: Envelope) -> Result<Matrix, Failure> {
    let mut doubts: Vec<Clean> = envelope.warnings.iter().map(Clean::new).collect();
    if envelope.is_partial {
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
pub fn instant(envelope: &Envelope) -> Result<f64, Failure> {
    let sample = match &envelope.data {
        Some(Data::Scalar(sample)) => Some(sample),
        Some(Data::Vector(samples)) => samples.first().and_then(|sample| sample.value.as_ref()),
        Some(Data::Matrix(_) | Data::String(_)) | None => None,
    };
    sample
        .and_then(|(_, text)| text.parse().ok())
        .ok_or_else(|| Failure::new(FailureKind::Malformed, "the server sent something else than a number"))
}

/// The version a server names.
#[must_use]
pub fn version(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    value.pointer("/data/version")?.as_str().map(|version| Clean::new(version).to_string())
}
