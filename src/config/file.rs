//! One configuration file as a layer: what the user's own may say, and the little a project's may.

use std::path::Path;

use super::{
    error::{ConfigError, Spot},
    keys, packs,
    panel::{self, PanelEntry},
    slo::{self, SloEntry},
    source::{self, SourceEntry},
    toml_file::{Document, Section},
};
use crate::{
    core::{command::Command, key::Key},
    domain::time::Seconds,
};

/// Which zone clock times are shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZoneChoice {
    #[default]
    Utc,
    Local,
}

pub const ZONES: &[(&str, ZoneChoice)] = &[("utc", ZoneChoice::Utc), ("local", ZoneChoice::Local)];

/// Everything a file may say; what it does not say is none or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileLayer {
    pub sources: Vec<SourceEntry>,
    pub numbers: NumbersLayer,
    pub keys: Vec<(Command, Vec<Key>)>,
    pub read_only: Option<(bool, Spot)>,
    pub armed_for: Option<Seconds>,
    pub theme: Option<(String, Spot)>,
    pub zone: Option<ZoneChoice>,
}

/// What a file says about numbers; all that a project's file may say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumbersLayer {
    pub panels: Vec<PanelEntry>,
    pub slos: Vec<SloEntry>,
}

/// Arming lasts a shift at most.
const MAX_ARMED: Seconds = Seconds(8.0 * 3600.0);

/// Reads the user's own file.
///
/// # Errors
/// Everything that is wrong in it.
pub fn user(path: &Path, text: &str, home: Option<&Path>) -> Result<FileLayer, Vec<ConfigError>> {
    let document = Document::parse(path, text).map_err(|error| vec![error])?;
    let mut layer = FileLayer::default();
    let root = document.section();
    for section in root.tables("sources") {
        layer.sources.extend(source::read(section, home));
    }
    layer.numbers = numbers(&root, path);
    if let Some(section) = root.table("keys") {
        layer.keys = keys::read(&section);
    }
    if let Some(section) = root.table("policy") {
        layer.read_only = section.flag("read_only").map(|flag| (flag, section.spot("read_only")));
        layer.armed_for = section.duration("armed_for");
        if layer.armed_for.is_some_and(|length| length > MAX_ARMED || length.0 <= 0.0) {
            section.wrong("armed_for", format!("expected more than 0 and at most `{MAX_ARMED}`"), None);
        }
        section.finish();
    }
    layer.theme = root.text("theme").map(|name| (name, root.spot("theme")));
    layer.zone = root.choice("zone", ZONES);
    root.finish();
    twice(&document, &layer.numbers.panels);
    let errors = document.into_errors();
    if errors.is_empty() { Ok(layer) } else { Err(errors) }
}

/// Reads a project's file, which may hold panels and objectives and nothing else.
///
/// # Errors
/// Everything that is wrong in it.
pub fn project(path: &Path, text: &str) -> Result<NumbersLayer, Vec<ConfigError>> {
    let document = Document::parse(path, text).map_err(|error| vec![error])?;
    let root = document.section();
    let numbers = numbers(&root, path);
    for key in ["sources", "keys", "policy", "theme", "zone"] {
        if root.has(key) {
            let hint = "a project's file may hold `[[panels]]` and `[[slos]]` only; the rest belongs into your own configuration";
            root.wrong(key, "is not read from a project's file", hint.to_owned());
        }
    }
    root.finish();
    twice(&document, &numbers.panels);
    let errors = document.into_errors();
    if errors.is_empty() { Ok(numbers) } else { Err(errors) }
}

fn numbers(root: &Section<'_>, path: &Path) -> NumbersLayer {
    let own = root.tables("panels").into_iter().filter_map(|section| panel::read(section, path));
    let mut panels: Vec<PanelEntry> = own.collect();
    let ready = packs::read(root);
    let is_own = |panel: &PanelEntry| panels.iter().any(|own| own.spec.name == panel.spec.name);
    let ready: Vec<PanelEntry> = ready.into_iter().filter(|panel| !is_own(panel)).collect();
    panels.extend(ready);
    let slos = root.tables("slos").into_iter().filter_map(|section| slo::read(section, path)).collect();
    NumbersLayer { panels, slos }
}

/// Notes every panel whose name another one of the same file already shows for the same targets.
fn twice(document: &Document<'_>, panels: &[PanelEntry]) {
    for (place, panel) in panels.iter().enumerate() {
        let same = |other: &&PanelEntry| other.spec.name == panel.spec.name && other.spec.targets == panel.spec.targets;
        if let Some(first) = panels.iter().take(place).find(same) {
            document.add(ConfigError {
                spot: panel.spot.clone(),
                what: format!("there are two panels `{}` for the same targets", panel.spec.name),
                hint: Some(format!("the first is {}", first.spot)),
            });
        }
    }
}
