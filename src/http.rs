//! The one HTTP client of the program: time limits, body caps, `Retry-After`, and no secret in any error.
//!
//! It never retries, never follows a redirect (a login page is no answer, and a token must not travel on)
//! and reads a token file anew for each request, because tokens rotate.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};
use reqwest::{
    Certificate, Method, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER},
    redirect::Policy,
};

/// Limits for questions that change nothing.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connect: Duration,
    /// Longest silence while an answer comes in.
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

/// How one place is reached.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub token_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
}

/// Talks to one place.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    base: Url,
    token_file: Option<PathBuf>,
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
    #[error("`{host}` did not answer in time")]
    Timeout { host: String },
    #[error("the answer of `{host}` broke off: {why}")]
    Broken { host: String, why: String },
    #[error("the answer of `{host}` is larger than {} MiB", limit >> 20)]
    TooLarge { host: String, limit: usize },
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
    /// A client for the address `base`, to which paths are appended.
    ///
    /// # Errors
    /// When the address is none, the certificate file cannot be read, or a token would travel in clear text.
    pub fn new(base: &str, access: &Access, limits: Limits) -> Result<Self, HttpError> {
        install_tls();
        let base =
            Url::parse(base).map_err(|error| HttpError::Local(format!("the address cannot be used: {error}")))?;
        if access.token_file.is_some() && base.scheme() != "https" && !is_this_machine(&base) {
            let text = "a token is never sent without encryption; use an address with https";
            return Err(HttpError::Local(text.to_owned()));
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .connect_timeout(limits.connect)
            .read_timeout(limits.silence)
            .timeout(limits.total)
            .tcp_keepalive(Duration::from_secs(30))
            .pool_max_idle_per_host(4);
        if base.scheme() == "http" {
            // Reading the system's certificates takes longer than the first answer; without TLS nobody needs them.
            builder = builder.tls_certs_only(std::iter::empty());
        } else if let Some(file) = &access.ca_file {
            builder = builder.tls_certs_merge(certificates(file)?);
        }
        let inner = builder.build().map_err(|error| HttpError::Local(words(&error.without_url())))?;
        Ok(Self { inner, base, token_file: access.token_file.clone(), limits })
    }

    /// Sends a form and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// When no whole answer came within the limits.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Result<Reply, HttpError> {
        let mut fields = self.base.clone();
        let encoded =
            fields.query_pairs_mut().clear().extend_pairs(form).finish().query().unwrap_or_default().to_owned();
        let request = self
            .inner
            .request(Method::POST, self.address(path))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encoded);
        self.send(request).await
    }

    /// # Errors
    /// When no whole answer came within the limits.
    pub async fn get(&self, path: &str) -> Result<Reply, HttpError> {
        self.send(self.inner.request(Method::GET, self.address(path))).await
    }

    /// Whom it talks to, for messages: host and port only.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    fn address(&self, path: &str) -> Url {
        let mut address = self.base.clone();
        address.set_path(&format!("{}/{}", self.base.path().trim_end_matches('/'), path.trim_start_matches('/')));
        address
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Reply, HttpError> {
        let request = match &self.token_file {
            Some(file) => request.header(AUTHORIZATION, bearer(file)?),
            None => request,
        };
        let mut response = request.send().await.map_err(|error| self.explain(error))?;
        let headers = response.headers();
        let mut reply = Reply {
            status: response.status(),
            body: Vec::new(),
            content_type: text(headers, &CONTENT_TYPE),
            date: date(&text(headers, &DATE)),
            retry_after: None,
            location: Url::parse(&text(headers, &LOCATION))
                .ok()
                .map(|to| format!("{}://{}", to.scheme(), to.host_str().unwrap_or_default())),
        };
        reply.retry_after = retry_after(&text(headers, &RETRY_AFTER), reply.date);
        // Counted after decompression: a small body may unpack to a very large one.
        while let Some(chunk) = response.chunk().await.map_err(|error| self.explain(error))? {
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
        } else if why.contains("certificate") || why.contains("UnknownIssuer") {
            HttpError::Certificate { host, why }
        } else if error.is_connect() {
            HttpError::Connect { host, why: if error.is_timeout() { "no answer in time".to_owned() } else { why } }
        } else {
            HttpError::Broken { host, why }
        }
    }
}

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

fn certificates(file: &Path) -> Result<Vec<Certificate>, HttpError> {
    let wrong = |why: &dyn fmt::Display| {
        HttpError::Local(format!("the certificates in `{}` cannot be used: {why}", file.display()))
    };
    let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(&words(&error)))?;
    if found.is_empty() { Err(wrong(&"there are none in it")) } else { Ok(found) }
}

/// The header for a token file that only its owner can read.
fn bearer(file: &Path) -> Result<HeaderValue, HttpError> {
    let wrong =
        |why: &dyn fmt::Display| HttpError::Local(format!("the token in `{}` cannot be used: {why}", file.display()));
    private(file).map_err(|error| wrong(&error))?;
    let token = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    if token.trim().is_empty() {
        return Err(wrong(&"the file is empty"));
    }
    // The error of a wrong header would quote it.
    let Ok(mut header) = HeaderValue::from_str(&format!("Bearer {}", token.trim())) else {
        return Err(wrong(&"it holds characters that no token has"));
    };
    header.set_sensitive(true);
    Ok(header)
}

/// # Errors
/// When others than the owner may read the file.
#[cfg(unix)]
fn private(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(file)?.permissions().mode();
    if mode.trailing_zeros() >= 6 {
        return Ok(());
    }
    let text =
        format!("others on this machine may read it (mode {:o}); run `chmod 600 {}`", mode & 0o777, file.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}

#[cfg(not(unix))]
fn private(file: &Path) -> io::Result<()> {
    std::fs::metadata(file).map(|_| ())
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
    fn a_token_stays_on_this_machine_or_is_encrypted() {
        let access = Access { token_file: Some("/t".into()), ca_file: None };
        for (base, fine) in
            [("http://127.0.0.1:9", true), ("http://[::1]:9", true), ("http://localhost", true), ("http://prom", false)]
        {
            assert_eq!(Client::new(base, &access, Limits::default()).is_ok(), fine, "{base}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_token_others_can_read_is_refused_and_never_shown() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "sek rit\u{7f}\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o640);
        let message = bearer(&file).unwrap_err().to_string();
        assert!(message.contains("mode 640") && message.contains("chmod 600"), "{message}");
        mode(0o600);
        let message = bearer(&file).unwrap_err().to_string();
        assert!(message.contains("characters") && !message.contains("sek"), "{message}");
        std::fs::write(&file, "sekrit\n").unwrap();
        let header = bearer(&file).unwrap();
        assert_eq!((header.to_str().unwrap(), format!("{header:?}").as_str()), ("Bearer sekrit", "Sensitive"));
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, "nothing").unwrap();
        let access = Access { token_file: None, ca_file: Some(file) };
        let message = Client::new("https://prom", &access, Limits::default()).unwrap_err().to_string();
        assert!(message.contains("ca.pem") && message.contains("none"), "{message}");
    }
}
