//! The binary as a shell sees it: what it prints, where, and how it exits.
#![expect(clippy::unwrap_used, reason = "these are tests; the lint knows test functions only")]

mod gate;
mod guard;
mod judge;
mod servers;

use std::{fs, path::Path, process::Output};

use assert_cmd::Command;
use tempfile::TempDir;

/// A home of its own for each test; nothing of the real one is read.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("config/flightdeck")).unwrap();
        Self(home)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn with_config(self, text: &str) -> Self {
        fs::write(self.path().join("config/flightdeck/config.toml"), text).unwrap();
        self
    }

    fn with_kubeconfig(self, text: &str) -> Self {
        fs::create_dir_all(self.path().join(".kube")).unwrap();
        fs::write(self.path().join(".kube/config"), text).unwrap();
        self
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::cargo_bin("flightdeck").unwrap();
        command
            .env_clear()
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_DATA_HOME", self.path().join("data"))
            .current_dir(self.path())
            .args(line.split_whitespace());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// Exit code and standard error, the home's own name left out.
    fn fails(&self, line: &str) -> (i32, String) {
        let output = self.run(line);
        let said = String::from_utf8(output.stderr).unwrap().replace(&format!("{}/", self.path().display()), "");
        (output.status.code().unwrap(), said)
    }
}

const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: lab\n\
    clusters:\n- {name: lab, cluster: {server: 'https://127.0.0.1:1'}}\n\
    users:\n- {name: me, user: {token: sekrit}}\n\
    contexts:\n- {name: lab, context: {cluster: lab, user: me}}\n";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_keys_man_and_completions_need_nothing() {
    let home = Home::new();
    for (line, holds) in [
        ("--help", "doctor"),
        ("demo --help", "silent-payment-failure"),
        ("--version", env!("CARGO_PKG_VERSION")),
        ("keys", "every customer back on the stable revision"),
        ("keys --markdown", "| `R` | rollback |"),
        ("man", ".TH flightdeck"),
        ("man config show", ".TH flightdeck-config-show"),
        ("man verdict", ".TH flightdeck-verdict"),
        ("wait --help", "Exit code: 0 reached"),
        ("completions bash", "flightdeck__subcmd__wait"),
        ("completions zsh", "#compdef flightdeck"),
        ("config show", "[policy]"),
    ] {
        let output = home.run(line);
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(holds), "{line}: {}", text(&output.stdout));
        assert!(output.stderr.is_empty(), "{line}: {}", text(&output.stderr));
    }
    assert!(!home.path().join("data").exists(), "looking leaves nothing behind");
}

#[test]
fn every_command_has_its_page() {
    let home = Home::new();
    let output = home.run("man --dir share/man1");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    for page in ["flightdeck", "flightdeck-status", "flightdeck-config-check"] {
        let written = fs::read_to_string(home.path().join(format!("share/man1/{page}.1"))).unwrap();
        assert!(written.contains(&format!(".TH {page} 1")) && written.contains("\\-\\-kubeconfig"), "{written}");
    }
}

#[test]
fn the_log_goes_where_it_is_told_to() {
    let home = Home::new().with_kubeconfig(KUBECONFIG);
    let mut status = home.command("status --log own.log");
    let output = status.env("FLIGHTDECK_LOG", "trace").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let log = fs::read_to_string(home.path().join("own.log")).unwrap();
    assert!(!log.is_empty() && !log.contains("sekrit"), "{log}");
    assert!(!home.path().join("data").exists());
}

#[test]
fn a_variable_of_nobody_is_said_to_be_ignored() {
    let home = Home::new().with_kubeconfig(KUBECONFIG);
    let output = home.command("status").env("FLIGHTDECK_OF_TOMORROW", "1").output().unwrap();
    let said = text(&output.stderr);
    assert!(said.starts_with("flightdeck: `FLIGHTDECK_OF_TOMORROW` is not a variable of this version"), "{said}");
    assert_eq!(output.status.code(), Some(3), "{said}");
}

#[test]
fn configured_keys_are_the_ones_listed() {
    let output = Home::new().with_config("[keys]\npromote = \"f5\"\n").run("keys");
    assert!(text(&output.stdout).lines().any(|line| line.trim_start().starts_with("f5 ") && line.contains("promote")));
}

#[test]
fn what_is_wrong_is_said_on_one_screen_with_the_next_step() {
    let broken = "apiVersion: v1\nusers:\n- name: me\n  user: {token: sekrit\n";
    let panel = "[[panels]]\nname = \"o\"\nkind = \"ratio\"\nbetter = \"higher\"\nevents = \"e\"\nexposures = \"x\"\n";
    let cases: Vec<(Home, &str, i32, &str)> = vec![
        (
            Home::new().with_config("\ntheem = \"x\"\n"),
            "config check",
            2,
            "flightdeck: config/flightdeck/config.toml:2: `theem`: is not a known key; did you mean `theme`?",
        ),
        (
            Home::new().with_config("theme = 4\n"),
            "status",
            2,
            "flightdeck: config/flightdeck/config.toml:1: `theme`: expected a text in quotes, found the number `4`",
        ),
        (
            Home::new().with_config(&format!("{panel}source = \"prom\"\n")),
            "config check",
            2,
            "flightdeck: config/flightdeck/config.toml:7: `panels[1].source`: `prom` is not a configured source; add it under",
        ),
        (Home::new(), "--config nothing.toml config check", 2, "flightdeck: nothing.toml: cannot be read: "),
        (
            Home::new(),
            "status",
            2,
            "flightdeck: no cluster is configured: ~/.kube/config names no context; log in to a cluster,",
        ),
        (Home::new(), "", 2, "flightdeck: no cluster is configured: "),
        (
            Home::new().with_kubeconfig(KUBECONFIG),
            "status --context lba",
            2,
            "flightdeck: `--context`: there is no context `lba` in ~/.kube/config; did you mean `lab`?",
        ),
        (
            Home::new().with_kubeconfig(broken),
            "status",
            2,
            "flightdeck: the kubeconfig ~/.kube/config cannot be understood at line ",
        ),
        (
            Home::new(),
            "status --kubeconfig none",
            2,
            "flightdeck: `--kubeconfig`: the kubeconfig none cannot be read: ",
        ),
        (
            Home::new().with_kubeconfig(KUBECONFIG),
            "status shop//checkout",
            2,
            "flightdeck: `shop//checkout`: the target has an empty segment; write `name`, `namespace/name` or",
        ),
        (Home::new(), "trust", 2, "flightdeck: there is no `flightdeck.toml` here; name the file to trust"),
        (Home::new(), "demo silent-payment-failur", 2, "error: invalid value 'silent-payment-failur' for '[SCENARIO]'"),
        (Home::new(), "checkout doctor", 2, "flightdeck: `checkout` stands before the command; put it behind,"),
        (Home::new(), "replay nothing.jsonl", 2, "flightdeck: "),
        (Home::new(), "man config sho", 2, "flightdeck: `sho` is not a command; did you mean `show`?"),
        (Home::new(), "status --log no/folder/log", 2, "flightdeck: `--log`: no/folder/log cannot be written: "),
        (Home::new(), "demo --speed fast", 2, "error: invalid value 'fast' for '--speed"),
        (
            Home::new(),
            "--prometheus me:sekrit@prom config check",
            2,
            "flightdeck: `--prometheus`: expected an address with http",
        ),
        (
            Home::new(),
            "--prometheus http://me:sekrit@prom config check",
            2,
            "flightdeck: `--prometheus`: an address cannot hold a user or a password; name them in `user` and `password`, or a token in `token`",
        ),
    ];
    for (home, line, code, expected) in cases {
        let (exit, said) = home.fails(line);
        assert!(said.starts_with(expected), "`{line}`\n  said:     {said}\n  expected: {expected}");
        assert_eq!(exit, code, "{line}: {said}");
        assert!(said.lines().count() <= 20 && !said.contains("sekrit"), "{said}");
    }
}

#[test]
fn what_is_wrong_on_the_command_line_is_said_before_any_cluster_is_looked_for() {
    let broken = "apiVersion: v1\nusers:\n- name: me\n  user: {token: sekrit\n";
    let taken = "precious";
    for (line, expected) in [
        ("verdict a/b/c/d", "flightdeck: `a/b/c/d`: the target has 4 segments; write `name`, `namespace/name` or"),
        ("status a/b/c/d", "flightdeck: `a/b/c/d`: the target has 4 segments"),
        ("wait a/b/c/d --until go", "flightdeck: `a/b/c/d`: the target has 4 segments"),
        ("a/b/c/d", "flightdeck: `a/b/c/d`: the target has 4 segments"),
        ("guard shop//checkout", "flightdeck: `shop//checkout`: the target has an empty segment"),
        ("wait checkout --until nonsense", "error: invalid value 'nonsense' for '--until <STATE>'"),
        ("guard checkout --until nonsense", "error: invalid value 'nonsense' for '--until <WHEN>': write a length"),
        ("guard checkout --until 8d", "error: invalid value '8d' for '--until <WHEN>': a mandate lasts"),
        ("guard checkout --until 0s", "error: invalid value '0s' for '--until <WHEN>'"),
        ("guard checkout --until 2001-01-01T00:00:00Z", "flightdeck: `--until` lies in the past"),
        ("guard checkout --yes", "flightdeck: `--yes` needs `--revision` and `--reason`"),
        ("guard checkout --stand-down --yes", "flightdeck: `--yes` needs `--reason`"),
        ("guard checkout --stand-down", "flightdeck: nobody can be asked: standard input is no terminal"),
        ("--theme neon", "flightdeck: "),
        ("--record precious", "flightdeck: cannot record to `precious`; name a file that does not exist yet"),
        ("status --record new", "flightdeck: `--record`: only the screen, `demo` and `guard` write a recording"),
        ("--record precious guard checkout --yes --revision 4 --reason r", "flightdeck: cannot record to `precious`"),
    ] {
        for home in [Home::new(), Home::new().with_kubeconfig(broken), Home::new().with_kubeconfig(KUBECONFIG)] {
            fs::write(home.path().join(taken), "mine").unwrap();
            let (exit, said) = home.fails(line);
            assert!(said.starts_with(expected), "`{line}`\n  said:     {said}\n  expected: {expected}");
            assert!(!said.contains("kubeconfig") && !said.contains(".kube"), "`{line}`: {said}");
            assert_eq!(exit, 2, "{line}: {said}");
        }
    }
}

#[test]
fn the_configuration_is_checked_on_a_machine_that_knows_no_cluster() {
    let checked = |home: &Home| {
        let output = home.run("config check");
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, out, err) = checked(&Home::new().with_config("theme = \"mono\"\n"));
    assert_eq!((code, &*err), (Some(0), ""), "{out}");
    assert!(
        out.contains("note: no cluster is configured: ~/.kube/config names no context")
            && out.contains("all right: 0 sources, 0 panels"),
        "{out}"
    );
    let (code, _, err) = checked(&Home::new().with_config("theme = \"neon\"\n"));
    assert_eq!(code, Some(2));
    assert!(err.contains("config.toml:1: `theme`: there is no theme `neon`"), "{err}");
    let panel =
        "[[panels]]\nname = \"orders\"\nkind = \"ratio\"\nevents = \"a\"\nexposures = \"b\"\nbetter = \"higher\"\n";
    let (code, out, _) = checked(&Home::new().with_config(panel));
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("no mistakes, but see the notes: 0 sources, 0 panels"), "it is left out: {out}");
}

#[test]
fn nobody_at_the_clusters_address_is_exit_code_3_and_no_secret_is_said() {
    let (code, said) = Home::new().with_kubeconfig(KUBECONFIG).fails("status --json");
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("lab") && !said.contains("sekrit"), "{said}");
}

#[test]
fn a_recording_that_is_none_is_refused_by_its_line() {
    let home = Home::new();
    fs::write(home.path().join("notes.txt"), "dear diary\n").unwrap();
    let (code, said) = home.fails("replay notes.txt --print 80x24");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("notes.txt"), "{said}");
}

#[test]
fn nothing_is_ever_overwritten() {
    let home = Home::new();
    fs::write(home.path().join("precious"), "mine").unwrap();
    let (code, said) = home.fails("demo --record precious --for 1m");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("precious"), "{said}");
    assert_eq!(fs::read_to_string(home.path().join("precious")).unwrap(), "mine");
}

#[test]
fn a_projects_panels_are_read_after_trust_and_not_before() {
    let home =
        Home::new().with_config("[[sources]]\nname = \"prom\"\nkind = \"prometheus\"\nurl = \"http://localhost\"\n");
    fs::create_dir_all(home.path().join("repo/.git")).unwrap();
    let panel =
        "[[panels]]\nname = \"orders\"\nkind = \"ratio\"\nbetter = \"higher\"\nevents = \"e\"\nexposures = \"x\"\n";
    fs::write(home.path().join("repo/flightdeck.toml"), panel).unwrap();
    let shown = |home: &Home| {
        let output = home.command("config show").current_dir(home.path().join("repo")).output().unwrap();
        text(&output.stdout)
    };
    let before = shown(&home);
    assert!(before.contains("is not trusted and was ignored") && !before.contains("[[panels]]"), "{before}");
    let trusted = home.command("trust").current_dir(home.path().join("repo")).output().unwrap();
    assert!(trusted.status.success() && text(&trusted.stdout).contains("panel orders"), "{trusted:?}");
    assert!(shown(&home).contains("[[panels]]"));
    fs::write(home.path().join("repo/flightdeck.toml"), panel.replace("orders", "other")).unwrap();
    assert!(!shown(&home).contains("[[panels]]"), "a changed file has to be looked at again");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let home = Home::new();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("flightdeck"))
        .args(["completions", "bash"])
        .env("HOME", home.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn doctor_says_what_is_wrong_and_what_to_do() {
    let output = Home::new().with_kubeconfig(KUBECONFIG).run("doctor --prometheus http://127.0.0.1:1");
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{report}");
    for part in ["terminal", "folders", "configuration", "cluster lab", "prometheus prometheus"] {
        assert!(report.lines().any(|line| line == part), "no part `{part}`:\n{report}");
    }
    assert!(report.contains("✗ cannot connect to `127.0.0.1:1`") && !report.contains("sekrit"), "{report}");
}

/// The part of the README between two lines.
fn readme(begin: &str, end: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let lines = text.lines().skip_while(|line| *line != begin).skip(1).take_while(|line| *line != end);
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_readme_lists_the_keys_as_they_are() {
    let printed = String::from_utf8(Home::new().run("keys --markdown").stdout).unwrap();
    assert_eq!(
        readme("<!-- keys -->", "<!-- /keys -->").trim(),
        printed.trim(),
        "put the output of `flightdeck keys --markdown` there"
    );
}

#[test]
fn the_readme_s_configuration_is_one() {
    let home = Home::new().with_config(&readme("```toml", "```")).with_kubeconfig(
        &KUBECONFIG
            .replace("name: lab", "name: prod-eu")
            .replace("current-context: lab", "current-context: prod-eu")
            .replace("cluster: lab", "cluster: prod-eu"),
    );
    let output = home.run("config check");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
