//! What a panic leaves behind, in the loop or in any task or thread: a terminal as it was found, a report, a recording.

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    env,
    io::{self, Write},
    panic::{self, PanicHookInfo},
    path::{Path, PathBuf},
    process, thread,
};

use super::{
    clock::Clock,
    recorder::{SharedRing, snapshot},
    terminal,
};
use crate::{domain::clean::Clean, store};

/// What a program that panicked tells its shell.
const EXIT: i32 = 101;

/// From now on a panic anywhere restores the terminal, reports, writes the last events beside it and ends the
/// process: a program that lost a part must not go on drawing as if it were whole.
pub fn install(ring: SharedRing, data: Option<PathBuf>, clock: Clock) {
    panic::set_hook(Box::new(move |info| {
        terminal::restore();
        let report = report(info);
        let kept = match data.as_deref().map(|data| write_recording(&ring, data, clock)) {
            Some(Ok(path)) => format!("the last events are in `{}`; please report both\n", path.display()),
            Some(Err(error)) => format!("the last events could not be kept: {error}\n"),
            None => String::new(),
        };
        let text = format!("{report}\n{kept}");
        tracing::error!(%report, "panicked");
        // Whether anybody reads it or not, the process ends.
        drop(io::stderr().write_all(text.as_bytes()));
        process::exit(EXIT);
    }));
}

/// Fails here if a test asks for it with `FLIGHTDECK_PANIC`; never in a release build.
#[expect(clippy::panic, reason = "this is what it is for")]
pub fn on_purpose(place: &str) {
    if cfg!(debug_assertions) && env::var("FLIGHTDECK_PANIC").is_ok_and(|wanted| wanted == place) {
        panic::panic_any("on purpose");
    }
}

/// Panics are reported as usual again.
pub fn remove() {
    drop(panic::take_hook());
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, |l| format!(" at {l}"));
    let thread = thread::current().name().unwrap_or("unnamed").to_owned();
    let backtrace = Backtrace::capture();
    let trace = match backtrace.status() {
        BacktraceStatus::Captured => format!("\n{backtrace}"),
        _ => String::new(),
    };
    format!(
        "flightdeck {} failed in `{thread}`{place}: {}{trace}",
        env!("CARGO_PKG_VERSION"),
        Clean::new(message(info.payload()))
    )
}

/// What was said when something panicked.
pub fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given")
}

fn write_recording(ring: &SharedRing, data: &Path, clock: Clock) -> io::Result<PathBuf> {
    let folder = data.join("recordings");
    store::make_folder(&folder)?;
    let time = clock.real_wall().format("%Y%m%dT%H%M%SZ");
    let path = folder.join(format!("{time}-crash-{}.jsonl", process::id()));
    snapshot(ring, store::create(&path)?)?;
    Ok(path)
}
