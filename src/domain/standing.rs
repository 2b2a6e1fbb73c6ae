//! Where the backend's own analysis stands, in words: what it reads, what it would say now, and where its rules let
//! trouble through. Its rules are told as they are; they are not ours and never merged with our verdict.

use serde::{Deserialize, Serialize};

use super::{
    analysis::{AnalysisPhase, Check, LimitMeans, Runs},
    clean::Clean,
    condition::{Condition, Sample, Shape},
    release::Release,
};

/// Names said one by one; the others are counted.
const NAMED: usize = 3;
/// Providers whose answers are held against conditions; a job, for one, ends well or badly by itself.
const CONDITIONED: [&str; 9] =
    ["prometheus", "web", "datadog", "newRelic", "wavefront", "cloudWatch", "graphite", "influxdb", "skywalking"];

/// What a measurement comes to by the backend's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Pass,
    Inconclusive,
    Fail,
    /// There is nothing to tell it from.
    Unknown,
}

/// The backend's own analysis of one release.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// "step 5", "throughout".
    pub at: Clean,
    /// The names of the checks that count.
    pub reads: Vec<Clean>,
    /// What it would say if all of them were measured now.
    pub now: Outcome,
    /// Which checks make it so: those that fail, are inconclusive or cannot be foreseen.
    pub because: Vec<Clean>,
    /// Where its rules let trouble through: "`errors` passes on NaN".
    pub cautions: Vec<Clean>,
}

impl Standing {
    /// "its analysis (step 5) reads error ratio only".
    #[must_use]
    pub fn reading(&self) -> String {
        let at = if self.at.is_empty() { String::new() } else { format!(" ({})", self.at) };
        if self.reads.is_empty() {
            return format!("its analysis{at} has no metric that decides");
        }
        format!("its analysis{at} reads {} only", listed(&self.reads))
    }

    /// "it would pass now".
    #[must_use]
    pub fn verdict(&self) -> String {
        let because = listed(&self.because);
        match self.now {
            Outcome::Pass => "it would pass now".to_owned(),
            Outcome::Fail => format!("it would fail now: {because}"),
            Outcome::Inconclusive => format!("it would be inconclusive now: {because}"),
            Outcome::Unknown if self.because.is_empty() => "it stops nothing".to_owned(),
            Outcome::Unknown => format!("its result is unknown now: {because}"),
        }
    }
}

impl Release {
    /// Where its backend's own analysis stands; none where it has none. `newest` gives the newest value of a check by
    /// its name, NaN where that is the value, none where nobody knows.
    #[must_use]
    pub fn standing(&self, newest: impl Fn(&Check) -> Option<f64>) -> Option<Standing> {
        standing(&self.checks, newest)
    }
}

/// The same for any checks.
#[must_use]
pub fn standing(checks: &[Check], newest: impl Fn(&Check) -> Option<f64>) -> Option<Standing> {
    if checks.is_empty() {
        return None;
    }
    let counting: Vec<&Check> = checks.iter().filter(|check| !check.dry_run).collect();
    let outcomes: Vec<(&Check, Outcome)> = counting.iter().map(|check| (*check, outcome(check, &newest))).collect();
    let worst = [Outcome::Fail, Outcome::Unknown, Outcome::Inconclusive]
        .into_iter()
        .find(|worst| outcomes.iter().any(|(_, outcome)| outcome == worst));
    let now = if counting.is_empty() { Outcome::Unknown } else { worst.unwrap_or(Outcome::Pass) };
    let because = outcomes.iter().filter(|(_, outcome)| *outcome == now && now != Outcome::Pass);
    let because: Vec<Clean> = because.map(|(check, _)| check.name.clone()).collect();
    let mut reads: Vec<Clean> = Vec::new();
    for check in &counting {
        if !reads.contains(&check.name) {
            reads.push(check.name.clone());
        }
    }
    let cautions = checks.iter().flat_map(Check::cautions).collect();
    Some(Standing { at: places(checks).into(), reads, now, because, cautions })
}

/// What a check would say now: by the newest value that anybody has.
fn outcome(check: &Check, newest: impl Fn(&Check) -> Option<f64>) -> Outcome {
    // What it measured itself is only new while it is at it.
    let running = check.phase == Some(AnalysisPhase::Running);
    let measured = || check.measured.last().filter(|_| running).and_then(|measured| measured.number);
    newest(check).or_else(measured).map_or_else(
        || if check.has_no_condition() { Outcome::Pass } else { Outcome::Unknown },
        |value| check.outcome(Sample::Value(value)),
    )
}

impl Check {
    /// What the backend's rules make of one measurement.
    #[must_use]
    pub fn outcome(&self, sample: Sample) -> Outcome {
        let shape = self.shape();
        let holds = |condition: &Clean| Condition::parse(condition).holds(sample, shape);
        if !self.is_conditioned() {
            return Outcome::Unknown;
        }
        match (&self.success, &self.failure) {
            (None, None) => Outcome::Pass,
            (Some(success), None) => match holds(success) {
                Some(true) => Outcome::Pass,
                Some(false) => Outcome::Fail,
                None => Outcome::Unknown,
            },
            // All that is not failure is success.
            (None, Some(failure)) => match holds(failure) {
                Some(true) => Outcome::Fail,
                Some(false) => Outcome::Pass,
                None => Outcome::Unknown,
            },
            (Some(success), Some(failure)) => match (holds(success), holds(failure)) {
                (Some(_), Some(true)) => Outcome::Fail,
                (Some(true), Some(false)) => Outcome::Pass,
                (Some(false), Some(false)) => Outcome::Inconclusive,
                (_, _) => Outcome::Unknown,
            },
        }
    }

    /// Its conditions as lines to draw.
    #[must_use]
    pub fn lines(&self) -> Vec<super::analysis::Limit> {
        let of = |condition: &Option<Clean>, means| {
            condition.as_ref().map(|text| Condition::parse(text).limits(means)).unwrap_or_default()
        };
        let mut lines = of(&self.success, LimitMeans::NotSuccess);
        lines.extend(of(&self.failure, LimitMeans::Failure));
        lines
    }

    /// Whether those lines are all that its conditions ask of a value: one beyond none of them then passes.
    #[must_use]
    pub fn is_all_lines(&self) -> bool {
        let shape = self.shape();
        let of = |condition: &Option<Clean>, means| {
            condition.as_ref().is_none_or(|text| Condition::parse(text).is_all_lines(means, shape))
        };
        of(&self.success, LimitMeans::NotSuccess) && of(&self.failure, LimitMeans::Failure)
    }

    /// Where its rules let trouble through.
    #[must_use]
    pub fn cautions(&self) -> Vec<Clean> {
        let name = &self.name;
        let mut said: Vec<String> = Vec::new();
        if self.dry_run {
            return vec![format!("`{name}` is a dry run: it decides nothing").into()];
        }
        if self.has_no_condition() {
            said.push(format!("`{name}` always passes: it has no condition"));
        } else {
            // A value that is no number most often comes of no traffic.
            if self.outcome(Sample::Value(f64::NAN)) == Outcome::Pass {
                said.push(format!("`{name}` passes on NaN"));
            }
            if self.provider.as_str() == "prometheus" && self.outcome(Sample::Empty) == Outcome::Pass {
                said.push(format!("`{name}` passes without data"));
            }
        }
        match (self.failure_limit, self.count) {
            (None, _) => said.push(format!("`{name}` forgives every failed measurement")),
            (Some(0), _) => {}
            (Some(limit), Some(count)) => said.push(format!("`{name}` forgives {limit} of {count} measurements")),
            (Some(limit), None) => said.push(format!("`{name}` forgives {limit} failed {}", measurements(limit))),
        }
        if self.inconclusive_limit > 0 {
            let limit = self.inconclusive_limit;
            said.push(format!("`{name}` forgives {limit} inconclusive {}", measurements(limit)));
        }
        said.into_iter().map(Clean::from).collect()
    }

    /// Whether its provider's answers are held against conditions at all.
    fn is_conditioned(&self) -> bool {
        CONDITIONED.contains(&self.provider.as_str())
    }

    fn has_no_condition(&self) -> bool {
        self.is_conditioned() && self.success.is_none() && self.failure.is_none()
    }

    /// Prometheus gives a list, except where the whole query is made one number.
    fn shape(&self) -> Shape {
        match (self.provider.as_str(), &self.query) {
            ("prometheus", Some(query)) if query.trim_start().starts_with("scalar") => Shape::Unknown,
            ("prometheus", _) => Shape::List,
            _ => Shape::Unknown,
        }
    }
}

const fn measurements(count: u32) -> &'static str {
    if count == 1 { "measurement" } else { "measurements" }
}

/// "a", "a and b", "a, b, c and 4 more".
fn listed(names: &[Clean]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut words: Vec<String> = names.iter().take(NAMED).map(ToString::to_string).collect();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    let Some(last) = words.pop() else { return String::new() };
    if words.is_empty() { last } else { format!("{} and {last}", words.join(", ")) }
}

/// When the checks run, in the order in which that comes.
fn places(checks: &[Check]) -> String {
    let mut steps: Vec<Clean> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let say = |word: String, words: &mut Vec<String>| {
        if !words.contains(&word) {
            words.push(word);
        }
    };
    for check in checks {
        match check.runs {
            Runs::Step | Runs::Experiment => {
                for step in &check.steps {
                    let step = Clean::from(step.to_string());
                    if !steps.contains(&step) {
                        steps.push(step);
                    }
                }
            }
            Runs::Background => say(
                check.steps.first().map_or_else(|| "throughout".to_owned(), |step| format!("from step {step} on")),
                &mut words,
            ),
            Runs::BeforeSwitch => say("before the switch".to_owned(), &mut words),
            Runs::AfterSwitch => say("after the switch".to_owned(), &mut words),
        }
    }
    match steps.len() {
        0 => {}
        1 => words.insert(0, format!("step {}", listed(&steps))),
        _ => words.insert(0, format!("steps {}", listed(&steps))),
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{analysis::Measured, step::StepId};

    fn check(name: &str, success: &str, failure: &str) -> Check {
        let condition = |text: &str| (!text.is_empty()).then(|| Clean::from(text));
        Check {
            name: name.into(),
            provider: "prometheus".into(),
            query: Some("sum(x)".to_owned()),
            success: condition(success),
            failure: condition(failure),
            steps: vec![StepId("5".to_owned())],
            count: Some(5),
            failure_limit: Some(0),
            ..Check::default()
        }
    }

    fn said(checks: &[Check], newest: impl Fn(&Check) -> Option<f64>) -> String {
        let standing = standing(checks, newest).unwrap();
        format!("{}; {}", standing.reading(), standing.verdict())
    }

    #[test]
    fn it_says_what_it_reads_and_what_it_would_say_now() {
        let errors = || check("error ratio", "result[0] < 0.02", "");
        let latency = || check("latency", "result[0] < 0.3", "");
        let of = |value: f64| move |_: &Check| Some(value);
        let two = [errors(), latency()];
        let cases = [
            (said(&[errors()], of(0.01)), "its analysis (step 5) reads error ratio only; it would pass now"),
            (
                said(&[errors()], of(0.1)),
                "its analysis (step 5) reads error ratio only; it would fail now: error ratio",
            ),
            (
                said(&[errors()], |_| None),
                "its analysis (step 5) reads error ratio only; its result is unknown now: error ratio",
            ),
            (said(&two, of(0.01)), "its analysis (step 5) reads error ratio and latency only; it would pass now"),
            (
                said(&two, |check| (check.name.as_str() == "latency").then_some(0.5)),
                "its analysis (step 5) reads error ratio and latency only; it would fail now: latency",
            ),
            (
                said(&[check("errors", "result[0] < 1", "result[0] > 5")], of(3.0)),
                "its analysis (step 5) reads errors only; it would be inconclusive now: errors",
            ),
            (
                said(&[Check { dry_run: true, ..errors() }], of(0.5)),
                "its analysis (step 5) has no metric that decides; it stops nothing",
            ),
            (
                said(&[Check { provider: "job".into(), query: None, ..check("smoke", "", "") }], |_| None),
                "its analysis (step 5) reads smoke only; its result is unknown now: smoke",
            ),
        ];
        for (said, expected) in cases {
            assert_eq!(said, expected);
        }
        assert_eq!(standing(&[], of(1.0)), None);
    }

    #[test]
    fn what_it_measured_itself_counts_only_while_it_runs() {
        let measured = Measured { at: None, value: "[0.01]".into(), number: Some(0.01), phase: "Successful".into() };
        let at = |phase: &str| Check {
            phase: Some(phase.into()),
            measured: vec![measured.clone()],
            ..check("errors", "result[0] < 0.02", "")
        };
        let now = |check: Check, newest: Option<f64>| standing(&[check], |_| newest).unwrap().now;
        assert_eq!(now(at("Running"), None), Outcome::Pass);
        assert_eq!(now(at("Successful"), None), Outcome::Unknown);
        assert_eq!(now(at("Running"), Some(0.5)), Outcome::Fail);
    }

    #[test]
    fn its_traps_are_named() {
        #[rustfmt::skip]
        let cases: [(Check, &[&str]); 10] = [
            (check("a", "result[0] < 1", ""), &[]),
            (check("a", "", ""), &["`a` always passes: it has no condition"]),
            (check("a", "", "result[0] > 0.05"), &["`a` passes on NaN"]),
            (check("a", "isNaN(result[0]) || result[0] < 1", ""), &["`a` passes on NaN"]),
            (check("a", "len(result) == 0 || result[0] < 1", ""), &["`a` passes without data"]),
            (Check { dry_run: true, ..check("a", "", "") }, &["`a` is a dry run: it decides nothing"]),
            (Check { failure_limit: Some(2), ..check("a", "result[0] < 1", "") }, &["`a` forgives 2 of 5 measurements"]),
            (Check { failure_limit: None, ..check("a", "result[0] < 1", "") }, &["`a` forgives every failed measurement"]),
            (Check { inconclusive_limit: 1, ..check("a", "result[0] < 1", "") }, &["`a` forgives 1 inconclusive measurement"]),
            // A job needs no condition: it ends well or badly.
            (Check { provider: "job".into(), ..check("a", "", "") }, &[]),
        ];
        for (check, expected) in cases {
            let said: Vec<String> = check.cautions().iter().map(ToString::to_string).collect();
            assert_eq!(said, expected, "{check:?}");
        }
    }

    #[test]
    fn nothing_that_cannot_be_told_counts_as_passed() {
        for (success, failure, value) in [
            ("result < 0.05", "", 0.01),
            ("result[0] * 100 < 5", "", 0.01),
            ("result[0] < 1", "foo(result)", 0.5),
            ("result[0] < 1", "", f64::NAN),
        ] {
            assert_ne!(
                check("a", success, failure).outcome(Sample::Value(value)),
                Outcome::Pass,
                "{success} {failure}"
            );
        }
        assert_eq!(check("a", "result[0] < 1", "").outcome(Sample::Empty), Outcome::Unknown);
    }

    #[test]
    fn it_says_when_it_runs() {
        let at = |runs, steps: &[&str]| Check {
            runs,
            steps: steps.iter().map(|step| StepId((*step).to_owned())).collect(),
            ..check("a", "result[0] < 1", "")
        };
        let cases = [
            (vec![at(Runs::Step, &["2", "5"])], "steps 2 and 5"),
            (vec![at(Runs::Background, &[]), at(Runs::Step, &["5"])], "step 5, throughout"),
            (vec![at(Runs::Background, &["3", "4"])], "from step 3 on"),
            (vec![at(Runs::BeforeSwitch, &[]), at(Runs::AfterSwitch, &[])], "before the switch, after the switch"),
        ];
        for (checks, expected) in cases {
            assert_eq!(standing(&checks, |_| None).unwrap().at.as_str(), expected);
        }
    }
}
