//! What holds whatever happens in whatever order.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::world::{Flight, aborted, orders, paused, promoted, resting, settings, target};
use crate::{
    core::{
        acts::{self, Line},
        effect::{AskId, Effect, WatchId},
        event::{Event, Signal, Size, Stamped},
        key::Key,
        layout,
        policy::{self, Confirmation},
        settings::Settings,
        state::{Overlay, Pane, State},
        update::{deadline, start, update},
    },
    domain::{
        failure::{Failure, FailureKind},
        goal::{Direction, Goal, Permission},
        health::Health,
        journal::ActId,
        plan::{Condition, Receipt},
        question::Answer,
        time::At,
        update::Update,
    },
};

fn key() -> impl Strategy<Value = Event> {
    let names = prop::sample::select(vec![
        "R",
        "h",
        "p",
        "x",
        "y",
        "n",
        "c",
        "d",
        "q",
        "j",
        "k",
        "g",
        "G",
        "t",
        "/",
        "?",
        "1",
        "2",
        "3",
        "P",
        "5",
        "0",
        "enter",
        "esc",
        "tab",
        "back-tab",
        "backspace",
        "up",
        "down",
        "page-up",
        "page-down",
        "space",
        "ctrl-c",
        "ctrl-l",
        "ctrl-z",
        "ctrl-u",
        "home",
        "end",
        "left",
        "f5",
    ]);
    (names, prop::bool::weighted(0.1)).prop_map(|(name, held)| Event::Key(Key { held, ..name.parse::<Key>().unwrap() }))
}

fn release() -> impl Strategy<Value = crate::domain::release::Release> {
    let names = prop::sample::select(vec!["checkout", "pay", "search"]);
    (names, 0..5_u8, prop::bool::ANY).prop_map(|(name, kind, held)| {
        let mut release = match kind {
            0 => paused(name),
            1 => promoted(name),
            2 => aborted(name),
            3 => resting(name),
            _ => {
                let mut next = paused(name);
                next.id.revision = "newer".into();
                next.revisions[0].hash = "newer".into();
                next
            }
        };
        release.held = held;
        release
    })
}

fn failure() -> impl Strategy<Value = Failure> {
    prop::sample::select(vec![
        FailureKind::Conflict,
        FailureKind::Unreachable,
        FailureKind::Unconfirmed,
        FailureKind::Refused,
        FailureKind::Timeout,
        FailureKind::Limited(None),
    ])
    .prop_map(|kind| Failure::new(kind, "no"))
}

fn event() -> impl Strategy<Value = Event> {
    let watch = (1..6_u64).prop_map(WatchId);
    let update = prop_oneof![
        4 => release().prop_map(|r| Update::Changed(Arc::new(r))),
        1 => prop::collection::vec(release(), 0..4).prop_map(|all| {
            Update::Snapshot(all.into_iter().map(Arc::new).collect())
        }),
        1 => Just(Update::Gone(target("checkout"))),
        1 => Just(Update::Health(Health::Live)),
        1 => failure().prop_map(|why| Update::Health(Health::Lost { why, retry_in_ms: 800 })),
    ];
    let id = 1..30_u64;
    prop_oneof![
        12 => key(),
        1 => "[a-z0-9 \\n]{0,8}".prop_map(Event::Pasted),
        1 => (0..200_u16, 0..70_u16).prop_map(|(columns, rows)| Event::Resized(Size { columns, rows })),
        6 => (watch, update).prop_map(|(watch, update)| Event::Update { watch, update }),
        1 => id.clone().prop_map(|id| Event::Answered { ask: AskId(id), answer: Answer::NoData }),
        1 => id.clone().prop_map(|id| Event::Applied {
            act: ActId(id),
            result: Ok(Receipt { at: None, replies: vec![] }),
        }),
        1 => (id.clone(), failure()).prop_map(|(id, f)| Event::Applied { act: ActId(id), result: Err(f) }),
        1 => id.prop_map(|id| Event::Rehearsed { act: ActId(id), result: Ok(()) }),
        4 => (0..400_u64).prop_map(|generation| Event::Painted { generation }),
        2 => Just(Event::Tick),
        1 => Just(Event::Signal(Signal::Continue)),
        1 => Just(Event::Fault("the journal is slow".into())),
    ]
}

/// Single events, and now and then somebody who opens a dialog and confirms it as people do.
fn events() -> impl Strategy<Value = Vec<(u64, Event)>> {
    let pause = || prop::sample::select(vec![0_u64, 5, 100, 500, 4_000, 40_000]);
    let single = (pause(), event()).prop_map(|one| vec![one]);
    let tries = prop::sample::select(vec![
        ("R", "", "y"),
        ("R", "checkout", "enter"),
        ("h", "", "y"),
        ("p", "", "y"),
        ("p", "50", "enter"),
        ("p", "checkout 50", "enter"),
        ("x", "prod-eu", "enter"),
        ("enter", "", "n"),
    ]);
    let act = (tries, pause()).prop_map(|((first, word, last), pause)| {
        let key = |name: &str| Event::Key(name.parse().unwrap());
        let mut steps = vec![(500, key(first)), (20, Event::Painted { generation: u64::MAX })];
        steps.extend(word.chars().map(|c| (60, Event::Key(Key::char(c)))));
        steps.extend([(pause, key(last)), (60, key("w")), (pause, key(last))]);
        steps
    });
    prop::collection::vec(prop_oneof![3 => single, 1 => act], 1..100).prop_map(|steps| steps.concat())
}

fn beginning(opened: bool) -> State {
    let open = opened.then(|| "checkout".parse().unwrap());
    let mut flight = Flight::new(Settings { panels: vec![orders()], open, ..settings() });
    flight.board(vec![paused("checkout"), resting("pay")]);
    flight.state
}

fn armed(mut state: State) -> State {
    state.sources[0].armed_until = Some(At { wall: DateTime::<Utc>::MAX_UTC, mono: 10_000_000 });
    state
}

fn in_range(state: &State) {
    let board = &state.board;
    // A cursor may wait for the release that was just left, until its source has told of all it has.
    let awaited = board.cursor.as_ref().is_some_and(|cursor| {
        !board.releases.contains_key(cursor) && state.source(&cursor.source).is_some_and(|source| !source.listed)
    });
    assert!(awaited || board.cursor.is_none() == board.order.is_empty(), "a cursor exactly where there are rows");
    if let Some(cursor) = &board.cursor
        && state.open.is_none()
        && !awaited
    {
        assert!(board.order.contains(cursor), "{cursor} is not on the board");
        let page = layout::board_page(state.size).max(1);
        let place = board.order.iter().position(|t| t == cursor).unwrap();
        assert!((board.scroll..board.scroll + page).contains(&place), "the cursor has left the screen");
    }
    assert!(board.order.iter().all(|target| board.releases.contains_key(target)));
    if let Some(open) = &state.open {
        for (place, pane) in Pane::ALL.into_iter().enumerate() {
            let end = layout::last_scroll(state, open, pane);
            assert!(open.scroll[place] <= end, "{pane:?} is scrolled to {} of {end}", open.scroll[place]);
        }
    }
    if let Some(Overlay::Acts { selected }) = &state.overlay {
        assert!(*selected < acts::lines(state).len().max(1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// No order of events panics, loses a selection, acts unasked, spins, or makes a state that does not come back.
    #[test]
    fn whatever_happens_the_state_stays_sound(events in events(), opened in any::<bool>(), arm in any::<bool>()) {
        let mut state = beginning(opened);
        if arm {
            state = armed(state);
        }
        let mut replayed = state.clone();
        let mut mono = 0;
        for (millis, event) in events {
            mono += millis;
            let wall = super::world::noon() + chrono::TimeDelta::milliseconds(i64::try_from(mono).unwrap());
            let stamped = Stamped { at: At { wall, mono }, event };
            let confirmable = match &state.overlay {
                Some(Overlay::Confirm(confirm)) => Some((confirm.plan.clone(), confirm.confirmation.clone(), confirm.shown)),
                _ => None,
            };
            let is_key = matches!(&stamped.event, Event::Key(key) if !key.held);
            let effects = update(&mut state, stamped.clone());
            prop_assert_eq!(update(&mut replayed, stamped), effects.clone());
            for effect in &effects {
                if let Effect::Apply { plan, .. } = effect {
                    prop_assert!(is_key, "only a key sends");
                    let (confirmed, confirmation, shown) = confirmable.as_ref().expect("only out of a dialog");
                    prop_assert_eq!(confirmed, &**plan, "exactly what was shown is sent");
                    prop_assert!(shown.is_some_and(|shown| shown + policy::SETTLE_MS <= mono));
                    prop_assert!(*confirmation != Confirmation::Yes || policy::direction(plan) != Direction::Forward);
                }
            }
            in_range(&state);
            if let Some(next) = deadline(&state) {
                prop_assert!(next > mono);
            }
            if state.quitting {
                break;
            }
        }
        let json = serde_json::to_value(&state).unwrap();
        let back: State = serde_json::from_value(json.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&back).unwrap(), json.clone());
        prop_assert_eq!(serde_json::to_value(&replayed).unwrap(), json);
    }

    /// `y` never moves a customer onto new code, whatever the backend says of a plan.
    #[test]
    fn a_yes_is_never_enough_to_go_forward(
        goal in prop::sample::select(vec![
            Goal::Promote, Goal::PromoteFull, Goal::Resume, Goal::Retry, Goal::Restart, Goal::SetWeight(30.0),
            Goal::Approve("prod".into()), Goal::Terminate("run".into()),
        ]),
        direction in prop::sample::select(vec![Direction::Back, Direction::Hold, Direction::Forward]),
        arm in any::<bool>(),
    ) {
        let mut state = beginning(true);
        if arm {
            state = armed(state);
        }
        let plan = super::world::plan("checkout", goal, direction, Some(30.0), vec![Condition::Held(true)]);
        match policy::confirmation(&state, &plan, crate::domain::verdict::Word::Collecting) {
            Ok(confirmation) => prop_assert!(arm && confirmation != Confirmation::Yes),
            Err(_) => prop_assert!(!arm),
        }
    }

    /// What the menu greys, its key refuses, and the other way round.
    #[test]
    fn the_menu_and_the_keys_agree(
        release in release(), arm in any::<bool>(), lost in any::<bool>(), allowed in any::<bool>(),
    ) {
        let mut flight = Flight::open(settings());
        let mut release = release;
        release.id.target = target("checkout");
        for offer in &mut release.offers {
            if let crate::domain::goal::Answer::Plan(plan) = &mut offer.answer {
                plan.release = release.id.clone();
                plan.permission = if allowed { Permission::Yes } else { Permission::No("no".into()) };
            }
        }
        flight.news(release);
        if arm {
            flight.armed();
        }
        if lost {
            let why = Failure::new(FailureKind::Unreachable, "gone");
            flight.update(Update::Health(Health::Lost { why, retry_in_ms: 1 }));
        }
        let lines: Vec<_> = acts::lines(&flight.state)
            .into_iter()
            .filter_map(|line| match line {
                Line::Goal { goal, command, answer } => Some((goal, command, answer.map(|_| ()))),
                Line::Arm { .. } | Line::Guard { .. } | Line::Reset { .. } => None,
            })
            .collect();
        for (goal, command, answer) in lines {
            let Some(key) = command.and_then(|c| c.spec().keys.first().copied()) else { continue };
            let mut pressed = flight.clone();
            pressed.tell(Event::Key(key));
            let opened = matches!(&pressed.state.overlay, Some(Overlay::Confirm(confirm)) if confirm.goal == goal);
            prop_assert_eq!(opened, answer.is_ok(), "{}: {:?}", goal, pressed.notice());
        }
    }
}

#[test]
fn starting_twice_from_the_same_settings_is_the_same() {
    let make = || {
        let mut state =
            State::new(settings(), Size { columns: 80, rows: 24 }, At { wall: super::world::noon(), mono: 0 });
        let effects = start(&mut state);
        (effects, serde_json::to_value(&state).unwrap())
    };
    assert_eq!(make(), make());
}
