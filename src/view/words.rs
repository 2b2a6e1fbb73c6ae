//! The words and glyphs of the screen for what the domain knows. State is always glyph and word, never colour alone.

use chrono::{DateTime, Utc};

use super::widget::row::{Row, fit};
use crate::{
    core::{
        evidence::{self, Mark},
        freshness::{self, Pace, Standing},
        guard::ATTEMPTS,
        metrics::Tally,
        number,
        pulse::Life,
        settings::Environment,
        state::{Open, Source, State},
        urgency::{self, Urgency},
    },
    domain::{
        goal::Permission,
        guard::{GuardState, Heartbeat},
        health::Health,
        release::{Phase, Release, WaitingOn},
        revision::{Revision, RevisionHealth, Tag},
        step::{StepKind, StepState},
        time::Seconds,
        verdict::{Verdict, Word},
    },
    theme::Role,
};

/// Glyph and role of a phase.
#[must_use]
pub fn phase(release: &Release) -> (&'static str, Role) {
    match release.phase {
        Phase::Healthy => ("✓", Role::Good),
        Phase::Progressing => ("►", Role::Progress),
        Phase::Paused => ("‖", Role::Paused),
        Phase::Degraded => ("✗", Role::Bad),
        Phase::Unknown => ("?", Role::Unknown),
    }
}

#[must_use]
pub const fn urgency(urgency: Urgency) -> (&'static str, Role, &'static str) {
    match urgency {
        Urgency::NoGo => ("✗", Role::Bad, "NO-GO"),
        Urgency::Trouble => ("✗", Role::Bad, "in trouble"),
        Urgency::Person => ("‖", Role::Paused, "waiting for a person"),
        Urgency::Unclear => ("?", Role::Unknown, "unclear"),
        Urgency::Moving => ("►", Role::Progress, "moving"),
        Urgency::Resting => ("✓", Role::Good, "resting"),
    }
}

#[must_use]
pub const fn step(state: StepState, kind: &StepKind) -> (&'static str, Role) {
    match (state, kind) {
        (StepState::Done, _) => ("✓", Role::Good),
        (StepState::Current, StepKind::Wait | StepKind::Person) => ("‖", Role::Paused),
        (StepState::Current, _) => ("►", Role::Progress),
        (StepState::Ahead, _) => ("·", Role::Muted),
        (StepState::Skipped, _) => ("–", Role::Muted),
        (StepState::Failed, _) => ("✗", Role::Bad),
    }
}

/// Glyph and role of a verdict.
#[must_use]
pub const fn verdict(word: Word) -> (&'static str, Role) {
    match word {
        Word::NoGo => ("✗", Role::Bad),
        Word::Unknown => ("?", Role::Unknown),
        Word::Collecting => ("◔", Role::Collecting),
        Word::Go => ("✓", Role::Good),
    }
}

/// Glyph and role of what is said of one panel.
#[must_use]
pub const fn mark(mark: Mark) -> (&'static str, Role) {
    let role = match mark {
        Mark::Regression => Role::Bad,
        Mark::Look => Role::Warn,
        Mark::Unknown => Role::Unknown,
        Mark::Collecting => Role::Collecting,
        Mark::Weak => Role::Muted,
        Mark::Good => Role::Good,
    };
    (mark.glyph(), role)
}

/// Complete counts: `1✗ 1? 4◔`.
#[must_use]
pub fn tally(tally: &Tally) -> Row {
    tally.iter().fold(Row::new(), |row, (of, count)| {
        let (glyph, role) = mark(*of);
        let row = if row.is_empty() { row } else { row.gap(1) };
        row.put(role, format!("{count}{glyph}"))
    })
}

#[must_use]
pub const fn permission(permission: &Permission) -> (&'static str, Role) {
    match permission {
        Permission::Yes => ("✓ allowed", Role::Good),
        Permission::No(_) => ("✗ denied", Role::Bad),
        Permission::Checking => ("? permission is being checked", Role::Unknown),
    }
}

#[must_use]
pub const fn tag(tag: Tag) -> &'static str {
    match tag {
        Tag::Stable => "stable",
        Tag::Canary => "canary",
        Tag::Active => "active",
        Tag::Preview => "preview",
        Tag::Ping => "ping",
        Tag::Pong => "pong",
    }
}

#[must_use]
pub const fn revision(health: RevisionHealth) -> (&'static str, Role) {
    match health {
        RevisionHealth::Healthy => ("✓", Role::Good),
        RevisionHealth::Progressing => ("►", Role::Progress),
        RevisionHealth::Degraded => ("✗", Role::Bad),
        RevisionHealth::ScaledDown => ("–", Role::Muted),
        RevisionHealth::Unknown => ("?", Role::Unknown),
    }
}

/// The word on the badge of an environment.
#[must_use]
pub const fn environment(environment: Environment) -> (&'static str, Role) {
    match environment {
        Environment::Prod => ("PROD", Role::BadgeProd),
        Environment::Staging => ("STAGING", Role::BadgeStaging),
        Environment::Dev => ("DEV", Role::BadgeDev),
        Environment::Unnamed => ("PROD?", Role::BadgeProd),
    }
}

/// `PROD` as a badge.
#[must_use]
pub fn badge(word: &str, role: Role) -> Row {
    Row::new().put(role, format!(" {word} "))
}

/// A version, or the number where there is none.
#[must_use]
pub fn version(revision: &Revision) -> String {
    match (revision.version.as_str(), revision.number) {
        ("", Some(number)) => format!("revision {number}"),
        ("", None) => revision.hash.to_string(),
        (version, _) => version.to_owned(),
    }
}

/// `canary 4.1.9 → 4.2.0`, or the one version where nothing moves.
#[must_use]
pub fn versions(release: &Release) -> String {
    match (release.stable().map(version), release.newest()) {
        (Some(stable), Some(newest)) if !newest.is(Tag::Stable) => format!("{stable} → {}", version(newest)),
        (_, Some(newest)) => version(newest),
        (Some(stable), None) => stable,
        (None, None) => "no revision".to_owned(),
    }
}

/// What the versions are to each other, where that is not plain: `canary`, then perhaps `roll back`.
#[must_use]
pub fn strategy(release: &Release) -> Row {
    let row = Row::new().muted(release.strategy.word()).gap(1);
    if release.is_roll_back() { row.put(Role::Title, "roll back").gap(1) } else { row }
}

/// How it stands in a few words, for whoever looks at something else: `✗ NO-GO`, `✗ ABORTED, 100 % on 4.1.9`.
#[must_use]
pub fn now(open: &Open) -> String {
    let word = evidence::verdict(open).word;
    let says = format!("{} {word}", verdict(word).0);
    let Some(release) = &open.release else { return says };
    let stable = release.stable().map(version);
    match stable {
        _ if open.gone => "✗ GONE".to_owned(),
        Some(stable) if release.is_home() => format!("✗ ABORTED, 100 % on {stable}"),
        _ if release.aborted => "✗ ABORTED, on its way back".to_owned(),
        Some(stable) if urgency::urgency(release) == Urgency::Resting => format!("✓ HEALTHY, 100 % on {stable}"),
        Some(_) | None => says,
    }
}

/// What a release waits for, in a few words, with the time that counts.
#[must_use]
pub fn waits_for(release: &Release, now: DateTime<Utc>) -> Option<String> {
    if release.held {
        return Some("you (held)".to_owned());
    }
    if let Some(gate) = release.gates.first() {
        return Some(gate.waits_for.to_string());
    }
    Some(match release.waiting.as_ref()?.on {
        WaitingOn::Person => "you".to_owned(),
        WaitingOn::Timer(until) => format!("{} left", Seconds::between(now, until)),
        WaitingOn::Analysis => "analysis".to_owned(),
        WaitingOn::Pods => "pods".to_owned(),
        WaitingOn::Controller => "controller".to_owned(),
        WaitingOn::Inconclusive => "you: inconclusive".to_owned(),
    })
}

/// A time of day in the configured zone, rounded down to 5 s where nothing on screen counts by the second.
#[must_use]
pub fn clock(state: &State) -> String {
    let now = state.at.wall;
    let shown = match freshness::pace(state) {
        Pace::Second => now,
        Pace::Calm => now - chrono::TimeDelta::seconds(now.timestamp().rem_euclid(5)),
    };
    time_of_day(state, shown)
}

#[must_use]
pub fn time_of_day(state: &State, at: DateTime<Utc>) -> String {
    state.settings.zone.time_of_day(at)
}

/// `prom live`, `prom 14s`, `prom LOST 12s, next try 4s`, and `prom live ! clock +12s` where its clock is off; the next
/// try only where there is room.
#[must_use]
pub fn source(state: &State, source: &Source, roomy: bool) -> Row {
    let row = standing(state, source, roomy);
    match freshness::clock_off(source) {
        Some(ahead) => {
            let sign = if ahead > 0.0 { '+' } else { '−' };
            let off = format!("{}{sign}{}", if roomy { "! clock " } else { "!" }, Seconds(ahead.abs().round()));
            row.gap(1).put(Role::Warn, off)
        }
        None => row,
    }
}

fn standing(state: &State, source: &Source, roomy: bool) -> Row {
    let name = if source.short.is_empty() { source.name.to_string() } else { source.short.to_string() };
    let row = Row::new().muted(name).gap(1);
    match freshness::standing(state, source) {
        Standing::Connecting => row.put(Role::Unknown, "connecting"),
        Standing::Live(age) => match freshness::shown(age) {
            None => row.put(Role::Good, "live"),
            Some(age) => row.text(age.to_string()),
        },
        Standing::Stale(age) => row.put(Role::Bad, format!("SILENT {}", coarse(age))),
        Standing::Lost(_, age) => {
            let since = age.map(|age| format!(" {}", coarse(age))).unwrap_or_default();
            let next = match &source.health {
                Health::Lost { retry_in_ms, .. } if roomy => format!(", next try {}", millis(*retry_in_ms)),
                Health::Lost { .. } | Health::Connecting | Health::Live => String::new(),
            };
            row.put(Role::Bad, format!("LOST{since}{next}"))
        }
    }
}

/// `guard operator 6s`, `guard LOST 40s`, `guard acting 2/5`: who else would roll back, and whether they live.
#[must_use]
pub fn guard(sign: &Heartbeat, life: Life, roomy: bool) -> Row {
    let row = Row::new().muted(if roomy { "guard: " } else { "guard " });
    let ago = |age: Seconds| format!("{}{}", Seconds(age.0.floor()), if roomy { " ago" } else { "" });
    let by = |row: Row| if roomy { row.text(sign.by.to_string()).text(", ") } else { row };
    if let GuardState::Ended(why) = &sign.state {
        let row = row.muted("ended");
        return if roomy { row.muted(format!(": {}", fit(why, 40))) } else { row };
    }
    match (life, &sign.state) {
        (Life::Lost(age), _) => row.put(Role::Bad, format!("LOST {}", Seconds(age.0.floor()))),
        (Life::Unseen(age), _) => {
            let word = if roomy { "not seen for " } else { "" };
            by(row).put(Role::Unknown, format!("? {word}{}", Seconds(age.0.floor())))
        }
        (Life::Unheard, _) => by(row).put(Role::Unknown, if roomy { "? next sign awaited" } else { "?" }),
        (Life::Alive(_), GuardState::Acting(attempt)) => row.put(Role::Bad, format!("ACTING {attempt}/{ATTEMPTS}")),
        (Life::Alive(age), GuardState::Blind(why)) => {
            let row = row.put(Role::Warn, "BLIND");
            if roomy { row.text(format!(": {}", fit(why, 40))) } else { row.gap(1).text(ago(age)) }
        }
        (Life::Alive(age), GuardState::Watching | GuardState::Ended(_)) => by(row).put(Role::Good, ago(age)),
    }
}

/// An age that is past being live, in steps that do not flicker.
#[must_use]
pub fn coarse(age: Seconds) -> Seconds {
    freshness::shown(age).unwrap_or(Seconds(age.0.floor()))
}

#[must_use]
pub fn millis(millis: u64) -> Seconds {
    #[expect(clippy::cast_precision_loss, reason = "lengths of waits are small")]
    Seconds((millis as f64 / 1000.0).ceil())
}

/// How old the opened release's own data is, where it cannot be called live.
#[must_use]
pub fn staleness(state: &State, open: &Open) -> Option<String> {
    let source = state.source(&open.target.source)?;
    let age = match freshness::standing(state, source) {
        Standing::Connecting => None,
        Standing::Live(age) | Standing::Stale(age) => Some(age),
        Standing::Lost(_, age) => age,
    };
    let silent = matches!(freshness::standing(state, source), Standing::Stale(_) | Standing::Lost(..));
    let lost = matches!(open.health, Health::Lost { .. });
    (silent || lost).then(|| match age {
        Some(age) => format!("STALE {}", coarse(age)),
        None => "STALE".to_owned(),
    })
}

/// A verdict's first reason.
#[must_use]
pub fn why(verdict: &Verdict) -> &str {
    verdict.why.first().map_or("", |why| why.as_str())
}

/// The weight on the new revision as told, in percent.
#[must_use]
pub fn weight(release: &Release) -> Option<String> {
    release.weight.set.or(release.weight.wanted).map(|percent| format!("{} %", number::percent(percent)))
}

/// An age in its largest unit: `6m`, `3d`.
#[must_use]
pub fn age(age: Seconds) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, saturates")]
    let whole = age.0.max(0.0) as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3_600 => format!("{}m", whole / 60),
        3_600..86_400 => format!("{}h", whole / 3_600),
        _ => format!("{}d", whole / 86_400),
    }
}
