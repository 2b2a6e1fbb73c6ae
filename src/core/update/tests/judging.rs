//! How numbers become evidence: what is judged, what is not, and that it does not depend on when one looks.

use chrono::TimeDelta;

use super::{
    shop::{Shop, Visit, dead_from, exposed, mark, moved, watched, word},
    world::{noon, settings},
};
use crate::{
    core::{
        evidence::{self, Mark},
        settings::Settings,
        update::deadline,
    },
    domain::{
        failure::{Failure, FailureKind},
        panel::{Better, PanelSpec, PanelTrouble, Side},
        question::Answer,
        release::Release,
        time::Seconds,
        timeline::{Moment, MomentKind},
        verdict::Word,
    },
};

#[test]
fn a_clean_canary_reaches_go_and_says_so_once() {
    let mut visit = Visit::new(vec![watched()], Shop::default(), 0);
    visit.live(300);
    assert_eq!(mark(&visit), Mark::Collecting, "{:?}", visit.panel("orders").reading);
    visit.live(3_000);
    let reading = &visit.panel("orders").reading;
    assert_eq!((reading.mark, word(&visit)), (Mark::Good, Word::Go), "{reading:?}");
    assert!(reading.dispersion.unwrap().calibrated && reading.interval.unwrap().low > 0.89, "{reading:?}");
    let told: Vec<_> = visit.flight.seen().into_iter().filter(|text| text.starts_with("verdict")).collect();
    assert_eq!(told.len(), 3, "nobody exposed, collecting, GO: {told:?}");
}

#[test]
fn a_dead_checkout_is_no_go_and_stays_so_when_it_recovers() {
    let mut shop = dead_from(600);
    shop.canary.push((1_200, 0.5));
    let mut visit = Visit::new(vec![watched()], shop, 0);
    visit.live(590);
    assert_eq!(mark(&visit), Mark::Collecting);
    visit.live(300);
    assert_eq!((mark(&visit), word(&visit)), (Mark::Regression, Word::NoGo));
    let reading = &visit.panel("orders").reading;
    assert!(reading.interval.unwrap().high < 0.9 && reading.loss.is_some(), "{reading:?}");
    visit.live(3_000);
    assert_eq!(word(&visit), Word::NoGo, "a regression stands until a person resets it");
    let told = |visit: &Visit| {
        visit.flight.seen().into_iter().filter(|text| text.starts_with("verdict NO-GO")).collect::<Vec<_>>()
    };
    assert_eq!(told(&visit).len(), 1, "{:?}", told(&visit));
    // After a look at the board it is told anew, with when it was found.
    let at =
        visit.flight.state.wall_of(&"prom".into(), visit.panel("orders").evidence.finding.unwrap().latched_at.unwrap());
    visit.flight.keys("esc enter");
    visit.news(exposed()).live(60);
    let again = told(&visit);
    let found = format!(", found {}", visit.flight.state.settings.zone.time_of_day(at));
    assert!(again.iter().any(|text| text.ends_with(&found)), "{found} {again:?}");
}

/// Everything that a judge is a function of, whatever way it came.
#[test]
fn live_and_rebuilt_in_one_go_are_the_same() {
    let shop = Shop {
        weights: vec![(0, 0.1), (1_500, 0.3)],
        outages: vec![(900, 930), (2_000, 2_200)],
        restart: Some(1_800),
        ..dead_from(2_600)
    };
    let mut live = Visit::new(vec![watched()], shop.clone(), 0);
    live.live(1_500).news(moved(30.0, 1_500)).live(1_506);
    let settings = Settings { panels: vec![watched()], ..settings() };
    let mut rebuilt = Visit::of(settings.clone(), shop.clone(), 2_990, moved(30.0, 1_500));
    rebuilt.live(16);
    // What cannot be read is asked for in parts that get smaller and smaller.
    let mut in_parts = Visit::of(settings.clone(), shop.clone(), 2_700, moved(30.0, 1_500));
    in_parts.flight.state.open.as_mut().unwrap().panels[0].chunk = 47;
    in_parts.live(306);
    // The backend tells of the move only after the ticks around it were judged.
    let mut late = Visit::of(settings, shop, 2_900, Release { weight: moved(30.0, 0).weight, ..exposed() });
    late.live(50).news(moved(30.0, 1_500)).live(56);
    for other in [&rebuilt, &in_parts, &late] {
        let (one, other) = (live.panel("orders"), other.panel("orders"));
        assert_eq!(one.reading.mark, Mark::Regression);
        assert_eq!(one.evidence.finding, other.evidence.finding);
        assert_eq!(one.evidence.judge, other.evidence.judge);
        assert_eq!(one.trail, other.trail);
        assert_eq!(one.reading, other.reading);
    }
}

#[test]
fn what_comes_twice_or_too_late_changes_nothing() {
    let mut once = Visit::new(vec![watched()], Shop::default(), 600);
    once.live(300);
    let mut twice = once.clone();
    // The newest question is answered again, and one of an hour ago.
    let panel = twice.flight.state.open.as_mut().unwrap().panels.first_mut().unwrap();
    let before = panel.evidence.clone();
    panel.answered_to = panel.answered_to.map(|to| to - 400);
    twice.live(20);
    once.live(20);
    assert_eq!(once.panel("orders").evidence.judge, twice.panel("orders").evidence.judge);
    assert_ne!(Some(before), Some(once.panel("orders").evidence.clone()));
}

#[test]
fn the_past_is_said_to_be_read_and_never_green_meanwhile() {
    let mut visit = Visit::new(vec![watched()], Shop::default(), 40_000);
    let mut words = Vec::new();
    let mut slices = 0;
    while visit.panel("orders").history.is_some() || visit.panel("orders").trouble.is_some() {
        let reading = &visit.panel("orders").reading;
        assert!(![Mark::Good, Mark::Regression].contains(&reading.mark), "{reading:?}");
        assert_ne!(word(&visit), Word::Go);
        words.push(reading.verdict.why[0].to_string());
        let judged = visit.panel("orders").trail.len();
        let now = visit.flight.at().mono;
        visit.flight.wait(1);
        assert!(visit.panel("orders").trail.len() <= judged + 60, "no more than a slice in an event");
        visit.answer();
        slices += usize::from(deadline(&visit.flight.state) == Some(now + 2));
        assert!(words.len() < 2_000, "it never catches up: {reading:?}", reading = visit.panel("orders").reading);
    }
    assert!(words.iter().any(|why| why.starts_with("reading 10h") && why.ends_with("of history")), "{words:?}");
    assert!(slices > 20, "{slices} slices");
    assert_eq!(mark(&visit), Mark::Good, "{:?}", visit.panel("orders").reading);
    assert_eq!(visit.panel("orders").judged_since, None);
}

#[test]
fn more_than_two_days_are_cut_and_said() {
    let shop = Shop { baseline: vec![(-100_000, 0.5)], ..Shop::default() };
    let visit = Visit::new(vec![watched()], shop, 60 * 3_600);
    let panel = visit.panel("orders");
    let asked = panel.answered_to.unwrap();
    assert!(noon().timestamp() + 12 * 3_600 <= asked && asked < noon().timestamp() + 15 * 3_600, "from 48 h ago on");
    assert!(panel.judged_since.is_some_and(|since| since > noon().timestamp()));
    assert_eq!(panel.evidence.uncalibrated.as_deref(), Some("the hour before the release is not read"));
}

#[test]
fn a_counter_that_never_appears_on_the_canary_is_no_go_and_never_go() {
    // Orders that nobody gets are not counted at all: the counter is not there.
    let shop = Shop { hidden: vec![("new", "orders")], ..Shop::default() };
    let mut visit = Visit::new(vec![watched()], shop.clone(), 0);
    visit.live(400);
    assert_eq!((mark(&visit), word(&visit)), (Mark::Regression, Word::NoGo));
    assert_eq!(visit.panel("orders").reading.silent, Some(Side::Canary));
    // Fewer errors are good, but not where nothing counts them.
    let errors = PanelSpec { better: Better::Lower, ..watched() };
    let mut visit = Visit::new(vec![errors.clone()], shop, 0);
    visit.live(1_200);
    let reading = &visit.panel("orders").reading;
    assert_eq!((reading.mark, reading.verdict.why[0].as_str()), (Mark::Unknown, "the canary reports no events"));
    assert_eq!(word(&visit), Word::Unknown);
    // And of neither arm: no data is no zero.
    let shop = Shop { hidden: vec![("new", "orders"), ("old", "orders")], ..Shop::default() };
    let mut visit = Visit::new(vec![errors], shop, 0);
    visit.live(600);
    assert_eq!(visit.panel("orders").trouble, Some(PanelTrouble::NoData));
}

#[test]
fn events_nobody_was_exposed_to_are_partial_and_late_ones_are_not() {
    let shop = Shop { hidden: vec![("new", "checkouts")], ..Shop::default() };
    let mut visit = Visit::new(vec![watched()], shop, 0);
    visit.live(200);
    let why = &visit.panel("orders").reading.verdict.why[0];
    assert_eq!((mark(&visit), why.as_str()), (Mark::Unknown, "partial: events without exposures on the canary"));
    // The canary's share is taken back; what was ordered before still comes.
    let mut visit = Visit::new(vec![watched()], Shop { weights: vec![(0, 0.1), (600, 0.0)], ..Shop::default() }, 0);
    visit.live(600).news(moved(0.0, 600)).live(200);
    assert_eq!(visit.panel("orders").reading.verdict.why[0].as_str(), "no exposures on the canary");
}

#[test]
fn each_trouble_takes_go_away_and_leaves_a_regression() {
    let troubles = [
        Answer::NoData,
        Answer::Partial("a shard is missing".into()),
        Answer::Stale(Seconds(90.0)),
        Answer::NotFinite,
        Answer::Error(Failure::new(FailureKind::Refused, "bad query")),
    ];
    let (mut go, mut no_go) =
        (Visit::new(vec![watched()], Shop::default(), 0), Visit::new(vec![watched()], dead_from(60), 0));
    go.live(3_000);
    no_go.live(600);
    assert_eq!((word(&go), word(&no_go)), (Word::Go, Word::NoGo));
    for trouble in troubles {
        let (mut go, mut no_go) = (go.clone(), no_go.clone());
        go.instead = Some(trouble.clone());
        no_go.instead = Some(trouble.clone());
        go.live(20);
        no_go.live(20);
        assert_eq!((word(&go), word(&no_go)), (Word::Unknown, Word::NoGo), "{trouble:?}");
        assert!(evidence::regressed(no_go.open(), 0.01).is_empty(), "a guard acts on fresh numbers only");
        assert!(evidence::blind(no_go.open()).is_some());
        let judged = no_go.panel("orders").trail.len();
        no_go.live(30);
        assert_eq!(no_go.panel("orders").trail.len(), judged, "only a value moves a verdict");
    }
    assert_eq!(evidence::regressed(no_go.open(), 0.01).len(), 1);
    assert_eq!(evidence::blind(no_go.open()), None);
}

#[test]
fn a_regression_outlives_abort_and_retry_and_not_a_new_revision() {
    let mut visit = Visit::new(vec![watched()], dead_from(60), 0);
    visit.live(600);
    assert_eq!(word(&visit), Word::NoGo);
    let aborted = Release { aborted: true, ..exposed() };
    visit.news(aborted).live(60).news(exposed()).live(60);
    assert_eq!(word(&visit), Word::NoGo, "the same revision again");
    let mut next = exposed();
    next.id.revision = "newer".into();
    next.revisions[0].hash = "newer".into();
    next.revisions[0].name = "checkout-newer".into();
    visit.news(next).live(20);
    assert_ne!(word(&visit), Word::NoGo, "another revision has done nothing yet");
}

#[test]
fn without_an_hour_before_it_is_uncalibrated_and_slower() {
    let shop = Shop { baseline: vec![(-100_000, 0.5)], ..dead_from(300) };
    let seen = |visit: &mut Visit| {
        (0..200).find(|_| {
            visit.live(10);
            mark(visit) == Mark::Regression
        })
    };
    let mut calibrated = Visit::new(vec![watched()], shop.clone(), 0);
    let fast = seen(&mut calibrated).unwrap();
    let mut young = Visit::new(vec![watched()], Shop { outages: vec![(-100_000, -300)], ..shop }, 0);
    let slow = seen(&mut young).unwrap();
    let spread = young.panel("orders").reading.dispersion.unwrap();
    assert!(!spread.calibrated && (spread.phi - 3.0).abs() < 1e-9 && slow > fast, "{spread:?} {slow} {fast}");
    assert!(young.panel("orders").evidence.uncalibrated.as_ref().unwrap().contains("180 are needed"));
}

#[test]
fn a_source_that_scrapes_slowly_is_asked_slowly() {
    let mut settings = Settings { panels: vec![watched()], ..settings() };
    for source in &mut settings.sources {
        source.tick = None;
    }
    let mut visit = Visit::of(settings, Shop { scrape: 30, ..Shop::default() }, 0, exposed());
    visit.live(900);
    let panel = visit.panel("orders");
    assert_eq!(panel.step, 30);
    assert!(panel.ticks.windows(2).all(|pair| pair[1].at - pair[0].at == 30));
    assert_eq!(panel.reading.mark, Mark::Good, "{:?}", panel.reading);
    assert!(panel.reading.ticks > 20);
    let spread = panel.reading.dispersion.unwrap();
    assert!(spread.calibrated, "long ticks are read from further back: {:?}", panel.evidence.uncalibrated);
}

#[test]
fn ticks_in_which_the_weight_settled_are_left_out() {
    let mut release = moved(30.0, 600);
    release.timeline.push(Moment {
        at: noon() + TimeDelta::seconds(900),
        kind: MomentKind::Weight,
        text: "told".into(),
    });
    let mut visit = Visit::of(Settings { panels: vec![watched()], ..settings() }, Shop::default(), 1_180, release);
    visit.live(30);
    let panel = visit.panel("orders");
    // Three times 30 s lag and two scrapes: the first exposure, a step, and a move that was told of.
    let ticks = 119 - 3 * 5;
    assert_eq!(i64::from(panel.reading.ticks), ticks, "{:?}", panel.left_out);
}
