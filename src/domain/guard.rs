//! The guard: an armed mandate to roll back by itself when a critical panel regresses.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    clean::{Clean, Name},
    goal::Permission,
    release::ReleaseId,
    time::Seconds,
};

/// What a guard leaves on the object it guards to show that it lives; every flightdeck shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Tells one guard from another.
    pub id: Clean,
    /// Who armed it, as the backend knows them.
    pub by: Clean,
    /// The machine it runs on.
    pub host: Clean,
    /// The only revision that it may take back.
    pub revision: Name,
    pub since: DateTime<Utc>,
    pub beat: DateTime<Utc>,
    /// It ends by itself then at the latest.
    pub until: DateTime<Utc>,
    pub state: GuardState,
    /// How it ended, once it has; an older flightdeck does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardState {
    Watching,
    /// It could not act now, and why: nothing fresh to judge by, no way back, no permission.
    Blind(Clean),
    /// It takes the release back: which attempt this is.
    Acting(u32),
    /// It stands down, and why.
    Ended(Clean),
}

/// How a guard ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The release is out and its soak over.
    Completed,
    /// It took the release back and saw that.
    RolledBack,
    /// It sent what should have taken it back, as often as it may, and saw no effect.
    Failed,
    /// Somebody else took the release back, or it is gone.
    TakenBack,
    /// Another revision came: the mandate was for this one.
    Superseded,
    TimeOver,
    StoodDown,
    /// Another guard holds the release.
    Replaced,
    /// It could not be armed.
    Refused,
    /// It was told by a signal.
    Stopped,
}

/// Time between two heartbeats.
pub const BEAT: Seconds = Seconds(10.0);
/// A heartbeat older than this belongs to a guard that is lost.
pub const LOST_AFTER: Seconds = Seconds(30.0);

/// Where a guard of a release leaves its heartbeat, and whether we may write there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// What is written how, for those who look closer.
    pub wire: Clean,
    pub permission: Permission,
}

/// One heartbeat to be left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beat {
    /// The object; a deleted and recreated one gets none.
    pub release: ReleaseId,
    pub heartbeat: Heartbeat,
    /// The guard whose heartbeat this one may be put over, because it is lost. One that has ended may always be followed.
    pub over: Option<Clean>,
}

impl GuardState {
    /// Whether nothing more comes from this guard.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        match self {
            Self::Ended(_) => true,
            Self::Watching | Self::Blind(_) | Self::Acting(_) => false,
        }
    }
}

impl Beat {
    /// Whether this heartbeat may take the place of the one that is there, so that no two guards believe that they hold
    /// the same release and none goes on that was told to stand down.
    ///
    /// # Errors
    /// Why not.
    pub fn may_follow(&self, found: Option<&Heartbeat>) -> Result<(), Clean> {
        let Some(found) = found else { return Ok(()) };
        if found.id == self.heartbeat.id {
            return match (&found.state, &self.heartbeat.state) {
                (GuardState::Ended(why), GuardState::Watching | GuardState::Blind(_) | GuardState::Acting(_)) => {
                    Err(format!("it was told to stand down: {why}").into())
                }
                (GuardState::Ended(_), GuardState::Ended(_))
                | (GuardState::Watching | GuardState::Blind(_) | GuardState::Acting(_), _) => Ok(()),
            };
        }
        if found.state.is_over() || self.over.as_ref() == Some(&found.id) {
            return Ok(());
        }
        Err(format!("another guard holds it: {} on {}", found.by, found.host).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::target::Target;

    fn sign(id: &str, state: GuardState) -> Heartbeat {
        let at = DateTime::UNIX_EPOCH;
        Heartbeat {
            id: id.into(),
            by: "operator".into(),
            host: "bastion".into(),
            revision: "new".into(),
            since: at,
            beat: at,
            until: at,
            state,
            outcome: None,
        }
    }

    #[test]
    fn a_sign_takes_no_other_guards_place_and_none_that_was_stood_down() {
        use GuardState::{Acting, Blind, Ended, Watching};
        let ended = || Ended("by hand".into());
        let cases = [
            (None, Watching, None, true),
            (Some(sign("me", Watching)), Watching, None, true),
            (Some(sign("me", Blind("no data".into()))), Acting(1), None, true),
            (Some(sign("me", Acting(2))), ended(), None, true),
            (Some(sign("me", ended())), Watching, None, false),
            (Some(sign("me", ended())), Acting(1), None, false),
            (Some(sign("me", ended())), ended(), None, true),
            (Some(sign("other", Watching)), Watching, None, false),
            (Some(sign("other", Watching)), ended(), None, false),
            (Some(sign("other", Watching)), Watching, Some("third"), false),
            (Some(sign("other", Watching)), Watching, Some("other"), true),
            (Some(sign("other", ended())), Watching, None, true),
        ];
        let release = ReleaseId {
            target: Target { source: "lab".into(), kind: "rollout".into(), path: vec!["shop".into(), "web".into()] },
            uid: "1".into(),
            revision: "new".into(),
        };
        for (found, state, over, may) in cases {
            let beat =
                Beat { release: release.clone(), heartbeat: sign("me", state.clone()), over: over.map(Clean::from) };
            assert_eq!(beat.may_follow(found.as_ref()).is_ok(), may, "{state:?} over {over:?} upon {found:?}");
        }
    }

    #[test]
    fn a_sign_comes_back_from_json_as_it_was() {
        let ended = || GuardState::Ended("done".into());
        for (state, outcome) in [
            (GuardState::Watching, None),
            (GuardState::Acting(3), None),
            (ended(), Some(Outcome::RolledBack)),
            (ended(), None),
        ] {
            let sign = Heartbeat { outcome, ..sign("me", state) };
            let text = serde_json::to_string(&sign).unwrap();
            assert_eq!(text.contains("outcome"), outcome.is_some(), "as it always was where there is none: {text}");
            assert_eq!(serde_json::from_str::<Heartbeat>(&text).unwrap(), sign);
        }
    }
}
