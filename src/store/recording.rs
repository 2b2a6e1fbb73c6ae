//! Recordings: a state and every event after it, as JSON Lines. Knows neither states nor events.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::secrets::mask;

/// Grows when an old recording would be read wrongly.
pub const FORMAT: u32 = 3;
/// Most that is kept in memory.
const RING_EVENTS: usize = 10_000;
const RING_BYTES: usize = 4 << 20;
/// A checkpoint after this many events or bytes, whichever comes first.
const SEGMENT_EVENTS: usize = 1_000;
const SEGMENT_BYTES: usize = 512 << 10;
/// How long and how much the folder of recordings keeps.
const KEEP: Duration = Duration::from_hours(7 * 24);
const KEEP_BYTES: u64 = 500 << 20;
/// Where a recording that nobody asked for goes on in another file, so that the oldest of a long run can be removed.
pub const FILE_BYTES: u64 = 32 << 20;

/// The first line of a recording.
#[derive(Debug, Serialize, Deserialize)]
struct Header<S> {
    format: u32,
    /// Of the program that wrote it.
    version: String,
    state: S,
}

/// The first line of a recording that starts at `state`, without its line break.
///
/// # Errors
/// When the state does not serialise.
pub fn header<S: Serialize>(state: &S) -> serde_json::Result<String> {
    let header = Header { format: FORMAT, version: env!("CARGO_PKG_VERSION").to_owned(), state };
    serde_json::to_string(&header).map(|line| mask(&line).into_owned())
}

/// Why no recording can begin at `file`.
#[must_use]
pub fn taken(file: &Path) -> String {
    format!("cannot record to `{}`; name a file that does not exist yet", file.display())
}

/// An event as a line of a recording, without its line break.
///
/// # Errors
/// When the event does not serialise.
pub fn line<E: Serialize>(event: &E) -> serde_json::Result<Arc<str>> {
    serde_json::to_string(event).map(|line| mask(&line).into())
}

/// The last events of a run with the state before them, in memory.
#[derive(Debug)]
pub struct Ring<S> {
    segments: VecDeque<Segment<S>>,
    events: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Segment<S> {
    /// Before its first event.
    state: S,
    lines: Vec<Arc<str>>,
    bytes: usize,
}

impl<S> Default for Ring<S> {
    fn default() -> Self {
        Self { segments: VecDeque::new(), events: 0, bytes: 0 }
    }
}

impl<S: Clone> Ring<S> {
    /// Adds an event as `line` made it, and `state` as it was before it.
    pub fn push(&mut self, state: &S, line: Arc<str>) {
        if line.len() > RING_BYTES {
            // It cannot be kept; the next checkpoint holds what it changed.
            *self = Self::default();
            return;
        }
        if self.segments.back().is_none_or(|s| s.lines.len() >= SEGMENT_EVENTS || s.bytes >= SEGMENT_BYTES) {
            self.segments.push_back(Segment { state: state.clone(), lines: Vec::new(), bytes: 0 });
        }
        self.events += 1;
        self.bytes += line.len();
        if let Some(segment) = self.segments.back_mut() {
            segment.bytes += line.len();
            segment.lines.push(line);
        }
        while (self.events > RING_EVENTS || self.bytes > RING_BYTES) && self.segments.len() > 1 {
            if let Some(oldest) = self.segments.pop_front() {
                self.events -= oldest.lines.len();
                self.bytes -= oldest.bytes;
            }
        }
    }

    /// Writes all of it as a recording.
    ///
    /// # Errors
    /// When nothing was recorded, the state does not serialise or the output fails.
    pub fn write(&self, mut out: impl Write) -> io::Result<()>
    where
        S: Serialize,
    {
        let first = self.segments.front().ok_or_else(|| io::Error::other("nothing was recorded"))?;
        writeln!(out, "{}", header(&first.state)?)?;
        for line in self.segments.iter().flat_map(|s| &s.lines) {
            writeln!(out, "{line}")?;
        }
        out.flush()
    }
}

/// A recording as read back.
#[derive(Clone, Debug)]
pub struct Recording<S, E> {
    /// Of the program that wrote it.
    pub version: String,
    pub state: S,
    pub events: Vec<E>,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("`{}` cannot be read: {why}", path.display())]
    Read { path: PathBuf, why: io::Error },
    #[error("`{}` is empty; a recording begins with a line `{{\"format\": {FORMAT}, ...}}`", path.display())]
    Empty { path: PathBuf },
    #[error("`{}`, line 1: not a recording: {}", path.display(), reason(why))]
    Header { path: PathBuf, why: serde_json::Error },
    #[error(
        "`{}`, line 1: recorded in format {found} by flightdeck {version}, this one reads format {FORMAT}; replay it with that version",
        path.display()
    )]
    Format { path: PathBuf, found: u32, version: String },
    #[error("`{}`, line {line}: not an event: {}; `--to {}` replays what stands before it", path.display(), reason(why), line.saturating_sub(2))]
    Event { path: PathBuf, line: usize, why: serde_json::Error },
}

/// What is wrong with a line, by its column: its own number of the line is always 1.
fn reason(why: &serde_json::Error) -> String {
    let text = why.to_string();
    let words = text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _)| words);
    format!("{words} at column {}", why.column())
}

/// Reads a recording, at most its first `most` events. A last line that was cut by a crash is left out.
///
/// # Errors
/// With file and line: when it is no recording, of another format, or a line cannot be understood.
pub fn read<S, E>(path: &Path, most: Option<usize>) -> Result<Recording<S, E>, RecordingError>
where
    S: DeserializeOwned,
    E: DeserializeOwned,
{
    let failed = |why| RecordingError::Read { path: path.to_owned(), why };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut line = Vec::new();
    if file.read_until(b'\n', &mut line).map_err(failed)? == 0 {
        return Err(RecordingError::Empty { path: path.to_owned() });
    }
    let Header { version, state, .. } = read_header(path, &line)?;
    let mut events = Vec::new();
    let mut number = 1;
    while most.is_none_or(|most| events.len() < most) {
        line.clear();
        number += 1;
        if file.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            break;
        }
        match serde_json::from_slice(&line) {
            Ok(event) => events.push(event),
            Err(_) if !line.ends_with(b"\n") => break,
            Err(why) => return Err(RecordingError::Event { path: path.to_owned(), line: number, why }),
        }
    }
    Ok(Recording { version, state, events })
}

fn read_header<S: DeserializeOwned>(path: &Path, line: &[u8]) -> Result<Header<S>, RecordingError> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
        version: String,
    }
    let wrong = |why| RecordingError::Header { path: path.to_owned(), why };
    // The format alone first: another one may have another state.
    let Format { format, version } = serde_json::from_slice(line).map_err(wrong)?;
    if format != FORMAT {
        return Err(RecordingError::Format { path: path.to_owned(), found: format, version });
    }
    serde_json::from_slice(line).map_err(wrong)
}

/// Removes recordings older than 7 days, then the oldest until at most 500 MB are left once another file is full.
///
/// # Errors
/// When the folder cannot be read; a file that cannot be removed stays.
pub fn prune(folder: &Path, now: SystemTime) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_file() && entry.path().extension().is_some_and(|e| e == "jsonl") {
            files.push((meta.modified()?, meta.len(), entry.path()));
        }
    }
    files.sort_unstable();
    let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (modified, size, path) in files {
        let old = now.duration_since(modified).is_ok_and(|age| age > KEEP);
        if (old || total > KEEP_BYTES - FILE_BYTES) && fs::remove_file(path).is_ok() {
            total -= size;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Counted = Recording<u64, u64>;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    /// A state that counts events: what a checkpoint holds tells which events follow.
    fn filled(events: u64, line: impl Fn(u64) -> String) -> Counted {
        let mut ring = Ring::default();
        for n in 0..events {
            ring.push(&n, line(n).into());
        }
        let mut bytes = Vec::new();
        ring.write(&mut bytes).unwrap();
        let (_folder, path) = written(&String::from_utf8(bytes).unwrap());
        read(&path, None).unwrap()
    }

    #[test]
    fn what_was_recorded_comes_back() {
        let recording = filled(5, |n| n.to_string());
        assert_eq!((recording.state, recording.events), (0, vec![0, 1, 2, 3, 4]));
    }

    /// Else a replay drifts from the run: plain parsing misses the last bit of every tenth number.
    #[test]
    fn numbers_come_back_to_the_last_bit() {
        let mut bits = 88_172_645_463_325_252_u64;
        for _ in 0..10_000 {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            let number = f64::from_bits(bits);
            if number.is_finite() {
                let back: f64 = serde_json::from_str(&line(&number).unwrap()).unwrap();
                assert_eq!(back.to_bits(), number.to_bits(), "{number}");
            }
        }
    }

    #[test]
    fn a_ring_that_wrapped_begins_at_its_checkpoint() {
        let recording = filled(25_500, |n| n.to_string());
        assert!(recording.events.len() <= RING_EVENTS);
        assert_eq!(recording.state, recording.events[0], "the state is the one before the first event left");
        assert_eq!(recording.events.last(), Some(&25_499));
    }

    #[test]
    fn large_events_do_not_outgrow_the_ring() {
        let mut ring = Ring::default();
        for n in 0..100_u64 {
            ring.push(&n, "x".repeat(300 << 10).into());
            assert!(ring.bytes <= RING_BYTES);
        }
        ring.push(&100, "x".repeat(RING_BYTES + 1).into());
        assert_eq!((ring.bytes, ring.events), (0, 0));
        ring.push(&101, "1".into());
        assert_eq!(ring.segments.front().map(|s| s.state), Some(101), "the next checkpoint follows the huge event");
    }

    #[test]
    fn what_cannot_be_read_is_named_by_file_and_line() {
        let good = r#"{"format":3,"version":"0.1.0","state":7}"#;
        let cases = [
            (String::new(), "is empty"),
            ("hello\n".to_owned(), "line 1: not a recording"),
            (r#"{"format":9,"version":"4.0.0","state":{"new":1}}"#.to_owned(), "format 9 by flightdeck 4.0.0"),
            (format!("{good}\n1\nnonsense\n3\n"), "line 3: not an event: expected ident at column 2"),
            (format!("{good}\n1\n2\n\"x\"\n3\n"), "`--to 2` replays"),
        ];
        for (text, expected) in cases {
            let (_folder, path) = written(&text);
            let error = read::<u64, u64>(&path, None).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("run.jsonl"), "{error}");
        }
    }

    #[test]
    fn a_line_cut_by_a_crash_is_left_out_and_a_bad_one_can_be_avoided() {
        let good = r#"{"format":3,"version":"0.1.0","state":7}"#;
        let (_folder, path) = written(&format!("{good}\n1\n2\n{{\"at"));
        assert_eq!(read::<u64, u64>(&path, None).unwrap().events, [1, 2]);
        let (_folder, path) = written(&format!("{good}\n1\n2\nbad\n3\n"));
        assert_eq!(read::<u64, u64>(&path, Some(2)).unwrap().events, [1, 2]);
    }

    #[test]
    fn old_recordings_go_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.jsonl", "b.jsonl", "notes.txt"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let modified = fs::metadata(folder.path().join("a.jsonl")).unwrap().modified().unwrap();
        let file = File::options().append(true).open(folder.path().join("a.jsonl")).unwrap();
        file.set_modified(modified - KEEP - Duration::from_mins(1)).unwrap();
        prune(folder.path(), modified).unwrap();
        let left: Vec<bool> = ["a.jsonl", "b.jsonl", "notes.txt"].map(|n| folder.path().join(n).exists()).to_vec();
        assert_eq!(left, [false, true, true]);
    }
}
