//! What moved while nobody looked, before the router was told, or by a clock that was set: it is never judged by the
//! weight before, and hides nothing.

use chrono::TimeDelta;

use super::{
    shop::{Shop, Visit, exposed, moved, rate, undated, watched, word},
    world::{noon, settings},
};
use crate::{
    core::{
        evidence::{self, SplitStanding},
        settings::Settings,
    },
    domain::{
        failure::{Failure, FailureKind},
        health::Health,
        panel::Better,
        step::{StepKind, StepState, Took},
        time::Seconds,
        timeline::{Moment, MomentKind},
        update::Update,
        verdict::Word,
    },
};

fn why(visit: &Visit) -> String {
    format!("{:?}", evidence::verdict(visit.open()).why)
}

#[test]
fn a_move_is_known_once_however_our_clock_is_set() {
    for better in [Better::Higher, Better::Lower] {
        let shop = Shop { weights: vec![(0, 0.1), (1_200, 0.5)], ..Shop::default() };
        let mut visit = Visit::new(vec![rate(better)], shop, 0);
        visit.live(1_200).news(moved(50.0, 1_200)).live(1_800);
        assert_ne!(word(&visit), Word::NoGo, "before {}", why(&visit));
        // It is set forward by ten minutes; the others' clocks are where they were.
        visit.flight.jumped = 600;
        visit.shop.ahead = -600.0;
        visit.flight.state.sources[1].skew = Some(-600.0);
        visit.flight.update(Update::Clock(-600.0));
        visit.news(moved(50.0, 1_200).by_our_clock(TimeDelta::seconds(-600)));
        visit.live(2_400);
        let moves: Vec<_> =
            visit.panel("orders").moves.iter().map(|m| (m.at - noon().timestamp(), m.percent)).collect();
        assert_eq!(moves, [(0, Some(10.0)), (1_200, Some(50.0))]);
        assert_ne!(word(&visit), Word::NoGo, "{better:?} {}", why(&visit));
    }
}

#[test]
fn nothing_is_green_after_our_clock_was_set_back() {
    let mut visit = Visit::new(vec![watched()], Shop { ahead: -600.0, ..Shop::default() }, 600);
    // Our clock is 10 minutes ahead of the source's.
    visit.live(3_000);
    assert_eq!(word(&visit), Word::Go, "{}", why(&visit));
    // It is set right, and the canary dies.
    visit.flight.jumped = -600;
    visit.shop.ahead = 0.0;
    visit.shop.canary = vec![(-100_000, 0.5), (3_010, 0.0)];
    let asked = |visit: &Visit| {
        visit.flight.all.iter().filter(|effect| matches!(effect, crate::core::effect::Effect::Ask { .. })).count()
    };
    let before = asked(&visit);
    let mut words = Vec::new();
    for _ in 0..11 {
        visit.live(60);
        words.push((word(&visit), asked(&visit) - before));
    }
    assert_ne!(words[2].0, Word::Go, "{words:?} {:?}", visit.panel("orders").trouble);
}

#[test]
fn nothing_is_green_after_the_clock_of_the_source_was_set_back() {
    // The clock of the source is 10 minutes ahead, and is set right.
    let mut visit = Visit::new(vec![watched()], Shop { ahead: 600.0, ..Shop::default() }, 600);
    visit.live(3_000);
    assert_eq!(word(&visit), Word::Go, "{}", why(&visit));
    visit.shop.ahead = 0.0;
    let mut words = Vec::new();
    for _ in 0..5 {
        visit.live(60);
        words.push(word(&visit));
    }
    assert_ne!(words[2], Word::Go, "{words:?}");
}

#[test]
fn a_step_while_out_of_contact_is_not_judged_by_the_weight_before() {
    for better in [Better::Higher, Better::Lower] {
        let shop = Shop { weights: vec![(0, 0.1), (600, 0.5)], ..Shop::default() };
        let mut visit = Visit::new(vec![rate(better)], shop, 0);
        visit.live(590);
        let why_lost = Failure::new(FailureKind::Unreachable, "down");
        visit.flight.update(Update::Health(Health::Lost { why: why_lost, retry_in_ms: 1_000 }));
        visit.live(310);
        // Contact is back at 900: what the backend tells of a step that it did not see begin.
        visit.news(moved(50.0, 900));
        visit.live(60);
        assert_ne!(
            word(&visit),
            Word::NoGo,
            "{better:?} {} guard {:?}",
            why(&visit),
            evidence::regressed(visit.open(), 0.01)
        );
    }
}

#[test]
fn a_step_while_out_of_contact_that_an_event_tells_of_is_judged() {
    let shop = Shop { weights: vec![(0, 0.1), (600, 0.5)], ..Shop::default() };
    let mut visit = Visit::new(vec![rate(Better::Lower)], shop, 0);
    visit.live(900);
    let mut release = moved(50.0, 900);
    release.timeline =
        vec![Moment { at: noon() + TimeDelta::seconds(601), kind: MomentKind::Weight, text: "10 to 50".into() }];
    visit.news(release);
    visit.live(120);
    assert_ne!(word(&visit), Word::NoGo);
}

#[test]
fn a_step_while_the_program_was_stopped_is_not_judged_by_the_weight_before() {
    let shop = Shop { weights: vec![(0, 0.1), (600, 0.5)], ..Shop::default() };
    let mut visit = Visit::new(vec![rate(Better::Lower)], shop, 0);
    visit.live(590);
    visit.flight.skip(310_000);
    visit.news(moved(50.0, 900));
    visit.live(120);
    assert_ne!(word(&visit), Word::NoGo, "{} {:?}", why(&visit), evidence::regressed(visit.open(), 0.01));
}

#[test]
fn what_the_first_look_found_stays_known() {
    let canary = vec![(-100_000, 0.5), (7_200, 0.0), (7_500, 0.5)];
    let shop = Shop { weights: vec![(0, 0.1), (3_600, 0.25), (7_740, 0.5)], canary, ..Shop::default() };
    let mut release = undated();
    let mut next = release.steps[2].clone();
    next.id = crate::domain::step::StepId("4".into());
    next.kind = StepKind::SetWeight(50.0);
    next.state = StepState::Ahead;
    release.steps.push(next);
    let mut visit = Visit::of(Settings { panels: vec![watched()], ..settings() }, shop, 7_140, release.clone());
    visit.live(600);
    assert_eq!(word(&visit), Word::NoGo, "{}", why(&visit));
    let ticks = visit.panel("orders").evidence.judge.as_ref().unwrap().whole().ticks;
    // The next step, as this run sees it.
    release.steps[2].state = StepState::Done;
    release.steps[3].state = StepState::Current;
    release.steps[3].started_at = Some(noon() + TimeDelta::seconds(7_740));
    release.weight.set = Some(50.0);
    visit.news(release.clone());
    visit.live(60);
    // Word of a move comes late: all is read again.
    let at = visit.flight.at().wall - TimeDelta::seconds(45);
    release.timeline = vec![Moment { at, kind: MomentKind::Weight, text: "50 %".into() }];
    visit.news(release);
    visit.live(300);
    let now = visit.panel("orders").evidence.judge.as_ref().map(|j| j.whole().ticks);
    assert_eq!(word(&visit), Word::NoGo, "{} ticks {ticks} then {now:?}", why(&visit));
}

#[test]
fn a_forgotten_step_with_nothing_known_before_it_is_not_judged_across() {
    let ticks = |first: bool| {
        let shop = Shop { weights: vec![(0, 0.1), (3_600, 0.25), (7_200, 0.5)], ..Shop::default() };
        let mut release = exposed();
        release.steps[0].started_at = Some(noon()).filter(|_| first);
        release.steps[1].kind = StepKind::SetWeight(25.0);
        release.steps[1].state = StepState::Done;
        release.steps[1].started_at = None;
        release.steps[2].state = StepState::Done;
        release.steps[2].started_at = Some(noon() + TimeDelta::seconds(7_200));
        release.steps[2].took = release.steps[0].took;
        release.weight.set = Some(50.0);
        let mut visit = Visit::of(Settings { panels: vec![watched()], ..settings() }, shop, 7_220, release);
        visit.live(600);
        visit.panel("orders").reading.ticks
    };
    assert!((30..=55).contains(&ticks(true)), "{}", ticks(true));
    assert!((30..=55).contains(&ticks(false)), "{}", ticks(false));
}

#[test]
fn a_weight_counts_from_when_the_router_was_told() {
    for better in [Better::Higher, Better::Lower] {
        // 50 % is wanted at 600; its pods are ready, and the router is told, two minutes later.
        let shop = Shop { weights: vec![(0, 0.1), (720, 0.5)], ..Shop::default() };
        let mut visit = Visit::new(vec![rate(better)], shop, 0);
        visit.live(600);
        let mut release = moved(50.0, 600);
        (release.weight.wanted, release.weight.set) = (Some(50.0), Some(10.0));
        (release.steps[2].state, release.steps[2].took) = (StepState::Current, None);
        visit.news(release);
        visit.live(720);
        let mut release = moved(50.0, 600);
        release.steps[2].took = Some(Took { seconds: Seconds(121.0), at_least: false });
        visit.news(release.clone());
        visit.live(1_020);
        assert_ne!(
            word(&visit),
            Word::NoGo,
            "{better:?} {} guard {:?} {:?}",
            why(&visit),
            evidence::regressed(visit.open(), 0.01),
            visit.panel("orders").moves.iter().map(|m| (m.at - noon().timestamp(), m.percent)).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_first_weight_counts_from_when_the_router_was_told() {
    let shop = Shop { weights: vec![(120, 0.1)], ..Shop::default() };
    let mut release = exposed();
    release.steps[0].state = StepState::Current;
    release.steps[1].state = StepState::Ahead;
    (release.weight.wanted, release.weight.set) = (Some(10.0), Some(0.0));
    let mut visit = Visit::of(Settings { panels: vec![rate(Better::Higher)], ..settings() }, shop, 0, release);
    visit.shop.hidden.push(("new", "orders"));
    visit.live(120);
    visit.shop.hidden.clear();
    visit.news(exposed());
    visit.live(120);
    assert_ne!(word(&visit), Word::NoGo, "{} guard {:?}", why(&visit), evidence::regressed(visit.open(), 0.01));
}

#[test]
fn pods_that_come_and_go_hide_no_dead_canary() {
    let mut visit = Visit::new(vec![watched()], Shop::default(), 0);
    visit.live(3_000);
    assert_eq!(word(&visit), Word::Go);
    // The canary sells nothing any more, and its pods come and go: without a router the weight follows them.
    visit.shop.canary = vec![(-100_000, 0.5), (3_000, 0.0)];
    let mut words = Vec::new();
    for n in 0..40 {
        let mut release = exposed();
        release.weight.set = Some(if n % 2 == 0 { 9.0 } else { 10.0 });
        visit.news(release);
        visit.live(40);
        words.push(word(&visit));
    }
    assert_ne!(words.last(), Some(&Word::Go), "{words:?} guard is blind: {:?}", evidence::blind(visit.open()));
}

#[test]
fn a_weight_that_no_step_tells_of_is_believed_from_the_first_look_on() {
    // Somebody went past the steps at 3,600, and nothing tells of it any more.
    let shop = Shop { weights: vec![(0, 0.1), (3_600, 0.5)], ..Shop::default() };
    let mut release = exposed();
    release.weight.set = Some(50.0);
    let look = |spec| {
        let settings = Settings { panels: vec![spec], ..settings() };
        let mut visit = Visit::of(settings, shop.clone(), 7_140, release.clone());
        visit.live(600);
        visit
    };
    for better in [Better::Higher, Better::Lower] {
        let visit = look(rate(better));
        let ticks = visit.panel("orders").reading.ticks;
        assert_ne!(word(&visit), Word::NoGo, "{better:?} {}", why(&visit));
        assert_eq!(evidence::regressed(visit.open(), 0.01), Vec::new());
        assert!((30..=60).contains(&ticks), "{better:?} {ticks}");
    }
    // What is compared with its own exposures takes all of it, and only the split waits for the look.
    let visit = look(watched());
    assert!(visit.panel("orders").reading.ticks > 700, "{}", visit.panel("orders").reading.ticks);
    assert_eq!(word(&visit), Word::Go, "{}", why(&visit));
    let split = evidence::split(visit.open()).unwrap();
    assert_eq!((split.standing, split.set), (SplitStanding::Holds, 0.5), "{split:?}");

    // An abort that nobody saw leaves the canary without orders, and nothing to hold against it.
    let mut back = exposed();
    (back.weight.set, back.aborted) = (Some(0.0), true);
    let shop = Shop { weights: vec![(0, 0.1), (3_600, 0.0)], ..Shop::default() };
    let mut visit = Visit::of(Settings { panels: vec![rate(Better::Higher)], ..settings() }, shop, 7_140, back);
    visit.live(600);
    assert_ne!(word(&visit), Word::NoGo, "{}", why(&visit));
}
