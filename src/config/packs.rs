//! Ready panels for what many services share: `packs = ["postgresql"]` adds them to every release.
//!
//! They are written like anybody's panels and read by the same reader; a panel of one's own with the same name wins.

use std::path::Path;

use super::{file, near, panel::PanelEntry, toml_file::Section};

struct Pack {
    name: &'static str,
    text: &'static str,
}

const PACKS: [Pack; 6] = [
    Pack { name: "postgresql", text: include_str!("../../assets/packs/postgresql.toml") },
    Pack { name: "redis", text: include_str!("../../assets/packs/redis.toml") },
    Pack { name: "cgroup", text: include_str!("../../assets/packs/cgroup.toml") },
    Pack { name: "rabbitmq", text: include_str!("../../assets/packs/rabbitmq.toml") },
    Pack { name: "kafka", text: include_str!("../../assets/packs/kafka.toml") },
    Pack { name: "nats", text: include_str!("../../assets/packs/nats.toml") },
];

/// The names that may be written.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    PACKS.iter().map(|pack| pack.name)
}

/// The panels of every pack that a file names, in its order; a wrong name is noted.
pub fn read(root: &Section<'_>) -> Vec<PanelEntry> {
    let mut panels = Vec::new();
    for name in root.texts("packs").unwrap_or_default() {
        match PACKS.iter().find(|pack| pack.name == name) {
            Some(pack) => panels.extend(entries(pack)),
            None => root.wrong("packs", format!("there is no pack `{name}`"), near::suggest(&name, names())),
        }
    }
    panels
}

/// The panels of one pack; all of them, which a test holds.
fn entries(pack: &Pack) -> Vec<PanelEntry> {
    file::project(Path::new(&format!("pack {}", pack.name)), pack.text).map(|layer| layer.panels).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::panel::PanelKind;

    #[test]
    fn every_pack_reads_without_a_mistake_and_holds_shared_panels_only() {
        for pack in &PACKS {
            let path = format!("pack {}", pack.name);
            let layer = file::project(Path::new(&path), pack.text).unwrap_or_else(|errors| panic!("{errors:?}"));
            assert!(!layer.panels.is_empty(), "{}", pack.name);
            for panel in layer.panels {
                let spec = panel.spec;
                assert!(matches!(spec.kind, PanelKind::Shared { .. }) && !spec.critical, "{}", spec.name);
                assert!(spec.group.is_some() && spec.origin.as_str() == path, "{}", spec.name);
            }
        }
    }
}
