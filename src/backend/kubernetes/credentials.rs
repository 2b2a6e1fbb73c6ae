//! Credential plugins of a kubeconfig (`exec`): run when needed, never longer than a person would wait, and
//! never on a terminal that a screen owns.

use std::{process::Stdio, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use kube::config::{ExecConfig, ExecInteractiveMode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use tokio::{process::Command, sync::Mutex, time::timeout};

use super::{Announce, Clock};
use crate::domain::failure::{Failure, FailureKind};

/// A person may have to answer in a browser; a machine should not take nearly as long.
const LIMIT: Duration = Duration::from_secs(30);
/// A token is renewed this long before it ends.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

/// A plugin whose tokens go into every request.
pub(super) struct Plugin {
    exec: ExecConfig,
    token: Mutex<Option<Token>>,
}

struct Token {
    value: SecretString,
    /// None means until the server refuses it.
    until: Option<DateTime<Utc>>,
}

/// What the first run gave.
pub(super) enum Given {
    /// Tokens, now and later.
    Tokens(Box<Plugin>),
    /// A client certificate and its key, in PEM.
    Certificate { certificate: String, key: SecretString },
}

#[derive(Deserialize)]
struct Credential {
    status: Option<CredentialStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialStatus {
    expiration_timestamp: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "secret")]
    token: Option<SecretString>,
    client_certificate_data: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    client_key_data: Option<SecretString>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

/// Runs the plugin for the first time; it may talk with the person at the terminal.
pub(super) async fn first_run(exec: ExecConfig, announce: &Announce) -> Result<Given, Failure> {
    announce(&format!("asking `{}` for credentials", command_of(&exec)));
    let status = run(&exec, exec.interactive_mode != Some(ExecInteractiveMode::Never)).await?;
    if let (Some(certificate), Some(key)) = (status.client_certificate_data, status.client_key_data) {
        return Ok(Given::Certificate { certificate, key });
    }
    let token = status.token.map(|value| Token { value, until: status.expiration_timestamp });
    if token.is_none() {
        return Err(failed(&exec, "it gave neither a token nor a certificate"));
    }
    Ok(Given::Tokens(Box::new(Plugin { exec, token: Mutex::new(token) })))
}

impl Plugin {
    /// The value of the header, from a token that is still good.
    pub(super) async fn authorization(&self, clock: &Clock) -> Result<Option<http::HeaderValue>, Failure> {
        let mut held = self.token.lock().await;
        let good = held.as_ref().is_some_and(|t| t.until.is_none_or(|until| until > clock() + MARGIN));
        if !good {
            // A screen is up by now: a plugin that has to ask cannot.
            let status = run(&self.exec, false).await?;
            *held = status.token.map(|value| Token { value, until: status.expiration_timestamp });
        }
        let Some(token) = held.as_ref() else { return Err(failed(&self.exec, "it gave no token")) };
        let mut value = http::HeaderValue::try_from(format!("Bearer {}", token.value.expose_secret()))
            .map_err(|_text| failed(&self.exec, "its token cannot stand in a header"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// The server refused the token: the next request asks for another.
    pub(super) async fn forget(&self) {
        *self.token.lock().await = None;
    }
}

async fn run(exec: &ExecConfig, interactive: bool) -> Result<CredentialStatus, Failure> {
    let name = command_of(exec);
    let mut command = Command::new(&name);
    command.args(exec.args.iter().flatten()).kill_on_drop(true).stdout(Stdio::piped());
    for pair in exec.env.iter().flatten() {
        if let (Some(key), Some(value)) = (pair.get("name"), pair.get("value")) {
            command.env(key, value);
        }
    }
    let cluster = exec.cluster.as_ref().filter(|_| exec.provide_cluster_info);
    let mut spec = json!({"interactive": interactive});
    if let (Some(cluster), Some(spec)) = (cluster, spec.as_object_mut()) {
        spec.insert("cluster".into(), serde_json::to_value(cluster).unwrap_or_default());
    }
    let info = json!({"apiVersion": exec.api_version, "kind": "ExecCredential", "spec": spec});
    command.env("KUBERNETES_EXEC_INFO", info.to_string());
    if interactive {
        command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
    } else {
        command.stdin(Stdio::null()).stderr(Stdio::piped());
    }
    let child = command.spawn().map_err(|e| {
        let failure = Failure::new(FailureKind::Local, format!("the credential plugin `{name}` cannot be run: {e}"));
        failure.hint(exec.install_hint.as_deref().unwrap_or("install it, or correct `exec` in the kubeconfig"))
    })?;
    let output = timeout(LIMIT, child.wait_with_output())
        .await
        .map_err(|_elapsed| failed(exec, &format!("it did not end within {} s", LIMIT.as_secs())))?;
    let output = output.map_err(|e| failed(exec, &e.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(exec, format!("{}: {}", output.status, said.trim()).trim_end_matches([':', ' '])));
    }
    let credential: Credential = serde_json::from_slice(&output.stdout)
        .map_err(|_text| failed(exec, "its output is no ExecCredential in JSON"))?;
    credential.status.ok_or_else(|| failed(exec, "its output has no status"))
}

fn command_of(exec: &ExecConfig) -> String {
    exec.command.clone().unwrap_or_default()
}

fn failed(exec: &ExecConfig, why: &str) -> Failure {
    let name = command_of(exec);
    Failure::new(FailureKind::Auth, format!("the credential plugin `{name}` failed"))
        .detail(why)
        .hint(format!("run `{name}` by hand to see why, or log in again"))
}
