//! `[[panels]]` and ready packs that travel with a release, in an object of its cluster, by the rules of the user's own file.
//!
//! Whoever may write such an object may name queries and nothing else: no source, no address, no file, no command,
//! no policy. Reads a text; knows nothing of the object that it stands in.

use std::path::Path;

use super::{
    error::ConfigError,
    packs,
    panel::{self, PanelEntry},
    toml_file::Document,
};
use crate::domain::panel::TargetPattern;

/// What such a document says. A panel with a mistake in it is left out as a whole: half of what its owner wanted
/// would be another panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Carried {
    pub panels: Vec<PanelEntry>,
    pub mistakes: Vec<Mistake>,
}

/// Something wrong, and whose panel it is in, where that can be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    pub error: ConfigError,
    pub targets: Option<TargetPattern>,
}

/// Reads a document; `origin` names it in messages, as a file's path would.
#[must_use]
pub fn read(origin: &str, text: &str) -> Carried {
    let path = Path::new(origin);
    let of_all = |error| Mistake { error, targets: None };
    let document = match Document::parse(path, text) {
        Ok(document) => document,
        Err(error) => return Carried { panels: Vec::new(), mistakes: vec![of_all(error)] },
    };
    let root = document.section();
    let mut carried = Carried::default();
    let (sections, packs) = (root.tables("panels"), packs::read(&root));
    root.refuse_rest(
        "is not read from an object of a cluster",
        "it may hold `[[panels]]` and `packs`, and nothing else",
    );
    carried.mistakes.extend(document.take_errors().into_iter().map(of_all));
    for section in sections {
        let targets = section.peek("targets").map(|text| TargetPattern(text.split('/').map(str::to_owned).collect()));
        let panel = panel::read(section, path);
        let errors = document.take_errors();
        if errors.is_empty() {
            carried.panels.extend(panel);
        }
        carried.mistakes.extend(errors.into_iter().map(|error| Mistake { error, targets: targets.clone() }));
    }
    carried.panels.extend(packs);
    carried
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: &str = r#"
[[panels]]
name = "orders"
kind = "ratio"
events = 'orders_total{namespace="{{namespace}}"}'
exposures = "checkouts_total"
better = "higher"
"#;

    fn mistakes(text: &str) -> Vec<String> {
        read("configmap shop/checkout-panels: panels.toml", text)
            .mistakes
            .iter()
            .map(|mistake| mistake.error.to_string())
            .collect()
    }

    #[test]
    fn panels_are_read_as_from_the_users_own_file() {
        let carried = read("configmap shop/checkout-panels: panels.toml", &format!("{ORDERS}source = \"prom\"\n"));
        assert_eq!(carried.mistakes, []);
        let [panel] = carried.panels.as_slice() else { panic!("{carried:?}") };
        assert_eq!((panel.spec.name.as_str(), panel.source.as_deref()), ("orders", Some("prom")));
        assert_eq!(panel.spec.origin.as_str(), "configmap shop/checkout-panels: panels.toml");
    }

    #[test]
    fn a_mistake_names_line_and_key_and_takes_only_its_own_panel_away() {
        let carried = read("rollout shop/web: flightdeck/panels", &format!("{ORDERS}tolerence = \"5 %\"\n{ORDERS}"));
        assert_eq!(carried.panels.len(), 1, "the other one stands");
        let said: Vec<String> = carried.mistakes.iter().map(|mistake| mistake.error.to_string()).collect();
        let expected = "rollout shop/web: flightdeck/panels:8: `panels[1].tolerence`: is not a known key; \
                        did you mean `tolerance`?";
        assert_eq!(said, [expected]);
        assert!(
            mistakes("[[panels]\n")[0].starts_with("configmap shop/checkout-panels: panels.toml:1: this is not TOML")
        );
    }

    #[test]
    fn nothing_but_queries_can_be_named() {
        let refused = [
            "[[sources]]\nname = \"x\"\nkind = \"prometheus\"\nurl = \"http://evil.example\"\n",
            "[auth]\ntoken_file = \"/etc/passwd\"\n",
            "[policy]\nread_only = false\n",
            "[keys]\nrollback = \"x\"\n",
            "command = [\"sh\", \"-c\", \"id\"]\n",
            "theme = \"light\"\n",
            "include = \"/etc/flightdeck.toml\"\n",
        ];
        for text in refused {
            let said = mistakes(text);
            assert_eq!(said.len(), 1, "{text}: {said:?}");
            assert!(said[0].contains("is not read from an object of a cluster; it may hold `[[panels]]`"), "{said:?}");
        }
        for key in [
            "url = \"http://evil.example\"",
            "token_file = \"/etc/passwd\"",
            "command = \"id\"",
            "env = \"HOME\"",
            "headers = { Authorization = \"x\" }",
            "auth = { bearer = \"x\" }",
        ] {
            let carried = read("configmap shop/a: b.toml", &format!("{ORDERS}{key}\n"));
            assert!(carried.panels.is_empty(), "{key}");
            assert!(carried.mistakes[0].error.to_string().contains("is not a known key"), "{:?}", carried.mistakes);
        }
        // What the backend's own analysis asks comes from the analysis alone.
        assert!(
            mistakes("[[panels]]\nname = \"a\"\nkind = \"analysis\"\nquery = \"x\"\nbetter = \"lower\"\n")[0]
                .contains("`analysis` is not known here")
        );
    }
}
