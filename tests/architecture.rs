//! Holds the layers, the size of files and forbidden names against the source as it stands.
//!
//! A failure names file, line and rule. Which layer may use which is written in `ARCHITECTURE.md`.

#![allow(clippy::unwrap_used, clippy::string_slice, reason = "a test may stop at what it did not expect")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Each layer and the layers its `crate::` paths may name, itself included. What is not listed may use all.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &["domain"]),
    ("judge", &["judge", "domain"]),
    ("sim", &["sim", "domain"]),
    ("core", &["core", "domain", "judge"]),
    ("view", &["view", "theme", "core", "domain"]),
    ("theme", &["theme", "domain"]),
    ("http", &["http", "config"]),
    ("backend", &["backend", "domain", "config", "http", "sim"]),
    ("metrics", &["metrics", "domain", "config", "http", "sim"]),
    ("store", &["store", "domain"]),
    ("config", &["config", "domain", "core"]),
];

/// Crates that only the named layers may use.
const CRATES: &[(&str, &[&str])] = &[
    ("tokio", &["runtime", "headless", "backend", "metrics", "http", "main"]),
    ("ratatui", &["view", "theme", "core", "runtime", "headless"]),
    ("crossterm", &["runtime", "headless"]),
    ("reqwest", &["http", "metrics"]),
    ("kube", &["backend"]),
    ("anyhow", &["runtime", "headless", "main"]),
    ("clap", &["cli", "headless", "main"]),
];

/// Parts of file and module names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "helper", "manager", "common", "misc"];

/// Lines of a file before its tests.
const MAX_LINES: usize = 500;
const MEDIAN_LINES: usize = 160;

struct Source {
    path: PathBuf,
    layer: String,
    /// Lines before the file's tests.
    lines: Vec<String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let inside = path.strip_prefix(&root).unwrap();
                let layer = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                let lines = text.lines().take_while(|l| !l.starts_with("#[cfg(test)]")).map(str::to_owned).collect();
                found.push(Source { path, layer, lines });
            }
        }
    }
    assert!(!found.is_empty(), "no sources found");
    found
}

/// The code of a line without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// The first segments after `prefix` on a line: of `use crate::{a::b, c}` both `a` and `c`.
fn named_after(text: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.extend(first_word(rest));
            continue;
        };
        let mut depth = 0;
        let mut item = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => names.extend(first_word(&std::mem::take(&mut item))),
                _ if depth == 0 => item.push(c),
                _ => {}
            }
        }
        names.extend(first_word(&item));
    }
    names
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}

#[test]
fn grouped_and_plain_paths_are_both_read() {
    assert_eq!(named_after("use crate::{core::{a, b}, domain::x, view};", "crate::"), ["core", "domain", "view"]);
    assert_eq!(named_after("let x = crate::sim::World::new();", "crate::"), ["sim"]);
    assert!(named_after("mycrate::x", "crate::").is_empty());
}

#[test]
fn layers_use_only_what_they_may() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == source.layer) else { continue };
        // Joined, because a group may run over several lines.
        let text = source.lines.iter().map(|l| code(l)).collect::<Vec<_>>().join("\n");
        for name in named_after(&text, "crate::") {
            let is_layer = LAYERS.iter().any(|(l, _)| *l == name) || ["runtime", "headless", "cli"].contains(&&*name);
            if is_layer && !allowed.contains(&&*name) {
                wrong.push(format!("{}: `{}` may not use `crate::{name}`", source.path.display(), source.layer));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn outside_crates_stay_in_their_layers() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in source.lines.iter().enumerate() {
            let line = code(line);
            for (name, layers) in CRATES {
                let used = line.match_indices(&format!("{name}::")).any(|(at, _)| {
                    line[..at].chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == ':'))
                });
                if used && !layers.contains(&&*source.layer) {
                    wrong.push(format!(
                        "{}:{}: `{}` may not use `{name}`",
                        source.path.display(),
                        number + 1,
                        source.layer
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A test of `core` uses ratatui for its layout only; colours and widgets belong to the view.
#[test]
fn core_takes_only_layout_from_ratatui() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|s| s.layer == "core")
        .flat_map(|s| {
            let path = s.path.display().to_string();
            s.lines
                .into_iter()
                .filter(|l| code(l).contains("ratatui::") && !code(l).contains("ratatui::layout"))
                .map(move |l| format!("{path}: {l}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_fit_in_a_head() {
    let sources = sources();
    let mut lengths: BTreeMap<usize, Vec<&Path>> = BTreeMap::new();
    for source in &sources {
        lengths.entry(source.lines.len()).or_default().push(&source.path);
    }
    let long: Vec<_> = lengths.range(MAX_LINES + 1..).collect();
    assert!(long.is_empty(), "over {MAX_LINES} lines before the tests: {long:?}");
    let mut all: Vec<usize> = sources.iter().map(|s| s.lines.len()).collect();
    all.sort_unstable();
    let median = all[all.len() / 2];
    assert!(median <= MEDIAN_LINES, "the median file has {median} lines");
}

#[test]
fn every_module_says_what_it_is_for_and_has_a_name_that_says_something() {
    let mut wrong = Vec::new();
    for source in sources() {
        if !source.lines.first().is_some_and(|l| l.starts_with("//!")) {
            wrong.push(format!("{}: begins without `//!`", source.path.display()));
        }
        let name = source.path.file_stem().unwrap().to_str().unwrap();
        if EMPTY_NAMES.iter().any(|empty| name.contains(empty)) {
            wrong.push(format!("{}: a name that says nothing", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Catch-alls of `core` over keys, numbers and typed text, which nobody can list: file and arm.
const CATCH_ALLS: &[(&str, &str)] = &[
    ("core/key.rs", "_ => NAMED"),
    ("core/layout.rs", "_ => 112"),
    ("core/number.rs", "_ => format!"),
    ("core/update/confirm.rs", "(_, _) => Meaning::Other"),
    ("core/update/watching.rs", "(_, _) => return None"),
];

/// Matches over the program's own enums stay exhaustive where decisions are made, so that a new variant
/// cannot be forgotten.
#[test]
fn decisions_in_the_core_have_no_catch_all() {
    let mut used = Vec::new();
    let mut wrong = Vec::new();
    for source in sources().into_iter().filter(|source| source.layer == "core") {
        let path = source.path.display().to_string();
        if path.contains("/tests/") {
            continue;
        }
        for (number, line) in source.lines.iter().enumerate() {
            let arm = code(line).trim_start();
            if !["_ =>", "(_, _) =>", "(_, _, _) =>"].iter().any(|all| arm.starts_with(all)) {
                continue;
            }
            match CATCH_ALLS.iter().position(|(file, begins)| path.ends_with(file) && arm.starts_with(begins)) {
                Some(place) => used.push(place),
                None => wrong.push(format!("{path}:{}: `{arm}`", number + 1)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unused: Vec<_> = (0..CATCH_ALLS.len()).filter(|place| !used.contains(place)).map(|p| CATCH_ALLS[p]).collect();
    assert!(unused.is_empty(), "listed and not there any more: {unused:?}");
}

/// Snapshots name the test that made them by its path in this repository.
#[test]
fn snapshots_were_made_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("tests/view/snapshots");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let source = text.lines().find_map(|line| line.strip_prefix("source: ")).unwrap_or_default().trim_matches('"');
        count += 1;
        if !source.starts_with("tests/") || !root.join(source).is_file() {
            wrong.push(format!("{}: made by `{source}`", path.display()));
        }
    }
    assert!(count > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}
