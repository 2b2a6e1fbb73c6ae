//! Sources of numbers: which server, as whom, with which secrets, and that no secret is ever shown.

use super::{Machine, PROMETHEUS, panel};
use crate::config::{
    access::{Access, ClientCertificate, Header, HeaderFrom, Login, SecretCommand, SecretFrom},
    prometheus::{Flavour, PrometheusConfig},
    show,
    source::SourceConfig,
};
use crate::domain::time::Seconds;

fn source(kind: &str, more: &str) -> String {
    format!("[[sources]]\nname = \"m\"\nkind = \"{kind}\"\nurl = \"https://metrics.example\"\n{more}")
}

fn only(machine: &Machine) -> (PrometheusConfig, String) {
    let loaded = machine.load().unwrap_or_else(|errors| panic!("{errors}"));
    let (_, config) = loaded.sources.iter().find(|(name, _)| name.raw() != "prod-eu").unwrap();
    let SourceConfig::Prometheus(config) = config else { panic!("a source of numbers") };
    let short = loaded.settings.sources.last().unwrap().short.to_string();
    (config.clone(), short)
}

#[test]
fn every_flavour_has_its_name_its_address_and_its_way_to_name_a_tenant() {
    let cases = [
        ("prometheus", "", "prom", "https://metrics.example"),
        ("thanos", "tenant = \"team-a\"", "thanos", "https://metrics.example"),
        ("mimir", "tenant = \"team-a|team-b\"", "mimir", "https://metrics.example/prometheus"),
        ("victoriametrics", "", "vm", "https://metrics.example"),
        ("victoriametrics", "tenant = \"7:1\"", "vm", "https://metrics.example/select/7:1/prometheus"),
    ];
    for (kind, more, short, base) in cases {
        let (config, shown) = only(&Machine::with_file(&source(kind, more)));
        assert_eq!((config.flavour.word(), shown.as_str(), config.base().as_str()), (kind, short, base));
    }
    let own_path = PrometheusConfig {
        flavour: Flavour::Mimir,
        tenant: Some("a".to_owned()),
        ..PrometheusConfig::at("https://metrics.example/api/prom/".to_owned())
    };
    assert_eq!(own_path.base(), "https://metrics.example/api/prom");
}

#[test]
fn a_scrape_interval_counts_as_said_whatever_it_is() {
    for (said, scrapes, tick) in [
        ("", 60.0, None),
        ("scrape_interval = \"60s\"", 60.0, Some(60.0)),
        ("scrape_interval = \"5s\"", 5.0, Some(10.0)),
    ] {
        let machine = Machine::with_file(&source("prometheus", said));
        let (config, _) = only(&machine);
        assert_eq!((config.scrapes(), config.tick()), (Seconds(scrapes), tick.map(Seconds)), "{said}");
        let (again, _) = only(&Machine::with_file(&show::show(&machine.load().unwrap())));
        assert_eq!(again.tick(), config.tick(), "shown and read again: {said}");
    }
}

#[test]
fn secrets_are_named_by_variable_file_or_command_and_all_of_it_reads_back() {
    let text = source(
        "mimir",
        r#"tenant = "a|b"
user = "op"
password = { command = ["pass", "show", "prom"], timeout = "2s", keep = "1h30m" }
headers = { X-Team = "checkout", X-Key = { env = "KEY" }, "CF-Access-Client-Secret" = { file = "~/cf" } }
ca_file = "ca.pem"
client_cert_file = "/c.pem"
client_key_file = "/k.pem"
queries_per_minute = 1_200
scrape_interval = "15s"
"#,
    );
    let machine = Machine::with_file(&text);
    let (config, _) = only(&machine);
    let home = machine.folder.path();
    let argv = ["pass", "show", "prom"].map(str::to_owned).to_vec();
    let password = SecretFrom::Command(SecretCommand { argv, timeout: Seconds(2.0), keep: Some(Seconds(5400.0)) });
    let header = |name: &str, value| Header { name: name.to_owned(), value };
    let mut headers = config.access.headers.clone();
    headers.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(
        Access { headers, ..config.access.clone() },
        Access {
            login: Login::Password { user: "op".to_owned(), password },
            headers: vec![
                header("CF-Access-Client-Secret", HeaderFrom::Secret(SecretFrom::File(home.join("cf")))),
                header("X-Key", HeaderFrom::Secret(SecretFrom::Env("KEY".to_owned()))),
                header("X-Team", HeaderFrom::Text("checkout".to_owned())),
            ],
            ca_file: Some(home.join("config/ca.pem")),
            certificate: Some(ClientCertificate { certificate: "/c.pem".into(), key: "/k.pem".into() }),
        }
    );
    assert_eq!(config.queries_per_minute, 1200);

    let shown = show::show(&machine.load().unwrap());
    let (again, _) = only(&Machine::with_file(&shown));
    assert_eq!(again, config, "{shown}");
}

#[test]
fn a_token_of_each_place_and_a_certificate_with_its_key_in_one_file() {
    let (config, _) =
        only(&Machine::with_file(&source("thanos", "token = { env = \"T\" }\nclient_cert_file = \"/c\"")));
    assert_eq!(config.access.login, Login::Token(SecretFrom::Env("T".to_owned())));
    assert_eq!(config.access.certificate.unwrap().key, std::path::Path::new("/c"));
    let (config, _) = only(&Machine::with_file(&source(
        "victoriametrics",
        "token = { command = \"vm-token\" }\nlatency_offset = \"45s\"",
    )));
    let Login::Token(SecretFrom::Command(command)) = config.access.login else { panic!("a command") };
    assert_eq!((command.argv.as_slice(), command.timeout), (["vm-token".to_owned()].as_slice(), Seconds(10.0)));
    assert_eq!(config.latency_offset, Some(Seconds(45.0)));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_is_wrong_is_told_without_the_secret() {
    let cases = [
        (
            "prometheus",
            "token = \"s3cr3t\"",
            "`sources[1].token`: is a secret, and none may stand in this file; write `{ env = \"NAME\" }`, `{ file =",
        ),
        ("prometheus", "token = 12345", "`sources[1].token`: expected a text or a table"),
        ("prometheus", "token = {}", "`sources[1].token`: names no secret; write `{ env = \"NAME\" }`"),
        (
            "prometheus",
            "token = { env = \"A\", file = \"b\" }",
            "`sources[1].token`: names more than one secret; write",
        ),
        ("prometheus", "token = { evn = \"A\" }", "`sources[1].token`: names no secret; write `{ env"),
        (
            "prometheus",
            "token = { env = \"$A\" }",
            "`sources[1].token.env`: is no name of a variable; for example `env = \"PROM_TOKEN\"`",
        ),
        (
            "prometheus",
            "token = { env = \"A\", timeout = \"1s\" }",
            "`sources[1].token.timeout`: belongs to a `command`; leave it out",
        ),
        ("prometheus", "token = { command = [] }", "`sources[1].token.command`: names no program; for example"),
        (
            "prometheus",
            "token = { command = \"pass show prom\" }",
            "`sources[1].token.command`: is one word with spaces in it, and no shell takes it apart; write each word",
        ),
        (
            "prometheus",
            "token = { command = [\"curl\", \"-H\", \"Bearer s3cr3t\"] }",
            "`sources[1].token.command`: has an argument that looks like a secret; arguments can be seen by everybody",
        ),
        (
            "prometheus",
            "token = { command = [\"vault\"], timeout = \"5m\" }",
            "`sources[1].token.timeout`: expected at least 100 ms and at most 1m00s",
        ),
        (
            "prometheus",
            "token_file = \"a\"\ntoken = { env = \"A\" }",
            "`sources[1].token_file`: says the same as `token`; keep one of them",
        ),
        (
            "prometheus",
            "token_file = \"a\"\nuser = \"op\"\npassword = { env = \"A\" }",
            "`sources[1].user`: is a second way to log in beside a token; keep one of them",
        ),
        (
            "prometheus",
            "user = \"a:b\"\npassword = { env = \"A\" }",
            "`sources[1].user`: is empty or holds a `:`, which would end it",
        ),
        ("prometheus", "user = \"op\"", "`sources[1].password`: is missing beside `user`; write `{ env"),
        ("prometheus", "password = { env = \"A\" }", "`sources[1].user`: is missing beside `password`"),
        (
            "prometheus",
            "client_key_file = \"k\"",
            "`sources[1].client_key_file`: is a key without its certificate; name it in `client_cert_file`",
        ),
        (
            "prometheus",
            "headers = { Authorization = { env = \"A\" } }",
            "`sources[1].headers.Authorization`: is written from `token`, or from `user` and `password`; use those",
        ),
        (
            "prometheus",
            "headers = { Host = \"x\" }",
            "`sources[1].headers.Host`: is a header that is always written by",
        ),
        ("prometheus", "headers = { \"a b\" = \"x\" }", "`sources[1].headers.a b`: is no name of a header"),
        (
            "prometheus",
            "headers = { X-Api-Key = \"s3cr3t\" }",
            "`sources[1].headers.X-Api-Key`: looks like a secret, and none may stand in this file; write",
        ),
        (
            "prometheus",
            "headers = { X-Plain = \"s3cr3t0123456789abcdefs3cr3t\" }",
            "`sources[1].headers.X-Plain`: looks like a secret, and none may stand in this file; write",
        ),
        (
            "prometheus",
            "headers = { X-A = \"1\", x-a = \"2\" }",
            "`sources[1].headers.x-a`: stands there twice; case does not matter in a header's name",
        ),
        (
            "prometheus",
            "tenant = \"a\"",
            "`sources[1].tenant`: is nothing that Prometheus knows; write `kind = \"mimir\"`, `\"thanos\"` or",
        ),
        ("mimir", "tenant = \"a||b\"", "`sources[1].tenant`: `a||b` is no tenant of Mimir; for example `tenant ="),
        ("thanos", "tenant = \"a|b\"", "`sources[1].tenant`: `a|b` is no tenant of Thanos; for example"),
        (
            "victoriametrics",
            "tenant = \"team\"",
            "`sources[1].tenant`: `team` is no tenant of VictoriaMetrics; write the account's number, `\"7\"`, or",
        ),
        (
            "mimir",
            "tenant = \"a\"\nheaders = { x-scope-orgid = \"b\" }",
            "`sources[1].headers`: `X-Scope-OrgID` is written from `tenant`; keep one of them",
        ),
        (
            "thanos",
            "latency_offset = \"30s\"",
            "`sources[1].latency_offset`: is nothing that Thanos knows; leave it out, or write `kind =",
        ),
        ("mimir", "queries_per_minute = 0", "`sources[1].queries_per_minute`: expected a whole number above 0"),
        ("mimr", "", "`sources[1].kind`: `mimr` is not known here; did you mean `mimir`?"),
    ];
    for (kind, more, expected) in cases {
        let message = Machine::with_file(&source(kind, more)).error();
        let (place, what) = message.lines().next().unwrap().split_once(": ").unwrap();
        assert!(place.starts_with("config/config.toml:"), "{message}");
        assert!(what.starts_with(expected), "{more}\n  said:     {what}\n  expected: {expected}");
        assert!(!message.contains("s3cr3t"), "{message}");
    }
    let taken = source("victoriametrics", "tenant = \"7\"").replace(".example", ".example/select/7/prometheus");
    let message = Machine::with_file(&taken).error();
    assert!(message.contains("stands in the address already"), "{message}");
}

#[test]
fn two_sources_of_numbers_are_told_apart_by_name() {
    let text = format!("{PROMETHEUS}{}", source("thanos", ""));
    let loaded = Machine::with_file(&text).load().unwrap();
    let shorts: Vec<_> = loaded.settings.sources.iter().map(|source| source.short.to_string()).collect();
    assert_eq!(shorts, ["k8s", "prom", "m"]);
}

#[test]
fn a_panel_without_any_source_is_left_out_aloud() {
    let loaded = Machine::with_file(&panel("")).load().unwrap();
    assert!(loaded.settings.panels.is_empty());
    assert!(loaded.notes[0].contains("--prometheus"), "{:?}", loaded.notes);
}
