//! The configuration of this process: its flags, its environment, its folders.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{
    print,
    problem::{Code, Problem},
};
use crate::{
    backend::kubeconfig,
    cli::Global,
    config::{
        self, Inputs, Loaded,
        given::{Given, Said},
        paths::Paths,
    },
    domain::target::{TargetError, TargetRef},
    runtime::clock::Clock,
    store::{journal, recording},
};

/// Processes on one machine, and people on many, ask at times that differ by up to this.
const ASKS_LATER_MS: u64 = 1_000;
/// Most segments of a target: source, namespace and name.
const SEGMENTS: usize = 3;
/// How far back what was set aside is looked for: longer than any past that is judged.
const RESETS: Duration = Duration::from_hours(7 * 24);

/// The folders of this account.
///
/// # Errors
/// When the account has no home.
pub fn paths() -> Result<Paths, Problem> {
    Paths::of_this_account().ok_or_else(|| Problem::usage("this account has no home folder; set `HOME`"))
}

/// Resolves the configuration. Its notes are for whoever loads it to tell.
///
/// # Errors
/// Everything that is wrong in it.
pub fn load(global: &Global, paths: &Paths, clock: &Clock) -> Result<Loaded, Problem> {
    let folder = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    // A variable that is not text cannot be one of ours.
    let variables: BTreeMap<String, String> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let inputs = Inputs {
        paths,
        variables: &variables,
        flags: flags(global),
        folder: &folder,
        now: clock.real_wall(),
        contexts: &kubeconfig::contexts,
    };
    let mut loaded = config::load(&inputs).map_err(|errors| Problem::usage(errors.to_string()))?;
    loaded.settings.asks_later_ms = u64::from(std::process::id()) % ASKS_LATER_MS;
    set_aside(&mut loaded, paths, clock);
    Ok(loaded)
}

/// What was set aside on this machine stays so. What cannot be read sets nothing aside.
fn set_aside(loaded: &mut Loaded, paths: &Paths, clock: &Clock) {
    let since = SystemTime::from(clock.real_wall()) - RESETS;
    let (resets, errors) = journal::resets(&paths.data.join("journal"), since);
    loaded.settings.resets = resets;
    loaded.notes.extend(errors.iter().map(|why| format!("a regression that was set aside may stand again: {why}")));
}

/// Says on standard error what a person should know of the configuration and stops nothing.
pub fn say_notes(loaded: &Loaded) {
    for note in &loaded.notes {
        print::complain(note);
    }
}

/// Why there is nothing to look at, if so.
///
/// # Errors
/// When no cluster is configured and none can be guessed.
pub fn needs_cluster(loaded: &Loaded) -> Result<(), Problem> {
    loaded.no_cluster.as_ref().map_or(Ok(()), |why| Err(Problem::new(Code::Usage, why)))
}

/// Reads a target as it was typed.
///
/// # Errors
/// When it is none.
pub fn target(typed: Option<&str>) -> Result<Option<TargetRef>, Problem> {
    typed.map(named).transpose()
}

/// The same where one has to be typed.
///
/// # Errors
/// When it is none.
pub fn named(typed: &str) -> Result<TargetRef, Problem> {
    let target: TargetRef =
        typed.parse().map_err(|error: TargetError| Problem::usage(format!("`{typed}`: {error}")))?;
    match target.segments.len() {
        0..=SEGMENTS => Ok(target),
        found => Err(Problem::usage(format!(
            "`{typed}`: the target has {found} segments; write `name`, `namespace/name` or `source/namespace/name`"
        ))),
    }
}

/// Whether the recording that was asked for can be made: nothing is ever overwritten.
///
/// # Errors
/// When something stands there already. Who is to write it looks again.
pub fn recordable(global: &Global) -> Result<(), Problem> {
    match global.record.as_ref().filter(|file| file.symlink_metadata().is_ok()) {
        Some(file) => Err(Problem::usage(recording::taken(file))),
        None => Ok(()),
    }
}

/// The flags that say which clusters and sources there are, as they were given.
#[must_use]
pub fn same_flags(global: &Global) -> Vec<OsString> {
    let Global { context, kubeconfig, namespace, prometheus, config, log, theme: _, read_only: _, record: _ } = global;
    let mut flags: Vec<OsString> = Vec::new();
    let mut give = |flag: &str, value: Option<&OsStr>| {
        if let Some(value) = value {
            flags.extend([flag.into(), value.to_owned()]);
        }
    };
    give("--context", context.as_deref().map(OsStr::new));
    give("--kubeconfig", kubeconfig.as_deref().map(Path::as_os_str));
    give("--prometheus", prometheus.as_deref().map(OsStr::new));
    give("--log", log.as_deref().map(Path::as_os_str));
    give("--config", config.as_deref().map(Path::as_os_str));
    for name in namespace {
        give("--namespace", Some(OsStr::new(name)));
    }
    flags
}

fn flags(global: &Global) -> Given {
    let said = |value: &Option<String>, by: &str| value.clone().map(|value| Said::new(value, by));
    let path = |value: &Option<PathBuf>, by: &str| value.clone().map(|value| Said::new(value, by));
    Given {
        config: path(&global.config, "--config"),
        context: said(&global.context, "--context"),
        kubeconfig: path(&global.kubeconfig, "--kubeconfig"),
        namespaces: (!global.namespace.is_empty()).then(|| Said::new(global.namespace.clone(), "--namespace")),
        prometheus: said(&global.prometheus, "--prometheus"),
        theme: said(&global.theme, "--theme"),
        read_only: global.read_only.then(|| Said::new(true, "--read-only")),
        zone: None,
    }
}
