//! `[[panels]]`: which numbers are compared, for which targets.

use std::path::Path;

use super::{error::Spot, toml_file::Section};
use crate::domain::{
    panel::{Better, PanelKind, PanelSpec, TargetPattern},
    template,
    time::Seconds,
};

/// A panel of some layer whose source is not yet known to exist.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelEntry {
    pub spec: PanelSpec,
    /// The source it names; none leaves the choice to the only one there is.
    pub source: Option<String>,
    pub spot: Spot,
    pub source_spot: Spot,
}

const DEFAULT_TOLERANCE: f64 = 0.1;

/// Reads one `[[panels]]`; none when anything that matters is wrong, which the section has noted.
pub fn read(section: Section<'_>, file: &Path) -> Option<PanelEntry> {
    let name = section.needed("name", "\"orders\"");
    if section.choice("kind", &[("ratio", ())]).is_none() && !section.has("kind") {
        section.wrong("kind", "is missing", "write `kind = \"ratio\"`".to_owned());
    }
    let targets = section.text("targets").map(|text| pattern(&section, &text));
    let source = section.text("source");
    let events = query(&section, "events", "'sum by (pod) (orders_total{namespace=\"{{namespace}}\"})'");
    let exposures = query(&section, "exposures", "'sum by (pod) (checkouts_total{namespace=\"{{namespace}}\"})'");
    let by = section.text("by").unwrap_or_else(|| "pod".to_owned());
    let better = section.choice("better", &[("higher", Better::Higher), ("lower", Better::Lower)]);
    if better.is_none() && !section.has("better") {
        section.wrong(
            "better",
            "is missing",
            "say which is good: `better = \"higher\"` or `better = \"lower\"`".to_owned(),
        );
    }
    let per = section.positive("per");
    let unit = section.text("unit").unwrap_or_else(|| if per.is_none() { "%".to_owned() } else { String::new() });
    let spec = PanelSpec {
        name: name.clone().unwrap_or_default().into(),
        targets: targets.unwrap_or(TargetPattern(Vec::new())),
        source: source.clone().unwrap_or_default().into(),
        kind: PanelKind::Ratio {
            events: events.clone().unwrap_or_default(),
            exposures: exposures.clone().unwrap_or_default(),
            by: by.into(),
        },
        better: better.unwrap_or(Better::Higher),
        tolerance: section.share("tolerance").unwrap_or(DEFAULT_TOLERANCE),
        critical: section.flag("critical").unwrap_or(false),
        business: section.flag("business").unwrap_or(false),
        group: section.text("group").map(Into::into),
        lag: section.duration("lag").unwrap_or(Seconds(0.0)),
        unit: unit.into(),
        per: per.unwrap_or(100.0),
        origin: file.display().to_string().into(),
    };
    let (spot, source_spot) = (section.spot("name"), section.spot("source"));
    section.finish();
    (name.is_some() && events.is_some() && exposures.is_some()).then_some(PanelEntry {
        spec,
        source,
        spot,
        source_spot,
    })
}

fn query(section: &Section<'_>, key: &'static str, example: &str) -> Option<String> {
    let text = section.needed(key, example)?;
    match template::check(&text) {
        Ok(()) => Some(text),
        Err(error) => {
            section.wrong(key, error.to_string(), None);
            None
        }
    }
}

fn pattern(section: &Section<'_>, text: &str) -> TargetPattern {
    let segments: Vec<String> = text.split('/').map(str::to_owned).collect();
    if segments.iter().any(String::is_empty) {
        let hint = "write `name`, `namespace/name` or `source/namespace/name`; `*` stands for any segment";
        section.wrong("targets", format!("`{text}` has an empty segment"), hint.to_owned());
    }
    TargetPattern(segments)
}
