//! A roll back that runs through steps: "roll back" finishes it, and what would end it says so first.

use super::{
    CONTROLLER_SECONDS, Ground, back, expect,
    forward::{skips, stored},
    request::On,
};
use crate::domain::{
    goal::{Denied, Direction, Goal},
    plan::{Condition, Plan},
    revision::{Revision, Tag},
    way_back::{Means, WayBack},
};

/// The revision to which everyone can be brought at once, or why not. Only of a roll back that is under way.
pub(super) fn finish<'a>(ground: &'a Ground<'_>) -> Result<&'a Revision, Denied> {
    let rollout = ground.rollout();
    let version = ground.new_version();
    // A new spec may bring another version, and everyone would be sent to that.
    if !rollout.is_observed() {
        ground.settled()?;
    }
    if rollout.is_held() {
        return Err(Denied::new(format!("the roll back to {version} is held by hand")).hint("resume lets it go on"));
    }
    let has_steps_left = rollout.step_index().is_some_and(|place| place < rollout.steps().len());
    if rollout.is_promoting_fully() || !has_steps_left {
        let goes = format!("already on its way: all traffic goes to {version} as its pods become ready");
        return Err(Denied::new(goes));
    }
    ground.newest().filter(|newest| back::has_carried_everyone(ground, newest)).ok_or_else(|| {
        let already = format!("a roll back to {version} already, which is not known to have served everyone");
        Denied::new(already)
            .hint(format!("promote goes on with it; `x`, then abort goes back to {}", ground.old_version()))
    })
}

/// Everyone to the older revision, past all steps that are left.
pub(super) fn finish_plan(ground: &Ground<'_>, goal: Goal, newest: &Revision) -> Plan {
    let rollout = ground.rollout();
    let version = &newest.version;
    let patch = ground
        .patch(On::Status)
        .test("/status/abort", stored(rollout.status.abort))
        .only_if("it was not aborted")
        .set("/status/promoteFull", true);
    let mut all = vec![Condition::Tagged(newest.hash.clone(), Tag::Stable)];
    if rollout.has_traffic_routing() {
        all.push(Condition::Fully(newest.hash.clone()));
    }
    let at_once = back::switches(ground) && back::has_room(ground, newest);
    let within = if at_once { CONTROLLER_SECONDS } else { ground.deadline() };
    let expect = expect(format!("100 % is on {version}"), all, within);
    let mut plan = ground.plan(goal, Direction::Back, patch, expect);
    let how = match (at_once, rollout.has_traffic_routing()) {
        (true, _) => format!("in ≈{}", back::SWITCH_SECONDS),
        (false, true) => "as soon as its pods are ready".into(),
        (false, false) => "by a rolling update".into(),
    };
    let pods = back::capacity(ground, Some(newest)).map(|c| format!(" ({} of {} pods ready)", c.ready, c.needed));
    plan.customers = format!("{} → 100 % on {version} {how}{}", ground.share(), pods.unwrap_or_default()).into();
    plan.not_undone = vec![back::DATABASE.into()];
    plan.warnings.push(format!("finishes the roll back: {}", skips(ground)).into());
    plan.warnings.push("once begun it ignores hold and abort".into());
    // Somebody may have put a version back that was taken away for a reason.
    plan.proven = false;
    plan
}

/// Says before all else that a plan gives up the roll back; one key is not enough for that.
pub(super) fn ends(ground: &Ground<'_>, plan: &mut Plan) {
    let ends = format!("this ends the roll back: everyone goes to {} again", ground.old_version());
    plan.warnings.insert(0, ends.into());
    plan.proven = false;
}

/// The same as `finish_plan` as a line on the screen.
pub(super) fn way_back(ground: &Ground<'_>, newest: &Revision) -> WayBack {
    let at_once = back::switches(ground) && back::has_room(ground, newest);
    WayBack {
        revision: newest.number,
        version: Some(newest.version.clone()),
        means: Means::Finish,
        seconds: at_once.then_some(back::SWITCH_SECONDS),
        capacity: back::capacity(ground, Some(newest)),
        permission: ground.observed.permissions.status.clone(),
        not_undone: vec![back::DATABASE.into()],
        worse_after: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{UID, denied, look, plan, sent, set};
    use crate::{
        backend::kubernetes::argo_rollouts::{Observed, tests::seen},
        domain::{
            goal::{Direction, Goal},
            plan::Condition,
            revision::Tag,
            time::Seconds,
            way_back::Means,
        },
    };

    const BACK: Goal = Goal::Rollback { to: None };

    /// 4.2.0 is out, and the template of 4.1.9 was put back: it is brought in again as revision 3, at 1 %.
    fn unrecorded() -> Observed {
        let mut observed = seen("canary-paused-at-1pct");
        let mut old = set("5ff87ff89f", 3, "shop/web:4.1.9", "2026-11-20T20:10:00Z", 1);
        old.metadata.annotations.insert("rollout.argoproj.io/revision-history".into(), "1".into());
        observed.replica_sets = vec![old, set("766d9b9f7d", 2, "shop/web:4.2.0", "2026-11-20T20:20:00Z", 5)];
        observed
    }

    /// The same, and an event still tells that revision 1 got everyone.
    fn returning() -> Observed {
        let mut observed = unrecorded();
        let event = |reason: &str, at: &str, message: &str| {
            let event = json!({"reason": reason, "lastTimestamp": at, "message": message});
            serde_json::from_value(event).unwrap()
        };
        observed.events = vec![
            event(
                "RolloutCompleted",
                "2026-11-20T20:11:00Z",
                "Rollout completed update to revision 1 (5ff87ff89f): Initial deploy",
            ),
            event(
                "RolloutNotCompleted",
                "2026-11-20T20:27:00Z",
                "Rollout not completed, started update to revision 3 (5ff87ff89f)",
            ),
        ];
        observed
    }

    fn with(change: impl FnOnce(&mut Observed)) -> Observed {
        let mut observed = returning();
        change(&mut observed);
        observed
    }

    #[test]
    fn it_is_known_by_the_ages_of_its_revisions_as_long_as_it_is_under_way() {
        assert!(look(&returning()).is_roll_back() && look(&unrecorded()).is_roll_back());
        let at_once = with(|o| o.replica_sets[0].metadata.creation_timestamp = "2026-11-20T20:20:00Z".parse().ok());
        assert!(look(&at_once).is_roll_back(), "both were made within one second: the numbers tell");
        let others = [
            ("ahead", with(|o| o.replica_sets[0].metadata.creation_timestamp = "2026-11-20T20:30:00Z".parse().ok())),
            ("unseen", with(|o| o.replica_sets.clear())),
            ("aborted", with(|o| o.rollout.status.abort = Some(true))),
            ("over", with(|o| o.rollout.status.stable_rs = "5ff87ff89f".into())),
        ];
        for (name, observed) in others {
            assert!(!look(&observed).is_roll_back(), "{name}");
        }
    }

    #[test]
    fn roll_back_finishes_it_where_the_older_revision_is_known_to_have_served_everyone() {
        let finish = plan(&returning(), &BACK);
        let (path, body) = sent(&finish);
        assert_eq!(path, "web/status?fieldManager=flightdeck");
        assert_eq!(
            body,
            json!([
                {"op": "test", "path": "/metadata/uid", "value": UID},
                {"op": "test", "path": "/status/currentPodHash", "value": "5ff87ff89f"},
                {"op": "test", "path": "/status/abort", "value": null},
                {"op": "add", "path": "/status/promoteFull", "value": true},
            ]),
        );
        assert_eq!((finish.direction, finish.proven), (Direction::Back, false), "it asks for the name");
        assert_eq!(finish.customers.as_str(), "1 % → 100 % on 4.1.9 as soon as its pods are ready (1 of 5 pods ready)");
        assert_eq!(
            finish.expect.all,
            [Condition::Tagged("5ff87ff89f".into(), Tag::Stable), Condition::Fully("5ff87ff89f".into())]
        );
        assert_eq!(finish.expect.within, Seconds(600.0));
        assert!(finish.warnings[0].contains("skips 7 steps, an analysis among them"), "{:?}", finish.warnings);
        let way_back = look(&returning()).way_back;
        assert_eq!((way_back.means, way_back.revision, way_back.seconds), (Means::Finish, Some(3), None));
        let ready = with(|o| o.replica_sets[0].status.ready_replicas = 5);
        assert!(plan(&ready, &BACK).customers.contains("in ≈3s (5 of 5 pods ready)"));
        let mut watched = unrecorded();
        let mut before = watched.rollout.clone();
        before.status.stable_rs = "5ff87ff89f".into();
        watched.watched.observe(&before, "2026-11-20T20:12:00Z".parse().unwrap());
        assert_eq!(look(&watched).way_back.means, Means::Finish, "it was seen to be the stable one");
    }

    #[test]
    fn otherwise_roll_back_says_why_not_and_the_line_on_the_screen_says_the_same() {
        let cases = [
            (
                unrecorded(),
                "a roll back to 4.1.9 already, which is not known to have served everyone; promote goes on with it; \
                 `x`, then abort goes back to 4.2.0",
            ),
            (with(|o| o.rollout.status.promote_full = Some(true)), "already on its way: all traffic goes to 4.1.9"),
            (with(|o| o.rollout.status.current_step_index = Some(8)), "already on its way: all traffic goes to 4.1.9"),
            (with(|o| o.rollout.metadata.generation += 1), "the controller has not yet acted on the last change"),
            (with(|o| o.rollout.spec.paused = Some(true)), "the roll back to 4.1.9 is held by hand; resume"),
        ];
        for (observed, words) in cases {
            let said = denied(&observed, &BACK);
            assert!(said.starts_with(words), "{said}");
            assert_eq!(look(&observed).way_back.means, Means::None(said.as_str().into()));
        }
        let aborted = with(|o| o.rollout.status.abort = Some(true));
        assert!(denied(&aborted, &BACK).contains("retry begins the roll back to 4.1.9 again"));
    }

    #[test]
    fn whatever_ends_it_says_so_first_and_asks_for_more_than_one_key() {
        for goal in [Goal::Abort, Goal::Rollback { to: Some(2) }] {
            let ends = plan(&returning(), &goal);
            assert_eq!(ends.warnings[0].as_str(), "this ends the roll back: everyone goes to 4.2.0 again", "{goal}");
            assert_eq!((ends.direction, ends.proven), (Direction::Back, false), "{goal}");
        }
    }

    #[test]
    fn what_a_full_promotion_ignores_is_not_sent_to_a_roll_back_that_finishes_it() {
        let promoting = with(|o| o.rollout.status.promote_full = Some(true));
        for goal in [Goal::Abort, Goal::Pause] {
            assert!(!denied(&promoting, &goal).contains("roll back takes customers back"), "{goal}");
        }
        let warnings = plan(&returning(), &Goal::PromoteFull).warnings;
        assert!(!warnings.iter().any(|warning| warning.contains("only roll back ends it")), "{warnings:?}");
    }

    #[test]
    fn its_beginning_says_how_it_can_be_finished() {
        let mut out = returning();
        out.rollout.status.current_pod_hash = "766d9b9f7d".into();
        out.replica_sets[0].metadata.annotations.insert("rollout.argoproj.io/revision".into(), "1".into());
        out.replica_sets[0].metadata.annotations.remove("rollout.argoproj.io/revision-history");
        out.events.truncate(1);
        let undo = plan(&out, &BACK);
        assert!(undo.customers.contains("through all 8 steps again"), "{}", undo.customers);
        assert!(undo.going_on.unwrap().contains("roll back again skips the steps that are left"));
        let changes = |value: &Value| value[2]["path"].clone();
        assert_eq!(changes(&sent(&plan(&out, &BACK)).1), "/spec/template");
    }
}
