//! Whether a process outlives the session it is started in, and leaving that session.

use std::{env, fs, path::Path};

use crate::domain::clean::Clean;

/// Where systemd-logind is configured, the stronger place last.
const CONFIGURED: [&str; 3] = ["/usr/lib/systemd", "/run/systemd", "/etc/systemd"];

/// A session of its own, without a terminal. Whoever leads a group already has one.
pub(super) fn detach() {
    if let Err(error) = rustix::process::setsid() {
        tracing::info!(%error, "stays in its session");
    }
}

/// The machine's name.
pub(super) fn host() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| env::var("HOSTNAME").ok());
    host.map(|host| host.trim().to_owned()).filter(|host| !host.is_empty()).unwrap_or_else(|| "an unnamed host".into())
}

/// Why what is started here ends with the session of whoever starts it, if it does or may.
#[must_use]
pub fn mortal() -> Option<Clean> {
    let cgroup = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let ssh = env::var_os("SSH_CONNECTION").is_some_and(|value| !value.is_empty());
    fate(&cgroup, &logind(&CONFIGURED.map(Path::new)), ssh).map(Clean::from)
}

/// `logind.conf` and its additions, the strongest last.
fn logind(folders: &[&Path]) -> Vec<String> {
    let mut files: Vec<_> = folders.iter().map(|folder| folder.join("logind.conf")).collect();
    let mut additions: Vec<_> = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder.join("logind.conf.d")).ok())
        .flat_map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())))
        .collect();
    additions.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    files.append(&mut additions);
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
}

/// systemd-logind ends what is left of a session where `KillUserProcesses` says so; other sessions end nothing but
/// what listens to the hang-up, and a guard does not.
fn fate(cgroup: &str, logind: &[String], ssh: bool) -> Option<String> {
    let is_session =
        |part: &&str| part.strip_prefix("session-").is_some_and(|rest| rest.strip_suffix(".scope").is_some());
    let session = cgroup.split(['/', '\n']).find(is_session)?;
    let set = |line: &str, commented: bool| {
        let line = line.trim();
        let line = if commented { line.strip_prefix('#')?.trim_start() } else { line };
        let value = line.strip_prefix("KillUserProcesses")?.trim_start().strip_prefix('=')?.trim();
        Some(matches!(value, "yes" | "true" | "1" | "on"))
    };
    let last = |commented: bool| {
        logind.iter().flat_map(|text| text.lines()).filter_map(|line| set(line, commented)).next_back()
    };
    // What is shipped commented out is what the system was built with.
    let whose = if ssh { "your SSH session" } else { "your session" };
    match last(false).or_else(|| last(true)) {
        Some(false) => None,
        Some(true) => Some(format!("systemd-logind ends it with {whose} ({session}, KillUserProcesses=yes)")),
        None => Some(format!("systemd-logind may end it with {whose} ({session}): KillUserProcesses is not told")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_dies_with_a_session_only_where_logind_says_so() {
        let session = "0::/user.slice/user-1000.slice/session-42.scope\n";
        let service = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/tmux.service\n";
        let conf = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        let cases = [
            (service, conf(&["KillUserProcesses=yes"]), None),
            ("0::/\n", conf(&[]), None),
            (session, conf(&["[Login]\n#KillUserProcesses=no\n"]), None),
            (session, conf(&["[Login]\n#KillUserProcesses=yes\n"]), Some("ends it with your SSH session (session-42")),
            (session, conf(&["#KillUserProcesses=no", "KillUserProcesses = yes"]), Some("ends it")),
            (session, conf(&["KillUserProcesses=yes", "KillUserProcesses=no"]), None),
            (session, conf(&["KillExcludeUsers=root"]), Some("may end it")),
            (session, conf(&[]), Some("may end it")),
        ];
        for (cgroup, logind, expected) in cases {
            let fate = fate(cgroup, &logind, true);
            match expected {
                None => assert_eq!(fate, None, "{logind:?}"),
                Some(words) => assert!(fate.as_deref().is_some_and(|fate| fate.contains(words)), "{fate:?}"),
            }
        }
    }

    #[test]
    fn additions_come_after_the_file_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let (vendor, own) = (folder.path().join("vendor"), folder.path().join("own"));
        for (file, text) in [
            (own.join("logind.conf"), "KillUserProcesses=no"),
            (own.join("logind.conf.d/10-a.conf"), "first"),
            (vendor.join("logind.conf.d/20-b.conf"), "KillUserProcesses=yes"),
        ] {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        assert_eq!(logind(&[&vendor, &own]), ["KillUserProcesses=no", "first", "KillUserProcesses=yes"]);
    }
}
