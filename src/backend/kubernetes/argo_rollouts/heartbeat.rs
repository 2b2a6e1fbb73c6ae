//! A guard's heartbeat as an annotation of its Rollout.
//!
//! Metadata only: it moves the object's version and never its generation, so that no step, pause or analysis
//! notices.

use serde_json::{Value, json};

use super::{Observed, objects::Meta, rollout_path};
use crate::domain::{
    clean::Clean,
    guard::{BEAT, Heartbeat, Post},
};

/// The annotation.
pub(in super::super) const KEY: &str = "flightdeck/guard";
/// Who the API server says wrote it.
const MANAGER: &str = "flightdeck-guard";
/// The longest text that is taken for one; what is longer was not written by a guard.
const LONGEST: usize = 8 << 10;

/// The heartbeat that stands there; none where there is none.
///
/// # Errors
/// Why what stands there is none, in words for the release's `missing`.
pub(in super::super) fn read(meta: &Meta) -> Result<Option<Heartbeat>, Clean> {
    let Some(text) = meta.annotation(KEY) else { return Ok(None) };
    if text.len() > LONGEST {
        return Err(format!("guard: the annotation {KEY} is too long to be a guard's sign").into());
    }
    serde_json::from_str(text)
        .map(Some)
        .map_err(|error| format!("guard: the annotation {KEY} is no guard's sign: {error}").into())
}

/// Where a heartbeat is left and whether it may be.
pub(super) fn post(observed: &Observed) -> Post {
    let name = &observed.rollout.metadata.name;
    Post {
        wire: format!("PATCH rollouts/{name}  metadata.annotations[{KEY}], every {BEAT}, as {MANAGER}").into(),
        permission: observed.permissions.spec.clone(),
    }
}

/// The path and the JSON patch that put a heartbeat where `found` stands now, and only there.
pub(in super::super) fn patch(found: &Meta, heartbeat: &Heartbeat) -> Result<(String, Value), serde_json::Error> {
    let text = serde_json::to_string(heartbeat)?;
    let path = format!("{}?fieldManager={MANAGER}", rollout_path(&found.namespace, &found.name));
    // A Rollout that its controller has seen carries annotations, so that there is a map to add to.
    let place = format!("/metadata/annotations/{}", KEY.replace('/', "~1"));
    let operations = json!([
        {"op": "test", "path": "/metadata/uid", "value": found.uid},
        {"op": "test", "path": place, "value": found.annotation(KEY)},
        {"op": "add", "path": place, "value": text},
    ]);
    Ok((path, operations))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::guard::GuardState;

    fn meta(annotations: &Value) -> Meta {
        serde_json::from_value(json!({
            "name": "web", "namespace": "shop", "uid": "u-1", "annotations": annotations,
        }))
        .unwrap()
    }

    fn heartbeat() -> Heartbeat {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Heartbeat {
            id: "bastion-7-1".into(),
            by: "operator".into(),
            host: "bastion".into(),
            revision: "7d9f".into(),
            since: at,
            beat: at,
            until: at,
            state: GuardState::Acting(2),
            outcome: None,
        }
    }

    #[test]
    fn a_heartbeat_is_read_as_it_was_written() {
        let (place, first) = patch(&meta(&json!({"rollout.argoproj.io/revision": "3"})), &heartbeat()).unwrap();
        assert_eq!(place, "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web?fieldManager=flightdeck-guard");
        assert_eq!(first[0]["value"], "u-1");
        assert_eq!(first[1], json!({"op": "test", "path": "/metadata/annotations/flightdeck~1guard", "value": null}));
        let written = first[2]["value"].as_str().unwrap();
        let back = meta(&json!({KEY: written}));
        assert_eq!(read(&back), Ok(Some(heartbeat())));
        let (_, next) = patch(&back, &heartbeat()).unwrap();
        assert_eq!(next[1]["value"], written, "only over the very text that was read");
    }

    #[test]
    fn foreign_text_is_no_heartbeat_or_a_clean_one() {
        assert_eq!(read(&meta(&json!({}))), Ok(None));
        for text in ["", "{}", "yes", "null", "[1]", r#"{"id": 1}"#, &"9".repeat(LONGEST + 1)] {
            let why = read(&meta(&json!({KEY: text}))).unwrap_err();
            assert!(why.contains(KEY), "{why}");
        }
        let mut hostile = serde_json::to_value(heartbeat()).unwrap();
        hostile["by"] = "\u{1b}[2Joperator\u{202e}".into();
        hostile["state"] = json!({"ended": "\u{1b}]52;c;aGk=\u{7}"});
        hostile["beat"] = "-262143-01-01T00:00:00Z".into();
        let read = read(&meta(&json!({KEY: hostile.to_string()}))).unwrap().unwrap();
        assert_eq!(read.by.as_str(), "�[2Joperator");
        assert_eq!(read.state, GuardState::Ended("�]52;c;aGk=�".into()));
    }
}
