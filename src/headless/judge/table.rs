//! A table of counts as a CSV file: columns by name, errors by line and column.

use csv::{ReaderBuilder, Trim};
use serde_json::Number;

use crate::{
    domain::series::{Counts, Tick},
    headless::problem::Problem,
    judge::START_EVERY,
};

/// The columns, in any order; others are not read.
const COLUMNS: [&str; 5] = ["tick", "canary_events", "canary_exposures", "baseline_events", "baseline_exposures"];

#[derive(Debug)]
pub struct Table {
    pub rows: Vec<Row>,
    pub clock: Clock,
}

#[derive(Debug)]
pub struct Row {
    /// As it stands in the file.
    pub tick: Number,
    /// None where a count is missing; a missing number is never zero.
    pub counts: Option<Tick>,
    /// They are missing because a counter fell: what it counted in this tick cannot be known.
    pub fell: bool,
}

/// How the `tick` column tells time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Seconds of a tick.
    pub step: i64,
    /// The column counts ticks; else it holds seconds.
    counted: bool,
}

impl Clock {
    /// It holds seconds if all that lies between its numbers are whole ticks of so many seconds, and else counts ticks.
    fn of(ticks: &[i64], step: i64) -> Self {
        let mut gaps = ticks.windows(2).map(|pair| pair[1] - pair[0]);
        Self { step, counted: step > 1 && gaps.any(|gap| gap % step != 0) }
    }

    /// Seconds of a tick.
    #[must_use]
    pub const fn step(self) -> i64 {
        self.step
    }

    /// What lies between any two numbers, where the column counts ticks and yet goes by more than one.
    fn stride(self, ticks: &[i64]) -> Option<i64> {
        let gaps = ticks.windows(2).map(|pair| pair[1] - pair[0]);
        let common = |mut one: i64, mut other: i64| {
            while other != 0 {
                (one, other) = (other, one % other);
            }
            one
        };
        gaps.reduce(common).filter(|stride| self.counted && *stride > 1)
    }

    /// The least that lies between two lines, where that is no tick: numbers that count ticks follow each other
    /// somewhere, and seconds of which each line would be a start of its own are none.
    fn apart(self, ticks: &[i64]) -> Option<i64> {
        let least = ticks.windows(2).map(|pair| pair[1] - pair[0]).min()?;
        let is_odd = if self.counted { least > 1 && 2 * least > self.step } else { least > self.step.max(START_EVERY) };
        (is_odd && ticks.len() > 2).then_some(least)
    }

    /// The end of a tick in seconds.
    fn end(self, tick: i64) -> i64 {
        if self.counted { tick.saturating_mul(self.step) } else { tick }
    }

    /// The tick that begins at `at` seconds, as the column writes it.
    #[must_use]
    pub fn tick_after(self, at: i64) -> i64 {
        let end = at.saturating_add(self.step);
        if self.counted { end.div_euclid(self.step) } else { end }
    }
}

/// Reads a table whose ticks are `step` seconds long. `name` is the file's, for errors.
///
/// # Errors
/// When a column is missing, a field is no count, or ticks go back; with line and column. When ticks go by more than one
/// and are no whole ticks of seconds either.
pub fn read(name: &str, bytes: &[u8], step: i64) -> Result<Table, Problem> {
    let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(bytes);
    let header = reader.headers().map_err(|error| broken(name, &error))?.clone();
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        // A file from a spreadsheet may begin with a byte order mark.
        *place = header.iter().position(|found| found.trim_start_matches('\u{feff}') == column).ok_or_else(|| {
            let columns = COLUMNS.join(",");
            Problem::usage(format!("{name}:1: there is no column `{column}`; the first line must name `{columns}`"))
        })?;
    }
    let mut ticks: Vec<i64> = Vec::new();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(name, &error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |column: &str, what: &str| Problem::usage(format!("{name}:{line}: `{column}`: {what}"));
        if record.iter().skip(header.len()).any(|field| !field.is_empty()) {
            let (found, named) = (record.len(), header.len());
            return Err(Problem::usage(format!(
                "{name}:{line}: {found} values under {named} columns; write numbers without separators, as `1870`"
            )));
        }
        let field = |i: usize| places.get(i).and_then(|place| record.get(*place)).unwrap_or_default();
        let (tick, number) = whole(field(0)).ok_or_else(|| {
            let found = field(0);
            wrong(COLUMNS[0], &format!("expected a whole number of ticks or seconds up to 1e15, found `{found}`"))
        })?;
        if let Some(before) = ticks.last().filter(|before| tick <= **before) {
            return Err(wrong(COLUMNS[0], &format!("`{tick}` does not come after `{before}`; sort the lines by tick")));
        }
        let mut counts = [None; 4];
        for (i, count) in counts.iter_mut().enumerate() {
            *count = read_count(field(i + 1)).map_err(|()| {
                let found = field(i + 1);
                wrong(COLUMNS[i + 1], &format!("expected a number from 0, or nothing for unknown, found `{found}`"))
            })?;
        }
        ticks.push(tick);
        rows.push((number, tick, counts));
    }
    if rows.is_empty() {
        return Err(Problem::usage(format!("{name}: holds no ticks below its header")));
    }
    let clock = Clock::of(&ticks, step);
    if let Some(stride) = clock.stride(&ticks) {
        return Err(Problem::usage(format!(
            "{name}: `tick` goes by {stride}, and a tick is {step}s; say `--tick {stride}s` if these are seconds, else \
             count 0, 1, 2"
        )));
    }
    if let Some(least) = clock.apart(&ticks) {
        return Err(Problem::usage(format!(
            "{name}: `tick` goes by {least} and more, and a tick is {step}s; count 0, 1, 2, or write whole seconds that \
             are whole ticks apart, as `--tick` has them"
        )));
    }
    let rows = rows.into_iter().map(|(number, tick, counts)| Row {
        tick: number,
        counts: arms(clock.end(tick), counts),
        fell: false,
    });
    Ok(Table { rows: rows.collect(), clock })
}

fn arms(at: i64, counts: [Option<f64>; 4]) -> Option<Tick> {
    let [Some(x), Some(n_c), Some(y), Some(n_b)] = counts else { return None };
    Some(Tick { at, canary: Counts { events: x, exposures: n_c }, baseline: Counts { events: y, exposures: n_b } })
}

/// The largest tick either way: a number to the second, and far from where sums of them end.
const LARGEST: i64 = 1_000_000_000_000_000;

/// A whole number, also written as `7.0` or `1.7e9`.
fn whole(text: &str) -> Option<(i64, Number)> {
    let tick = text.parse().ok().or_else(|| written_out(text.parse().ok()?))?;
    (-LARGEST..=LARGEST).contains(&tick).then(|| (tick, tick.into()))
}

fn written_out(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and what is too large is refused")]
    (number.fract() == 0.0).then_some(number as i64)
}

/// A count; nothing and NaN stand for one that is not known.
fn read_count(text: &str) -> Result<Option<f64>, ()> {
    if text.is_empty() {
        return Ok(None);
    }
    let number: f64 = text.parse().map_err(drop)?;
    if number.is_nan() {
        return Ok(None);
    }
    if (0.0..=1e15).contains(&number) { Ok(Some(number)) } else { Err(()) }
}

fn broken(name: &str, error: &csv::Error) -> Problem {
    let line = error.position().map(|position| format!(":{}", position.line())).unwrap_or_default();
    Problem::usage(format!("{name}{line}: is not a table of text: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "tick,canary_events,canary_exposures,baseline_events,baseline_exposures\n";

    fn table(rows: &str) -> Result<Table, String> {
        read("t.csv", format!("{HEADER}{rows}").as_bytes(), 10).map_err(|problem| problem.to_string())
    }

    #[test]
    fn columns_are_found_by_name() {
        let text =
            "\u{feff}tick, note,baseline_exposures,baseline_events,canary_exposures,canary_events\r\n3,x,9,4,2,1\r\n";
        let table = read("t.csv", text.as_bytes(), 10).unwrap();
        let of = |events, exposures| Counts { events, exposures };
        assert_eq!(table.rows[0].counts, Some(Tick { at: 3, canary: of(1.0, 2.0), baseline: of(4.0, 9.0) }));
    }

    #[test]
    fn ticks_are_counted_or_seconds() {
        for (ticks, ends) in [
            (vec!["0", "1", "2", "12"], vec![0, 10, 20, 120]),
            (vec!["0", "10", "20", "120"], vec![0, 10, 20, 120]),
            (vec!["1700000000", "1700000010.0"], vec![1_700_000_000, 1_700_000_010]),
            (vec!["7"], vec![7]),
            (vec!["-1e15", "1000000000000000"], vec![-1_000_000_000_000_000, 1_000_000_000_000_000]),
        ] {
            let rows: Vec<String> = ticks.iter().map(|tick| format!("{tick},0,1,0,1")).collect();
            let table = table(&rows.join("\n")).unwrap();
            assert_eq!(table.rows.iter().map(|row| row.counts.unwrap().at).collect::<Vec<_>>(), ends, "{ticks:?}");
            let second = table.clock.tick_after(*ends.last().unwrap() - 10);
            assert_eq!(second.to_string(), ticks.last().unwrap().trim_end_matches(".0"), "and back");
        }
    }

    #[test]
    fn a_missing_count_is_no_zero() {
        let table = table("1,0,1,0,1\n2,,1,0,1\n3,0,1,NaN,1\n4,0,1\n").unwrap();
        assert_eq!(table.rows.iter().map(|row| row.counts.is_some()).collect::<Vec<_>>(), [true, false, false, false]);
    }

    #[test]
    fn errors_name_file_line_and_column() {
        for (rows, said) in [
            ("1,0,1,0,1\n1,0,1,0,1\n", "t.csv:3: `tick`: `1` does not come after `1`"),
            ("one,0,1,0,1\n", "t.csv:2: `tick`: expected a whole number of ticks or seconds up to 1e15, found `one`"),
            ("1,0,1,0,1\n2,0,1,-4,1\n", "t.csv:3: `baseline_events`: expected a number from 0"),
            ("1,0,many,0,1\n", "t.csv:2: `canary_exposures`: expected a number from 0"),
            ("1,0,1,0,1\n1e15,0,1,0,1\n2000000000000000,0,1,0,1\n", "t.csv:4: `tick`: expected a whole number"),
            ("-9223372036854775808,0,1,0,1\n9223372036854775807,0,1,0,1\n", "t.csv:2: `tick`: expected a whole number"),
            ("9223372036854775807,0,1,0,1\n", "t.csv:2: `tick`: expected a whole number"),
            ("1,0,1,870,0,1\n", "t.csv:2: 6 values under 5 columns"),
            ("1,0,inf,0,1\n", "t.csv:2: `canary_exposures`: expected a number from 0"),
            ("", "t.csv: holds no ticks below its header"),
            (
                "1700000000,0,1,0,1\n1700000015,0,1,0,1\n1700000045,0,1,0,1\n",
                "t.csv: `tick` goes by 15, and a tick is 10s",
            ),
            (
                "1700000000,0,1,0,1\n1700000010,0,1,0,1\n1700000021,0,1,0,1\n1700000030,0,1,0,1\n",
                "t.csv: `tick` goes by 9 and more",
            ),
            ("1700000000000,0,1,0,1\n1700000010000,0,1,0,1\n1700000020000,0,1,0,1\n", "t.csv: `tick` goes by 10000"),
        ] {
            let problem = table(rows).unwrap_err();
            assert!(problem.starts_with(said), "{problem}");
        }
        let problem = read("t.csv", b"tick,canary_events\n1,2\n", 10).unwrap_err().to_string();
        assert!(
            problem.starts_with("t.csv:1: there is no column `canary_exposures`; the first line must"),
            "{problem}"
        );
        assert!(read("t.csv", b"tick,\xff\xfe\n", 10).is_err());
    }
}
