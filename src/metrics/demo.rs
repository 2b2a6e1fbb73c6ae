//! The counters of a simulated service as an ordinary source. A query's text is the name of a counter.

use futures::future::{self, BoxFuture, FutureExt};

use super::Source;
use crate::{
    domain::{
        failure::{Failure, FailureKind},
        question::{Answer, Question, Values},
        time::Seconds,
    },
    sim::{self, Shared, World},
};

/// The numbers of a simulated world.
#[derive(Clone, Debug)]
pub struct Demo {
    world: Shared,
}

impl Demo {
    #[must_use]
    pub const fn new(world: Shared) -> Self {
        Self { world }
    }
}

impl Source for Demo {
    fn ask(&self, question: Question) -> BoxFuture<'static, Answer> {
        future::ready(self.world.with(|world| answer(world, &question))).boxed()
    }
}

/// What the world's counters say.
#[must_use]
pub fn answer(world: &World, question: &Question) -> Answer {
    let mut sets = Vec::new();
    for query in &question.queries {
        let Some(series) = world.series(&query.text, question.from, question.to, question.step) else {
            let why = format!("nothing counts `{}`; there are {}", query.text, sim::meters().join(", "));
            return Answer::Error(Failure::new(FailureKind::Refused, why));
        };
        sets.push(series);
    }
    let sampled = question.queries.iter().filter_map(|query| world.sampled(&query.text)).min();
    let newest = sampled.filter(|_| sets.iter().flatten().any(|series| !series.points.is_empty()));
    newest.map_or(Answer::NoData, |newest| {
        Answer::Value(Values { sets, newest, skew: Some(0.0), held_back: Seconds::default() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::question::Query, sim::Scenario};

    fn question(text: &str, from: i64, to: i64) -> Question {
        let query = |text: &str| Query { text: text.to_owned(), by: Some("pod".into()) };
        Question { source: "demo-prom".into(), queries: vec![query("checkouts"), query(text)], from, to, step: 10 }
    }

    #[test]
    fn counters_come_by_pod_at_the_asked_times() {
        let world = World::new(Scenario::Clean, 7);
        let now = world.now().timestamp() / 10 * 10;
        let Answer::Value(values) = answer(&world, &question("orders", now - 60, now)) else { panic!("no value") };
        assert_eq!(values.newest.timestamp(), now);
        for series in values.sets.iter().flatten() {
            assert!(series.instance.raw().starts_with("checkout-"));
            assert!(series.points.iter().all(|point| point.at % 10 == 0 && point.at <= now));
            assert!(series.points.windows(2).all(|pair| pair[0].value <= pair[1].value));
        }
        assert_eq!(values.sets.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10]);
    }

    #[test]
    fn what_is_not_counted_is_an_error_and_what_is_not_yet_there_is_no_data() {
        let world = World::new(Scenario::Clean, 7);
        let now = world.now().timestamp();
        let Answer::Error(failure) = answer(&world, &question("rainfall", now - 60, now)) else { panic!("answered") };
        assert!(failure.summary.contains("`rainfall`") && failure.summary.contains("orders"));
        assert_eq!(answer(&world, &question("orders", now + 60, now + 120)), Answer::NoData);
    }
}
