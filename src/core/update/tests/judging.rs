//! How numbers become evidence: what is judged, what is not, and that it does not depend on when one looks.

use super::{
    shop::{Shop, Visit, exposed},
    world::orders,
};
use crate::{
    core::evidence::{self, Mark},
    domain::{
        panel::{PanelKind, PanelSpec},
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

/// Everything that a judge is a function of, whatever way it came.
#[test]
fn live_and_rebuilt_in_one_go_are_the_same() {
    let shop = Shop {
        weights: vec![(0, 0.1), (1_500, 0.3)],
        outages: vec![(900, 930), (2_000, 2_200)],
        restart: Some(1_800),
        ..dead_from(2_600)
    };
    let moved = || {
        let mut release = exposed();
        release.steps[1].state = crate::domain::step::StepState::Done;
        release.steps[2].kind = crate::domain::step::StepKind::SetWeight(30.0);
        release.steps[2].state = crate::domain::step::StepState::Current;
        release.steps[2].started_at = Some(super::world::noon() + chrono::TimeDelta::seconds(1_500));
        release
    };
    let mut live = Visit::new(vec![watched()], shop.clone(), 0);
    live.live(1_500).news(moved()).live(1_506);
    let mut rebuilt = Visit::new(vec![watched()], shop.clone(), 2_990);
    rebuilt.news(moved()).live(16);
    let mut in_parts = Visit::new(vec![watched()], shop, 2_900);
    in_parts.flight.state.open.as_mut().unwrap().panels[0].chunk = 47;
    in_parts.news(moved()).live(106);
    for other in [&rebuilt, &in_parts] {
        let (one, other) = (live.panel("orders"), other.panel("orders"));
        assert_eq!(one.reading.mark, Mark::Regression);
        assert_eq!(one.evidence.finding, other.evidence.finding);
        assert_eq!(one.evidence.judge, other.evidence.judge);
        assert_eq!(one.trail, other.trail);
        assert_eq!(one.reading, other.reading);
    }
}
