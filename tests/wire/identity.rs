//! Who we are at a server: every kind of secret goes along, is renewed once when refused, and is shown nowhere.
#![cfg(unix)]
#![expect(clippy::panic, reason = "these are tests; the lint knows test functions only")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::DateTime;
use flightdeck::{
    config::{
        access::{Access, ClientCertificate, Header, HeaderFrom, Login, SecretCommand, SecretFrom},
        prometheus::PrometheusConfig,
    },
    domain::{
        failure::{Failure, FailureKind},
        question::Answer,
        time::{At, Seconds},
    },
    http::Limits,
    metrics::{Source, prometheus::Prometheus},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, path},
};

use crate::prometheus::{ask_for, good, http, ranges, serve, server, told};

fn source(url: &str, access: Access) -> Prometheus {
    let config = PrometheusConfig { access, ..PrometheusConfig::at(url.to_owned()) };
    let clock = || At { wall: DateTime::UNIX_EPOCH, mono: 0 };
    Prometheus::with_limits(&config, Arc::new(clock), Limits::default()).unwrap()
}

fn token(from: SecretFrom) -> Access {
    Access { login: Login::Token(from), ..Access::default() }
}

fn command(script: &str, timeout: f64) -> SecretFrom {
    let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
    SecretFrom::Command(SecretCommand { argv, timeout: Seconds(timeout), keep: None })
}

/// A file with a secret, for its owner alone.
fn secret_file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

/// The `Authorization` of each question, in order.
async fn authorizations(server: &MockServer) -> Vec<String> {
    let of = |request: &wiremock::Request| request.headers["authorization"].to_str().unwrap().to_owned();
    ranges(server).await.iter().map(of).collect()
}

async fn refused(source: &Prometheus, query: &str) -> Failure {
    let Answer::Error(failure) = source.ask(ask_for(&[query])).await else { panic!("no number") };
    failure
}

async fn fine() -> MockServer {
    serve(ResponseTemplate::new(200).set_body_json(good())).await
}

#[tokio::test]
async fn a_file_is_read_anew_each_time_and_by_its_owner_alone() {
    let (server, folder) = (fine().await, tempfile::tempdir().unwrap());
    let file = secret_file(&folder, "token", "one\n");
    let source = source(&server.uri(), token(SecretFrom::File(file.clone())));
    source.ask(ask_for(&["a"])).await;
    fs::write(&file, "two\n").unwrap();
    source.ask(ask_for(&["b"])).await;
    assert_eq!(authorizations(&server).await, ["Bearer one", "Bearer two"]);

    let shown = file.display();
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let failure = refused(&source, "c").await;
        let expected = format!(
            "the secret in `{shown}` is not used: others on this machine may read it (mode {mode:o}); run `chmod 600 {shown}`"
        );
        assert_eq!((failure.kind, failure.to_string()), (FailureKind::Auth, expected));
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    for (text, what) in [(" \n", "the file is empty"), ("two\nlines", "holds characters that no header has")] {
        fs::write(&file, text).unwrap();
        let failure = refused(&source, "d").await.to_string();
        assert!(failure.contains(what) && !failure.contains("two"), "{failure}");
    }
    fs::remove_file(&file).unwrap();
    let failure = refused(&source, "e").await;
    assert!(failure.kind == FailureKind::Auth && failure.to_string().contains("token"), "{failure}");
    assert_eq!(authorizations(&server).await.len(), 2, "nothing was sent without it");
}

#[tokio::test]
async fn variables_passwords_and_headers_go_along_and_are_not_shown() {
    let (server, folder) = (fine().await, tempfile::tempdir().unwrap());
    let key = secret_file(&folder, "key", "k3y");
    let header = |name: &str, value| Header { name: name.to_owned(), value };
    let access = Access {
        // What cargo itself sets stands for a secret here: a test cannot set a variable safely.
        login: Login::Password { user: "op".to_owned(), password: SecretFrom::Env("CARGO_PKG_NAME".to_owned()) },
        headers: vec![
            header("X-Key", HeaderFrom::Secret(SecretFrom::File(key))),
            header("X-Team", HeaderFrom::Text("checkout".to_owned())),
        ],
        ..Access::default()
    };
    source(&server.uri(), access).ask(ask_for(&["a"])).await;
    let sent = &ranges(&server).await[0].headers;
    let text = |name: &str| sent[name].to_str().unwrap().to_owned();
    // `op:flightdeck`
    assert_eq!(text("authorization"), "Basic b3A6ZmxpZ2h0ZGVjaw==");
    assert_eq!((text("x-key"), text("x-team")), ("k3y".to_owned(), "checkout".to_owned()));

    let failure = refused(&source(&server.uri(), token(SecretFrom::Env("NO_SUCH_TOKEN".to_owned()))), "a").await;
    let expected = "the variable `NO_SUCH_TOKEN` is not set, or is no text; \
                    export it before flightdeck starts: `export NO_SUCH_TOKEN=…`";
    assert_eq!((failure.kind, failure.to_string().as_str()), (FailureKind::Auth, expected));
}

#[tokio::test]
async fn a_command_runs_once_and_once_more_when_what_it_gave_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let script = format!("echo x >> {0}; echo token-$(wc -l < {0})", runs.display());
    let count = || fs::read_to_string(&runs).unwrap().lines().count();
    let server = server().await;
    let range = || Mock::given(path("/api/v1/query_range"));
    range()
        .and(header("authorization", "Bearer token-2"))
        .respond_with(ResponseTemplate::new(200).set_body_json(good()))
        .up_to_n_times(3)
        .mount(&server)
        .await;
    range().respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let source = source(&server.uri(), token(command(&script, 10.0)));

    // Four at once wait for one run, and for one more.
    let answer = source.ask(ask_for(&["a", "b", "c"])).await;
    assert!(matches!(answer, Answer::Value(_)), "{}", told(&answer));
    assert_eq!(count(), 2);
    let shown = authorizations(&server).await;
    assert_eq!(shown.iter().filter(|shown| *shown == "Bearer token-1").count(), 3);

    // Refused for good: it is not run for each question.
    for query in ["d", "e"] {
        let failure = refused(&source, query).await;
        assert_eq!(failure.kind, FailureKind::Auth);
        assert!(failure.to_string().ends_with("; see that the output of `sh` is valid there"), "{failure}");
    }
    assert_eq!(count(), 2, "renewed a moment ago");
    assert_eq!(authorizations(&server).await.len(), shown.len() + 2);
}

#[tokio::test]
async fn a_command_that_gives_nothing_says_why_and_is_left_alone_for_a_while() {
    let server = fine().await;
    let cases = [
        ("echo wrong >&2; echo log in first >&2; exit 3", "exit status: 3: log in first"),
        ("true", "it printed nothing"),
        ("sleep 600", "it did not end within 0s"),
        ("yes", "it printed more than any secret is long"),
        ("printf '\\377'", "its output is no text"),
    ];
    for (script, why) in cases {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        let script = format!("echo x >> {}; {script}", runs.display());
        let source = source(&server.uri(), token(command(&script, 0.5)));
        for query in ["a", "b"] {
            let failure = refused(&source, query).await;
            let what =
                format!("the command `sh` gave no secret: {why}; run `sh` with its arguments by hand to see why");
            assert_eq!(failure.kind, FailureKind::Auth);
            assert!(failure.to_string().starts_with(&what), "{failure}");
        }
        assert_eq!(fs::read_to_string(&runs).unwrap(), "x\n", "{script}");
    }
    let missing = SecretCommand { argv: vec!["/no/such".to_owned()], timeout: Seconds(1.0), keep: None };
    let failure = refused(&source(&server.uri(), token(SecretFrom::Command(missing))), "a").await;
    assert!(failure.to_string().contains("`/no/such` gave no secret: No such file"), "{failure}");
    assert!(ranges(&server).await.is_empty());
}

/// Not a terminal to ask on, nothing to read, and nothing left behind.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_has_no_terminal_and_ends_with_all_it_started() {
    let (server, folder) = (fine().await, tempfile::tempdir().unwrap());
    let script = "set -- $(cat /proc/$$/stat); [ $6 = $$ ] && echo own-session; cat";
    source(&server.uri(), token(command(script, 10.0))).ask(ask_for(&["a"])).await;
    assert_eq!(authorizations(&server).await, ["Bearer own-session"]);

    let pid = folder.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}; wait", pid.display());
    refused(&source(&server.uri(), token(command(&script, 0.5))), "b").await;
    let pid = fs::read_to_string(&pid).unwrap();
    let stat = PathBuf::from(format!("/proc/{}/stat", pid.trim()));
    // Killed: gone, or waiting to be collected.
    let ended = || fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    for _ in 0..1_000_000 {
        if ended() {
            return;
        }
        std::thread::yield_now();
    }
    panic!("{} still runs", pid.trim());
}

/// An authority, and what it signed: a certificate with its key as PEM.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// A server that lets nobody in without a certificate of its authority.
#[expect(clippy::disallowed_methods, reason = "a server for a test; it ends with the test's runtime")]
async fn strict(authority: &Authority) -> String {
    let (certificate, key) = authority.sign("localhost");
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let clients = WebPkiClientVerifier::builder(roots.into()).build().unwrap();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = ServerConfig::builder().with_client_cert_verifier(clients).with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = vec![0; 64 << 10];
                let read = stream.read(&mut request).await.unwrap_or_default();
                let time = r#"{"status":"success","data":{"resultType":"scalar","result":[2000,"2000"]}}"#.to_owned();
                let is_range = String::from_utf8_lossy(&request[..read]).contains("/query_range ");
                let body = if is_range { good().to_string() } else { time };
                let answer = http(&format!("connection: close\r\ncontent-length: {}\r\n", body.len()), body.as_bytes());
                if stream.write_all(&answer).await.is_ok() {
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_without_it_nothing_is_told() {
    flightdeck::http::install_tls();
    let folder = tempfile::tempdir().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let url = strict(&authority).await;
    let ca_file = folder.path().join("ca.pem");
    fs::write(&ca_file, authority.0.pem()).unwrap();
    let with = |signed: Option<(String, String)>, apart: bool| {
        let certificate = signed.map(|(certificate, key)| {
            let file = folder.path().join("cert.pem");
            let both = format!("{certificate}{key}");
            fs::write(&file, if apart { &certificate } else { &both }).unwrap();
            let key = if apart { secret_file(&folder, "key.pem", &key) } else { private(&file) };
            ClientCertificate { certificate: file, key }
        });
        source(&url, Access { ca_file: Some(ca_file.clone()), certificate, ..Access::default() })
    };
    for apart in [true, false] {
        let answer = with(Some(authority.sign("op")), apart).ask(ask_for(&["a"])).await;
        assert_eq!(told(&answer), "value [[(\"a\", 4)]]");
    }
    for signed in [None, Some(stranger.sign("op"))] {
        let failure = refused(&with(signed, true), "a").await;
        assert!(!failure.to_string().contains("PRIVATE"), "{failure}");
        assert!(matches!(failure.kind, FailureKind::Auth), "{:?} {failure}", failure.kind);
    }
    // Its authority is not ours.
    let failure = refused(&source(&url, Access::default()), "a").await;
    assert!(failure.kind == FailureKind::Unreachable && failure.to_string().contains("`ca_file`"), "{failure}");
}

fn private(file: &Path) -> PathBuf {
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    file.to_owned()
}

/// Where the environment names a proxy, a process of its own finds out what is sent where.
const SOURCE: &str = "FLIGHTDECK_TEST_SOURCE";

#[tokio::test]
async fn what_stays_on_this_machine_is_told_to_no_proxy() {
    if let Ok(url) = std::env::var(SOURCE) {
        let answer =
            source(&url, token(SecretFrom::Env("FLIGHTDECK_TEST_TOKEN".to_owned()))).ask(ask_for(&["x"])).await;
        assert!(matches!(answer, Answer::Value(_)), "{answer:?}");
        return;
    }
    let answer = || ResponseTemplate::new(200).set_body_json(good());
    let (there, proxy) = (serve(answer()).await, serve(answer()).await);
    for url in [there.uri(), there.uri().replace("127.0.0.1", "localhost")] {
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "identity::what_stays_on_this_machine_is_told_to_no_proxy"]);
        again.env(SOURCE, url).env("FLIGHTDECK_TEST_TOKEN", "sekrit");
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            again.env(name, proxy.uri());
        }
        for name in ["NO_PROXY", "no_proxy"] {
            again.env_remove(name);
        }
        let output = again.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(authorizations(&there).await, ["Bearer sekrit"; 2]);
    assert!(proxy.received_requests().await.unwrap().is_empty());
}
