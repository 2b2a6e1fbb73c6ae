//! `flightdeck wait`: until a release has come to a state, telling what changes meanwhile. It never acts.
//!
//! With `--json` one object per line, version 1 of a shape that only ever grows; `docs/json.md` tells every field of it.

mod ending;
mod line;

use std::io;

use ending::{Ending, Waiter};
use line::Line;
use tokio::{
    signal::ctrl_c,
    time::{sleep, sleep_until},
};

use super::{
    connect::{self, Connected},
    load,
    observe::Observer,
    opening::not_found,
    print,
};
use crate::{
    cli::{Global, Wait},
    config::paths::Paths,
    core::settings::Settings,
    domain::target::TargetRef,
    runtime::{self, clock::Clock},
};

/// Waits, and prints each change; the exit code.
///
/// # Errors
/// When there is no such release, or the configuration is wrong.
pub fn wait(global: &Global, paths: &Paths, clock: Clock, wanted: &Wait) -> anyhow::Result<u8> {
    let target = load::named(&wanted.target)?;
    let loaded = load::load(global, paths, &clock)?;
    load::say_notes(&loaded);
    load::needs_cluster(&loaded)?;
    runtime::execute(async {
        let connected = connect::connect(&loaded, clock).await?;
        follow(loaded.settings, &connected, clock, &target, wanted, &mut print::offer).await
    })?
}

/// Waits and tells each change to `tell`, which says whether anybody still listens.
async fn follow(
    settings: Settings,
    connected: &Connected,
    clock: Clock,
    target: &TargetRef,
    wanted: &Wait,
    tell: &mut impl FnMut(&str) -> io::Result<bool>,
) -> anyhow::Result<u8> {
    let settings = Settings { open: Some(target.clone()), ..settings };
    let mut observer = Observer::new(settings.clone(), connected, clock);
    let mut waiter = Waiter::new(wanted.until.clone(), wanted.grace, observer.state().at);
    let mut timeout = std::pin::pin!(sleep(wanted.timeout));
    let mut interrupt = std::pin::pin!(interrupted());
    let mut told: Option<String> = None;
    loop {
        let state = observer.state();
        let mut ending = waiter.look(state);
        let line = Line::of(state);
        let change = line.key();
        if ending.is_none() && told.as_ref() != Some(&change) && line.is_known() {
            told = Some(change);
            if !tell(&line.text(wanted.json, None))? {
                return Ok(Ending::Interrupted.code());
            }
        }
        if ending.is_none() {
            let grace = waiter.deadline().map(|due| clock.moment(due));
            ending = tokio::select! {
                // Even if there is always news.
                biased;
                () = &mut interrupt => Some(Ending::Interrupted),
                () = &mut timeout => Some(Ending::TimedOut(wanted.timeout)),
                () = async { match grace { Some(due) => sleep_until(due).await, None => std::future::pending().await } } => None,
                () = observer.step() => None,
            };
        }
        match ending {
            Some(Ending::Nobody) => {
                return Err(not_found(settings, connected, clock, target, &wanted.target).await.into());
            }
            Some(ending) => {
                let state = observer.state();
                tell(&Line::of(state).text(wanted.json, Some(&ending)))?;
                return Ok(ending.code());
            }
            None => {}
        }
    }
}

/// Ctrl-c; never where the system does not tell of it.
async fn interrupted() {
    if ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
