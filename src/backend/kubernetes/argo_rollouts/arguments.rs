//! The arguments of an analysis and how they get into its metrics, as the controller does it.
//!
//! The controller knows nothing of quotes: a value that would end the quotes it stands in makes another query than the
//! one its author wrote. Such a query is not asked from here. Secrets are never looked up.

use std::collections::BTreeMap;

use super::objects::{Argument, Rollout};
use crate::domain::{clean::Clean, template};

/// What may stand in the place of an argument.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Known(String),
    Secret,
    /// It cannot be known, and why.
    Unknown(String),
}

/// The arguments of one analysis by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arguments(BTreeMap<String, Value>);

impl Arguments {
    /// What the Rollout gives, into what the templates ask for; the first template that names an argument counts.
    ///
    /// # Errors
    /// Where the controller could not start the analysis.
    pub(super) fn merge<'a>(
        rollout: &Rollout,
        given: &[Argument],
        asked: impl Iterator<Item = &'a Argument>,
    ) -> Result<Self, Clean> {
        let mut combined: Vec<&Argument> = Vec::new();
        for argument in asked {
            match combined.iter_mut().find(|other| other.name == argument.name) {
                None => combined.push(argument),
                Some(first) if first.value.is_none() => *first = argument,
                Some(first) if argument.value.is_some() && argument.value != first.value => {
                    let name = Clean::new(&argument.name);
                    return Err(format!("its templates give argument `{name}` different values").into());
                }
                Some(_) => {}
            }
        }
        let mut values = BTreeMap::new();
        for argument in combined {
            let is_secret = argument.value_from.as_ref().is_some_and(|from| from.secret_key_ref.is_some());
            let given = given.iter().rfind(|given| given.name == argument.name);
            let value = match (is_secret, given, &argument.value) {
                (true, _, _) => Value::Secret,
                (false, Some(given), _) => self::given(rollout, given),
                (false, None, Some(value)) => Value::Known(value.clone()),
                (false, None, None) => {
                    return Err(format!("nothing gives argument `{}` a value", Clean::new(&argument.name)).into());
                }
            };
            values.insert(argument.name.clone(), value);
        }
        Ok(Self(values))
    }

    /// A text with every `{{args.…}}` filled in.
    ///
    /// # Errors
    /// What stands in it that has no value to show, in words.
    pub(super) fn fill(&self, text: &str) -> Result<String, Clean> {
        template::replace(text, |place, quote, filled| {
            let place = place.ok_or("`{{` is never closed with `}}`")?;
            let value = self.value(place)?;
            if quote.is_some_and(|quote| !stays_inside(value, quote)) {
                return Err(format!("the value of `{}` ends the quotes it stands in", Clean::new(place)).into());
            }
            filled.push_str(value);
            Ok(())
        })
    }

    fn value(&self, place: &str) -> Result<&str, Clean> {
        let shown = Clean::new(place);
        let value = place.strip_prefix("args.").and_then(|name| self.0.get(name));
        match value {
            Some(Value::Known(value)) => Ok(value),
            Some(Value::Secret) => Err(format!("argument `{}` is a secret", shown.trim_start_matches("args.")).into()),
            Some(Value::Unknown(why)) => Err(format!("argument `{}` {why}", shown.trim_start_matches("args.")).into()),
            None => Err(format!("`{{{{{shown}}}}}` is no argument of it").into()),
        }
    }
}

/// What the Rollout gives an argument.
fn given(rollout: &Rollout, argument: &Argument) -> Value {
    let from = argument.value_from.as_ref();
    if let Some(of) = from.and_then(|from| from.pod_template_hash_value.as_deref()) {
        let hash = if of == "Stable" { &rollout.status.stable_rs } else { &rollout.status.current_pod_hash };
        return match (of, hash.as_str()) {
            ("Stable" | "Latest", "") => Value::Unknown(format!("waits for the {} revision", of.to_lowercase())),
            ("Stable" | "Latest", hash) => Value::Known(hash.to_owned()),
            (_, _) => Value::Unknown("asks for a revision that is neither `Stable` nor `Latest`".to_owned()),
        };
    }
    if let Some(field) = from.and_then(|from| from.field_ref.as_ref()) {
        return rollout.named.get(&field.field_path).map_or_else(
            || Value::Unknown(format!("takes `{}`, which the rollout has not", Clean::new(&field.field_path))),
            |value| Value::Known(value.clone()),
        );
    }
    let value = argument.value.clone().unwrap_or_default();
    // Only an experiment fills in what it calls its own.
    if value.contains("{{") {
        Value::Unknown("is known when its experiment runs".to_owned())
    } else {
        Value::Known(value)
    }
}

/// Whether a value that stands in quotes leaves them as they are.
fn stays_inside(value: &str, quote: char) -> bool {
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        let ends = match c {
            '\\' if quote != '`' => chars.next().is_none_or(|escaped| escaped == '\n'),
            '\n' => quote != '`',
            c => c == quote,
        };
        if ends {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::backend::kubernetes::argo_rollouts::objects::Detailed;

    fn arguments(given: &serde_json::Value, asked: &serde_json::Value) -> Result<Arguments, String> {
        let Detailed(rollout) = serde_json::from_value(json!({
            "metadata": {"name": "web", "namespace": "shop", "labels": {"region": "eu"}},
            "spec": {"strategy": {"canary": {"analysis": {"args": given}}}},
            "status": {"currentPodHash": "new1", "stableRS": "old1"},
        }))
        .unwrap();
        let asked: Vec<Argument> = serde_json::from_value(asked.clone()).unwrap();
        let given: Vec<Argument> = serde_json::from_value(given.clone()).unwrap();
        Arguments::merge(&rollout, &given, asked.iter()).map_err(|why| why.to_string())
    }

    #[test]
    fn arguments_are_filled_in_as_the_controller_does() {
        let arguments = arguments(
            &json!([
                {"name": "latest", "valueFrom": {"podTemplateHashValue": "Latest"}},
                {"name": "stable", "valueFrom": {"podTemplateHashValue": "Stable"}},
                {"name": "region", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['region']"}}},
                {"name": "ready", "valueFrom": {"fieldRef": {"fieldPath": "status.availableReplicas"}}},
                {"name": "window", "value": "5m"},
                {"name": "pods", "value": "web-\\\\d+"},
                {"name": "quoted", "value": "a\" or vector(1) or b{c=\"d"},
                {"name": "token", "value": "given"},
                {"name": "arm", "value": "{{templates.canary.podTemplateHash}}"},
                {"name": "surplus", "value": "nobody asks for it"},
            ]),
            &json!([
                {"name": "latest"}, {"name": "stable"}, {"name": "region"}, {"name": "ready"},
                {"name": "window", "value": "1m"}, {"name": "floor", "value": "0.95"}, {"name": "pods"},
                {"name": "quoted"}, {"name": "arm"},
                {"name": "token", "valueFrom": {"secretKeyRef": {"name": "prom", "key": "token"}}},
            ]),
        )
        .unwrap();
        #[rustfmt::skip]
        let cases = [
            (r#"x{hash="{{args.latest}}",was='{{ args.stable }}'}"#, Ok(r#"x{hash="new1",was='old1'}"#)),
            (r#"x{region="{{args.region}}"}"#, Ok(r#"x{region="eu"}"#)),
            ("rate(x[{{args.window}}])", Ok("rate(x[5m])")),
            ("result[0] >= {{args.floor}}", Ok("result[0] >= 0.95")),
            // Backslashes are the author's: the controller adds none.
            (r#"x{pod=~"{{args.pods}}"}"#, Ok(r#"x{pod=~"web-\\d+"}"#)),
            (r#"x{a="{{args.quoted}}"}"#, Err("the value of `args.quoted` ends the quotes it stands in")),
            (r#"x{a="{{args.token}}"}"#, Err("argument `token` is a secret")),
            (r#"x{a="{{args.ready}}"}"#, Err("argument `ready` takes `status.availableReplicas`, which the rollout has not")),
            (r#"x{a="{{args.arm}}"}"#, Err("argument `arm` is known when its experiment runs")),
            (r#"x{a="{{args.surplus}}"}"#, Err("`{{args.surplus}}` is no argument of it")),
            (r#"x{a="{{name}}"}"#, Err("`{{name}}` is no argument of it")),
            (r#"x{a="{{args.latest"}"#, Err("`{{` is never closed with `}}`")),
        ];
        for (text, expected) in cases {
            let filled = arguments.fill(text);
            assert_eq!(filled.as_deref().map_err(Clean::as_str), expected, "{text}");
        }
    }

    #[test]
    fn what_the_controller_could_not_start_is_said() {
        let cases = [
            (json!([{"name": "a"}]), "nothing gives argument `a` a value"),
            (
                json!([{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]),
                "its templates give argument `a` different values",
            ),
        ];
        for (asked, expected) in cases {
            assert_eq!(arguments(&json!([]), &asked).unwrap_err(), expected);
        }
        // The same value twice, and a value where another template has none, are fine.
        for asked in [
            json!([{"name": "a", "value": "1"}, {"name": "a", "value": "1"}]),
            json!([{"name": "a"}, {"name": "a", "value": "1"}]),
        ] {
            assert_eq!(arguments(&json!([]), &asked).unwrap().fill("{{args.a}}").unwrap(), "1");
        }
        let early = Arguments::merge(
            &Rollout::default(),
            &[Argument {
                name: "a".into(),
                value_from: serde_json::from_value(json!({"podTemplateHashValue": "Stable"})).unwrap(),
                value: None,
            }],
            std::iter::once(&Argument { name: "a".into(), ..Argument::default() }),
        );
        assert_eq!(
            early.unwrap().fill("{{args.a}}").unwrap_err().as_str(),
            "argument `a` waits for the stable revision"
        );
    }

    proptest! {
        /// Whatever a value holds, the quote it stands in ends where the template ended it.
        #[test]
        fn no_value_breaks_out_of_its_quotes(value in "[a\"'`\\\\\n]{0,8}", quote in prop::sample::select(vec!['"', '\'', '`'])) {
            let arguments = Arguments(BTreeMap::from([("a".to_owned(), Value::Known(value))]));
            let Ok(filled) = arguments.fill(&format!("x{{b={quote}{{{{args.a}}}}{quote}}} + 1")) else { return Ok(()) };
            let inside = filled.strip_prefix(&format!("x{{b={quote}")).unwrap();
            let mut chars = inside.chars();
            while let Some(c) = chars.next() {
                match c {
                    '\\' if quote != '`' => prop_assert!(chars.next().is_some_and(|escaped| escaped != '\n')),
                    c if c == quote => break,
                    c => prop_assert!(c != '\n' || quote == '`'),
                }
            }
            prop_assert_eq!(chars.as_str(), "} + 1");
        }
    }
}
