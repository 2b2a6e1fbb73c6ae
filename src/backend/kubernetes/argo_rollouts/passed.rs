//! Which steps were passed over: a full promotion and a fast way back set the index to the end without running them.
//!
//! Once that is over the object looks as if all had been done, so it takes what was watched or what events tell. Where
//! neither does, nothing is said to be skipped.

use chrono::TimeDelta;

use super::{Observed, objects::Event, times};

/// Why a revision got everyone without a single step, in the words of the event that says it did.
const WITHOUT_STEPS: [&str; 3] = ["Initial deploy", "Fast rollback", "Rollback within window"];

/// The first step that the newest update passed over, with all after it; none where it passed over none that is known of.
pub(super) fn first(observed: &Observed) -> Option<usize> {
    let rollout = &observed.rollout;
    if rollout.is_promoting_fully() {
        let has_left = rollout.step_index().is_some_and(|place| place < rollout.steps().len());
        return observed.watched.passed(rollout).or_else(|| has_left.then(|| times::told_done(observed)));
    }
    if rollout.step_index() != Some(rollout.steps().len()) {
        return None;
    }
    observed.watched.passed(rollout).or_else(|| is_all(observed).then_some(0))
}

/// Whether events tell that the newest update ran none of its steps.
fn is_all(observed: &Observed) -> bool {
    /// Events of one reconciliation.
    const TOGETHER: TimeDelta = TimeDelta::seconds(2);
    let Some(number) = observed.rollout.metadata.revision() else { return false };
    let of = |reason: &'static str| observed.events.iter().filter(move |event| event.reason == reason);
    let completed = of("RolloutCompleted").filter(|event| event.is_about_revision(number)).max_by_key(|e| e.at());
    if let Some((_, why)) = completed.and_then(|event| event.message.rsplit_once(": ")) {
        return WITHOUT_STEPS.contains(&why.trim());
    }
    // "Rollout updated to revision 4", perhaps told as one of several of the sort.
    let is_it = |event: &&Event| {
        let told = event.message.rsplit_once(" to revision ").map(|(_, told)| told.trim());
        told == Some(number.to_string().as_str())
    };
    let updated = of("RolloutUpdated").filter(is_it).filter_map(Event::at).max();
    let skipped = of("SkipSteps").filter_map(Event::at).max();
    updated.zip(skipped).is_some_and(|(updated, skipped)| (skipped - updated).abs() <= TOGETHER)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{objects::Rollout, release, tests::seen};
    use super::*;
    use crate::domain::step::StepState::{self, Done, Skipped};

    const NOW: &str = "2026-11-20T20:28:00Z";

    fn states(observed: &Observed) -> Vec<StepState> {
        let steps = release(&"lab".into(), observed).steps;
        assert!(steps.iter().all(|s| s.state != Skipped || (s.started_at, s.took) == (None, None)), "{steps:?}");
        steps.iter().map(|step| step.state).collect()
    }

    fn told(observed: &mut Observed, reason: &str, message: &str) {
        let event = json!({"reason": reason, "lastTimestamp": NOW, "message": message});
        observed.events.push(serde_json::from_value(event).unwrap());
    }

    fn complete() -> Observed {
        let mut observed = seen("canary-healthy");
        observed.rollout.metadata.annotations.insert("rollout.argoproj.io/revision".into(), "2".into());
        observed
    }

    /// Paused at its second step, promoted fully, and out; with every version that a watch sees.
    fn promoted() -> [Rollout; 4] {
        let paused = seen("canary-paused-at-1pct").rollout;
        let mut asked = paused.clone();
        asked.status.promote_full = Some(true);
        let mut going = asked.clone();
        going.status.current_step_index = Some(8);
        let mut out = going.clone();
        out.status.promote_full = None;
        out.status.stable_rs = out.status.current_pod_hash.clone();
        [paused, asked, going, out]
    }

    #[test]
    fn a_full_promotion_that_was_watched_skipped_what_was_left() {
        let mut observed = seen("canary-paused-at-1pct");
        let expected = [[Done; 1].as_slice(), &[Skipped; 7]].concat();
        for (place, version) in promoted().into_iter().enumerate() {
            observed.watched.observe(&version, NOW.parse().unwrap());
            observed.rollout = version;
            if place > 0 {
                assert_eq!(states(&observed), expected, "{place}");
            }
        }
        // The same revision brought in again is another update.
        observed.rollout.metadata.annotations.insert("rollout.argoproj.io/revision".into(), "9".into());
        assert_eq!(states(&observed), [Done; 8]);
    }

    #[test]
    fn one_that_was_not_watched_is_not_said_to_have_skipped_anything_once_it_is_over() {
        let [paused, _, going, out] = promoted();
        // Nor while it goes on: where it came from was not seen.
        let mut observed = seen("canary-paused-at-1pct");
        observed.rollout = going.clone();
        assert_eq!(states(&observed), [Done; 8]);
        observed.watched.observe(&paused, NOW.parse().unwrap());
        observed.watched.miss();
        observed.watched.observe(&going, NOW.parse().unwrap());
        observed.watched.observe(&out, NOW.parse().unwrap());
        observed.rollout = out;
        assert_eq!(states(&observed), [Done; 8]);
        assert!(release(&"lab".into(), &observed).steps.iter().all(|step| step.took.is_none()));
    }

    #[test]
    fn events_tell_of_updates_that_ran_no_step() {
        for (why, state) in [
            ("Initial deploy", Skipped),
            ("Fast rollback", Skipped),
            ("Rollback within window", Skipped),
            ("Completed all 8 canary steps", Done),
            ("Full promotion requested", Done),
        ] {
            let mut observed = complete();
            told(&mut observed, "RolloutCompleted", &format!("Rollout completed update to revision 2 (x): {why}"));
            assert_eq!(states(&observed), [state; 8], "{why}");
            observed.rollout.metadata.annotations.insert("rollout.argoproj.io/revision".into(), "3".into());
            assert_eq!(states(&observed), [Done; 8], "it is another revision's");
        }
        for (number, state) in [(2, Skipped), (1, Done)] {
            let mut observed = complete();
            told(&mut observed, "RolloutUpdated", &format!("Rollout updated to revision {number}"));
            told(&mut observed, "SkipSteps", "Rollback to stable ReplicaSets");
            assert_eq!(states(&observed), [state; 8], "{number}");
        }
    }
}
