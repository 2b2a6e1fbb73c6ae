//! A systemd unit for a guard: it outlives every session and comes back after a crash.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    path::{self, Path, PathBuf},
};

use crate::{
    cli::{self, Global},
    core::guard::{Mandate, Start},
    domain::clean::{Clean, Name},
    headless::{load, problem::Problem},
    runtime::launch,
};

/// Variables that say where the configuration is and which clusters and sources there are, as paths.
const PATHS: [&str; 6] =
    ["KUBECONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "FLIGHTDECK_CONFIG", "FLIGHTDECK_KUBECONFIG", "FLIGHTDECK_LOG"];

/// The same as words. What else is needed belongs into the configuration, and secrets stay out.
const WORDS: [&str; 3] = ["FLIGHTDECK_CONTEXT", "FLIGHTDECK_NAMESPACE", "FLIGHTDECK_PROMETHEUS"];

/// The unit, with how to install it.
pub(super) fn unit(global: &Global, wanted: &cli::Guard, mandate: &Mandate) -> Result<String, Problem> {
    let program =
        env::current_exe().map_err(|error| Problem::usage(format!("this program cannot be found: {error}")))?;
    let reason = wanted.reason.clone().unwrap_or_else(|| "armed as a unit".into());
    let here =
        |error: io::Error| Problem::usage(format!("this folder cannot be told, so no path is absolute: {error}"));
    let variables = carried(|name| env::var_os(name)).map_err(here)?;
    // A unit starts in another folder than whoever prints it.
    let global = absolute(global).map_err(here)?;
    let command = Command { program, flags: load::same_flags(&global), variables };
    Ok(text(&command, &Start { mandate: mandate.clone(), reason: reason.into() }))
}

/// The variables that are set, to be the same from any folder.
fn carried(set: impl Fn(&str) -> Option<OsString>) -> io::Result<Vec<(&'static str, OsString)>> {
    let given = |name: &&'static str| Some((*name, set(name).filter(|value| !value.is_empty())?));
    let paths = PATHS.iter().filter_map(given).map(|(name, paths)| Ok((name, absolute_list(&paths)?)));
    paths.chain(WORDS.iter().filter_map(given).map(Ok)).collect()
}

/// The same flags from any folder.
fn absolute(global: &Global) -> io::Result<Global> {
    let from_here = |path: &Option<PathBuf>| path.as_deref().map(path::absolute).transpose();
    Ok(Global {
        config: from_here(&global.config)?,
        kubeconfig: from_here(&global.kubeconfig)?,
        log: from_here(&global.log)?,
        ..global.clone()
    })
}

/// A list of paths as `KUBECONFIG` holds it, each from any folder. An empty one names nothing.
fn absolute_list(paths: &OsStr) -> io::Result<OsString> {
    let paths = env::split_paths(paths).map(|path| if path == Path::new("") { Ok(path) } else { path::absolute(path) });
    env::join_paths(paths.collect::<io::Result<Vec<_>>>()?).map_err(io::Error::other)
}

struct Command {
    program: PathBuf,
    flags: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
}

fn text(command: &Command, start: &Start) -> String {
    let target = &start.mandate.release.target;
    let name = format!("flightdeck-guard-{}.service", unit_name(target.path.iter().map(Name::raw)));
    let arguments = launch::arguments(start).into_iter().filter(|argument| argument != "--detached");
    let words: Vec<String> = std::iter::once(command.program.clone().into_os_string())
        .chain(arguments)
        .chain(command.flags.iter().cloned())
        .map(|word| quoted(&word))
        .collect();
    let set = |(name, value): &(&str, OsString)| {
        let mut both = OsString::from(format!("{name}="));
        both.push(value);
        format!("Environment={}\n", quoted(&both))
    };
    let environment: String = command.variables.iter().map(set).collect();
    format!(
        "# ~/.config/systemd/user/{name}\n\
         # loginctl enable-linger && systemctl --user daemon-reload && systemctl --user start {name}\n\
         [Unit]\n\
         Description=flightdeck guard of {}, revision {} only\n\
         \n\
         [Service]\n\
         {environment}\
         ExecStart={}\n\
         # After a crash or without contact, and not before its lost sign may be taken over.\n\
         Restart=on-failure\n\
         RestartPreventExitStatus=1 2 4 5 130\n\
         RestartSec=35\n",
        Clean::new(target.to_string()).replace('%', "%%"),
        Clean::new(start.mandate.release.revision.raw()).replace('%', "%%"),
        words.join(" "),
    )
}

fn unit_name<'a>(path: impl Iterator<Item = &'a str>) -> String {
    let joined = path.collect::<Vec<_>>().join("-");
    joined.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' }).collect()
}

/// A word of a unit's command line or environment.
fn quoted(word: &OsStr) -> String {
    let word = Clean::new(word.to_string_lossy()).replace('%', "%%").replace('$', "$$");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@=%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;

    use super::*;
    use crate::{
        core::guard::{ALPHA, SOAK},
        domain::{release::ReleaseId, target::Target},
    };

    #[test]
    fn a_unit_finds_its_files_from_any_folder() {
        let here = env::current_dir().unwrap();
        let given = |path: &str| Some(PathBuf::from(path));
        let global = Global {
            config: given("ops/flightdeck.toml"),
            kubeconfig: given("./kube"),
            log: given("/var/log/guard"),
            context: Some("ops/prod".into()),
            ..Global::default()
        };
        let flags = load::same_flags(&absolute(&global).unwrap());
        let flag = |name: &str| flags.iter().skip_while(|flag| *flag != name).nth(1).unwrap().clone();
        assert_eq!(flag("--config"), here.join("ops/flightdeck.toml"));
        assert_eq!(flag("--kubeconfig"), here.join("kube"));
        assert_eq!(flag("--log"), "/var/log/guard");
        assert_eq!(flag("--context"), "ops/prod", "no path");
        let list = env::join_paths(["one", "/two", ""]).unwrap();
        let expected = env::join_paths([here.join("one"), "/two".into(), "".into()]).unwrap();
        assert_eq!(absolute_list(&list).unwrap(), expected);

        let set = BTreeMap::from([
            ("FLIGHTDECK_CONFIG", "ops/flightdeck.toml"),
            ("FLIGHTDECK_PROMETHEUS", "http://127.0.0.1:9090"),
            ("FLIGHTDECK_NAMESPACE", ""),
            ("FLIGHTDECK_THEME", "light"),
        ]);
        let carried = carried(|name| set.get(name).map(OsString::from)).unwrap();
        let config = here.join("ops/flightdeck.toml").into_os_string();
        let expected = [("FLIGHTDECK_CONFIG", config), ("FLIGHTDECK_PROMETHEUS", "http://127.0.0.1:9090".into())];
        assert_eq!(carried, expected, "what says where, not how it looks");
    }

    #[test]
    fn a_unit_names_all_that_its_guard_needs_and_quotes_it() {
        let target =
            Target { source: "prod".into(), kind: "rollout".into(), path: vec!["shop".into(), "check out".into()] };
        let release = ReleaseId { target, uid: "u-1".into(), revision: "7d9f".into() };
        let until = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mandate = Mandate { release, alpha: ALPHA, soak: SOAK, until };
        let command = Command {
            program: "/opt/my tools/flightdeck".into(),
            flags: vec!["--context".into(), "100% $HOME \"x\"".into()],
            variables: vec![("KUBECONFIG", "/etc/kube config".into())],
        };
        let text = text(&command, &Start { mandate, reason: "on call".into() });
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
        assert_eq!(
            line("ExecStart="),
            "ExecStart=\"/opt/my tools/flightdeck\" guard \"prod/shop/check out\" --revision=7d9f \
             --until=2027-01-15T08:00:00Z --soak=900s --alpha=1%% \"--reason=on call\" --yes --context \
             \"100%% $$HOME \\\"x\\\"\""
        );
        assert_eq!(line("Environment="), "Environment=\"KUBECONFIG=/etc/kube config\"");
        assert!(text.starts_with("# ~/.config/systemd/user/flightdeck-guard-shop-check_out.service\n"), "{text}");
        assert!(line("RestartPreventExitStatus=").contains(" 4 "));
    }
}
