//! Looking back: moments of this run on screen again, and nothing sent from there.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    shop::{Visit, dead_from, watched, word},
    world::{Flight, aborted, noon, promoted, settings},
};
use crate::{
    core::{
        effect::Effect,
        evidence,
        past::{self, Stride},
        settings::Settings,
        state::{Overlay, Pane, State, View},
    },
    domain::{
        panel::PanelSpec,
        release::Release,
        time::Seconds,
        timeline::{Moment, MomentKind},
        verdict::Word,
    },
};

/// An update that goes from 10 to 50 % and is aborted, ten seconds apart.
fn flown() -> Flight {
    let mut flight = Flight::open(settings());
    flight.wait(10_000);
    flight.news(promoted("checkout")).wait(10_000);
    flight.news(aborted("checkout")).wait(10_000);
    flight
}

fn looking(flight: &Flight) -> Option<DateTime<Utc>> {
    flight.state.open.as_ref().unwrap().looking
}

/// What is on screen: the state of then, or of now.
fn screen(flight: &Flight) -> State {
    past::shown(&flight.state).unwrap_or_else(|| flight.state.clone())
}

fn weight(state: &State) -> Option<f64> {
    state.open.as_ref().unwrap().release.as_ref().unwrap().weight.set
}

#[test]
fn moments_go_back_and_on_and_at_last_to_now() {
    let mut flight = flown();
    assert_eq!((weight(&screen(&flight)), looking(&flight)), (Some(0.0), None));
    let mut weights = Vec::new();
    for key in ["left", "left", "left", "right", "right", "right"] {
        flight.key(key);
        let then = screen(&flight);
        weights.push((weight(&then), (then.at.wall - noon()).num_seconds(), looking(&flight).is_some()));
    }
    let expected = [
        (Some(0.0), 20, true),
        (Some(50.0), 10, true),
        (Some(10.0), 0, true),
        (Some(50.0), 10, true),
        (Some(0.0), 20, true),
        (Some(0.0), 30, false),
    ];
    // Backends tell of moments by whole seconds, so that the first ones were seen at once.
    assert_eq!(weights, expected);
    flight.key("right");
    assert_eq!(looking(&flight), None, "there is nothing after now");
}

#[test]
fn nothing_older_is_said_and_esc_comes_home() {
    let mut flight = flown();
    flight.keys("left left left left left");
    assert_eq!(flight.notice(), "nothing older was seen in this visit");
    assert_eq!(weight(&screen(&flight)), Some(10.0), "the oldest stays on screen");
    flight.key("esc");
    assert_eq!(looking(&flight), None);
    assert!(flight.state.open.is_some(), "and the release stays open");
    let mut new = Flight::new(Settings { open: Some("checkout".parse().unwrap()), ..settings() });
    new.key("left");
    assert!(new.state.open.is_none_or(|open| open.looking.is_none()), "nothing was seen yet");
}

#[test]
fn seconds_are_steps_too() {
    let mut flight = flown();
    flight.wait(25_000);
    flight.key(",");
    let first = screen(&flight).at.wall;
    flight.key(",");
    assert_eq!((first - screen(&flight).at.wall).num_seconds(), 10);
    flight.keys(". .");
    assert_eq!(looking(&flight), None);
    let open = flight.state.open.as_ref().unwrap();
    let newest = past::step(open, Stride::Moment, true).unwrap().unwrap();
    assert!(first > newest, "between two moments there is something to see: {first} after {newest}");
}

#[test]
fn whoever_acts_comes_back_to_now_first() {
    for key in ["R", "h", "p", "x"] {
        let mut flight = flown();
        flight.armed().keys("left left");
        assert_eq!(weight(&screen(&flight)), Some(50.0), "{key}");
        flight.key(key);
        assert_eq!(looking(&flight), None, "{key}");
        assert!(past::shown(&flight.state).is_none(), "{key}");
    }
    // The dialog shows the plan of now, never that of then.
    let mut flight = Flight::open(settings());
    flight.armed().wait(10_000);
    flight.news(promoted("checkout")).wait(10_000);
    flight.keys("left left");
    assert_eq!(weight(&screen(&flight)), Some(10.0));
    flight.key("R");
    let plan = &flight.dialog().plan;
    let release = flight.state.open.as_ref().unwrap().release.as_ref().unwrap();
    assert_eq!(weight(&flight.state), Some(50.0));
    assert_eq!(Some(plan), release.offer(&plan.goal).and_then(|offer| offer.answer.plan().ok()));
    flight.settled().key("left");
    assert_eq!(looking(&flight), None, "the dialog has the keys");
}

#[test]
fn coming_home_is_announced() {
    for keys in ["left esc", "left right", "left left right right", "left R", "left x"] {
        let mut flight = flown();
        flight.armed().keys(keys);
        assert_eq!((looking(&flight), flight.notice()), (None, "now, live"), "{keys}");
        flight.wait(6_000);
        assert_eq!(flight.notice(), "", "{keys}: for a moment");
    }
    let mut denied = flown();
    denied.keys("left p");
    assert!(denied.notice().starts_with("cannot promote"), "why not goes before: {}", denied.notice());
    let mut silent = flown();
    silent.key("left").wait(120_000).key("esc");
    assert!(silent.notice().contains("may be old"), "{}", silent.notice());
    let mut never = flown();
    never.key("right");
    assert_eq!(never.notice(), "", "it was now all along");
}

#[test]
fn help_and_a_filter_lie_over_the_past() {
    let mut flight = flown();
    flight.keys("left left ?");
    assert!(matches!(flight.state.overlay, Some(Overlay::Help { .. })));
    assert_eq!(weight(&screen(&flight)), Some(50.0));
    flight.keys("esc");
    assert!(looking(&flight).is_some(), "esc closed the help");
    flight.keys("esc / p h a s e enter left left");
    let then = screen(&flight);
    assert_eq!((then.at.wall - noon()).num_seconds(), 10, "only moments under the filter are stops");
}

#[test]
fn the_list_of_moments_leads_to_what_they_looked_like() {
    let mut flight = flown();
    flight.key("t");
    assert_eq!(flight.state.open.as_ref().unwrap().view, View::Timeline);
    flight.key("left");
    let open = flight.state.open.as_ref().unwrap();
    assert_eq!((open.view, open.scroll[Pane::Timeline as usize]), (View::Cockpit, 0));
    flight.key("esc");
    assert_eq!(flight.state.open.as_ref().unwrap().view, View::Cockpit);
}

#[test]
fn what_was_said_then_is_said_again_and_goes_on_meanwhile() {
    let mut visit = Visit::new(vec![watched()], dead_from(60), 0);
    visit.live(90);
    let said = visit.panel("orders").reading.clone();
    assert_eq!(word(&visit), Word::Collecting);
    visit.flight.keys(", ,");
    let rung = visit.flight.all.iter().filter(|effect| **effect == Effect::Bell).count();
    visit.live(900);
    let then = past::shown(&visit.flight.state).expect("still in the past");
    assert_eq!(word(&visit), Word::NoGo, "judging goes on");
    assert!(visit.flight.all.iter().filter(|effect| **effect == Effect::Bell).count() > rung, "and is told");
    let open = then.open.as_ref().unwrap();
    assert_eq!(evidence::verdict(open).word, Word::Collecting);
    let panel = &open.panels[0];
    assert!(panel.reading.loss.is_none() && panel.reading.canary.exposures <= said.canary.exposures);
    let to = panel.answered_to.unwrap();
    assert!(panel.ticks.iter().all(|tick| tick.at <= to) && !panel.ticks.is_empty());
    assert!(panel.trail.iter().all(|judged| judged.at <= to));
    assert!(past::ago(&visit.flight.state, &then) >= Seconds(900.0));
    // The last moment is when the verdict changed.
    visit.flight.keys("esc left");
    let then = past::shown(&visit.flight.state).unwrap();
    assert_eq!(evidence::verdict(then.open.as_ref().unwrap()).word, Word::NoGo);
    visit.flight.keys(",");
    let then = past::shown(&visit.flight.state).unwrap();
    assert_eq!(evidence::verdict(then.open.as_ref().unwrap()).word, Word::Collecting);
}

#[test]
fn a_long_past_stays_small_and_reaches_back_to_its_beginning() {
    let panels = (0..30).map(|n| PanelSpec { name: format!("orders {n}").into(), ..watched() }).collect();
    let mut visit = Visit::new(panels, dead_from(60), 0);
    visit.live(120);
    let mut state = visit.flight.state.clone();
    for n in 0..2_000_u32 {
        state.at.wall += TimeDelta::seconds(10);
        let open = state.open.as_mut().unwrap();
        if n % 3 == 0 {
            // Something of it changes, and it is told.
            let mut release = Release::clone(open.release.as_ref().unwrap());
            release.revisions[0].pods[0].restarts = n;
            open.release = Some(Arc::new(release));
            open.seen.push(Moment { at: state.at.wall, kind: MomentKind::Pod, text: "restarted".into() });
        }
        past::keep(&mut state);
    }
    let open = state.open.as_mut().unwrap();
    let (glimpses, bytes) = open.past.size();
    assert!((100..=240).contains(&glimpses) && bytes < 4 << 20, "{glimpses} glimpses, {bytes} bytes");
    let mut steps = 0;
    while let Ok(older) = past::step(open, Stride::Moment, true) {
        open.looking = older;
        steps += 1;
    }
    assert!(steps > 50, "{steps}");
    let then = past::shown(&state).unwrap();
    assert!((then.at.wall - noon()).num_seconds() < 130, "{}", then.at.wall);
    assert_eq!(then.open.as_ref().unwrap().panels.len(), 30);
}

#[test]
fn it_is_no_part_of_a_recording() {
    let mut flight = flown();
    flight.key("left");
    let written = serde_json::to_string(&flight.state).unwrap();
    let read: State = serde_json::from_str(&written).unwrap();
    assert!(read.open.as_ref().unwrap().looking.is_some());
    assert!(past::shown(&read).is_none(), "what was not seen is not shown");
}
