//! The one HTTP client of the program: time limits, body caps, `Retry-After`, and no secret in any error.
//!
//! It never follows a redirect (a login page is no answer, and a token must not travel on) and sends a question
//! again in one case only: the other side refused who we are, and there is a newer secret than the one it saw.

mod identity;
mod secret;

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{
    Method, RequestBuilder, StatusCode, Url,
    header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER},
    redirect::Policy,
};
use tokio::time::timeout;

use self::identity::Identity;
use crate::config::access::Access;

/// Limits for questions that change nothing.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connect: Duration,
    /// Longest silence while a body comes in. Thinking before it begins may take as long as the whole.
    pub silence: Duration,
    pub total: Duration,
    /// Bytes of a body after decompression.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            silence: Duration::from_secs(5),
            total: Duration::from_secs(10),
            body: 8 << 20,
        }
    }
}

/// Talks to one place.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    base: Url,
    identity: Identity,
    limits: Limits,
}

/// An answer that arrived in full.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub body: Vec<u8>,
    pub content_type: String,
    /// The server's own time, to the second.
    pub date: Option<DateTime<Utc>>,
    /// The wait it asks for.
    pub retry_after: Option<Duration>,
    /// Where it would send us, without what may be secret in it.
    pub location: Option<String>,
    /// The names of all headers; what stands in them may be secret.
    pub header_names: Vec<String>,
}

/// Why there is no answer. Holds no address with user, password or query.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nothing was sent.
    #[error("cannot connect to `{host}`: {why}")]
    Connect { host: String, why: String },
    /// Nothing was sent, because the other side's certificate is not trusted.
    #[error("`{host}` shows a certificate that is not trusted: {why}")]
    Certificate { host: String, why: String },
    /// Nothing was read, because the other side wants a client certificate, or another one.
    #[error("`{host}` does not accept our client certificate: {why}")]
    ClientCertificate { host: String, why: String },
    #[error("`{host}` did not answer in time")]
    Timeout { host: String },
    #[error("the answer of `{host}` broke off: {why}")]
    Broken { host: String, why: String },
    #[error("the answer of `{host}` is larger than {} MiB", limit >> 20)]
    TooLarge { host: String, limit: usize },
    /// Nothing was sent, because a secret is not there or not safe, and what to do about it.
    #[error("{what}")]
    Secret { what: String, next: String },
    /// Something on this machine: a file, an address.
    #[error("{0}")]
    Local(String),
}

/// Chooses the TLS implementation for every client in this process, once.
pub fn install_tls() {
    // The error says that one is installed already, which is what is wanted.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// What the other side's logs call us.
pub const USER_AGENT: &str = concat!("flightdeck/", env!("CARGO_PKG_VERSION"));

impl Client {
    /// A client for the address `base`, to which paths are appended. No secret is looked at yet.
    ///
    /// # Errors
    /// When the address is none, a certificate cannot be read, or a secret would travel in clear text.
    pub fn new(base: &str, access: &Access, limits: Limits) -> Result<Self, HttpError> {
        install_tls();
        let base =
            Url::parse(base).map_err(|error| HttpError::Local(format!("the address cannot be used: {error}")))?;
        let identity = Identity::new(access)?;
        if identity.has_secrets() && base.scheme() != "https" && !is_this_machine(&base) {
            let text = "a secret is never sent without encryption; use an address with https";
            return Err(HttpError::Local(text.to_owned()));
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .tcp_keepalive(Duration::from_secs(30))
            .pool_max_idle_per_host(4);
        if is_this_machine(&base) {
            // A proxy would mean its own machine by that name, and be told in clear what is to stay on this one.
            builder = builder.no_proxy();
        }
        if base.scheme() == "http" {
            if access.certificate.is_some() {
                let text = "a client certificate is shown to nobody without encryption; use an address with https";
                return Err(HttpError::Local(text.to_owned()));
            }
            // Reading the system's certificates takes longer than the first answer; without TLS nobody needs them.
            builder = builder.tls_certs_only(std::iter::empty());
        } else {
            if let Some(file) = &access.ca_file {
                builder = builder.tls_certs_merge(identity::authorities(file)?);
            }
            if let Some(files) = &access.certificate {
                builder = builder.identity(identity::certificate(files)?);
            }
        }
        let inner = builder.build().map_err(|error| HttpError::Local(words(&error.without_url())))?;
        Ok(Self { inner, base, identity, limits })
    }

    /// Sends a form and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// When no whole answer came within the limits.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Result<Reply, HttpError> {
        let mut fields = self.base.clone();
        let encoded =
            fields.query_pairs_mut().clear().extend_pairs(form).finish().query().unwrap_or_default().to_owned();
        let request = || {
            self.inner
                .request(Method::POST, self.address(path))
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(encoded.clone())
        };
        self.send(&request).await
    }

    /// # Errors
    /// When no whole answer came within the limits.
    pub async fn get(&self, path: &str) -> Result<Reply, HttpError> {
        self.send(&|| self.inner.request(Method::GET, self.address(path))).await
    }

    /// Whom it talks to, for messages: host and port only.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Where the secret is that says who we are, for messages; none where nothing says so.
    #[must_use]
    pub fn login(&self) -> Option<String> {
        self.identity.login()
    }

    fn address(&self, path: &str) -> Url {
        let mut address = self.base.clone();
        address.set_path(&format!("{}/{}", self.base.path().trim_end_matches('/'), path.trim_start_matches('/')));
        address
    }

    async fn send(&self, request: &(dyn Fn() -> RequestBuilder + Sync)) -> Result<Reply, HttpError> {
        let shown = self.identity.headers().await?;
        let reply = self.send_as(request(), shown.headers()).await?;
        if reply.status == StatusCode::UNAUTHORIZED
            && let Some(newer) = self.identity.newer_than(&shown).await?
        {
            return self.send_as(request(), newer.headers()).await;
        }
        Ok(reply)
    }

    async fn send_as(&self, request: RequestBuilder, headers: HeaderMap) -> Result<Reply, HttpError> {
        let mut response = request.headers(headers).send().await.map_err(|error| self.explain(error))?;
        let headers = response.headers();
        let mut reply = Reply {
            status: response.status(),
            body: Vec::new(),
            content_type: text(headers, &CONTENT_TYPE),
            date: date(&text(headers, &DATE)),
            retry_after: None,
            header_names: headers.keys().map(|name| name.as_str().to_owned()).collect(),
            location: Url::parse(&text(headers, &LOCATION))
                .ok()
                .map(|to| format!("{}://{}", to.scheme(), to.host_str().unwrap_or_default())),
        };
        reply.retry_after = retry_after(&text(headers, &RETRY_AFTER), reply.date);
        // Counted after decompression: a small body may unpack to a very large one.
        loop {
            let chunk = timeout(self.limits.silence, response.chunk()).await;
            let chunk = chunk.map_err(|_silent| HttpError::Timeout { host: self.host() })?;
            let Some(chunk) = chunk.map_err(|error| self.explain(error))? else { break };
            if reply.body.len() + chunk.len() > self.limits.body {
                return Err(HttpError::TooLarge { host: self.host(), limit: self.limits.body });
            }
            reply.body.extend_from_slice(&chunk);
        }
        Ok(reply)
    }

    fn explain(&self, error: reqwest::Error) -> HttpError {
        let host = self.host();
        // The address may hold what nobody should read.
        let error = error.without_url();
        let why = words(&error);
        if error.is_timeout() && !error.is_connect() {
            HttpError::Timeout { host }
        } else if REFUSALS.iter().any(|alert| why.ends_with(alert)) {
            HttpError::ClientCertificate { host, why }
        } else if why.contains("certificate") || why.contains("UnknownIssuer") {
            HttpError::Certificate { host, why }
        } else if error.is_connect() {
            HttpError::Connect { host, why: if error.is_timeout() { "no answer in time".to_owned() } else { why } }
        } else {
            HttpError::Broken { host, why }
        }
    }
}

/// What the other side of a TLS connection says of a client certificate, or of none.
const REFUSALS: &[&str] = &[
    "alert: AccessDenied",
    "alert: BadCertificate",
    "alert: CertificateExpired",
    "alert: CertificateRequired",
    "alert: CertificateRevoked",
    "alert: CertificateUnknown",
    "alert: DecryptError",
    "alert: UnknownCA",
    "alert: UnsupportedCertificate",
];

/// The innermost reason of an error: the outer ones repeat what the message says already.
fn words(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn is_this_machine(address: &Url) -> bool {
    match address.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

fn text(headers: &HeaderMap, name: &reqwest::header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn date(header: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(header).ok().map(|date| date.to_utc())
}

/// Longest wait anybody may ask of us.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Seconds, or a date that is compared with the server's own clock.
fn retry_after(header: &str, now: Option<DateTime<Utc>>) -> Option<Duration> {
    let wait = match header.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => (date(header)? - now?).to_std().ok()?,
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::access::{Header, HeaderFrom, Login, SecretFrom};

    #[test]
    fn a_wait_is_seconds_or_a_date_and_never_endless() {
        let now = date("Fri, 20 Nov 2026 22:00:00 GMT");
        let cases = [
            ("10", now, Some(10)),
            (" 3 ", None, Some(3)),
            ("99999", now, Some(600)),
            ("Fri, 20 Nov 2026 22:00:30 GMT", now, Some(30)),
            ("Fri, 20 Nov 2026 21:00:30 GMT", now, None),
            ("Fri, 20 Nov 2026 22:00:30 GMT", None, None),
            ("soon", now, None),
            ("", now, None),
        ];
        for (header, now, seconds) in cases {
            assert_eq!(retry_after(header, now), seconds.map(Duration::from_secs), "{header}");
        }
    }

    #[test]
    fn paths_are_appended_to_the_address_whatever_its_slashes() {
        for base in ["http://localhost:1/prom", "http://localhost:1/prom/"] {
            let client = Client::new(base, &Access::default(), Limits::default()).unwrap();
            assert_eq!(client.address("/api/v1/query").as_str(), "http://localhost:1/prom/api/v1/query");
            assert_eq!(client.host(), "localhost:1");
        }
    }

    #[test]
    fn a_secret_stays_on_this_machine_or_is_encrypted() {
        let token = Access { login: Login::Token(SecretFrom::File("/t".into())), ..Access::default() };
        let header = Header { name: "X-Key".to_owned(), value: HeaderFrom::Secret(SecretFrom::Env("K".to_owned())) };
        let header = Access { headers: vec![header], ..Access::default() };
        let plain = Header { name: "X-Team".to_owned(), value: HeaderFrom::Text("a".to_owned()) };
        let plain = Access { headers: vec![plain], ..Access::default() };
        for (base, fine) in
            [("http://127.0.0.1:9", true), ("http://[::1]:9", true), ("http://localhost", true), ("http://prom", false)]
        {
            for access in [&token, &header] {
                assert_eq!(Client::new(base, access, Limits::default()).is_ok(), fine, "{base}");
            }
            assert!(Client::new(base, &plain, Limits::default()).is_ok(), "{base}");
        }
    }
}
