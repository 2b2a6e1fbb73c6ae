//! A release for people who read a terminal without a screen: one line, or the few that matter.

use std::fmt::Write as _;

use crate::{
    core::{
        evidence::{self, said},
        number,
        state::{Open, Panel},
    },
    domain::{
        goal::{Answer, Permission},
        guard::{GuardState, Heartbeat},
        panel::PanelKind,
        release::{Phase, Release, WaitingOn},
        time::At,
        verdict::{Verdict, Word},
        way_back::Means,
    },
};

/// `source/namespace/name phase step weight versions verdict`, in this order, for `grep` and prompts.
#[must_use]
pub fn line(release: &Release, open: Option<&Open>) -> String {
    let verdict = verdict(open);
    let why = verdict.why.first().map_or_else(String::new, |why| format!(" {why}"));
    format!(
        "{} {}{}{} {} {}{why}",
        release.id.target,
        release.phase.word(),
        place(release).map_or_else(String::new, |place| format!(" {place}")),
        weight(release).map_or_else(String::new, |weight| format!(" {weight}")),
        versions(release),
        verdict.word,
    )
}

/// The state, what is wrong, the way back and what each act would do.
#[must_use]
pub fn paragraph(release: &Release, open: Option<&Open>, at: At) -> String {
    let mut out = format!("{}  {} {}\n", release.id.target, release.strategy.word(), versions(release));
    let (glyph, phase) = match release.phase {
        Phase::Healthy => ("✓", "healthy"),
        Phase::Progressing => ("►", "progressing"),
        Phase::Paused => ("‖", "paused"),
        Phase::Degraded => ("✗", "degraded"),
        Phase::Unknown => ("?", "unknown"),
    };
    let _ = write!(out, "  {glyph} {phase}");
    let weight = weight(release).map(|weight| format!("at {weight}"));
    for part in [place(release), weight, waiting(release, at)].into_iter().flatten() {
        let _ = write!(out, " {part}");
    }
    if !release.message.is_empty() {
        let _ = write!(out, " · {}", release.message);
    }
    out.push('\n');
    let verdict = verdict(open);
    let why: Vec<_> = verdict.why.iter().map(ToString::to_string).collect();
    let glyph = match verdict.word {
        Word::NoGo => "✗",
        Word::Go => "✓",
        Word::Collecting => "◔",
        Word::Unknown => "?",
    };
    let _ = writeln!(out, "  {glyph} {} {}", verdict.word, why.join(", "));
    for panel in open.iter().flat_map(|open| &open.panels) {
        let _ = writeln!(out, "    {}", line_of(panel));
    }
    for wrong in open.iter().flat_map(|open| &open.wrong) {
        let _ = writeln!(out, "    ? {} ({})", wrong.why, wrong.origin);
    }
    let _ = writeln!(out, "  ↩ {}", way_back(release));
    if let Some(sign) = &release.guard {
        let _ = writeln!(out, "  {}", guard(sign, at));
    }
    for blocker in &release.blockers {
        let _ = writeln!(out, "  ! {blocker}");
    }
    for offer in &release.offers {
        let text = match &offer.answer {
            Answer::Denied(denied) => format!("no: {denied}"),
            Answer::Plan(plan) => match &plan.permission {
                Permission::No(why) => format!("no: {why}"),
                Permission::Yes | Permission::Checking => plan.customers.to_string(),
            },
        };
        let _ = writeln!(out, "    {:13} {text}", offer.goal);
    }
    for missing in &release.missing {
        let _ = writeln!(out, "  ? not seen: {missing}");
    }
    out
}

/// `✗ orders: 386 vs 941 per 1,000 checkouts ×0.41 (0.28–0.57), ≈244 orders missing so far (178–298)`.
fn line_of(panel: &Panel) -> String {
    let reading = evidence::reading(panel);
    let per = |value: Option<f64>| value.map_or("–".to_owned(), |value| number::value(value * panel.spec.per));
    let numbers = match panel.spec.kind {
        PanelKind::Ratio { .. } | PanelKind::Rate { .. } | PanelKind::Latency { .. } => {
            format!("{} vs {}", per(reading.canary.rate()), per(reading.baseline.rate()))
        }
        PanelKind::Value { .. } => format!("{} vs {}", per(reading.levels.now), per(reading.levels.before)),
        PanelKind::Shared { .. } => format!("{}, before {}", per(reading.levels.now), per(reading.levels.before)),
        PanelKind::Analysis { .. } => per(reading.levels.now),
    };
    let unit = if panel.spec.unit.is_empty() { String::new() } else { format!(" {}", panel.spec.unit) };
    let ratio = said::ratio(reading).map(|ratio| format!(" {ratio}")).unwrap_or_default();
    let mut text = format!("{} {}: {numbers}{unit}{ratio}", reading.mark.glyph(), panel.spec.name);
    match &reading.loss {
        Some(loss) => {
            let _ = write!(text, ", {}", said::missing(panel, loss, false));
            text.extend(said::growing(loss).map(|growing| format!(", {growing}")));
        }
        None => {
            let _ = write!(text, " · {}", said::reasons(reading));
        }
    }
    text
}

/// A single look cannot tell whether it lives: the age is by its own clock.
fn guard(sign: &Heartbeat, at: At) -> String {
    let doing = match &sign.state {
        GuardState::Watching => "watches".to_owned(),
        GuardState::Blind(why) => format!("cannot act: {why}"),
        GuardState::Acting(attempt) => format!("takes it back, try {attempt}"),
        GuardState::Ended(why) => return format!("guard of {} on {} has ended: {why}", sign.by, sign.host),
    };
    format!("guard of {} on {} {doing}; last sign {} ago by its clock", sign.by, sign.host, at.since(sign.beat))
}

fn verdict(open: Option<&Open>) -> Verdict {
    open.map_or_else(|| Verdict::unknown("not watched"), evidence::verdict)
}

fn versions(release: &Release) -> String {
    let version = |revision: Option<&crate::domain::revision::Revision>| {
        revision.map_or_else(|| "?".to_owned(), |revision| revision.version.to_string())
    };
    if release.is_moving() {
        format!("{} → {}", version(release.stable()), version(release.newest()))
    } else {
        version(release.stable().or_else(|| release.newest()))
    }
}

fn place(release: &Release) -> Option<String> {
    release.current_step().map(|(index, _)| format!("{}/{}", index + 1, release.steps.len()))
}

fn weight(release: &Release) -> Option<String> {
    release.weight.set.or(release.weight.wanted).map(|percent| format!("{percent} %"))
}

fn waiting(release: &Release, at: At) -> Option<String> {
    let waiting = release.waiting.as_ref()?;
    let on = match &waiting.on {
        WaitingOn::Person => "for a person".to_owned(),
        WaitingOn::Timer(until) => {
            return Some(format!("for {} more", crate::domain::time::Seconds::between(at.wall, *until)));
        }
        WaitingOn::Analysis => "for an analysis".to_owned(),
        WaitingOn::Pods => "for pods".to_owned(),
        WaitingOn::Controller => "for the controller".to_owned(),
        WaitingOn::Inconclusive => "for a person, the analysis is inconclusive".to_owned(),
    };
    let since = waiting.since.map_or_else(String::new, |since| format!("{} ", at.since(since)));
    Some(format!("waiting {since}{on}"))
}

fn way_back(release: &Release) -> String {
    let way = &release.way_back;
    if let Means::None(why) = &way.means {
        return format!("no way back: {why}");
    }
    let version = way.version.as_ref().map_or("?", |version| version);
    let length = way.seconds.map_or_else(|| "?".to_owned(), |length| format!("≈{length}"));
    let allowed = match &way.permission {
        Permission::Yes => "allowed".to_owned(),
        Permission::No(why) => format!("not allowed: {why}"),
        Permission::Checking => "permission unknown".to_owned(),
    };
    format!("way back {version} by {} in {length}, {allowed}", way.means.word().replace('_', " "))
}
