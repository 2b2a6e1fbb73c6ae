//! What a forward plan commits to: everything that happens until a person is asked again.

use super::Ground;
use crate::{
    backend::kubernetes::argo_rollouts::{lengths, steps, weight},
    domain::{
        clean::Clean,
        plan::{Reach, Stage},
        step::StepKind,
        time::Seconds,
    },
};

/// From step `from` (counted from 0) on. `at` is the weight it starts from.
pub(super) fn reach(ground: &Ground<'_>, from: usize) -> Reach {
    let rollout = ground.rollout();
    let mut highest = ground.weight.set.or(ground.weight.wanted).unwrap_or(0.0);
    if let Some(before) = from.checked_sub(1) {
        highest = highest.max(weight::weight_at(rollout, before));
    }
    let mut path = Vec::new();
    let mut length = Length::default();
    let mut stages = Stages::at(ground.weight.set.or(ground.weight.wanted).unwrap_or(0.0));
    for (place, step) in rollout.steps().iter().enumerate().skip(from) {
        let kind = steps::kind(rollout, step);
        if kind == StepKind::Person {
            let at = steps::percent(weight::weight_at(rollout, place));
            let next_stop = format!("{} at {at} %", ground.step_words(place));
            let (next_stop, seconds) = (Some(next_stop.into()), length.known());
            return Reach { weight: highest, next_stop, seconds, path, stages: stages.ending() };
        }
        if let StepKind::SetWeight(percent) = kind {
            highest = highest.max(percent);
            stages.move_to(percent);
        }
        let planned = steps::planned(ground.observed, place, step);
        length.add(&kind, planned);
        stages.stay(&kind, planned);
        path.push(steps::label(rollout, step).into());
    }
    // After the last step everything moves, whatever the last weight was.
    if path.last().is_none_or(|last: &Clean| last.as_str() != "weight 100 %") {
        path.push("all traffic".into());
    }
    stages.move_to(100.0);
    Reach { weight: 100.0, next_stop: None, seconds: length.known(), path, stages: stages.ending() }
}

/// The weights on the way and how long each lasts.
struct Stages {
    done: Vec<Stage>,
    weight: f64,
    length: Length,
}

impl Stages {
    fn at(weight: f64) -> Self {
        Self { done: Vec::new(), weight, length: Length::default() }
    }

    fn stay(&mut self, kind: &StepKind, planned: Option<Seconds>) {
        self.length.add(kind, planned);
    }

    /// A weight that lasts no time is passed through and no stage.
    fn move_to(&mut self, percent: f64) {
        if percent.total_cmp(&self.weight).is_eq() {
            return;
        }
        if self.length.unknown || self.length.sum > 0.0 {
            self.done.push(Stage { weight: self.weight, seconds: self.length.known() });
        }
        self.weight = percent;
        self.length = Length::default();
    }

    /// With the last one, where it stays.
    fn ending(mut self) -> Vec<Stage> {
        self.done.push(Stage { weight: self.weight, seconds: None });
        self.done
    }
}

/// Time that the spec knows of; setting a weight takes none that it could tell.
#[derive(Default)]
struct Length {
    sum: f64,
    unknown: bool,
}

impl Length {
    fn add(&mut self, kind: &StepKind, planned: Option<Seconds>) {
        match (kind, planned) {
            (_, Some(planned)) => self.sum += planned.0,
            (StepKind::SetWeight(_) | StepKind::Scale | StepKind::Route | StepKind::Person, None) => {}
            (StepKind::Wait | StepKind::Analysis | StepKind::Experiment | StepKind::Job, None) => self.unknown = true,
        }
    }

    fn known(&self) -> Option<Seconds> {
        (!self.unknown && self.sum > 0.0).then_some(Seconds(self.sum))
    }
}

/// How long all steps take, if nobody is asked on the way, and the same in words: "≈10m30s + a person",
/// "≥10m30s" where a step does not tell its length.
pub(super) fn all_steps(ground: &Ground<'_>) -> (Option<Seconds>, String) {
    let rollout = ground.rollout();
    let mut length = Length::default();
    let mut people = 0;
    for (place, step) in rollout.steps().iter().enumerate() {
        let kind = steps::kind(rollout, step);
        people += usize::from(kind == StepKind::Person);
        length.add(&kind, steps::planned(ground.observed, place, step));
    }
    let time = match length.known() {
        Some(seconds) => format!("≈{}", lengths::short(seconds)),
        None if length.unknown && length.sum > 0.0 => format!("≥{}", lengths::short(Seconds(length.sum))),
        None if length.unknown => "unknown time".into(),
        None => "moments".into(),
    };
    let asked = match people {
        0 => String::new(),
        1 => " + a person".into(),
        _ => format!(" + {people} times a person"),
    };
    (length.known().filter(|_| people == 0), format!("{time}{asked}"))
}

/// Who is asked next, in words for the first line of a dialog.
pub(super) fn asked_again(reach: &Reach) -> String {
    reach.next_stop.as_ref().map_or_else(|| "nobody is asked again".into(), |stop| format!("asked again at {stop}"))
}
