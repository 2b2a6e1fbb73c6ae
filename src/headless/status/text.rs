//! A release for people who read a terminal without a screen: one line, or the few that matter.

use std::fmt::Write as _;

use crate::{
    core::{
        forward, number,
        state::{Open, State},
    },
    domain::{
        goal::{Answer, Permission},
        guard::{GuardState, Heartbeat},
        release::{Phase, Release, WaitingOn},
        time::At,
        verdict::Verdict,
        way_back::Means,
    },
    headless::verdict::text as numbers,
};

/// `source/namespace/name phase step weight versions verdict`, in this order, for `grep` and prompts.
#[must_use]
pub fn line(state: &State, release: &Release, open: Option<&Open>) -> String {
    let verdict = verdict(state, release, open);
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

/// The verdict and what is wrong, the state, the way back, what each act would do, and what is not wrong.
#[must_use]
pub fn paragraph(state: &State, release: &Release, open: Option<&Open>) -> String {
    let at = state.at;
    let mut out = format!("{}  {} {}\n", release.id.target, release.strategy.word(), versions(release));
    let verdict = verdict(state, release, open);
    let why: Vec<_> = verdict.why.iter().map(ToString::to_string).collect();
    let _ = writeln!(out, "  {} {} {}", numbers::glyph(verdict.word), verdict.word, why.join(", "));
    let panels = |out: &mut String, wrong: bool| {
        let wanted = |mark| numbers::is_wrong(mark) == wrong;
        for line in open.map(|open| numbers::panels(state, open, wanted)).unwrap_or_default() {
            let _ = writeln!(out, "    {line}");
        }
    };
    panels(&mut out, true);
    let _ = write!(out, "  {} {}{}", glyph(release.phase), release.phase.word(), self::at(release));
    if let Some(waiting) = waiting(release, at) {
        let _ = write!(out, " {waiting}");
    }
    if !release.message.is_empty() {
        let _ = write!(out, " · {}", release.message);
    }
    out.push('\n');
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
    panels(&mut out, false);
    for missing in &release.missing {
        let _ = writeln!(out, "  ? not seen: {missing}");
    }
    out
}

/// What stands before a phase.
pub(in crate::headless) const fn glyph(phase: Phase) -> &'static str {
    match phase {
        Phase::Healthy => "✓",
        Phase::Progressing => "►",
        Phase::Paused => "‖",
        Phase::Degraded => "✗",
        Phase::Unknown => "?",
    }
}

/// ` 4/8 at 10 %`, as far as it is known.
pub(in crate::headless) fn at(release: &Release) -> String {
    let weight = weight(release).map(|weight| format!(" at {weight}"));
    let place = place(release).map(|place| format!(" {place}"));
    [place, weight].into_iter().flatten().collect()
}

/// A single look cannot tell whether it lives: the age is by its own clock.
fn guard(sign: &Heartbeat, at: At) -> String {
    let doing = match &sign.state {
        GuardState::Watching => "watches".to_owned(),
        GuardState::Blind(why) => format!("cannot act: {why}"),
        GuardState::Acting(attempt) => format!("takes it back, try {attempt}"),
        GuardState::Ended(why) => return format!("guard of {} on {} has ended: {why}", sign.by, sign.host),
    };
    format!("guard of {} on {} {doing}; last heartbeat {} ago by its clock", sign.by, sign.host, at.since(sign.beat))
}

fn verdict(state: &State, release: &Release, open: Option<&Open>) -> Verdict {
    open.map_or_else(|| forward::unwatched(release), |_| forward::of(state)).answer
}

/// `4.1.9 → 4.2.0`, of a roll back `roll back 4.2.0 → 4.1.9`, or the one version where nothing moves.
pub(in crate::headless) fn versions(release: &Release) -> String {
    let version = |revision: Option<&crate::domain::revision::Revision>| {
        revision.map_or_else(|| "?".to_owned(), |revision| revision.version.to_string())
    };
    if release.is_moving() {
        let back = if release.is_roll_back() { "roll back " } else { "" };
        format!("{back}{} → {}", version(release.stable()), version(release.newest()))
    } else {
        version(release.stable().or_else(|| release.newest()))
    }
}

fn place(release: &Release) -> Option<String> {
    release.current_step().map(|(index, _)| format!("{}/{}", index + 1, release.steps.len()))
}

fn weight(release: &Release) -> Option<String> {
    release.weight.set.or(release.weight.wanted).map(|percent| format!("{} %", number::weight(percent)))
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
    let means = match &way.means {
        Means::Finish => "finishing it, all steps skipped,".to_owned(),
        means => means.word().replace('_', " "),
    };
    format!("way back {version} by {means} in {length}, {allowed}")
}
