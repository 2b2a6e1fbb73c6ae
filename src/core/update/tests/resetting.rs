//! A regression that a person sets aside: what that asks for, what it changes, and that it lasts.

use super::{
    shop::{Shop, Visit, dead_from, exposed, mark, watched, word},
    world::settings,
};
use crate::{
    core::{
        acts::{self, Line},
        effect::Effect,
        evidence::Mark,
        past, reset,
        settings::Settings,
        state::Overlay,
        study,
    },
    domain::{clean::Clean, journal::What, release::Release, reset::Reset, verdict::Word},
};

/// Dead for ten minutes, healthy again since then: NO-GO stands.
fn healed() -> Visit {
    let shop = Shop { canary: vec![(-100_000, 0.5), (60, 0.0), (600, 0.5)], ..Shop::default() };
    let mut visit = Visit::new(vec![watched()], shop, 0);
    visit.live(900);
    assert_eq!((mark(&visit), word(&visit)), (Mark::Regression, Word::NoGo));
    visit
}

fn journalled(visit: &Visit) -> Vec<Reset> {
    let entries = visit.flight.all.iter().filter_map(|effect| match effect {
        Effect::Journal(entry) => Some(&entry.what),
        _ => None,
    });
    entries.filter_map(|what| if let What::Reset(reset) = what { Some(reset.clone()) } else { None }).collect()
}

/// Opens the menu and chooses its reset.
fn ask(visit: &mut Visit) {
    let line = acts::lines(&visit.flight.state).iter().position(|line| matches!(line, Line::Reset { .. })).unwrap();
    visit.flight.keys("x g");
    for _ in 0..line {
        visit.flight.keys("j");
    }
    visit.flight.keys("enter");
    assert!(matches!(visit.flight.state.overlay, Some(Overlay::Reset(_))));
}

fn set_aside(visit: &mut Visit) -> Reset {
    ask(visit);
    visit.flight.type_text("checkout").keys("tab").type_text("test orders of the load test").keys("enter");
    assert!(visit.flight.state.overlay.is_none(), "{}", visit.flight.notice());
    journalled(visit).pop().unwrap()
}

#[test]
fn it_asks_for_the_name_and_a_reason_and_is_journalled() {
    let mut visit = healed();
    ask(&mut visit);
    visit.flight.keys("enter");
    assert_eq!(visit.flight.notice(), "type `checkout` to confirm");
    visit.flight.type_text("checkout").keys("enter");
    assert_eq!(visit.flight.notice(), "say why; the reason is journalled");
    visit.flight.keys("esc");
    assert_eq!((mark(&visit), journalled(&visit)), (Mark::Regression, vec![]), "left, nothing was changed");

    let reset = set_aside(&mut visit);
    assert_eq!(mark(&visit), Mark::Collecting);
    assert_ne!(word(&visit), Word::NoGo);
    assert_eq!((reset.panel.as_str(), reset.kind.as_str()), ("orders", "ratio"));
    assert_eq!(reset.reason.as_str(), "test orders of the load test");
    assert_eq!(reset.release, exposed().id);
    assert!(reset.found.as_str().starts_with('×'), "{}", reset.found);
    assert!(visit.flight.seen().iter().any(|text| text.contains("orders ×") && text.contains("load test")));
    assert!(!acts::lines(&visit.flight.state).iter().any(|line| matches!(line, Line::Reset { .. })));
}

/// Something lasting tells of it: a mark while it holds, and on the evidence screen also after it regressed again.
#[test]
fn what_was_set_aside_stays_marked() {
    let mut visit = Visit::new(vec![watched()], dead_from(60), 0);
    visit.live(600);
    let mark = |visit: &Visit| reset::mark(&visit.flight.state, visit.panel("orders"));
    assert_eq!(mark(&visit), None);
    let done = set_aside(&mut visit);
    let at = visit.flight.state.settings.zone.time_of_day(done.at);
    let said = |visit: &Visit| {
        let (state, panel) = (&visit.flight.state, visit.panel("orders"));
        let texts = study::text(state, state.open.as_ref().unwrap(), panel);
        let mut lines = texts.into_iter().flatten().skip_while(|line| line.label != "set aside");
        let first = lines.next().map(|line| line.text).unwrap_or_default();
        let rest = lines.take_while(|line| line.label.is_empty()).map(|line| line.text);
        rest.fold(first, |said, line| format!("{said} {line}"))
    };
    assert_eq!(mark(&visit), Some(format!("set aside {at}")));
    assert!(said(&visit).contains(&format!("{} at {at}", done.found)), "{}", said(&visit));
    assert!(said(&visit).contains("test orders of the load test; judged anew since then"), "{}", said(&visit));
    // The past does not know of what came later.
    visit.flight.keys(", , , , , , , , ,");
    let then = past::shown(&visit.flight.state).unwrap();
    assert!(then.at.wall < done.at && then.resets.is_empty());
    visit.flight.keys("esc");
    visit.live(600);
    assert_eq!((word(&visit), mark(&visit)), (Word::NoGo, None), "proved again, that is what counts");
    assert!(said(&visit).contains("load test"), "{}", said(&visit));
}

#[test]
fn the_evidence_begins_anew_and_may_come_to_go_or_to_no_go_again() {
    let mut well = healed();
    set_aside(&mut well);
    well.live(3_000);
    assert_eq!(word(&well), Word::Go, "{:?}", well.panel("orders").reading);

    let mut dead = Visit::new(vec![watched()], dead_from(60), 0);
    dead.live(600);
    set_aside(&mut dead);
    assert_ne!(word(&dead), Word::NoGo);
    let bells = |visit: &Visit| visit.flight.all.iter().filter(|effect| matches!(effect, Effect::Bell)).count();
    let before = bells(&dead);
    dead.live(600);
    assert_eq!(word(&dead), Word::NoGo);
    assert_eq!(bells(&dead), before + 1, "proved again, it is news again");
}

#[test]
fn whoever_looks_later_begins_there_too_and_finds_the_same() {
    let mut live = healed();
    let reset = set_aside(&mut live);
    live.live(600);
    let shop = live.shop.clone();
    let later = |resets: Vec<Reset>, release: Release| {
        let settings = Settings { panels: vec![watched()], resets, ..settings() };
        let mut visit = Visit::of(settings, shop.clone(), 1_500, release);
        // History comes in parts.
        visit.live(20);
        visit
    };
    let again = later(vec![reset.clone()], exposed());
    live.live(20);
    let finding = |visit: &Visit| visit.panel("orders").evidence.finding.unwrap();
    assert_eq!(finding(&again), finding(&live), "made again it is what it was");

    assert_eq!(mark(&later(vec![], exposed())), Mark::Regression, "without the reset it stands");
    let of = |change: fn(&mut Reset)| {
        let mut other = reset.clone();
        change(&mut other);
        mark(&later(vec![other], exposed()))
    };
    assert_eq!(of(|reset| reset.panel = "refunds".into()), Mark::Regression, "another panel's");
    assert_eq!(of(|reset| reset.release.revision = "older".into()), Mark::Regression, "another revision's");
}

#[test]
fn nothing_is_set_aside_where_nothing_regressed_or_nobody_may() {
    let mut visit = Visit::new(vec![watched()], Shop::default(), 0);
    visit.live(300);
    assert!(!acts::lines(&visit.flight.state).iter().any(|line| matches!(line, Line::Reset { .. })));

    let mut visit = healed();
    visit.flight.state.settings.policy.read_only = Some(Clean::new("read-only by `--read-only`"));
    let lines = acts::lines(&visit.flight.state);
    let Some(Line::Reset { answer: Err(denied), .. }) = lines.iter().find(|line| matches!(line, Line::Reset { .. }))
    else {
        panic!("it is there, and says why it cannot be done")
    };
    assert!(denied.to_string().contains("read-only"), "{denied}");
}
