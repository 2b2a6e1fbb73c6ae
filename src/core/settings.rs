//! What was configured, resolved: everything `update` needs to know that does not change while it runs.

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};

use super::{command::Command, key::Key};
use crate::domain::{
    clean::{Clean, Name},
    panel::PanelSpec,
    reset::Reset,
    slo::Slo,
    target::TargetRef,
    time::{At, Seconds},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub sources: Vec<SourceSetting>,
    pub panels: Vec<PanelSpec>,
    #[serde(default)]
    pub slos: Vec<Slo>,
    /// The release to open at the start; the board if none.
    pub open: Option<TargetRef>,
    pub policy: Policy,
    /// Keys that differ from the defaults: what is here replaces all keys of that command.
    pub keys: Vec<(Command, Vec<Key>)>,
    /// Minutes east of UTC for clock times on screen, and the zone's name as the header shows it.
    pub zone: Zone,
    /// The permanent badge of a simulated world.
    pub demo: bool,
    /// Why a guard that is started here would end with the session of whoever starts it, if so.
    #[serde(default)]
    pub mortal: Option<Clean>,
    /// How many times faster than life a simulated world runs; 1 everywhere else.
    pub speed: f64,
    /// Milliseconds that this run asks later than at the full tick, so that two people who watch the same do not
    /// ask at the same instant.
    #[serde(default)]
    pub asks_later_ms: u64,
    /// Regressions that were set aside on this machine before this run, oldest first.
    #[serde(default)]
    pub resets: Vec<Reset>,
}

impl Settings {
    /// Whether backends are armed from the start: only those of a simulated world are.
    #[must_use]
    pub fn is_armed_from_the_start(&self) -> bool {
        self.demo && self.policy.read_only.is_none()
    }

    /// Milliseconds at the keyboard in which so many of the world pass, which a simulated one does faster; rounded up,
    /// none for a time that is past.
    #[must_use]
    pub fn millis_at_the_keyboard(&self, world: i64) -> u64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "never negative, saturates"
        )]
        let millis = (world.max(0) as f64 / self.speed.max(0.001)).ceil() as u64;
        millis
    }

    /// Until when arming lasts that begins now, by both clocks.
    #[must_use]
    pub fn armed_until(&self, now: At) -> At {
        let lasts = self.policy.armed_for.0.max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let millis = (lasts * 1000.0) as u64;
        let wall = now.wall.checked_add_signed(Seconds(lasts * self.speed).delta());
        At { wall: wall.unwrap_or(DateTime::<Utc>::MAX_UTC), mono: now.mono.saturating_add(millis) }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceSetting {
    pub name: Name,
    pub role: Role,
    pub environment: Environment,
    /// Folders to watch on the board; all if empty.
    pub folders: Vec<Name>,
    /// What the header calls it: `k8s`, `prom`.
    pub short: Clean,
    /// Time between the ticks of its numbers: at least 10 s, and how often it scrapes if that is longer. None where
    /// nobody says: then it is found from the numbers themselves.
    #[serde(default)]
    pub tick: Option<Seconds>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Backend,
    Metrics,
}

/// Decides the badge and its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    Prod,
    Staging,
    Dev,
    /// Not said; treated as production.
    #[default]
    Unnamed,
}

/// What may be done and how long arming lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Forbids every act, ways back included; nothing can arm.
    pub read_only: Option<Clean>,
    pub armed_for: Seconds,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    pub minutes_east: i32,
    pub name: Clean,
}

impl Zone {
    /// `14:02:10`.
    #[must_use]
    pub fn time_of_day(&self, at: DateTime<Utc>) -> String {
        self.written(at, "%H:%M:%S")
    }

    /// `14:02`, for what is not known to the second.
    #[must_use]
    pub fn minute(&self, at: DateTime<Utc>) -> String {
        self.written(at, "%H:%M")
    }

    fn written(&self, at: DateTime<Utc>, form: &str) -> String {
        match FixedOffset::east_opt(self.minutes_east.saturating_mul(60)) {
            Some(zone) => at.with_timezone(&zone).format(form).to_string(),
            None => at.format(form).to_string(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            panels: Vec::new(),
            slos: Vec::new(),
            open: None,
            policy: Policy { read_only: None, armed_for: Seconds(15.0 * 60.0) },
            keys: Vec::new(),
            zone: Zone { minutes_east: 0, name: "UTC".into() },
            demo: false,
            mortal: None,
            speed: 1.0,
            asks_later_ms: 0,
            resets: Vec::new(),
        }
    }
}
