//! A verdict for people who read a terminal without a screen: a line for each panel, what is wrong first.

use std::fmt::Write as _;

use super::Told;
use crate::{
    core::{
        budget::{self, Budget},
        controller,
        evidence::{self, Mark, Reading, said as words},
        forward::Forward,
        freshness::{Standing, standing},
        metrics, number,
        price::Loss,
        reset,
        state::{Open, Panel, State},
    },
    domain::{
        panel::{PanelKind, Side},
        verdict::{Verdict, Word},
    },
    headless::status::text as release,
};

/// Columns that a panel's name may take; a longer one pushes its own line only.
const NAME: usize = 34;

/// The word, why, every panel, and what else speaks for or against going on.
pub(super) fn paragraph(told: &Told) -> String {
    let Told { state, open, release, forward: Forward { answer, numbers, notes, .. } } = told;
    let mut out = format!(
        "{} {}  {}  {}  {}{}\n",
        glyph(answer.word),
        answer.word,
        release.id.target,
        release::versions(release),
        release.phase.word(),
        release::at(release),
    );
    for why in &answer.why {
        let _ = writeln!(out, "  {why}");
    }
    if numbers.word != answer.word {
        let _ = writeln!(out, "  the numbers alone: {}", said(numbers));
    }
    for note in notes {
        let _ = writeln!(out, "  ! {note}");
    }
    for line in panels(state, open, |_| true) {
        let _ = writeln!(out, "  {line}");
    }
    for wrong in &open.wrong {
        let _ = writeln!(out, "  ! {}: {}", wrong.origin, wrong.why);
    }
    for (name, line) in beside(told) {
        let _ = writeln!(out, "  {name:<11} {line}");
    }
    out
}

/// `NO-GO orders ×0.41 (0.28–0.57)`.
#[must_use]
pub fn said(verdict: &Verdict) -> String {
    match verdict.why.first() {
        Some(why) => format!("{} {why}", verdict.word),
        None => verdict.word.to_string(),
    }
}

/// What stands before a verdict.
#[must_use]
pub const fn glyph(word: Word) -> &'static str {
    match word {
        Word::Go => "✓",
        Word::NoGo => "✗",
        Word::Collecting => "◔",
        Word::Unknown => "?",
    }
}

/// A line for each panel whose mark is `wanted`, the most urgent first, critical ones before others like them.
#[must_use]
pub fn panels(state: &State, open: &Open, wanted: impl Fn(Mark) -> bool) -> Vec<String> {
    let marked = open.panels.iter().map(|panel| (metrics::mark(state, panel), panel));
    let mut shown: Vec<(Mark, &Panel)> = marked.filter(|(mark, _)| wanted(*mark)).collect();
    shown.sort_by_key(|(mark, panel)| (*mark, !panel.spec.critical));
    let name = |panel: &Panel| panel.spec.name.chars().count();
    let width = open.panels.iter().map(name).filter(|width| *width <= NAME).max().unwrap_or_default();
    shown.into_iter().map(|(mark, panel)| line(state, panel, mark, width)).collect()
}

/// Whether a panel with this mark calls for somebody.
#[must_use]
pub const fn is_wrong(mark: Mark) -> bool {
    match mark {
        Mark::Regression | Mark::Look => true,
        Mark::Unknown | Mark::Collecting | Mark::Weak | Mark::Good => false,
    }
}

/// `✗ orders  386 vs 941  ×0.41 (0.28–0.57)  since 14:02:10  n 440 vs 4,093  4s old`.
fn line(state: &State, panel: &Panel, mark: Mark, width: usize) -> String {
    let reading = evidence::reading(panel);
    let mut parts = vec![format!("{} {:<width$}", mark.glyph(), panel.spec.name.as_str())];
    let ratio = words::ratio(reading);
    // The word alone, and numbers that stand already, are no reasons.
    let word = reading.verdict.word.to_string();
    let is_said = |why: &str| why.is_empty() || why.eq_ignore_ascii_case(&word) || Some(why) == ratio.as_deref();
    let why: Vec<String> = reading.verdict.why.iter().filter(|why| !is_said(why)).map(ToString::to_string).collect();
    if mark == Mark::Unknown && reading.mark != Mark::Unknown {
        parts.push("its source is silent".to_owned());
    } else if mark == Mark::Unknown {
        parts.extend(why);
    } else {
        parts.extend(values(panel, reading));
        parts.extend(ratio);
        parts.extend(why);
        if mark == Mark::Collecting {
            parts.extend(words::progress(state, panel));
        }
        parts.extend(words::since(state, panel).map(|at| format!("since {at}")));
        if panel.spec.kind.counts_exposures() {
            let (canary, baseline) = (reading.canary.exposures, reading.baseline.exposures);
            parts.push(format!("n {} vs {}", number::count(canary), number::count(baseline)));
        }
        if reading.dispersion.is_some_and(|spread| !spread.calibrated) {
            parts.push("uncalibrated".to_owned());
        }
    }
    parts.extend(state.age_of(panel).map(|age| format!("{age} old")));
    parts.join("  ")
}

/// Canary against baseline, or now against before.
fn values(panel: &Panel, reading: &Reading) -> Option<String> {
    let (now, before) = (reading.value(Side::Canary), reading.value(Side::Baseline));
    now.or(before)?;
    Some(match panel.spec.kind {
        PanelKind::Ratio { .. } | PanelKind::Rate { .. } | PanelKind::Latency { .. } | PanelKind::Value { .. } => {
            format!("{} vs {}{}", words::number(panel, now), words::number(panel, before), words::unit(panel))
        }
        PanelKind::Shared { .. } => {
            format!("{} now, {} before", words::value(panel, now), words::value(panel, before))
        }
        PanelKind::Analysis { .. } => format!("{} now", words::value(panel, now)),
    })
}

/// What belongs beside the panels, each with its name.
fn beside(told: &Told) -> Vec<(&'static str, String)> {
    let Told { state, open, release, .. } = told;
    let mut lines = Vec::new();
    lines.extend(traffic(told).map(|text| ("traffic", text)));
    lines.extend(open.budgets.iter().map(|budget| ("budget", spent(state, budget))));
    let losses = open.panels.iter().filter_map(|panel| Some((panel, evidence::reading(panel).loss.as_ref()?)));
    let decided = open.panels.iter().filter_map(|panel| Some((panel, words::decided(state, panel)?)));
    lines.extend(decided.map(|(panel, how)| ("evidence", format!("{}: {how}", panel.spec.name))));
    let resets = open.panels.iter().flat_map(|panel| reset::held(state, panel).map(move |reset| (panel, reset)));
    lines.extend(
        resets.map(|(panel, reset)| ("set aside", format!("{} {}", panel.spec.name, reset::words_of(state, reset)))),
    );
    lines.extend(losses.map(|(panel, loss)| ("cost", cost(panel, loss))));
    if let Some(standing) = controller::standing(open) {
        lines.push(("controller", format!("{}; {}", standing.reading(), standing.verdict())));
    }
    for source in &state.sources {
        if let Standing::Lost(why, _) = standing(state, source) {
            lines.push(("no contact", format!("{}: {}", source.name, why.summary)));
        }
    }
    lines.extend(release.missing.iter().map(|missing| ("not seen", missing.to_string())));
    lines
}

/// `10 % set, 9.7 % seen of 4,533`.
fn traffic(told: &Told) -> Option<String> {
    let percent = |percent: f64| format!("{} %", number::percent(percent));
    let weight = told.release.weight;
    let set = match (weight.set, weight.wanted) {
        (Some(set), _) => format!("{} set", percent(set)),
        (None, Some(wanted)) => format!("{} wanted", percent(wanted)),
        (None, None) => return None,
    };
    let seen = evidence::seen(told.open).map_or_else(String::new, |seen| {
        format!(", {} seen of {}", percent(seen.percent), number::count(seen.exposures))
    });
    Some(format!("{set}{seen}"))
}

/// `checkout 99.9 %: 41 % left of 30d, 3.0 % used since the release began, burns ×15.2 over 1h`.
fn spent(state: &State, budget: &Budget) -> String {
    let slo = &budget.slo;
    let said = match budget::reading(budget, state.second_at(&slo.source)) {
        budget::Reading::Unknown(why) => vec!["unknown".to_owned(), why],
        budget::Reading::Known { left, used, burning } => {
            let spent = (left <= 0.0).then(|| "SPENT".to_owned());
            let left = format!("{} left of {}", budget::share(left), budget::period(slo));
            let burning = burning.map(|(pair, rate)| budget::burns(pair, rate));
            [spent, Some(left), used.map(budget::used), burning].into_iter().flatten().collect()
        }
    };
    format!("{}: {}", budget::name(slo), said.join(", "))
}

/// `orders: ≈244 orders missing so far (178–298), +58/min, ≈10,248 EUR`.
fn cost(panel: &Panel, loss: &Loss) -> String {
    let parts = [Some(words::missing(panel, loss, false)), words::growing(loss), words::money(loss)];
    format!("{}: {}", panel.spec.name, parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}
