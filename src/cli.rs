//! The command line's definitions and nothing else.

use std::{ops::RangeBounds, path::PathBuf, time::Duration};

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser},
};
use clap_complete::Shell;

use crate::{
    config::units,
    domain::time::Seconds,
    headless::{demo, guard::End},
    sim::Scenario,
};

/// Watch a release as it goes out, see whether customers are hurt, and take it back with one key.
///
/// Without a command: the board of all releases, or the one release that TARGET names.
#[derive(Clone, Debug, Parser)]
#[command(name = "flightdeck", version, subcommand_precedence_over_arg = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The release to open: `name`, `namespace/name` or `source/namespace/name`
    pub target: Option<String>,

    #[command(flatten)]
    pub global: Global,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The kubeconfig's context to use instead of the configured clusters
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,

    /// The kubeconfig to use instead of `KUBECONFIG` and `~/.kube/config`
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Watch this namespace only; may be given several times
    #[arg(short, long, global = true, value_name = "NAME")]
    pub namespace: Vec<String>,

    /// A Prometheus to ask, besides the configured ones
    #[arg(long, global = true, value_name = "URL")]
    pub prometheus: Option<String>,

    /// The configuration file to read instead of your own
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The theme
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,

    /// Forbid every act in this run
    #[arg(long, global = true)]
    pub read_only: bool,

    /// Write everything that the screen, `demo` or `guard` sees to a new file, for `flightdeck replay`
    #[arg(long, global = true, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Append the program's own log to this file; `FLIGHTDECK_LOG` says how much, as `info` or `flightdeck=debug`
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// A simulated release to try everything on; needs nothing but this program
    Demo(Demo),
    /// Print where releases stand, once, and leave
    Status(Status),
    /// Say whether a release may go on: GO, NO-GO, COLLECTING or UNKNOWN, and why
    #[command(after_help = VERDICT)]
    Verdict(Verdict),
    /// Wait until a release has come to a state, and tell what changes meanwhile
    #[command(after_help = WAIT)]
    Wait(Wait),
    /// Tell what the judge would have said of your own numbers, tick by tick
    #[command(after_help = JUDGE)]
    Judge(Judge),
    /// Guard a release: roll it back by itself when a critical panel regresses
    #[command(after_help = GUARD)]
    Guard(Guard),
    /// Play a recording, or print its last frame
    Replay(Replay),
    /// List every key and what it does
    Keys {
        /// As a table for a document
        #[arg(long)]
        markdown: bool,
    },
    /// Find out what is wrong with sources, permissions and terminal, and what to do
    Doctor,
    /// Trust the panels of a project's `flightdeck.toml` as it is now
    Trust {
        /// The file; without it the one that holds for this folder
        file: Option<PathBuf>,
    },
    /// Show or check the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print completions for a shell
    Completions { shell: Shell },
    /// Print the man page, or that of a command
    Man {
        /// The command, for example `config show`
        command: Vec<String>,

        /// Write all of them into this folder instead
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        dir: Option<PathBuf>,
    },
}

impl Command {
    /// Whether it writes the recording that `--record` asks for.
    #[must_use]
    pub const fn records(&self) -> bool {
        match self {
            Self::Demo(_) | Self::Guard(_) => true,
            Self::Status(_)
            | Self::Verdict(_)
            | Self::Wait(_)
            | Self::Judge(_)
            | Self::Replay(_)
            | Self::Keys { .. }
            | Self::Doctor
            | Self::Trust { .. }
            | Self::Config { .. }
            | Self::Completions { .. }
            | Self::Man { .. } => false,
        }
    }
}

#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// The story
    #[arg(default_value = Scenario::default().name(), value_parser = scenarios())]
    pub scenario: String,

    /// The same number gives the same world
    #[arg(long, default_value_t = demo::SEED, value_name = "NUMBER")]
    pub seed: u64,

    /// How many times faster than life the world runs
    #[arg(long, default_value_t = demo::SPEED, value_name = "FACTOR", value_parser = factor)]
    pub speed: f64,

    /// With `--record`: fly by itself without a terminal for that long at the keyboard, for example `90s`
    #[arg(long = "for", value_name = "LENGTH", requires = "record")]
    pub length: Option<String>,

    /// With `--for`: keys to press, `@12` for the second, `=50` to type
    #[arg(long, value_name = "KEYS", requires = "length")]
    pub keys: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct Status {
    /// The release: `name`, `namespace/name` or `source/namespace/name`; without it all
    pub target: Option<String>,

    /// One JSON object per release and line
    #[arg(long, conflicts_with = "line")]
    pub json: bool,

    /// One short line per release
    #[arg(long)]
    pub line: bool,
}

/// Below the options of `verdict`.
const VERDICT: &str = "\
The answer is to \"may it go on?\": what the critical panels say, no better than the error budgets allow, and NO-GO once
the release has failed. A spent budget is a NO-GO and an unknown one UNKNOWN for going on, never for going back.

A regression is decided by the evidence (ln E of harm against what is needed): of releases within their tolerance at
most a share α (5 %) ever get there, however often one looks. The interval of the ratio has two sides and is of one
start, so it may reach into the tolerance all the same.

With --json one object: schema, at, target, kind, release, weight, verdict (the answer), numbers (what they say alone),
notes, panels, wrong, loss, split, budgets, controller, checks, sources. What is not known is null. docs/json.md of the
source has a table of every field, nested ones included.

Exit code: 0 GO, 1 NO-GO, 6 COLLECTING, 7 UNKNOWN, 2 usage or configuration, 3 unreachable, 4 denied.";

#[derive(Clone, Debug, Args)]
pub struct Verdict {
    /// The release: `name`, `namespace/name` or `source/namespace/name`
    pub target: String,

    /// One JSON object
    #[arg(long)]
    pub json: bool,

    /// How long to wait until all has been asked and the past is read; what is not known then is UNKNOWN
    #[arg(long, default_value = "60s", value_name = "LENGTH", value_parser = patience)]
    pub timeout: Duration,
}

/// Below the options of `wait`.
const WAIT: &str = "\
`go` and `no-go` are what `flightdeck verdict` answers, error budgets included. The others are phases of the release.
Waiting ends early when the release fails (aborted, degraded, gone, or another revision came), and when NO-GO comes
while waiting for `go` or `healthy`, unless that is what is waited for.

With --json one object per line: schema, event (change or end), at, target, release, step, weight, waits_for_person,
verdict, numbers, sources; the last one also has result (reached, failed, timed-out, unreachable, interrupted), until,
why and code. docs/json.md of the source has a table of every field.

Exit code: 0 reached, 1 NO-GO or failed, 5 timed out, 130 interrupted, 2 usage or configuration, 3 unreachable,
4 denied.";

#[derive(Clone, Debug, Args)]
pub struct Wait {
    /// The release: `name`, `namespace/name` or `source/namespace/name`
    pub target: String,

    /// What to wait for; several end it at the first that comes
    #[arg(long, value_enum, value_name = "STATE", value_delimiter = ',', required = true)]
    pub until: Vec<Until>,

    /// How long to wait at most
    #[arg(long, default_value = "10m", value_name = "LENGTH", value_parser = patience)]
    pub timeout: Duration,

    /// How long what is needed may be out of reach: the cluster, and for verdicts the sources of critical panels
    #[arg(long, default_value = "30s", value_name = "LENGTH", value_parser = patience)]
    pub grace: Duration,

    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Until {
    /// It may go on
    Go,
    /// It may not
    NoGo,
    /// The update is through, or nothing moves
    Healthy,
    /// Something moves
    Progressing,
    /// It waits for a person, a timer, or was held
    Paused,
    /// It has failed
    Degraded,
}

/// Below the options of `judge`.
const JUDGE: &str = "\
The first line of FILE names its columns, in any order:
  tick,canary_events,canary_exposures,baseline_events,baseline_exposures
`tick` counts ticks (0, 1, 2, ...), or holds whole seconds if its numbers are whole ticks apart. Counts are those of
one tick; an empty one is not known, which is not zero. Leave ticks out in which the weight moved. Counters as scraped,
which only grow, need `--as counters`: a tick is what they grew by since the line before, anew after a gap of 6 ticks.
A tick in which one of them falls is UNKNOWN and left out: of a sum over instances nobody can tell what it counted.
What looks like counters is never GO until `--as` says what it is.

With --json each line holds tick, verdict (go, no-go, collecting, unknown), log_e_harm and log_e_safe (natural
logarithms of the evidence, mixed over starts at the first exposure and every 10 minutes), low and high (interval of
the ratio of event rates, canary to baseline; 0.05 and 20 mean that or beyond) and since (the first tick it counts).

Exit code: 0 GO, 1 NO-GO, 6 COLLECTING, 7 UNKNOWN after the last tick, 2 for a file that cannot be read.";

#[derive(Clone, Debug, Args)]
pub struct Judge {
    /// A table of counts as CSV; `-` for standard input
    pub file: PathBuf,

    /// One JSON object per tick and line
    #[arg(long)]
    pub json: bool,

    /// What the numbers are; without it counts, unless they can only be counters
    #[arg(long = "as", value_enum, value_name = "WHAT")]
    pub holds: Option<Holds>,

    /// `higher` where events are good (orders), `lower` where they are bad (errors)
    #[arg(long, value_enum, value_name = "DIRECTION")]
    pub better: Direction,

    /// Relative change of the event rate that is still fine: `10%` or `0.1`
    #[arg(long, default_value = "10%", value_name = "SHARE", value_parser = tolerance)]
    pub tolerance: f64,

    /// Chance of a false NO-GO, of a false GO, and of an interval that misses, each over all ticks: `5%` or `0.05`
    #[arg(long, default_value = "5%", value_name = "CHANCE", value_parser = alpha)]
    pub alpha: f64,

    /// Number of critical panels of the release that this is one of
    #[arg(long, default_value_t = 1, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub critical: u32,

    /// Variance of events over that of independent ones, from 1; without it 3, uncalibrated
    #[arg(long, value_name = "FACTOR", value_parser = dispersion)]
    pub dispersion: Option<f64>,

    /// How long a tick is
    #[arg(long, default_value = "10s", value_name = "LENGTH", value_parser = tick)]
    pub tick: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Holds {
    /// Of one tick each
    Counts,
    /// As scraped: they grow, and a tick in which one falls is not known; the first line is where counting begins
    Counters,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Direction {
    Higher,
    Lower,
}

/// Below the options of `guard`.
const GUARD: &str = "\
It goes back only, from one revision only, on fresh data only, and shows that it lives on every screen that looks at
the release. Where a living guard holds the release already, this follows that one and takes over if it is lost.

Exit code: 0 it ended without a need to act or was stood down, 1 the release was taken back, or should have been,
2 usage, 3 nobody could be reached, 4 it may not be armed or another guard holds the release, 5 its time was over,
130 it was stopped.";

#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one per flag")]
pub struct Guard {
    /// The release: `name`, `namespace/name` or `source/namespace/name`
    pub target: String,

    /// Guard this revision only, by number or hash; refuse if another one is on its way
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,

    /// Chance of taking back a release that hurts nobody: `1%` or `0.01`; 5% at most
    #[arg(long, default_value = "1%", value_name = "CHANCE", value_parser = guard_alpha)]
    pub alpha: f64,

    /// End this long after all traffic is on the new revision
    #[arg(long, default_value = "15m", value_name = "LENGTH", value_parser = length)]
    pub soak: Seconds,

    /// End at this time at the latest: a length like `4h`, a time like `14:30`, or a full one; 7 days at most
    #[arg(long, default_value = "24h", value_name = "WHEN")]
    pub until: End,

    /// Why it is armed or stood down, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,

    /// Ask nothing; needs `--reason`, and to arm also the `--revision` that is meant
    #[arg(long)]
    pub yes: bool,

    /// Print what it would be armed for, or why it cannot be, and leave
    #[arg(long, conflicts_with_all = ["yes", "unit", "stand_down"])]
    pub dry_run: bool,

    /// Print a systemd unit for this guard, which outlives every session, and leave
    #[arg(long, conflicts_with_all = ["yes", "stand_down"])]
    pub unit: bool,

    /// Tell the guard that holds this release to end
    #[arg(long)]
    pub stand_down: bool,

    /// In a session of its own, as the screen starts it
    #[arg(long, hide = true)]
    pub detached: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Replay {
    /// The recording: what `--record` wrote, or a file of `recordings` in the data folder, which `doctor` names
    pub file: PathBuf,

    /// How many times faster than it was recorded
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR", value_parser = factor)]
    pub speed: f64,

    /// Stop after this many events
    #[arg(long, value_name = "EVENTS")]
    pub to: Option<usize>,

    /// Print the last frame at this size instead of playing
    #[arg(long, value_name = "COLSxROWS", value_parser = size)]
    pub print: Option<(u16, u16)>,

    /// With `--print`: as an SVG picture, in all the theme's colours
    #[arg(long, requires = "print")]
    pub svg: bool,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the configuration as it holds
    Show,
    /// Say what is wrong with the configuration; needs no cluster
    Check,
}

/// Every story with what happens in it.
fn scenarios() -> PossibleValuesParser {
    PossibleValuesParser::new(Scenario::ALL.map(|one| PossibleValue::new(one.name()).help(one.about())))
}

/// Reads a share as every other one, `1%` or `0.01`; `words` name the `range`.
fn share(text: &str, range: impl RangeBounds<f64>, words: &str) -> Result<f64, String> {
    units::share(text).filter(|share| range.contains(share)).ok_or_else(|| format!("expected {words}"))
}

fn guard_alpha(text: &str) -> Result<f64, String> {
    share(text, 0.000_01..=0.05, "a chance from 0.001% to 5%, like `1%` or `0.01`")
}

fn tolerance(text: &str) -> Result<f64, String> {
    share(text, 0.0..=0.9, "a share from 0 to 90%, like `10%` or `0.1`")
}

fn alpha(text: &str) -> Result<f64, String> {
    share(text, 1e-9..=0.5, "a chance above 0, up to 50%, like `5%` or `0.05`")
}

fn length(text: &str) -> Result<Seconds, String> {
    units::duration(text).ok_or_else(|| "expected a length of time like `90s`, `15m` or `2h`".to_owned())
}

fn factor(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|factor| (0.01..=1000.0).contains(factor))
        .ok_or_else(|| "expected a factor from 0.01 to 1000".to_owned())
}

fn dispersion(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|factor| (1.0..=1e6).contains(factor))
        .ok_or_else(|| "expected a factor from 1".to_owned())
}

fn patience(text: &str) -> Result<Duration, String> {
    let length = length(text)?;
    Duration::try_from_secs_f64(length.0).map_err(|_too_long| "that is longer than anybody waits".to_owned())
}

fn tick(text: &str) -> Result<i64, String> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole seconds of a day at most")]
    units::duration(text)
        .filter(|length| length.0.fract() == 0.0 && (1.0..=86_400.0).contains(&length.0))
        .map(|length| length.0 as i64)
        .ok_or_else(|| "expected whole seconds like `10s` or `1m`".to_owned())
}

fn size(text: &str) -> Result<(u16, u16), String> {
    text.split_once('x')
        .and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)))
        .filter(|(columns, rows)| (1..=1000).contains(columns) && (1..=1000).contains(rows))
        .ok_or_else(|| "expected columns and rows like `120x40`".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_release_is_opened_by_its_name_and_commands_are_told_from_it() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert_eq!(parse("flightdeck shop/checkout").unwrap().target.as_deref(), Some("shop/checkout"));
        assert!(matches!(parse("flightdeck demo clean --seed 4").unwrap().command, Some(Command::Demo(_))));
        let with_flags = parse("flightdeck status shop/checkout -n shop -n pay --json").unwrap();
        assert_eq!(with_flags.global.namespace, ["shop", "pay"]);
        let before = parse("flightdeck --context a status x").unwrap();
        assert!(before.target.is_none() && before.command.is_some(), "flags may stand before the command");
        for wrong in [
            "demo --speed 0",
            "replay x --print 80",
            "replay x --svg",
            "status --json --line",
            "demo --for 1m",
            "demo cleen",
        ] {
            assert!(parse(&format!("flightdeck {wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_share_is_written_the_same_way_everywhere() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' ')).map(|cli| cli.command);
        for (fraction, percent) in [("0.05", "5%"), ("0.001", "0.1%"), ("0.01", "1.0%")] {
            for written in [fraction, percent] {
                let share: f64 = fraction.parse().unwrap();
                let line = format!("flightdeck judge f --better lower --alpha {written} --tolerance {written}");
                let Ok(Some(Command::Judge(judge))) = parse(&line) else { panic!("{line}") };
                assert!((judge.alpha - share).abs() < 1e-12 && (judge.tolerance - share).abs() < 1e-12, "{line}");
                let line = format!("flightdeck guard x --alpha {written}");
                let Ok(Some(Command::Guard(guard))) = parse(&line) else { panic!("{line}") };
                assert!((guard.alpha - share).abs() < 1e-12, "{line}");
            }
        }
        for wrong in ["judge f --better lower --alpha 5", "judge f --better lower --tolerance 91%", "guard x --alpha 1"]
        {
            let said = parse(&format!("flightdeck {wrong}")).unwrap_err().to_string();
            assert!(said.contains("%` or `0."), "{said}");
        }
    }
}
