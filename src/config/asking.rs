//! Which source each panel and each objective asks, and which of two that say the same stands.

use super::{
    error::{ConfigError, Spot},
    file::NumbersLayer,
    near,
    resolve::role_of,
    source::SourceEntry,
};
use crate::{
    core::settings::Role,
    domain::{panel::PanelSpec, slo::Slo},
};

/// Everything with its source. The user's own stand first and win over a project's of the same name.
pub fn resolve(
    user: NumbersLayer,
    project: NumbersLayer,
    sources: &[SourceEntry],
    errors: &mut Vec<ConfigError>,
    notes: &mut Vec<String>,
) -> (Vec<PanelSpec>, Vec<Slo>) {
    let known = Known {
        metrics: sources.iter().filter(|entry| role_of(entry) == Role::Metrics).map(|entry| &*entry.name).collect(),
        others: sources.iter().filter(|entry| role_of(entry) != Role::Metrics).map(|entry| &*entry.name).collect(),
    };
    let mut panels: Vec<PanelSpec> = Vec::new();
    for entry in user.panels.into_iter().chain(project.panels) {
        let what = format!("panel `{}`", entry.spec.name);
        let Some(source) = known.choose(&what, entry.source.as_deref(), entry.source_spot, errors, notes) else {
            continue;
        };
        let same = |other: &&PanelSpec| other.name == entry.spec.name && other.targets == entry.spec.targets;
        match panels.iter().find(same) {
            Some(first) => notes.push(left_out(&what, &entry.spec.origin, &first.origin)),
            None => panels.push(PanelSpec { source: source.into(), ..entry.spec }),
        }
    }
    let mut slos: Vec<Slo> = Vec::new();
    for entry in user.slos.into_iter().chain(project.slos) {
        let what = format!("objective `{}`", entry.spec.name);
        let Some(source) = known.choose(&what, entry.source.as_deref(), entry.source_spot, errors, notes) else {
            continue;
        };
        let same = |other: &&Slo| other.name == entry.spec.name && other.targets == entry.spec.targets;
        match slos.iter().find(same) {
            Some(first) => notes.push(left_out(&what, &entry.spec.origin, &first.origin)),
            None => slos.push(Slo { source: source.into(), ..entry.spec }),
        }
    }
    (panels, slos)
}

fn left_out(what: &str, origin: &str, first: &str) -> String {
    format!("{what} of {origin} is left out: {first} has it too")
}

/// The names of all sources, by whether they answer questions about numbers.
struct Known<'a> {
    metrics: Vec<&'a str>,
    others: Vec<&'a str>,
}

impl Known<'_> {
    /// The source to ask; none, and why is noted, where it cannot be told.
    fn choose(
        &self,
        what: &str,
        named: Option<&str>,
        spot: Spot,
        errors: &mut Vec<ConfigError>,
        notes: &mut Vec<String>,
    ) -> Option<String> {
        match (named, self.metrics.as_slice()) {
            (Some(named), known) if known.contains(&named) => Some(named.to_owned()),
            (Some(named), known) => {
                let wrong = if self.others.contains(&named) {
                    "answers no questions about numbers"
                } else {
                    "is not a configured source"
                };
                let hint = match known {
                    [] => "add it under `[[sources]]` with `kind = \"prometheus\"`".to_owned(),
                    known => near::suggest(named, known.iter().copied()),
                };
                errors.push(ConfigError { spot, what: format!("`{named}` {wrong}"), hint: Some(hint) });
                None
            }
            (None, [only]) => Some((*only).to_owned()),
            (None, []) => {
                notes.push(format!("{what} is left out: there is no source for it; give one with `--prometheus URL`"));
                None
            }
            (None, known) => {
                let hint = Some(near::suggest("", known.iter().copied()));
                let what = "is missing, and there are several sources".to_owned();
                errors.push(ConfigError { spot, what, hint });
                None
            }
        }
    }
}
