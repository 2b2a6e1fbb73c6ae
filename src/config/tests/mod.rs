//! Every layer and every way to get it wrong, through `load` on real files.

mod packs;
mod sources;

use std::{collections::BTreeMap, fs, path::Path};

use super::{
    Contexts, Inputs, Loaded,
    access::{Login, SecretFrom},
    error::ConfigErrors,
    given::{Given, Said},
    load,
    paths::Paths,
    source::SourceConfig,
    trust::Trusted,
};
use crate::{
    core::settings::{Environment, Role},
    domain::{
        panel::{Cap, PanelSpec, Worth},
        slo::Slo,
    },
};

/// A home with a user's file, a repository and a kubeconfig's contexts.
struct Machine {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    flags: Given,
    contexts: Result<Contexts, String>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for inner in ["config", "data", "repo/.git"] {
            fs::create_dir_all(folder.path().join(inner)).unwrap();
        }
        let contexts = Contexts {
            from: "~/.kube/config".to_owned(),
            current: Some("prod-eu".to_owned()),
            names: vec!["prod-eu".to_owned(), "arn:aws:eks:eu-1:1:cluster/shop".to_owned()],
            in_cluster: false,
        };
        Self { folder, variables: BTreeMap::new(), flags: Given::default(), contexts: Ok(contexts) }
    }

    fn with_file(text: &str) -> Self {
        let machine = Self::new();
        fs::write(machine.folder.path().join("config/config.toml"), text).unwrap();
        machine
    }

    fn project(self, text: &str, trusted: bool) -> Self {
        let file = self.folder.path().canonicalize().unwrap().join("repo/flightdeck.toml");
        fs::write(&file, text).unwrap();
        if trusted {
            Trusted::new(&self.folder.path().join("data")).add(&file, text.as_bytes()).unwrap();
        }
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn flags(mut self, flags: Given) -> Self {
        self.flags = flags;
        self
    }

    fn load(&self) -> Result<Loaded, ConfigErrors> {
        let path = self.folder.path();
        let paths = Paths { home: Some(path.to_owned()), config: path.join("config"), data: path.join("data") };
        load(&Inputs {
            paths: &paths,
            variables: &self.variables,
            flags: self.flags.clone(),
            folder: &path.join("repo"),
            now: "2026-01-02T03:04:05Z".parse().unwrap(),
            contexts: &|_: Option<&Path>| self.contexts.clone(),
        })
    }

    /// The message, with the folder's own name left out.
    fn error(&self) -> String {
        let message = self.load().unwrap_err().to_string();
        message.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

const PROMETHEUS: &str = "[[sources]]\nname = \"prom\"\nkind = \"prometheus\"\nurl = \"http://localhost:9090\"\n";

fn panel(more: &str) -> String {
    format!(
        "[[panels]]\nname = \"orders\"\nkind = \"ratio\"\nbetter = \"higher\"\n\
         events = 'sum by (pod) (orders_total{{namespace=\"{{{{namespace}}}}\"}})'\n\
         exposures = 'sum by (pod) (checkouts_total)'\n{more}"
    )
}

const SLO: &str = "[[slos]]\nname = \"checkout\"\nobjective = \"99.9 %\"\nperiod = \"28d\"\n\
                   bad = 'sum(increase(x[{{window}}]))'\ntotal = 'sum(increase(y[{{window}}]))'\n";

const SLOW: &str = "[[panels]]\nname = \"slow\"\nkind = \"latency\"\nbetter = \"lower\"\nby = \"instance\"\n\
                    within = 'b{le=\"0.3\"}'\nrequests = 'c'\n";

/// Four lines and what joins them.
fn gauge(kind: &str, more: &str) -> String {
    format!("[[panels]]\nname = \"pool\"\nkind = \"{kind}\"\nbetter = \"lower\"\nquery = 'sum(x)'\n{more}")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_mistake_names_file_line_key_and_the_way_out() {
    let source = |more: &str| format!("[[sources]]\nname = \"a\"\nkind = \"kubernetes\"\n{more}");
    let cases = [
        ("theem = \"x\"\n".to_owned(), "config/config.toml:1: `theem`: is not a known key; did you mean `theme`?"),
        (
            "\n\ntheme = 7\n".to_owned(),
            "config/config.toml:3: `theme`: expected a text in quotes, found the number `7`",
        ),
        (
            "zone = \"lokal\"\n".to_owned(),
            "config/config.toml:1: `zone`: `lokal` is not known here; did you mean `local`?",
        ),
        ("theme = \n".to_owned(), "config/config.toml:1: this is not TOML: "),
        (
            "[policy]\narmed_for = \"15\"\n".to_owned(),
            "config/config.toml:2: `policy.armed_for`: expected a length of time like `\"30s\"` or `\"1h30m\"`, found the text `15`",
        ),
        (
            "[policy]\narmed_for = \"9h\"\n".to_owned(),
            "config/config.toml:2: `policy.armed_for`: expected more than 0 and at most `8h00m`",
        ),
        (
            "[policy]\nread_only = \"yes\"\n".to_owned(),
            "config/config.toml:2: `policy.read_only`: expected `true` or `false`, found the text `yes`",
        ),
        (
            "[keys]\nrolback = \"R\"\n".to_owned(),
            "config/config.toml:2: `keys.rolback`: is not a command; did you mean `rollback`?",
        ),
        (
            "[keys]\npromote = \"meta-p\"\n".to_owned(),
            "config/config.toml:2: `keys.promote`: `meta-p` is not a key; write a character,",
        ),
        (
            "[keys]\nhold = \"p\"\n".to_owned(),
            "config/config.toml:2: `keys.hold`: `p` already means `promote`; give `promote` another key too,",
        ),
        (
            "[keys]\nabort = \"A\"\n".to_owned(),
            "config/config.toml:2: `keys.abort`: has no key of its own; it is given from the `x` menu",
        ),
        ("[keys]\nquit = []\n".to_owned(), "config/config.toml:2: `keys.quit`: needs a key; there would be no way out"),
        (
            "[[sources]]\nkind = \"kubernetes\"\n".to_owned(),
            "config/config.toml:1: `sources[1].name`: is missing; for example `name = \"prod-eu\"`",
        ),
        (
            "[[sources]]\nname = \"a\"\nkind = \"prometeus\"\n".to_owned(),
            "config/config.toml:3: `sources[1].kind`: `prometeus` is not known here; did you mean `prometheus`?",
        ),
        (
            "[[sources]]\nname = \"a\"\n".to_owned(),
            "config/config.toml:1: `sources[1].kind`: is missing; write `kind = \"kubernetes\"`",
        ),
        (
            source("enviroment = \"prod\"\n"),
            "config/config.toml:4: `sources[1].enviroment`: is not a known key; did you mean `environment`?",
        ),
        (
            source("namespaces = [\"shop\", 4]\n"),
            "config/config.toml:4: `sources[1].namespaces`: expected a list of texts, found the number `4`",
        ),
        (
            source("\n[[sources]]\nname = \"a\"\nkind = \"kubernetes\"\n"),
            "config/config.toml:6: `sources[2].name`: there are two sources `a`; the first is config/config.toml:2",
        ),
        (
            PROMETHEUS.replace("prom\"", "a/b\""),
            "config/config.toml:2: `sources[1].name`: a source's name stands in targets and cannot hold `/`",
        ),
        (
            PROMETHEUS.replace("http://", "http://me:secret@"),
            "config/config.toml:4: `sources[1].url`: an address cannot hold a user or a password; name them in `user` and `password`, or a token in `token`",
        ),
        (
            PROMETHEUS.replace("http://", ""),
            "config/config.toml:4: `sources[1].url`: expected an address with http or https; write it like",
        ),
        (
            format!("{PROMETHEUS}{}", panel("source = \"pron\"\n")),
            "config/config.toml:11: `panels[1].source`: `pron` is not a configured source; did you mean `prom`?",
        ),
        (
            format!("{PROMETHEUS}{}", panel("source = \"prod-eu\"\n")),
            "config/config.toml:11: `panels[1].source`: `prod-eu` answers no questions about numbers; known: `prom`",
        ),
        (
            format!("{PROMETHEUS}{}{}", PROMETHEUS.replace("prom\"", "other\""), panel("")),
            "config/config.toml:9: `panels[1].source`: is missing, and there are several sources; known: `prom` and `other`",
        ),
        (
            format!("{PROMETHEUS}{}\n{}", panel(""), panel("")),
            "config/config.toml:13: `panels[2].name`: there are two panels `orders` for the same targets; the first is config/config.toml:6",
        ),
        (
            format!("{PROMETHEUS}{}", panel("")).replace("{{namespace}}", "{{nmespace}}"),
            "config/config.toml:9: `panels[1].events`: `{{nmespace}}` is no place; known are {{namespace}}, {{name}}, {{stable}} and {{canary}}",
        ),
        (
            format!("{PROMETHEUS}{}", panel("")).replace("\"{{namespace}}\"", "{{namespace}}"),
            "config/config.toml:9: `panels[1].events`: `{{namespace}}` must stand inside single or double quotes",
        ),
        (
            format!("{PROMETHEUS}{}", panel("tolerance = 10\n")),
            "config/config.toml:11: `panels[1].tolerance`: expected a share like `\"10 %\"` or `0.1`, at least 0 and below 1, found the number `10`",
        ),
        (
            format!("{PROMETHEUS}{}", panel("")).replace("\"ratio\"", "\"ration\""),
            "config/config.toml:7: `panels[1].kind`: `ration` is not known here; did you mean `ratio`?",
        ),
        (
            format!("{PROMETHEUS}{}", gauge("value", "critical = true\n")),
            "config/config.toml:10: `panels[1].critical`: cannot be `true` for this kind; a gauge carries no counts",
        ),
        (
            format!("{PROMETHEUS}{}", gauge("shared", "cap = \"2 %\"\n")),
            "config/config.toml:10: `panels[1].cap`: needs counts of exposures; it fits a `ratio` or a `latency`",
        ),
        // More orders are no harm.
        (
            format!("{PROMETHEUS}{}", panel("cap = \"2 %\"\n")),
            "config/config.toml:11: `panels[1].cap`: forbids more of what is better higher; count what should be rare",
        ),
        // It asks for the fast ones and counts the slow ones.
        (
            format!("{PROMETHEUS}{}", SLOW.replace("lower", "higher")),
            "config/config.toml:8: `panels[1].better`: cannot be `higher` for this kind; it counts the requests that are \
             slower than the bound: write `better = \"lower\"`",
        ),
        (
            format!("{PROMETHEUS}{}", gauge("value", "").replace("query = 'sum(x)'", "")),
            "config/config.toml:5: `panels[1].query`: is missing",
        ),
        (
            format!("{PROMETHEUS}{}", SLO.replace("x[{{window}}]", "x[5m]")),
            "config/config.toml:9: `slos[1].bad`: has no `{{window}}`",
        ),
        (
            format!("{PROMETHEUS}{}", SLO.replace("28d", "1h")),
            "config/config.toml:8: `slos[1].period`: expected 7d00h to 92d00h",
        ),
        (
            format!("{PROMETHEUS}{}", panel("currency = \"EUR\"\n")),
            "config/config.toml:11: `panels[1].currency`: says in what, and nothing says how much",
        ),
        (
            format!("{PROMETHEUS}{}", panel("targets = \"shop//checkout\"\n")),
            "config/config.toml:11: `panels[1].targets`: `shop//checkout` has an empty segment; write `name`,",
        ),
        (
            "packs = [\"postgres\"]\n".to_owned(),
            "config/config.toml:1: `packs`: there is no pack `postgres`; did you mean `postgresql`?",
        ),
        (
            "panels = 4\n".to_owned(),
            "config/config.toml:1: `panels`: expected tables, each under `[[panels]]`, found the number `4`",
        ),
    ];
    for (text, expected) in cases {
        let message = Machine::with_file(&text).error();
        assert!(message.starts_with(expected), "{text}\n  said:     {message}\n  expected: {expected}");
        assert_eq!(message.lines().count(), 1, "{text}\n{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let message = Machine::with_file("theem = \"x\"\nzone = 1\n[policy]\nread_only = 3\n").error();
    let lines: Vec<_> = message.lines().map(|line| line.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["config/config.toml:1", "config/config.toml:2", "config/config.toml:4"]);
}

#[test]
fn without_any_configuration_the_current_context_is_the_source() {
    let loaded = Machine::new().load().unwrap();
    let source = &loaded.settings.sources[0];
    assert_eq!(
        (source.name.raw(), source.role, source.environment, &*source.short),
        ("prod-eu", Role::Backend, Environment::Unnamed, "k8s")
    );
    assert!(source.folders.is_empty() && loaded.files.is_empty() && loaded.notes.is_empty());
    assert!(loaded.settings.policy.read_only.is_none());
}

#[test]
fn without_any_cluster_it_says_what_to_do_and_still_loads() {
    let mut machine = Machine::new();
    machine.contexts = Ok(Contexts { from: "~/.kube/config".to_owned(), ..Contexts::default() });
    let loaded = machine.load().unwrap();
    assert!(loaded.sources.is_empty());
    assert!(loaded.no_cluster.unwrap().contains("flightdeck demo"));
    machine.contexts = Ok(Contexts { in_cluster: true, ..Contexts::default() });
    assert_eq!(machine.load().unwrap().sources[0].0.raw(), "in-cluster");
    machine.contexts = Err("~/.kube/config: line 3: this is not YAML".to_owned());
    assert!(machine.load().unwrap().no_cluster.unwrap().contains("line 3"));
}

#[test]
fn a_file_says_everything_and_relative_paths_start_at_it() {
    let text = format!(
        "theme = \"mono\"\nzone = \"local\"\n[policy]\nread_only = true\narmed_for = \"5m\"\n[keys]\npromote = [\"P\", \"f5\"]\n\
         [[sources]]\nname = \"eu\"\nkind = \"kubernetes\"\nenvironment = \"prod\"\nnamespaces = [\"shop\"]\n\
         context = \"c\"\nkubeconfig = \"~/kc\"\n{PROMETHEUS}token_file = \"token\"\nscrape_interval = \"15s\"\n{}",
        panel(
            "targets = \"shop/*\"\ntolerance = \"5 %\"\nlag = \"30s\"\ncritical = true\nper = 1_000\nunit = \"per 1,000\"\n"
        )
    );
    let machine = Machine::with_file(&text);
    let loaded = machine.load().unwrap();
    let settings = &loaded.settings;
    assert_eq!(loaded.theme.value, "mono");
    assert!(settings.policy.read_only.as_ref().unwrap().contains("config.toml:4"));
    assert_eq!(settings.policy.armed_for.to_string(), "5m00s");
    assert_eq!(settings.keys[0].1.iter().map(ToString::to_string).collect::<Vec<_>>(), ["P", "f5"]);
    assert_eq!(settings.sources[0].environment, Environment::Prod);
    assert_eq!(&*settings.sources[1].short, "prom");
    let SourceConfig::Kubernetes(cluster) = &loaded.sources[0].1 else { panic!("a cluster first") };
    assert_eq!(cluster.kubeconfig.as_deref(), Some(machine.folder.path().join("kc").as_path()));
    let SourceConfig::Prometheus(prometheus) = &loaded.sources[1].1 else { panic!("then prometheus") };
    let token = machine.folder.path().join("config/token");
    assert_eq!(prometheus.access.login, Login::Token(SecretFrom::File(token)));
    assert_eq!(prometheus.scrapes().to_string(), "15s");
    let panel = &settings.panels[0];
    assert_eq!(
        (panel.source.raw(), panel.tolerance, panel.lag.0, panel.critical, panel.per),
        ("prom", 0.05, 30.0, true, 1000.0)
    );

    // What is shown can be read again and means the same.
    let shown = super::show::show(&loaded);
    let again = Machine::with_file(&shown);
    let reread = again.load().unwrap_or_else(|errors| panic!("{errors}\n{shown}"));
    assert_eq!(reread.settings.sources, settings.sources);
    assert_eq!(reread.sources[1], loaded.sources[1]);
    assert_eq!(reread.settings.keys, settings.keys);
    assert_eq!(reread.settings.panels[0].kind, settings.panels[0].kind);
}

#[test]
fn flags_stand_above_the_environment_and_both_above_the_file() {
    let by = |value: &str, by: &str| Some(Said::new(value.to_owned(), by));
    let machine = Machine::with_file("theme = \"file\"\n").variable("FLIGHTDECK_THEME", "variable");
    assert_eq!(machine.load().unwrap().theme.value, "variable");
    let machine = machine.flags(Given { theme: by("flag", "--theme"), ..Given::default() });
    assert_eq!(machine.load().unwrap().theme.value, "flag");

    let machine = Machine::new()
        .variable("FLIGHTDECK_PROMETHEUS", "http://one:9090")
        .variable("FLIGHTDECK_NAMESPACE", "shop, pay")
        .flags(Given {
            context: by("arn:aws:eks:eu-1:1:cluster/shop", "--context"),
            prometheus: by("http://two:9090", "--prometheus"),
            ..Given::default()
        });
    let loaded = machine.load().unwrap();
    let names: Vec<_> = loaded.sources.iter().map(|(name, _)| name.raw()).collect();
    assert_eq!(names, ["shop", "prometheus"]);
    assert_eq!(loaded.settings.sources[0].folders, ["shop".into(), "pay".into()]);
    let SourceConfig::Prometheus(prometheus) = &loaded.sources[1].1 else { panic!("then prometheus") };
    assert_eq!(prometheus.url, "http://two:9090");
}

#[test]
fn flags_and_variables_are_checked_too() {
    let said = |value: &str, by: &str| Some(Said::new(value.to_owned(), by));
    let cases = [
        (
            Machine::new().flags(Given { context: said("prod-ue", "--context"), ..Given::default() }),
            "`--context`: there is no context `prod-ue` in ~/.kube/config; did you mean `prod-eu`?",
        ),
        (
            Machine::new().variable("FLIGHTDECK_CONTEXT", "x"),
            "`FLIGHTDECK_CONTEXT`: there is no context `x` in ~/.kube/config; known: `prod-eu` and",
        ),
        (
            Machine::new().flags(Given { prometheus: said("prom:9090", "--prometheus"), ..Given::default() }),
            "`--prometheus`: expected an address with http or https; write it like",
        ),
        (
            Machine::new().variable("FLIGHTDECK_PROMETHUES", "x"),
            "`FLIGHTDECK_PROMETHUES`: is not a known variable; did you mean `FLIGHTDECK_PROMETHEUS`?",
        ),
        (
            Machine::new().variable("FLIGHTDECK_READ_ONLY", "yes"),
            "`FLIGHTDECK_READ_ONLY`: `yes` is not known here; known: `1`, `true`, `0` and `false`",
        ),
        (
            Machine::with_file("[policy]\nread_only = true\n").variable("FLIGHTDECK_READ_ONLY", "0"),
            "`FLIGHTDECK_READ_ONLY`: cannot lift read-only, which config/config.toml:2: `policy.read_only` asks for;",
        ),
        (
            Machine::new()
                .flags(Given { config: Some(Said::new("/no/such.toml".into(), "--config")), ..Given::default() }),
            "/no/such.toml: cannot be read: ",
        ),
    ];
    for (machine, expected) in cases {
        let message = machine.error();
        assert!(message.starts_with(expected), "\n  said:     {message}\n  expected: {expected}");
    }
}

#[test]
fn a_variable_of_nobody_is_ignored_aloud_and_a_slip_is_not() {
    let note = |name: &str| Machine::new().variable(name, "1").load().unwrap().notes;
    assert_eq!(note("FLIGHTDECK_LAB"), ["`FLIGHTDECK_LAB` is not a variable of this version and was ignored"]);
    assert!(note("FLIGHTDECK_THEME").is_empty() && note("FLIGHT").is_empty());
    // Whoever meant to forbid every act must not be free to act.
    let said = Machine::new().variable("FLIGHTDECK_READONLY", "1").error();
    assert!(said.starts_with("`FLIGHTDECK_READONLY`: is not a known variable; did you mean `FLIGHTDECK_READ_ONLY`?"));
}

#[test]
fn every_kind_of_panel_is_read_and_shown_so_that_it_reads_the_same() {
    let machine = Machine::with_file(&format!(
        "{PROMETHEUS}{}{}{}{}{}",
        panel("worth = 42\ncurrency = \"EUR\"\nwarm_up = \"45s\"\n"),
        "[[panels]]\nname = \"signups\"\nkind = \"rate\"\nbetter = \"higher\"\nevents = 'sum by (pod) (s)'\n",
        SLOW.to_owned() + "cap = \"2 %\"\ncap_exposures = 500\n",
        gauge("shared", ""),
        gauge("value", "").replace("pool", "cpu") + SLO,
    ));
    let loaded = machine.load().unwrap();
    let panels = &loaded.settings.panels;
    let kinds: Vec<_> = panels.iter().map(|panel| panel.kind.word()).collect();
    assert_eq!(kinds, ["ratio", "rate", "latency", "shared", "value"]);
    let orders = &panels[0];
    assert_eq!(orders.worth, Some(Worth { amount: 42.0, currency: "EUR".into() }));
    assert_eq!(panels[2].cap, Some(Cap { share: 0.02, exposures: 500.0 }));
    assert_eq!(orders.warm_up.to_string(), "45s");
    let again = Machine::with_file(&super::show::show(&loaded)).load().unwrap();
    let without_origin =
        |panels: &[PanelSpec]| panels.iter().map(|p| PanelSpec { origin: "".into(), ..p.clone() }).collect::<Vec<_>>();
    assert_eq!(without_origin(&again.settings.panels), without_origin(panels));
    let slo = &loaded.settings.slos[0];
    assert!((slo.objective - 0.999).abs() < 1e-9, "{slo:?}");
    assert_eq!((slo.period.to_string().as_str(), slo.source.raw()), ("28d00h", "prom"));
    assert_eq!(again.settings.slos[0], Slo { origin: again.settings.slos[0].origin.clone(), ..slo.clone() });
}

#[test]
fn a_projects_panels_count_once_it_is_trusted_and_only_as_it_was() {
    let text = panel("source = \"prom\"\n");
    let ignored = Machine::with_file(PROMETHEUS).project(&text, false).load().unwrap();
    assert!(ignored.settings.panels.is_empty());
    assert!(
        ignored.notes[0].contains("is not trusted") && ignored.notes[0].contains("flightdeck trust"),
        "{:?}",
        ignored.notes
    );

    let machine = Machine::with_file(PROMETHEUS).project(&text, true);
    let loaded = machine.load().unwrap();
    assert_eq!(&*loaded.settings.panels[0].name, "orders");
    assert!(loaded.notes.is_empty());

    let changed = machine.project(&format!("{text}critical = true\n"), false).load().unwrap();
    assert!(changed.settings.panels.is_empty(), "a changed file is trusted no more");
}

#[test]
fn a_projects_file_holds_panels_only() {
    for (text, key) in
        [(PROMETHEUS, "sources"), ("[policy]\nread_only = false\n", "policy"), ("theme = \"x\"\n", "theme")]
    {
        let message = Machine::new().project(text, true).error();
        assert!(message.contains("repo/flightdeck.toml:1"), "{message}");
        assert!(message.contains(key) && message.contains("may hold `[[panels]]` and `[[slos]]` only"), "{message}");
    }
}

#[test]
fn the_users_own_panel_wins_over_a_projects_of_the_same_name() {
    let machine = Machine::with_file(&format!("{PROMETHEUS}{}", panel("critical = true\n"))).project(&panel(""), true);
    let loaded = machine.load().unwrap();
    assert_eq!(loaded.settings.panels.len(), 1);
    assert!(loaded.settings.panels[0].critical);
    assert!(loaded.notes[0].contains("left out"), "{:?}", loaded.notes);
}
