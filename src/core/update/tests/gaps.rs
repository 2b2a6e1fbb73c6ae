//! Pods that are not scraped for a while, scrapes and signs of life that are missing: nothing is judged by what was not seen.

use chrono::TimeDelta;

use super::{
    super::watching,
    guarding::{guarded, ordered, take_signs},
    shop::{Shop, Visit, dead_from, exposed, moved, rate, watched, word},
    world::{noon, settings},
};
use crate::{
    core::{evidence, guard::Duty, settings::Settings, study},
    domain::{
        health::Health,
        panel::{Better, PanelKind, PanelSpec},
        release::Release,
        revision::{Pod, Tag},
        step::StepKind,
        time::Seconds,
        update::{Identity, Update},
        verdict::Word,
    },
};

fn why(visit: &Visit) -> String {
    format!("{:?}", evidence::verdict(visit.open()).why)
}

/// Nothing comes late, and nothing warms up.
fn prompt(spec: PanelSpec) -> PanelSpec {
    PanelSpec { lag: Seconds(0.0), warm_up: Seconds(0.0), ..spec }
}

/// So many pods of the canary and of the baseline are ready: the shop has 2 and 4.
fn ready(mut release: Release, canary: u32, baseline: u32) -> Release {
    (release.revisions[0].ready, release.revisions[1].ready) = (canary, baseline);
    release
}

/// One more pod of the canary, which became ready long after its start; seconds after noon.
fn slow(mut release: Release, started: i64, ready: i64) -> Release {
    let at = |second: i64| Some(noon() + TimeDelta::seconds(second));
    let pods = &mut release.revisions[0].pods;
    let name = format!("checkout-new-{}", pods.len() + 1).into();
    pods.push(Pod { name, started_at: at(started), ready_since: at(ready), ..pods[0].clone() });
    release
}

fn visit(spec: PanelSpec, shop: Shop, release: Release) -> Visit {
    Visit::of(Settings { panels: vec![spec], ..settings() }, shop, 0, release)
}

/// Lives on, and says whether it was NO-GO at any time, and what a guard would have acted on.
fn watch(visit: &mut Visit, seconds: u64) -> (bool, Vec<String>) {
    let (mut no_go, mut acts) = (false, Vec::new());
    for _ in 0..seconds {
        visit.live(1);
        no_go |= word(visit) == Word::NoGo;
        for why in evidence::regressed(visit.open(), 0.01) {
            if acts.len() < 2 {
                acts.push(why.to_string());
            }
        }
    }
    (no_go, acts)
}

#[test]
fn a_pod_that_was_not_scraped_and_comes_back_makes_no_guard_act() {
    // Everybody is healthy; one pod is not scraped for a quarter of an hour.
    for (better, pod) in [(Better::Higher, "new-2"), (Better::Lower, "old-1")] {
        let shop = Shop { away: vec![(pod, 600, 1_500)], ..Shop::default() };
        let mut visit = visit(rate(better), shop, ready(exposed(), 2, 4));
        visit.live(1_500);
        assert_eq!(evidence::regressed(visit.open(), 0.01), Vec::new(), "while it is away nobody acts");
        let (_, acts) = watch(&mut visit, 120);
        assert!(acts.is_empty(), "{better:?} {pod}: a guard takes a healthy release back: {acts:?}");
    }
}

#[test]
fn a_rate_of_half_the_pods_of_the_canary_is_not_go() {
    let shop = Shop { away: vec![("new-2", 20, 100_000)], ..Shop::default() };
    // Errors are counted, twice as many as on the baseline, and one of two pods of the canary is not scraped.
    let shop = Shop { canary: vec![(-100_000, 1.0)], ..shop };
    let mut visit = visit(rate(Better::Lower), shop, ready(exposed(), 2, 4));
    let mut words = Vec::new();
    for _ in 0..60 {
        visit.live(60);
        words.push(word(&visit));
    }
    let go = words.iter().position(|word| *word == Word::Go);
    assert_eq!(go, None, "GO after {go:?} min, while one of two pods is not counted: {}", why(&visit));
}

#[test]
fn a_pod_that_has_nothing_to_count_any_more_hides_no_death() {
    // Orders end for all of the canary, and one of its pods restarts: it never has an order again, but requests.
    let kind = PanelKind::Rate { events: "checkouts".into(), by: "pod".into() };
    let requests = PanelSpec { name: "requests".into(), kind, critical: false, ..watched() };
    let settings = Settings { panels: vec![prompt(rate(Better::Higher)), requests], ..settings() };
    let mut visit = Visit::of(settings, dead_from(900), 0, ready(exposed(), 2, 4));
    visit.live(880);
    visit.shop.hidden.push(("new-2", "orders"));
    let (no_go, acts) = watch(&mut visit, 900);
    assert!(no_go && !acts.is_empty(), "{}", why(&visit));
}

#[test]
fn a_pod_of_which_nobody_can_tell_why_it_is_silent_is_named_with_what_would_tell() {
    // Nothing else is asked of the source: a pod that has no order since its restart looks as one that is not scraped.
    let said = |visit: &Visit| {
        let panel = visit.panel("orders");
        let text: Vec<_> = study::text(&visit.flight.state, visit.open(), panel).into_iter().flatten().collect();
        let from = text.iter().position(|sentence| sentence.label == "not heard");
        let rest = from.map(|from| text.iter().skip(from)).into_iter().flatten().enumerate();
        let own = rest.take_while(|(place, line)| *place == 0 || line.label.is_empty()).map(|(_, line)| &*line.text);
        own.collect::<Vec<_>>().join(" ")
    };
    let mut alone = visit(prompt(rate(Better::Higher)), dead_from(900), again((-20, -10), -10));
    alone.live(880);
    assert_eq!(said(&alone), "");
    alone.shop.away.push(("new-2", 880, 100_000));
    let (_, acts) = watch(&mut alone, 900);
    assert_eq!((word(&alone), acts), (Word::Unknown, vec![]));
    assert!(why(&alone).contains("1 of 2 canary pods not counted"), "{}", why(&alone));
    assert_eq!(
        said(&alone),
        "checkout-new-2 since 08:14:30: not scraped, or nothing to count since it started; a panel of its requests would \
         tell"
    );

    // One that counts nothing where its counter is there is heard: that is how a death looks.
    let mut flat = visit(prompt(rate(Better::Higher)), Shop { restart: Some(910), ..dead_from(900) }, exposed());
    flat.live(1_800);
    assert_eq!((word(&flat), said(&flat)), (Word::NoGo, String::new()), "{}", why(&flat));
}

#[test]
fn a_sign_of_life_after_a_sleep_does_not_say_what_was_missed() {
    for better in [Better::Higher, Better::Lower] {
        let shop = Shop { weights: vec![(0, 0.1), (600, 0.5)], ..Shop::default() };
        let mut visit = visit(prompt(rate(better)), shop, ready(exposed(), 2, 4));
        visit.live(590);
        visit.flight.skip(310_000);
        // `listen` says `Alive` 8 s after the last line, whoever slept; pings take up to 10 s to find a dead connection.
        visit.flight.update(Update::Health(Health::Live));
        let (no_go, acts) = watch(&mut visit, 8);
        assert!(!no_go && acts.is_empty(), "{better:?} judged by the weight before: {} {acts:?}", why(&visit));
        assert_ne!(word(&visit), Word::Go, "{better:?}");
        // A step that somebody dates to its second makes all of it be read again; one that nobody dates does not.
        let mut release = ready(moved(50.0, 900), 2, 4);
        (release.steps[2].took, release.steps[2].started_at) = (None, None);
        visit.news(release);
        let (no_go, acts) = watch(&mut visit, 120);
        assert!(!no_go && acts.is_empty(), "{better:?} after the news: {} {acts:?}", why(&visit));
    }
}

#[test]
fn a_gap_across_a_weight_step_is_not_judged_by_the_weight_after() {
    for better in [Better::Higher, Better::Lower] {
        for outage in [(1_190, 1_230), (1_190, 1_240)] {
            for second in [1_195, 1_200, 1_205, 1_210] {
                let at = second / 10 * 10;
                let shop = Shop { weights: vec![(0, 0.1), (at, 0.5)], outages: vec![outage], ..Shop::default() };
                let mut visit = visit(prompt(rate(better)), shop, ready(exposed(), 2, 4));
                visit.live(u64::try_from(second).unwrap()).news(ready(moved(50.0, second), 2, 4));
                let (no_go, acts) = watch(&mut visit, 180);
                assert!(!no_go && acts.is_empty(), "{better:?} {outage:?} step at {second}: {} {acts:?}", why(&visit));
            }
        }
    }
}

#[test]
fn a_source_that_restarts_scrapes_its_pods_one_after_the_other() {
    for better in [Better::Higher, Better::Lower] {
        for back in [1_030, 1_050, 1_100, 1_300] {
            for late in [vec!["old-2", "old-3", "old-4"], vec!["new-2"]] {
                let away = late.iter().map(|pod| (*pod, 1_000, back + 10)).collect();
                let shop = Shop { weights: vec![(0, 0.5)], outages: vec![(1_000, back)], away, ..Shop::default() };
                let mut release = ready(exposed(), 2, 4);
                release.weight.set = Some(50.0);
                release.steps[0].kind = StepKind::SetWeight(50.0);
                let mut visit = visit(prompt(rate(better)), shop, release);
                visit.live(u64::try_from(back).unwrap());
                let (no_go, acts) = watch(&mut visit, 120);
                assert!(!no_go && acts.is_empty(), "{better:?} back {back} late {late:?}: {} {acts:?}", why(&visit));
            }
        }
    }
}

#[test]
fn pods_that_are_ready_since_do_not_void_what_was_counted_before() {
    // A canary dies at 1,210 and is found dead at 1,240; at 1,235 the next step began, whose pod is ready already.
    let first = |more: bool| {
        let shop = Shop { weights: vec![(0, 0.1), (1_230, 0.25)], ..dead_from(1_210) };
        let spec = PanelSpec { warm_up: Seconds(300.0), ..prompt(rate(Better::Higher)) };
        let mut visit = visit(spec, shop, ready(exposed(), 2, 4));
        visit.live(1_215);
        // The pods for 25 % are made ready before the router is told, and this one takes its time.
        let pods =
            |release: Release| if more { slow(ready(release, 3, 4), 1_100, 1_214) } else { ready(release, 2, 4) };
        visit.news(pods(exposed())).live(20);
        visit.news(pods(moved(25.0, 1_235)));
        (0..600).find(|_| !evidence::regressed(visit.live(1).open(), 0.01).is_empty())
    };
    let (without, with) = (first(false), first(true));
    assert!(without.is_some_and(|seconds| seconds < 30), "{without:?}");
    assert!(with.is_some_and(|seconds| seconds < 60), "{without:?} without, {with:?} with another pod that is ready");
}

#[test]
fn a_pod_that_took_long_to_become_ready_is_given_the_same_time_to_be_scraped() {
    for spec in [watched(), rate(Better::Lower)] {
        let mut visit = visit(spec, Shop::default(), exposed());
        visit.live(3_000);
        assert_eq!(word(&visit), Word::Go, "{}", why(&visit));
        visit.news(slow(exposed(), 2_700, 2_995));
        for second in 0..55 {
            assert_eq!(word(visit.live(1)), Word::Go, "{second}: {}", why(&visit));
        }
        // Nobody scrapes it: what it does to customers is not known.
        visit.live(60);
        assert_eq!(word(&visit), Word::Unknown);
        assert!(why(&visit).contains("1 of 3 canary pods not counted"), "{}", why(&visit));
    }
}

/// The pods of the shop's canary, started and ready at those seconds after noon, the second of them ready again later.
fn again((started, ready): (i64, i64), later: i64) -> Release {
    let mut release = exposed();
    let at = |second: i64| Some(noon() + TimeDelta::seconds(second));
    let pods = &mut release.revisions[0].pods;
    for (pod, name) in pods.iter_mut().zip(["checkout-new-1", "checkout-new-2"]) {
        (pod.name, pod.started_at, pod.ready_since) = (name.into(), at(started), at(ready));
    }
    pods[1].ready_since = at(later);
    for (pod, n) in release.revisions[1].pods.iter_mut().zip(1..) {
        pod.name = format!("checkout-old-{n}").into();
    }
    release
}

#[test]
fn a_pod_that_is_ready_again_has_had_its_time() {
    // Both are counted; one is not ready for moments, and is not scraped from then on: within the time that a slow start
    // may take, and long after.
    for first in [(800, 805), (-10_000, -9_995)] {
        let shop = Shop { away: vec![("new-2", 1_000, 100_000)], ..Shop::default() };
        let half = |mut release: Release| {
            release.weight.set = Some(50.0);
            release.steps[0].kind = StepKind::SetWeight(50.0);
            release
        };
        let busy = Shop { weights: vec![(0, 0.5)], ..shop.clone() };
        let mut guarded = visit(prompt(rate(Better::Higher)), busy, half(again(first, first.1)));
        guarded.live(1_000);
        for time in 0..15 {
            guarded.news(half(again(first, 1_000 + time * 40)));
            let (no_go, acts) = watch(&mut guarded, 40);
            assert!(!no_go && acts.is_empty(), "{first:?}: half of its orders are not seen: {acts:?}");
        }

        let mut fine = visit(watched(), shop, again(first, first.1));
        fine.live(1_000).news(again(first, 1_000)).live(60);
        let missing = fine.panel("orders").evidence.missing.as_deref();
        assert_eq!(missing, Some("1 of 2 canary pods not counted"), "{first:?}");
    }
}

#[test]
fn a_pod_that_nobody_scrapes_is_not_new_each_time_that_it_is_ready() {
    let shop = Shop { hidden: vec![("new-2", "")], ..Shop::default() };
    let mut visit = visit(watched(), shop, again((-20, -10), -10));
    let mut words = Vec::new();
    for time in 1..75 {
        visit.live(40).news(again((-20, -10), time * 40));
        words.push(word(&visit));
    }
    assert!(!words.contains(&Word::Go), "{words:?}");
    assert!(why(&visit).contains("1 of 2 canary pods not counted"), "{}", why(&visit));
}

#[test]
fn a_guard_that_soaks_acts_on_what_was_on_its_way() {
    for spec in [watched(), rate(Better::Higher)] {
        let spec = prompt(spec);
        let shop = Shop { weights: vec![(0, 0.1), (500, 0.5), (550, 1.0)], ..dead_from(530) };
        let mut release = guarded(ready(exposed(), 2, 4));
        let mut visit = visit(spec.clone(), shop, release.clone());
        visit.flight.update(Update::Identity(Identity { user: "operator".into() }));
        visit.flight.tell(ordered());
        take_signs(&mut visit.flight, &release);
        let sign = visit.flight.state.guard.as_ref().unwrap().sign.clone();
        assert_eq!(visit.flight.state.guard.as_ref().unwrap().duty, Duty::Watching);
        let tell = |visit: &mut Visit, release: &Release| {
            visit.news(Release { guard: Some(sign.clone()), ..release.clone() });
        };
        visit.live(503);
        release = guarded(ready(moved(50.0, 503), 2, 4));
        tell(&mut visit, &release);
        visit.live(42);
        // All of the traffic is on it, and its 4 pods are the stable ones now; the old ones are still there.
        release = guarded(ready(moved(100.0, 545), 4, 4));
        release.revisions[0].tags = vec![Tag::Stable];
        release.revisions[1].tags = vec![];
        tell(&mut visit, &release);
        let mut acts = Vec::new();
        let mut uncounted = Vec::new();
        for _ in 0..120 {
            visit.live(1);
            acts.extend(evidence::regressed(visit.open(), 0.01));
            uncounted.extend(evidence::uncounted(visit.open(), 0.01));
            if !acts.is_empty() {
                break;
            }
        }
        uncounted.dedup();
        assert!(!acts.is_empty(), "{}: it may never act, {uncounted:?} {}", spec.kind.word(), why(&visit));
    }
}

#[test]
fn a_move_that_a_fresh_read_shows_is_noted() {
    for better in [Better::Higher, Better::Lower] {
        let shop = Shop { weights: vec![(0, 0.1), (600, 0.5)], ..Shop::default() };
        let mut release = ready(exposed(), 2, 4);
        release.about.router = None;
        let mut visit = visit(prompt(rate(better)), shop, release.clone());
        for (percent, seconds) in [(9.0, 50), (10.0, 500)] {
            release.weight.set = Some(percent);
            visit.news(release.clone()).live(seconds);
        }
        visit.live(50);
        // A guard reads anew, and finds that the pods are others.
        watching::reread(&mut visit.flight.state, &mut Vec::new());
        visit.live(5);
        release.weight.set = Some(50.0);
        visit.flight.board(vec![release.clone()]);
        visit.answer();
        let (no_go, acts) = watch(&mut visit, 120);
        let moves: Vec<_> =
            visit.panel("orders").moves.iter().map(|m| (m.at - noon().timestamp(), m.percent)).collect();
        assert_eq!(moves.last(), Some(&(605, Some(50.0))), "{better:?} {moves:?}");
        assert!(!no_go && acts.is_empty(), "{better:?} {} {acts:?}", why(&visit));
    }
}

#[test]
fn a_move_at_the_end_of_a_tick_begins_a_start_as_any_other() {
    // With its second weight the canary loses a third of its orders.
    let found = |second: i64| {
        let shop = Shop { weights: vec![(0, 0.1), (900, 0.5)], ..dead_from(900) };
        let shop = Shop { canary: vec![(-100_000, 0.5), (900, 0.33)], ..shop };
        let mut visit = visit(prompt(watched()), shop, exposed());
        visit.live(u64::try_from(second).unwrap()).news(moved(50.0, second));
        let after = (0..400).find(|_| word(visit.live(1)) == Word::NoGo).expect("a third is lost");
        (second + after, visit.panel("orders").evidence.finding.unwrap().since - noon().timestamp())
    };
    let ((within, since), (at_end, since_end)) = (found(903), found(900));
    assert_eq!((since, since_end), (903, 900), "found at {within} and {at_end}");
    assert!((at_end - within).abs() <= 10, "{within} {at_end}");
}
