//! What is said of readings, in words: the same on the screen, in the dialog and on the command line.

use chrono::{DateTime, Utc};

use super::{ENOUGH, Mark, Reading, late_seconds, verdict};
use crate::{
    core::{
        number,
        price::{self, Estimate, Loss, Price},
        state::{Open, Panel, State},
    },
    domain::{
        clean::Clean,
        panel::{Better, PanelKind},
        plan::Plan,
        time::Seconds,
        verdict::Word,
    },
    judge::{
        self,
        shared::{self, Change},
    },
};

/// `×0.41 (0.28–0.57)`, without an interval where there is none; none where there is no ratio either.
#[must_use]
pub fn ratio(reading: &Reading) -> Option<String> {
    match (reading.interval, reading.ratio) {
        (Some(interval), ratio) => Some(judge::words(ratio, interval.low, interval.high)),
        (None, Some(ratio)) => Some(format!("×{ratio:.2}")),
        (None, None) => None,
    }
}

/// A value for people, in the panel's `per`; a dash where there is none.
#[must_use]
pub fn number(panel: &Panel, value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| number::value(value * panel.spec.per))
}

/// The panel's unit as it stands behind a number; empty where numbers have none.
#[must_use]
pub fn unit(panel: &Panel) -> String {
    if panel.spec.unit.is_empty() { String::new() } else { format!(" {}", panel.spec.unit) }
}

/// A value for people with its unit; a dash alone where there is none.
#[must_use]
pub fn value(panel: &Panel, value: Option<f64>) -> String {
    let unit = value.map(|_| unit(panel));
    format!("{}{}", number(panel, value), unit.unwrap_or_default())
}

/// `ln E of harm 8.30, of 3.00 needed`: what decides whether a panel is a regression. None before anything was judged.
#[must_use]
pub fn harm(panel: &Panel) -> Option<String> {
    let (judge, finding) = panel.evidence.judge.as_ref().zip(panel.evidence.finding.as_ref())?;
    let rules = judge.rules();
    Some(format!("ln E of harm {:.2}, of {:.2} needed", finding.log_e_harm, rules.harm_bar(rules.alpha_nogo)))
}

/// The same of a regression, with when it was reached: `ln E of harm 8.30, of 3.00 needed, reached 14:02:10`. None where
/// there is none, or it is being judged again.
#[must_use]
pub fn reached(state: &State, panel: &Panel) -> Option<String> {
    let at = state.wall_of(&panel.spec.source, panel.evidence.finding?.latched_at?);
    Some(format!("{}, reached {}", harm(panel)?, state.settings.zone.time_of_day(at)))
}

/// The same by which rules, and for whoever wonders about an interval that is not beyond the tolerance.
#[must_use]
pub fn decided(state: &State, panel: &Panel) -> Option<String> {
    let reached = reached(state, panel)?;
    let (judge, finding) = panel.evidence.judge.as_ref().zip(panel.evidence.finding)?;
    let rules = judge.rules();
    // One side against one bound decides; the interval has two, is of one start, and rounded outward.
    let is_beyond = match rules.better {
        Better::Higher => finding.high < finding.bound,
        Better::Lower => finding.low > finding.bound,
    };
    let wide = match (is_beyond, finding.log_e_harm >= rules.harm_bar(rules.alpha_nogo)) {
        (true, _) => "",
        (false, true) => "; the interval has two sides and is of one start, so it may reach farther",
        (false, false) => "; newer ticks say less, and it stands until a person resets it",
    };
    Some(format!("{reached} (α {}, K {}){wide}", rules.alpha_nogo, rules.critical))
}

/// What a panel counts, without what it is counted against: `orders` of `orders per 1,000 checkouts`.
#[must_use]
pub fn noun(panel: &Panel) -> &str {
    let name = panel.spec.name.as_str();
    name.split_once(" per ").map_or(name, |(noun, _)| noun)
}

/// Panels that are beyond their tolerance, critical ones first.
#[must_use]
pub fn regressions(open: &Open) -> Vec<&Panel> {
    let mut found: Vec<&Panel> = open.panels.iter().filter(|panel| panel.reading.mark == Mark::Regression).collect();
    found.sort_by_key(|panel| !panel.spec.critical);
    found
}

/// `≈244 orders missing so far (178–298)`; fewer words where there is less room.
#[must_use]
pub fn missing(panel: &Panel, loss: &Loss, is_short: bool) -> String {
    let likely = amount(loss.so_far.likely);
    let what = match panel.spec.better {
        Better::Higher if is_short => "missing".to_owned(),
        Better::Higher => format!("{} missing so far", noun(panel)),
        Better::Lower if is_short => "too many".to_owned(),
        Better::Lower => "too many so far".to_owned(),
    };
    if is_short { format!("≈{likely} {what}") } else { format!("≈{likely} {what} {}", between(loss.so_far)) }
}

/// `(178–298)`, `(178 or more)`.
fn between(estimate: Estimate) -> String {
    match estimate.most {
        Some(most) => format!("({}–{})", amount(estimate.least), amount(most)),
        None => format!("({} or more)", amount(estimate.least)),
    }
}

/// `+58/min`: how fast it grows now.
#[must_use]
pub fn growing(loss: &Loss) -> Option<String> {
    loss.per_minute.map(|per_minute| format!("+{}/min", amount(per_minute.likely)))
}

/// `≈10,248 EUR`, where somebody said what an event is worth.
#[must_use]
pub fn money(loss: &Loss) -> Option<String> {
    let worth = loss.worth.as_ref()?;
    Some(format!("≈{} {}", amount(loss.so_far.likely * worth.amount), worth.currency))
}

/// A number of events: whole, with a tenth where there are few.
fn amount(value: f64) -> String {
    if value >= 9.95 { number::count(value) } else { format!("{value:.1}") }
}

/// What it costs to carry out a plan, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// `−58, then −290, then −580 orders/min`.
    pub events: String,
    /// `≈24,360 EUR/min at 100 %`, where somebody said what an event is worth.
    pub money: Option<String>,
}

/// What it costs to carry out a plan, weight by weight. None where it costs nothing known.
#[must_use]
pub fn price(panel: &Panel, price: &Price) -> Option<Cost> {
    let mut amounts: Vec<String> = Vec::new();
    for stage in &price.stages {
        let Some(per_minute) = stage.per_minute else { continue };
        let amount = amount(per_minute.likely);
        if amounts.last() != Some(&amount) {
            amounts.push(amount);
        }
    }
    let (weight, last) = price.stages.iter().rev().find_map(|stage| Some((stage.weight, stage.per_minute?)))?;
    let (sign, unit) = match panel.spec.better {
        Better::Higher => ("−", format!("{}/min", noun(panel))),
        Better::Lower => ("+", format!("{}/min", noun(panel))),
    };
    let amounts: Vec<String> = amounts.into_iter().map(|amount| format!("{sign}{amount}")).collect();
    let money = panel.spec.worth.as_ref().map(|worth| {
        let sum = amount(last.likely * worth.amount);
        let at = if amounts.len() > 1 { format!(" at {} %", number::percent(weight)) } else { String::new() };
        format!("≈{sum} {}/min{at}", worth.currency)
    });
    Some(Cost { events: format!("{} {unit}", amounts.join(", then ")), money })
}

/// What a plan costs by the panel whose loss is told; none while no loss is established.
#[must_use]
pub fn price_of(open: &Open, plan: &Plan) -> Option<Cost> {
    let panel = price::dearest(open)?;
    price(panel, &price::of_plan(open, panel, plan)?)
}

/// When a verdict could be GO: all critical panels that are still collecting within tolerance, and both arms held
/// against the hour before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ready {
    At(DateTime<Utc>),
    /// Not within what can be looked ahead, at this weight.
    NotYet,
}

/// Says when; none where that is not known of every one of them, or nothing is waited for.
#[must_use]
pub fn ready(state: &State, open: &Open) -> Option<Ready> {
    let mut latest: Option<DateTime<Utc>> = None;
    for panel in open.panels.iter().filter(|panel| panel.spec.critical && panel.reading.mark == Mark::Collecting) {
        match panel.reading.forecast?.progress {
            Some(progress) => latest = latest.max(Some(state.wall_of(&panel.spec.source, progress.ready_at))),
            None => return Some(Ready::NotYet),
        }
    }
    let early = open.panels.iter().filter_map(|panel| Some((panel, comparable(state, panel)?)));
    for (panel, at) in early {
        latest = latest.max(Some(state.wall_of(&panel.spec.source, at)));
    }
    latest.map(Ready::At)
}

/// When a panel that is part of the verdict can be held against the hour before, while it is too early for that.
fn comparable(state: &State, panel: &Panel) -> Option<i64> {
    let counts = match panel.spec.kind {
        PanelKind::Ratio { .. } | PanelKind::Rate { .. } | PanelKind::Latency { .. } => panel.spec.critical,
        PanelKind::Shared { .. } => true,
        PanelKind::Value { .. } | PanelKind::Analysis { .. } => false,
    };
    let change = panel.evidence.compared.map(|compared| compared.change);
    let (began, _) = panel.evidence.compared_in.filter(|_| counts && change == Some(Change::Collecting))?;
    // The last of its blocks is over once a tick of the next one has come.
    Some(began + shared::FIRST + panel.step + late_seconds(state.source(&panel.spec.source), panel.step))
}

/// How long a total loss that began now would stay invisible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blind {
    /// None where that is longer than can be looked ahead.
    pub seconds: Option<Seconds>,
    /// The weight in percent at which it would be seen within `ENOUGH`, where this one is too small.
    pub enough: Option<f64>,
}

/// By the panel that customers would be missed on first: critical, of what they came for, and falling when it dies.
#[must_use]
pub fn blind(open: &Open) -> Option<Blind> {
    let falls = |panel: &&Panel| panel.spec.better == Better::Higher;
    let critical = || open.panels.iter().filter(|panel| panel.spec.critical && panel.reading.forecast.is_some());
    let telling: Vec<&Panel> = [
        critical().filter(falls).filter(|panel| panel.spec.business).collect::<Vec<_>>(),
        critical().filter(falls).collect(),
    ]
    .into_iter()
    .find(|panels| !panels.is_empty())?;
    let soonest = |panel: &&&Panel| {
        let blind = panel.reading.forecast.and_then(|forecast| forecast.blind);
        blind.map_or(f64::INFINITY, |blind| blind.0)
    };
    let panel = telling.iter().min_by(|one, other| soonest(one).total_cmp(&soonest(other)))?;
    let forecast = panel.reading.forecast?;
    let is_long = forecast.blind.is_none_or(|blind| blind > ENOUGH);
    // It is that of a new release; one that was well for long takes longer, and a smaller weight is no help.
    let set = open.release.as_ref().and_then(|release| release.weight.set);
    let enough = forecast.enough_weight.filter(|enough| is_long && set.is_none_or(|set| *enough > set));
    Some(Blind { seconds: forecast.blind, enough })
}

/// `a dead checkout is visible in ≈3 min`, and which weight would be enough where that is long.
#[must_use]
pub fn blindness(open: &Open, blind: Blind) -> String {
    let name = open.target.name();
    let text = match blind.seconds {
        Some(seconds) => format!("a dead {name} is visible in ≈{}", roughly(seconds)),
        None => format!("a dead {name} stays invisible for hours"),
    };
    match blind.enough {
        Some(weight) => format!("{text}, at {} % in {}", number::percent(weight), roughly(ENOUGH)),
        None => text,
    }
}

/// A length that is only known roughly: `50 s`, `3 min`, `2 h`.
#[must_use]
pub fn roughly(length: Seconds) -> String {
    match length.0 {
        s if s < 95.0 => format!("{:.0} s", (s / 5.0).ceil() * 5.0),
        s if s < 95.0 * 60.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3600.0),
    }
}

/// The regression that makes it a NO-GO; none where something else does, or it is none.
#[must_use]
pub fn leading(open: &Open) -> Option<&Panel> {
    let first = regressions(open).into_iter().next().filter(|panel| panel.spec.critical);
    first.filter(|_| verdict(open).word == Word::NoGo)
}

/// The verdict in one sentence with every regression.
#[must_use]
pub fn sentence(state: &State, open: &Open) -> String {
    let mut text = headline(state, open);
    if leading(open).is_some() {
        for other in regressions(open).into_iter().skip(1) {
            text.extend(["; ", other.spec.name.as_str()]);
            text.extend(ratio(&other.reading).map(|ratio| format!(" {ratio}")));
        }
    }
    text
}

/// The verdict in one sentence: the word, what is wrong first since when and what it has cost, else the first reason.
#[must_use]
pub fn headline(state: &State, open: &Open) -> String {
    let verdict = verdict(open);
    if let Some(panel) = leading(open) {
        let mut text = format!("{} {}", verdict.word, panel.spec.name);
        text.extend(ratio(&panel.reading).map(|ratio| format!(" {ratio}")));
        text.extend(since(state, panel).map(|since| format!(" since {since}")));
        if let Some(loss) = &panel.reading.loss {
            text.extend([", ".to_owned(), missing(panel, loss, true)]);
            text.extend(growing(loss).map(|growing| format!(", {growing}")));
        }
        return text;
    }
    match verdict.why.first() {
        Some(why) => format!("{}: {why}", verdict.word),
        None => verdict.word.to_string(),
    }
}

/// The time of day since when what is shown of a panel was counted.
#[must_use]
pub fn since(state: &State, panel: &Panel) -> Option<String> {
    let second = panel.reading.since?;
    Some(state.settings.zone.time_of_day(state.wall_of(&panel.spec.source, second)))
}

/// `31 of 60, ready ≈14:11`: how far the way to "within tolerance" is.
#[must_use]
pub fn progress(state: &State, panel: &Panel) -> Option<String> {
    let forecast = panel.reading.forecast?;
    Some(match forecast.progress {
        Some(progress) => {
            let at = state.settings.zone.minute(state.wall_of(&panel.spec.source, progress.ready_at));
            format!("{} of {}, ready ≈{at}", progress.done, progress.of)
        }
        None => "not within 6 h at this weight".to_owned(),
    })
}

/// A reading's reasons as one sentence.
#[must_use]
pub fn reasons(reading: &Reading) -> String {
    let why: Vec<&str> = reading.verdict.why.iter().map(Clean::as_str).collect();
    why.join("; ")
}
