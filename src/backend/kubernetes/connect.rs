//! From a kubeconfig to a client: contexts, certificates, tokens, plugins, proxies, in-cluster.

use std::{
    env,
    path::Path,
    sync::{Mutex, OnceLock, atomic::AtomicBool},
    time::Duration,
};

use base64::Engine;
use hyper_rustls::FixedServerNameResolver;
use hyper_util::{
    client::legacy::{Builder, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use kube::{
    Client, Config,
    client::ConfigExt,
    config::{KubeConfigOptions, Kubeconfig, KubeconfigError},
};
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use tower::{BoxError, ServiceBuilder};

use super::{
    Announce, Clock,
    cluster::Cluster,
    credentials::{self, Given},
};
use crate::{
    backend::kubeconfig,
    config::source::KubernetesConfig,
    domain::{
        clean::Name,
        failure::{Failure, FailureKind},
    },
};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How often an HTTP/2 connection is asked whether it lives, and how long it may think about it.
const PING_EVERY: Duration = Duration::from_secs(5);
const PING_LIMIT: Duration = Duration::from_secs(5);
/// Room for a page of a list without waiting for leave to send on.
const WINDOW: u32 = 4 << 20;

pub(super) async fn cluster(
    name: Name,
    asked: &KubernetesConfig,
    clock: Clock,
    announce: &Announce,
) -> Result<Cluster, Failure> {
    let (mut config, context) = load(&name, asked).await?;
    let mut plugin = None;
    if let Some(exec) = config.auth_info.exec.take() {
        match credentials::first_run(exec, announce).await? {
            Given::Tokens(tokens) => plugin = Some(*tokens),
            Given::Certificate { certificate, key } => {
                let encode = |pem: &str| base64::engine::general_purpose::STANDARD.encode(pem);
                config.auth_info.client_certificate_data = Some(encode(&certificate));
                config.auth_info.client_key_data = Some(SecretString::from(encode(key.expose_secret())));
            }
        }
    }
    // Nothing is ever sent twice by itself.
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_LIMIT);
    let (namespace, server) = (config.default_namespace.clone(), server_of(&config));
    let client = client(config).map_err(|e| unusable(&name, &e))?;
    Ok(Cluster {
        name,
        client,
        credentials: plugin,
        namespace,
        context,
        server,
        clock,
        user: OnceLock::new(),
        ahead: Mutex::new(None),
        pings: AtomicBool::new(true),
    })
}

/// The configuration and the context it was taken from; none in-cluster.
async fn load(name: &Name, asked: &KubernetesConfig) -> Result<(Config, Option<String>), Failure> {
    let local = |summary: String| Failure::new(FailureKind::Local, summary);
    let file = asked.kubeconfig.as_deref();
    let kubeconfig = match file {
        Some(file) => Kubeconfig::read_from(file),
        None => Kubeconfig::read(),
    };
    let kubeconfig = match kubeconfig {
        Ok(kubeconfig) => kubeconfig,
        Err(error) if file.is_none() && asked.context.is_none() && is_absent(&error) => {
            let config = Config::incluster().map_err(|_outside| {
                local(format!("there is no kubeconfig for `{name}`"))
                    .hint("set `KUBECONFIG`, write ~/.kube/config, or name one in the configuration")
            })?;
            return Ok((config, None));
        }
        Err(error) => return Err(local(kubeconfig::explain(&place(file), &error))),
    };
    let known: Vec<&str> = kubeconfig.contexts.iter().map(|c| c.name.as_str()).collect();
    let listed =
        if known.is_empty() { "it has no contexts".to_owned() } else { format!("it knows {}", known.join(", ")) };
    let current = kubeconfig.current_context.clone().filter(|context| !context.is_empty());
    let Some(context) = asked.context.clone().or(current) else {
        return Err(local(format!("the kubeconfig {} has no current context", place(file)))
            .hint(format!("name one with `context`; {listed}")));
    };
    if !known.contains(&context.as_str()) {
        return Err(local(format!("the kubeconfig {} has no context `{context}`", place(file))).hint(listed));
    }
    let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let config = config.map_err(|error| local(kubeconfig::explain(&place(file), &error)))?;
    Ok((config, Some(context)))
}

fn is_absent(error: &KubeconfigError) -> bool {
    match error {
        KubeconfigError::FindPath => true,
        KubeconfigError::ReadConfig(error, _) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

fn place(file: Option<&Path>) -> String {
    match file {
        Some(file) => file.display().to_string(),
        None => env::var("KUBECONFIG").ok().filter(|list| !list.is_empty()).unwrap_or_else(|| "~/.kube/config".into()),
    }
}

/// The address without anything secret in it.
fn server_of(config: &Config) -> String {
    let url = &config.cluster_url;
    format!(
        "{}://{}{}",
        url.scheme_str().unwrap_or("https"),
        url.host().unwrap_or_default(),
        url.port().map(|port| format!(":{port}")).unwrap_or_default(),
    )
}

fn unusable(name: &Name, error: &kube::Error) -> Failure {
    let failure = Failure::new(FailureKind::Local, format!("the credentials for `{name}` cannot be used"));
    // The messages of these kinds name what is wrong and quote nothing.
    match error {
        kube::Error::RustlsTls(error) => failure.detail(error.to_string()),
        kube::Error::ProxyProtocolUnsupported { .. } => failure.detail("its proxy speaks an unsupported protocol"),
        kube::Error::Auth(kube::client::AuthError::ReadTokenFile(error, file)) => {
            failure.detail(format!("the token file {} cannot be read: {error}", file.display()))
        }
        _ => failure.hint("see `kubectl config view`"),
    }
}

/// Through a proxy, kube's own stack; else one that sends small requests at once and shares one connection.
fn client(config: Config) -> Result<Client, kube::Error> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have installed one in between, which is just as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    if config.proxy_url.is_some() {
        return Client::try_from(config);
    }
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(config.connect_timeout);
    tcp.set_keepalive(Some(PING_EVERY));
    let tls =
        hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config()?).https_or_http();
    let server_name = config.tls_server_name.clone().and_then(|name| ServerName::try_from(name).ok());
    let tls = match server_name {
        Some(name) => tls.with_server_name_resolver(FixedServerNameResolver::new(name)),
        None => tls,
    };
    let http = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .http2_initial_stream_window_size(WINDOW)
        .http2_initial_connection_window_size(WINDOW)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_LIMIT)
        .http2_keep_alive_while_idle(true)
        .build(tls.enable_all_versions().wrap_connector(tcp));
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace))
}
