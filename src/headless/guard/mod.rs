//! `flightdeck guard`: the process that rolls a release back by itself, under a mandate that a person has confirmed.

mod follow;
mod prompt;
mod session;
mod unit;
mod until;

use std::{io::IsTerminal as _, sync::Arc};

use self::prompt::Answer;
use super::{
    connect::{self, Connected},
    load, print,
    problem::{Code, Problem},
    status,
};
use crate::{
    cli::{self, Global},
    config::{Loaded, paths::Paths},
    core::{
        arming,
        event::Event,
        guard::{Mandate, Orders},
        pulse::{self, Life},
        settings::Settings,
        state::State,
    },
    domain::{
        clean::Clean,
        goal::Denied,
        guard::{Beat, GuardState, Heartbeat, Outcome},
        journal::{ActId, Entry, What},
        release::Release,
        target::TargetRef,
    },
    runtime::{
        self,
        clock::Clock,
        unmanned::{self, Unmanned},
    },
};

pub use session::mortal;
pub use until::End;

/// Arms a guard and is it, follows the one that is there, or does what was asked for instead; the exit code.
///
/// # Errors
/// When it cannot be armed, or the release cannot be seen.
pub fn guard(global: &Global, paths: &Paths, clock: Clock, wanted: &cli::Guard) -> anyhow::Result<u8> {
    if wanted.detached {
        session::detach();
    }
    let target = load::named(&wanted.target)?;
    checked(wanted, clock)?;
    load::recordable(global)?;
    let mut loaded = load::load(global, paths, &clock)?;
    load::needs_cluster(&loaded)?;
    loaded.settings.mortal = session::mortal();
    load::say_notes(&loaded);
    runtime::execute(async {
        let connected = connect::connect(&loaded, clock).await?;
        Post { global, paths, clock, wanted, target, loaded: &loaded, connected: &connected }.take().await
    })?
}

/// What is wrong with the orders themselves, before anybody is asked for anything.
fn checked(wanted: &cli::Guard, clock: Clock) -> Result<(), Problem> {
    // Which zone it is written in decides when a time of day is, never whether there is one.
    wanted.until.from(clock.now().wall, &Settings::default().zone).map_err(Problem::usage)?;
    match (wanted.stand_down, wanted.yes) {
        (true, true) if wanted.reason.is_none() => Err(Problem::usage("`--yes` needs `--reason`")),
        (false, true) if wanted.revision.is_none() || wanted.reason.is_none() => {
            Err(Problem::usage("`--yes` needs `--revision` and `--reason`: what is armed, and why"))
        }
        (true, false) => prompt::can_ask(),
        // Whether somebody has to be asked is known only once no other guard holds the release.
        (true | false, true | false) => Ok(()),
    }
}

/// Everything a guard's command works with.
struct Post<'a> {
    global: &'a Global,
    paths: &'a Paths,
    clock: Clock,
    wanted: &'a cli::Guard,
    target: TargetRef,
    loaded: &'a Loaded,
    connected: &'a Connected,
}

impl Post<'_> {
    async fn take(&self) -> anyhow::Result<u8> {
        let state = self.look().await?;
        if self.wanted.stand_down {
            return self.stand_down(&state).await;
        }
        if self.wanted.unit || self.wanted.dry_run {
            return self.tell(&state);
        }
        let (state, over) = match self.whoever_holds(state).await? {
            Held::Free { state, over } => (state, over),
            Held::Followed(code) => return Ok(code),
        };
        let mandate = self.mandate(&state)?;
        if let Answer::No(code) = self.confirm(&state, &mandate, "arm it").await? {
            return Ok(code);
        }
        self.be(mandate, over).await
    }

    /// The release as it stands now.
    async fn look(&self) -> Result<State, Problem> {
        status::look(self.settings(), self.connected, self.clock, &self.target, &self.wanted.target).await
    }

    fn settings(&self) -> Settings {
        self.loaded.settings.clone()
    }

    /// Follows a guard that holds the release until it ends or is lost.
    async fn whoever_holds(&self, state: State) -> anyhow::Result<Held> {
        let Some((sign, _)) = holder(&state) else { return Ok(Held::Free { state: Box::new(state), over: None }) };
        let sign = sign.clone();
        let zone = &self.loaded.settings.zone;
        let until = arming::clock(sign.until, self.clock.now().wall, zone);
        print::complain(&format!(
            "{} on {} guards it already, until {until}; this follows that guard and takes over if it is lost",
            sign.by, sign.host
        ));
        let seen = follow::follow(self.unmanned(None)).await?;
        if let Some((sign, Life::Lost(age))) = holder(&seen) {
            print::complain(&format!("the guard of {} on {} is LOST: no heartbeat for {age}", sign.by, sign.host));
            return Ok(Held::Free { over: Some(sign.id.clone()), state: Box::new(self.look().await?) });
        }
        // It has ended, was removed by hand, or is not there any more.
        let (said, code) = follow::ended(&seen);
        prompt::say(&said);
        Ok(Held::Followed(code))
    }

    /// The mandate that is asked for, where it may be given.
    fn mandate(&self, state: &State) -> Result<Mandate, Problem> {
        let ground = arming::may_arm(state).map_err(|denied| refused(&denied))?;
        if let Some(wanted) = &self.wanted.revision
            && !is_revision(ground.release, wanted)
        {
            let newest = revision(ground.release);
            return Err(Problem::new(Code::Denied, format!("`{wanted}` is not on its way: {newest} is")));
        }
        let until =
            self.wanted.until.from(self.clock.now().wall, &self.loaded.settings.zone).map_err(Problem::usage)?;
        let (release, soak) = (ground.release.id.clone(), self.wanted.soak);
        Ok(Mandate { release, alpha: self.wanted.alpha, soak, until })
    }

    /// Says the mandate and has it confirmed by the release's typed name.
    async fn confirm(&self, state: &State, mandate: &Mandate, act: &str) -> Result<Answer, Problem> {
        let text = prompt::sentences(&arming::sentences(state, mandate));
        if self.wanted.yes {
            prompt::say(&text);
            return Ok(Answer::Yes);
        }
        prompt::ask(&text, mandate.release.target.name(), act).await
    }

    /// Prints what it would do, or a unit that does it.
    fn tell(&self, state: &State) -> anyhow::Result<u8> {
        let mandate = self.mandate(state)?;
        if self.wanted.unit {
            print::out(&unit::unit(self.global, self.wanted, &mandate)?)?;
            return Ok(0);
        }
        prompt::say(&prompt::sentences(&arming::sentences(state, &mandate)));
        if let Some(holder) = arming::held_by(state) {
            prompt::say(&format!("it would follow, not guard: {holder} guards it already"));
        }
        Ok(0)
    }

    /// Is the guard until it ends.
    async fn be(&self, mandate: Mandate, over: Option<Clean>) -> anyhow::Result<u8> {
        let host = session::host();
        let now = self.clock.now();
        let orders = Orders {
            id: format!("{host}-{}-{}", std::process::id(), now.wall.format("%H%M%S%3f")).into(),
            host: host.into(),
            mandate,
            over,
            reason: self.wanted.reason.as_deref().map(Clean::new),
        };
        let unmanned = self.unmanned(Some(Event::Ordered(Box::new(orders))));
        let bell = std::io::stdout().is_terminal();
        let state = unmanned::fly(unmanned, |state, word| follow::print(state, &word, bell), |_| false).await?;
        Ok(state.guard.as_ref().and_then(|guard| guard.end()).map_or(3, |end| code(end.outcome)))
    }

    fn unmanned(&self, first: Option<Event>) -> Unmanned {
        Unmanned {
            settings: Settings { open: Some(self.target.clone()), ..self.settings() },
            backends: self.connected.backends.iter().map(|(name, it)| (name.clone(), Arc::clone(it))).collect(),
            metrics: self.connected.metrics.iter().map(|(name, it)| (name.clone(), Arc::clone(it))).collect(),
            clock: self.clock,
            data: Some(self.paths.data.clone()),
            record: self.global.record.clone(),
            first,
        }
    }

    /// Tells the guard that holds the release to end.
    async fn stand_down(&self, state: &State) -> anyhow::Result<u8> {
        let sign = arming::holder(state).map_err(|denied| refused(&denied))?;
        let Some(release) = state.open.as_ref().and_then(|open| open.release.as_ref()) else {
            return Err(Problem::usage("the release was deleted").into());
        };
        let target = release.id.target.clone();
        let text = format!(
            "the guard of {} on {} of {target} ends; nobody rolls back by itself then, the release goes on as it is",
            sign.by, sign.host
        );
        if self.wanted.yes {
            prompt::say(&text);
        } else if let Answer::No(code) = prompt::ask(&text, target.name(), "stand it down").await? {
            return Ok(code);
        }
        let user = state.source(&target.source).and_then(|source| source.user.clone());
        let by = user.clone().unwrap_or_else(|| "somebody".into());
        let now = self.clock.now().wall;
        let reason = self.wanted.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        let why =
            Clean::from(format!("stood down by {by} on {}, {}{reason}", session::host(), now.format("%H:%M:%S UTC")));
        let what = What::StandDownSent { target: target.clone(), guard: sign.id.clone(), why: why.clone() };
        let entry = Entry { at: now, act: ActId(1), user, what };
        if let Err(error) = unmanned::journal(self.paths.data.clone(), entry).await {
            print::complain(&format!("not journalled: {error}"));
        }
        let heartbeat = Heartbeat { state: GuardState::Ended(why), outcome: Some(Outcome::StoodDown), ..sign };
        let backend = self.connected.backends.get(&target.source);
        let backend = backend.ok_or_else(|| Problem::usage(format!("there is no backend for `{}`", target.source)))?;
        backend.beat(Beat { release: release.id.clone(), heartbeat, over: None }).await.map_err(Problem::from)?;
        prompt::say("it was told; it ends as soon as it sees that");
        Ok(0)
    }
}

/// Whether somebody else's guard stands in the way.
enum Held {
    Free {
        state: Box<State>,
        over: Option<Clean>,
    },
    /// It was followed to its end: the exit code.
    Followed(u8),
}

/// The guard that has not ended, and what may be said of it.
fn holder(state: &State) -> Option<(&Heartbeat, Life)> {
    let open = state.open.as_ref()?;
    pulse::guard(state, open).filter(|(sign, _)| !sign.state.is_over())
}

fn refused(denied: &Denied) -> Problem {
    Problem::new(Code::Denied, format!("no guard: {denied}"))
}

/// Whether somebody means the release's newest revision.
fn is_revision(release: &Release, wanted: &str) -> bool {
    let number = release.newest().and_then(|newest| newest.number).map(|number| number.to_string());
    release.id.revision.raw() == wanted || number.as_deref() == Some(wanted)
}

fn revision(release: &Release) -> String {
    let number = release.newest().and_then(|newest| newest.number);
    number.map_or_else(|| release.id.revision.to_string(), |number| format!("{number} ({})", release.id.revision))
}

/// What scripts are told of an end.
const fn code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Completed | Outcome::Superseded | Outcome::StoodDown => 0,
        Outcome::RolledBack | Outcome::Failed | Outcome::TakenBack => 1,
        Outcome::Replaced | Outcome::Refused => 4,
        Outcome::TimeOver => 5,
        Outcome::Stopped => 130,
    }
}
