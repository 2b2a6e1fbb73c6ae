//! What an API server or the way to it says, as a failure with words and the next step.

use std::error::Error;

use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::cluster::Cluster;
use crate::domain::{
    failure::{Failure, FailureKind},
    time::Seconds,
};

/// The API's own form of an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) message: String,
    pub(super) reason: String,
    pub(super) code: u16,
    details: Option<Details>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    retry_after_seconds: Option<f64>,
    causes: Vec<serde::de::IgnoredAny>,
}

/// Answers that no resource version can be watched from any more.
pub(super) const GONE: u16 = 410;

/// An answer that is not a success, to something that changes nothing.
pub(super) fn of_status(cluster: &Cluster, code: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let mut status: Status = serde_json::from_slice(body).unwrap_or_default();
    status.code = code.as_u16();
    of_parts(cluster, &status, retry_after(headers))
}

/// The same, said in the middle of a watch.
pub(super) fn of_event(cluster: &Cluster, status: &Status) -> Failure {
    of_parts(cluster, status, None)
}

fn of_parts(cluster: &Cluster, status: &Status, retry_after: Option<Seconds>) -> Failure {
    let name = &cluster.name;
    let failure = match status.code {
        401 => Failure::new(FailureKind::Auth, format!("`{name}` does not accept who we are"))
            .hint("the token or certificate may have expired: log in again"),
        403 => Failure::new(FailureKind::Forbidden, forbidden(&status.message, cluster)),
        404 => Failure::new(FailureKind::NotFound, format!("`{name}` has no such thing")),
        409 => Failure::new(FailureKind::Conflict, "it was changed by somebody else meanwhile").hint("look again"),
        422 if is_failed_test(status) => {
            Failure::new(FailureKind::Conflict, "it moved since it was shown: nothing was done").hint("look again")
        }
        429 => {
            let said = status.details.as_ref().and_then(|d| d.retry_after_seconds).and_then(wait);
            Failure::new(FailureKind::Limited(retry_after.or(said)), format!("`{name}` takes no more requests for now"))
        }
        code => Failure::new(FailureKind::Refused, format!("`{name}` answers {code}")),
    };
    if status.message.is_empty() { failure } else { failure.detail(status.message.as_str()) }
}

/// A JSON patch whose `test` fails comes back as 422 that names no field.
fn is_failed_test(status: &Status) -> bool {
    status.reason == "Invalid" && status.details.as_ref().is_none_or(|details| details.causes.is_empty())
}

/// "`viewer` may not list pods in `shop`", from the API's own sentence.
fn forbidden(message: &str, cluster: &Cluster) -> String {
    let between = |before: &str, after: &str| {
        let (_, rest) = message.split_once(before)?;
        rest.split_once(after).map(|(word, _)| word.to_owned())
    };
    let user = between("User \"", "\"").unwrap_or_else(|| "this user".into());
    let verb = between("\" cannot ", " resource");
    let resource = between("resource \"", "\"");
    match (verb, resource) {
        (Some(verb), Some(resource)) => {
            let place = match between("in the namespace \"", "\"") {
                Some(namespace) => format!("in `{namespace}`"),
                None => "in the whole cluster".into(),
            };
            format!("`{user}` may not {verb} {resource} {place}")
        }
        (_, _) => format!("`{}` does not let us do that", cluster.name),
    }
}

/// Seconds to wait, where the answer says so as a number.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Seconds> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().and_then(wait)
}

/// What is no length of time asks for nothing.
fn wait(seconds: f64) -> Option<Seconds> {
    (seconds.is_finite() && seconds >= 0.0).then_some(Seconds(seconds))
}

/// No answer: the connection was not made, or broke.
pub(super) fn of_connection(cluster: &Cluster, error: &(dyn Error + 'static)) -> Failure {
    let (name, server) = (&cluster.name, &cluster.server);
    let said = chain(error);
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let unreachable = |summary: String| Failure::new(FailureKind::Unreachable, summary);
    let failure = if has(&["UnknownIssuer", "BadSignature"]) {
        unreachable(format!("`{name}` shows a certificate that its kubeconfig does not trust"))
            .hint("check `certificate-authority` of its cluster in the kubeconfig")
    } else if has(&["NotValidForName"]) {
        unreachable(format!("the certificate of `{name}` is not for {server}"))
            .hint("check `server` or set `tls-server-name` in the kubeconfig")
    } else if has(&["CertificateExpired", "CertificateRequired", "BadCertificate", "UnknownCA"]) {
        Failure::new(FailureKind::Auth, format!("`{name}` does not accept our certificate"))
            .hint("the client certificate may have expired: log in again")
    } else if has(&["Expired", "NotValidYet"]) {
        unreachable(format!("the certificate of `{name}` is out of date"))
            .hint("check this machine's clock, then the cluster's certificate")
    } else if has(&["Connection refused"]) {
        unreachable(format!("nothing listens at {server}"))
            .hint("see whether the API server runs, or a tunnel is missing")
    } else if has(&["failed to lookup address", "dns error"]) {
        unreachable(format!("the name in {server} cannot be resolved"))
            .hint("check the VPN and `server` in the kubeconfig")
    } else if is_connect(error) {
        unreachable(format!("{server} cannot be reached"))
    } else {
        Failure::new(FailureKind::Timeout, format!("the connection to `{name}` broke"))
    };
    failure.detail(said)
}

/// Whether it is certain that no request left this machine.
pub(super) fn is_connect(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
        {
            return true;
        }
        next = error.source();
    }
    false
}

/// The error and everything it came from, without repeating what one already said.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        next = error.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_length_of_time_is_a_wait() {
        let cases = [
            ("10", Some(10.0)),
            (" 0.5 ", Some(0.5)),
            ("0", Some(0.0)),
            ("NaN", None),
            ("inf", None),
            ("-infinity", None),
            ("1e999", None),
            ("-3", None),
            ("soon", None),
            ("", None),
        ];
        for (header, seconds) in cases {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, header.parse().unwrap())]);
            assert_eq!(retry_after(&headers), seconds.map(Seconds), "{header}");
        }
    }
}
