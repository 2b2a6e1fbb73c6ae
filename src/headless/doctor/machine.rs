//! What this machine brings: terminal, folders, configuration.

use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
};

use super::{Finding, Part};
use crate::{
    config::{Loaded, paths::Paths},
    core::{
        event::Size,
        layout::{Tier, tier},
    },
    headless::terminal::Terminal,
    theme::Depth,
};

/// What the terminal can show.
#[must_use]
pub fn terminal(terminal: &Terminal) -> Part {
    let mut findings = Vec::new();
    let term = if terminal.term.is_empty() { "unset" } else { &terminal.term };
    if !terminal.is_terminal {
        let next = "the screen needs one; `flightdeck status` works without";
        findings.push(Finding::look("standard output is not a terminal", next));
    } else if matches!(terminal.term.as_str(), "" | "dumb") {
        findings
            .push(Finding::bad(format!("`TERM` is `{term}`"), "set it to what the terminal is, like `xterm-256color`"));
    }
    if let Some((columns, rows)) = terminal.size {
        let size = format!("{columns}×{rows}");
        findings.push(match tier(Size { columns, rows }) {
            Tier::Cockpit => Finding::good(format!("{size}: everything fits side by side")),
            Tier::Tabs => Finding::look(format!("{size}: one part at a time"), "everything side by side takes 120×40"),
            Tier::Lines => Finding::look(format!("{size}: three lines only"), "tabs take 60×12, everything 120×40"),
        });
    }
    let colours = match (terminal.no_color, terminal.depth()) {
        (true, _) => "no colours, as `NO_COLOR` asks",
        (false, Depth::None) => "no colours",
        (false, Depth::Sixteen) => "16 colours",
        (false, Depth::Indexed) => "256 colours",
        (false, Depth::True) => "all colours",
    };
    findings.push(Finding::good(format!("{colours} (`TERM` is `{term}`)")));
    let charset = terminal.locale.to_lowercase();
    findings.push(if charset.contains("utf-8") || charset.contains("utf8") {
        Finding::good(format!("UTF-8 (`{}`)", terminal.locale))
    } else {
        let locale = if terminal.locale.is_empty() { "no locale is set" } else { &terminal.locale };
        Finding::look(format!("the locale is not UTF-8: {locale}"), "set `LANG=C.UTF-8`, or signs may come out wrong")
    });
    if let Some(name) = terminal.multiplexer {
        findings.push(Finding::good(format!("inside {name}")));
    }
    if terminal.over_ssh {
        findings.push(Finding::good("over SSH"));
    }
    Part { title: "terminal".to_owned(), findings }
}

/// Whether journal, recordings and log can be written.
#[must_use]
pub fn folders(paths: &Paths) -> Part {
    let shown = paths.short(&paths.data);
    let finding = match try_writing(&paths.data) {
        Ok(()) => Finding::good(format!("{shown} can be written: journal, recordings, log")),
        Err(error) => {
            let next = "forward acts need the journal; make the folder yours, or set `XDG_DATA_HOME`";
            Finding::bad(format!("{shown} cannot be written: {error}"), next)
        }
    };
    Part { title: "folders".to_owned(), findings: vec![finding] }
}

fn try_writing(folder: &Path) -> io::Result<()> {
    crate::store::make_folder(folder)?;
    let file = folder.join(format!("doctor-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&file)?;
    fs::remove_file(&file)
}

/// What was read, and what in it a person should know.
#[must_use]
pub fn configuration(loaded: &Loaded, paths: &Paths) -> Part {
    let mut findings: Vec<_> =
        loaded.files.iter().map(|file| Finding::good(format!("read {}", paths.short(file)))).collect();
    if findings.is_empty() {
        findings.push(Finding::good(format!("none; {} would be read", paths.short(&paths.config_file()))));
    }
    for note in &loaded.notes {
        let (what, next) = note.split_once("; ").unwrap_or((note, "see above"));
        findings.push(Finding::look(what, next));
    }
    if loaded.settings.panels.is_empty() {
        findings.push(Finding::look("no panels: nothing is compared", "add `[[panels]]` to your configuration"));
    }
    if let Some(why) = &loaded.settings.policy.read_only {
        findings.push(Finding::look(format!("nothing can be changed: {why}"), "leave it so, or change it there"));
    }
    Part { title: "configuration".to_owned(), findings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headless::doctor::Mark;

    #[test]
    fn a_terminal_is_described_with_what_to_do() {
        let good = Terminal {
            is_terminal: true,
            size: Some((120, 40)),
            term: "xterm-256color".to_owned(),
            locale: "en_GB.UTF-8".to_owned(),
            ..Terminal::default()
        };
        let found = |terminal: &Terminal| super::terminal(terminal).findings;
        assert!(found(&good).iter().all(|finding| finding.mark == Mark::Good), "{:?}", found(&good));
        let cases = [
            (Terminal { term: "dumb".to_owned(), ..good.clone() }, Mark::Bad, "`TERM` is `dumb`"),
            (Terminal { size: Some((80, 24)), ..good.clone() }, Mark::Look, "80×24: one part at a time"),
            (Terminal { size: Some((40, 5)), ..good.clone() }, Mark::Look, "40×5: three lines only"),
            (Terminal { locale: "C".to_owned(), ..good.clone() }, Mark::Look, "the locale is not UTF-8: C"),
            (
                Terminal { locale: String::new(), ..good.clone() },
                Mark::Look,
                "the locale is not UTF-8: no locale is set",
            ),
            (
                Terminal { is_terminal: false, size: None, ..good.clone() },
                Mark::Look,
                "standard output is not a terminal",
            ),
        ];
        for (terminal, mark, what) in cases {
            let findings = found(&terminal);
            let finding = findings.iter().find(|finding| &*finding.what == what);
            let finding = finding.unwrap_or_else(|| panic!("`{what}` is not said: {findings:?}"));
            assert_eq!(finding.mark, mark);
            assert!(finding.next.is_some());
        }
        let plain = found(&Terminal { no_color: true, ..good });
        assert!(plain.iter().any(|finding| finding.what.starts_with("no colours")));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let paths = |data| Paths { home: None, config: folder.path().to_owned(), data };
        assert_eq!(folders(&paths(file.join("data"))).findings[0].mark, Mark::Bad);
        let data = folder.path().join("data");
        assert_eq!(folders(&paths(data.clone())).findings[0].mark, Mark::Good);
        assert_eq!(fs::read_dir(data).unwrap().count(), 0, "nothing is left behind");
    }
}
