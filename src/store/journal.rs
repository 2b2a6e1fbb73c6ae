//! The journal: who did what, when, on what evidence, with what result. One file and one hash chain per process.
//!
//! Each line names the SHA-256 of the line before it, the first one the heads of the newest other files, so that
//! a changed or missing line shows.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::secrets::mask;
use crate::domain::{
    journal::{Entry, What},
    reset::Reset,
};

/// Grows when an old journal would be read wrongly.
pub const FORMAT: u32 = 1;
/// Other files whose heads a new one names; each of them names the ones before it.
const HEADS: usize = 20;

/// Who writes, as far as this machine knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub user: Option<String>,
    pub host: Option<String>,
    /// The other end of the SSH connection, where there is one.
    pub ssh: Option<String>,
    pub pid: u32,
}

/// The head of another file of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub file: String,
    pub hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Begin { format: u32, version: String, at: DateTime<Utc>, origin: Origin, heads: Vec<Head> },
    Entry { prev: String, entry: Entry },
}

/// Appends entries. Nothing is created before the first one.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    origin: Origin,
    file: Option<Chain>,
    files: u32,
}

#[derive(Debug)]
struct Chain {
    file: File,
    head: String,
}

/// Why an entry is not on the disk.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the journal in `{}` cannot be written: {source}", folder.display())]
    Write { folder: PathBuf, source: io::Error },
    #[error("`{}` cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}`, line {line}: not a journal entry: {why}", path.display())]
    Malformed { path: PathBuf, line: usize, why: serde_json::Error },
    #[error("`{}`, line {line}: {what}", path.display())]
    Broken { path: PathBuf, line: usize, what: &'static str },
}

/// A file that holds together.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    pub entries: Vec<Entry>,
    pub head: String,
    /// The last line was cut, by a crash or by hand.
    pub torn: bool,
}

impl Journal {
    #[must_use]
    pub const fn new(folder: PathBuf, origin: Origin) -> Self {
        Self { folder, origin, file: None, files: 0 }
    }

    /// Writes one entry through to the disk.
    ///
    /// # Errors
    /// When it is not certain that the entry is on the disk.
    pub fn append(&mut self, entry: &Entry) -> Result<(), JournalError> {
        self.try_append(entry).map_err(|source| {
            // What stands at the end of that file is not known; the next entry begins a file that names its head.
            self.file = None;
            JournalError::Write { folder: self.folder.clone(), source }
        })
    }

    fn try_append(&mut self, entry: &Entry) -> io::Result<()> {
        let mut chain = match self.file.take() {
            Some(chain) => chain,
            None => self.begin(entry.at)?,
        };
        let line = Line::Entry { prev: chain.head.clone(), entry: entry.clone() };
        chain.append(&line)?;
        self.file = Some(chain);
        Ok(())
    }

    fn begin(&mut self, at: DateTime<Utc>) -> io::Result<Chain> {
        super::make_folder(&self.folder)?;
        let heads = heads(&self.folder)?;
        self.files += 1;
        let name = format!("{}-{}-{}.jsonl", at.format("%Y%m%dT%H%M%SZ"), self.origin.pid, self.files);
        let file = super::create(&self.folder.join(name))?;
        let mut chain = Chain { file, head: String::new() };
        let version = env!("CARGO_PKG_VERSION").to_owned();
        chain.append(&Line::Begin { format: FORMAT, version, at, origin: self.origin.clone(), heads })?;
        // The name of the file has to survive as well.
        File::open(&self.folder)?.sync_all()?;
        Ok(chain)
    }
}

impl Chain {
    fn append(&mut self, line: &Line) -> io::Result<()> {
        let mut text = mask(&serde_json::to_string(line)?).into_owned();
        let head = hash(text.as_bytes());
        text.push('\n');
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()?;
        self.head = head;
        Ok(())
    }
}

fn hash(line: &[u8]) -> String {
    Sha256::digest(line).iter().fold(String::with_capacity(64), |mut hex, byte| {
        hex.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default()));
        hex
    })
}

/// Stands for the head of a file that is there and cannot be read.
const UNREADABLE: &str = "unreadable";

/// The heads of the newest files, oldest first. Names begin with the time, so they sort by it.
fn heads(folder: &Path) -> io::Result<Vec<Head>> {
    let mut names: Vec<String> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().and_then(|e| e.file_name().into_string().ok()))
        .filter(|name| Path::new(name).extension().is_some_and(|e| e == "jsonl"))
        .collect();
    names.sort_unstable();
    let newest = names.len().saturating_sub(HEADS);
    names
        .into_iter()
        .skip(newest)
        .filter_map(|file| match fs::read(folder.join(&file)) {
            Ok(bytes) => lines(&bytes).0.last().map(|line| Ok(Head { file, hash: hash(line) })),
            // Of another user perhaps: it must not keep this run from writing its own.
            Err(_) => Some(Ok(Head { file, hash: UNREADABLE.into() })),
        })
        .collect()
}

/// The complete lines without their breaks, and whether something incomplete follows.
fn lines(bytes: &[u8]) -> (Vec<&[u8]>, bool) {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let torn = lines.pop().is_some_and(|rest| !rest.is_empty());
    (lines, torn)
}

/// Reads one file of the journal and checks its chain.
///
/// # Errors
/// With file and line: the first place where it does not hold together.
pub fn verify(path: &Path) -> Result<Verified, JournalError> {
    let bytes = fs::read(path).map_err(|source| JournalError::Read { path: path.to_owned(), source })?;
    let (lines, torn) = lines(&bytes);
    let mut verified = Verified { entries: Vec::new(), head: String::new(), torn };
    for (index, text) in lines.into_iter().enumerate() {
        let broken = |what| JournalError::Broken { path: path.to_owned(), line: index + 1, what };
        let line: Line = serde_json::from_slice(text).map_err(|why| JournalError::Malformed {
            path: path.to_owned(),
            line: index + 1,
            why,
        })?;
        match line {
            Line::Begin { format, .. } if index == 0 && format == FORMAT => {}
            Line::Begin { .. } if index == 0 => return Err(broken("written in another format")),
            Line::Begin { .. } => return Err(broken("begins a second time")),
            Line::Entry { .. } if index == 0 => return Err(broken("the beginning is missing")),
            Line::Entry { prev, .. } if prev != verified.head => {
                return Err(broken("does not follow the line before it: one of them was changed or removed"));
            }
            Line::Entry { entry, .. } => verified.entries.push(entry),
        }
        verified.head = hash(text);
    }
    Ok(verified)
}

/// Regressions that were set aside in files written to at `since` or later, oldest first, and what was not read: a
/// file that does not hold together sets nothing aside.
#[must_use]
pub fn resets(folder: &Path, since: SystemTime) -> (Vec<Reset>, Vec<JournalError>) {
    let unread = |source| JournalError::Read { path: folder.to_owned(), source };
    let files = match fs::read_dir(folder) {
        Ok(files) => files,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return (Vec::new(), Vec::new()),
        Err(why) => return (Vec::new(), vec![unread(why)]),
    };
    let (mut resets, mut errors) = (Vec::new(), Vec::new());
    for file in files {
        let is_new = |file: &fs::DirEntry| file.metadata().and_then(|about| about.modified()).map(|at| at >= since);
        match file.and_then(|file| is_new(&file).map(|is_new| (file.path(), is_new))) {
            Ok((path, true)) if path.extension().is_some_and(|e| e == "jsonl") => match verify(&path) {
                Ok(verified) => resets.extend(verified.entries.into_iter().filter_map(|entry| match entry.what {
                    // What was written before resets said it themselves.
                    What::Reset(reset) => Some(Reset { by: reset.by.or(entry.user), ..reset }),
                    What::Intent { .. }
                    | What::Accepted(_)
                    | What::Failed(_)
                    | What::EffectSeen { .. }
                    | What::NoEffect { .. }
                    | What::Left { .. }
                    | What::Armed { .. }
                    | What::StandDownSent { .. }
                    | What::GuardEnded { .. } => None,
                })),
                Err(why) => errors.push(why),
            },
            Ok(_) => {}
            Err(why) => errors.push(unread(why)),
        }
    }
    resets.sort_by_key(|reset: &Reset| reset.at);
    (resets, errors)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::domain::{journal::ActId, release::ReleaseId, target::Target};

    fn origin(pid: u32) -> Origin {
        Origin { user: Some("op".into()), host: None, ssh: None, pid }
    }

    fn entry(act: u64) -> Entry {
        let at = DateTime::UNIX_EPOCH;
        Entry { at, act: ActId(act), user: Some("operator".into()), what: What::EffectSeen { after: 4.0 } }
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        files
    }

    fn three_entries(folder: &Path, pid: u32) -> PathBuf {
        let before = files(folder);
        let mut journal = Journal::new(folder.to_owned(), origin(pid));
        for act in 1..=3 {
            journal.append(&entry(act)).unwrap();
        }
        files(folder).into_iter().find(|file| !before.contains(file)).unwrap()
    }

    #[test]
    fn entries_are_private_and_hold_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = three_entries(folder.path(), 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let verified = verify(&path).unwrap();
        assert_eq!((verified.entries.len(), verified.torn), (3, false));
    }

    #[test]
    fn nothing_is_made_before_the_first_act() {
        let folder = tempfile::tempdir().unwrap();
        let _journal = Journal::new(folder.path().join("journal"), origin(1));
        assert!(files(folder.path()).is_empty());
    }

    #[test]
    fn a_new_file_names_the_heads_of_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let first = three_entries(folder.path(), 1);
        let second = three_entries(folder.path(), 2);
        let begin = fs::read_to_string(second).unwrap();
        assert!(begin.lines().next().unwrap().contains(&verify(&first).unwrap().head));
    }

    #[test]
    fn tampering_shows_with_its_line() {
        let change: fn(&str) -> String = |text| text.replacen("\"act\":2", "\"act\":9", 1);
        let drop_second = |text: &str| {
            let kept: Vec<_> = text.lines().filter(|line| !line.contains("\"act\":2")).collect();
            kept.join("\n") + "\n"
        };
        let drop_first = |text: &str| text.lines().skip(1).collect::<Vec<_>>().join("\n") + "\n";
        let cases = [
            (change, "line 4: does not follow"),
            (drop_second, "line 3: does not follow"),
            (drop_first, "line 1: the beginning"),
        ];
        for (tamper, expected) in cases {
            let folder = tempfile::tempdir().unwrap();
            let path = three_entries(folder.path(), 1);
            fs::write(&path, tamper(&fs::read_to_string(&path).unwrap())).unwrap();
            let error = verify(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_torn_tail_is_told_and_the_rest_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = three_entries(folder.path(), 1);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.trim_end().trim_end_matches('}')).unwrap();
        let verified = verify(&path).unwrap();
        assert_eq!((verified.entries.len(), verified.torn), (2, true));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_and_the_next_entry_tries_anew() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("file/journal");
        fs::write(folder.path().join("file"), "in the way").unwrap();
        let mut journal = Journal::new(inside.clone(), origin(1));
        assert!(journal.append(&entry(1)).unwrap_err().to_string().contains("file/journal"));
        fs::remove_file(folder.path().join("file")).unwrap();
        journal.append(&entry(2)).unwrap();
        assert_eq!(verify(&files(&inside)[0]).unwrap().entries.len(), 1);
    }

    #[test]
    fn what_was_set_aside_is_found_again_and_a_changed_file_sets_nothing_aside() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("journal");
        assert!(
            matches!(resets(&inside, SystemTime::UNIX_EPOCH), (found, errors) if found.is_empty() && errors.is_empty())
        );
        let reset = |panel: &str, second| Reset {
            release: ReleaseId {
                target: Target {
                    source: "prod".into(),
                    kind: "rollout".into(),
                    path: vec!["shop".into(), "checkout".into()],
                },
                uid: "1".into(),
                revision: "2".into(),
            },
            panel: panel.into(),
            kind: "ratio".into(),
            tick: second,
            found: "×0.41 (0.28–0.57)".into(),
            at: DateTime::from_timestamp(second, 0).unwrap(),
            by: Some("operator".into()),
            reason: "load test".into(),
        };
        for (pid, panel, second) in [(2, "orders", 20), (1, "refunds", 10)] {
            let mut journal = Journal::new(inside.clone(), origin(pid));
            journal.append(&entry(1)).unwrap();
            let what = What::Reset(reset(panel, second));
            journal.append(&Entry { what, ..entry(2) }).unwrap();
        }
        let (found, errors) = resets(&inside, SystemTime::UNIX_EPOCH);
        assert_eq!((found.as_slice(), errors.len()), (&[reset("refunds", 10), reset("orders", 20)][..], 0));
        let newest = files(&inside).iter().map(|path| path.metadata().unwrap().modified().unwrap()).max().unwrap();
        let (none, _) = resets(&inside, newest + std::time::Duration::from_mins(1));
        assert!(none.is_empty(), "old files are not read");

        let changed =
            files(&inside).into_iter().find(|path| fs::read_to_string(path).unwrap().contains("orders")).unwrap();
        let text = fs::read_to_string(&changed).unwrap();
        fs::write(&changed, text.replace("effect_seen", "no_effect")).unwrap();
        let (found, errors) = resets(&inside, SystemTime::UNIX_EPOCH);
        assert_eq!((found.as_slice(), errors.len()), (&[reset("refunds", 10)][..], 1));
    }
}
