//! What is not known is never green, and never a reason to take a release back.

use chrono::TimeDelta;

use super::{
    shop::{Shop, Visit, dead_from, exposed, mark, rate, undated, watched, word},
    world::{noon, settings},
};
use crate::{
    core::{
        controller,
        effect::Effect,
        evidence::{self, Mark},
        settings::Settings,
    },
    domain::{
        analysis::Check,
        failure::{Failure, FailureKind},
        panel::{Better, Cap, Declared, PanelKind, PanelSpec, TargetPattern},
        question::Answer,
        step::{StepKind, StepState},
        time::Seconds,
        timeline::{Moment, MomentKind},
        verdict::Word,
    },
};

fn gauge(name: &str, kind: PanelKind) -> PanelSpec {
    let targets = TargetPattern(vec![]);
    PanelSpec { source: "prom".into(), origin: "x".into(), targets, ..PanelSpec::new(name, kind, Better::Lower) }
}

fn why(visit: &Visit) -> String {
    evidence::verdict(visit.open()).why.first().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn a_rate_without_any_series_of_an_arm_is_not_go() {
    for (better, hidden, arm) in [(Better::Lower, "new", "canary"), (Better::Higher, "old", "baseline")] {
        let shop = Shop { hidden: vec![(hidden, "orders")], ..Shop::default() };
        let mut visit = Visit::new(vec![rate(better)], shop, 0);
        visit.live(3_000);
        assert_eq!((mark(&visit), word(&visit)), (Mark::Unknown, Word::Unknown), "{better:?}");
        assert!(why(&visit).contains(arm), "{}", why(&visit));
    }
    let mut whole = Visit::new(vec![rate(Better::Higher)], Shop::default(), 0);
    whole.live(3_000);
    assert_eq!(word(&whole), Word::Go);
}

#[test]
fn one_pod_whose_events_are_not_scraped_is_no_regression() {
    for better in [Better::Higher, Better::Lower] {
        for hidden in [("new-2", "orders"), ("old-1", "orders"), ("new-2", "checkouts"), ("old-1", "checkouts")] {
            let mut visit = Visit::new(vec![PanelSpec { better, ..watched() }], Shop::default(), 0);
            visit.live(600);
            visit.shop.hidden.push(hidden);
            visit.live(900);
            assert_ne!(word(&visit), Word::NoGo, "{better:?} {hidden:?} {}", why(&visit));
            assert!(evidence::regressed(visit.open(), 0.01).is_empty());
            assert!(evidence::uncounted(visit.open(), 0.01).is_empty());
        }
    }
}

#[test]
fn pods_that_answer_and_are_not_the_releases_leave_no_go() {
    // The query names no namespace, and the same version runs in another one.
    let mut release = exposed();
    let revision = &mut release.revisions[0];
    revision.pods.truncate(1);
    revision.ready = 1;
    let settings = Settings { panels: vec![watched()], ..settings() };
    let mut visit = Visit::of(settings, Shop::default(), 0, release);
    visit.live(3_000);
    assert_eq!(word(&visit), Word::Unknown, "{}", why(&visit));
    assert!(why(&visit).contains("2 canary pods answer, and there is 1"), "{}", why(&visit));
}

#[test]
fn events_of_an_arm_that_vanish_are_unknown_and_no_regression() {
    for better in [Better::Higher, Better::Lower] {
        for hidden in ["old", "new"] {
            let mut visit = Visit::new(vec![PanelSpec { better, ..watched() }], Shop::default(), 0);
            visit.live(600);
            visit.shop.hidden.push((hidden, "orders"));
            visit.live(900);
            assert_eq!(word(&visit), Word::Unknown, "{better:?} {hidden} {}", why(&visit));
            assert!(evidence::regressed(visit.open(), 0.01).is_empty());
        }
    }
}

#[test]
fn a_shared_pool_that_was_worse_is_not_better_for_not_being_seen() {
    let pool = gauge("pool", PanelKind::Shared { query: "gauge".into() });
    let shop = Shop { gauge: vec![(-11_000, 40.0), (600, 90.0)], ..Shop::default() };
    let mut visit = Visit::new(vec![watched(), pool], shop, 0);
    visit.live(3_000);
    assert!(word(&visit) == Word::Unknown && why(&visit).starts_with("both arms are worse"), "{}", why(&visit));
    visit.shop.hidden.push(("", "gauge"));
    visit.live(60);
    assert!(word(&visit) == Word::Unknown && why(&visit).starts_with("both arms are worse"), "{}", why(&visit));
}

#[test]
fn a_critical_panel_that_cannot_be_used_leaves_no_go() {
    let payments = PanelSpec { name: "payments".into(), ..watched() };
    let declared = |spec: PanelSpec| Declared::Panel { spec: Box::new(spec), source: Some("other".into()) };
    let mistake = Declared::Wrong { origin: "ConfigMap panels".into(), why: "`criticl` is no key".into() };
    let minor = PanelSpec { critical: false, ..payments.clone() };
    for (declared, expected) in [
        (declared(payments), Word::Unknown),
        // It may have been critical.
        (mistake, Word::Unknown),
        (declared(minor), Word::Go),
    ] {
        let mut release = exposed();
        release.declared = vec![declared.clone()];
        let settings = Settings { panels: vec![watched()], ..settings() };
        let mut visit = Visit::of(settings, Shop::default(), 0, release);
        visit.live(3_000);
        assert_eq!(word(&visit), expected, "{declared:?}: {}", why(&visit));
    }
}

#[test]
fn panels_that_may_not_be_read_leave_no_go() {
    let mut release = exposed();
    release.panels_unseen = Some("configmaps: `me` may not list configmaps in `shop`".into());
    let settings = Settings { panels: vec![watched()], ..settings() };
    let mut visit = Visit::of(settings, Shop::default(), 0, release);
    visit.live(3_000);
    assert!(word(&visit) == Word::Unknown && why(&visit).contains("may not list configmaps"), "{}", why(&visit));
}

#[test]
fn a_panel_called_critical_anywhere_stays_critical() {
    let mut release = exposed();
    let softened = PanelSpec { critical: false, business: false, ..watched() };
    release.declared = vec![Declared::Panel { spec: Box::new(softened), source: None }];
    let settings = Settings { panels: vec![watched()], ..settings() };
    let visit = Visit::of(settings, Shop::default(), 0, release);
    let panel = visit.panel("orders");
    assert!(panel.spec.critical && panel.spec.business == watched().business);
}

/// 10 % at noon, 25 % an hour later, of which no event is left, 50 % another hour later.
fn forgotten(spec: PanelSpec, lost: bool) -> Visit {
    let shop = Shop { weights: vec![(0, 0.1), (3_600, 0.25), (7_200, 0.5)], ..Shop::default() };
    let mut release = exposed();
    let at = |second: i64| Some(noon() + TimeDelta::seconds(second));
    release.steps[1].kind = StepKind::SetWeight(25.0);
    release.steps[1].state = StepState::Done;
    release.steps[1].started_at = at(3_600).filter(|_| !lost);
    release.steps[1].took = release.steps[0].took.filter(|_| !lost);
    release.steps[2].state = StepState::Done;
    release.steps[2].started_at = at(7_200);
    release.steps[2].took = release.steps[0].took;
    release.weight.set = Some(50.0);
    let mut visit = Visit::of(Settings { panels: vec![spec], ..settings() }, shop, 7_220, release);
    visit.live(600);
    visit
}

#[test]
fn a_weight_whose_beginning_is_forgotten_is_not_taken_for_the_one_before() {
    for better in [Better::Lower, Better::Higher] {
        let (known, lost) = (forgotten(rate(better), false), forgotten(rate(better), true));
        assert_ne!(word(&known), Word::NoGo, "{better:?}: {}", why(&known));
        assert_ne!(word(&lost), Word::NoGo, "{better:?}: {}", why(&lost));
        assert_eq!(evidence::regressed(lost.open(), 0.01), Vec::new());
        let ticks = |visit: &Visit| visit.panel("orders").reading.ticks;
        assert!(ticks(&lost) > 30 && ticks(&lost) < ticks(&known) / 2, "{} {}", ticks(&lost), ticks(&known));
    }
}

#[test]
fn late_events_of_a_forgotten_step_are_not_held_against_the_canary() {
    let ticks = |spec: &PanelSpec, lost: bool| forgotten(spec.clone(), lost).panel("orders").reading.ticks;
    // Its events come up to 30 s late: since when they are those of 25 % nobody can say.
    let late = watched();
    assert!(ticks(&late, false) > 700, "{}", ticks(&late, false));
    assert!((30..=55).contains(&ticks(&late, true)), "{}", ticks(&late, true));
    let prompt = PanelSpec { lag: Seconds(0.0), warm_up: Seconds(0.0), ..watched() };
    assert!(ticks(&prompt, true) > 700, "{}", ticks(&prompt, true));
}

#[test]
fn a_weight_that_was_set_before_the_first_look_is_known_from_then_on() {
    let shop = Shop { weights: vec![(0, 0.1), (3_600, 0.25)], ..Shop::default() };
    let release = undated();
    for spec in [rate(Better::Higher), watched()] {
        let mut visit = Visit::of(Settings { panels: vec![spec], ..settings() }, shop.clone(), 7_140, release.clone());
        visit.live(600);
        let ticks = visit.panel("orders").reading.ticks;
        assert!((40..=60).contains(&ticks), "{ticks}");
        assert_ne!(word(&visit), Word::NoGo, "{}", why(&visit));
    }
}

#[test]
fn on_a_rate_of_fewer_pods_than_are_ready_no_guard_acts() {
    for hidden in [("new-2", "orders"), ("old-1", "orders")] {
        let mut release = exposed();
        (release.revisions[0].ready, release.revisions[1].ready) = (2, 4);
        let settings = Settings { panels: vec![rate(Better::Higher)], ..settings() };
        let mut visit = Visit::of(settings, dead_from(1_500), 0, release);
        visit.live(600);
        visit.shop.hidden.push(hidden);
        visit.live(1_800);
        assert_eq!(evidence::regressed(visit.open(), 0.01), Vec::new());
        assert!(word(&visit) == Word::Unknown && why(&visit).contains(" pods not counted"), "{}", why(&visit));
        visit.shop.hidden.clear();
        visit.live(1_900);
        assert!(!evidence::regressed(visit.open(), 0.01).is_empty(), "all of them answer again");
    }
}

#[test]
fn where_a_pod_never_answered_no_guard_acts_on_a_rate() {
    for hidden in [("new-2", "orders"), ("old-1", "orders")] {
        let settings = Settings { panels: vec![rate(Better::Higher)], ..settings() };
        let shop = Shop { hidden: vec![hidden], ..dead_from(1_500) };
        let mut visit = Visit::of(settings, shop, 0, exposed());
        visit.live(2_400);
        assert_eq!(evidence::regressed(visit.open(), 0.01), Vec::new());
        let uncounted = evidence::uncounted(visit.open(), 0.01);
        assert!(uncounted.iter().any(|why| why.contains(" pods not counted")), "{uncounted:?}");
    }
}

#[test]
fn a_guard_acts_on_no_evidence_for_which_nothing_new_comes() {
    for (away, arm) in [("new", "canary"), ("old", "baseline")] {
        let mut visit = Visit::new(vec![watched()], dead_from(600), 0);
        visit.live(1_200);
        assert_eq!(evidence::regressed(visit.open(), 0.01).len(), 1);
        visit.shop.away.push((away, 1_200, 100_000));
        visit.live(60);
        for _ in 0..60 {
            visit.live(5);
            assert_eq!(evidence::regressed(visit.open(), 0.01), Vec::new(), "{arm}: {}", why(&visit));
        }
        let expected = format!("but no instance of the {arm} answers");
        let uncounted = evidence::uncounted(visit.open(), 0.01);
        assert!(uncounted.iter().any(|why| why.ends_with(&expected)), "a person has to look: {uncounted:?}");
        assert_eq!(word(&visit), Word::NoGo, "what was found stands");
        visit.shop.away.clear();
        visit.live(120);
        assert_eq!(evidence::regressed(visit.open(), 0.01).len(), 1, "they answer again: {}", why(&visit));
    }
}

#[test]
fn what_was_found_stands_while_it_is_judged_again() {
    let mut visit = Visit::new(vec![watched()], dead_from(60), 0);
    visit.live(900);
    assert_eq!(word(&visit), Word::NoGo);
    let found = visit.panel("orders").evidence.finding.unwrap().words();
    // Word of a move of the weight comes late, and the source is gone.
    let mut release = exposed();
    let at = visit.flight.at().wall - TimeDelta::seconds(60);
    release.timeline = vec![Moment { at, kind: MomentKind::Weight, text: "10 %".into() }];
    visit.instead = Some(Answer::Error(Failure::new(FailureKind::Unreachable, "down")));
    visit.news(release);
    visit.live(120);
    assert!(visit.panel("orders").evidence.judge.is_none(), "all of it is to be read again");
    assert_eq!((word(&visit), why(&visit)), (Word::NoGo, format!("orders {found}")));
    assert_eq!(evidence::regressed(visit.open(), 0.01), Vec::new(), "nothing for a guard to act on");
    visit.instead = None;
    visit.live(300);
    let panel = visit.panel("orders");
    assert!(panel.evidence.found.is_none() && panel.evidence.judge.is_some());
    assert_eq!(word(&visit), Word::NoGo);
}

#[test]
fn a_source_in_trouble_is_asked_no_oftener_than_one_that_answers() {
    let asked = |visit: &Visit| visit.flight.all.iter().filter(|effect| matches!(effect, Effect::Ask { .. })).count();
    for instead in [Answer::NoData, Answer::Stale(Seconds(90.0)), Answer::Partial("a shard".into()), Answer::NotFinite]
    {
        let mut visit = Visit::new(vec![watched()], Shop::default(), 0);
        visit.live(600);
        visit.instead = Some(instead.clone());
        visit.live(90);
        let before = asked(&visit);
        visit.live(100);
        let questions = asked(&visit) - before;
        assert!((5..=11).contains(&questions), "{instead:?}: {questions} questions in 100 s");
    }
}

#[test]
fn a_clock_that_is_off_moves_what_the_release_tells() {
    let mut visit = Visit::new(vec![watched()], Shop { ahead: 40.0, ..Shop::default() }, 300);
    visit.live(120);
    let moves =
        |visit: &Visit| visit.panel("orders").moves.iter().map(|m| m.at - noon().timestamp()).collect::<Vec<_>>();
    let quiet = moves(&visit);
    let mut again = exposed();
    again.message = "news".into();
    visit.news(again);
    assert_eq!(quiet, moves(&visit), "without news as with them");
}

#[test]
fn a_hard_cap_is_held_against_the_present_only() {
    let cap = Some(Cap { share: 0.6, exposures: 100.0 });
    let spec = PanelSpec { better: Better::Lower, tolerance: 0.5, cap, ..watched() };
    let canary = vec![(-11_000, 0.55), (1_000, 0.65), (20_000, 0.55)];
    let shop = Shop { baseline: vec![(-11_000, 0.55)], canary, ..Shop::default() };
    let mut visit = Visit::new(vec![spec], shop, 40_000);
    for _ in 0..400 {
        visit.flight.wait(10);
        visit.answer();
        assert_ne!(word(&visit), Word::NoGo, "{}", why(&visit));
    }
    assert!(visit.panel("orders").history.is_none());
}

#[test]
fn the_past_does_not_tell_what_an_analysis_would_say_now() {
    let kind = PanelKind::Analysis { query: "gauge".into() };
    let shop = Shop { gauge: vec![(-11_000, 40.0)], ..Shop::default() };
    let mut visit = Visit::new(vec![gauge("success", kind), watched()], shop, 40_000);
    visit.flight.wait(1);
    visit.answer();
    let asks = |query: &str| Check { query: Some(query.into()), name: "success".into(), ..Check::default() };
    let newest = |visit: &Visit, query: &str| controller::newest(visit.open(), &asks(query));
    assert!(!visit.panel("success").points.is_empty() && visit.panel("success").history.is_some());
    assert_eq!(newest(&visit, "gauge"), None, "it is being read");
    assert_ne!(visit.panel("success").reading.mark, Mark::Good);
    visit.live(120);
    assert_eq!((newest(&visit, "gauge"), newest(&visit, "another")), (Some(40.0), None));
}

#[test]
fn go_does_not_outlive_the_canary() {
    let mut visit = Visit::new(vec![watched()], Shop::default(), 0);
    visit.live(3_000);
    assert_eq!(word(&visit), Word::Go);
    visit.shop.hidden.push(("new", ""));
    let words: Vec<Word> = (0..30).map(|_| word(visit.live(10))).collect();
    let went = words.iter().position(|word| *word != Word::Go).unwrap();
    assert!(went <= 6, "GO stood for {} s", went * 10);
    assert!(words[went..].iter().all(|word| *word == Word::Unknown), "{words:?}");
}
