//! From a key to the proof: dialogs, confirming, replies, effects seen or missing.

use std::sync::Arc;

use super::world::{Flight, aborted, name, offer, orders, paused, plan, promoted, settings};
use crate::{
    core::{
        acts::{self, Line, Part},
        effect::Effect,
        event::Event,
        policy::Confirmation,
        settings::{Policy, Settings},
        state::{Overlay, Rehearsal, Stage},
    },
    domain::{
        failure::{Failure, FailureKind},
        goal::{Answer, Denied, Direction, Goal, Permission},
        health::Health,
        journal::What,
        plan::Condition,
        time::Seconds,
        update::Update,
    },
};

fn outcome(flight: &Flight) -> Option<&What> {
    flight.effects.iter().find_map(|effect| match effect {
        Effect::Journal(entry) => Some(&entry.what),
        _ => None,
    })
}

#[test]
fn disarmed_a_way_back_asks_for_the_name_and_a_forward_act_is_refused_with_the_next_step() {
    let mut flight = Flight::open(settings());
    flight.key("p");
    assert_eq!(flight.notice(), "cannot promote: `prod-eu` is read-only; arm it: `x`, then arm");
    assert!(flight.state.overlay.is_none());
    flight.key("R");
    assert_eq!(flight.dialog().confirmation, Confirmation::Type { text: "checkout".into(), with_reason: false });
    flight.settled().type_text("checkout").wait(200).key("enter");
    assert_eq!(flight.sent().len(), 1);
    assert!(!flight.state.is_armed(&name("prod-eu")), "the typed name armed for that one act");
}

#[test]
fn armed_a_way_back_takes_one_key_and_is_followed_to_its_proof() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R");
    assert_eq!(flight.dialog().confirmation, Confirmation::Yes);
    flight.settled().key("y");
    let Some(Effect::Apply { plan, intent, .. }) = flight.effects.first() else { panic!("{:?}", flight.effects) };
    assert_eq!(plan.goal, Goal::Rollback { to: None });
    assert!(matches!(&intent.what, What::Intent { plan: journalled, .. } if journalled == plan));
    assert!(matches!(flight.state.overlay, Some(Overlay::Receipt(_))));

    flight.skip(300).replied(Ok(()));
    assert!(matches!(outcome(&flight), Some(What::Accepted(_))));
    assert!(matches!(flight.state.acts[0].stage, Stage::Accepted(_)), "accepted is not done");

    flight.skip(2_700).news(paused("checkout")).news(aborted("checkout"));
    assert!(matches!(outcome(&flight), Some(What::EffectSeen { after }) if (*after - 3.0).abs() < 0.01));
    assert_eq!(flight.notice(), "rollback is seen, seen after 3.0s");
    assert!(matches!(flight.state.acts[0].stage, Stage::Seen { after_ms: 3_000, .. }));
    flight.key("esc");
    assert!(flight.state.acts.is_empty() && flight.state.overlay.is_none());
}

#[test]
fn a_confirming_key_counts_only_when_the_dialog_was_there_to_be_read() {
    type Steps = fn(&mut Flight) -> &mut Flight;
    let cases: [(&str, Steps, bool); 9] = [
        ("never painted", |f| f.wait(5_000).key("y"), false),
        ("too early", |f| f.painted().wait(399).key("y"), false),
        ("in time", |f| f.painted().wait(400).key("y"), true),
        ("right after another key", |f| f.settled().key("z").wait(149).key("y"), false),
        ("after quiet", |f| f.settled().key("z").wait(150).key("y"), true),
        ("too early, then at once", |f| f.painted().wait(300).key("y").skip(120).key("y"), false),
        ("a held key", |f| f.settled().held("y"), false),
        ("pasted", |f| f.settled().tell(Event::Pasted("y\n".into())), false),
        ("enter is no yes", |f| f.settled().key("enter"), false),
    ];
    for (case, steps, sends) in cases {
        let mut flight = Flight::open(settings());
        flight.armed().wait(1_000).key("R");
        steps(&mut flight);
        assert_eq!(flight.sent().len(), usize::from(sends), "{case}");
    }
}

#[test]
fn an_older_frame_does_not_open_the_dialog_for_keys() {
    let mut flight = Flight::open(settings());
    let before = flight.state.generation;
    flight.armed().key("R").tell(Event::Painted { generation: before }).wait(1_000).key("y");
    assert!(flight.sent().is_empty());
}

#[test]
fn pressing_twice_sends_once() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled();
    for _ in 0..5 {
        flight.key("y").skip(200);
    }
    flight.painted().wait(1_000).keys("y y enter y");
    assert_eq!(flight.sent().len(), 1);
}

#[test]
fn customers_move_forward_only_by_a_typed_weight() {
    let mut flight = Flight::open(settings());
    flight.armed().key("p");
    // Nothing critical is watched: it flies blind, so it asks for name, weight and a reason.
    assert_eq!(flight.dialog().confirmation, Confirmation::Type { text: "checkout 50".into(), with_reason: true });
    flight.settled().key("y").wait(500).key("enter");
    assert!(flight.sent().is_empty());
    assert_eq!(flight.notice(), "type `checkout 50` to confirm");
    flight.key("backspace").type_text("checkout 50").wait(200).key("enter");
    assert_eq!(flight.notice(), "say why; the reason is journalled");
    flight.type_text("metrics are being moved").wait(200).key("enter");
    assert_eq!(flight.sent().len(), 1);
    assert_eq!(flight.state.acts[0].reason.as_deref(), Some("metrics are being moved"));
}

#[test]
fn hold_becomes_resume_when_held_and_resuming_is_forward() {
    let mut flight = Flight::open(settings());
    let mut held = paused("checkout");
    held.held = true;
    held.offers.push(offer(plan("checkout", Goal::Resume, Direction::Hold, Some(10.0), vec![Condition::Held(false)])));
    flight.armed().key("h");
    assert_eq!(flight.dialog().goal, Goal::Pause);
    flight.keys("esc").news(held).key("h");
    assert_eq!(flight.dialog().goal, Goal::Resume);
    assert_ne!(flight.dialog().confirmation, Confirmation::Yes, "whatever the backend calls its direction");
}

#[test]
fn what_changes_in_the_open_dialog_is_marked_and_asked_anew() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled();
    let mut slower = paused("checkout");
    if let Answer::Plan(plan) = &mut slower.offers[0].answer {
        plan.customers = "10 % → 0 % in ≈40s".into();
    }
    flight.news(slower).key("y");
    assert!(flight.sent().is_empty(), "the key was pressed at what is no longer there");
    let change = &flight.dialog().changed[0];
    assert_eq!((change.part, change.was.as_str()), (Part::Customers, "customers after rollback"));
    flight.settled().key("y");
    assert!(flight.sent().is_empty() && flight.dialog().changed.is_empty(), "the first key only acknowledges");
    flight.key("y");
    assert!(flight.sent().is_empty(), "and the wait begins again");
    flight.settled().key("y");
    assert_eq!(flight.sent().len(), 1);
}

#[test]
fn a_goal_that_cannot_be_reached_any_more_says_so_in_its_dialog() {
    let mut flight = Flight::open(settings());
    flight.armed().key("p").settled().type_text("checkout 50");
    flight.news(promoted("checkout"));
    assert_eq!(flight.dialog().denied.as_deref(), Some("it is on its way"));
    flight.settled().keys("enter y enter");
    assert!(flight.sent().is_empty());

    let mut next = paused("checkout");
    next.id.revision = "newer".into();
    for offer in &mut next.offers {
        if let Answer::Plan(plan) = &mut offer.answer {
            plan.release.revision = "newer".into();
        }
    }
    flight.news(next);
    assert!(flight.dialog().denied.as_deref().unwrap().starts_with("another revision has come"));
    flight.key("n");
    assert_eq!(flight.notice(), "left promote; nothing was sent");
}

#[test]
fn arming_that_runs_out_locks_the_dialog() {
    let mut settings = settings();
    settings.policy.armed_for = Seconds(60.0);
    let mut flight = Flight::open(settings);
    flight.armed().key("R").settled();
    flight.wait(61_000);
    assert!(!flight.state.is_armed(&name("prod-eu")));
    assert_eq!(flight.dialog().confirmation, Confirmation::Type { text: "checkout".into(), with_reason: false });
    assert_eq!(flight.dialog().changed[0].part, Part::Confirmation);
    flight.settled().key("y");
    assert!(flight.sent().is_empty());
}

#[test]
fn leaving_copying_and_trying_send_nothing() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled().key("c");
    assert!(flight.effects.contains(&Effect::Copy("kubectl argo rollouts rollback checkout".to_owned())));
    flight.key("d");
    let Some(Effect::Rehearse { act, .. }) = flight.effects.first().cloned() else { panic!("{:?}", flight.effects) };
    flight.key("d");
    assert!(flight.effects.is_empty(), "one try is under way already");
    flight.settled().tell(Event::Rehearsed { act, result: Ok(()) });
    assert_eq!(flight.dialog().rehearsal, Some(Rehearsal::Passed));
    flight.key("y");
    assert!(flight.sent().is_empty(), "the new line has to be read first");
    flight.settled().key("y");
    assert_eq!(flight.sent().len(), 1);

    for key in ["n", "esc", "ctrl-c"] {
        let mut flight = Flight::open(settings());
        flight.armed().key("R").settled().key(key);
        assert!(flight.state.overlay.is_none() && flight.sent().is_empty() && !flight.state.quitting, "{key}");
    }
}

#[test]
fn read_only_forbids_everything_and_still_copies() {
    let policy = Policy { read_only: Some("started with --read-only".into()), armed_for: Seconds(900.0) };
    let mut flight = Flight::open(Settings { policy, ..settings() });
    flight.key("R").settled().keys("y enter");
    assert!(flight.sent().is_empty());
    assert!(flight.dialog().denied.as_deref().unwrap().starts_with("started with --read-only"));
    flight.key("c");
    assert!(flight.effects.iter().any(|effect| matches!(effect, Effect::Copy(_))));
    flight.keys("esc x G enter");
    assert_eq!(flight.notice(), "cannot arm `prod-eu`: started with --read-only");
}

#[test]
fn what_is_greyed_says_why_and_agrees_with_the_keys() {
    let mut viewer = paused("checkout");
    for offer in &mut viewer.offers {
        if let Answer::Plan(plan) = &mut offer.answer {
            plan.permission = Permission::No("`viewer` may not patch rollouts".into());
        }
    }
    let mut flight = Flight::open(settings());
    flight.news(viewer).armed();
    for line in acts::lines(&flight.state.clone()) {
        let Line::Goal { goal, answer, command } = line else { continue };
        let denied = answer.expect_err("nothing may be offered").to_string();
        let Some(key) = command.and_then(|c| c.spec().keys.first().copied()) else { continue };
        flight.tell(Event::Key(key));
        assert_eq!(flight.notice(), format!("cannot {goal}: {denied}"));
        assert!(flight.state.overlay.is_none());
    }
}

#[test]
fn one_act_at_a_time_but_a_way_back_always() {
    let mut flight = Flight::open(settings());
    flight
        .armed()
        .key("p")
        .settled()
        .type_text("checkout 50")
        .wait(200)
        .key("enter")
        .type_text("x")
        .wait(200)
        .key("enter");
    assert_eq!(flight.sent().len(), 1);
    flight.keys("p");
    assert_eq!(
        flight.notice(),
        "cannot promote: `promote` was sent and is not answered yet; a way back can be sent at any time"
    );
    flight.keys("h");
    assert!(flight.notice().starts_with("cannot hold: `promote` was sent"));
    flight.key("R").settled().key("y");
    assert_eq!(flight.sent().len(), 2);
}

#[test]
fn a_missing_effect_is_said_aloud_and_may_still_come() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled().key("y").replied(Ok(()));
    flight.wait(29_000);
    assert!(flight.state.acts[0].stage.is_unproven());
    flight.wait(2_000);
    assert!(matches!(outcome(&flight), Some(What::NoEffect { .. })));
    assert!(flight.effects.contains(&Effect::Bell));
    assert_eq!(flight.notice(), "`roll back`: no effect after 30s; still waiting until rollback is seen");
    flight.wait(10_000).news(aborted("checkout"));
    assert!(matches!(flight.state.acts[0].stage, Stage::Seen { .. }));
    assert!(matches!(outcome(&flight), Some(What::EffectSeen { .. })));
}

#[test]
fn while_contact_is_lost_nothing_is_claimed_about_an_effect() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled().key("y").replied(Ok(()));
    let why = Failure::new(FailureKind::Unreachable, "connection refused");
    flight.update(Update::Health(Health::Lost { why, retry_in_ms: 800 }));
    assert!(flight.notice().ends_with("whether `roll back` worked cannot be seen until it is back"));
    assert!(acts::is_blind(&flight.state, &flight.state.acts[0]));
    flight.wait(60_000);
    assert!(matches!(flight.state.acts[0].stage, Stage::Accepted(_)));
    flight.keys("esc p");
    assert!(flight.notice().starts_with("cannot promote: contact with `prod-eu` is lost"));
    flight.news(aborted("checkout"));
    assert!(matches!(flight.state.acts[0].stage, Stage::Seen { .. }));
}

#[test]
fn a_silent_source_is_no_ground_to_go_forward_on() {
    let mut flight = Flight::open(settings());
    flight.armed().wait(120_000).key("p");
    assert!(
        flight.notice().starts_with("cannot promote: nothing was heard of `prod-eu` for 2m0"),
        "{}",
        flight.notice()
    );
    flight.key("R").settled().key("y");
    assert_eq!(flight.sent().len(), 1, "the way back is tried all the same");
}

#[test]
fn a_lost_reply_is_settled_by_the_effect() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled().key("y").replied(Err(FailureKind::Unconfirmed));
    assert!(matches!(flight.state.acts[0].stage, Stage::Unconfirmed(_)));
    flight.keys("esc p");
    assert_eq!(
        flight.notice(),
        "cannot promote: the reply to `roll back` was lost; what became of it must be seen first; \
         a way back can be sent at any time"
    );
    flight.news(aborted("checkout"));
    assert!(matches!(flight.state.acts[0].stage, Stage::Seen { .. }));
}

#[test]
fn what_was_not_sent_stays_for_one_more_key() {
    let mut flight = Flight::open(settings());
    flight
        .armed()
        .key("p")
        .settled()
        .type_text("checkout 50")
        .wait(200)
        .key("enter")
        .type_text("why")
        .wait(200)
        .key("enter");
    flight.replied(Err(FailureKind::Unreachable));
    assert!(flight.dialog().not_sent.is_some());
    flight.key("enter");
    assert_eq!(flight.sent().len(), 1, "not before it was on the terminal");
    flight.settled().key("enter");
    assert_eq!(flight.sent().len(), 2);
    assert_ne!(flight.sent()[0], flight.sent()[1]);
    assert_eq!(flight.state.acts.last().unwrap().reason.as_deref(), Some("why"));
}

#[test]
fn a_conflict_shows_what_changed_and_is_never_the_effect() {
    for news_first in [true, false] {
        let mut flight = Flight::open(settings());
        flight.armed().key("p").settled().type_text("checkout 50").wait(200).key("enter");
        flight.type_text("why").wait(200).key("enter");
        // Somebody else promoted: what we expected is there, and it was not us.
        if news_first {
            flight.news(promoted("checkout"));
            assert!(flight.state.acts[0].stage.is_unproven(), "not ours before the reply says so");
        }
        flight.replied(Err(FailureKind::Conflict));
        if !news_first {
            flight.news(promoted("checkout"));
        }
        let act = &flight.state.acts[0];
        assert!(matches!(&act.stage, Stage::Failed(f) if f.kind == FailureKind::Conflict), "{:?}", act.stage);
        assert_eq!(act.changed[0].now.as_str(), "it is on its way");
        assert_eq!(flight.notice(), "`promote` was refused: it moved meanwhile; look again before you act");
        flight.keys("enter");
        assert_eq!(flight.notice(), "cannot promote: it is on its way");
    }
}

#[test]
fn replies_of_unknown_acts_and_second_replies_change_nothing() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled().key("y").replied(Ok(()));
    flight.replied(Err(FailureKind::Refused));
    assert!(matches!(flight.state.acts[0].stage, Stage::Accepted(_)));
}

#[test]
fn the_menu_names_every_goal_and_arms() {
    let mut flight = Flight::open(settings());
    let words: Vec<String> = acts::lines(&flight.state)
        .iter()
        .map(|line| match line {
            Line::Goal { goal, .. } => goal.word().to_owned(),
            Line::Arm { armed, .. } => format!("arm {armed}"),
            Line::Guard { holds, .. } => format!("guard {holds}"),
            Line::Reset { panel, .. } => format!("reset {}", panel.name),
        })
        .collect();
    assert_eq!(words, ["rollback", "pause", "promote", "promote_full", "abort", "retry", "guard false", "arm false"]);
    let mut more = paused("checkout");
    for to in [41, 40] {
        more.offers.push(offer(plan("checkout", Goal::Rollback { to: Some(to) }, Direction::Back, None, vec![])));
    }
    flight.news(more);
    let older: Vec<_> = acts::lines(&flight.state)
        .iter()
        .filter_map(|line| match line {
            Line::Goal { goal: Goal::Rollback { to }, .. } => Some(*to),
            Line::Goal { .. } | Line::Arm { .. } | Line::Guard { .. } | Line::Reset { .. } => None,
        })
        .collect();
    assert_eq!(older, [None, Some(40)], "41 is where `roll back` leads anyway");
    flight.news(paused("checkout"));
    flight.keys("x G k k enter");
    assert_eq!(flight.notice(), "cannot retry: not aborted");
    assert!(matches!(flight.state.overlay, Some(Overlay::Acts { .. })));
    flight.keys("esc").armed();
    flight.keys("x");
    flight.key("R");
    assert_eq!(flight.dialog().goal, Goal::Rollback { to: None });
    flight.keys("esc x G enter");
    assert!(!flight.state.is_armed(&name("prod-eu")));
}

#[test]
fn an_unknown_verdict_makes_an_open_dialog_ask_for_more() {
    let mut flight = Flight::open(Settings { panels: vec![orders()], ..settings() });
    flight.armed();
    let watched = super::asking::answer_first(&mut flight);
    assert!(watched > 0);
    let more = Confirmation::Type { text: "checkout 50".into(), with_reason: true };
    flight.key("p");
    assert_eq!(flight.dialog().confirmation, more, "its past has not been read");
    flight.key("esc");
    for panel in &mut flight.state.open.as_mut().unwrap().panels {
        panel.history = None;
    }
    flight.key("p");
    assert_eq!(flight.dialog().confirmation, Confirmation::Type { text: "50".into(), with_reason: false });
    flight.wait(120_000);
    assert_eq!(flight.dialog().confirmation, more);
    assert_eq!(flight.dialog().changed[0].part, Part::Confirmation);
}

#[test]
fn a_release_that_failed_goes_on_only_with_a_reason() {
    let mut flight = Flight::open(Settings { panels: vec![orders()], ..settings() });
    flight.armed();
    let mut failed = aborted("checkout");
    failed.offers = vec![offer(plan("checkout", Goal::Retry, Direction::Forward, Some(10.0), vec![]))];
    flight.news(failed);
    super::asking::answer_first(&mut flight);
    for panel in &mut flight.state.open.as_mut().unwrap().panels {
        panel.history = None;
    }
    flight.keys("x").key("enter");
    assert_eq!(flight.dialog().goal, Goal::Retry);
    assert_eq!(flight.dialog().confirmation, Confirmation::Type { text: "checkout 10".into(), with_reason: true });
    let confirm = flight.dialog().clone();
    let said = crate::core::sheet::sentences(&flight.state, &confirm);
    assert!(said.iter().any(|line| line.label == "failed" && line.text.contains("aborted")), "{said:?}");
}

#[test]
fn the_board_can_prove_an_act_after_its_release_was_closed() {
    let mut flight = Flight::new(settings());
    flight.board(vec![paused("checkout")]);
    flight.key("enter").news(paused("checkout")).armed();
    flight.key("R").settled().key("y").replied(Ok(()));
    flight.keys("esc esc");
    assert!(flight.state.open.is_none());
    flight.update(Update::Changed(Arc::new(aborted("checkout"))));
    assert!(matches!(flight.state.acts[0].stage, Stage::Seen { .. }));
}

#[test]
fn a_denial_of_the_backend_is_the_notice() {
    let mut flight = Flight::open(settings());
    let mut release = paused("checkout");
    release.offers[0].answer =
        Answer::Denied(Denied::new("the controller is between two states").hint("it takes a second"));
    flight.news(release).key("R");
    assert_eq!(flight.notice(), "cannot roll back: the controller is between two states; it takes a second");
}
