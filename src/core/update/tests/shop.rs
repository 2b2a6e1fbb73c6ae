//! A shop whose counters answer the questions of a flight: what its customers do is a rule, never chance.

use chrono::TimeDelta;

use super::world::{Flight, noon, orders, paused, settings};
use crate::{
    core::{
        effect::{AskId, Effect},
        event::Event,
        evidence::{self, Mark},
        settings::Settings,
        state::{Open, Panel},
    },
    domain::{
        panel::{Better, PanelKind, PanelSpec},
        question::{Answer, Question, Values},
        release::Release,
        series::{Point, Series},
        step::{StepKind, StepState},
        time::Seconds,
        verdict::Word,
    },
};

/// Seconds before noon from which its counters count.
const OLD: i64 = 3 * 3600;
/// Checkouts in ten seconds.
const CHECKOUTS: f64 = 400.0;

/// What happens at the shop; times are seconds after noon, where its canary gets its weight.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    /// Share of checkouts that the canary gets, by the second from which it does.
    pub(super) weights: Vec<(i64, f64)>,
    /// Orders per checkout: of the baseline, and of the canary from a second on.
    pub(super) baseline: Vec<(i64, f64)>,
    pub(super) canary: Vec<(i64, f64)>,
    /// The value of every gauge, by the second from which it has it.
    pub(super) gauge: Vec<(i64, f64)>,
    /// Series whose name and query hold these are not there.
    pub(super) hidden: Vec<(&'static str, &'static str)>,
    /// Nothing was scraped between these.
    pub(super) outages: Vec<(i64, i64)>,
    /// Pods whose names hold these were not scraped between.
    pub(super) away: Vec<(&'static str, i64, i64)>,
    /// The second at which every pod of the canary starts anew.
    pub(super) restart: Option<i64>,
    /// Seconds between scrapes; in between the last sample stands.
    pub(super) scrape: i64,
    /// Seconds that its clock says it is ahead.
    pub(super) ahead: f64,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            weights: vec![(0, 0.1)],
            baseline: vec![(-OLD, 0.5)],
            canary: vec![(-OLD, 0.5)],
            gauge: vec![(-OLD, 40.0)],
            hidden: Vec::new(),
            outages: Vec::new(),
            away: Vec::new(),
            restart: None,
            scrape: 10,
            ahead: 0.0,
        }
    }
}

/// The value that holds at a second.
fn at(rule: &[(i64, f64)], second: i64) -> f64 {
    rule.iter().rev().find(|(from, _)| *from <= second).map_or(0.0, |(_, value)| *value)
}

impl Shop {
    pub(super) fn answer(&self, question: &Question) -> Answer {
        let sets: Vec<Vec<Series>> = question.queries.iter().map(|query| self.set(&query.text, question)).collect();
        let newest = sets.iter().map(|set| set.iter().filter_map(|s| s.points.last()).map(|p| p.at).max());
        let Some(newest) = newest.collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().min()) else {
            return Answer::NoData;
        };
        if question.to - newest > 2 * question.step {
            #[expect(clippy::cast_precision_loss, reason = "seconds")]
            return Answer::Stale(Seconds((question.to - newest) as f64));
        }
        Answer::Value(Values {
            sets,
            newest: chrono::DateTime::from_timestamp(newest, 0).unwrap(),
            skew: Some(self.ahead),
            held_back: Seconds::default(),
        })
    }

    fn set(&self, query: &str, question: &Question) -> Vec<Series> {
        if query.starts_with("gauge") && self.hidden.contains(&("", "gauge")) {
            return Vec::new();
        }
        if query.starts_with("gauge") {
            return vec![self.series("", question, |second| at(&self.gauge, second))];
        }
        let pods = ["old-1", "old-2", "old-3", "old-4", "new-1", "new-2"];
        let shown = pods
            .into_iter()
            .filter(|pod| !self.hidden.iter().any(|(name, of)| pod.starts_with(name) && query.starts_with(of)));
        shown
            .map(|pod| {
                let is_canary = pod.starts_with("new");
                let name = format!("checkout-{pod}");
                if query.starts_with("level") {
                    let rule = if is_canary { &self.canary } else { &self.baseline };
                    return self.series(&name, question, |second| at(rule, second));
                }
                self.series(&name, question, self.counted(query, is_canary))
            })
            .filter(|series| !series.points.is_empty())
            .collect()
    }

    /// Where a counter of one pod stands at every tenth second up to one; it is asked in order.
    fn counted<'a>(&'a self, query: &'a str, is_canary: bool) -> impl FnMut(i64) -> f64 + 'a {
        let (mut sum, mut counted_to) = (0.0, if is_canary { 0 } else { -OLD });
        move |second| {
            if let Some(restart) =
                self.restart.filter(|restart| is_canary && counted_to < *restart && second >= *restart)
            {
                (sum, counted_to) = (0.0, restart);
            }
            while counted_to + 10 <= second {
                let weight = at(&self.weights, counted_to);
                let checkouts = CHECKOUTS * if is_canary { weight / 2.0 } else { (1.0 - weight) / 4.0 };
                let rule = if is_canary { &self.canary } else { &self.baseline };
                sum += if query.starts_with("orders") { checkouts * at(rule, counted_to) } else { checkouts };
                counted_to += 10;
            }
            sum
        }
    }

    fn series(&self, name: &str, question: &Question, mut value: impl FnMut(i64) -> f64) -> Series {
        let began = if name.contains("-new-") { 10 } else { -OLD };
        let points = (question.from..=question.to)
            .step_by(usize::try_from(question.step).unwrap())
            .map(|at| (at, at - noon().timestamp()))
            .filter(|(_, second)| *second >= began)
            .filter(|(_, second)| !self.outages.iter().any(|(from, to)| second >= from && second < to))
            .filter(|(_, at)| !self.away.iter().any(|(pod, from, to)| name.contains(pod) && at >= from && at < to))
            .map(|(at, second)| Point { at, value: value(second.div_euclid(self.scrape) * self.scrape) })
            .collect();
        Series { instance: name.into(), points }
    }
}

/// A flight over the shop.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) flight: Flight,
    pub(super) shop: Shop,
    /// Effects that were looked at.
    seen: usize,
    /// Questions that get no answer but this.
    pub(super) instead: Option<Answer>,
}

impl Visit {
    /// Opens the release `seconds` after its canary got its weight.
    pub(super) fn new(panels: Vec<PanelSpec>, shop: Shop, seconds: u64) -> Self {
        Self::of(Settings { panels, ..settings() }, shop, seconds, exposed())
    }

    /// The same for a release that has gone on meanwhile, or with other settings.
    pub(super) fn of(settings: Settings, shop: Shop, seconds: u64, release: Release) -> Self {
        let flight = Flight::new(Settings { open: Some("checkout".parse().unwrap()), ..settings });
        let mut visit = Self { flight, shop, seen: 0, instead: None };
        visit.flight.skip(seconds * 1_000);
        visit.news(release);
        visit
    }

    /// Lives on for so many seconds, every question answered.
    pub(super) fn live(&mut self, seconds: u64) -> &mut Self {
        let end = self.flight.at().mono + seconds * 1_000;
        while self.flight.at().mono < end {
            let left = end - self.flight.at().mono;
            self.flight.wait(left.min(500));
            self.answer();
        }
        self
    }

    pub(super) fn answer(&mut self) {
        let asked: Vec<(AskId, Question)> = self.flight.all[self.seen..]
            .iter()
            .filter_map(|effect| match effect {
                Effect::Ask { ask, question } => Some((*ask, question.clone())),
                _ => None,
            })
            .collect();
        self.seen = self.flight.all.len();
        for (ask, question) in asked {
            let answer = self.instead.clone().unwrap_or_else(|| self.shop.answer(&question));
            self.flight.tell(Event::Answered { ask, answer });
        }
    }

    pub(super) fn open(&self) -> &Open {
        self.flight.state.open.as_ref().unwrap()
    }

    pub(super) fn panel(&self, name: &str) -> &Panel {
        self.open().panels.iter().find(|panel| panel.spec.name.as_str() == name).unwrap()
    }

    pub(super) fn news(&mut self, release: Release) -> &mut Self {
        self.flight.news(release);
        self.answer();
        self
    }
}

/// A canary at 10 % since noon, whose revision was made a little before.
pub(super) fn exposed() -> Release {
    let mut release = paused("checkout");
    release.steps[0].started_at = Some(noon());
    release.revisions[0].created_at = Some(noon() - TimeDelta::seconds(20));
    release.revisions[1].created_at = Some(noon() - TimeDelta::days(3));
    // The pods that the shop has.
    release.revisions[1].ready = 4;
    release.revisions[1].pods.truncate(4);
    release
}

pub(super) fn watched() -> PanelSpec {
    let kind = PanelKind::Ratio { events: "orders".into(), exposures: "checkouts".into(), by: "pod".into() };
    PanelSpec { kind, ..orders() }
}

/// The same orders, against each arm's share of the traffic.
pub(super) fn rate(better: Better) -> PanelSpec {
    PanelSpec { kind: PanelKind::Rate { events: "orders".into(), by: "pod".into() }, better, ..orders() }
}

/// A canary at 25 % in its analysis, of which nobody knows since when.
pub(super) fn undated() -> Release {
    let mut release = exposed();
    release.steps[1].kind = StepKind::SetWeight(25.0);
    (release.steps[1].state, release.steps[2].state) = (StepState::Done, StepState::Current);
    (release.steps[1].started_at, release.steps[2].started_at) = (None, None);
    release.steps[2].kind = StepKind::Analysis;
    release.weight.set = Some(25.0);
    release
}

pub(super) fn word(visit: &Visit) -> Word {
    evidence::verdict(visit.open()).word
}

pub(super) fn mark(visit: &Visit) -> Mark {
    visit.panel("orders").reading.mark
}

/// Orders per checkout fall on the canary this many seconds after noon.
pub(super) fn dead_from(second: i64) -> Shop {
    Shop { canary: vec![(-100_000, 0.5), (second, 0.0)], ..Shop::default() }
}

/// The weight was moved at this second.
pub(super) fn moved(percent: f64, second: i64) -> Release {
    let mut release = exposed();
    release.steps[1].state = StepState::Done;
    release.steps[2].kind = StepKind::SetWeight(percent);
    release.steps[2].state = StepState::Done;
    release.steps[2].started_at = Some(noon() + TimeDelta::seconds(second));
    release.steps[2].took = release.steps[0].took;
    release.weight.set = Some(percent);
    release
}
