//! The guard that this run is: what the rules say is done, and everyone is told by its heartbeat.

use super::{acting, next_id, notices, overlays, paint, questions, sentry, watching};
use crate::{
    core::{
        acts, arming,
        effect::Effect,
        evidence,
        guard::{self, ATTEMPTS, Beating, Duty, End, Guard, Next, Orders, Sight},
        pulse,
        state::{NoticeKind, State},
    },
    domain::{
        clean::Clean,
        failure::Failure,
        goal::Goal,
        guard::{BEAT, Beat, GuardState, Outcome},
        journal::{ActId, Entry, What},
        time::Seconds,
        timeline::MomentKind,
    },
};

/// Milliseconds after which a sign under way counts as lost.
const LOST_MS: u64 = 20_000;
/// Milliseconds until a sign that could not be left is tried again.
const AGAIN_MS: u64 = 2_000;
/// How long the last sign is tried, in milliseconds.
const LAST_MS: u64 = 10_000;

/// This run becomes a guard.
pub(super) fn ordered(state: &mut State, orders: Orders, effects: &mut Vec<Effect>) {
    let by = user(state, &orders);
    let id = orders.id.clone();
    state.guard = Some(Box::new(Guard::new(orders, by, state.at)));
    notices::note(state, MomentKind::Guard, format!("{id} reads the release before it is armed"));
    paint(effects);
}

fn user(state: &State, orders: &Orders) -> Clean {
    let source = state.source(&orders.mandate.release.target.source);
    source.and_then(|source| source.user.clone()).unwrap_or_else(|| "somebody".into())
}

/// Does what the rules say now.
pub(super) fn pass(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(mut guard) = state.guard.take() else { return };
    take_note(state, &mut guard);
    if guard.end().is_none() {
        let next = guard::next(&guard, &sight(state, &guard));
        follow(state, &mut guard, next, effects);
    }
    beat(state, &mut guard, effects);
    let done = is_done(state, &guard);
    state.guard = Some(guard);
    if done {
        overlays::leave_now(state, effects);
    }
}

/// What the newest news say about itself.
fn take_note(state: &State, guard: &mut Guard) {
    let release = state.open.as_ref().and_then(|open| open.release.as_deref());
    let Some(release) = release else { return };
    if release.guard.as_ref().is_some_and(|sign| sign.id == guard.orders.id) {
        guard.seen = true;
    }
    match (guard::is_out(release), guard.promoted) {
        (true, None) => guard.promoted = Some(state.at.mono),
        (false, Some(_)) => guard.promoted = None,
        (true, Some(_)) | (false, None) => {}
    }
    guard.sign.by = user(state, &guard.orders);
}

fn sight<'a>(state: &'a State, guard: &Guard) -> Sight<'a> {
    let open = state.open.as_ref();
    Sight {
        now: state.at,
        contact: open.is_some_and(|open| pulse::in_contact(state, open)),
        watch: open.filter(|open| open.complete).map(|open| open.watch),
        gone: open.is_some_and(|open| open.gone),
        release: open.and_then(|open| open.release.as_deref()),
        plan: acts::planned(state, &Goal::Rollback { to: None }),
        regressed: open.map(|open| evidence::regressed(open, guard.orders.mandate.alpha)).unwrap_or_default(),
        uncounted: open.map(|open| evidence::uncounted(open, guard.orders.mandate.alpha)).unwrap_or_default(),
        blind: open.and_then(evidence::blind),
        act: guard.act.and_then(|id| state.act(id)),
    }
}

fn follow(state: &mut State, guard: &mut Guard, next: Next, effects: &mut Vec<Effect>) {
    match next {
        Next::Stay(now) => {
            // What was read anew shows nothing to act on any more.
            if let (Duty::Reading(watch), Some(open)) = (&guard.duty, &state.open)
                && open.complete
                && open.watch == *watch
            {
                guard.duty = Duty::Watching;
            }
            cry(state, guard, &now, effects);
            say_state(guard, now);
        }
        Next::Read => {
            let because = evidence_words(state, guard);
            let Some(watch) = watching::reread(state, effects) else { return };
            guard.duty = Duty::Reading(watch);
            guard.reads = state.at.mono;
            notices::note(state, MomentKind::Guard, format!("{because}; reads the release anew"));
        }
        Next::Act(plan, because) => {
            guard.attempts += 1;
            let reason = format!("guard {}, try {} of {ATTEMPTS}: {because}", guard.orders.id, guard.attempts);
            guard.act = Some(acting::dispatch(state, *plan, Some(reason.as_str().into()), effects));
            guard.duty = Duty::Acting;
            notices::note(state, MomentKind::Guard, reason);
            notices::ring(effects);
            say_state(guard, GuardState::Acting(guard.attempts));
        }
        Next::Rest(until) => {
            guard.duty = Duty::Resting(until);
            let pause = until.saturating_sub(state.at.mono) / 1000;
            notices::note(state, MomentKind::Guard, format!("tries again in {pause}s"));
        }
        Next::End(end) => finish(state, guard, end, effects),
    }
}

/// Where it sees a regression and may not act, a person has to: said once.
fn cry(state: &mut State, guard: &mut Guard, now: &GuardState, effects: &mut Vec<Effect>) {
    let regressed = evidence_words(state, guard);
    let GuardState::Blind(why) = now else { return guard.cried &= !regressed.is_empty() };
    if regressed.is_empty() || guard.cried {
        return;
    }
    guard.cried = true;
    guard.due = 0;
    let text = if why.contains(&regressed) {
        format!("it may not act: {why}")
    } else {
        format!("{regressed}; it may not act: {why}")
    };
    notices::note(state, MomentKind::Guard, text.clone());
    notices::say(state, NoticeKind::Trouble, text, effects);
    notices::ring(effects);
}

fn evidence_words(state: &State, guard: &Guard) -> String {
    let sight = sight(state, guard);
    let seen = if sight.regressed.is_empty() { sight.uncounted } else { sight.regressed };
    seen.iter().map(Clean::as_str).collect::<Vec<_>>().join("; ")
}

/// What its sign says from now on. That it acts or has ended is told at once, the rest with the next sign: a release
/// between two states would make it flicker.
fn say_state(guard: &mut Guard, now: GuardState) {
    if guard.sign.state == now {
        return;
    }
    let urgent = matches!(now, GuardState::Acting(_) | GuardState::Ended(_));
    guard.sign.state = now;
    if urgent {
        guard.due = 0;
    }
}

fn finish(state: &mut State, guard: &mut Guard, end: End, effects: &mut Vec<Effect>) {
    let armed = guard.duty != Duty::Arming;
    notices::note(state, MomentKind::Guard, format!("ends: {}", end.why));
    notices::say(state, NoticeKind::Trouble, format!("the guard has ended: {}", end.why), effects);
    notices::ring(effects);
    let what = What::GuardEnded {
        target: guard.orders.mandate.release.target.clone(),
        guard: guard.orders.id.clone(),
        outcome: end.outcome,
        why: end.why.clone(),
    };
    journal(state, guard, what, effects);
    guard.ended = Some(state.at.mono);
    guard.says_goodbye = armed && leaves_a_last_sign(end.outcome);
    say_state(guard, GuardState::Ended(end.why.clone()));
    guard.sign.outcome = Some(end.outcome);
    guard.duty = Duty::Ended(end);
}

/// Whether the place of its sign is still its own.
const fn leaves_a_last_sign(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Completed
        | Outcome::RolledBack
        | Outcome::Failed
        | Outcome::TakenBack
        | Outcome::Superseded
        | Outcome::TimeOver
        | Outcome::Stopped => true,
        Outcome::StoodDown | Outcome::Replaced | Outcome::Refused => false,
    }
}

fn journal(state: &mut State, guard: &Guard, what: What, effects: &mut Vec<Effect>) {
    let act = ActId(next_id(state));
    let user = Some(user(state, &guard.orders));
    effects.push(Effect::Journal(Box::new(Entry { at: state.at.wall, act, user, what })));
}

/// Leaves a heartbeat when one is due.
fn beat(state: &mut State, guard: &mut Guard, effects: &mut Vec<Effect>) {
    let now = state.at;
    if guard.beating.is_some_and(|beating| now.millis_since(beating.since) >= LOST_MS) {
        guard.beating = None;
    }
    let over = guard.end().is_some() && !guard.says_goodbye;
    if over || guard.beating.is_some() || guard.due > now.mono {
        return;
    }
    if guard.duty == Duty::Arming
        && let Err(why) = may_begin(state, guard)
    {
        if let Some(why) = why {
            finish(state, guard, End { outcome: Outcome::Refused, why }, effects);
        }
        return;
    }
    let act = ActId(next_id(state));
    guard.sign.beat = now.wall;
    guard.beating = Some(Beating { act, since: now.mono, last: guard.sign.state.is_over() });
    guard.due = now.mono + guard::millis(BEAT);
    let beat = Beat {
        release: guard.orders.mandate.release.clone(),
        heartbeat: guard.sign.clone(),
        over: guard.orders.over.clone(),
    };
    effects.push(Effect::Beat { act, beat: Box::new(beat) });
}

/// Whether it may leave its first heartbeat: with the reason where it never may, without one while that is not known.
fn may_begin(state: &State, guard: &Guard) -> Result<(), Option<Clean>> {
    let known = state.open.as_ref().is_some_and(|open| pulse::in_contact(state, open))
        && state.source(&guard.orders.mandate.release.target.source).is_some_and(|source| source.user.is_some());
    // Since it was ordered: it reads nothing anew before it is armed.
    let patient = state.at.millis_since(guard.reads) < questions::millis(state, Seconds(30.0));
    match arming::may_arm(state) {
        _ if !known && patient => Err(None),
        Err(_) if is_checking(state) && patient => Err(None),
        Err(denied) => Err(Some(denied.to_string().into())),
        Ok(ground) if ground.release.id != guard.orders.mandate.release => {
            Err(Some("another revision has come since it was ordered".into()))
        }
        Ok(_) => Ok(()),
    }
}

fn is_checking(state: &State) -> bool {
    use crate::domain::goal::Permission::Checking;
    let release = state.open.as_ref().and_then(|open| open.release.as_deref());
    release.is_some_and(|release| {
        release.way_back.permission == Checking || release.post.as_ref().is_some_and(|post| post.permission == Checking)
    })
}

/// Whether a sign was left.
pub(super) fn beaten(state: &mut State, act: ActId, result: Result<(), Failure>, effects: &mut Vec<Effect>) {
    let Some(mut guard) = state.guard.take() else { return sentry::stood_down(state, act, result, effects) };
    if let Some(beating) = guard.beating.filter(|beating| beating.act == act) {
        guard.beating = None;
        match result {
            Ok(()) => left(state, &mut guard, beating, effects),
            Err(failure) => not_left(state, &mut guard, &failure, effects),
        }
    }
    state.guard = Some(guard);
}

fn left(state: &mut State, guard: &mut Guard, beating: Beating, effects: &mut Vec<Effect>) {
    if guard.silent.take().is_some() {
        notices::note(state, MomentKind::Guard, "its heartbeat can be written again");
    }
    if guard.duty == Duty::Arming {
        guard.duty = Duty::Watching;
        let mandate: Vec<Clean> = arming::sentences(state, &guard.orders.mandate)
            .into_iter()
            .map(|sentence| format!("{}: {}", sentence.label, sentence.text).into())
            .collect();
        let what = What::Armed {
            target: guard.orders.mandate.release.target.clone(),
            guard: Box::new(guard.sign.clone()),
            mandate,
            reason: guard.orders.reason.clone(),
        };
        journal(state, guard, what, effects);
        notices::note(state, MomentKind::Guard, format!("{} is armed; a heartbeat every {BEAT}", guard.orders.id));
    }
    if beating.last {
        guard.says_goodbye = false;
    }
}

fn not_left(state: &mut State, guard: &mut Guard, failure: &Failure, effects: &mut Vec<Effect>) {
    if guard.duty == Duty::Arming {
        let why = format!("its heartbeat cannot be written: {failure}");
        return finish(state, guard, End { outcome: Outcome::Refused, why: why.into() }, effects);
    }
    guard.due = state.at.mono + AGAIN_MS;
    let why = Clean::from(failure.to_string());
    if guard.silent.as_ref() != Some(&why) {
        notices::note(state, MomentKind::Guard, format!("its heartbeat cannot be written: {why}"));
        guard.silent = Some(why);
    }
}

/// A signal tells it to end.
pub(super) fn stop(state: &mut State, why: &str, effects: &mut Vec<Effect>) {
    let Some(mut guard) = state.guard.take() else { return };
    let again = guard.end().is_some();
    if !again {
        let end = End { outcome: Outcome::Stopped, why: format!("stopped by {why}").into() };
        finish(state, &mut guard, end, effects);
    }
    state.guard = Some(guard);
    if again {
        overlays::leave_now(state, effects);
    }
}

/// The moments it waits for.
pub(super) fn moments(guard: &Guard, now: u64) -> impl Iterator<Item = u64> {
    let beat = match guard.beating {
        Some(beating) => beating.since + LOST_MS,
        None => guard.due,
    };
    let duty = match guard.duty {
        Duty::Resting(until) => Some(until),
        Duty::Reading(_) => Some(guard.reads + guard::READ_MS).filter(|late| *late > now),
        Duty::Arming | Duty::Watching | Duty::Acting | Duty::Ended(_) => None,
    };
    [Some(beat), duty, guard.ended.map(|ended| ended + LAST_MS)].into_iter().flatten()
}

/// Whether everything was said.
fn is_done(state: &State, guard: &Guard) -> bool {
    let waited = guard.ended.map(|ended| state.at.millis_since(ended));
    waited.is_some_and(|waited| !guard.says_goodbye || waited >= LAST_MS)
}
