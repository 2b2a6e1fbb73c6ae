//! What is said beside a verdict: the split, what waiting brings, what a loss costs, and how it is told.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{
    shop::{Shop, Visit, dead_from, exposed, mark, moved, rate, watched, word},
    world::{noon, settings},
};
use crate::{
    core::{
        effect::Effect,
        evidence::{self, Mark, SplitStanding},
        policy::Confirmation,
        price,
        settings::Settings,
        sheet,
    },
    domain::{
        goal::Goal,
        panel::{Better, PanelKind, PanelSpec},
        plan::Stage,
        question::Answer,
        release::Release,
        step::{Step, StepKind, StepState},
        time::Seconds,
        verdict::Word,
    },
};

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
fn pods_that_are_not_scraped_leave_the_split_unknown_and_never_off() {
    let hidden = vec![("new-2", "")];
    let share = |visit: &Visit| evidence::split(visit.open()).map(|split| (split.standing, split.seen));
    let mut visit = Visit::new(vec![watched()], Shop { hidden: hidden.clone(), ..Shop::default() }, 0);
    visit.live(3_000);
    assert_eq!(share(&visit), Some((SplitStanding::Unseen, None)));
    assert_eq!(evidence::unscraped(visit.open()).as_deref(), Some("1 of 2 canary pods not scraped"));
    assert_eq!(evidence::seen(visit.open()), None, "half a canary is no weight");
    let verdict = evidence::verdict(visit.open());
    let unseen = "orders: 1 of 2 canary pods not counted";
    assert_eq!((verdict.word, verdict.why[0].as_str()), (Word::Unknown, unseen), "nobody knows what it does");
    assert_eq!(crate::core::metrics::split(&visit.flight.state, visit.open()), Some(Mark::Unknown));

    // Once it is scraped, what it had counted by then belongs to no tick.
    visit.shop.hidden.clear();
    visit.live(900);
    let (standing, seen) = share(&visit).unwrap();
    assert_eq!(standing, SplitStanding::Holds);
    assert!(seen.is_some_and(|seen| (seen - 0.1).abs() < 0.005), "{seen:?}");
    let seen = evidence::seen(visit.open()).unwrap().percent;
    assert!((seen - 10.0).abs() < 0.5, "{seen}");
    assert_eq!((mark(&visit), word(&visit)), (Mark::Good, Word::Go));

    // Who comes only now reads the same past, and takes no more from it.
    let gap = Shop { hidden, ..Shop::default() };
    let mut late = Visit::new(vec![watched()], gap, 3_000);
    late.live(60);
    assert_eq!(share(&late), Some((SplitStanding::Unseen, None)));
    late.shop.hidden.clear();
    late.live(900);
    assert_eq!(share(&late).map(|(standing, _)| standing), Some(SplitStanding::Holds));

    // A rate is held against the share of the traffic: without a pod it is not known.
    let mut few =
        Visit::new(vec![rate(Better::Lower), PanelSpec { name: "all".into(), ..watched() }], Shop::default(), 0);
    few.shop.hidden = vec![("new-2", "")];
    few.live(3_000);
    let verdict = evidence::verdict(few.open());
    assert_eq!((verdict.word, verdict.why[0].as_str()), (Word::Unknown, unseen));
}

#[test]
fn a_split_takes_its_ticks_again_when_the_time_of_its_weight_is_known_better() {
    let mut visit = Visit::new(vec![watched()], Shop::default(), 0);
    visit.live(1_200);
    let exposures = |visit: &Visit| evidence::split(visit.open()).unwrap().exposures;
    let before = exposures(&visit);
    let open = visit.flight.state.open.as_mut().unwrap();
    let panel = &mut open.panels[0];
    panel.exposed_since = panel.exposed_since.map(|since| since + 1);
    panel.moves.last_mut().unwrap().at += 1;
    visit.live(10);
    assert!(before > 0.0 && exposures(&visit) >= before * 0.9, "{before} and then {}", exposures(&visit));
}

#[test]
fn a_split_is_held_against_the_weight_that_the_router_was_told() {
    let shop = Shop { weights: vec![(0, 0.1), (610, 0.5)], ..Shop::default() };
    let holds = |visit: &Visit| {
        let split = evidence::split(visit.open()).expect("it is watched");
        assert_eq!((split.standing, split.set), (SplitStanding::Holds, 0.5), "{split:?}");
    };
    let mut seen = Visit::new(vec![watched()], shop.clone(), 0);
    seen.live(610);
    // The step has begun, and its pods are still on their way.
    let mut early = moved(50.0, 610);
    early.weight.set = Some(10.0);
    seen.news(early).live(1);
    seen.news(moved(50.0, 610)).live(900);
    holds(&seen);

    // Nobody tells any more when that step began, but when the pause after it did.
    let mut untold = moved(50.0, 610);
    untold.steps[2].started_at = None;
    untold.steps[2].state = StepState::Done;
    let pause = Step {
        kind: StepKind::Person,
        state: StepState::Current,
        started_at: Some(noon() + TimeDelta::seconds(612)),
        ..untold.steps[2].clone()
    };
    untold.steps.push(pause);
    let mut late = Visit::of(Settings { panels: vec![watched()], ..settings() }, shop, 1_500, untold);
    late.live(60);
    holds(&late);
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
    // It began ten seconds after that was said, and at this shop nothing comes late though the panel allows for it.
    let took = f64::from(seen + 1) * 10.0 - 10.0 + visit.panel("orders").spec.lag.0;
    assert!((took - blind).abs() <= 10.0, "said {blind}, took {took}");
}

#[test]
fn a_roll_back_to_what_is_shown_to_be_worse_is_finished_only_with_a_reason() {
    let mut visit = Visit::new(vec![watched()], dead_from(60), 0);
    visit.live(1_200);
    visit.flight.armed().key("R");
    assert_eq!(visit.flight.dialog().confirmation, Confirmation::Yes);
    visit.flight.key("esc");
    let mut returning = exposed();
    returning.revisions[0].created_at = returning.revisions[1].created_at.map(|at| at - TimeDelta::days(1));
    visit.news(returning);
    assert_eq!(word(&visit), Word::NoGo);
    visit.flight.key("R");
    assert_eq!(
        visit.flight.dialog().confirmation,
        Confirmation::Type { text: "checkout 100".into(), with_reason: true }
    );
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
    // Of a roll back that is under way it brings everyone to where the loss is.
    let mut open = visit.open().clone();
    let mut returning = Release::clone(open.release.as_ref().unwrap());
    returning.revisions[0].created_at = returning.revisions[1].created_at.map(|at| at - TimeDelta::days(1));
    open.release = Some(Arc::new(returning));
    let finish = price::of_plan(&open, panel, &plan(&Goal::Rollback { to: None })).unwrap();
    assert!((finish.stages[0].per_minute.unwrap().likely / now.likely - 10.0).abs() < 0.4, "{finish:?}");
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
fn the_weight_seen_is_of_no_tick_that_reaches_back_to_the_one_before() {
    // The canary is not scraped from before the step until after it: one tick spans both weights.
    let shop = Shop { weights: vec![(0, 0.1), (600, 0.5)], away: vec![("new", 580, 630)], ..Shop::default() };
    let mut visit = Visit::new(vec![PanelSpec { lag: Seconds(0.0), ..watched() }], shop, 0);
    visit.live(602).news(moved(50.0, 600));
    for _ in 0..20 {
        let seen = evidence::seen(visit.live(10).open());
        assert!(seen.is_none_or(|seen| (seen.percent - 50.0).abs() < 1.0), "{seen:?}");
    }
    assert!(evidence::seen(visit.open()).is_some());
}

#[test]
fn a_dialog_tells_the_age_of_the_numbers_that_its_verdict_stands_on() {
    let pool = PanelSpec { name: "pool".into(), critical: false, ..watched() };
    let pool = PanelSpec { kind: PanelKind::Shared { query: "gauge".into() }, better: Better::Lower, ..pool };
    let mut visit = Visit::new(vec![watched(), pool], dead_from(60), 0);
    visit.live(1_200);
    visit.shop.hidden.push(("", "orders"));
    visit.live(600);
    assert_eq!(word(&visit), Word::NoGo, "it stands without numbers");
    visit.flight.key("R");
    let said = sheet::sentences(&visit.flight.state, visit.flight.dialog());
    let because = said.iter().find(|sentence| sentence.label == "because").unwrap();
    assert!(because.text.contains("newest sample 10m"), "{}", because.text);
}

#[test]
fn ticks_that_grew_make_no_loss_larger() {
    for kind in [watched(), rate(Better::Higher)] {
        // Two of three scrapes of the canary fail, so that a tick spans thirty seconds.
        let away = (90..300).filter(|n| n % 3 != 0).map(|n| ("new", n * 10, n * 10 + 10)).collect();
        let mut visit = Visit::new(vec![kind], Shop { away, ..dead_from(60) }, 0);
        visit.live(880);
        for seconds in [120, 180, 600] {
            visit.live(seconds);
            let loss = visit.panel("orders").reading.loss.clone().expect("a loss");
            let now = loss.per_minute.unwrap();
            assert!((now.likely / 120.0 - 1.0).abs() < 0.1, "{seconds}: {now:?}");
        }
    }
}

#[test]
fn a_verdict_that_goes_to_and_fro_is_told_whole_and_rung_for_calmly() {
    let mut visit = Visit::new(vec![watched()], Shop::default(), 0);
    visit.live(3_000);
    let told = |visit: &Visit| visit.flight.seen().iter().filter(|text| text.starts_with("verdict")).count();
    let rung = |visit: &Visit| visit.flight.all.iter().filter(|effect| **effect == Effect::Bell).count();
    let (before, rung_before) = (told(&visit), rung(&visit));
    for _ in 0..5 {
        visit.instead = Some(Answer::NoData);
        visit.live(20);
        visit.instead = None;
        visit.live(20);
    }
    let after: Vec<String> = visit.flight.seen().into_iter().filter(|text| text.starts_with("verdict")).collect();
    assert_eq!(after.len() - before, 10, "the newest line never tells another word than the header: {after:?}");
    assert_eq!(rung(&visit) - rung_before, 2, "the loss of the evidence rings once, and its return");
}
