//! Which acts can be done now, and why the others cannot. Read by `update` before it opens a dialog and by
//! `view` before it greys a key, so that both always say the same.

use serde::{Deserialize, Serialize};

use super::{
    arming,
    command::Command,
    freshness, number, policy, reset,
    state::{Act, Open, Stage, State},
    study::Chosen,
};
use crate::domain::{
    clean::{Clean, Name},
    goal::{Denied, Direction, Goal, Permission},
    health::Health,
    plan::{Plan, Request},
    release::Release,
};

/// One line of the `x` menu.
#[derive(Clone, Debug, PartialEq)]
pub enum Line<'a> {
    Goal {
        goal: Goal,
        /// The command that does the same, where there is one.
        command: Option<Command>,
        /// What would be done, or why it cannot be done now.
        answer: Result<&'a Plan, Denied>,
    },
    /// Arms or disarms the release's source.
    Arm { source: Name, armed: bool, answer: Result<(), Denied> },
    /// Arms a guard, or stands the one down that holds the release.
    Guard { holds: bool, answer: Result<(), Denied> },
    /// Sets the regression of a panel aside.
    Reset { panel: Chosen, answer: Result<(), Denied> },
}

/// What a command for an act means on this release; none for commands that do not act.
#[must_use]
pub fn goal_of(command: Command, release: Option<&Release>) -> Option<Goal> {
    match command {
        Command::Rollback => Some(Goal::Rollback { to: None }),
        Command::Hold if release.is_some_and(|r| r.held) => Some(Goal::Resume),
        Command::Hold => Some(Goal::Pause),
        Command::Promote => Some(Goal::Promote),
        Command::PromoteFull => Some(Goal::PromoteFull),
        Command::Abort => Some(Goal::Abort),
        Command::Retry => Some(Goal::Retry),
        Command::Acts
        | Command::Arm
        | Command::Guard
        | Command::StandDown
        | Command::Reset
        | Command::Open
        | Command::Up
        | Command::Down
        | Command::PageUp
        | Command::PageDown
        | Command::First
        | Command::Last
        | Command::NextPane
        | Command::PreviousPane
        | Command::Evidence
        | Command::Shorter
        | Command::Longer
        | Command::Unfold
        | Command::Metrics
        | Command::Steps
        | Command::Pods
        | Command::Timeline
        | Command::Earlier
        | Command::Later
        | Command::Rewind
        | Command::Forward
        | Command::Filter
        | Command::Help
        | Command::Back
        | Command::Redraw
        | Command::Suspend
        | Command::Quit => None,
    }
}

/// Every line of the `x` menu on the opened release, in order; empty on the board.
#[must_use]
pub fn lines(state: &State) -> Vec<Line<'_>> {
    const FIRST: [Command; 6] =
        [Command::Rollback, Command::Hold, Command::Promote, Command::PromoteFull, Command::Abort, Command::Retry];
    let Some(open) = &state.open else { return Vec::new() };
    let release = open.release.as_deref();
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut named: Vec<Goal> = Vec::new();
    for command in FIRST {
        let Some(goal) = goal_of(command, release) else { continue };
        lines.push(Line::Goal { goal: goal.clone(), command: Some(command), answer: possible(state, &goal) });
        named.push(goal);
    }
    // A pause that is offered while held, or a resume while not, would repeat the hold line.
    named.extend([Goal::Pause, Goal::Resume]);
    // Going back to the revision that "roll back" leads to anyway needs no line of its own.
    if let Some(to) = release.and_then(|r| r.way_back.revision) {
        named.push(Goal::Rollback { to: Some(to) });
    }
    for offer in release.iter().flat_map(|r| &r.offers) {
        if !named.iter().any(|goal| same_sort(goal, &offer.goal)) {
            let answer = possible(state, &offer.goal);
            lines.push(Line::Goal { goal: offer.goal.clone(), command: None, answer });
        }
    }
    let holds = arming::held_by(state).is_some();
    let answer = if holds { arming::holder(state).map(|_| ()) } else { arming::may_arm(state).map(|_| ()) };
    lines.push(Line::Guard { holds, answer });
    lines.extend(reset::regressed(open).map(Chosen::of).map(|panel| {
        let answer = reset::possible(state, &panel).map(|_| ());
        Line::Reset { panel, answer }
    }));
    let source = open.target.source.clone();
    let answer = state.settings.policy.read_only.clone().map_or(Ok(()), |why| Err(Denied::new(why)));
    lines.push(Line::Arm { armed: state.is_armed(&source), source, answer });
    lines
}

fn same_sort(one: &Goal, other: &Goal) -> bool {
    match (one, other) {
        (Goal::Rollback { to: one }, Goal::Rollback { to: other }) => one == other,
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

/// The plan for `goal` on the opened release, if it may be confirmed now.
///
/// # Errors
/// Why not, in words that fit behind "cannot promote: ", with the next step where there is one.
pub fn possible<'a>(state: &'a State, goal: &Goal) -> Result<&'a Plan, Denied> {
    let plan = planned(state, goal)?;
    policy::confirmation(state, plan, super::forward::of(state).answer.word)?;
    Ok(plan)
}

/// The plan for `goal` as far as the backend, permission and what is under way allow it; what policy asks
/// for is not looked at.
///
/// # Errors
/// Why there is none.
pub fn planned<'a>(state: &'a State, goal: &Goal) -> Result<&'a Plan, Denied> {
    let open = state.open.as_ref().ok_or_else(|| Denied::new("no release is open"))?;
    if open.gone {
        return Err(Denied::new("it was deleted"));
    }
    let release = match &open.release {
        Some(release) if open.complete => release,
        Some(_) | None => return Err(Denied::new("nothing was heard of it yet")),
    };
    let offer = release.offer(goal).ok_or_else(|| Denied::new("not offered here"))?;
    let plan = offer.answer.plan().map_err(Clone::clone)?;
    let forward = policy::direction(plan) == Direction::Forward;
    match &plan.permission {
        Permission::No(why) => return Err(Denied::new(why.clone())),
        Permission::Checking if forward => return Err(Denied::new("permission is still being checked")),
        // A way back is tried while that is being checked: the other side says no soon enough.
        Permission::Yes | Permission::Checking => {}
    }
    if forward {
        in_contact(state, open)?;
        if let Some(act) = under_way(state, open) {
            return Err(in_the_way(act));
        }
    }
    if plan.direction == Direction::Hold
        && let Some(act) = under_way(state, open).filter(|act| !act.replied)
    {
        return Err(in_the_way(act));
    }
    Ok(plan)
}

fn in_contact(state: &State, open: &Open) -> Result<(), Denied> {
    let source = state.source(&open.target.source);
    if let Some(freshness::Standing::Stale(age)) = source.map(|source| freshness::standing(state, source)) {
        return Err(Denied::new(format!("nothing was heard of `{}` for {age}", open.target.source))
            .hint("what is shown may be old; ways back can still be tried"));
    }
    match &open.health {
        Health::Live => Ok(()),
        Health::Connecting => Err(Denied::new(format!("still connecting to `{}`", open.target.source))),
        Health::Lost { .. } => Err(Denied::new(format!("contact with `{}` is lost", open.target.source))
            .hint("what is shown may be old; ways back can still be tried")),
    }
}

/// An act on the opened release of which it is not known whether it was done.
fn under_way<'a>(state: &'a State, open: &Open) -> Option<&'a Act> {
    state.acts.iter().rev().filter(|act| act.plan.release.target == open.target).find(|act| match act.stage {
        Stage::Sent | Stage::Unconfirmed(_) => true,
        Stage::Accepted(_) | Stage::Failed(_) | Stage::Seen { .. } | Stage::NoEffect { .. } => false,
    })
}

/// The acts whose reply is still out, oldest first.
pub fn unanswered(state: &State) -> impl Iterator<Item = &Act> {
    state.acts.iter().filter(|act| !act.replied)
}

fn in_the_way(act: &Act) -> Denied {
    let goal = &act.plan.goal;
    Denied::new(if act.replied {
        format!("the reply to `{goal}` was lost; what became of it must be seen first")
    } else {
        format!("`{goal}` was sent and is not answered yet")
    })
    .hint("a way back can be sent at any time")
}

/// Whether it cannot be seen at the moment what becomes of `act`, because contact is lost.
#[must_use]
pub fn is_blind(state: &State, act: &Act) -> bool {
    let target = &act.plan.release.target;
    match state.open.as_ref().filter(|open| open.target == *target) {
        Some(open) => matches!(open.health, Health::Lost { .. }),
        None => {
            state.source(&target.source).is_none_or(|s| s.watch.is_none() || matches!(s.health, Health::Lost { .. }))
        }
    }
}

/// A part of a plan, as the dialog shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Customers,
    NotUndone,
    GoingOn,
    Reach,
    Warnings,
    Permission,
    Requests,
    OnlyIf,
    Expectation,
    /// What confirming it takes.
    Confirmation,
    /// Nobody was there while it was open.
    Slept,
}

/// A part that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub part: Part,
    pub was: Clean,
    pub now: Clean,
}

/// What differs between two plans for the same goal, in the order of the dialog.
#[must_use]
pub fn changes(was: &Plan, now: &Plan) -> Vec<Change> {
    // Exhaustive, so that a new field must find its place here.
    let Plan {
        goal: _,
        release: _,
        direction: _,
        requests,
        only_if,
        expect,
        customers,
        not_undone,
        going_on,
        reach,
        warnings,
        // What it asks for to be confirmed changes with it.
        proven: _,
        command: _,
        permission,
    } = was;
    let mut changes = Vec::new();
    let mut compare = |part: Part, was: Clean, now: Clean, same: bool| {
        if !same {
            changes.push(Change { part, was, now });
        }
    };
    compare(Part::Customers, customers.clone(), now.customers.clone(), *customers == now.customers);
    compare(Part::NotUndone, join(not_undone), join(&now.not_undone), *not_undone == now.not_undone);
    let absent = || Clean::new("–");
    compare(
        Part::GoingOn,
        going_on.clone().unwrap_or_else(absent),
        now.going_on.clone().unwrap_or_else(absent),
        *going_on == now.going_on,
    );
    let path = |plan: &Plan| {
        plan.reach
            .as_ref()
            .map_or_else(absent, |r| Clean::new(format!("{} %: {}", number::weight(r.weight), join(&r.path))))
    };
    compare(Part::Reach, path(was), path(now), *reach == now.reach);
    compare(Part::Warnings, join(warnings), join(&now.warnings), *warnings == now.warnings);
    compare(
        Part::Permission,
        said(permission),
        said(&now.permission),
        // An answer that was only awaited and is now yes takes nothing back.
        *permission == now.permission || (*permission == Permission::Checking && now.permission == Permission::Yes),
    );
    compare(Part::Requests, sends(requests), sends(&now.requests), *requests == now.requests);
    compare(Part::OnlyIf, join(only_if), join(&now.only_if), *only_if == now.only_if);
    compare(Part::Expectation, expect.text.clone(), now.expect.text.clone(), *expect == now.expect);
    changes
}

fn said(permission: &Permission) -> Clean {
    match permission {
        Permission::Yes => "allowed".into(),
        Permission::No(why) => why.clone(),
        Permission::Checking => "being checked".into(),
    }
}

fn sends(requests: &[Request]) -> Clean {
    let one = |request: &Request| match request {
        Request::Http { method, path, body, .. } => format!("{method} {path} {body}"),
        Request::Command { argv, .. } => argv.join(" "),
        Request::Line { text, .. } => text.clone(),
    };
    Clean::new(requests.iter().map(one).collect::<Vec<_>>().join(", then "))
}

fn join(parts: &[Clean]) -> Clean {
    if parts.is_empty() {
        return "–".into();
    }
    Clean::new(parts.iter().map(Clean::as_str).collect::<Vec<_>>().join(", "))
}
