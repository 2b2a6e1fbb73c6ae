//! `[[panels]]`: which numbers are compared, for which targets.

use std::path::Path;

use super::{error::Spot, toml_file::Section};
use crate::domain::{
    panel::{Better, Cap, PanelKind, PanelSpec, TargetPattern, Worth},
    template,
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

const KINDS: &[(&str, Kind)] = &[
    ("ratio", Kind::Ratio),
    ("rate", Kind::Rate),
    ("latency", Kind::Latency),
    ("value", Kind::Value),
    ("shared", Kind::Shared),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ratio,
    Rate,
    Latency,
    Value,
    Shared,
}

/// Exposures below which a cap says nothing, where the panel does not say.
const CAP_EXPOSURES: f64 = 100.0;

/// Reads one `[[panels]]`; none when anything that matters is wrong, which the section has noted.
pub fn read(section: Section<'_>, file: &Path) -> Option<PanelEntry> {
    let name = section.needed("name", "\"orders\"");
    let kind = section.choice("kind", KINDS);
    if kind.is_none() && !section.has("kind") {
        section.wrong("kind", "is missing", "write `kind = \"ratio\"`".to_owned());
    }
    let targets = section.text("targets").map(|text| pattern(&section, &text));
    let source = section.text("source");
    let asked = kind.and_then(|kind| asked(&section, kind));
    if kind.is_none() {
        // Which of these belong to it cannot be known: they are not called unknown.
        for key in ["events", "exposures", "by", "within", "requests", "query"] {
            section.has(key);
        }
    }
    let better = section.choice("better", &[("higher", Better::Higher), ("lower", Better::Lower)]);
    if better.is_none() && !section.has("better") {
        section.wrong(
            "better",
            "is missing",
            "say which is good: `better = \"higher\"` or `better = \"lower\"`".to_owned(),
        );
    }
    if (kind, better) == (Some(Kind::Latency), Some(Better::Higher)) {
        // Its queries count the fast requests, and it judges the slow ones: that way round it would praise a slow canary.
        let hint = "it counts the requests that are slower than the bound: write `better = \"lower\"`";
        section.wrong("better", "cannot be `higher` for this kind", hint.to_owned());
    }
    let critical = section.flag("critical").unwrap_or(false);
    if critical && matches!(kind, Some(Kind::Value | Kind::Shared)) {
        let hint = "a gauge carries no counts: make it a `ratio`, a `rate` or a `latency`, or leave `critical` out";
        section.wrong("critical", "cannot be `true` for this kind", hint.to_owned());
    }
    let per = section.positive("per");
    let unit = section.text("unit").unwrap_or_else(|| if per.is_none() { "%".to_owned() } else { String::new() });
    let usual = asked.clone().map(|kind| PanelSpec::new(name.clone().unwrap_or_default(), kind, Better::Higher));
    let (worth, cap) = (worth(&section), cap(&section, kind, better));
    let (group, business) = (section.text("group"), section.flag("business").unwrap_or(false));
    let (lag, warm_up) = (section.duration("lag"), section.duration("warm_up"));
    let tolerance = section.share("tolerance");
    let spec = usual.map(|usual| PanelSpec {
        targets: targets.unwrap_or(TargetPattern(Vec::new())),
        source: source.clone().unwrap_or_default().into(),
        better: better.unwrap_or(usual.better),
        tolerance: tolerance.unwrap_or(usual.tolerance),
        critical,
        business,
        group: group.map(Into::into),
        lag: lag.unwrap_or(usual.lag),
        warm_up: warm_up.unwrap_or(usual.warm_up),
        worth,
        cap,
        unit: unit.into(),
        per: per.unwrap_or(usual.per),
        origin: file.display().to_string().into(),
        ..usual
    });
    let (spot, source_spot) = (section.spot("name"), section.spot("source"));
    section.finish();
    name.and(spec).map(|spec| PanelEntry { spec, source, spot, source_spot })
}

/// What this kind of panel asks; none when a query is missing or wrong.
fn asked(section: &Section<'_>, kind: Kind) -> Option<PanelKind> {
    let by = || section.text("by").unwrap_or_else(|| "pod".to_owned()).into();
    match kind {
        Kind::Ratio => {
            let events = query(section, "events", "'sum by (pod) (orders_total{namespace=\"{{namespace}}\"})'");
            let exposures =
                query(section, "exposures", "'sum by (pod) (checkouts_total{namespace=\"{{namespace}}\"})'");
            let by = by();
            Some(PanelKind::Ratio { events: events?, exposures: exposures?, by })
        }
        Kind::Rate => {
            let events = query(section, "events", "'sum by (pod) (orders_total{namespace=\"{{namespace}}\"})'");
            let by = by();
            Some(PanelKind::Rate { events: events?, by })
        }
        Kind::Latency => {
            let within = query(section, "within", "'sum by (pod) (request_seconds_bucket{le=\"0.3\"})'");
            let requests = query(section, "requests", "'sum by (pod) (request_seconds_count)'");
            let by = by();
            Some(PanelKind::Latency { within: within?, requests: requests?, by })
        }
        Kind::Value => {
            let query = query(section, "query", "'avg by (pod) (queue_seconds)'");
            let by = by();
            Some(PanelKind::Value { query: query?, by })
        }
        Kind::Shared => {
            let query = query(section, "query", "'sum(db_connections_used) / sum(db_connections_max)'");
            Some(PanelKind::Shared { query: query? })
        }
    }
}

fn worth(section: &Section<'_>) -> Option<Worth> {
    let (amount, currency) = (section.positive("worth"), section.text("currency"));
    if amount.is_none() && currency.is_some() {
        section.wrong("currency", "says in what, and nothing says how much", "add `worth = 42`, per event".to_owned());
    }
    amount.map(|amount| Worth { amount, currency: currency.unwrap_or_default().into() })
}

fn cap(section: &Section<'_>, kind: Option<Kind>, better: Option<Better>) -> Option<Cap> {
    let (share, exposures) = (section.share("cap"), section.positive("cap_exposures"));
    if share.is_some() && !matches!(kind, None | Some(Kind::Ratio | Kind::Latency)) {
        section.wrong("cap", "needs counts of exposures", "it fits a `ratio` or a `latency`".to_owned());
    } else if share.is_some() && (kind, better) == (Some(Kind::Ratio), Some(Better::Higher)) {
        let hint = "count what should be rare: failed instead of completed ones, with `better = \"lower\"`";
        section.wrong("cap", "forbids more of what is better higher", hint.to_owned());
    }
    if share.is_none() && exposures.is_some() {
        section.wrong("cap_exposures", "stands without a cap", "add `cap = \"2 %\"`".to_owned());
    }
    share.map(|share| Cap { share, exposures: exposures.unwrap_or(CAP_EXPOSURES) })
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

pub(super) fn pattern(section: &Section<'_>, text: &str) -> TargetPattern {
    let segments: Vec<String> = text.split('/').map(str::to_owned).collect();
    if segments.iter().any(String::is_empty) {
        let hint = "write `name`, `namespace/name` or `source/namespace/name`; `*` stands for any segment";
        section.wrong("targets", format!("`{text}` has an empty segment"), hint.to_owned());
    }
    TargetPattern(segments)
}
