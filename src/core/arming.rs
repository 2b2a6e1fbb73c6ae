//! Who may arm a guard of the opened release, and its mandate in words. The screen's dialog, the command line's
//! question and the journal all say these same sentences.

use std::fmt;

use chrono::{DateTime, FixedOffset, Utc};

use super::{
    acts, evidence,
    guard::{self, ATTEMPTS, Mandate},
    pulse::{self, Life},
    settings::Zone,
    state::{Open, State},
};
use crate::domain::{
    clean::{Clean, Name},
    goal::{Denied, Goal, Permission},
    guard::{Heartbeat, Post},
    plan::Plan,
    release::Release,
    time::Seconds,
};

impl State {
    /// Whether acts on this source are allowed without arming anew.
    #[must_use]
    pub fn is_armed(&self, source: &Name) -> bool {
        self.armed_for(source).is_some()
    }

    /// For how many milliseconds more acts on this source are allowed without arming anew.
    #[must_use]
    pub fn armed_for(&self, source: &Name) -> Option<u64> {
        let until = self.source(source)?.armed_until?;
        let by_wall = self.settings.millis_at_the_keyboard((until.wall - self.at.wall).num_milliseconds());
        Some(until.mono.saturating_sub(self.at.mono).min(by_wall)).filter(|left| *left > 0)
    }
}

/// One sentence of a dialog behind its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    pub label: &'static str,
    pub text: String,
}

/// What a guard would be armed for, if one may be armed now.
#[derive(Debug)]
pub struct Ground<'a> {
    pub release: &'a Release,
    pub plan: &'a Plan,
    pub post: &'a Post,
}

/// Whether a guard may be armed for the opened release now. A living guard that is there already is another question:
/// `held_by`.
///
/// # Errors
/// Why not.
pub fn may_arm(state: &State) -> Result<Ground<'_>, Denied> {
    if let Some(why) = &state.settings.policy.read_only {
        return Err(Denied::new(why.clone()));
    }
    let goal = Goal::Rollback { to: None };
    let (open, release) = match state.open.as_ref().map(|open| (open, open.release.as_deref())) {
        Some((open, Some(release))) if open.complete && !open.gone => (open, release),
        Some(_) | None => {
            // The same words as for any act on a release that is not there.
            acts::planned(state, &goal)?;
            return Err(Denied::new("no release is open"));
        }
    };
    let Some(post) = &release.post else {
        return Err(if state.settings.demo {
            // It is a process of its own, and no other process can see the simulated world.
            Denied::new("no guard in the demo").hint("try `flightdeck guard TARGET` on a cluster")
        } else {
            Denied::new("there is no place for a guard's heartbeat here")
        });
    };
    if !release.is_moving() {
        return Err(Denied::new(if release.aborted { "it was aborted already" } else { "nothing is on its way" }));
    }
    if release.is_roll_back() {
        let itself = "this is a roll back itself: a guard could only hasten it";
        return Err(Denied::new(itself).hint("a person has to decide"));
    }
    let plan = guard::may_take(acts::planned(state, &goal), &release.way_back.means)?;
    allowed(&plan.permission)?;
    allowed(&post.permission)
        .map_err(|denied| Denied::new(format!("the guard cannot write its heartbeat: {}", denied.why)))?;
    if critical(open).next().is_none() {
        return Err(Denied::new("nothing critical is watched").hint("a guard judges by panels marked `critical`"));
    }
    Ok(Ground { release, plan, post })
}

fn allowed(permission: &Permission) -> Result<(), Denied> {
    match permission {
        Permission::Yes => Ok(()),
        Permission::No(why) => Err(Denied::new(why.clone())),
        Permission::Checking => Err(Denied::new("permission is still being checked")),
    }
}

/// Who guards a release: `operator on bastion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// As the backend knows them.
    pub by: Clean,
    /// The machine the guard runs on.
    pub host: Clean,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.by, self.host)
    }
}

/// Who guards the opened release already, unless that guard has ended or is lost.
#[must_use]
pub fn held_by(state: &State) -> Option<Holder> {
    let (sign, life) = state.open.as_ref().and_then(|open| pulse::guard(state, open))?;
    let alive = !sign.state.is_over() && !matches!(life, Life::Lost(_));
    alive.then(|| Holder { by: sign.by.clone(), host: sign.host.clone() })
}

/// The guard that could be told to stand down.
///
/// # Errors
/// Why there is none.
pub fn holder(state: &State) -> Result<Heartbeat, Denied> {
    if let Some(why) = &state.settings.policy.read_only {
        return Err(Denied::new(why.clone()));
    }
    let open = state.open.as_ref().ok_or_else(|| Denied::new("no release is open"))?;
    let (sign, _) = pulse::guard(state, open)
        .filter(|(sign, _)| !sign.state.is_over())
        .ok_or_else(|| Denied::new("no guard holds it"))?;
    let post = open.release.as_ref().and_then(|release| release.post.as_ref());
    if let Some(Permission::No(why)) = post.map(|post| &post.permission) {
        return Err(Denied::new(why.clone()));
    }
    Ok(sign.clone())
}

/// The panels that a guard judges by.
pub fn critical(open: &Open) -> impl Iterator<Item = &Clean> {
    open.panels
        .iter()
        .map(|panel| &panel.spec)
        .filter(|spec| spec.critical && spec.kind.has_counts())
        .map(|spec| &spec.name)
}

/// What standing the guard down means.
#[must_use]
pub fn standing_down(state: &State) -> Vec<Sentence> {
    let holder = held_by(state);
    let holder = holder.map_or_else(|| "has ended or is lost".to_owned(), |holder| format!("held by {holder}"));
    let say = |label, text: &str| Sentence { label, text: text.to_owned() };
    vec![
        say("guard", &holder),
        say("then", "nobody rolls back by itself; the release goes on as it is"),
        say("sends once", "the guard's heartbeat, as ended; the guard reads it and ends"),
    ]
}

/// The mandate in words, most important first.
#[must_use]
pub fn sentences(state: &State, mandate: &Mandate) -> Vec<Sentence> {
    let mut said = Vec::new();
    let mut say = |label, text: String| said.push(Sentence { label, text });
    let Some(open) = &state.open else { return said };
    let panels: Vec<&str> = critical(open).map(Clean::as_str).collect();
    let zone = &state.settings.zone;
    let release = open.release.as_deref();
    let newest = release.and_then(Release::newest);
    let version = newest.map_or_else(Clean::default, |newest| newest.version.clone());
    let number = newest.and_then(|newest| newest.number).map_or_else(
        || format!("revision {}", mandate.release.revision),
        |number| format!("revision {number} ({version})"),
    );
    let target = &mandate.release.target;
    let back = release.map(|release| &release.way_back);
    let to = back.and_then(|back| back.version.clone()).map_or_else(String::new, |to| format!(" to {to}"));
    let how = back.map_or_else(String::new, |back| {
        let length = back.seconds.map_or_else(String::new, |length| format!(" in ≈{length}"));
        format!(", now by {}{length}", back.means.word().replace('_', " "))
    });
    say("guard", format!("rolls back {target}{to}{how}; {number} only, and nothing else"));
    say(
        "when",
        format!(
            "{} ({} % chance of a false alarm), on data at most {} old; never on missing data",
            regresses(&panels),
            percent(mandate.alpha),
            oldest(state, open)
        ),
    );
    say("tries", format!("at most {ATTEMPTS}, each a fresh plan from a fresh read, each journalled"));
    say(
        "until",
        format!("{} after all traffic is on {version}, or {}", mandate.soak, clock(mandate.until, state.at.wall, zone)),
    );
    let user = state.source(&target.source).and_then(|source| source.user.clone());
    say(
        "who",
        user.map_or_else(|| "as whom is not known".to_owned(), |user| format!("as {user} on {}", target.source)),
    );
    if let Some(post) = release.and_then(|release| release.post.as_ref()) {
        say("heartbeat", post.wire.to_string());
    }
    let left: Vec<&str> = back.iter().flat_map(|back| &back.not_undone).map(Clean::as_str).collect();
    if !left.is_empty() {
        say("not undone", left.join("; "));
    }
    if let Some(why) = &state.settings.mortal {
        say("warning", format!("{why}; `flightdeck guard TARGET --unit` prints a unit that outlives it"));
    }
    said
}

/// The age from which data of any critical panel is called old.
fn oldest(state: &State, open: &Open) -> Seconds {
    let critical = open.panels.iter().filter(|panel| panel.spec.critical && panel.spec.kind.has_counts());
    let oldest = critical.map(|panel| evidence::stale_seconds(state.source(&panel.spec.source), panel.step)).max();
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    Seconds(oldest.unwrap_or_default() as f64)
}

fn regresses(panels: &[&str]) -> String {
    match panels {
        [] => "nothing critical is watched: it would never act".to_owned(),
        [one] => format!("{one} regresses"),
        several => format!("one of {} regresses", several.join(", ")),
    }
}

/// A share as a percentage without needless digits.
fn percent(share: f64) -> f64 {
    (share * 1e6).round() / 1e4
}

/// `14:30:00 UTC`, with the day where it is another one.
#[must_use]
pub fn clock(at: DateTime<Utc>, now: DateTime<Utc>, zone: &Zone) -> String {
    let offset = FixedOffset::east_opt(zone.minutes_east.saturating_mul(60));
    let Some(offset) = offset else { return format!("{} UTC", at.format("%Y-%m-%d %H:%M:%S")) };
    let (at, now) = (at.with_timezone(&offset), now.with_timezone(&offset));
    let form = if at.date_naive() == now.date_naive() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    format!("{} {}", at.format(form), zone.name)
}
