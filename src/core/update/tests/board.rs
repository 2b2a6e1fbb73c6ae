//! The board: what stands where, what the keys do, what is opened.

use std::sync::Arc;

use super::world::{Flight, aborted, orders, paused, promoted, resting, settings, target};
use crate::{
    core::{
        effect::Effect,
        event::{Event, Size},
        settings::{Role, Settings},
        state::{Overlay, Row},
        urgency::{self, Urgency},
    },
    domain::{
        failure::{Failure, FailureKind},
        health::Health,
        update::{Scope, Update},
        verdict::Word,
    },
};

#[test]
fn it_starts_by_watching_every_backend_and_no_numbers() {
    let flight = Flight::new(settings());
    let watched: Vec<_> = flight
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Watch { source, scope, .. } => Some((source.raw(), scope.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(watched, [("prod-eu", Scope::Board(vec!["shop".into()]))]);
}

#[test]
fn a_full_address_opens_at_once_and_a_short_one_when_the_board_knows_it() {
    let opens = |typed: &str, folders: &[&str]| {
        let mut settings = settings();
        settings.open = Some(typed.parse().unwrap());
        settings.sources[0].folders = folders.iter().map(|f| (*f).into()).collect();
        Flight::new(settings)
    };
    for (typed, folders) in [("prod-eu/shop/checkout", &[][..]), ("shop/checkout", &[]), ("checkout", &["shop"])] {
        let flight = opens(typed, folders);
        assert_eq!(flight.state.open.as_ref().map(|open| &open.target), Some(&target("checkout")), "{typed}");
    }

    let mut flight = opens("checkout", &[]);
    assert!(flight.state.open.is_none());
    flight.board(vec![paused("search"), paused("checkout")]);
    assert_eq!(flight.state.open.as_ref().map(|open| &open.target), Some(&target("checkout")));

    let mut flight = opens("nothing", &[]);
    flight.board(vec![paused("search")]);
    assert_eq!(flight.notice(), "no release matches `nothing`");
}

#[test]
fn what_wants_a_person_stands_first() {
    let mut flight = Flight::new(settings());
    flight.board(vec![resting("b"), promoted("moving"), resting("a"), paused("waits"), aborted("failed")]);
    assert_eq!(flight.order(), ["failed", "waits", "moving", "a", "b"]);
    assert_eq!(flight.cursor(), "failed");
}

#[test]
fn the_cursor_keeps_its_release_and_rows_move_only_when_it_rests() {
    let mut flight = Flight::new(settings());
    flight.board(vec![resting("a"), resting("b"), resting("c")]);
    flight.keys("j j");
    assert_eq!(flight.cursor(), "c");

    flight.skip(1_000).news(aborted("b")).news(paused("new"));
    assert_eq!(flight.order(), ["a", "b", "c", "new"], "the order is frozen while the cursor is warm");
    assert_eq!(flight.state.board.risen.len(), 2);
    assert_eq!(flight.cursor(), "c");

    flight.wait(2_500);
    assert_eq!(flight.order(), ["b", "new", "a", "c"]);
    assert_eq!((flight.cursor(), flight.state.board.risen.len()), ("c", 0));

    flight.news(paused("a"));
    assert_eq!(flight.order(), ["b", "a", "new", "c"], "a single change finds its place at once");

    flight.update(Update::Gone(target("c")));
    assert_eq!(flight.cursor(), "new");
}

#[test]
fn the_first_list_stands_in_order_even_under_a_warm_cursor() {
    let mut flight = Flight::new(settings());
    flight.keys("j");
    flight.board(vec![resting("a"), aborted("b"), paused("c")]);
    assert_eq!(flight.order(), ["b", "c", "a"]);
    assert!(flight.state.board.risen.is_empty(), "nothing is new to somebody who has seen nothing");
}

#[test]
fn back_on_the_board_the_same_key_opens_the_same_release() {
    let mut flight = Flight::open(settings());
    flight.keys("esc");
    flight.board(vec![resting("a"), aborted("b"), paused("checkout")]);
    assert_eq!(flight.cursor(), "checkout");
    flight.key("enter");
    assert_eq!(flight.state.open.as_ref().map(|open| open.target.name()), Some("checkout"));
}

#[test]
fn a_warm_board_does_not_forget_to_open_what_the_cursor_names() {
    let mut flight = Flight::new(settings());
    flight.board(vec![resting("a"), resting("b")]);
    flight.keys("j");
    flight.news(aborted("a")).key("enter");
    assert_eq!(flight.state.open.as_ref().map(|open| open.target.name()), Some("b"));
}

#[test]
fn scrolling_keeps_the_cursor_on_screen() {
    let mut flight = Flight::new(settings());
    flight.tell(Event::Resized(Size { columns: 80, rows: 10 }));
    flight.board((0..50).map(|n| resting(&format!("r{n:02}"))).collect());
    for (keys, cursor) in
        [("G", "r49"), ("k", "r48"), ("g", "r00"), ("space", "r06"), ("page-down", "r12"), ("page-up", "r06")]
    {
        flight.keys(keys);
        assert_eq!(flight.cursor(), cursor, "{keys}");
        let page = crate::core::layout::board_page(flight.state.size);
        let place = flight.order().iter().position(|name| *name == cursor).unwrap();
        let scroll = flight.state.board.scroll;
        assert!((scroll..scroll + page).contains(&place), "{keys}: row {place} of a screen that begins at {scroll}");
    }
}

#[test]
fn the_filter_narrows_while_it_is_typed_and_esc_takes_it_back() {
    let mut flight = Flight::new(settings());
    flight.board(vec![resting("checkout"), paused("search"), resting("pay")]);
    flight.keys("/").type_text("shop/ch");
    assert_eq!(flight.order(), ["checkout"]);
    flight.keys("enter");
    assert!(flight.state.overlay.is_none());
    assert_eq!((flight.order(), flight.cursor()), (vec!["checkout"], "checkout"));
    flight.news(paused("check-in"));
    assert_eq!(flight.order(), ["check-in", "checkout"]);
    flight.keys("esc");
    assert_eq!(flight.order().len(), 4);
    flight.keys("/").type_text("q").keys("esc");
    assert_eq!((flight.order().len(), flight.state.quitting), (4, false));
    flight.keys("/").tell(Event::Pasted("pa\ny".into()));
    assert_eq!(flight.order(), ["pay"]);
}

#[test]
fn opening_and_closing_starts_and_ends_watches_and_late_news_is_dropped() {
    let mut flight = Flight::new(settings());
    flight.board(vec![paused("checkout")]);
    flight.key("enter");
    let watch = flight.watch();
    assert!(flight.effects.contains(&Effect::Watch {
        watch,
        source: "prod-eu".into(),
        scope: Scope::Release(target("checkout")),
    }));
    let open = flight.state.open.as_ref().unwrap();
    assert!(open.release.is_some() && !open.complete, "the row stands in until the release's own watch reports");

    flight.key("esc");
    assert!(flight.effects.contains(&Effect::Unwatch(watch)));
    assert!(flight.state.open.is_none());
    let before = flight.state.board.releases.len();
    flight.tell(Event::Update { watch, update: Update::Gone(target("checkout")) });
    assert_eq!(flight.state.board.releases.len(), before);
}

#[test]
fn a_new_wait_for_a_person_rings_once() {
    let mut flight = Flight::new(settings());
    flight.board(vec![promoted("checkout"), paused("pay")]);
    assert!(!flight.effects.contains(&Effect::Bell), "what waited already is no news");
    flight.news(paused("checkout"));
    assert!(flight.effects.contains(&Effect::Bell));
    flight.news(paused("checkout"));
    assert!(!flight.effects.contains(&Effect::Bell));
}

#[test]
fn caps_lock_is_named_where_it_would_matter() {
    let mut flight = Flight::open(settings());
    for (key, notice) in [
        ("P", "Caps Lock? `P` is bound to nothing, `p` is promote"),
        ("r", "`r` is bound to nothing, `R` is roll back"),
        ("X", "Caps Lock? `X` is bound to nothing, `x` is all acts"),
    ] {
        flight.key(key);
        assert_eq!(flight.notice(), notice);
        assert!(flight.state.overlay.is_none());
    }
    flight.state.notice = None;
    for key in ["a", "A", "z", "5", "f9"] {
        flight.key(key);
        assert_eq!((flight.notice(), flight.state.overlay.is_none()), ("", true), "{key}");
    }
}

#[test]
fn a_key_that_acts_says_on_the_board_where_it_would() {
    let mut flight = Flight::new(settings());
    flight.board(vec![paused("checkout")]);
    for key in ["R", "h", "p", "x"] {
        flight.state.notice = None;
        flight.key(key);
        assert_eq!(flight.notice(), "acts work in an opened release: enter opens it", "{key}");
        assert!(flight.state.open.is_none() && flight.state.overlay.is_none());
    }
}

#[test]
fn caps_lock_is_named_in_a_dialog_too() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").settled().key("Y");
    assert_eq!(flight.notice(), "Caps Lock? `Y` is bound to nothing, `y` is roll back");
    assert!(matches!(flight.state.overlay, Some(Overlay::Confirm(_))));
    flight.settled().key("y");
    assert!(matches!(flight.state.overlay, Some(Overlay::Receipt(_))));
}

#[test]
fn keys_can_be_moved_by_the_settings() {
    let keys = vec![(crate::core::command::Command::Help, vec!["f1".parse().unwrap()])];
    let mut flight = Flight::new(Settings { keys, ..settings() });
    flight.key("?");
    assert!(flight.state.overlay.is_none());
    flight.key("f1");
    assert!(matches!(flight.state.overlay, Some(Overlay::Help { .. })));
    flight.keys("G");
    assert!(matches!(flight.state.overlay, Some(Overlay::Help { .. })));
    flight.keys("esc");
    assert!(flight.state.overlay.is_none());
}

#[test]
fn losing_a_source_and_finding_it_again_is_said() {
    let mut flight = Flight::open(settings());
    flight.skip(2_000);
    let why = Failure::new(FailureKind::Unreachable, "connection refused");
    flight.update(Update::Health(Health::Lost { why, retry_in_ms: 800 }));
    assert_eq!(flight.notice(), "contact with `prod-eu` is lost: connection refused");
    assert_eq!(flight.state.title, "? checkout");
    flight.wait(40_000);
    flight.update(Update::Health(Health::Live));
    assert_eq!(flight.notice(), "contact with `prod-eu` is back after 42s");
    assert_eq!(flight.state.title, "‖ checkout 10 %");
    assert_eq!(
        flight.seen().iter().filter(|text| text.starts_with("source")).count(),
        2,
        "loss and recovery stand on the timeline: {:?}",
        flight.seen()
    );
}

#[test]
fn a_resting_board_wakes_seldom_and_never_spins() {
    let mut flight = Flight::new(Settings { sources: settings().sources, ..Settings::default() });
    flight.board(vec![resting("checkout")]);
    assert_eq!(flight.state.sources[0].role, Role::Backend);
    flight.wait(3_000);
    let before = flight.events.len();
    // Signs of life come every few seconds; nothing on screen counts.
    for _ in 0..10 {
        flight.wait(6_000);
        flight.update(Update::Health(Health::Live));
    }
    let woken = flight.events.len() - before - 10;
    assert!(woken <= 13, "woken {woken} times in a minute");
}

/// Opens what the cursor is on, is told that, and leaves.
fn visit(flight: &mut Flight, name: &str, word: Option<Word>) {
    flight.key("enter").news(paused(name));
    flight.state.open.as_mut().unwrap().said = word;
    flight.keys("esc");
}

fn said(flight: &Flight, name: &str) -> Option<Word> {
    flight.state.board.said.get(&target(name)).map(|said| said.word)
}

#[test]
fn what_was_said_last_of_a_release_stands_on_the_board() {
    let mut flight = Flight::new(settings());
    flight.board(vec![paused("a"), paused("b"), aborted("failed"), resting("z")]);
    assert_eq!(flight.order(), ["failed", "a", "b", "z"]);
    flight.keys("j j");
    assert_eq!(flight.cursor(), "b");
    visit(&mut flight, "b", Some(Word::NoGo));
    assert_eq!(said(&flight, "b"), Some(Word::NoGo));
    assert_eq!(flight.order(), ["b", "failed", "a", "z"], "nobody overlooks a harmless pause");
    assert_eq!(flight.state.board.said[&target("b")].at, flight.state.at.wall);

    visit(&mut flight, "b", Some(Word::Collecting));
    assert_eq!(said(&flight, "b"), Some(Word::NoGo), "a short look does not take it back");
    visit(&mut flight, "b", None);
    assert_eq!(said(&flight, "b"), Some(Word::NoGo), "nor does one that saw nothing");

    flight.board(vec![paused("a"), paused("b"), aborted("failed"), resting("z")]);
    assert_eq!(said(&flight, "b"), Some(Word::NoGo), "it is the same release");
    // Once it was taken back it has the place of every other that was.
    let row = |release| Row { release: Arc::new(release), ..flight.state.board.releases[&target("b")].clone() };
    let last = flight.state.board.said.get(&target("b"));
    assert_eq!(urgency::of_row(&row(paused("b")), last), Urgency::NoGo);
    assert_eq!(urgency::of_row(&row(aborted("b")), last), Urgency::Trouble);
    let mut next = paused("b");
    next.id.revision = "newer".into();
    flight.wait(4_000).news(next);
    flight.wait(4_000);
    assert_eq!(flight.order(), ["failed", "a", "b", "z"], "a new revision is another story");
    assert_eq!(flight.state.board.said(&flight.state.board.releases[&target("b")].release), None);
    flight.board(vec![paused("a"), aborted("failed"), resting("z")]);
    assert_eq!(said(&flight, "b"), None, "nothing is kept of what is gone");
}

#[test]
fn the_whole_past_takes_an_older_word_back() {
    let mut flight = Flight::new(Settings { panels: vec![orders()], ..settings() });
    flight.board(vec![paused("checkout")]);
    visit(&mut flight, "checkout", Some(Word::NoGo));
    flight.key("enter").news(paused("checkout"));
    super::asking::answer_first(&mut flight);
    // As it is once all of the past was read.
    let open = flight.state.open.as_mut().unwrap();
    open.said = Some(Word::Go);
    for panel in &mut open.panels {
        panel.history = None;
    }
    flight.key("esc");
    assert_eq!(said(&flight, "checkout"), Some(Word::Go));
}
