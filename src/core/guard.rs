//! The rules of the guard: who may arm one, when it acts, when it does not and why, when it ends.
//!
//! Pure: what is known goes in as a `Sight`, what is to be done next comes out. It goes back only, from one revision
//! of one object only, and never on numbers that are missing.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    effect::WatchId,
    policy,
    state::{Act, Stage},
};
use crate::domain::{
    clean::Clean,
    failure::FailureKind,
    goal::{Denied, Direction, Permission},
    guard::{GuardState, Heartbeat, Outcome},
    journal::ActId,
    plan::Plan,
    release::{Release, ReleaseId},
    revision::Tag,
    target::Target,
    time::{At, Seconds},
    way_back::Means,
};

/// Most tries to take a release back.
pub const ATTEMPTS: u32 = 5;
/// Chance that a guard takes back a release that hurts nobody: stricter than NO-GO, which only a person reads.
pub const ALPHA: f64 = 0.01;
/// How long it stays after all traffic is on the new revision, for evidence that is still on its way.
pub const SOAK: Seconds = Seconds(15.0 * 60.0);
/// How long a mandate lasts at the most where nobody said.
pub const LASTS: Seconds = Seconds(24.0 * 3600.0);
/// The longest mandate: one that nobody remembers protects nobody.
pub const LONGEST: Seconds = Seconds(7.0 * 86_400.0);
/// Milliseconds to wait before the next try, after the first, second and third.
const BACK_OFF_MS: [u64; 3] = [2_000, 5_000, 10_000];
/// The same after every later one.
const LONGEST_REST_MS: u64 = 20_000;
/// Longest wait before the next try that a server may ask for, in milliseconds: customers are hurt meanwhile.
const LONGEST_ASKED_MS: u64 = 60_000;
/// How long a fresh read may take before a person has to know, in milliseconds.
pub(super) const READ_MS: u64 = 10_000;

/// What a guard may do: take this release back, until it has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mandate {
    /// This object and this revision only.
    pub release: ReleaseId,
    /// The guard's own error rate.
    pub alpha: f64,
    /// It ends this long after all traffic is on the new revision.
    pub soak: Seconds,
    /// It ends then at the latest.
    pub until: DateTime<Utc>,
}

/// What the process of a guard is told at its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Orders {
    pub mandate: Mandate,
    /// Tells this guard from others.
    pub id: Clean,
    pub host: Clean,
    /// The lost guard whose place it takes.
    pub over: Option<Clean>,
    /// Why it was armed, where somebody said.
    pub reason: Option<Clean>,
}

/// A guard that is to be started as a process of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    pub mandate: Mandate,
    pub reason: Clean,
}

/// What is heard of a guard's process that this run has started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// It runs; where it writes what it does.
    Started { target: Target, log: Clean },
    /// It ended while this run still looked: its exit code and the last it said.
    Ended { target: Target, code: Option<i32>, said: Clean },
    /// It could not be started.
    Failed { target: Target, why: Clean },
}

/// The guard that this run of the program is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    pub orders: Orders,
    /// Its newest heartbeat; sent when due or changed.
    pub sign: Heartbeat,
    pub duty: Duty,
    /// Tries so far.
    pub attempts: u32,
    /// The newest try.
    pub act: Option<ActId>,
    /// Monotonic time at which it last began to read the release anew; at first, of its orders.
    #[serde(default)]
    pub reads: u64,
    /// Monotonic time since when all traffic is on the new revision.
    pub promoted: Option<u64>,
    /// Its own sign was seen on the release.
    pub seen: bool,
    /// Monotonic time of the next sign.
    pub due: u64,
    /// The sign under way.
    pub beating: Option<Beating>,
    /// Why the last sign could not be left; none when it was.
    pub silent: Option<Clean>,
    /// It was told that it sees a regression and may not act.
    pub cried: bool,
    /// Monotonic time at which it ended.
    pub ended: Option<u64>,
    /// It has ended, and its last sign was not left yet.
    pub says_goodbye: bool,
}

/// A sign under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beating {
    pub act: ActId,
    /// Monotonic time of sending.
    pub since: u64,
    /// It says that the guard has ended.
    pub last: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Its first sign has not been taken.
    Arming,
    Watching,
    /// It saw a regression and reads the release anew through this watch.
    Reading(WatchId),
    /// A try was sent.
    Acting,
    /// It waits for the next try until this monotonic time.
    Resting(u64),
    Ended(End),
}

/// How a guard ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    pub outcome: Outcome,
    /// In words, for everyone who looks at the release.
    pub why: Clean,
}

/// What is known when the rules are asked.
#[derive(Debug)]
pub struct Sight<'a> {
    pub now: At,
    /// The release is watched, and its watch lives and has told everything.
    pub contact: bool,
    /// The watch whose news this is.
    pub watch: Option<WatchId>,
    pub gone: bool,
    /// As it was last seen.
    pub release: Option<&'a Release>,
    /// The way back as it is now.
    pub plan: Result<&'a Plan, Denied>,
    /// Critical panels that regressed at the guard's own error rate, in words, each with fresh data. What is missing
    /// or old is not in here.
    pub regressed: Vec<Clean>,
    /// Those that regressed by events that nothing counts: only a person can tell what that means.
    pub uncounted: Vec<Clean>,
    /// Why nothing critical can be judged now, if so.
    pub blind: Option<Clean>,
    /// The newest try.
    pub act: Option<&'a Act>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Nothing; this is what its sign says.
    Stay(GuardState),
    /// Read the release anew before the next try.
    Read,
    /// Send the way back as it is now, because of this.
    Act(Box<Plan>, Clean),
    /// Try again not before this monotonic time.
    Rest(u64),
    End(End),
}

/// Whether the way back is one that a guard may take.
///
/// # Errors
/// Why not.
pub fn may_take<'a>(plan: Result<&'a Plan, Denied>, means: &Means) -> Result<&'a Plan, Denied> {
    let plan = plan?;
    if policy::direction(plan) != Direction::Back {
        return Err(Denied::new("the way back moves customers onto code that is not known to have served everyone"));
    }
    if !plan.proven {
        return Err(Denied::new("nothing shows that what it leads back to has served everyone")
            .hint("a person has to look at that"));
    }
    match means {
        Means::Abort | Means::UndoFast | Means::KillSwitch | Means::SwitchBack => {}
        Means::UndoThroughSteps => {
            return Err(Denied::new("the way back leads through every step again").hint("a person has to decide"));
        }
        Means::Finish => {
            return Err(Denied::new("the way back is to finish a roll back").hint("a person has to decide"));
        }
        Means::None(why) => return Err(Denied::new(why.clone())),
    }
    match &plan.permission {
        Permission::Yes | Permission::Checking => Ok(plan),
        Permission::No(why) => Err(Denied::new(why.clone())),
    }
}

/// What a guard does next. Never acts but on a regression with fresh data, on its own revision, by a plan that was
/// just read, when nothing it sent before is still open.
#[must_use]
pub fn next(guard: &Guard, sight: &Sight<'_>) -> Next {
    if let Duty::Ended(_) = guard.duty {
        return Next::Stay(guard.sign.state.clone());
    }
    match sight.act.map(|act| &act.stage) {
        Some(Stage::Seen { at, .. }) => {
            let done = sight.act.map(|act| act.plan.expect.text.clone()).unwrap_or_default();
            return end(Outcome::RolledBack, format!("rolled back {}, {done}", at.format("%H:%M:%S UTC")));
        }
        // What was sent is sent: its effect is waited for, whatever else happens.
        Some(Stage::Sent | Stage::Accepted(_) | Stage::Unconfirmed(_)) => {
            return Next::Stay(GuardState::Acting(guard.attempts));
        }
        Some(Stage::Failed(_) | Stage::NoEffect { .. }) | None => {}
    }
    if let Some(end) = ended(guard, sight) {
        return Next::End(end);
    }
    if guard.duty == Duty::Arming {
        return Next::Stay(GuardState::Watching);
    }
    // The answer to a fresh read is on its way: nothing is known that was not known before.
    if let Duty::Reading(watch) = guard.duty
        && !(sight.contact && sight.watch == Some(watch))
    {
        let waits = sight.now.millis_since(guard.reads) < READ_MS;
        return match waits {
            true => Next::Stay(between_tries(guard)),
            false if sight.regressed.is_empty() => blind("no contact with the release"),
            false => blind("sees a regression, cannot read the release"),
        };
    }
    if !sight.contact {
        return blind("no contact with the release");
    }
    let way = may_take(sight.plan.clone(), sight.release.map_or(&Means::Abort, |release| &release.way_back.means));
    let plan = match way {
        Ok(plan) => plan,
        Err(denied) => return blind(format!("no way back: {denied}")),
    };
    if plan.release != guard.orders.mandate.release {
        return blind("the way back is another release's");
    }
    if sight.regressed.is_empty() {
        if let Some(uncounted) = sight.uncounted.first() {
            return blind(format!("sees a regression: {uncounted}"));
        }
        return Next::Stay(sight.blind.clone().map_or(GuardState::Watching, GuardState::Blind));
    }
    match (&guard.duty, failed(sight)) {
        (Duty::Reading(_), _) => Next::Act(Box::new(plan.clone()), because(&sight.regressed)),
        (Duty::Acting, Some(failure)) => Next::Rest(rest(guard, sight.now, failure)),
        (Duty::Resting(until), _) if *until > sight.now.mono => Next::Stay(between_tries(guard)),
        (Duty::Arming | Duty::Watching | Duty::Acting | Duty::Resting(_) | Duty::Ended(_), _) => Next::Read,
    }
}

/// What its sign says while it reads or rests.
const fn between_tries(guard: &Guard) -> GuardState {
    if guard.attempts == 0 { GuardState::Watching } else { GuardState::Acting(guard.attempts) }
}

/// Whether the mandate is over.
fn ended(guard: &Guard, sight: &Sight<'_>) -> Option<End> {
    let mandate = &guard.orders.mandate;
    let over = |outcome, why: String| Some(End { outcome, why: why.into() });
    if sight.gone {
        return over(Outcome::TakenBack, "the release was deleted".to_owned());
    }
    if let Some(release) = sight.release {
        // Until its own sign was seen there, another one is what was there before.
        if let Some(found) = release.guard.as_ref().filter(|_| guard.seen) {
            if found.id != guard.orders.id {
                return over(Outcome::Replaced, format!("{} on {} guards it now", found.by, found.host));
            }
            if let GuardState::Ended(why) = &found.state {
                return over(Outcome::StoodDown, why.to_string());
            }
        }
        let tried = sight.act.is_some_and(|act| matches!(act.stage, Stage::NoEffect { .. }));
        if release.id.uid != mandate.release.uid {
            return over(Outcome::Superseded, "the release was deleted and created anew".to_owned());
        }
        if release.id.revision != mandate.release.revision {
            return if tried {
                over(Outcome::Failed, "it was sent back, and the effect was not seen in time: look".to_owned())
            } else {
                over(Outcome::Superseded, "another revision came; the mandate was for one only".to_owned())
            };
        }
        if release.aborted && !tried {
            return over(Outcome::TakenBack, format!("somebody else took it back: {}", release.message));
        }
    }
    let soaked = guard.promoted.is_some_and(|since| sight.now.millis_since(since) >= millis(mandate.soak));
    if soaked {
        return over(Outcome::Completed, format!("all traffic for {} and nothing regressed", mandate.soak));
    }
    if sight.now.wall >= mandate.until {
        return over(Outcome::TimeOver, "its time is over".to_owned());
    }
    (guard.attempts >= ATTEMPTS)
        .then(|| End { outcome: Outcome::Failed, why: format!("{ATTEMPTS} tries without effect: look").into() })
}

/// Whether all traffic is on the new revision and nothing is on its way any more.
#[must_use]
pub fn is_out(release: &Release) -> bool {
    !release.aborted && release.newest().is_some_and(|newest| newest.is(Tag::Stable))
}

/// When the next try may come after one that was refused.
fn rest(guard: &Guard, now: At, failure: FailureKind) -> u64 {
    let tries = usize::try_from(guard.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let usual = BACK_OFF_MS.get(tries).copied().unwrap_or(LONGEST_REST_MS);
    let asked = failure.retry_after().map_or(0, millis).min(LONGEST_ASKED_MS);
    now.mono.saturating_add(usual.max(asked))
}

fn failed(sight: &Sight<'_>) -> Option<FailureKind> {
    match sight.act.map(|act| &act.stage) {
        Some(Stage::Failed(failure)) => Some(failure.kind),
        Some(
            Stage::Sent | Stage::Accepted(_) | Stage::Unconfirmed(_) | Stage::Seen { .. } | Stage::NoEffect { .. },
        )
        | None => None,
    }
}

fn because(regressed: &[Clean]) -> Clean {
    Clean::new(regressed.iter().map(Clean::as_str).collect::<Vec<_>>().join("; "))
}

fn blind(why: impl Into<Clean>) -> Next {
    Next::Stay(GuardState::Blind(why.into()))
}

fn end(outcome: Outcome, why: impl Into<Clean>) -> Next {
    Next::End(End { outcome, why: why.into() })
}

pub(super) fn millis(length: Seconds) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, saturates")]
    let millis = (length.0.max(0.0) * 1000.0) as u64;
    millis
}

impl Guard {
    /// A guard that has left no sign yet.
    #[must_use]
    pub fn new(orders: Orders, by: Clean, now: At) -> Self {
        let sign = Heartbeat {
            id: orders.id.clone(),
            by,
            host: orders.host.clone(),
            revision: orders.mandate.release.revision.clone(),
            since: now.wall,
            beat: now.wall,
            until: orders.mandate.until,
            state: GuardState::Watching,
            outcome: None,
        };
        Self {
            orders,
            sign,
            duty: Duty::Arming,
            attempts: 0,
            act: None,
            reads: now.mono,
            promoted: None,
            seen: false,
            due: now.mono,
            beating: None,
            silent: None,
            cried: false,
            ended: None,
            says_goodbye: false,
        }
    }

    /// How it ended, once it has.
    #[must_use]
    pub const fn end(&self) -> Option<&End> {
        match &self.duty {
            Duty::Ended(end) => Some(end),
            Duty::Arming | Duty::Watching | Duty::Reading(_) | Duty::Acting | Duty::Resting(_) => None,
        }
    }
}
