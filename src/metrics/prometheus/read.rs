//! From series as they came to one typed answer. Pure: the same input gives the same answer.

use std::{collections::BTreeMap, sync::Arc};

use chrono::DateTime;

use super::wire::{Matrix, RawSeries};
use crate::domain::{
    clean::{Clean, Name},
    failure::{Failure, FailureKind},
    question::{Answer, Query, Question, Values},
    series::{Point, Series},
    time::Seconds,
};

/// Steps the newest sample may lie behind the end of the question.
const MAX_STEPS_BEHIND: i64 = 2;

/// Why a set of series is no value.
enum Flaw {
    NotFinite,
    Wrong(Failure),
}

/// What is known of the server's clock when an answer is read.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Samples of later times are not real, in seconds since 1970 of the server's clock.
    pub real_until: i64,
    pub held_back: Seconds,
    /// Seconds the server's clock is ahead of ours, where it says its time.
    pub skew: Option<f64>,
}

/// Judges what came, the worst first: something wrong, then something missing, then something old.
pub fn answer(question: &Question, matrices: &[Arc<Matrix>], times: Times) -> Answer {
    #[expect(clippy::cast_possible_truncation, reason = "at most an hour")]
    let now = times.real_until + times.held_back.0.ceil() as i64;
    if question.from > now {
        #[expect(clippy::cast_precision_loss, reason = "seconds between two clocks")]
        let ahead = Seconds((question.from - now) as f64);
        let failure = Failure::new(FailureKind::Local, format!("our clock is more than {ahead} ahead of the server's"));
        return Answer::Error(failure.hint("set the clock of this machine"));
    }
    let mut sets = Vec::new();
    let mut doubts: Vec<Clean> = Vec::new();
    let mut not_finite = false;
    for (query, matrix) in question.queries.iter().zip(matrices) {
        for doubt in &matrix.doubts {
            if !doubts.contains(doubt) {
                doubts.push(doubt.clone());
            }
        }
        match set(question, query, &matrix.series, times.real_until) {
            Ok(series) => sets.push(series),
            Err(Flaw::Wrong(failure)) => return Answer::Error(failure),
            Err(Flaw::NotFinite) => not_finite = true,
        }
    }
    if let Some(first) = doubts.first() {
        return Answer::Partial(match doubts.len() {
            1 => first.clone(),
            more => format!("{first} (and {} more)", more - 1).into(),
        });
    }
    if not_finite {
        return Answer::NotFinite;
    }
    // The set that is furthest behind decides: events without exposures are no ratio.
    let newest =
        sets.iter().map(|set| set.iter().filter_map(|series| series.points.last()).map(|point| point.at).max());
    let Some(newest) = newest.collect::<Option<Vec<i64>>>().and_then(|all| all.into_iter().min()) else {
        return Answer::NoData;
    };
    // What could not have come yet is not missing.
    let steps = (times.real_until.min(question.to) - question.from).div_euclid(question.step);
    let behind = question.from + steps * question.step - newest;
    if behind > MAX_STEPS_BEHIND * question.step {
        #[expect(clippy::cast_precision_loss, reason = "seconds of one question")]
        return Answer::Stale(Seconds(behind as f64));
    }
    // An event whose exposure has not come yet would count as one that nobody was exposed to, or the other way round.
    for series in sets.iter_mut().flatten() {
        series.points.retain(|point| point.at <= newest);
    }
    let (skew, held_back) = (times.skew, times.held_back);
    let value = |newest| Answer::Value(Values { sets, newest, skew, held_back });
    DateTime::from_timestamp(newest, 0).map_or(Answer::NoData, value)
}

fn wrong(summary: String, hint: String) -> Flaw {
    Flaw::Wrong(Failure::new(FailureKind::Malformed, summary).hint(hint))
}

fn set(question: &Question, query: &Query, raw: &[RawSeries], real_until: i64) -> Result<Vec<Series>, Flaw> {
    let mut found: BTreeMap<String, Series> = BTreeMap::new();
    for series in raw {
        let instance = match &query.by {
            Some(by) => {
                let Some(instance) = series.metric.get(by.as_str()).filter(|instance| !instance.is_empty()) else {
                    let hint = format!("let the query keep it: `sum by ({by}) (…)`");
                    return Err(wrong(format!("a series has no label `{by}`"), hint));
                };
                instance.clone()
            }
            None => String::new(),
        };
        if !series.histograms.is_empty() {
            let hint = "take its count: `histogram_count(…)`".to_owned();
            return Err(wrong(format!("the series of `{instance}` is a histogram and no counter"), hint));
        }
        let points = points(question, &instance, &series.values, real_until)?;
        // Which of two would be right cannot be known, and their sum would hide resets.
        if found.contains_key(&instance) {
            let (what, hint) = match &query.by {
                Some(by) => (
                    format!("there are several series with `{by}` = `{instance}`"),
                    format!("make them one: `sum by ({by}) (…)`"),
                ),
                None => {
                    ("there are several series where one is wanted".to_owned(), "make them one: `sum(…)`".to_owned())
                }
            };
            return Err(wrong(what, hint));
        }
        if !points.is_empty() {
            found.insert(instance.clone(), Series { instance: Name::new(instance), points });
        }
    }
    Ok(found.into_values().collect())
}

fn points(question: &Question, instance: &str, values: &[(f64, String)], real_until: i64) -> Result<Vec<Point>, Flaw> {
    let mut points = Vec::with_capacity(values.len());
    for (at, text) in values {
        let asked = || format!("a sample of `{instance}` lies where none was asked for");
        let see = || "see whether something between here and there changes questions".to_owned();
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and is then not among the times asked for")]
        let at = at.round() as i64;
        if at < question.from || at > question.to || (at - question.from) % question.step != 0 {
            return Err(wrong(asked(), see()));
        }
        if at > real_until {
            continue;
        }
        let value: f64 = text
            .parse()
            .map_err(|_unread| wrong(format!("a value of `{instance}` is no number"), "see the address".to_owned()))?;
        if !value.is_finite() {
            return Err(Flaw::NotFinite);
        }
        points.push(Point { at, value });
    }
    points.sort_by_key(|point| point.at);
    if points.windows(2).any(|pair| matches!(pair, [a, b] if a.at == b.at)) {
        let hint = "see whether two servers answer as one".to_owned();
        return Err(wrong(format!("the series of `{instance}` has two values for the same time"), hint));
    }
    Ok(points)
}
