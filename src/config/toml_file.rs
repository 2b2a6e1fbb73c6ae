//! A TOML file as sections that are asked for keys. Every wrong answer is noted with its line; what was
//! never asked for is an unknown key. Knows nothing of what the keys mean.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    error::{ConfigError, Spot},
    near, units,
};
use crate::domain::time::Seconds;

/// One parsed file and what was found wrong in it so far.
#[derive(Debug)]
pub struct Document<'t> {
    path: PathBuf,
    text: &'t str,
    root: DeTable<'t>,
    wrong: RefCell<Vec<ConfigError>>,
}

/// One table of it. Call `finish` when every known key was asked for.
#[derive(Debug)]
pub struct Section<'d> {
    document: &'d Document<'d>,
    /// The way to it: empty for the file, `panels[2]`.
    at: String,
    table: &'d DeTable<'d>,
    /// Where its first line is.
    start: usize,
    asked: RefCell<Vec<&'static str>>,
}

/// A value that is either written out or described by a table.
#[derive(Debug)]
pub enum Written<'d> {
    Text(String),
    Table(Section<'d>),
}

impl<'t> Document<'t> {
    /// # Errors
    /// When the text is not TOML.
    pub fn parse(path: &Path, text: &'t str) -> Result<Self, ConfigError> {
        match DeTable::parse(text) {
            Ok(root) => {
                let root = root.into_inner();
                Ok(Self { path: path.to_owned(), text, root, wrong: RefCell::new(Vec::new()) })
            }
            Err(error) => Err(ConfigError {
                spot: Spot::File {
                    file: path.to_owned(),
                    line: line_of(text, error.span().map_or(0, |span| span.start)),
                    key: String::new(),
                },
                what: format!("this is not TOML: {}", error.message()),
                hint: None,
            }),
        }
    }

    pub fn section(&self) -> Section<'_> {
        Section { document: self, at: String::new(), table: &self.root, start: 0, asked: RefCell::new(Vec::new()) }
    }

    /// Notes something that only shows when several parts are seen together.
    pub fn add(&self, error: ConfigError) {
        self.wrong.borrow_mut().push(error);
    }

    /// What was found wrong since the last time this was asked, in the order in which it was found.
    pub fn take_errors(&self) -> Vec<ConfigError> {
        self.wrong.take()
    }

    /// Everything that was found wrong, in the order of the file.
    pub fn into_errors(self) -> Vec<ConfigError> {
        let mut wrong = self.wrong.into_inner();
        wrong.sort_by_key(|error| match &error.spot {
            Spot::File { line, .. } => *line,
            Spot::Whole(_) | Spot::Said(_) => 0,
        });
        wrong
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// How a value is called in "expected …, found …".
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.chars().count() <= 40 => format!("the text `{text}`"),
        DeValue::String(_) => "a long text".to_owned(),
        DeValue::Integer(number) => format!("the number `{number}`"),
        DeValue::Float(number) => format!("the number `{number}`"),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

impl<'d> Section<'d> {
    fn get(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.borrow_mut().push(key);
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// A text that is there, without noting anything: for what only helps to place a mistake.
    pub fn peek(&self, key: &str) -> Option<&str> {
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        if let DeValue::String(text) = value.get_ref() { Some(text) } else { None }
    }

    /// Whether `key` is written at all.
    pub fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    fn way(&self, key: &str) -> String {
        match (self.at.as_str(), key) {
            ("", key) => key.to_owned(),
            (at, "") => at.to_owned(),
            (at, key) => format!("{at}.{key}"),
        }
    }

    fn note(&self, offset: usize, key: &str, what: String, hint: Option<String>) {
        let spot = Spot::File {
            file: self.document.path.clone(),
            line: line_of(self.document.text, offset),
            key: self.way(key),
        };
        self.document.wrong.borrow_mut().push(ConfigError { spot, what, hint });
    }

    /// Where `key` is written, or the section's first line where it is not.
    pub fn spot(&self, key: &str) -> Spot {
        let offset =
            self.table.iter().find(|(name, _)| name.get_ref() == key).map_or(self.start, |(name, _)| name.span().start);
        Spot::File { file: self.document.path.clone(), line: line_of(self.document.text, offset), key: self.way(key) }
    }

    /// Notes that the value of `key` is wrong for a reason of its own.
    pub fn wrong(&self, key: &str, what: impl Into<String>, hint: impl Into<Option<String>>) {
        let error = ConfigError { spot: self.spot(key), what: what.into(), hint: hint.into() };
        self.document.wrong.borrow_mut().push(error);
    }

    fn expected(&self, key: &str, expected: &str, value: &Spanned<DeValue<'_>>) {
        self.note(value.span().start, key, format!("expected {expected}, found {}", found(value.get_ref())), None);
    }

    pub fn text(&self, key: &'static str) -> Option<String> {
        let value = self.get(key)?;
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        self.expected(key, "a text in quotes", value);
        None
    }

    /// A text that must be there and say something; `example` is shown where it is not.
    pub fn needed(&self, key: &'static str, example: &str) -> Option<String> {
        match self.get(key) {
            None => {
                self.note(self.start, key, "is missing".to_owned(), Some(format!("for example `{key} = {example}`")));
                None
            }
            Some(value) => match value.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => Some(text.to_string()),
                DeValue::String(_) => {
                    self.note(value.span().start, key, "is empty".to_owned(), Some(format!("for example `{example}`")));
                    None
                }
                _ => {
                    self.expected(key, "a text in quotes", value);
                    None
                }
            },
        }
    }

    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.expected(key, "`true` or `false`", value);
        None
    }

    /// A finite number above 0.
    pub fn positive(&self, key: &'static str) -> Option<f64> {
        let value = self.get(key)?;
        let number = number(value.get_ref()).filter(|n| n.is_finite() && *n > 0.0);
        if number.is_none() {
            self.expected(key, "a number above 0", value);
        }
        number
    }

    /// A whole number above 0.
    pub fn whole(&self, key: &'static str) -> Option<u32> {
        let value = self.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok().filter(|n| *n > 0),
            _ => None,
        };
        if number.is_none() {
            self.expected(key, "a whole number above 0", value);
        }
        number
    }

    pub fn duration(&self, key: &'static str) -> Option<Seconds> {
        let value = self.get(key)?;
        let length = match value.get_ref() {
            DeValue::String(text) => units::duration(text),
            _ => None,
        };
        if length.is_none() {
            self.expected(key, "a length of time like `\"30s\"` or `\"1h30m\"`", value);
        }
        length
    }

    /// A share as a fraction, from `"10 %"`, `0.1` or `"0.1"`, at least 0 and below 1.
    pub fn share(&self, key: &'static str) -> Option<f64> {
        let value = self.get(key)?;
        let share = match value.get_ref() {
            DeValue::String(text) => units::share(text),
            other => number(other),
        };
        let share = share.filter(|share| (0.0..1.0).contains(share));
        if share.is_none() {
            self.expected(key, "a share like `\"10 %\"` or `0.1`, at least 0 and below 1", value);
        }
        share
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let value = self.get(key)?;
        let known = words.iter().map(|(word, _)| *word);
        let DeValue::String(text) = value.get_ref() else {
            let list: Vec<_> = known.map(|word| format!("`\"{word}\"`")).collect();
            self.expected(key, &list.join(" or "), value);
            return None;
        };
        let chosen = words.iter().find(|(word, _)| word == text).map(|(_, choice)| *choice);
        if chosen.is_none() {
            self.note(value.span().start, key, format!("`{text}` is not known here"), Some(near::suggest(text, known)));
        }
        chosen
    }

    /// A list of texts; one text stands for a list of one.
    pub fn texts(&self, key: &'static str) -> Option<Vec<String>> {
        let value = self.get(key)?;
        self.listed(key, value)
    }

    fn listed(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
        match value.get_ref() {
            DeValue::String(text) => Some(vec![text.to_string()]),
            DeValue::Array(items) => items
                .iter()
                .map(|item| {
                    if let DeValue::String(text) = item.get_ref() {
                        return Some(text.to_string());
                    }
                    self.expected(key, "a list of texts", item);
                    None
                })
                .collect(),
            _ => {
                self.expected(key, "a list of texts", value);
                None
            }
        }
    }

    /// A path; `~/` is the home folder, a relative one starts at the folder of this file.
    pub fn path(&self, key: &'static str, home: Option<&Path>) -> Option<PathBuf> {
        let text = self.text(key)?;
        Some(match (text.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            (Some(_) | None, _) => self.document.path.parent().unwrap_or(Path::new("")).join(&text),
        })
    }

    pub fn table(&self, key: &'static str) -> Option<Section<'d>> {
        let value = self.get(key)?;
        if let DeValue::Table(table) = value.get_ref() {
            return Some(self.inner(table, self.way(key), value.span().start));
        }
        self.expected(key, &format!("a table, `[{key}]`"), value);
        None
    }

    /// A text, or a table that describes one. What is found instead is not quoted: it may be a secret.
    pub fn text_or_table(&self, key: &'static str) -> Option<Written<'d>> {
        let value = self.get(key)?;
        self.either(key, value)
    }

    fn either(&self, key: &str, value: &'d Spanned<DeValue<'d>>) -> Option<Written<'d>> {
        match value.get_ref() {
            DeValue::String(text) => Some(Written::Text(text.to_string())),
            DeValue::Table(table) => Some(Written::Table(self.inner(table, self.way(key), value.span().start))),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => {
                self.note(value.span().start, key, "expected a text or a table".to_owned(), None);
                None
            }
        }
    }

    /// Every key with its value as a text or a table: for tables whose keys are names.
    pub fn written(&self) -> Vec<(String, Option<Written<'d>>)> {
        let table = self.table.iter();
        table.map(|(name, value)| (name.get_ref().to_string(), self.either(name.get_ref(), value))).collect()
    }

    /// The tables under `[[key]]`.
    pub fn tables(&self, key: &'static str) -> Vec<Section<'d>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.expected(key, &format!("tables, each under `[[{key}]]`"), value);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (place, item) in items.iter().enumerate() {
            if let DeValue::Table(table) = item.get_ref() {
                sections.push(self.inner(table, format!("{key}[{}]", place + 1), item.span().start));
            } else {
                self.expected(key, &format!("tables, each under `[[{key}]]`"), item);
            }
        }
        sections
    }

    fn inner(&self, table: &'d DeTable<'d>, at: String, start: usize) -> Section<'d> {
        Section { document: self.document, at, table, start, asked: RefCell::new(Vec::new()) }
    }

    /// Every key with its value read as a list of texts: for tables whose keys are names.
    pub fn entries(&self) -> Vec<(String, Option<Vec<String>>)> {
        self.table
            .iter()
            .map(|(name, value)| (name.get_ref().to_string(), self.listed(name.get_ref(), value)))
            .collect()
    }

    /// Notes every key that was never asked for as one that has no place here.
    pub fn refuse_rest(self, what: &str, hint: &str) {
        let asked = self.asked.borrow();
        for (name, _) in self.table.iter().filter(|(name, _)| !asked.contains(&name.get_ref().as_ref())) {
            self.note(name.span().start, name.get_ref(), what.to_owned(), Some(hint.to_owned()));
        }
    }

    /// Notes every key that was never asked for.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        for (name, _) in self.table {
            if !asked.contains(&name.get_ref().as_ref()) {
                let key = name.get_ref();
                let hint = near::suggest(key, asked.iter().copied());
                self.note(name.span().start, key, "is not a known key".to_owned(), Some(hint));
            }
        }
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok(),
        DeValue::Float(number) => number.as_str().replace('_', "").parse().ok(),
        DeValue::String(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}
