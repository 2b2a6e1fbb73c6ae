//! The counters of a simulated service as an ordinary source. A query's text is the name of a counter, or what the
//! simulated controller's analysis asks.

use std::collections::BTreeMap;

use futures::future::{self, BoxFuture, FutureExt};

use super::Source;
use crate::{
    domain::{
        clean::Name,
        failure::{Failure, FailureKind},
        question::{Answer, Question, Values},
        series::{Point, Series},
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
        let Some(series) = series(world, &query.text, question.from, question.to, question.step) else {
            let why = format!("nothing counts `{}`; there are {}", query.text, sim::meters().join(", "));
            return Answer::Error(Failure::new(FailureKind::Refused, why));
        };
        sets.push(series);
    }
    let sampled = question.queries.iter().filter_map(|query| world.sampled(sampled(&query.text))).min();
    let newest = sampled.filter(|_| sets.iter().flatten().any(|series| !series.points.is_empty()));
    newest.map_or(Answer::NoData, |newest| {
        Answer::Value(Values { sets, newest, skew: Some(0.0), held_back: Seconds::default() })
    })
}

/// How far back a share of errors looks, in seconds.
const SHARE_SECONDS: i64 = 60;

/// The revision of `error_ratio{hash="…"}`.
fn error_ratio_of(query: &str) -> Option<&str> {
    query.strip_prefix("error_ratio{hash=\"")?.strip_suffix("\"}")
}

/// The counter whose samples a query is made of.
fn sampled(query: &str) -> &str {
    if error_ratio_of(query).is_some() { "requests" } else { query }
}

fn series(world: &World, query: &str, from: i64, to: i64, step: i64) -> Option<Vec<Series>> {
    let Some(hash) = error_ratio_of(query) else { return world.series(query, from, to, step) };
    let counted = |counter| {
        let before = world.series(counter, from - SHARE_SECONDS, to - SHARE_SECONDS, step)?;
        let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
        for pod in world.series(counter, from, to, step)?.iter().filter(|pod| belongs(pod, hash)) {
            let earlier = before.iter().find(|earlier| earlier.instance == pod.instance);
            for point in &pod.points {
                // A pod that was not there had counted nothing.
                let was = earlier.and_then(|it| it.points.iter().find(|was| was.at == point.at - SHARE_SECONDS));
                *counts.entry(point.at).or_default() += (point.value - was.map_or(0.0, |was| was.value)).max(0.0);
            }
        }
        Some(counts)
    };
    let (errors, requests) = (counted("errors")?, counted("requests")?);
    let asked = requests.into_iter().filter(|(_, requests)| *requests > 0.0);
    let points: Vec<Point> = asked
        .map(|(at, requests)| Point { at, value: errors.get(&at).copied().unwrap_or_default() / requests })
        .collect();
    Some((!points.is_empty()).then(|| Series { instance: Name::default(), points }).into_iter().collect())
}

/// Whether a pod is one of this revision: its name ends in the revision's hash and a word of its own.
fn belongs(pod: &Series, hash: &str) -> bool {
    pod.instance.raw().rsplit('-').nth(1) == Some(hash)
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

    #[test]
    fn the_analysis_of_the_simulated_controller_is_answered_for_its_revision_only() {
        let world = World::new(Scenario::SilentPaymentFailure, 7);
        let now = world.now().timestamp() / 10 * 10;
        let ask = |hash: &str| Question {
            queries: vec![Query { text: format!("error_ratio{{hash=\"{hash}\"}}"), by: None }],
            ..question("orders", now - 30, now)
        };
        let checkout = world.rollout("shop", "checkout").unwrap();
        let Answer::Value(values) = answer(&world, &ask(&checkout.status.current)) else { panic!("no value") };
        let [series] = values.sets[0].as_slice() else { panic!("{values:?}") };
        assert_eq!(series.points.iter().map(|point| point.at).collect::<Vec<_>>(), [now - 30, now - 20, now - 10, now]);
        assert!(series.points.iter().all(|point| (0.0..0.02).contains(&point.value)), "{series:?}");
        assert_eq!(answer(&world, &ask("nobody")), Answer::NoData);
    }
}
