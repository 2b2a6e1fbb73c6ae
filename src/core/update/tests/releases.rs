//! The opened release: what its news put on the timeline, its panes, its title.

use super::world::{Flight, aborted, orders, paused, promoted, resting, settings};
use crate::{
    core::{
        content,
        effect::Effect,
        event::{Event, Size},
        policy::Confirmation,
        settings::Settings,
        state::{Pane, View},
        study::{self, Range},
    },
    domain::{
        goal::{Answer, Goal},
        panel::PanelSpec,
        release::WaitingOn,
        timeline::MomentKind,
        update::Update,
    },
};

#[test]
fn what_changed_stands_on_the_timeline() {
    let mut flight = Flight::open(settings());
    assert!(flight.seen().is_empty(), "the first look is no news");
    flight.news(promoted("checkout"));
    for expected in
        ["phase progressing: CanaryPauseStep", "step 2/3 pause done", "step 3/3 weight 50 % began", "weight 50 % set"]
    {
        assert!(flight.seen().iter().any(|text| text == expected), "{expected} in {:?}", flight.seen());
    }

    let mut sick = promoted("checkout");
    sick.revisions[0].ready = 1;
    sick.revisions[0].pods[0].ready = false;
    sick.revisions[0].pods[0].trouble = Some("CrashLoopBackOff".into());
    flight.news(sick);
    let pods: Vec<_> = flight.seen().into_iter().filter(|text| text.starts_with("pod")).collect();
    assert_eq!(pods, ["pod canary 4.2.0 1/2 ready", "pod canary 4.2.0 checkout-new-0: CrashLoopBackOff"]);

    flight.news(aborted("checkout"));
    assert!(flight.seen().contains(&"phase aborted".to_owned()));
    assert_eq!(flight.state.title, "✗ checkout 0 %");

    let mut next = paused("checkout");
    next.id.revision = "newer".into();
    next.revisions[0].hash = "newer".into();
    next.revisions[0].version = "4.3.0".into();
    flight.news(next);
    assert!(flight.seen().contains(&"revision a new revision came: 4.3.0".to_owned()), "{:?}", flight.seen());
}

#[test]
fn a_share_of_pods_is_said_without_digits_that_say_nothing() {
    let mut flight = Flight::open(Settings { panels: vec![orders()], ..settings() });
    let mut release = paused("checkout");
    release.weight.set = Some(100.0 / 12.0);
    let promote = release.offers.iter_mut().find(|offer| offer.goal == Goal::Promote).unwrap();
    let Answer::Plan(plan) = &mut promote.answer else { panic!("{promote:?}") };
    // To a person at the same weight.
    plan.reach.as_mut().unwrap().weight = 100.0 / 12.0;
    flight.news(release);
    assert!(flight.seen().contains(&"weight 8.3 % set".to_owned()), "{:?}", flight.seen());
    assert_eq!(flight.state.title, "‖ checkout 8.3 %");
    flight.armed().key("p");
    let Confirmation::Type { text, .. } = &flight.dialog().confirmation else { panic!("{:?}", flight.dialog()) };
    assert_eq!(text.as_str(), "checkout 8.3");
}

#[test]
fn the_same_news_twice_changes_nothing_on_screen() {
    let mut flight = Flight::open(settings());
    let watch = flight.watch();
    flight.painted();
    let before = flight.all.iter().filter(|effect| **effect == Effect::Paint).count();
    flight.tell(Event::Update { watch, update: Update::Changed(std::sync::Arc::new(paused("checkout"))) });
    assert_eq!(flight.all.iter().filter(|effect| **effect == Effect::Paint).count(), before);
}

#[test]
fn a_wait_for_a_person_rings_and_the_title_says_where_it_stands() {
    let mut flight = Flight::open(settings());
    assert_eq!(flight.state.title, "‖ checkout 10 %");
    flight.news(promoted("checkout"));
    assert!(!flight.effects.contains(&Effect::Bell));
    assert!(flight.effects.contains(&Effect::Title("► checkout 50 %".to_owned())));
    let mut unsure = promoted("checkout");
    unsure.waiting = paused("checkout").waiting;
    unsure.waiting.as_mut().unwrap().on = WaitingOn::Inconclusive;
    flight.news(unsure);
    assert!(flight.effects.contains(&Effect::Bell));
    flight.news(resting("checkout"));
    assert_eq!(flight.state.title, "✓ checkout 10 %");
}

#[test]
fn what_is_gone_is_said_and_can_come_back() {
    let mut flight = Flight::open(settings());
    flight.board(vec![]);
    assert!(flight.state.open.as_ref().unwrap().gone);
    assert_eq!(flight.state.title, "? checkout");
    flight.key("R");
    assert_eq!(flight.notice(), "cannot roll back: it was deleted");
    flight.news(paused("checkout"));
    assert!(!flight.state.open.as_ref().unwrap().gone);
    assert_eq!(flight.seen(), ["phase it was deleted", "phase it is there again"]);
}

#[test]
fn panes_turn_into_tabs_on_a_small_screen() {
    let mut flight = Flight::open(settings());
    let focus = |flight: &Flight| content::focus(&flight.state, flight.state.open.as_ref().unwrap());
    let view = |flight: &Flight| flight.state.open.as_ref().unwrap().view;
    assert_eq!(focus(&flight), Pane::Metrics);
    flight.keys("tab");
    assert_eq!(focus(&flight), Pane::Steps);
    flight.keys("back-tab back-tab");
    assert_eq!(focus(&flight), Pane::Timeline);
    flight.keys("3");
    assert_eq!((view(&flight), focus(&flight)), (View::Pods, Pane::Pods));
    flight.keys("esc");
    assert_eq!(view(&flight), View::Cockpit);

    flight.tell(Event::Resized(Size { columns: 80, rows: 24 }));
    flight.keys("t");
    assert_eq!((view(&flight), focus(&flight)), (View::Cockpit, Pane::Timeline));
    flight.keys("2");
    assert_eq!(focus(&flight), Pane::Steps);
    flight.keys("esc");
    assert!(flight.state.open.is_none());
}

#[test]
fn the_evidence_screen_moves_among_panels_and_through_time() {
    let refunds = PanelSpec { name: "refunds".into(), ..orders() };
    let mut flight = Flight::open(Settings { panels: vec![orders(), refunds], ..settings() });
    let open = |flight: &Flight| flight.state.open.clone().unwrap();
    let shown = |flight: &Flight| {
        let open = open(flight);
        study::shown(&flight.state, &open).map(|(place, _, panel)| (place, panel.spec.name.to_string()))
    };
    flight.keys("e");
    assert_eq!(open(&flight).view, View::Evidence);
    let (first, name) = shown(&flight).unwrap();
    assert_eq!(first, 0);
    let count = open(&flight).panels.len();
    flight.keys("j");
    assert_eq!(shown(&flight).unwrap().0, 1 % count);
    flight.keys("k k tab back-tab");
    assert_eq!(shown(&flight).unwrap().0, count - 1, "round at the ends");
    flight.keys("j");
    assert_eq!(shown(&flight).unwrap().1, name);
    assert_eq!(open(&flight).study.range, Range::Quarter);
    flight.keys("] ] [");
    assert_eq!(open(&flight).study.range, Range::Hour);
    flight.keys("G");
    let end = study::last_scroll(&flight.state, &open(&flight));
    assert_eq!(open(&flight).study.scroll, end);
    flight.tell(Event::Resized(Size { columns: 200, rows: 60 }));
    assert_eq!(open(&flight).study.scroll, 0, "everything fits now");
    flight.keys("esc");
    assert_eq!(open(&flight).view, View::Cockpit);
    flight.keys("enter");
    assert!(open(&flight).unfolded);
    flight.keys("enter");
    assert!(!open(&flight).unfolded);
}

#[test]
fn long_lists_scroll_to_their_end_and_not_further() {
    let mut flight = Flight::open(settings());
    let mut release = paused("checkout");
    let pod = release.revisions[0].pods[0].clone();
    release.revisions[0].pods = (0..200)
        .map(|n| crate::domain::revision::Pod { name: format!("checkout-new-{n:03}").into(), ..pod.clone() })
        .collect();
    flight.news(release);
    flight.keys("3 G j j space");
    let open = flight.state.open.as_ref().unwrap();
    let end = crate::core::layout::last_scroll(&flight.state, open, Pane::Pods);
    assert!(end > 100 && open.scroll[2] == end, "{} of {end}", open.scroll[2]);
    flight.keys("/").type_text("new-00").keys("enter");
    let open = flight.state.open.as_ref().unwrap();
    assert_eq!(content::pods(open).len(), 12, "ten pods under two revisions");
    assert_eq!(open.scroll[2], 0, "a shorter list pulls the screen up");
}

#[test]
fn both_sides_of_the_timeline_are_shown_once() {
    let mut flight = Flight::open(settings());
    let mut release = promoted("checkout");
    release.timeline.push(crate::domain::timeline::Moment {
        at: flight.at().wall,
        kind: MomentKind::Weight,
        text: "50 % set".into(),
    });
    flight.news(release);
    let open = flight.state.open.as_ref().unwrap();
    let weights = content::timeline(open).iter().filter(|m| m.kind == MomentKind::Weight).count();
    assert_eq!(weights, 1);
}

#[test]
fn below_the_cockpit_stands_what_happens_now_after_the_timeline_was_read_back() {
    let mut flight = Flight::open(settings());
    let mut release = paused("checkout");
    let moment = |second| crate::domain::timeline::Moment {
        at: flight.at().wall - chrono::TimeDelta::seconds(second),
        kind: MomentKind::Pod,
        text: format!("pod {second}").into(),
    };
    release.timeline = (0..100).map(moment).collect();
    flight.news(release);
    flight.keys("t G");
    assert!(flight.state.open.as_ref().unwrap().scroll[3] > 20);
    flight.keys("esc");
    assert_eq!(flight.state.open.as_ref().unwrap().scroll[3], 0);
}
