//! `flightdeck judge FILE`: what the judge would have said of somebody's own numbers, tick by tick.

mod counters;
pub mod table;

use std::{
    fmt::Write as _,
    fs,
    io::{self, Read as _},
    path::Path,
};

use counters::Looks;
use serde_json::json;
use table::{Clock, Row, Table};

use super::{print, problem::Problem};
use crate::{
    cli,
    domain::{
        panel::Better,
        series::{Counts, Tick},
        verdict::{Verdict, Word},
    },
    judge::{Dispersion, Finding, HIGHEST, Judge, LOWEST, Pods, Refused, Rules, Standing, watchdog},
};

/// Reads the file, or standard input for `-`, and prints what would have been said. The exit code is that of the
/// verdict after the last tick.
///
/// # Errors
/// When the file cannot be read, or a line of it is wrong.
pub fn judge(wanted: &cli::Judge) -> anyhow::Result<u8> {
    let name = if wanted.file == Path::new("-") { "standard input".into() } else { wanted.file.display().to_string() };
    let bytes = bytes(&wanted.file).map_err(|error| Problem::usage(format!("{name}: cannot be read: {error}")))?;
    let (table, doubt) = told(&name, table::read(&name, &bytes, wanted.tick)?, wanted.holds)?;
    let rules = rules(wanted);
    let said = said(rules, &table, doubt);
    let text = if wanted.json { lines(&table, &said) } else { report(&name, rules, &table, &said) };
    print::out(&text)?;
    Ok(said.last().map_or(Word::Unknown, |last| last.verdict.word).exit_code())
}

fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    if file != Path::new("-") {
        return fs::read(file);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Why nothing can be called good, whatever its numbers say.
type Doubt = Option<&'static str>;

/// The counts of a table, out of what its columns hold, and whether that can be trusted.
fn told(name: &str, table: Table, holds: Option<cli::Holds>) -> Result<(Table, Doubt), Problem> {
    match (holds, counters::looks(&table)) {
        (Some(cli::Holds::Counters), _) => {
            let counters::Counted { table, fell, is_erratic } = counters::counted(table);
            if table.rows.is_empty() {
                return Err(Problem::usage(format!("{name}: one line of counters is no tick; it takes two")));
            }
            if let Some(tick) = fell.first() {
                let more = if fell.len() > 1 { format!(" and in {} more", fell.len() - 1) } else { String::new() };
                print::complain(&format!(
                    "{name}: a counter falls at tick {tick}{more}; what such a tick counted cannot be known from it, so \
                     it is UNKNOWN and left out: give the increases of every instance with `--as counts`"
                ));
            }
            Ok((table, is_erratic.then_some("its counters fall too often to be believed")))
        }
        (None, Looks::SurelyCounters) => Err(Problem::usage(format!(
            "{name}: these are counters as scraped, not counts of ticks: nothing ever falls and exposures always rise; \
             `--as counters` takes their differences, `--as counts` takes them as they are"
        ))),
        (None, Looks::LikeCounters) => {
            print::complain(&format!(
                "{name}: these look like counters as scraped and are taken for counts of ticks, so nothing is called \
                 GO; `--as counters` takes their differences, `--as counts` says that they are counts"
            ));
            Ok((table, Some("these look like counters, not counts of ticks: say `--as counters` or `--as counts`")))
        }
        (Some(cli::Holds::Counts), _) | (None, Looks::LikeCounts) => Ok((table, None)),
    }
}

fn rules(wanted: &cli::Judge) -> Rules {
    let better = match wanted.better {
        cli::Direction::Higher => Better::Higher,
        cli::Direction::Lower => Better::Lower,
    };
    let dispersion = wanted.dispersion.map_or_else(Dispersion::default, Dispersion::measured);
    Rules { alpha_nogo: wanted.alpha, alpha_go: wanted.alpha, ..Rules::new(better, wanted.tolerance) }
        .with_critical(wanted.critical)
        .with_dispersion(dispersion)
}

/// What was said after one tick.
struct Said {
    verdict: Verdict,
    /// None before the canary's first exposure.
    finding: Option<Finding>,
}

fn said(rules: Rules, table: &Table, doubt: Doubt) -> Vec<Said> {
    let mut judge: Option<Judge> = None;
    let mut newest: Vec<Tick> = Vec::new();
    table
        .rows
        .iter()
        .map(|row| {
            let Some(tick) = &row.counts else {
                let why = if row.fell {
                    "a counter fell: what this tick counted is not known"
                } else {
                    "a number is missing"
                };
                return after(judge.as_ref(), Some(why), doubt);
            };
            if judge.is_none() && tick.canary.exposures > 0.0 {
                judge = Some(Judge::new(rules, tick.at - table.clock.step).with_every_start());
            }
            newest.push(*tick);
            let trouble = match judge.as_mut().map(|judge| judge.take(tick, Pods::default())) {
                None => Some("no exposures on the canary yet"),
                Some(Ok(())) => watchdog::silence(&newest, watchdog::SILENT_TICKS).map(|silence| match silence {
                    watchdog::Silence::Baseline => "no exposures on the baseline",
                    watchdog::Silence::Canary => "no exposures on the canary",
                    watchdog::Silence::Both => "no exposures",
                }),
                Some(Err(Refused::Partial)) => Some("partial: events without exposures"),
                Some(Err(Refused::NotACount | Refused::Old)) => Some("not a count"),
            };
            after(judge.as_ref(), trouble, doubt)
        })
        .collect()
}

/// The verdict of a release with this one panel. A regression stands whatever is wrong with the newest numbers, and
/// what is in doubt is never good.
fn after(judge: Option<&Judge>, trouble: Option<&'static str>, doubt: Doubt) -> Said {
    let finding = judge.map(Judge::finding);
    let is_good = finding.is_some_and(|finding| finding.standing == Standing::Within);
    let trouble = trouble.or(doubt.filter(|_| is_good));
    let word = match (finding.map(|finding| finding.standing), trouble) {
        (Some(Standing::Regression), _) => Word::NoGo,
        (None, _) | (_, Some(_)) => Word::Unknown,
        (Some(Standing::Within), None) => Word::Go,
        (Some(Standing::Collecting), None) => Word::Collecting,
    };
    Said { verdict: Verdict { word, why: trouble.into_iter().map(Into::into).collect() }, finding }
}

/// One JSON object per tick.
fn lines(table: &Table, said: &[Said]) -> String {
    let mut out = String::new();
    for (row, said) in table.rows.iter().zip(said) {
        let finding = said.finding.as_ref();
        let line = json!({
            "tick": row.tick,
            "verdict": said.verdict.word,
            "log_e_harm": finding.map_or(0.0, |f| f.log_e_harm),
            "log_e_safe": finding.map_or(0.0, |f| f.log_e_safe),
            "low": finding.map_or(LOWEST, |f| f.low),
            "high": finding.map_or(HIGHEST, |f| f.high),
            "since": finding.map(|f| table.clock.tick_after(f.since)),
            "ratio": finding.and_then(|f| f.ratio),
            "why": said.verdict.why.first(),
        });
        let _ = writeln!(out, "{line}");
    }
    out
}

/// What it was held to, each change of the verdict, and how it stands at the end.
fn report(name: &str, rules: Rules, table: &Table, said: &[Said]) -> String {
    let mut out = String::new();
    let better = match rules.better {
        Better::Higher => "must not drop",
        Better::Lower => "must not rise",
    };
    let panels =
        if rules.critical == 1 { "1 critical panel".into() } else { format!("{} critical panels", rules.critical) };
    let calibrated = if rules.dispersion.calibrated { "" } else { " (uncalibrated)" };
    let _ = writeln!(out, "{name}: {} ticks of {} s", table.rows.len(), table.clock.step);
    let _ = writeln!(
        out,
        "{better}, tolerance {} %, α {} over {panels}, φ {}{calibrated}\n",
        // Rounded, because 0.07 × 100 is not 7.
        (rules.tolerance * 1e6).round() / 1e4,
        rules.alpha_nogo,
        rules.dispersion.phi,
    );
    let width = table.rows.iter().map(|row| row.tick.to_string().len()).max().unwrap_or_default().max(4);
    let _ = writeln!(
        out,
        "{:>width$}  {:10}  {:24}  {:>width$}  {:>9}  {:>9}",
        "tick", "verdict", "canary : baseline", "since", "ln E harm", "ln E safe"
    );
    let mut before = None;
    let last = said.len().saturating_sub(1);
    for (place, (row, said)) in table.rows.iter().zip(said).enumerate() {
        if before != Some(&said.verdict) || place == last {
            let _ = writeln!(out, "{}", line(row, said, table.clock, width));
        }
        before = Some(&said.verdict);
    }
    if let Some(finding) = said.last().and_then(|said| said.finding) {
        let round = |count: f64| (count * 100.0).round() / 100.0;
        let arm = |counts: Counts| format!("{} of {}", round(counts.events), round(counts.exposures));
        let since = table.clock.tick_after(finding.since);
        let _ = writeln!(out, "\nsince {since}: canary {}, baseline {}", arm(finding.canary), arm(finding.baseline));
    }
    out.push_str("error rates are exact for independent counts, and known from simulation for clustered ones\n");
    out
}

fn line(row: &Row, said: &Said, clock: Clock, width: usize) -> String {
    let word = said.verdict.word.to_string();
    let start = format!("{:>width$}  {word:10}  ", row.tick.to_string());
    match (&said.finding, said.verdict.why.first()) {
        (None, why) => format!("{start}{}", why.map(ToString::to_string).unwrap_or_default()),
        (Some(finding), why) => {
            let since = clock.tick_after(finding.since);
            let (harm, safe) = (finding.log_e_harm, finding.log_e_safe);
            let why = why.map(|why| format!("  {why}")).unwrap_or_default();
            format!("{start}{:24}  {since:>width$}  {harm:>9.2}  {safe:>9.2}{why}", finding.words())
        }
    }
}
