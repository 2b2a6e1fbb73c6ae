//! Who we are at a source reached over HTTP: token, password, client certificate, headers.
//!
//! A secret is named here (a variable, a file, a command) and never held. One that stands in the configuration
//! itself is refused: such a file is shown, copied and committed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::toml_file::{Section, Written};
use crate::domain::time::Seconds;

/// How a place is reached and who we are there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Access {
    pub login: Login,
    pub headers: Vec<Header>,
    /// A PEM file with certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    pub certificate: Option<ClientCertificate>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Login {
    #[default]
    None,
    /// A bearer token.
    Token(SecretFrom),
    /// Basic authentication.
    Password { user: String, password: SecretFrom },
}

/// A header that goes along with every request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub name: String,
    pub value: HeaderFrom,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum HeaderFrom {
    /// No secret: it is shown.
    Text(String),
    Secret(SecretFrom),
}

/// PEM files; the key may stand in the same file as the certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCertificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SecretFrom {
    /// An environment variable of this process.
    Env(String),
    /// A file only its owner can read; read anew for each request, because secrets rotate.
    File(PathBuf),
    Command(SecretCommand),
}

/// A command whose output is the secret. It gets no terminal and no input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecretCommand {
    /// The program and its arguments, never empty. No shell reads them.
    pub argv: Vec<String>,
    /// It is ended after this long.
    pub timeout: Seconds,
    /// Its output is used for this long; none until the other side refuses it.
    pub keep: Option<Seconds>,
}

/// How long a command may take where nobody says.
const COMMAND_TAKES: Seconds = Seconds(10.0);
const MAX_COMMAND_TAKES: Seconds = Seconds(60.0);

/// Every way to name a secret, for hints.
const WAYS: &str = "write `{ env = \"NAME\" }`, `{ file = \"~/.secret\" }` or `{ command = [\"pass\", \"name\"] }`";

/// Headers that the client itself writes, or that would change what a request is.
const OURS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Parts of a header's name that say its value is a secret.
const SECRET_NAMES: &[&str] = &["auth", "token", "key", "secret", "password", "cookie", "credential", "session"];

/// Reads the keys of a source that say who we are; what is wrong is noted and left out.
pub fn read(section: &Section<'_>, home: Option<&Path>) -> Access {
    Access {
        login: login(section, home),
        headers: headers(section, home),
        ca_file: section.path("ca_file", home),
        certificate: certificate(section, home),
    }
}

fn login(section: &Section<'_>, home: Option<&Path>) -> Login {
    let token = secret(section, "token", home);
    let file = section.path("token_file", home).map(SecretFrom::File);
    if section.has("token") && section.has("token_file") {
        section.wrong("token_file", "says the same as `token`", "keep one of them".to_owned());
    }
    let (user, password) = (section.text("user"), secret(section, "password", home));
    match (section.has("user"), section.has("password")) {
        (true, false) => section.wrong("password", "is missing beside `user`", WAYS.to_owned()),
        (false, true) => section.wrong("user", "is missing beside `password`", None),
        (true, true) | (false, false) => {}
    }
    if user.as_deref().is_some_and(|user| user.is_empty() || user.contains(':')) {
        section.wrong("user", "is empty or holds a `:`, which would end it", None);
    }
    if (section.has("token") || section.has("token_file")) && section.has("user") {
        section.wrong("user", "is a second way to log in beside a token", "keep one of them".to_owned());
    }
    match (token.or(file), user, password) {
        (Some(token), _, _) => Login::Token(token),
        (None, Some(user), Some(password)) => Login::Password { user, password },
        (None, _, _) => Login::None,
    }
}

fn certificate(section: &Section<'_>, home: Option<&Path>) -> Option<ClientCertificate> {
    let (file, key) = (section.path("client_cert_file", home), section.path("client_key_file", home));
    if key.is_some() && file.is_none() {
        section.wrong(
            "client_key_file",
            "is a key without its certificate",
            "name it in `client_cert_file`".to_owned(),
        );
    }
    file.map(|certificate| ClientCertificate { key: key.unwrap_or_else(|| certificate.clone()), certificate })
}

fn headers(section: &Section<'_>, home: Option<&Path>) -> Vec<Header> {
    let Some(table) = section.table("headers") else { return Vec::new() };
    let mut headers: Vec<Header> = Vec::new();
    for (name, written) in table.written() {
        if let Some((what, hint)) = wrong_header(&name) {
            table.wrong(&name, what, hint.map(str::to_owned));
            continue;
        }
        if headers.iter().any(|other| other.name.eq_ignore_ascii_case(&name)) {
            table.wrong(&name, "stands there twice; case does not matter in a header's name", None);
            continue;
        }
        let value = match written {
            Some(Written::Text(text)) => {
                let lower = name.to_lowercase();
                if SECRET_NAMES.iter().any(|part| lower.contains(part)) || looks_secret(&text) {
                    table.wrong(&name, "looks like a secret, and none may stand in this file", WAYS.to_owned());
                    continue;
                }
                if text.is_empty() || text.chars().any(char::is_control) {
                    table.wrong(&name, "is empty or holds characters that no header has", None);
                    continue;
                }
                Some(HeaderFrom::Text(text))
            }
            Some(Written::Table(inner)) => secret_from(inner, home).map(HeaderFrom::Secret),
            None => None,
        };
        headers.extend(value.map(|value| Header { name, value }));
    }
    headers
}

fn wrong_header(name: &str) -> Option<(&'static str, Option<&'static str>)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let lower = name.to_lowercase();
    if name.is_empty() || !name.chars().all(is_name) {
        Some(("is no name of a header", None))
    } else if lower == "authorization" {
        Some(("is written from `token`, or from `user` and `password`", Some("use those instead")))
    } else if OURS.contains(&lower.as_str()) {
        Some(("is a header that is always written by flightdeck itself", Some("leave it out")))
    } else {
        None
    }
}

/// Letters and digits in one run that no word is as long as.
const LONGEST_WORD: usize = 20;

/// Whether a text that is shown would better not be: a header's scheme, a JSON Web Token, a long run of letters
/// and digits.
fn looks_secret(text: &str) -> bool {
    let random = |run: &str| {
        run.len() >= LONGEST_WORD
            && run.contains(|c: char| c.is_ascii_digit())
            && run.contains(|c: char| c.is_ascii_alphabetic())
    };
    ["Bearer ", "Basic ", "Token ", "ApiKey "].iter().any(|scheme| text.starts_with(scheme))
        || text.split(|c: char| !c.is_ascii_alphanumeric()).any(random)
}

/// The secret that `key` names.
fn secret(section: &Section<'_>, key: &'static str, home: Option<&Path>) -> Option<SecretFrom> {
    match section.text_or_table(key)? {
        Written::Text(_) => {
            section.wrong(key, "is a secret, and none may stand in this file", WAYS.to_owned());
            None
        }
        Written::Table(inner) => secret_from(inner, home),
    }
}

/// Reads `{ env = … }`, `{ file = … }` or `{ command = … }`.
fn secret_from(section: Section<'_>, home: Option<&Path>) -> Option<SecretFrom> {
    let (env, file) = (section.text("env"), section.path("file", home));
    let argv = section.texts("command");
    let (timeout, keep) = (section.duration("timeout"), section.duration("keep"));
    let said = ["env", "file", "command"].into_iter().filter(|key| section.has(key)).count();
    if said != 1 {
        section.wrong("", if said == 0 { "names no secret" } else { "names more than one secret" }, WAYS.to_owned());
    }
    if !section.has("command") {
        for key in ["timeout", "keep"].into_iter().filter(|key| section.has(key)) {
            section.wrong(key, "belongs to a `command`", "leave it out".to_owned());
        }
    }
    if let Some(name) = &env
        && (name.is_empty() || name.contains(['=', '\0', '$']))
    {
        section.wrong("env", "is no name of a variable", "for example `env = \"PROM_TOKEN\"`".to_owned());
    }
    if timeout.is_some_and(|length| !(0.1..=MAX_COMMAND_TAKES.0).contains(&length.0)) {
        section.wrong("timeout", format!("expected at least 100 ms and at most {MAX_COMMAND_TAKES}"), None);
    }
    let command = argv.and_then(|argv| command(&section, argv, timeout, keep));
    section.finish();
    match (env, file, command) {
        (Some(name), None, None) => Some(SecretFrom::Env(name)),
        (None, Some(file), None) => Some(SecretFrom::File(file)),
        (None, None, command) => command.map(SecretFrom::Command),
        (_, _, _) => None,
    }
}

fn command(
    section: &Section<'_>,
    argv: Vec<String>,
    timeout: Option<Seconds>,
    keep: Option<Seconds>,
) -> Option<SecretCommand> {
    let Some(program) = argv.first().filter(|program| !program.trim().is_empty()) else {
        section.wrong("command", "names no program", "for example `command = [\"pass\", \"prom\"]`".to_owned());
        return None;
    };
    if argv.len() == 1 && program.contains(char::is_whitespace) {
        let hint = "write each word by itself: `command = [\"pass\", \"prom\"]`";
        section.wrong("command", "is one word with spaces in it, and no shell takes it apart", hint.to_owned());
    }
    if argv.iter().any(|argument| looks_secret(argument)) {
        let hint = "arguments can be seen by everybody on this machine: let the command find it in a file";
        section.wrong("command", "has an argument that looks like a secret", hint.to_owned());
    }
    Some(SecretCommand { argv, timeout: timeout.unwrap_or(COMMAND_TAKES), keep })
}
