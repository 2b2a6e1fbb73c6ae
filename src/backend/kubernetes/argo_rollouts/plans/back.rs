//! The way back: abort while the update runs, undo where an abort would be ignored.

use chrono::{DateTime, Utc};

use super::{CONTROLLER_SECONDS, Ground, Planned, expect, name, reach, request::On, returning};
use crate::{
    backend::kubernetes::argo_rollouts::{Part, objects::ReplicaSet, steps},
    domain::{
        clean::Clean,
        goal::{Denied, Direction, Goal, Permission},
        plan::{Condition, Plan, Reach, Stage},
        release::Phase,
        revision::{Revision, Tag},
        time::Seconds,
        way_back::{Capacity, Means, WayBack, Worse},
    },
};

/// What a router needs to send everyone to pods that are already there.
pub(super) const SWITCH_SECONDS: Seconds = Seconds(3.0);
/// Nothing here knows what the new code did to a database.
pub(super) const DATABASE: &str = "database: no source";

/// Where "roll back" leads now.
enum Back<'a> {
    Abort(Option<&'a Revision>),
    Undo {
        to: &'a Revision,
        set: &'a ReplicaSet,
        fast: bool,
    },
    /// A roll back is on its way to this revision.
    Finish(&'a Revision),
}

pub(super) fn abort(ground: &Ground<'_>) -> Planned {
    let rollout = ground.rollout();
    if rollout.is_fully_promoted() {
        let promoted = format!("{} is the stable revision already: an abort would be dropped", ground.new_version());
        return Err(Denied::new(promoted).hint("roll back takes customers back"));
    }
    if rollout.is_aborted() {
        return Err(Denied::new("it was aborted already"));
    }
    if rollout.is_promoting_fully() {
        return Err(ground.ignored("a full promotion ignores an abort"));
    }
    if rollout.status.stable_rs.is_empty() {
        return Err(Denied::new("there is no stable revision to go back to"));
    }
    Ok(abort_plan(ground, Goal::Abort))
}

pub(super) fn rollback(ground: &Ground<'_>, to: Option<u64>) -> Planned {
    let goal = Goal::Rollback { to };
    match back(ground, to)? {
        Back::Abort(_) => Ok(abort_plan(ground, goal)),
        Back::Undo { to, set, fast } => Ok(undo_plan(ground, goal, to, set, fast)),
        Back::Finish(newest) => Ok(returning::finish_plan(ground, goal, newest)),
    }
}

/// The means that works in this state, or why there is none.
fn back<'a>(ground: &'a Ground<'_>, to: Option<u64>) -> Result<Back<'a>, Denied> {
    let rollout = ground.rollout();
    if let Some(number) = to {
        let target = ground.revisions.iter().find(|r| r.number == Some(number));
        let target = target.ok_or_else(|| Denied::new(format!("revision {number} is no longer kept")))?;
        if target.hash == ground.id.revision {
            return Err(Denied::new(format!("revision {number} is the newest one")));
        }
        return undo(ground, target);
    }
    if rollout.is_aborted() {
        let on = if ground.weight.set == Some(0.0) { "customers are on" } else { "customers are on their way to" };
        let next = if ground.leads_back() {
            format!("retry begins the roll back to {} again", ground.new_version())
        } else {
            "retry it, or put the old version back where the template is kept".into()
        };
        return Err(Denied::new(format!("it was aborted already: {on} {}", ground.old_version())).hint(next));
    }
    if rollout.is_fully_promoted() {
        return undo(ground, previous(ground)?);
    }
    let Some(stable) = ground.stable() else {
        return Err(Denied::new("there is no stable revision to go back to"));
    };
    if ground.is_roll_back() {
        return returning::finish(ground).map(Back::Finish);
    }
    if rollout.is_promoting_fully() { undo(ground, stable) } else { Ok(Back::Abort(Some(stable))) }
}

fn undo<'a>(ground: &'a Ground<'_>, to: &'a Revision) -> Result<Back<'a>, Denied> {
    let rollout = ground.rollout();
    if let Some(workload) = &rollout.spec.workload_ref {
        let lies = format!("its template lies in {} `{}`: not yet supported", workload.kind, workload.name);
        return Err(Denied::new(lies).hint("put the old version back there, or where that is kept"));
    }
    if let Some(missing) = ground.observed.missing.iter().find(|m| m.part == Part::ReplicaSets) {
        return Err(Denied::new(format!("the old template cannot be read: {}", missing.why)));
    }
    let set = ground.observed.replica_set(to.hash.raw());
    let set = set.ok_or_else(|| Denied::new(format!("revision {} is no longer kept", to.version)))?;
    let fast = !is_altered(ground, set)
        && (to.is(Tag::Stable)
            || rollout.steps().is_empty()
            || (rollout.is_fully_promoted() && in_window(ground, set)));
    Ok(Back::Undo { to, set, fast })
}

/// Whether the controller wrote something of its own into the template it keeps: what is restored from it has
/// another hash, and is brought in as a new revision through all steps.
fn is_altered(ground: &Ground<'_>, set: &ReplicaSet) -> bool {
    let ephemeral = set.metadata.annotation("rollout.argoproj.io/ephemeral-metadata");
    ephemeral.is_some_and(|metadata| !matches!(metadata, "" | "{}" | "null"))
        || ground.rollout().canary().is_some_and(|canary| canary.anti_affinity.is_some())
}

/// The newest older revision known to have had all traffic, else the newest that may have had it: those that
/// events show to have been given up are not the way back.
fn previous<'a>(ground: &'a Ground<'_>) -> Result<&'a Revision, Denied> {
    // An undo gives an old ReplicaSet the highest number: what was made after it is what was taken back.
    let is_older = |r: &&Revision| {
        ground.newest().is_some_and(|newest| {
            r.number.is_some() && r.number < newest.number && (newest.created_at.is_none() || r.is_older_than(newest))
        })
    };
    let mut older: Vec<&Revision> = ground.revisions.iter().filter(is_older).collect();
    older.sort_by_key(|r| std::cmp::Reverse(r.number));
    let first = |wanted: Option<Record>| older.iter().find(|r| record(ground, r) == wanted);
    first(Some(Record::Completed)).or_else(|| first(None)).copied().ok_or_else(|| {
        if !older.is_empty() {
            return Denied::new("every older revision that is kept was given up while it was brought in")
                .hint("roll back to one of them by its number");
        }
        match ground.observed.missing.iter().find(|m| m.part == Part::ReplicaSets) {
            Some(missing) => Denied::new(format!("older revisions cannot be seen: {}", missing.why)),
            None => Denied::new("there is no older revision"),
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Record {
    Completed,
    Aborted,
    /// It was begun, and no end of it was told.
    Begun,
}

/// How a revision ended, if events still tell or it was watched.
fn record(ground: &Ground<'_>, revision: &Revision) -> Option<Record> {
    // Of one second the end counts, not the beginning.
    let told = told(ground, revision).max_by_key(|(at, record)| (*at, *record != Record::Begun));
    let told = told.map(|(_, record)| record);
    told.or_else(|| ground.observed.watched.was_stable(revision.hash.raw()).then_some(Record::Completed))
}

/// What events tell of a revision, by any number that it has had.
fn told<'a>(ground: &'a Ground<'_>, revision: &Revision) -> impl Iterator<Item = (DateTime<Utc>, Record)> + use<'a> {
    let set = ground.observed.replica_set(revision.hash.raw());
    let earlier = set.into_iter().flat_map(|set| set.metadata.earlier_revisions());
    let numbers: Vec<u64> = revision.number.into_iter().chain(earlier).collect();
    ground.observed.events.iter().filter_map(move |event| {
        let record = match event.reason.as_str() {
            "RolloutAborted" => Record::Aborted,
            "RolloutCompleted" => Record::Completed,
            "RolloutNotCompleted" => Record::Begun,
            _ => return None,
        };
        numbers.iter().any(|number| event.is_about_revision(*number)).then_some((event.at()?, record))
    })
}

/// Whether the controller skips all steps on the way to an older revision. It compares ages, not numbers.
fn in_window(ground: &Ground<'_>, target: &ReplicaSet) -> bool {
    let created = |rs: &ReplicaSet| rs.metadata.creation_timestamp;
    let rollout = ground.rollout();
    let Some(window) = rollout.spec.rollback_window.as_ref().and_then(|w| w.revisions) else { return false };
    // After completion the newest is the stable one; before, this tells how it will be.
    let Some(from) = ground.observed.replica_set(&rollout.status.current_pod_hash).and_then(created) else {
        return false;
    };
    let Some(to) = created(target) else { return false };
    let between = ground.observed.replica_sets.iter().filter_map(created).filter(|at| *at > to && *at < from).count();
    to < from && i64::try_from(between).is_ok_and(|between| between < window)
}

fn abort_plan(ground: &Ground<'_>, goal: Goal) -> Plan {
    let rollout = ground.rollout();
    let stable = &rollout.status.stable_rs;
    let promote_full = rollout.status.promote_full.map_or(serde_json::Value::Null, Into::into);
    let patch = ground
        .patch(On::Status)
        .test("/status/promoteFull", promote_full)
        .only_if("no full promotion was begun")
        .set("/status/abort", true);
    let (new, old) = (ground.new_version(), ground.old_version());
    let mut all = vec![Condition::Aborted(true)];
    if rollout.has_traffic_routing() || ground.observed.sees(Part::ReplicaSets) {
        all.push(Condition::Fully(name(stable)));
    }
    let within = if switches(ground) { CONTROLLER_SECONDS } else { ground.deadline() };
    let mut plan = ground.plan(goal, Direction::Back, patch, expect(format!("100 % is on {old}"), all, within));
    let pods = capacity(ground, ground.stable()).map(|c| format!(" ({} of {} pods ready)", c.ready, c.needed));
    let how = if switches(ground) {
        format!("in ≈{SWITCH_SECONDS}")
    } else if rollout.has_traffic_routing() {
        "as its pods come up again".into()
    } else {
        "by a rolling update back".into()
    };
    plan.customers = format!("{} on {new} → 100 % on {old} {how}{}", ground.share(), pods.unwrap_or_default()).into();
    plan.not_undone = vec![DATABASE.into(), template_stays(ground)];
    if ground.is_roll_back() {
        returning::ends(ground, &mut plan);
    }
    let steps = rollout.steps().len();
    plan.going_on =
        (steps > 0).then(|| format!("retry = step 1 again, all {steps} steps, {}", reach::all_steps(ground).1).into());
    plan
}

fn undo_plan(ground: &Ground<'_>, goal: Goal, to: &Revision, set: &ReplicaSet, fast: bool) -> Plan {
    let rollout = ground.rollout();
    let patch = ground.patch(On::Spec).restore_template(&set.metadata.name, &set.spec.template.digest);
    let (new, old) = (ground.new_version(), &to.version);
    let number = to.number.map_or_else(|| old.to_string(), |n| format!("revision {n} ({old})"));
    let expect = if fast {
        let mut all = vec![Condition::Tagged(to.hash.clone(), Tag::Stable)];
        if rollout.has_traffic_routing() {
            all.push(Condition::Fully(to.hash.clone()));
        }
        all.push(Condition::PhaseIs(Phase::Healthy));
        let within = if switches(ground) && has_room(ground, to) { CONTROLLER_SECONDS } else { ground.deadline() };
        expect(format!("100 % is on {old}"), all, within)
    } else {
        // The steps take as long as they take; what can be seen soon is that it set out.
        let set_out = if is_altered(ground, set) {
            vec![Condition::NewestIsNot(ground.id.revision.clone())]
        } else {
            vec![Condition::Tagged(to.hash.clone(), Tag::Canary)]
        };
        expect(format!("{old} is being brought in again"), set_out, CONTROLLER_SECONDS)
    };
    let proven = has_carried_everyone(ground, to);
    let direction = direction(&goal, proven);
    let mut plan = ground.plan(goal, direction, patch, expect);
    plan.proven &= proven;
    let from = if rollout.is_fully_promoted() { "100 %".to_owned() } else { ground.share() };
    let how = match (fast, switches(ground) && has_room(ground, to)) {
        (true, true) => format!("in ≈{SWITCH_SECONDS}"),
        (true, false) => "as its pods come up, no steps".into(),
        (false, _) => format!("through all {} steps again, {}", rollout.steps().len(), reach::all_steps(ground).1),
    };
    plan.customers = format!("{from} on {new} → 100 % on {number} {how}").into();
    plan.not_undone = vec![DATABASE.into()];
    if ground.reverts().is_some() {
        plan.not_undone.push(format!("the template in git still says {new}").into());
    }
    if !fast {
        plan.warnings.push("every step and analysis runs again: until then customers stay on the bad version".into());
        plan.reach = Some(reach::reach(&Ground { weight: starting(), ..*ground }, 0));
        if proven && !is_altered(ground, set) {
            plan.going_on = Some("once it is on its way, roll back again skips the steps that are left".into());
        }
    }
    if rollout.is_promoting_fully() {
        plan.warnings.push("if the full promotion ends first, this goes through all steps again".into());
    }
    if direction == Direction::Forward {
        let at_once = || Reach {
            weight: 100.0,
            next_stop: None,
            seconds: None,
            path: vec!["all traffic".into()],
            stages: vec![Stage { weight: 100.0, seconds: None }],
        };
        plan.reach.get_or_insert_with(at_once);
        plan.warnings.push(format!("{number} is not known to have served everyone: confirmed as new code is").into());
    }
    if !to.is(Tag::Stable) {
        let known = match record(ground, to) {
            Some(Record::Completed) => None,
            Some(Record::Aborted) => Some(format!("{number} was aborted when it was brought in")),
            Some(Record::Begun) => Some(format!("{number} was begun, but not seen to get all traffic")),
            None => Some(format!("whether {number} ever had all traffic is not recorded: `y` is not enough")),
        };
        plan.warnings.extend(known.map(Clean::from));
    } else if ground.is_roll_back() {
        returning::ends(ground, &mut plan);
    }
    plan
}

/// A revision asked for by number is a way back only if it is known to have carried everyone; without a number
/// the one chosen is the best there is.
const fn direction(goal: &Goal, proven: bool) -> Direction {
    let asked_for = matches!(goal, Goal::Rollback { to: Some(_) });
    if asked_for && !proven { Direction::Forward } else { Direction::Back }
}

pub(super) fn has_carried_everyone(ground: &Ground<'_>, revision: &Revision) -> bool {
    revision.is(Tag::Stable)
        || told(ground, revision).any(|(_, record)| record == Record::Completed)
        || ground.observed.watched.was_stable(revision.hash.raw())
}

const fn starting() -> crate::domain::weight::Weight {
    crate::domain::weight::Weight { wanted: Some(0.0), set: Some(0.0), verified: None }
}

/// Whether a router can send everyone to pods that are kept running.
pub(super) fn switches(ground: &Ground<'_>) -> bool {
    ground.rollout().has_traffic_routing() && ground.rollout().canary().is_some_and(|c| !c.dynamic_stable_scale)
}

pub(super) fn has_room(ground: &Ground<'_>, to: &Revision) -> bool {
    capacity(ground, Some(to)).is_some_and(|c| c.ready >= c.needed)
}

pub(super) fn capacity(ground: &Ground<'_>, of: Option<&Revision>) -> Option<Capacity> {
    let revision = of.filter(|_| ground.observed.sees(Part::ReplicaSets))?;
    Some(Capacity { ready: revision.ready, needed: ground.rollout().spec.replicas() })
}

fn template_stays(ground: &Ground<'_>) -> Clean {
    format!("template still says {}: the next edit of it ships it again", ground.new_version()).into()
}

/// The way back as a line on the screen.
pub(in super::super) fn way_back(ground: &Ground<'_>) -> WayBack {
    let found = ground.canary().and(ground.settled_enough_to_go_back()).and_then(|()| back(ground, None));
    let permissions = &ground.observed.permissions;
    match found {
        // What can be done instead is said where nothing else says it.
        Err(denied) if ground.is_roll_back() => none(ground, denied.to_string().into()),
        Err(denied) => none(ground, denied.why),
        Ok(Back::Finish(newest)) => returning::way_back(ground, newest),
        Ok(Back::Abort(stable)) => WayBack {
            revision: stable.and_then(|r| r.number),
            version: Some(ground.old_version()),
            means: Means::Abort,
            seconds: switches(ground).then_some(SWITCH_SECONDS),
            capacity: capacity(ground, stable),
            permission: permissions.status.clone(),
            not_undone: vec![DATABASE.into(), template_stays(ground)],
            worse_after: worse(ground, stable),
        },
        Ok(Back::Undo { to, fast, .. }) => WayBack {
            revision: to.number,
            version: Some(to.version.clone()),
            means: if fast { Means::UndoFast } else { Means::UndoThroughSteps },
            seconds: match (fast, switches(ground) && has_room(ground, to)) {
                (true, true) => Some(SWITCH_SECONDS),
                (true, false) => None,
                (false, _) => reach::all_steps(ground).0,
            },
            capacity: capacity(ground, Some(to)),
            permission: permissions.spec.clone(),
            not_undone: vec![DATABASE.into()],
            worse_after: None,
        },
    }
}

fn none(ground: &Ground<'_>, why: Clean) -> WayBack {
    WayBack {
        revision: ground.stable().and_then(|r| r.number),
        version: None,
        means: Means::None(why),
        seconds: None,
        capacity: None,
        permission: Permission::Checking,
        not_undone: Vec::new(),
        worse_after: None,
    }
}

/// The last step, unless the way back stays short after it.
fn worse(ground: &Ground<'_>, stable: Option<&Revision>) -> Option<Worse> {
    let last = ground.rollout().steps().len().checked_sub(1)?;
    let set = stable.and_then(|stable| ground.observed.replica_set(stable.hash.raw()));
    if set.is_some_and(|set| in_window(ground, set)) {
        return None;
    }
    Some(Worse { after: steps::id(last), text: format!("way back {}", reach::all_steps(ground).1).into() })
}
