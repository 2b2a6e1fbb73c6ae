//! `[[slos]]`: how many events may be bad, and what to ask for them.

use std::path::Path;

use super::{error::Spot, panel, toml_file::Section};
use crate::domain::{
    panel::TargetPattern,
    slo::{self, Slo},
    template,
    time::Seconds,
};

/// An objective of some layer whose source is not yet known to exist.
#[derive(Clone, Debug, PartialEq)]
pub struct SloEntry {
    pub spec: Slo,
    /// The source it names; none leaves the choice to the only one there is.
    pub source: Option<String>,
    pub source_spot: Spot,
}

const DAY: f64 = 86_400.0;
const DEFAULT_PERIOD: Seconds = Seconds(30.0 * DAY);
/// Shorter than its longest window a period means nothing, longer than a quarter nobody keeps the numbers.
const PERIODS: (Seconds, Seconds) = (Seconds(7.0 * DAY), Seconds(92.0 * DAY));

/// Reads one `[[slos]]`; none when anything that matters is wrong, which the section has noted.
pub fn read(section: Section<'_>, file: &Path) -> Option<SloEntry> {
    let name = section.needed("name", "\"checkout\"");
    let targets = section.text("targets").map(|text| panel::pattern(&section, &text));
    let source = section.text("source");
    if !section.has("objective") {
        section.wrong("objective", "is missing", "for example `objective = \"99.9 %\"`".to_owned());
    }
    let objective = section.share("objective");
    if objective.is_some_and(|share| share <= 0.0) {
        section.wrong("objective", "wants nothing", "for example `objective = \"99.9 %\"`".to_owned());
    }
    let period = section.duration("period").unwrap_or(DEFAULT_PERIOD);
    let (shortest, longest) = PERIODS;
    if period < shortest || period > longest {
        section.wrong("period", format!("expected {shortest} to {longest}"), "usual is `period = \"30d\"`".to_owned());
    }
    let bad =
        query(&section, "bad", "'sum(increase(failed_total{namespace=\"{{namespace}}\"}[{{window}}])) or vector(0)'");
    let total = query(&section, "total", "'sum(increase(requests_total{namespace=\"{{namespace}}\"}[{{window}}]))'");
    let source_spot = section.spot("source");
    section.finish();
    Some(SloEntry {
        spec: Slo {
            name: name?.into(),
            targets: targets.unwrap_or(TargetPattern(Vec::new())),
            source: source.clone().unwrap_or_default().into(),
            objective: objective?,
            period,
            bad: bad?,
            total: total?,
            origin: file.display().to_string().into(),
        },
        source,
        source_spot,
    })
}

fn query(section: &Section<'_>, key: &'static str, example: &str) -> Option<String> {
    let text = section.needed(key, example)?;
    if !text.contains(slo::WINDOW) {
        let hint = format!("for example `{key} = {example}`");
        section.wrong(key, format!("has no `{}`", slo::WINDOW), hint);
        return None;
    }
    match template::check(&slo::in_window(&text, 60)) {
        Ok(()) => Some(text),
        Err(error) => {
            section.wrong(key, error.to_string(), None);
            None
        }
    }
}
