//! Panels that travel with a release: in labelled ConfigMaps of its namespace and in its own annotation.

use super::{
    Observed,
    objects::{ConfigMap, PANELS},
};
use crate::{
    config::{
        carried::{self, Carried, Mistake},
        error::{ConfigError, Spot},
        panel::PanelEntry,
    },
    domain::{
        clean::{Clean, Name},
        panel::{Declared, PanelSpec, TargetPattern},
        target::Target,
    },
};

/// Most text that is read of one object, and of all of them, in bytes.
const MAX_BYTES: usize = 64 << 10;
const MAX_BYTES_OF_ALL: usize = 512 << 10;
/// Most panels of one release, and most mistakes that are told.
const MAX_PANELS: usize = 100;
const MAX_WRONG: usize = 20;

/// A document and where it stands.
struct Document<'a> {
    origin: String,
    text: &'a str,
    /// For which targets its panels are that name none.
    usual: TargetPattern,
    /// It can speak for this target only.
    own: bool,
}

/// Everything that is declared for this target, ConfigMaps first, each in the order of their names.
pub(super) fn declared(observed: &Observed, target: &Target) -> Vec<Declared> {
    let mut found = Found { target, panels: Vec::new(), wrong: Vec::new(), left_out: 0 };
    let mut left = MAX_BYTES_OF_ALL;
    let mut maps: Vec<&ConfigMap> = observed.config_maps.iter().collect();
    maps.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    for map in maps {
        let meta = &map.metadata;
        let place = format!("configmap {}/{}", meta.namespace, meta.name);
        let size = map.data.values().map(String::len).sum();
        if found.is_too_large(&place, size, &mut left) {
            continue;
        }
        let usual = TargetPattern(vec![meta.namespace.clone(), "*".to_owned()]);
        for (key, text) in &map.data {
            found.read(&Document { origin: format!("{place}: {key}"), text, usual: usual.clone(), own: false });
        }
        if map.data.is_empty() {
            found.wrong(&place, "has no key that ends in `.toml`: its panels go there");
        }
    }
    let meta = &observed.rollout.metadata;
    if let Some(text) = meta.annotation(PANELS) {
        let origin = format!("rollout {}/{}: {PANELS}", meta.namespace, meta.name);
        if !found.is_too_large(&origin, text.len(), &mut left) {
            let usual = TargetPattern(vec![meta.namespace.clone(), meta.name.clone()]);
            found.read(&Document { origin, text, usual, own: true });
        }
    }
    found.all()
}

struct Found<'a> {
    target: &'a Target,
    panels: Vec<(PanelSpec, Option<Name>)>,
    wrong: Vec<Declared>,
    /// Panels beyond the most that are shown.
    left_out: usize,
}

impl Found<'_> {
    fn read(&mut self, document: &Document<'_>) {
        let Carried { panels, mistakes } = carried::read(&document.origin, document.text);
        for panel in panels {
            self.add(panel, document);
        }
        for Mistake { error: ConfigError { spot, what, hint }, targets } in mistakes {
            // What is wrong in another release's panel is told there.
            let elsewhere = |of: &TargetPattern| !of.matches(self.target) && !self.is_outside(of) && !document.own;
            if targets.as_ref().is_some_and(elsewhere) {
                continue;
            }
            let what = hint.map_or_else(|| what.clone(), |hint| format!("{what}; {hint}"));
            match spot {
                Spot::File { file, line, key } => {
                    let key = if key.is_empty() { String::new() } else { format!("`{key}`: ") };
                    self.wrong(&format!("{}:{line}", file.display()), &format!("{key}{what}"));
                }
                Spot::Whole(_) | Spot::Said(_) => self.wrong(&document.origin, &what),
            }
        }
    }

    fn add(&mut self, panel: PanelEntry, document: &Document<'_>) {
        let PanelEntry { mut spec, source, spot, .. } = panel;
        if spec.targets.0.is_empty() {
            spec.targets = document.usual.clone();
        }
        let matches = spec.targets.matches(self.target);
        if self.is_outside(&spec.targets) || (document.own && !matches) {
            let elsewhere = spec.targets.0.join("/");
            let name = &spec.name;
            let why = format!("panel `{name}` is for `{elsewhere}`, which it may not speak for; leave `targets` out");
            return self.wrong(&place(&spot), &why);
        }
        if !matches {
            return;
        }
        if let Some((first, _)) = self.panels.iter().find(|(first, _)| first.name == spec.name) {
            // One of a ready pack gives way to one that somebody wrote.
            if spec.origin != Clean::new(&document.origin) {
                return;
            }
            let why = format!("there is a panel `{}` already; it is in {}", spec.name, first.origin);
            return self.wrong(&place(&spot), &why);
        }
        if self.panels.len() == MAX_PANELS {
            self.left_out += 1;
            return;
        }
        self.panels.push((spec, source.map(Name::from)));
    }

    /// Whether a pattern names another namespace than the target's own.
    fn is_outside(&self, pattern: &TargetPattern) -> bool {
        let named = pattern.0.iter().rev().nth(1);
        named.is_some_and(|named| named != "*" && self.target.path.first().is_none_or(|own| own.raw() != named))
    }

    fn is_too_large(&mut self, origin: &str, size: usize, left: &mut usize) -> bool {
        let kib = |bytes: usize| bytes.div_ceil(1 << 10);
        if size > MAX_BYTES {
            self.wrong(origin, &format!("it holds {} KiB of panels, and {} are read", kib(size), kib(MAX_BYTES)));
        } else if size > *left {
            self.wrong(origin, &format!("there are more than {} KiB of panels: it is left out", kib(MAX_BYTES_OF_ALL)));
        } else {
            *left -= size;
            return false;
        }
        true
    }

    fn wrong(&mut self, origin: &str, why: &str) {
        self.wrong.push(Declared::Wrong { origin: origin.into(), why: why.into() });
    }

    fn all(self) -> Vec<Declared> {
        let Self { panels, mut wrong, left_out, .. } = self;
        let more = wrong.len().saturating_sub(MAX_WRONG);
        wrong.truncate(MAX_WRONG);
        if more > 0 {
            wrong.push(Declared::Wrong { origin: PANELS.into(), why: format!("and {more} more mistakes").into() });
        }
        if left_out > 0 {
            let why = format!("{left_out} more panels are left out: {MAX_PANELS} are shown");
            wrong.push(Declared::Wrong { origin: PANELS.into(), why: why.into() });
        }
        let panels = panels.into_iter().map(|(spec, source)| Declared::Panel { spec: Box::new(spec), source });
        panels.chain(wrong).collect()
    }
}

/// The file and line of a spot without its key.
fn place(spot: &Spot) -> String {
    match spot {
        Spot::File { file, line, .. } => format!("{}:{line}", file.display()),
        Spot::Whole(_) | Spot::Said(_) => spot.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::backend::kubernetes::argo_rollouts;

    fn panel(name: &str, more: &str) -> String {
        format!("[[panels]]\nname = \"{name}\"\nkind = \"shared\"\nquery = \"x\"\nbetter = \"lower\"\n{more}\n")
    }

    fn map(name: &str, data: &Value) -> Value {
        let metadata = json!({"name": name, "namespace": "shop", "labels": {PANELS: "true"}});
        json!({"metadata": metadata, "data": data})
    }

    /// What is told of each panel and each mistake.
    fn told(maps: Value, annotation: Option<&str>) -> Vec<String> {
        let annotations = annotation.map_or_else(|| json!({}), |text| json!({PANELS: text}));
        let observed = Observed {
            rollout: serde_json::from_value(
                json!({"metadata": {"name": "checkout", "namespace": "shop", "annotations": annotations}}),
            )
            .unwrap(),
            config_maps: serde_json::from_value(maps).unwrap(),
            ..Observed::default()
        };
        let target = argo_rollouts::target(&"prod-eu".into(), &observed.rollout);
        declared(&observed, &target)
            .into_iter()
            .map(|declared| match declared {
                Declared::Panel { spec, source } => {
                    let targets = spec.targets.0.join("/");
                    format!("{} of {} for {targets} from {}", spec.name, spec.origin, source.unwrap_or_default())
                }
                Declared::Wrong { origin, why } => format!("{origin}: {why}"),
            })
            .collect()
    }

    #[test]
    fn config_maps_and_the_annotation_declare_panels_in_this_order() {
        let maps = json!([
            map("z", &json!({"panels.toml": panel("z", ""), "README.md": "not read"})),
            map(
                "a",
                &json!({"b.toml": panel("b", "source = \"prom\""), "a.toml": panel("a", "targets = \"checkout\"")})
            ),
        ]);
        let expected = [
            "a of configmap shop/a: a.toml for checkout from ",
            "b of configmap shop/a: b.toml for shop/* from prom",
            "z of configmap shop/z: panels.toml for shop/* from ",
            "own of rollout shop/checkout: flightdeck/panels for shop/checkout from ",
        ];
        assert_eq!(told(maps, Some(&panel("own", ""))), expected);
    }

    #[test]
    fn every_mistake_says_where_it_is_and_takes_nothing_else_away() {
        let text = [
            panel("orders", "tolerence = \"5 %\""),
            panel("elsewhere", "targets = \"other/checkout\""),
            panel("another", "targets = \"shop/web\""),
            panel("fine", ""),
            panel("fine", ""),
            panel("theirs", "targets = \"shop/web\"\nunti = \"s\""),
        ]
        .concat();
        let expected = [
            "fine of configmap shop/a: panels.toml for shop/* from ",
            "configmap shop/a: panels.toml:9: panel `elsewhere` is for `other/checkout`, which it may not speak for; leave `targets` out",
            "configmap shop/a: panels.toml:27: there is a panel `fine` already; it is in configmap shop/a: panels.toml",
            "configmap shop/a: panels.toml:7: `panels[1].tolerence`: is not a known key; did you mean `tolerance`?",
        ];
        let mut told = told(json!([map("a", &json!({"panels.toml": format!("\n{text}")}))]), None);
        told.sort_by_key(|line| line.starts_with("configmap"));
        assert_eq!(told, expected);
        assert_eq!(
            self::told(json!([map("a", &json!({"panels": "x"}))]), None),
            ["configmap shop/a: has no key that ends in `.toml`: its panels go there"]
        );
        assert_eq!(
            self::told(json!([]), Some(&panel("a", "targets = \"web\""))),
            [
                "rollout shop/checkout: flightdeck/panels:2: panel `a` is for `web`, which it may not speak for; leave `targets` out"
            ]
        );
    }

    #[test]
    fn a_panel_of_a_ready_pack_gives_way_to_one_of_the_same_name() {
        let found = told(json!([map("a", &json!({"panels.toml": "packs = [\"redis\"]"}))]), None);
        let name = found[0].split(" of pack redis").next().unwrap().to_owned();
        let own = told(
            json!([map("a", &json!({"panels.toml": format!("packs = [\"redis\"]\n{}", panel(&name, ""))}))]),
            None,
        );
        assert_eq!(own.len(), found.len());
        assert!(own.contains(&format!("{name} of configmap shop/a: panels.toml for shop/* from ")), "{own:?}");
    }

    #[test]
    fn no_object_can_flood_the_screen() {
        let many = |count: usize| (0..count).map(|n| panel(&format!("p{n}"), "")).collect::<String>();
        let found = told(json!([map("a", &json!({"panels.toml": many(120)}))]), None);
        assert_eq!(found.len(), MAX_PANELS + 1);
        assert_eq!(found.last().unwrap(), "flightdeck/panels: 20 more panels are left out: 100 are shown");

        let large = "#".repeat(MAX_BYTES + 1);
        let found = told(json!([map("a", &json!({"panels.toml": large}))]), None);
        assert_eq!(found, ["configmap shop/a: it holds 65 KiB of panels, and 64 are read"]);

        let wrong = (0..50).map(|n| format!("key{n} = 1")).collect::<Vec<_>>().join("\n");
        let found = told(json!([map("a", &json!({"panels.toml": wrong}))]), None);
        assert_eq!(
            (found.len(), found.last().unwrap().as_str()),
            (MAX_WRONG + 1, "flightdeck/panels: and 30 more mistakes")
        );
    }
}
