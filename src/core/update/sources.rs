//! How each source is doing: signs of life, loss and recovery, who we are there, how far its clock is off.

use super::{notices, paint, questions};
use crate::{
    core::{
        effect::Effect,
        freshness::{self, LIVE_SECONDS},
        settings::Role,
        state::{NoticeKind, Source, State},
    },
    domain::{
        clean::Name, clocks::FURTHEST_OFF, health::Health, time::Seconds, timeline::MomentKind, update::Identity,
    },
};

/// A clock is told to the second, so less than this is no change of it.
const SAME_SECONDS: f64 = 1.0;
/// A source that holds more back is of no use while a release goes out.
const MAX_HELD_BACK_SECONDS: f64 = 3600.0;

fn find<'a>(state: &'a mut State, name: &Name) -> Option<&'a mut Source> {
    state.sources.iter_mut().find(|s| s.name == *name)
}

/// It has just been heard of.
pub(super) fn heard(state: &mut State, name: &Name, effects: &mut Vec<Effect>) {
    health(state, name, &Health::Live, effects);
}

pub(super) fn health(state: &mut State, name: &Name, health: &Health, effects: &mut Vec<Effect>) {
    let now = state.at;
    let Some(source) = find(state, name) else { return };
    let silence = source.heard.map(|heard| now.millis_since(heard));
    let before = std::mem::replace(&mut source.health, health.clone());
    let is_live = match health {
        Health::Live => {
            source.heard = Some(now.mono);
            true
        }
        Health::Connecting | Health::Lost { .. } => false,
    };
    // An age that stood on screen goes back to "live".
    let was_quiet = silence.is_none_or(|ms| seconds(ms).0 >= LIVE_SECONDS);
    if before != *health || (is_live && was_quiet) {
        paint(effects);
    }
    match (&before, health) {
        (Health::Connecting | Health::Live, Health::Lost { why, .. }) => {
            let text = format!("contact with `{name}` is lost: {}", why.summary);
            if concerns_open(state, name) {
                notices::note(state, MomentKind::Source, text.clone());
            }
            let unproven = state
                .acts
                .iter()
                .find(|act| act.stage.is_unproven() && act.plan.release.target.source == *name)
                .map(|act| act.plan.goal.clone());
            let text = match unproven {
                Some(goal) => format!("{text}; whether `{goal}` worked cannot be seen until it is back"),
                None => text,
            };
            notices::say(state, NoticeKind::Trouble, text, effects);
        }
        (Health::Lost { .. }, Health::Live) => {
            let after = silence.map(seconds);
            let text = after.map_or_else(
                || format!("contact with `{name}` is there"),
                |after| format!("contact with `{name}` is back after {after}"),
            );
            if concerns_open(state, name) {
                notices::note(state, MomentKind::Source, text.clone());
            }
            notices::say(state, NoticeKind::Said, text, effects);
        }
        (Health::Connecting | Health::Live | Health::Lost { .. }, _) => {}
    }
}

fn seconds(millis: u64) -> Seconds {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of one run fit f64 exactly")]
    Seconds(millis as f64 / 1000.0)
}

fn concerns_open(state: &State, name: &Name) -> bool {
    state
        .open
        .as_ref()
        .is_some_and(|open| open.target.source == *name || open.panels.iter().any(|p| p.spec.source == *name))
}

pub(super) fn identity(state: &mut State, name: &Name, identity: Identity, effects: &mut Vec<Effect>) {
    if let Some(source) = find(state, name)
        && source.user.as_ref() != Some(&identity.user)
    {
        source.user = Some(identity.user);
        paint(effects);
    }
}

/// Its clock, as an answer showed it.
pub(super) fn skew(state: &mut State, name: &Name, skew: Option<f64>, effects: &mut Vec<Effect>) {
    let Some(source) = find(state, name) else { return };
    let was_off = freshness::clock_off(source).is_some();
    let skew = skew.filter(|skew| skew.abs() < FURTHEST_OFF.as_seconds_f64());
    let is_same = |new: f64| source.skew.is_some_and(|old| (new - old).abs() <= SAME_SECONDS);
    let new = skew.filter(|new| !is_same(*new));
    if let Some(new) = new {
        source.skew = Some(new);
    }
    if let Some(skew) = freshness::clock_off(source).filter(|_| !was_off) {
        let side = if skew > 0.0 { "ahead of" } else { "behind" };
        let what = match source.role {
            Role::Metrics => "its own time is used for its numbers",
            Role::Backend => "the times it tells are shown by ours",
        };
        let text = format!("the clock of `{name}` is {} {side} ours; {what}", Seconds(skew.abs()));
        notices::say(state, NoticeKind::Warning, text, effects);
    }
    if new.is_some() {
        // What happened to the release lies elsewhere on that clock.
        questions::follow_release(state);
    }
}

/// How far behind its clock its newest numbers are.
pub(super) fn held_back(state: &mut State, name: &Name, held_back: Seconds) {
    if let Some(source) = find(state, name) {
        source.held_back = Seconds(held_back.0.clamp(0.0, MAX_HELD_BACK_SECONDS));
    }
}

/// Takes all arms back, and says whose.
pub(super) fn disarm(state: &mut State) -> Vec<Name> {
    let armed = state.sources.iter_mut().filter(|source| source.armed_until.is_some());
    armed
        .map(|source| {
            source.armed_until = None;
            source.name.clone()
        })
        .collect()
}

/// Arms that have run out are taken back.
pub(super) fn disarm_expired(state: &mut State, effects: &mut Vec<Effect>) {
    let is_over = |source: &&Source| source.armed_until.is_some() && !state.is_armed(&source.name);
    let expired: Vec<Name> = state.sources.iter().filter(is_over).map(|source| source.name.clone()).collect();
    for name in expired {
        if let Some(source) = find(state, &name) {
            source.armed_until = None;
        }
        notices::say(
            state,
            NoticeKind::Warning,
            format!("`{name}` is read-only again; arm it: `x`, then arm"),
            effects,
        );
    }
}
