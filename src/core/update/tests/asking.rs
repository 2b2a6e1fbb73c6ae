//! Numbers: what is asked when, what answers become, what is said when they do not come.

use super::world::{EXPOSED, Flight, noon, orders, paused, promoted, settings};
use crate::{
    core::{
        effect::{AskId, Effect},
        event::Event,
        evidence,
        settings::Settings,
    },
    domain::{
        failure::{Failure, FailureKind},
        health::Health,
        panel::{PanelKind, PanelTrouble},
        question::{Answer, Question, Values},
        series::{Point, Series},
        time::Seconds,
        update::Update,
        verdict::Word,
    },
};

fn watched() -> Flight {
    Flight::open(Settings { panels: vec![orders()], ..settings() })
}

/// Counters that grow by 10 exposures and `orders` events per tick on the canary, tenfold on the baseline.
fn values(question: &Question, canary_orders: f64) -> Answer {
    let series = |instance: &str, per_tick: f64| Series {
        instance: instance.into(),
        points: (question.from..=question.to)
            .step_by(10)
            .map(|at| {
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let ticks = ((at - noon().timestamp()) / 10 + 1_000) as f64;
                Point { at, value: ticks * per_tick }
            })
            .collect(),
    };
    Answer::Value(Values {
        sets: vec![
            vec![series("checkout-old-1", 90.0), series("checkout-new-1", canary_orders)],
            vec![series("checkout-old-1", 100.0), series("checkout-new-1", 10.0)],
        ],
        newest: chrono::DateTime::from_timestamp(question.to, 0).unwrap(),
        skew: Some(0.0),
        held_back: Seconds(0.0),
    })
}

fn answer(flight: &mut Flight, ask: AskId, answer: Answer) -> &mut Flight {
    flight.tell(Event::Answered { ask, answer })
}

/// The newest question that was asked.
fn newest(flight: &Flight) -> (AskId, Question) {
    flight
        .all
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::Ask { ask, question } => Some((*ask, question.clone())),
            _ => None,
        })
        .expect("a question")
}

/// Answers the first question with healthy numbers and says how many ticks that made.
pub(super) fn answer_first(flight: &mut Flight) -> usize {
    let (ask, question) = newest(flight);
    let values = values(&question, 9.0);
    answer(flight, ask, values);
    flight.panel().ticks.len()
}

#[test]
fn the_first_question_fills_its_places_and_asks_whole_ticks_that_are_late_enough() {
    let flight = watched();
    let (_, question) = newest(&flight);
    assert_eq!(question.queries[0].text, r#"orders{ns="shop",pod=~"checkout-.*"}"#);
    assert_eq!(question.queries[1].text, r#"checkouts{hash=~"old|new"}"#);
    let now = noon().timestamp();
    assert_eq!((question.from % 10, question.to % 10, question.step), (0, 0, 10));
    // From an hour before its revision was made: that tells how events cluster.
    assert_eq!((now - question.to, now - question.from), (20, EXPOSED + 20 + 3_600));
    assert_eq!(flight.all.iter().filter(|e| matches!(e, Effect::Ask { .. })).count(), 1);
}

#[test]
fn the_first_question_begins_before_the_exposure_where_that_is_known() {
    let flight = watched();
    let (_, question) = newest(&flight);
    assert_eq!(noon().timestamp() - question.from, EXPOSED + 20 + 3_600);
    assert_eq!(flight.panel().exposed_since, Some(noon().timestamp() - EXPOSED - 20));
}

#[test]
fn answers_become_ticks_and_later_only_the_next_ones_are_asked_for() {
    let mut flight = watched();
    assert_eq!(answer_first(&mut flight), 540);
    flight.wait(10);
    let panel = flight.panel();
    assert_eq!(panel.trouble, None);
    let reading = evidence::reading(panel);
    assert_eq!(reading.verdict.word, Word::Collecting);
    assert!((reading.ratio.unwrap() - 1.0).abs() < 1e-3, "{reading:?}");
    // Half an hour, without the ticks in which it settled.
    assert_eq!((reading.ticks, reading.since), (182 - 2 - 7, Some(noon().timestamp() - EXPOSED)));
    let seen = evidence::seen(flight.state.open.as_ref().unwrap()).unwrap();
    assert!((seen.percent - 100.0 / 11.0).abs() < 1e-9);

    let end = flight.panel().answered_to.unwrap();
    flight.wait(10_500);
    let asked = flight.asked();
    assert_eq!(asked.len(), 1);
    // What was before is asked again: a series that missed a scrape must not look young.
    assert_eq!((asked[0].1.from, asked[0].1.to), (end - 300, end + 10));
}

#[test]
fn one_question_at_a_time_and_late_answers_are_dropped() {
    let mut flight = watched();
    let (ask, question) = newest(&flight);
    flight.wait(30_000);
    assert!(flight.asked().is_empty(), "the first is still under way");
    answer(&mut flight, AskId(999), Answer::NoData);
    assert_eq!(flight.panel().trouble, Some(PanelTrouble::Waiting));

    let mut next = paused("checkout");
    next.revisions[0].hash = "newer".into();
    next.revisions[0].name = "checkout-newer".into();
    next.id.revision = "newer".into();
    flight.news(next);
    assert_eq!(flight.asked().len(), 1, "other arms are asked for anew");
    answer(&mut flight, ask, values(&question, 9.0));
    assert!(flight.panel().ticks.is_empty(), "and the answer of the old ones belongs to nobody");
}

#[test]
fn a_question_without_an_answer_is_given_up() {
    let mut flight = watched();
    flight.wait(60_000);
    assert!(matches!(&flight.panel().trouble, Some(PanelTrouble::Error(why)) if why.as_str() == "no answer for 60s"));
    flight.wait(15_000);
    assert_eq!(flight.asked().len(), 1);
}

#[test]
fn only_a_value_moves_anything_and_every_trouble_has_its_word() {
    let cases = [
        (Answer::NoData, "no data"),
        (Answer::Partial("a shard is missing".into()), "partial: a shard is missing"),
        (Answer::Stale(Seconds(90.0)), "stale 1m30s"),
        (Answer::NotFinite, "not a number"),
        (Answer::Error(Failure::new(FailureKind::Refused, "bad query")), "bad query"),
    ];
    for (bad, word) in cases {
        let mut flight = watched();
        answer_first(&mut flight);
        let ticks = flight.panel().ticks.len();
        flight.wait(10_500);
        let (ask, _) = newest(&flight);
        answer(&mut flight, ask, bad);
        let reading = evidence::reading(flight.panel());
        assert_eq!((reading.verdict.word, reading.verdict.why[0].as_str()), (Word::Unknown, word));
        assert_eq!(flight.panel().ticks.len(), ticks);
        assert!(flight.effects.contains(&Effect::Bell), "{word}: losing the evidence rings");
        assert!(flight.seen().iter().any(|text| text.starts_with("verdict UNKNOWN")), "{:?}", flight.seen());
    }
}

#[test]
fn silence_turns_stale_by_the_age_of_the_sample() {
    let mut flight = watched();
    answer_first(&mut flight);
    flight.wait(29_000);
    assert_eq!(flight.panel().trouble, None);
    flight.wait(2_000);
    assert_eq!(flight.panel().trouble, Some(PanelTrouble::Stale(Seconds(51.0))));
    let open = flight.state.open.as_ref().unwrap();
    assert_eq!(evidence::verdict(open).word, Word::Unknown);
    assert_eq!(evidence::seen(open), None, "nothing old is shown as seen");
}

#[test]
fn the_seen_weight_is_measured_after_the_last_move_only() {
    let mut flight = watched();
    answer_first(&mut flight);
    let seen = |flight: &Flight| evidence::seen(flight.state.open.as_ref().unwrap());
    assert!(seen(&flight).is_some());
    flight.skip(3_000).news(promoted("checkout"));
    assert_eq!(seen(&flight), None, "what was measured belongs to the weight before");
}

#[test]
fn errors_back_off_and_say_whether_the_source_is_lost() {
    let mut flight = watched();
    let mut waits = vec![];
    for _ in 0..6 {
        let (ask, _) = newest(&flight);
        let failure = Failure::new(FailureKind::Unreachable, "connection refused");
        answer(&mut flight, ask, Answer::Error(failure));
        let wait = flight.panel().due - flight.at().mono;
        waits.push(wait / 1_000);
        flight.wait(wait);
    }
    assert_eq!(waits, [10, 20, 40, 80, 120, 120]);
    let prom = &flight.state.sources[1];
    assert!(matches!(prom.health, Health::Lost { retry_in_ms: 120_000, .. }));
    let (ask, question) = newest(&flight);
    answer(&mut flight, ask, values(&question, 9.0));
    assert_eq!(flight.state.sources[1].health, Health::Live);

    let (ask, _) = {
        flight.wait(10_500);
        newest(&flight)
    };
    answer(&mut flight, ask, Answer::Error(Failure::new(FailureKind::Timeout, "slow")));
    assert_eq!(flight.state.sources[1].health, Health::Live, "one slow query is the panel's trouble");
}

#[test]
fn the_clock_of_the_source_decides() {
    let mut flight = watched();
    let (ask, question) = newest(&flight);
    let Answer::Value(mut values) = values(&question, 9.0) else { unreachable!() };
    values.skew = Some(600.0);
    answer(&mut flight, ask, Answer::Value(values));
    assert!(flight.notice().starts_with("the clock of `prom` is 10m00s ahead of ours"), "{}", flight.notice());
    flight.wait(12_000);
    let (_, question) = newest(&flight);
    assert!(question.to > noon().timestamp() + 500);
}

#[test]
fn the_clock_of_a_cluster_is_known_and_said() {
    let mut flight = watched();
    flight.update(Update::Clock(-600.0));
    let source = flight.state.open.as_ref().unwrap().target.source.clone();
    assert_eq!(flight.state.second_at(&source), flight.state.at.wall.timestamp() - 600);
    assert!(
        flight
            .notice()
            .starts_with("the clock of `prod-eu` is 10m00s behind ours; the times it tells are shown by ours"),
        "{}",
        flight.notice()
    );
}

#[test]
fn a_clock_told_to_the_second_does_not_wobble() {
    let mut flight = watched();
    for (told, kept) in [(12.4, 12.4), (11.6, 12.4), (13.3, 12.4), (14.0, 14.0), (0.0, 0.0), (1.0, 0.0)] {
        let (ask, question) = newest(&flight);
        let Answer::Value(mut values) = values(&question, 9.0) else { unreachable!() };
        values.skew = Some(told);
        answer(&mut flight, ask, Answer::Value(values));
        assert_eq!(flight.state.sources[1].skew, Some(kept), "{told}");
        flight.wait(12_000);
    }
}

#[test]
fn what_a_source_holds_back_is_not_asked_for_and_not_called_stale() {
    let mut flight = watched();
    let held_back = 30;
    for round in 0..6 {
        let (ask, question) = newest(&flight);
        let now = flight.state.at.wall.timestamp();
        assert!(round == 0 || question.to < now - held_back, "{round}");
        let real = question.to.min((now - held_back).div_euclid(10) * 10);
        let Answer::Value(mut values) = values(&Question { to: real, ..question }, 9.0) else { unreachable!() };
        values.held_back = Seconds(30.0);
        answer(&mut flight, ask, Answer::Value(values));
        let panel = flight.panel();
        assert_eq!((panel.trouble.clone(), panel.answered_to), (None, Some(real)), "{round}");
        assert_eq!(panel.ticks.last().unwrap().at, real, "{round}");
        flight.wait(12_000);
    }
    let ticks = &flight.panel().ticks;
    assert!(ticks.windows(2).all(|pair| pair[1].at - pair[0].at == 10), "none is left out");
    // Still asked, and nothing comes: held back is not a licence to be silent.
    flight.wait(30_000);
    assert!(matches!(flight.panel().trouble, Some(PanelTrouble::Stale(_))), "{:?}", flight.panel().trouble);
}

#[test]
fn two_who_watch_the_same_do_not_ask_at_the_same_instant() {
    let due = |asks_later_ms| {
        let mut flight = Flight::open(Settings { panels: vec![orders()], asks_later_ms, ..settings() });
        let (ask, question) = newest(&flight);
        let values = values(&question, 9.0);
        answer(&mut flight, ask, values);
        flight.panel().due
    };
    assert_eq!(due(617), due(0) + 617);
}

#[test]
fn a_query_that_cannot_be_filled_names_its_panel_and_origin() {
    let mut spec = orders();
    let PanelKind::Ratio { events, .. } = &mut spec.kind else { panic!("a ratio") };
    *events = "orders{pod=\"{{nmae}}\"}".into();
    let flight = Flight::open(Settings { panels: vec![spec], ..settings() });
    let Some(PanelTrouble::Error(why)) = &flight.panel().trouble else { panic!("{:?}", flight.panel().trouble) };
    assert!(why.starts_with("panel `orders` in panels.toml: `{{nmae}}` is no place"), "{why}");
    assert!(flight.asked().is_empty());
}

#[test]
fn without_a_stable_revision_there_is_nothing_to_ask() {
    let mut flight =
        Flight::new(Settings { panels: vec![orders()], open: Some("checkout".parse().unwrap()), ..settings() });
    let mut first = paused("checkout");
    first.revisions.truncate(1);
    flight.news(first);
    assert_eq!(flight.panel().trouble, Some(PanelTrouble::Error("no stable revision to compare with".into())));
    assert!(flight.asked().is_empty());
    flight.news(paused("checkout"));
    assert_eq!(flight.asked().len(), 1);
}

#[test]
fn many_panels_do_not_ask_all_at_once() {
    let panels: Vec<_> =
        (0..6).map(|n| crate::domain::panel::PanelSpec { name: format!("p{n}").into(), ..orders() }).collect();
    let mut flight = Flight::open(Settings { panels, ..settings() });
    for effect in flight.all.clone() {
        if let Effect::Ask { ask, question } = effect {
            let values = values(&question, 9.0);
            answer(&mut flight, ask, values);
        }
    }
    let open = flight.state.open.as_ref().unwrap();
    let mut dues: Vec<u64> = open.panels.iter().map(|panel| panel.due).collect();
    dues.dedup();
    assert_eq!(dues.len(), 6);
}
