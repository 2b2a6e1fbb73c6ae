//! Every sort of panel, where it comes from, and what it may decide.

use super::shop::{Shop, Visit, dead_from, exposed, mark, watched, word};
use crate::{
    core::evidence::{
        self, Mark, SplitStanding,
        said::{self, Ready},
    },
    domain::{
        analysis::{BadSide, Check, Limit, LimitMeans, Runs},
        clean::Clean,
        panel::{Better, Cap, Declared, PanelKind, PanelSpec, PanelTrouble},
        release::Release,
        verdict::Word,
    },
};

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
    // What looks like harm stands, with what it stands on, and costs nothing that anybody could name.
    let reading = &off.panel("orders").reading;
    assert_eq!((reading.mark, &reading.loss), (Mark::Regression, &None), "{reading:?}");
    assert!(reading.verdict.why.iter().any(|why| why.contains("the traffic split fails")), "{reading:?}");
    assert!(dead.panel("orders").reading.loss.is_some());
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
fn who_comes_late_hears_no_go_before_all_that_is_shared_was_read() {
    let pool = PanelSpec {
        kind: PanelKind::Shared { query: "gauge".into() },
        name: "pool".into(),
        better: Better::Lower,
        critical: false,
        ..watched()
    };
    let shop = Shop { gauge: vec![(-100_000, 40.0), (600, 80.0)], ..Shop::default() };
    let mut visit = Visit::new(vec![watched(), pool], shop, 3_000);
    for _ in 0..120 {
        visit.live(1);
        assert_ne!(word(&visit), Word::Go, "{:?}", visit.panel("pool").reading);
    }
    assert_eq!((mark(&visit), word(&visit)), (Mark::Good, Word::Unknown));
    // On its way it has to be heard; what cannot be had blocks nothing.
    for (trouble, expected) in
        [(PanelTrouble::Waiting, Word::Collecting), (PanelTrouble::Error("refused".into()), Word::Go)]
    {
        let pool = visit.flight.state.open.as_mut().unwrap().panels.last_mut().unwrap();
        pool.evidence.compared = None;
        pool.trouble = Some(trouble);
        pool.reading = evidence::look(pool);
        assert_eq!(word(&visit), expected);
    }
}

#[test]
fn go_waits_until_both_arms_can_be_held_against_the_hour_before_and_says_until_when() {
    let soon = PanelSpec { tolerance: 0.3, ..watched() };
    let incident = [(-100_000, 0.5), (0, 0.3)];
    let sick = Shop { baseline: incident.to_vec(), canary: incident.to_vec(), ..Shop::default() };
    for (shop, finally) in [(Shop::default(), Word::Go), (sick, Word::Unknown)] {
        let mut visit = Visit::new(vec![soon.clone()], shop, 0);
        visit.live(300);
        assert_eq!((mark(&visit), word(&visit)), (Mark::Good, Word::Collecting));
        let ready = said::ready(&visit.flight.state, visit.open());
        let Some(Ready::At(at)) = ready else { panic!("{ready:?}") };
        let left = (at - visit.flight.state.at.wall).num_seconds();
        visit.live(u64::try_from(left - 15).unwrap());
        assert_eq!(word(&visit), Word::Collecting);
        visit.live(30);
        assert_eq!(word(&visit), finally, "{:?}", evidence::verdict(visit.open()));
    }
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

#[test]
fn an_analysis_that_asks_for_more_than_lines_show_is_never_said_to_pass() {
    let check = |success: &str, failure: Option<&str>| {
        let check = Check {
            name: "pool".into(),
            provider: "prometheus".into(),
            query: Some("gauge".to_owned()),
            success: (!success.is_empty()).then(|| success.into()),
            failure: failure.map(Into::into),
            ..Check::default()
        };
        Check { limits: check.lines(), ..check }
    };
    let reading = |check: Check, value: f64| {
        let mut release = exposed();
        release.checks = vec![check];
        let shop = Shop { gauge: vec![(-100_000, value)], ..Shop::default() };
        let mut visit = Visit::new(vec![watched()], shop, 0);
        visit.news(release).live(300);
        visit.panel("pool").reading.clone()
    };
    for (success, failure) in [
        // A list is no number: the controller calls this an error.
        ("result <= 50", None),
        ("default(result[0], 0) <= 50", None),
        ("result[0] <= 50 && result[1] <= 50", None),
        ("result[0] >= 10 && (result[0] <= 20 || result[0] >= 90)", None),
        ("result[0] <= 50", Some("trend(result) > 2")),
        ("result[0] <= 50 && len(result) > 1", None),
    ] {
        let said = reading(check(success, failure), 40.0);
        assert_eq!(said.mark, Mark::Weak, "{success} {failure:?} {said:?}");
    }
    // What is beyond a line does not pass, whatever else is asked.
    assert_eq!(reading(check("result[0] <= 30 && result[1] <= 50", None), 40.0).mark, Mark::Look);
    for (success, failure) in [
        ("len(result) > 0 && !isNaN(result[0]) && result[0] <= 50", None),
        ("", Some("result[0] > 50 || isInf(result[0])")),
        ("isNaN(result[0]) || result[0] <= 50", Some("result[0] >= 90")),
    ] {
        assert_eq!(reading(check(success, failure), 40.0).mark, Mark::Good, "{success} {failure:?}");
    }
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
fn taking_away_what_found_the_harm_sets_nothing_aside() {
    let own = |tolerance: f64| declared(PanelSpec { origin: "configmap".into(), tolerance, ..watched() }, None);
    let rest = PanelSpec { name: "logins".into(), kind: logins(), ..watched() };
    let mut release = exposed();
    release.declared = vec![own(0.1)];
    let shop = Shop { canary: vec![(-100_000, 0.5), (600, 0.0)], ..Shop::default() };
    let mut visit = Visit::new(vec![rest], shop, 0);
    visit.news(release.clone());
    visit.live(2_000);
    assert_eq!(word(&visit), Word::NoGo);
    // Whoever makes the rule laxer waits until it has judged all there was.
    release.declared = vec![own(0.2)];
    visit.news(release.clone());
    assert_eq!(word(&visit), Word::NoGo);
    visit.live(600);
    assert!(visit.panel("orders").evidence.found.is_none() && word(&visit) == Word::NoGo);
    release.declared = Vec::new();
    visit.news(release.clone()).live(600);
    assert_eq!(word(&visit), Word::NoGo);
    let removed = "source panel `orders` of configmap was removed; the regression it found stands until it is reset";
    assert_eq!(visit.flight.seen().iter().filter(|text| *text == removed).count(), 1, "{:?}", visit.flight.seen());
    // Another revision is judged by what is declared for it.
    release.id.revision = "third".into();
    release.revisions[0].hash = "third".into();
    visit.news(release.clone()).news(Release { held: true, ..release });
    assert!(visit.open().panels.iter().all(|panel| panel.spec.name.as_str() == "logins"));
}

/// Of which none is lost.
fn logins() -> PanelKind {
    PanelKind::Ratio { events: "checkouts".into(), exposures: "checkouts".into(), by: "pod".into() }
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
