//! What the numbers of a release say, as JSON. `status` and `verdict` tell the same objects, whose fields stand in
//! `docs/json.md`; they only ever grow.

use serde_json::{Value, json};

use crate::{
    core::{
        budget::{self, Budget},
        controller,
        evidence::{self, Reading},
        freshness::{Standing, standing},
        metrics,
        price::{Estimate, Loss},
        reset,
        state::{Open, Panel, State},
    },
    domain::{
        analysis::Check,
        condition::Sample,
        panel::{Side, Worth},
        release::Release,
        series::Counts,
        time::Seconds,
        verdict::Verdict,
    },
    judge::{Rules, split::SplitStanding},
};

/// A verdict with its reasons.
#[must_use]
pub fn verdict(verdict: &Verdict) -> Value {
    json!({"value": verdict.word, "why": verdict.why})
}

/// One panel with everything that was said of it.
#[must_use]
pub fn panel(state: &State, panel: &Panel) -> Value {
    let (spec, reading) = (&panel.spec, evidence::reading(panel));
    let finding = panel.evidence.finding.as_ref();
    let rules = panel.evidence.judge.as_ref().map(|judge| judge.rules());
    let at = |second: i64| state.wall_of(&spec.source, second);
    let per = |side| reading.value(side).map(|value| value * spec.per);
    json!({
        "name": spec.name, "kind": spec.kind.word(), "group": spec.group, "origin": spec.origin,
        "critical": spec.critical, "business": spec.business,
        "better": spec.better,
        "tolerance": spec.tolerance, "unit": spec.unit, "per": spec.per,
        "verdict": reading.verdict.word, "why": reading.verdict.why, "mark": metrics::mark(state, panel).word(),
        "canary": per(Side::Canary), "baseline": per(Side::Baseline),
        "canary_events": reading.canary.events, "canary_exposures": reading.canary.exposures,
        "baseline_events": reading.baseline.events, "baseline_exposures": reading.baseline.exposures,
        "counts": {"canary": counts(reading.canary), "baseline": counts(reading.baseline), "ticks": reading.ticks},
        "ratio": ratio(reading),
        "log_e_harm": finding.map(|finding| finding.log_e_harm),
        "log_e_safe": finding.map(|finding| finding.log_e_safe),
        "log_e_harm_needed": rules.map(|rules| rules.harm_bar(rules.alpha_nogo)),
        "log_e_safe_needed": rules.map(Rules::safe_bar),
        "found_at": finding.and_then(|finding| finding.latched_at).map(at),
        "levels": {
            "before": reading.levels.before.map(|level| level * spec.per),
            "now": reading.levels.now.map(|level| level * spec.per),
        },
        "since": reading.since.map(at),
        "silent": reading.silent,
        "calibrated": reading.dispersion.map(|spread| spread.calibrated),
        "phi": reading.dispersion.map(|spread| spread.phi),
        "forecast": reading.forecast.map(|forecast| json!({
            "done": forecast.progress.map(|progress| progress.done),
            "of": forecast.progress.map(|progress| progress.of),
            "ready_at": forecast.progress.map(|progress| at(progress.ready_at)),
            "blind_seconds": forecast.blind.map(|blind| blind.0),
            "enough_weight": forecast.enough_weight,
        })),
        "loss": reading.loss.as_ref().map(|lost| loss(state, panel, lost)),
        "set_aside": reset::held(state, panel).next().map(|reset| json!({
            "at": reset.at, "by": reset.by, "found": reset.found, "reason": reset.reason,
        })),
        "age_seconds": state.age_of(panel).map(|age| age.0),
    })
}

fn counts(counts: Counts) -> Value {
    json!({"events": counts.events, "exposures": counts.exposures})
}

/// Low, most likely, high; each null where it is not known.
fn ratio(reading: &Reading) -> Option<[Option<f64>; 3]> {
    let (low, high) = reading.interval.map_or((None, None), |interval| (Some(interval.low), Some(interval.high)));
    (reading.ratio.is_some() || low.is_some()).then_some([low, reading.ratio, high])
}

/// Events that were lost, and what they are worth where somebody said so.
fn loss(state: &State, panel: &Panel, loss: &Loss) -> Value {
    json!({
        "so_far": estimate(&loss.so_far, 1.0),
        "per_minute": loss.per_minute.as_ref().map(|lost| estimate(lost, 1.0)),
        "since": state.wall_of(&panel.spec.source, loss.since),
        "money": loss.worth.as_ref().map(|worth| money(loss, worth)),
    })
}

fn money(loss: &Loss, worth: &Worth) -> Value {
    json!({
        "currency": worth.currency,
        "so_far": estimate(&loss.so_far, worth.amount),
        "per_minute": loss.per_minute.as_ref().map(|lost| estimate(lost, worth.amount)),
    })
}

/// Least, most likely, most; null where there is no upper end.
fn estimate(estimate: &Estimate, each: f64) -> [Option<f64>; 3] {
    [Some(estimate.least * each), Some(estimate.likely * each), estimate.most.map(|most| most * each)]
}

/// Percent of customers on the new revision: wanted by the spec, set at the router, verified by it, seen in the traffic.
#[must_use]
pub fn weight(release: &Release, open: Option<&Open>) -> Value {
    let weight = &release.weight;
    json!({
        "wanted": weight.wanted, "set": weight.set, "verified": weight.verified,
        "seen": open.and_then(evidence::seen).map(|seen| seen.percent),
    })
}

/// What every regressed panel has cost, by its name.
#[must_use]
pub fn losses(state: &State, open: &Open) -> Value {
    let priced = open.panels.iter().filter_map(|panel| {
        let mut told = loss(state, panel, evidence::reading(panel).loss.as_ref()?);
        told["panel"] = json!(panel.spec.name);
        Some(told)
    });
    priced.collect()
}

/// Whether the router does what it was told; null where that is not watched.
#[must_use]
pub fn split(open: &Open) -> Value {
    let Some(watched) = &open.split else { return Value::Null };
    let Some(finding) = evidence::split(open) else { return Value::Null };
    let standing = match finding.standing {
        SplitStanding::Holds => "holds",
        SplitStanding::TooMuch => "too-much",
        SplitStanding::TooLittle => "too-little",
        SplitStanding::Collecting => "collecting",
        SplitStanding::Unseen => "unseen",
    };
    json!({
        "standing": standing, "set": finding.set * 100.0, "seen": finding.seen.map(|share| share * 100.0),
        "exposures": finding.exposures, "panel": watched.panel,
    })
}

/// An error budget. Null where nothing may be said; `left`, `used` and `burning` are shares of the period's budget
/// and a multiple.
#[must_use]
pub fn budget(state: &State, budget: &Budget) -> Value {
    let slo = &budget.slo;
    let (left, used, burning, why) = match budget::reading(budget, state.second_at(&slo.source)) {
        budget::Reading::Known { left, used, burning } => (Some(left), used, burning.map(|(_, rate)| rate), None),
        budget::Reading::Unknown(why) => (None, None, None, Some(why)),
    };
    json!({
        "name": slo.name, "objective": slo.objective, "period_seconds": slo.period,
        "left": left, "used": used, "burning": burning, "unknown": why,
    })
}

/// What the backend's own analysis reads and would say now; null where it has none.
#[must_use]
pub fn controller(open: &Open) -> Value {
    let Some(standing) = controller::standing(open) else { return Value::Null };
    json!({
        "at": standing.at, "reads": standing.reads, "now": standing.now, "because": standing.because,
        "cautions": standing.cautions, "text": format!("{}; {}", standing.reading(), standing.verdict()),
    })
}

/// One metric of the backend's own analysis: its rules, and what they make of the newest value.
#[must_use]
pub fn check(open: &Open, check: &Check) -> Value {
    let measured = check.measured.last();
    let newest = controller::newest(open, check);
    json!({
        "name": check.name, "template": check.template, "provider": check.provider,
        "query": check.query, "unresolved": check.unresolved,
        "success": check.success, "failure": check.failure, "dry_run": check.dry_run,
        "phase": check.phase,
        "measured": measured.map(|measured| json!({
            "at": measured.at, "value": measured.value, "phase": measured.phase,
        })),
        "value": newest,
        "now": newest.map(|value| check.outcome(Sample::Value(value))),
    })
}

/// How every source of the run stands.
#[must_use]
pub fn sources(state: &State) -> Value {
    let one = |source| match standing(state, source) {
        Standing::Connecting => ("connecting", None),
        Standing::Live(age) => ("live", Some(age)),
        Standing::Stale(age) => ("stale", Some(age)),
        Standing::Lost(_, age) => ("lost", age),
    };
    let told = state.sources.iter().map(|source| {
        let (word, age) = one(source);
        json!({"name": source.name.to_string(), "state": word, "age_seconds": age.map(|Seconds(age)| age)})
    });
    told.collect()
}
