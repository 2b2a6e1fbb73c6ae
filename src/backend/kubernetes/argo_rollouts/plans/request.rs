//! One JSON patch of a Rollout: the request, the words for its conditions, and the same as a command.

use serde_json::{Value, json};

use super::Rollout;
use crate::domain::{
    clean::Clean,
    plan::{Request, Template},
};

/// Which of the two places a patch writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// What the controller keeps: pauses, abort, full promotion.
    Status,
    /// What people ask for.
    Spec,
}

/// A patch being put together: tests first, then changes.
pub(super) struct Patch {
    on: On,
    namespace: String,
    name: String,
    context: Option<String>,
    operations: Vec<Value>,
    only_if: Vec<Clean>,
    template: Option<(Template, String)>,
}

impl Patch {
    pub(super) fn of(rollout: &Rollout, on: On, context: Option<&str>) -> Self {
        Self {
            on,
            namespace: rollout.metadata.namespace.clone(),
            name: rollout.metadata.name.clone(),
            context: context.map(str::to_owned),
            operations: Vec::new(),
            only_if: Vec::new(),
            template: None,
        }
    }

    pub(super) const fn on(&self) -> On {
        self.on
    }

    /// What must be there to the letter; a value of `null` means it must be absent.
    pub(super) fn test(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.operations.push(json!({"op": "test", "path": path, "value": value.into()}));
        self
    }

    /// The same as `test`, in words for people.
    pub(super) fn only_if(mut self, words: impl Into<Clean>) -> Self {
        self.only_if.push(words.into());
        self
    }

    /// Sets a value, whether there was one or not.
    pub(super) fn set(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.operations.push(json!({"op": "add", "path": path, "value": value.into()}));
        self
    }

    pub(super) fn remove(mut self, path: &str) -> Self {
        self.operations.push(json!({"op": "remove", "path": path}));
        self
    }

    /// Puts the pod template of a ReplicaSet in place of the present one, when it is sent.
    pub(super) fn restore_template(mut self, replica_set: &str, digest: &str) -> Self {
        let at = format!("/{}/value", self.operations.len());
        self.operations.push(json!({"op": "replace", "path": "/spec/template", "value": null}));
        let template = Template { at, revision: replica_set.into(), digest: digest.to_owned() };
        self.template = Some((template, replica_set.to_owned()));
        self
    }

    pub(super) fn build(self) -> (Request, String, Vec<Clean>) {
        let command = self.command();
        let place = match self.on {
            On::Status => "/status",
            On::Spec => "",
        };
        let request = Request::Http {
            method: "PATCH".into(),
            path: format!("{}{place}?fieldManager=flightdeck", rollout_path(&self.namespace, &self.name)),
            content_type: "application/json-patch+json".into(),
            body: Value::Array(self.operations),
            template: self.template.map(|(template, _)| template),
        };
        (request, command, self.only_if)
    }

    /// The same for another terminal, with the same tests.
    fn command(&self) -> String {
        let context = self.context.as_ref().map(|c| format!(" --context {}", quoted(c))).unwrap_or_default();
        let kubectl = format!("kubectl{context} --namespace {}", quoted(&self.namespace));
        let place = match self.on {
            On::Status => " --subresource=status",
            On::Spec => "",
        };
        let patch = format!("{kubectl} patch rollouts.argoproj.io {}{place} --type=json", quoted(&self.name));
        let Some((_, replica_set)) = &self.template else {
            return format!("{patch} -p {}", quoted(&Value::from(self.operations.clone()).to_string()));
        };
        let operations: Vec<String> = self
            .operations
            .iter()
            .map(|operation| {
                if operation["path"] == "/spec/template" {
                    r#"{"op":"replace","path":"/spec/template","value":(.spec.template|del(.metadata.labels["rollouts-pod-template-hash"]))}"#.to_owned()
                } else {
                    operation.to_string()
                }
            })
            .collect();
        let filter = quoted(&format!("[{}]", operations.join(",")));
        format!(
            "{kubectl} get replicasets.apps {} -o json | jq -c {filter} | {patch} --patch-file=/dev/stdin",
            quoted(replica_set)
        )
    }
}

/// Where a Rollout lies over the wire.
pub(in super::super::super) fn rollout_path(namespace: &str, name: &str) -> String {
    format!("/apis/argoproj.io/v1alpha1/namespaces/{}/rollouts/{}", segment(namespace), segment(name))
}

/// A name as one segment of a path.
fn segment(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
            text
        } else {
            format!("{text}%{byte:02X}")
        }
    })
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_stay_one_segment_and_one_word() {
        assert_eq!((segment("web-1.x"), segment("../x")), ("web-1.x".into(), "..%2Fx".into()));
        assert_eq!((quoted("web"), quoted("it's; rm")), ("web".into(), r"'it'\''s; rm'".into()));
    }
}
