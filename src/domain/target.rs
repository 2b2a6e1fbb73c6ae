//! What is deployed where.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::clean::Name;

/// One thing that is deployed, addressed within its source. Prints as `source/namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The configured source it is seen through.
    pub source: Name,
    /// The backend's word for its kind: `rollout`, `deployment`, `workflow`.
    pub kind: Name,
    /// From the outermost folder to the name: `[namespace, name]` on Kubernetes.
    pub path: Vec<Name>,
}

impl Target {
    /// Its last segment.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.last().map_or("", Name::raw)
    }

    /// All but the last segment, joined for reading: the namespace on Kubernetes.
    #[must_use]
    pub fn folder(&self) -> String {
        let folders = self.path.len().saturating_sub(1);
        let parts: Vec<_> = self.path.iter().take(folders).map(ToString::to_string).collect();
        parts.join("/")
    }

    /// The path for reading, without the source: `shop/checkout`.
    #[must_use]
    pub fn within_source(&self) -> String {
        let parts: Vec<_> = self.path.iter().map(ToString::to_string).collect();
        parts.join("/")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.source, self.within_source())
    }
}

/// A target as somebody typed it: any leading part may be missing and is then filled in from what is configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRef {
    /// The kind, where it was named as `kind.name`.
    pub kind: Option<Name>,
    /// The segments as typed, the name last.
    pub segments: Vec<Name>,
}

/// Why a typed target cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error("the target is empty; write `name`, `namespace/name` or `source/namespace/name`")]
    Empty,
    #[error("the target has an empty segment; write `name`, `namespace/name` or `source/namespace/name`")]
    EmptySegment,
}

impl TargetRef {
    /// Whether `target` is what was meant: the typed segments are the last ones of its full address.
    #[must_use]
    pub fn matches(&self, target: &Target) -> bool {
        let full: Vec<&Name> = std::iter::once(&target.source).chain(&target.path).collect();
        self.kind.as_ref().is_none_or(|kind| *kind == target.kind)
            && self.segments.len() <= full.len()
            && self.segments.iter().rev().zip(full.into_iter().rev()).all(|(typed, is)| typed == is)
    }
}

/// Reads `[source/][namespace/]name` and `[source/][namespace/]kind.name` where the kind is a known one.
impl FromStr for TargetRef {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        /// Kinds that may stand before a name; other dots belong to the name.
        const KINDS: [&str; 2] = ["rollout", "deployment"];
        if text.trim().is_empty() {
            return Err(TargetError::Empty);
        }
        let mut segments: Vec<Name> = text.trim().split('/').map(Name::from).collect();
        if segments.iter().any(|segment| segment.raw().is_empty()) {
            return Err(TargetError::EmptySegment);
        }
        let mut kind = None;
        if let Some(last) = segments.last_mut()
            && let Some((before, name)) = last.raw().split_once('.')
            && KINDS.contains(&before)
            && !name.is_empty()
        {
            kind = Some(Name::from(before));
            *last = Name::new(name.to_owned());
        }
        Ok(Self { kind, segments })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> Target {
        Target { source: "prod-eu".into(), kind: "rollout".into(), path: vec!["shop".into(), "checkout".into()] }
    }

    #[test]
    fn a_target_prints_as_it_is_typed() {
        assert_eq!(checkout().to_string(), "prod-eu/shop/checkout");
    }

    #[test]
    fn any_leading_part_may_be_left_out() {
        for typed in ["checkout", "shop/checkout", "prod-eu/shop/checkout", "shop/rollout.checkout"] {
            assert!(typed.parse::<TargetRef>().unwrap().matches(&checkout()), "{typed}");
        }
        for typed in
            ["check", "pay/checkout", "prod-us/shop/checkout", "x/prod-eu/shop/checkout", "deployment.checkout"]
        {
            assert!(!typed.parse::<TargetRef>().unwrap().matches(&checkout()), "{typed}");
        }
    }

    #[test]
    fn a_bad_target_says_how_to_write_one() {
        for typed in ["", "  ", "shop/", "/x", "a//b"] {
            assert!(typed.parse::<TargetRef>().unwrap_err().to_string().contains("namespace/name"), "{typed}");
        }
    }
}
