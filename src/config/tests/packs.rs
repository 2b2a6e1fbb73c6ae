//! Ready panels beside one's own.

use super::{Machine, PROMETHEUS, gauge};
use crate::domain::panel::PanelKind;

#[test]
fn a_pack_adds_its_panels_and_gives_way_to_ones_own() {
    let own = gauge("shared", "").replace("pool", "redis evictions");
    let machine = Machine::with_file(&format!("packs = [\"redis\", \"kafka\"]\n{PROMETHEUS}{own}"));
    let panels = machine.load().unwrap().settings.panels;
    let of = |name: &str| panels.iter().filter(|panel| panel.name.as_str() == name).collect::<Vec<_>>();
    assert_eq!(of("kafka consumer lag")[0].origin.as_str(), "pack kafka");
    let evictions = of("redis evictions");
    assert_eq!(evictions.len(), 1);
    assert_eq!(evictions[0].kind, PanelKind::Shared { query: "sum(x)".into() });
}
