//! How numbers become evidence: what is judged, what is not, and that it does not depend on when one looks.

use chrono::TimeDelta;

use super::{
    shop::{Shop, Visit, exposed},
    world::{noon, orders, settings},
};
use crate::{
    core::{
        evidence::{self, Mark, SplitStanding},
        price,
        settings::Settings,
        update::deadline,
    },
    domain::{
        analysis::{BadSide, Check, Limit, LimitMeans, Runs},
        clean::Clean,
        failure::{Failure, FailureKind},
        goal::Goal,
        panel::{Better, Cap, Declared, PanelKind, PanelSpec, PanelTrouble, Side},
        plan::Stage,
        question::Answer,
        release::Release,
        step::{StepKind, StepState},
        time::Seconds,
        timeline::{Moment, MomentKind},
        verdict::Word,
    },
};

fn watched() -> PanelSpec {
    let kind = PanelKind::Ratio { events: "orders".into(), exposures: "checkouts".into(), by: "pod".into() };
    PanelSpec { kind, ..orders() }
}

fn word(visit: &Visit) -> Word {
    evidence::verdict(visit.open()).word
}

fn mark(visit: &Visit) -> Mark {
    visit.panel("orders").reading.mark
}

/// Orders per checkout fall on the canary this many seconds after noon.
fn dead_from(second: i64) -> Shop {
    Shop { canary: vec![(-100_000, 0.5), (second, 0.0)], ..Shop::default() }
}

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
    let told: Vec<_> = visit.flight.seen().into_iter().filter(|text| text.starts_with("verdict NO-GO")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
}

/// The weight was moved at this second.
fn moved(percent: f64, second: i64) -> Release {
    let mut release = exposed();
    release.steps[1].state = StepState::Done;
    release.steps[2].kind = StepKind::SetWeight(percent);
    release.steps[2].state = StepState::Current;
    release.steps[2].started_at = Some(noon() + TimeDelta::seconds(second));
    release.weight.set = Some(percent);
    release
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
    assert_eq!(
        (reading.mark, reading.verdict.why[0].as_str()),
        (Mark::Unknown, "no series counts events of the canary")
    );
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
    assert_eq!(panel.reading.mark, Mark::Collecting, "{:?}", panel.reading);
    assert!(panel.reading.ticks > 20);
}

#[test]
fn a_rate_is_held_against_the_share_of_the_traffic() {
    let rate = PanelSpec { kind: PanelKind::Rate { events: "orders".into(), by: "pod".into() }, ..watched() };
    let mut clean = Visit::new(vec![rate.clone()], Shop::default(), 0);
    clean.live(3_000);
    let reading = &clean.panel("orders").reading;
    assert!(reading.ratio.is_some_and(|ratio| (ratio - 1.0).abs() < 0.01), "{reading:?}");
    assert_eq!(reading.mark, Mark::Good, "{reading:?}");
    let mut dead = Visit::new(vec![rate.clone()], dead_from(60), 0);
    dead.live(600);
    assert_eq!(word(&dead), Word::NoGo);
    // Its share is not what the router gives it: nothing can be said of a rate.
    let mut off = Visit::new(vec![rate, PanelSpec { name: "all".into(), ..watched() }], Shop::default(), 0);
    off.shop.weights = vec![(0, 0.02)];
    off.live(3_000);
    assert_eq!(evidence::split(off.open()).map(|split| split.standing), Some(SplitStanding::TooLittle));
    let verdict = evidence::verdict(off.open());
    assert_ne!(verdict.word, Word::Go, "{verdict:?}");
}

#[test]
fn a_split_that_is_off_blocks_go_and_hides_no_regression() {
    let mut off = Visit::new(vec![watched()], Shop { weights: vec![(0, 0.02)], ..Shop::default() }, 0);
    off.live(12_000);
    let verdict = evidence::verdict(off.open());
    assert_eq!(mark(&off), Mark::Good, "{:?}", off.panel("orders").reading);
    assert_eq!((verdict.word, verdict.why[0].as_str()), (Word::Unknown, "traffic split: 2.0 % seen, 10.0 % set"));
    let mut dead = Visit::new(vec![watched()], Shop { weights: vec![(0, 0.02)], ..dead_from(60) }, 0);
    dead.live(3_000);
    assert_eq!(word(&dead), Word::NoGo);
    let mut fine = Visit::new(vec![watched()], Shop::default(), 0);
    fine.live(1_000);
    assert_eq!(evidence::split(fine.open()).map(|split| split.standing), Some(SplitStanding::Holds));
}

#[test]
fn latency_counts_what_was_too_slow_and_a_missing_bucket_is_partial() {
    let kind = PanelKind::Latency { within: "orders".into(), requests: "checkouts".into(), by: "pod".into() };
    let slow = PanelSpec { kind, better: Better::Lower, ..watched() };
    let mut visit = Visit::new(vec![slow.clone()], dead_from(60), 0);
    visit.live(900);
    let reading = &visit.panel("orders").reading;
    assert!(reading.ratio.is_some_and(|ratio| ratio > 1.8), "all of it is slow: {reading:?}");
    assert_eq!(reading.mark, Mark::Regression);
    let shop = Shop { hidden: vec![("new", "orders")], ..Shop::default() };
    let mut visit = Visit::new(vec![slow], shop, 0);
    visit.live(300);
    let why = &visit.panel("orders").reading.verdict.why[0];
    assert_eq!(why.as_str(), "partial: no bucket with this bound on the canary");
}

#[test]
fn a_value_is_weak_and_decides_nothing() {
    let kind = PanelKind::Value { query: "level".into(), by: "pod".into() };
    let cpu = PanelSpec { kind, name: "cpu".into(), better: Better::Lower, critical: false, ..watched() };
    let shop = Shop { canary: vec![(-100_000, 0.5), (600, 0.9)], ..Shop::default() };
    let mut visit = Visit::new(vec![cpu], shop, 0);
    visit.live(590);
    let reading = visit.panel("cpu").reading.clone();
    assert_eq!((reading.mark, reading.levels.before, reading.levels.now), (Mark::Weak, Some(0.5), Some(0.5)));
    visit.live(2_000);
    let reading = &visit.panel("cpu").reading;
    assert_eq!((reading.mark, reading.levels.now, reading.off), (Mark::Look, Some(0.9), true));
    assert_eq!(evidence::verdict(visit.open()).why[0].as_str(), "nothing critical is watched");
}

#[test]
fn what_both_arms_share_is_held_against_the_hour_before_and_blocks_go() {
    let pool = PanelSpec {
        kind: PanelKind::Shared { query: "gauge".into() },
        name: "pool".into(),
        better: Better::Lower,
        critical: false,
        ..watched()
    };
    let mut visit =
        Visit::new(vec![watched(), pool], Shop { gauge: vec![(-100_000, 40.0), (2_400, 80.0)], ..Shop::default() }, 0);
    visit.live(2_300);
    assert_eq!((visit.panel("pool").reading.mark, word(&visit)), (Mark::Good, Word::Go));
    visit.live(1_000);
    let reading = &visit.panel("pool").reading;
    assert_eq!((reading.mark, reading.levels.before, reading.levels.now), (Mark::Look, Some(40.0), Some(80.0)));
    let verdict = evidence::verdict(visit.open());
    assert_eq!(verdict.word, Word::Unknown);
    assert!(
        verdict.why[0].contains("both arms are worse since 10 %") && verdict.why[0].contains("pool"),
        "{verdict:?}"
    );
    // The hour before is remembered when the chart has long left it behind.
    visit.live(3 * 3_600);
    assert_eq!(visit.panel("pool").reading.levels.before, Some(40.0));
}

#[test]
fn both_arms_worse_alike_is_no_regression_and_no_go() {
    let shop = Shop {
        baseline: vec![(-100_000, 0.5), (600, 0.3)],
        canary: vec![(-100_000, 0.5), (600, 0.3)],
        ..Shop::default()
    };
    let mut visit = Visit::new(vec![watched()], shop, 0);
    visit.live(4_000);
    assert_eq!((mark(&visit), word(&visit)), (Mark::Good, Word::Unknown), "{:?}", evidence::verdict(visit.open()));
}

#[test]
fn a_cap_fires_where_only_the_canary_is_above_it() {
    let cap = Some(Cap { share: 0.6, exposures: 100.0 });
    let errors = PanelSpec { better: Better::Lower, tolerance: 8.0, cap, ..watched() };
    let of = |baseline: f64, canary: f64| Shop {
        baseline: vec![(-100_000, baseline)],
        canary: vec![(-100_000, canary)],
        ..Shop::default()
    };
    for (shop, expected) in [(of(0.5, 0.7), Word::NoGo), (of(0.7, 0.7), Word::Unknown), (of(0.5, 0.5), Word::Go)] {
        let mut visit = Visit::new(vec![errors.clone()], shop, 0);
        visit.live(900);
        assert_eq!(word(&visit), expected, "{:?}", evidence::verdict(visit.open()));
    }
}

#[test]
fn its_own_analysis_is_shown_against_its_limits_and_proves_nothing() {
    let limit = Limit { at: 50.0, bad: BadSide::Above, inclusive: false, means: LimitMeans::NotSuccess };
    let check = Check {
        name: "pool".into(),
        template: "pool-template".into(),
        provider: "prometheus".into(),
        query: Some("gauge".to_owned()),
        unresolved: None,
        success: Some("result[0] <= 50".into()),
        failure: None,
        limits: vec![limit],
        address: None,
        interval: None,
        runs: Runs::Step,
        steps: vec![],
        dry_run: false,
        count: None,
        failure_limit: Some(0),
        inconclusive_limit: 0,
        phase: None,
        measured: vec![],
    };
    let broken = Check { unresolved: Some("`service` is given nowhere".into()), name: "other".into(), ..check.clone() };
    let foreign = Check { provider: "job".into(), name: "job".into(), query: None, ..check.clone() };
    let mut release = exposed();
    release.checks = vec![check, broken, foreign];
    let mut visit =
        Visit::new(vec![watched()], Shop { gauge: vec![(-100_000, 40.0), (600, 80.0)], ..Shop::default() }, 0);
    visit.news(release).live(300);
    let reading = &visit.panel("pool").reading;
    assert_eq!((reading.mark, reading.verdict.why[0].as_str()), (Mark::Good, "its analysis would pass now"));
    assert_eq!(visit.open().panels.len(), 2);
    assert_eq!(visit.open().wrong[0].why.as_str(), "`other` cannot be asked: `service` is given nowhere");
    visit.live(600);
    let reading = &visit.panel("pool").reading;
    assert_eq!((reading.mark, reading.off, word(&visit)), (Mark::Look, true, Word::Go), "{reading:?}");
}

fn declared(spec: PanelSpec, source: Option<&str>) -> Declared {
    Declared::Panel { spec: Box::new(spec), source: source.map(Into::into) }
}

#[test]
fn panels_come_and_go_with_the_release_and_the_others_keep_their_ticks() {
    let mut visit = Visit::new(vec![watched()], Shop::default(), 0);
    visit.live(300);
    let judge = visit.panel("orders").evidence.judge.clone();
    let own = PanelSpec { name: "refunds".into(), origin: "configmap".into(), ..watched() };
    let mine_too = PanelSpec { origin: "configmap".into(), tolerance: 0.2, ..watched() };
    let mut release = exposed();
    release.declared = vec![
        declared(own.clone(), None),
        declared(PanelSpec { name: "lost".into(), ..own.clone() }, Some("graphite")),
        Declared::Wrong { origin: "configmap".into(), why: "`criticl` is no key".into() },
    ];
    visit.news(release.clone());
    let names: Vec<&str> = visit.open().panels.iter().map(|panel| panel.spec.name.as_str()).collect();
    assert_eq!(names, ["refunds", "orders"], "what travels with the release stands first");
    assert_eq!(visit.panel("orders").evidence.judge, judge);
    let wrong: Vec<&str> = visit.open().wrong.iter().map(|wrong| wrong.why.as_str()).collect();
    let lost = "panel `lost` asks `graphite`, which is not configured as a source of numbers";
    assert_eq!(wrong, [lost, "`criticl` is no key"]);
    visit.live(60);
    assert!(!visit.panel("refunds").ticks.is_empty());
    // Of the same name and kind the first wins, and that is said once.
    release.declared = vec![declared(mine_too, None)];
    visit.news(release.clone()).live(20).news(Release { held: true, ..release.clone() });
    assert_eq!(visit.open().panels.len(), 1);
    assert!((visit.panel("orders").spec.tolerance - 0.2).abs() < 1e-9);
    assert_ne!(visit.panel("orders").evidence.judge, judge, "another rule, another judge");
    let said = "source panel `orders` of panels.toml is left out: configmap has it too";
    assert_eq!(visit.flight.seen().iter().filter(|text| *text == said).count(), 1, "{:?}", visit.flight.seen());
    release.declared.clear();
    visit.news(release);
    assert!((visit.panel("orders").spec.tolerance - 0.1).abs() < 1e-9);
}

#[test]
fn the_error_rate_is_shared_by_the_critical_panels_there_are_at_the_start() {
    let panels = ["a", "b", "c"].map(|name| PanelSpec { name: Clean::new(name), ..watched() }).to_vec();
    let mut visit = Visit::new(panels, Shop::default(), 0);
    visit.live(200);
    let share = |visit: &Visit, name: &str| visit.panel(name).evidence.judge.as_ref().unwrap().rules().critical;
    assert_eq!(share(&visit, "a"), 3);
    let mut release = exposed();
    release.declared = vec![declared(PanelSpec { name: "late".into(), ..watched() }, None)];
    visit.news(release).live(60);
    assert_eq!((share(&visit, "a"), share(&visit, "late")), (3, 4));
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

#[test]
fn a_forecast_comes_from_the_judge_and_holds() {
    let mut visit = Visit::new(vec![watched()], dead_from(900), 0);
    let forecast = |visit: &Visit| visit.panel("orders").reading.forecast.expect("a forecast");
    visit.live(400);
    let early = forecast(&visit);
    let progress = early.progress.expect("ready within hours");
    assert!(progress.done > 20 && progress.of > progress.done && early.enough_weight.is_some(), "{early:?}");
    let ready = u64::try_from(progress.ready_at - noon().timestamp()).unwrap();
    visit.live(ready - 400 - 10);
    assert_eq!(mark(&visit), Mark::Collecting);
    visit.live(50);
    assert_eq!(mark(&visit), Mark::Good, "as it was said");
    visit.live(890 - ready - 40);
    let blind = forecast(&visit).blind.expect("seen within hours").0;
    let seen = (0..100_i32)
        .find(|_| {
            visit.live(10);
            mark(&visit) == Mark::Regression
        })
        .unwrap();
    // Ten seconds of health, and ticks are judged two scrapes late.
    let took = f64::from(seen + 1) * 10.0 - 10.0 - 25.0;
    assert!((took / blind - 1.0).abs() < 0.25, "said {blind}, took {took}");
}

#[test]
fn a_loss_has_its_price_for_each_key() {
    let mut visit = Visit::new(vec![watched()], dead_from(60), 0);
    visit.live(1_200);
    let loss = visit.panel("orders").reading.loss.clone().expect("a loss");
    // 40 checkouts in ten seconds on the canary, half of which would have ordered.
    let now = loss.per_minute.unwrap();
    assert!((now.likely / 120.0 - 1.0).abs() < 0.1, "{now:?}");
    assert!(loss.so_far.least > 0.0 && loss.so_far.likely > 1_000.0, "{loss:?}");
    let panel = price::dearest(visit.open()).unwrap();
    let plan = |goal: &Goal| {
        let release = visit.open().release.as_ref().unwrap();
        release.offer(goal).unwrap().answer.plan().unwrap().clone()
    };
    let back = price::of_plan(visit.open(), panel, &plan(&Goal::Rollback { to: None })).unwrap();
    assert_eq!(back.stages.iter().map(|stage| stage.per_minute).collect::<Vec<_>>(), [None], "the loss stops");
    let hold = price::of_plan(visit.open(), panel, &plan(&Goal::Pause)).unwrap();
    assert!((hold.stages[0].per_minute.unwrap().likely / now.likely - 1.0).abs() < 0.05);
    let mut promote = plan(&Goal::Promote);
    let stage = |weight, seconds: Option<f64>| Stage { weight, seconds: seconds.map(Seconds) };
    promote.reach.as_mut().unwrap().stages = vec![stage(50.0, Some(600.0)), stage(100.0, None)];
    let forward = price::of_plan(visit.open(), panel, &promote).unwrap();
    let times: Vec<f64> = forward.stages.iter().map(|s| s.per_minute.unwrap().likely / now.likely).collect();
    assert!((times[0] - 5.0).abs() < 0.2 && (times[1] - 10.0).abs() < 0.4, "{times:?}");
    let clean = Visit::new(vec![watched()], Shop::default(), 900);
    assert!(price::dearest(clean.open()).is_none());
}

#[test]
fn a_verdict_that_goes_to_and_fro_is_told_calmly() {
    let mut visit = Visit::new(vec![watched()], Shop::default(), 0);
    visit.live(3_000);
    let told = |visit: &Visit| visit.flight.seen().iter().filter(|text| text.starts_with("verdict")).count();
    let before = told(&visit);
    for _ in 0..5 {
        visit.instead = Some(Answer::NoData);
        visit.live(20);
        visit.instead = None;
        visit.live(20);
    }
    let after: Vec<String> = visit.flight.seen().into_iter().filter(|text| text.starts_with("verdict")).collect();
    assert_eq!(after.len() - before, 2, "the loss of the evidence is told once, and its return: {after:?}");
}
