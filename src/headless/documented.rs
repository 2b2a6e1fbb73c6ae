//! Holds what is printed as JSON to the tables of `docs/json.md`, nested fields included.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Fields of a section with the section that tells the fields below them, or that anything may stand there.
enum Below {
    Section(String),
    Any,
    Nothing,
}

/// Whether all fields of `objects` stand under this heading of the document, and each that stands there was seen.
pub(super) fn hold(heading: &str, objects: &[Value]) {
    let documented = fields(heading);
    let mut seen = BTreeMap::new();
    for object in objects {
        walk(object, String::new(), &documented, &mut seen);
    }
    // What is null or empty everywhere may have fields below it.
    let is_told = |path: &str| {
        documented.paths.contains(path) || {
            let below = [format!("{path}."), format!("{path}[]")];
            let is_empty = seen.get(path) == Some(&false);
            is_empty && documented.paths.iter().any(|told| below.iter().any(|below| told.starts_with(below)))
        }
    };
    let untold: Vec<&String> = seen.keys().filter(|path| !is_told(path)).collect();
    assert!(untold.is_empty(), "docs/json.md, {heading}: not told of {untold:#?}");
    // An empty list of words shows its name only.
    let is_seen =
        |path: &str| seen.contains_key(path) || path.strip_suffix("[]").is_some_and(|list| seen.contains_key(list));
    let unseen: Vec<&String> = documented.paths.iter().filter(|path| !is_seen(path)).collect();
    assert!(unseen.is_empty(), "docs/json.md, {heading}: told of and never seen {unseen:#?}");
}

#[derive(Default)]
struct Documented {
    paths: BTreeSet<String>,
    /// Below these anything may stand.
    any: BTreeSet<String>,
}

fn fields(heading: &str) -> Documented {
    let mut documented = Documented::default();
    for (path, below) in rows(heading) {
        match below {
            Below::Section(section) => {
                let inner = fields(&section);
                documented.paths.extend(inner.paths.iter().map(|field| format!("{path}.{field}")));
                documented.any.extend(inner.any.iter().map(|field| format!("{path}.{field}")));
            }
            Below::Any => {
                documented.paths.insert(path.clone());
                documented.any.insert(path);
            }
            Below::Nothing => drop(documented.paths.insert(path)),
        }
    }
    documented
}

/// The rows of a section's table: each field with what stands below it.
fn rows(heading: &str) -> Vec<(String, Below)> {
    let text = include_str!("../../docs/json.md");
    let is_heading = |line: &&str| line.strip_prefix("## ").is_some_and(|title| slug(title) == heading);
    let section = text.lines().skip_while(|line| !is_heading(line)).skip(1).take_while(|line| !line.starts_with("## "));
    let mut rows = Vec::new();
    for line in section.filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_start_matches("| ").split(" | ");
        let (names, kind) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        for name in names.split(", ") {
            let below = match kind.split_once("](#") {
                Some((_, section)) => Below::Section(section.trim_end_matches(')').to_owned()),
                None if kind == "any" => Below::Any,
                None => Below::Nothing,
            };
            rows.push((name.trim_matches('`').to_owned(), below));
        }
    }
    assert!(!rows.is_empty(), "docs/json.md has no table under {heading}");
    rows
}

fn slug(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

/// Every leaf with whether it was ever anything but null or empty.
fn walk(value: &Value, path: String, documented: &Documented, seen: &mut BTreeMap<String, bool>) {
    if documented.any.contains(&path) {
        seen.insert(path, true);
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(value, path, documented, seen);
            }
            seen.remove(&path);
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                walk(item, format!("{path}[]"), documented, seen);
            }
            seen.remove(&path);
        }
        Value::Null | Value::Array(_) => {
            // A later null says nothing about fields that were seen below it.
            let is_known = seen.keys().any(|known| {
                known.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]"))
            });
            if !is_known {
                seen.entry(path).or_insert(false);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => drop(seen.insert(path, true)),
    }
}
