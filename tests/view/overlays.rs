//! Dialogs over a screen.

use std::sync::Arc;

use flightdeck::{
    core::{
        acts::{Change, Part},
        against,
        evidence::Mark,
        metrics,
        policy::Confirmation,
        state::{Act, Confirm, Notice, NoticeKind, Overlay, Rehearsal, Stage, State},
    },
    domain::{
        failure::{Failure, FailureKind},
        goal::Direction,
        journal::ActId,
        plan::{Plan, Receipt},
        verdict::Verdict,
    },
};
use tui_input::Input;

use crate::{
    SIZES,
    fixtures::{self, Situation, now},
    judged, roles, shown, size,
};

pub fn confirm(plan: Plan, confirmation: Confirmation) -> Confirm {
    Confirm {
        release: plan.release.clone(),
        goal: plan.goal.clone(),
        plan,
        confirmation,
        typed: Input::default(),
        reason: Input::default(),
        in_reason: false,
        since: 0,
        shown: Some(0),
        last_key: 0,
        ready: true,
        changed: Vec::new(),
        denied: None,
        rehearsal: None,
        not_sent: None,
        scroll: 0,
    }
}

fn typed() -> Confirmation {
    Confirmation::Type { text: "checkout 100".into(), with_reason: true }
}

fn over(situation: Situation, at: (u16, u16), overlay: Overlay) -> State {
    let mut state = fixtures::armed(fixtures::release(situation, size(at)));
    state.overlay = Some(overlay);
    state
}

fn snap(name: &str, state: &State) {
    insta::assert_snapshot!(name, shown(name, state));
}

#[test]
fn confirm_in_every_size() {
    for at in SIZES {
        let back = confirm(fixtures::rollback(), Confirmation::Yes);
        snap(
            &format!("confirm_back_{}x{}", at.0, at.1),
            &over(Situation::Normal, at, Overlay::Confirm(Box::new(back))),
        );
        let forward = confirm(fixtures::promote(), typed());
        snap(
            &format!("confirm_forward_{}x{}", at.0, at.1),
            &over(Situation::Normal, at, Overlay::Confirm(Box::new(forward))),
        );
    }
}

/// Who goes forward has read all that is wrong on the cockpit, one line each and the worst first; who goes back need not.
#[test]
fn going_forward_repeats_what_is_wrong() {
    let asked = |plan: Plan, confirmation: Confirmation, blockers: &[&str], at| {
        let mut state = fixtures::armed(judged::all_wrong(size(at)));
        let open = state.open.as_mut().unwrap();
        let mut release = open.release.as_deref().unwrap().clone();
        release.blockers = blockers.iter().map(|why| (*why).into()).collect();
        open.release = Some(Arc::new(release));
        state.overlay = Some(Overlay::Confirm(Box::new(confirm(plan, confirmation))));
        state
    };
    let blocked = ["quota `compute` is used up", "PodDisruptionBudget allows none"];
    for at in SIZES {
        let forward = asked(fixtures::promote(), typed(), &blocked, at);
        let open = forward.open.as_ref().unwrap();
        let all = against::all(&forward, open);
        let tally = metrics::tally(&forward, open);
        let of = |mark: Mark| tally.iter().find(|(of, _)| *of == mark).map_or(0, |(_, count)| *count);
        let said = |start: &str| all.iter().filter(|one| one.text.starts_with(start)).count();
        assert_eq!(said("✗"), of(Mark::Regression) - 1, "the first is told by the verdict: {all:?}");
        assert_eq!((said("! BLOCKED"), said("!")), (2, of(Mark::Look) + 2), "{all:?}");
        assert!(all.is_sorted_by_key(|one| !one.is_bad), "{all:?}");
        let (kept, more) = against::shown(&forward, open);
        assert_eq!(kept.len() + more, all.len());
        let screen = shown("against", &forward);
        assert!(screen.contains("despite     NO-GO orders"), "{screen}");
        assert!(screen.contains("against     ! BLOCKED quota") && screen.contains("  ! BLOCKED Pod"), "{screen}");
        assert!(screen.contains("  ✗ ") && screen.contains(&format!("and {more} more")), "{screen}");
        snap(&format!("confirm_against_{}x{}", at.0, at.1), &forward);
        let back = shown("back", &asked(fixtures::rollback(), Confirmation::Yes, &blocked, at));
        assert!(!back.contains("against     "), "{back}");
    }
    let calm = confirm(fixtures::promote(), Confirmation::Yes);
    let mut state = fixtures::armed(judged::release(judged::Verdict::Go, 1, size((120, 40))));
    state.overlay = Some(Overlay::Confirm(Box::new(calm)));
    assert!(!shown("calm", &state).contains("against     "), "nothing is wrong");
}

#[test]
fn confirm_as_it_changes() {
    let back = || confirm(fixtures::rollback(), Confirmation::Yes);
    let failure = Failure::new(FailureKind::Unreachable, "`prod-eu` cannot be reached: connection refused")
        .hint("press y to send it once more");
    let cases = [
        ("unsettled", Confirm { ready: false, ..back() }),
        (
            "changed",
            Confirm {
                changed: vec![Change {
                    part: Part::Customers,
                    was: "1 % on 4.2.0 → 100 % on 4.1.9 in ≈3s".into(),
                    now: fixtures::rollback().customers,
                }],
                ..back()
            },
        ),
        ("rehearsed", Confirm { rehearsal: Some(Rehearsal::Passed), ..back() }),
        ("not_sent", Confirm { not_sent: Some(failure), ..back() }),
        ("denied", Confirm { denied: Some("the update was aborted by somebody else".into()), ..back() }),
        (
            "half_typed",
            Confirm {
                typed: Input::new("checkout 100".into()),
                reason: Input::new("flying blind: metrics are down and ".into()),
                in_reason: true,
                ..confirm(fixtures::promote(), typed())
            },
        ),
        ("forbidden", Confirm { confirmation: Confirmation::Never, ..back() }),
    ];
    for (name, confirm) in cases {
        let state = over(Situation::Normal, (80, 24), Overlay::Confirm(Box::new(confirm)));
        snap(&format!("confirm_{name}"), &state);
    }
}

#[test]
fn a_key_is_not_offered_before_it_counts() {
    for (ready, offered) in [(false, "y …"), (true, "y roll back")] {
        let confirm = Confirm { ready, ..confirm(fixtures::rollback(), Confirmation::Yes) };
        let state = over(Situation::Normal, (80, 24), Overlay::Confirm(Box::new(confirm)));
        assert!(shown("settling", &state).contains(offered), "{offered}");
    }
}

pub fn act(stage: Stage) -> Act {
    let mut sent = fixtures::release(Situation::Normal, size((80, 24))).at;
    sent.mono -= 4000;
    sent.wall -= chrono::TimeDelta::seconds(4);
    Act {
        id: ActId(7),
        plan: fixtures::rollback(),
        reason: Some("orders fall".into()),
        verdict: Verdict::collecting("differences are shown, not judged"),
        sent,
        stage,
        replied: true,
        met: None,
        changed: Vec::new(),
    }
}

#[test]
fn receipts() {
    let receipt = || Receipt { at: Some(now()), replies: vec!["200 OK".into()] };
    let conflict = Failure::new(FailureKind::Conflict, "somebody else moved it first")
        .detail("the server rejected our request: test operation for path /status/currentStepIndex failed")
        .hint("look at it anew and decide again");
    let lost = Failure::new(FailureKind::Unconfirmed, "the connection broke before the reply came");
    let cases = [
        ("sent", Stage::Sent),
        ("accepted", Stage::Accepted(receipt())),
        ("seen", Stage::Seen { at: now(), after_ms: 3600 }),
        ("no_effect", Stage::NoEffect { after_ms: 30_000 }),
        ("unconfirmed", Stage::Unconfirmed(lost)),
        ("conflict", Stage::Failed(conflict)),
        ("not_sent", Stage::Failed(Failure::new(FailureKind::Local, "the journal cannot be written: disk full"))),
    ];
    for (name, stage) in cases {
        let mut state = over(Situation::Normal, (80, 24), Overlay::Receipt(ActId(7)));
        state.acts = vec![act(stage)];
        snap(&format!("receipt_{name}"), &state);
    }
}

#[test]
fn menus_and_prompts() {
    for at in [(80, 24), (120, 40)] {
        for (name, overlay) in [
            ("acts", Overlay::Acts { selected: 2 }),
            ("help", Overlay::Help { scroll: 0 }),
            ("arm", Overlay::Arm { source: "prod-eu".into(), input: Input::new("prod".into()) }),
            ("filter", Overlay::Filter),
        ] {
            let mut state = over(Situation::Normal, at, overlay);
            state.open.as_mut().unwrap().filter = Input::new("weight".into());
            snap(&format!("{name}_{}x{}", at.0, at.1), &state);
        }
        let mut state = over(Situation::Normal, at, Overlay::Leave);
        state.acts = vec![act(Stage::Sent)];
        snap(&format!("leave_{}x{}", at.0, at.1), &state);
        state.overlay = Some(Overlay::Leaving);
        state.acts[0].replied = false;
        snap(&format!("leaving_{}x{}", at.0, at.1), &state);
    }
    let mut denied = over(Situation::Bad, (120, 40), Overlay::Acts { selected: 0 });
    snap("acts_bad", &denied);
    denied.overlay = Some(Overlay::Help { scroll: 4 });
    snap("help_bad", &denied);
}

#[test]
fn what_was_said_stands_at_the_foot() {
    for at in [(80, 24), (120, 40)] {
        for kind in [NoticeKind::Said, NoticeKind::Warning, NoticeKind::Trouble] {
            let mut state = fixtures::release(Situation::Normal, size(at));
            state.notice = Some(Notice {
                text: "cannot promote: `prod-eu` is read-only; arm it: `x`, then arm".into(),
                kind,
                until: state.at.mono + 1,
                in_dialog: false,
            });
            assert!(shown("notice", &state).contains("cannot promote"));
            state.at.mono += 2;
            assert!(!shown("notice", &state).contains("cannot promote"));
        }
    }
}

#[test]
fn what_a_key_in_a_dialog_is_answered_stands_above_the_question() {
    let said = "too soon to be meant: nothing was sent; press it again";
    let asked = [
        ("y roll back", Overlay::Confirm(Box::new(confirm(fixtures::rollback(), Confirmation::Yes)))),
        ("type checkout 100", Overlay::Confirm(Box::new(confirm(fixtures::promote(), typed())))),
        ("enter arm", Overlay::Arm { source: "prod-eu".into(), input: Input::default() }),
    ];
    for at in SIZES {
        for (question, overlay) in &asked {
            let mut state = over(Situation::Normal, at, overlay.clone());
            let until = state.at.mono + 1;
            state.notice = Some(Notice { text: said.into(), kind: NoticeKind::Warning, until, in_dialog: true });
            let screen = shown("answered", &state);
            let lines: Vec<&str> = screen.lines().collect();
            let place = lines.iter().position(|line| line.contains(question)).unwrap();
            assert!(lines[place - 1].contains(said), "{question} at {at:?}:\n{screen}");
            assert_eq!(screen.matches("too soon").count(), 1, "and nowhere else");
        }
    }
    let mut state = over(Situation::Normal, (80, 24), asked[0].1.clone());
    let until = state.at.mono + 1;
    state.notice = Some(Notice { text: said.into(), kind: NoticeKind::Warning, until, in_dialog: true });
    snap("confirm_too_soon", &state);
}

#[test]
fn what_each_piece_of_a_dialog_means() {
    let back = confirm(fixtures::rollback(), Confirmation::Yes);
    assert_eq!(back.plan.direction, Direction::Back);
    let state = over(Situation::Normal, (80, 24), Overlay::Confirm(Box::new(back)));
    insta::assert_snapshot!("roles_confirm", roles(&state));
}
