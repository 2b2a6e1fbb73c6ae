//! The one function that changes the state, and the moments at which it wants to be woken.
//!
//! `update` sends each event to its concern and then lets time pass: everything that falls due is done
//! there, so that a `Tick` needs no code of its own and a late one loses nothing.

mod acting;
mod answers;
mod board;
mod budgets;
mod confirm;
mod forecasts;
mod guarding;
mod judging;
mod keys;
mod navigation;
mod news;
mod notices;
mod overlays;
mod panels;
mod past;
mod proof;
mod pulses;
mod questions;
mod resetting;
mod sentry;
mod sleep;
mod sources;
mod splits;
mod story;
mod taking;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod verdicts;
mod watching;
mod weights;

use super::{
    effect::Effect,
    event::{Event, Signal, Stamped},
    state::{NoticeKind, Overlay, State},
};
use crate::domain::timeline::MomentKind;

pub use time::deadline;

/// Takes one event and says what is to be done about it.
pub fn update(state: &mut State, stamped: Stamped) -> Vec<Effect> {
    let Stamped { at, event } = stamped;
    let mut effects = Vec::new();
    state.generation += 1;
    sleep::pass(state, at, &mut effects);
    match event {
        Event::Key(key) => keys::pressed(state, key, &mut effects),
        Event::Pasted(text) => keys::pasted(state, &text, &mut effects),
        Event::Resized(size) => {
            state.size = size;
            confirm::resized(state);
            navigation::clamp(state);
            paint(&mut effects);
        }
        Event::Update { watch, update } => watching::update(state, watch, update, &mut effects),
        Event::Answered { ask, answer } => {
            if !budgets::answered(state, ask, &answer, &mut effects) {
                answers::answered(state, ask, answer, &mut effects);
            }
        }
        Event::Applied { act, result } => acting::replied(state, act, result, &mut effects),
        Event::Rehearsed { act, result } => confirm::rehearsed(state, act, result, &mut effects),
        Event::Beaten { act, result } => guarding::beaten(state, act, result, &mut effects),
        Event::Ordered(orders) => guarding::ordered(state, *orders, &mut effects),
        Event::GuardProcess(process) => sentry::process(state, process, &mut effects),
        Event::Painted { generation } => painted(state, generation),
        // What is due is done below, whatever brought us here.
        Event::Tick => {}
        Event::Signal(signal) => signalled(state, signal, &mut effects),
        Event::Fault(text) => notices::say(state, NoticeKind::Trouble, text, &mut effects),
    }
    time::pass(state, &mut effects);
    effects
}

/// The effects of starting: the watches of the board or of the release to open.
pub fn start(state: &mut State) -> Vec<Effect> {
    let mut effects = vec![Effect::Paint];
    watching::start(state, &mut effects);
    time::pass(state, &mut effects);
    effects
}

/// Asks for a paint, once per event.
fn paint(effects: &mut Vec<Effect>) {
    if !effects.contains(&Effect::Paint) {
        effects.push(Effect::Paint);
    }
}

/// The next number for a watch, a question or an act.
fn next_id(state: &mut State) -> u64 {
    let id = state.next_id;
    state.next_id += 1;
    id
}

fn painted(state: &mut State, generation: u64) {
    state.painted = state.painted.max(generation);
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay
        && confirm.shown.is_none()
        && generation >= confirm.since
    {
        confirm.shown = Some(state.at.mono);
    }
}

fn signalled(state: &mut State, signal: Signal, effects: &mut Vec<Effect>) {
    match signal {
        Signal::Terminate if state.guard.is_some() => guarding::stop(state, "a signal", effects),
        Signal::Interrupt if state.guard.is_some() => guarding::stop(state, "ctrl-c", effects),
        // It is meant to outlive the terminal.
        Signal::HangUp if state.guard.is_some() => {
            notices::note(state, MomentKind::Guard, "the terminal has gone; the guard stays");
        }
        Signal::Terminate | Signal::HangUp => overlays::leave_now(state, effects),
        Signal::Interrupt => keys::interrupted(state, effects),
        Signal::Continue => {
            effects.push(Effect::Redraw);
            paint(effects);
        }
    }
}
