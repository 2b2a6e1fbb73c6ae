//! Time that this program was not there for: the machine slept, or the program was stopped. What a person armed or was
//! asked before that is not what they would do now, and nobody saw what happened meanwhile.
//!
//! The monotonic clock stands still while a machine sleeps, so that only the wall's tells of it.

use chrono::TimeDelta;

use super::{confirm, notices, sources, weights};
use crate::{
    core::{
        effect::Effect,
        state::{NoticeKind, Overlay, State},
    },
    domain::{
        clean::Clean,
        time::{At, Seconds},
    },
};

/// Milliseconds without any event after which it is not known what was missed: panels are asked oftener than that.
const STOPPED_MS: u64 = 45_000;
/// Seconds by which the wall's clock may run ahead of the monotonic one at once: one that is corrected does.
const CORRECTED_SECONDS: f64 = 5.0;

/// Lets the clocks move on to `now`, and takes back what should not outlast a time that nobody was there for.
pub(super) fn pass(state: &mut State, now: At, effects: &mut Vec<Effect>) {
    let slept = slept(state, now).map(|length| format!("this machine slept {length}, or its clock was set"));
    let stopped = stopped(state, now).map(|length| format!("this program was stopped for {length}"));
    let is_asleep = slept.is_some();
    let Some(why) = slept.or(stopped) else {
        state.at = now;
        return;
    };
    weights::missed(state, now);
    state.at = now;
    let mut lost: Vec<String> = Vec::new();
    if is_asleep {
        lost.extend(sources::disarm(state).iter().map(|name| format!("`{name}` is read-only again")));
    }
    let text = Clean::new(why);
    if let Some(Overlay::Confirm(_)) = &state.overlay {
        confirm::woke(state, &text, effects);
    } else if state.overlay.take_if(|overlay| overlay.asks()).is_some() {
        lost.push("what was asked for is left".to_owned());
    }
    if !lost.is_empty() {
        notices::say(state, NoticeKind::Warning, format!("{}: {text}", lost.join(" and ")), effects);
    }
}

/// For how long the wall's clock went on and the monotonic one did not.
fn slept(state: &State, now: At) -> Option<Seconds> {
    let counted = millis(now.millis_since(state.at.mono), state.settings.speed);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of one run fit f64 exactly")]
    let uncounted = (now.wall - state.at.wall - counted).num_milliseconds() as f64 / 1000.0;
    (uncounted > CORRECTED_SECONDS).then_some(Seconds(uncounted))
}

/// For how long nothing came, if that is longer than anything rests.
fn stopped(state: &State, now: At) -> Option<Seconds> {
    let silent = now.millis_since(state.at.mono);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of one run fit f64 exactly")]
    (silent >= STOPPED_MS).then_some(Seconds(silent as f64 / 1000.0))
}

/// Monotonic milliseconds as the wall's clock counts them, which a simulated world speeds up.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "milliseconds of one run")]
fn millis(mono: u64, speed: f64) -> TimeDelta {
    TimeDelta::milliseconds((mono as f64 * speed) as i64)
}
