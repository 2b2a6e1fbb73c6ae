//! Error budgets: what is asked when, what is left, and that a spent or unknown one never stands in a way back.

use super::world::{Flight, noon, paused, settings};
use crate::{
    core::{
        budget::{self, Reading},
        effect::{AskId, Effect},
        event::Event,
        policy::Confirmation,
        settings::Settings,
    },
    domain::{
        failure::{Failure, FailureKind},
        panel::TargetPattern,
        question::{Answer, Question, Values},
        release::Release,
        series::{Point, Series},
        slo::Slo,
        time::Seconds,
        verdict::Word,
    },
};

fn slo() -> Slo {
    Slo {
        name: "checkout".into(),
        targets: TargetPattern(vec!["checkout".into()]),
        source: "prom".into(),
        objective: 0.999,
        period: Seconds(30.0 * 86_400.0),
        bad: r#"sum(increase(bad{ns="{{namespace}}"}[{{window}}]))"#.into(),
        total: r#"sum(increase(all{ns="{{namespace}}"}[{{window}}]))"#.into(),
        origin: "slos.toml".into(),
    }
}

fn watched() -> Flight {
    let mut flight = Flight::open(Settings { slos: vec![slo()], ..settings() });
    flight.wait(1_000);
    flight
}

/// Questions that nobody answered yet, in the order of their lanes.
fn waiting(flight: &Flight) -> Vec<(AskId, Question)> {
    let under_way: Vec<AskId> = flight
        .state
        .open
        .iter()
        .flat_map(|o| &o.budgets)
        .flat_map(|b| &b.lanes)
        .filter_map(|l| Some(l.asked?.id))
        .collect();
    let asked = |effect: &Effect| match effect {
        Effect::Ask { ask, question } if under_way.contains(ask) => Some((*ask, question.clone())),
        _ => None,
    };
    flight.all.iter().filter_map(asked).collect()
}

/// Every window had a million events and this share of them was bad.
fn value(question: &Question, bad: f64) -> Answer {
    let of = |value: f64| vec![Series { instance: "".into(), points: vec![Point { at: question.to, value }] }];
    let sets =
        question.queries.iter().map(|query| of(if query.text.contains("bad") { bad * 1e6 } else { 1e6 })).collect();
    let newest = chrono::DateTime::from_timestamp(question.to, 0).unwrap();
    Answer::Value(Values { sets, newest, skew: Some(0.0), held_back: Seconds(0.0) })
}

fn answer(flight: &mut Flight, with: impl Fn(&Question) -> Answer) {
    for (ask, question) in waiting(flight) {
        flight.tell(Event::Answered { ask, answer: with(&question) });
    }
}

fn reading(flight: &Flight) -> Reading {
    let state = &flight.state;
    budget::reading(&state.open.as_ref().unwrap().budgets[0], state.second_at(&"prom".into()))
}

#[test]
fn short_windows_are_asked_for_every_minute_and_long_ones_every_ten() {
    let mut flight = watched();
    let texts: Vec<Vec<String>> =
        waiting(&flight).into_iter().map(|(_, q)| q.queries.into_iter().map(|q| q.text).collect()).collect();
    assert_eq!(texts[0][0], r#"sum(increase(bad{ns="shop"}[300s]))"#);
    assert_eq!(texts[0][1], r#"sum(increase(all{ns="shop"}[300s]))"#);
    assert!(texts[1].iter().any(|text| text.contains("[2592000s]")), "{texts:?}");
    assert_eq!(texts[1].len(), 6, "a day, three, and the period");
    answer(&mut flight, |question| value(question, 0.0));
    flight.wait(59_000);
    assert!(waiting(&flight).is_empty());
    flight.wait(2_000);
    assert_eq!(waiting(&flight).len(), 1, "the short ones");
    answer(&mut flight, |question| value(question, 0.0));
    flight.all.clear();
    flight.wait(540_000);
    assert!(waiting(&flight).iter().any(|(_, q)| q.queries.len() == 6), "the long ones");
}

#[test]
fn the_time_since_the_release_began_is_the_same_whatever_its_source_takes_the_time_for() {
    for skew in [0.0, 3_600.0, -3_600.0] {
        let settings = Settings { slos: vec![slo()], open: Some("checkout".parse().unwrap()), ..settings() };
        let mut flight = Flight::new(settings);
        flight.state.sources[1].skew = Some(skew);
        let release = Release { started_at: Some(noon()), ..paused("checkout") };
        // By now the newest numbers are 20 s old, and a window is rounded up to whole minutes.
        flight.skip(660_000).news(release).wait(1_000);
        let (_, question) = &waiting(&flight)[0];
        let texts: Vec<&str> = question.queries.iter().map(|query| query.text.as_str()).collect();
        assert!(texts.last().unwrap().ends_with("[660s]))"), "off by {skew} s: {texts:?}");
    }
}

#[test]
fn what_is_left_is_known_only_while_answers_come() {
    let mut flight = watched();
    assert_eq!(reading(&flight), Reading::Unknown("waiting for the first answer".into()));
    answer(&mut flight, |question| value(question, 0.000_41));
    let Reading::Known { left, burning, .. } = reading(&flight) else { panic!("{:?}", reading(&flight)) };
    assert!((left - 0.59).abs() < 1e-9 && burning.is_none());
    flight.wait(61_000);
    answer(&mut flight, |_| Answer::Error(Failure::new(FailureKind::Timeout, "too slow")));
    assert!(matches!(reading(&flight), Reading::Known { .. }), "one failure is forgiven while the last is young");
    flight.wait(300_000);
    assert!(matches!(reading(&flight), Reading::Unknown(_)), "but not for long");
}

#[test]
fn no_kind_of_silence_is_a_full_budget() {
    type Case = (&'static str, fn(&Question) -> Answer);
    let cases: [Case; 6] = [
        ("nothing", |_| Answer::NoData),
        ("a part", |_| Answer::Partial("one store is away".into())),
        ("not a number", |_| Answer::NotFinite),
        ("an error", |_| Answer::Error(Failure::new(FailureKind::Refused, "bad query"))),
        ("no events", |question| {
            let Answer::Value(mut values) = value(question, 0.0) else { unreachable!() };
            values.sets.iter_mut().flatten().flat_map(|s| &mut s.points).for_each(|point| point.value = 0.0);
            Answer::Value(values)
        }),
        ("more bad than all", |question| value(question, 2.0)),
    ];
    for (name, with) in cases {
        let mut flight = watched();
        answer(&mut flight, with);
        assert!(matches!(reading(&flight), Reading::Unknown(_)), "{name}: {:?}", reading(&flight));
        let against = budget::against(&flight.state).expect("speaks against going on");
        assert_eq!(against.word, Word::Unknown, "{name}");
    }
}

#[test]
fn a_spent_budget_asks_more_of_a_promote_and_nothing_of_a_way_back() {
    let mut flight = watched();
    answer(&mut flight, |question| value(question, 0.001_12));
    assert_eq!(budget::against(&flight.state).map(|verdict| verdict.word), Some(Word::NoGo));
    flight.armed();
    flight.key("p").settled();
    let Confirmation::Type { text, with_reason } = &flight.dialog().confirmation else { panic!("typed") };
    assert!(*with_reason && text.starts_with("checkout "), "{text}");
    flight.keys("esc R").settled();
    assert_eq!(flight.dialog().confirmation, Confirmation::Yes);
}

#[test]
fn a_lost_question_is_given_up_and_a_late_answer_belongs_to_nobody() {
    let mut flight = watched();
    let lost = waiting(&flight);
    flight.wait(61_000);
    for (ask, question) in lost {
        flight.tell(Event::Answered { ask, answer: value(&question, 0.0) });
    }
    assert!(matches!(reading(&flight), Reading::Unknown(why) if why.contains("no answer")));
}
