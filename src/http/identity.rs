//! Who we are, in headers and certificates. Headers are made anew for each request, because secrets rotate.

use std::{fmt, path::Path, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{
    Certificate,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    HttpError,
    secret::{self, Secret},
    words,
};
use crate::config::access::{Access, ClientCertificate, HeaderFrom, Login};

/// Everything that goes into the headers of every request.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    plain: HeaderMap,
    secret: Arc<[SecretHeader]>,
}

#[derive(Debug)]
struct SecretHeader {
    name: HeaderName,
    form: Form,
    secret: Secret,
}

/// How a secret stands in its header.
#[derive(Debug)]
enum Form {
    Bearer,
    /// Basic authentication of this user.
    Basic(String),
    Bare,
}

/// The secrets of one request, in the order of the identity's headers.
pub(super) struct Shown {
    headers: HeaderMap,
    secrets: Vec<SecretString>,
}

impl Shown {
    pub(super) fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }
}

impl Identity {
    /// # Errors
    /// When a header cannot be one.
    pub(super) fn new(access: &Access) -> Result<Self, HttpError> {
        let mut plain = HeaderMap::new();
        let mut secrets = Vec::new();
        match &access.login {
            Login::None => {}
            Login::Token(from) => {
                secrets.push(SecretHeader {
                    name: AUTHORIZATION,
                    form: Form::Bearer,
                    secret: Secret::new(from.clone()),
                });
            }
            Login::Password { user, password } => {
                let (form, secret) = (Form::Basic(user.clone()), Secret::new(password.clone()));
                secrets.push(SecretHeader { name: AUTHORIZATION, form, secret });
            }
        }
        for header in &access.headers {
            let wrong = || HttpError::Local(format!("`{}` cannot be a header", header.name));
            let name = HeaderName::try_from(&header.name).map_err(|_quotes_it| wrong())?;
            match &header.value {
                HeaderFrom::Text(text) => {
                    plain.insert(name, HeaderValue::from_str(text).map_err(|_quotes_it| wrong())?);
                }
                HeaderFrom::Secret(from) => {
                    secrets.push(SecretHeader { name, form: Form::Bare, secret: Secret::new(from.clone()) });
                }
            }
        }
        Ok(Self { plain, secret: secrets.into() })
    }

    pub(super) fn has_secrets(&self) -> bool {
        !self.secret.is_empty()
    }

    /// Where the first secret is, which is the login where there is one.
    pub(super) fn login(&self) -> Option<String> {
        self.secret.first().map(|header| header.secret.place())
    }

    /// # Errors
    /// When a secret is not there, not safe, or no header.
    pub(super) async fn headers(&self) -> Result<Shown, HttpError> {
        let mut secrets = Vec::with_capacity(self.secret.len());
        for header in &*self.secret {
            secrets.push(header.secret.value().await?);
        }
        self.show(secrets)
    }

    /// The headers with newer secrets than those that were refused; none where there are no newer ones.
    ///
    /// # Errors
    /// As `headers`.
    pub(super) async fn newer_than(&self, refused: &Shown) -> Result<Option<Shown>, HttpError> {
        let mut secrets = Vec::with_capacity(self.secret.len());
        let mut is_newer = false;
        for (header, shown) in self.secret.iter().zip(&refused.secrets) {
            let other = header.secret.other_than(shown).await?;
            is_newer |= other.is_some();
            secrets.push(other.unwrap_or_else(|| shown.clone()));
        }
        if is_newer { self.show(secrets).map(Some) } else { Ok(None) }
    }

    fn show(&self, secrets: Vec<SecretString>) -> Result<Shown, HttpError> {
        let mut headers = self.plain.clone();
        for (header, secret) in self.secret.iter().zip(&secrets) {
            headers.insert(header.name.clone(), value(header, secret)?);
        }
        Ok(Shown { headers, secrets })
    }
}

fn value(header: &SecretHeader, secret: &SecretString) -> Result<HeaderValue, HttpError> {
    let text = secret.expose_secret();
    let text = match &header.form {
        Form::Bearer => SecretString::from(format!("Bearer {text}")),
        Form::Basic(user) => {
            let pair = SecretString::from(format!("{user}:{text}"));
            SecretString::from(format!("Basic {}", BASE64_STANDARD.encode(pair.expose_secret())))
        }
        Form::Bare => secret.clone(),
    };
    // The error of a wrong header would quote it.
    let Ok(mut value) = HeaderValue::from_str(text.expose_secret()) else {
        return Err(HttpError::Secret {
            what: format!("{} holds characters that no header has", header.secret.place()),
            next: "see that it is one line with the secret and nothing else".to_owned(),
        });
    };
    value.set_sensitive(true);
    Ok(value)
}

fn wrong(what: &str, file: &Path, why: &dyn fmt::Display) -> HttpError {
    HttpError::Local(format!("the {what} in `{}` cannot be used: {why}", file.display()))
}

/// The certificates to trust.
///
/// # Errors
/// When there are none in the file.
pub(super) fn authorities(file: &Path) -> Result<Vec<Certificate>, HttpError> {
    let wrong = |why: &dyn fmt::Display| wrong("certificates", file, why);
    let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(&words(&error)))?;
    if found.is_empty() { Err(wrong(&"there are none in it")) } else { Ok(found) }
}

/// The certificate we show, with its key.
///
/// # Errors
/// When a file cannot be read, is no PEM, or others can read the key.
pub(super) fn certificate(files: &ClientCertificate) -> Result<reqwest::Identity, HttpError> {
    let ClientCertificate { certificate, key } = files;
    secret::private(key)?;
    let mut pem = std::fs::read(key).map_err(|error| wrong("key", key, &error))?;
    if certificate != key {
        pem.push(b'\n');
        pem.extend(std::fs::read(certificate).map_err(|error| wrong("certificate", certificate, &error))?);
    }
    // Its own words may quote what it read.
    reqwest::Identity::from_pem(&pem)
        .map_err(|_quotes_it| wrong("certificate", certificate, &"it needs a certificate and its key in PEM"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, "nothing").unwrap();
        let message = authorities(&file).unwrap_err().to_string();
        assert!(message.contains("ca.pem") && message.contains("none"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_is_none_is_refused_and_not_quoted() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&certificate, "nothing").unwrap();
        std::fs::write(&key, "sekrit").unwrap();
        let files = ClientCertificate { certificate, key: key.clone() };
        let message = |files| self::certificate(files).unwrap_err().to_string();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(message(&files).contains("mode 644"), "{}", message(&files));
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(message(&files).contains("cert.pem") && !message(&files).contains("sekrit"), "{}", message(&files));
    }
}
