//! Examining a store: whether the place keeps the promises that a history rests on.
//!
//! Not every file system and not every server that speaks S3 creates a name only if it is absent,
//! and one that doesn't loses entries when two people append at once, without a word. So the
//! examination makes many writers meet on one name.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;

use chrono::{DateTime, Utc};

use crate::backend::error::PlaceError;
use crate::backend::files::Published;
use crate::compaction::unfinished_packing;
use crate::entry::names;
use crate::store::open::Store;
use crate::summary::CLOCK_TOLERANCE;

/// How many writers meet on one name, and how often.
const WRITERS: usize = 8;
const RACES: usize = 8;

/// What was looked at, and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A name for programs, which stays the same: `create-if-absent`.
    pub name: &'static str,
    /// How it was found.
    pub verdict: CheckVerdict,
    /// What was found, and what to do about it.
    pub text: String,
}

/// How something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckVerdict {
    /// As it has to be.
    Good,
    /// Nothing is lost by it, but somebody should look.
    Warning,
    /// No history can be kept like this.
    Bad,
}

impl CheckVerdict {
    /// The word for it, which stays the same.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

impl fmt::Display for CheckVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Check {
    fn new(name: &'static str, verdict: CheckVerdict, text: impl Into<String>) -> Self {
        Self { name, verdict, text: text.into() }
    }

    fn failed(name: &'static str, error: &impl fmt::Display) -> Self {
        Self::new(name, CheckVerdict::Bad, error.to_string())
    }
}

/// Examines the store: permission to write, creating only if absent, reading and listing what
/// was just written, the newest entry, what crashes left, and the clocks. Whatever it writes
/// has a temporary name, which readers pass over, and is removed again.
///
/// The first check that fails for good ends the examination.
#[must_use]
pub fn examine(store: &Store, now: DateTime<Utc>) -> Vec<Check> {
    let mut checks = vec![match store.prepare() {
        Ok(()) => {
            Check::new("writing", CheckVerdict::Good, "everything that appending needs works")
        }
        Err(error) => Check::failed("writing", &error),
    }];
    let look = |checks: &mut Vec<Check>, look: &mut dyn FnMut() -> Check| {
        // After a check that failed for good the others would fail for its reason.
        if checks.iter().all(|check| check.verdict != CheckVerdict::Bad) {
            checks.push(look());
        }
    };
    look(&mut checks, &mut || check_create_if_absent(store));
    look(&mut checks, &mut || check_what_was_written(store));
    look(&mut checks, &mut || check_head(store));
    look(&mut checks, &mut || check_clock(store, now));
    look(&mut checks, &mut || check_leftovers(store));
    checks
}

/// A name in the ledger that nobody has, and that no reader takes for an entry.
fn probe(store: &Store) -> PathBuf {
    store.ledger.path.join(names::temporary(&format!("{}doctor-", names::TEMPORARY)))
}

fn check_create_if_absent(store: &Store) -> Check {
    const NAME: &str = "create-if-absent";
    // A store without the promise needn't break it every time.
    for _ in 0..RACES {
        let probe = probe(store);
        let raced = race(store, &probe);
        // Whatever came of the race: nothing of it may stay in the ledger.
        let removed = store.files.remove(&probe);
        match raced.and_then(|won| removed.map(|()| won)) {
            Ok(1) => (),
            Ok(won) => {
                let text = format!(
                    "{won} of {WRITERS} writers created the same name, so they would overwrite \
                     each other's entries; keep the history in a store that creates only if \
                     absent (for S3: one that honours `If-None-Match: *`)"
                );
                return Check::new(NAME, CheckVerdict::Bad, text);
            }
            Err(error) => return Check::failed(NAME, &error),
        }
    }
    let text = format!(
        "of {WRITERS} writers that created the same name one won, {RACES} times of {RACES}"
    );
    Check::new(NAME, CheckVerdict::Good, text)
}

/// How many writers believe that a name is theirs.
pub(crate) fn race(store: &Store, probe: &Path) -> Result<usize, PlaceError> {
    // Other bytes for each writer, because the same ones would count as everybody's own.
    let write = |writer: usize| store.files.publish(format!("{writer}\n").as_bytes(), probe);
    let write = &write;
    let ends: Vec<Result<Published, PlaceError>> = thread::scope(|scope| {
        // At the same time, because some stores keep the promise only one after the other.
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().filter_map(|writer| writer.join().ok()).collect()
    });
    let mut won = 0;
    for end in ends {
        match end? {
            Published::Ours => won += 1,
            Published::Others => (),
            Published::Unknown(error) => return Err(error),
        }
    }
    Ok(won)
}

fn check_what_was_written(store: &Store) -> Check {
    const NAME: &str = "read-after-write";
    let probe = probe(store);
    let written = written_and_seen(store, &probe);
    let removed = store.files.remove(&probe);
    match written.and_then(|seen| removed.map(|()| seen)) {
        Ok(None) => Check::new(
            NAME,
            CheckVerdict::Good,
            "what was just written is read and listed, and gone once it is removed",
        ),
        Ok(Some(problem)) => Check::new(NAME, CheckVerdict::Bad, problem),
        Err(error) => Check::failed(NAME, &error),
    }
}

/// Writes a file and looks for it in all ways; what is wrong, if anything.
fn written_and_seen(store: &Store, probe: &Path) -> Result<Option<&'static str>, PlaceError> {
    const STALE: &str = "the store shows what was, not what is; switch off what caches it";
    let bytes = b"phasegate was here\n";
    if let Published::Unknown(error) = store.files.publish(bytes, probe)? {
        return Err(error);
    }
    let name = probe.file_name().unwrap_or_default();
    let mut listed = false;
    store.files.list(&store.ledger.path, &mut |each| listed |= each == name)?;
    let there = listed && store.files.exists(probe)? && store.files.read(probe)? == bytes;
    store.files.remove(probe)?;
    let gone = !store.files.exists(probe)?;
    // The caller removes it once more, which has to find something on disk.
    store.files.publish(bytes, probe)?;
    Ok((!there || !gone).then_some(STALE))
}

fn check_head(store: &Store) -> Check {
    match store.head() {
        Ok(Some(head)) => Check::new("head", CheckVerdict::Good, format!("the head is {head}")),
        Ok(None) => Check::new("head", CheckVerdict::Good, "there is no entry yet"),
        Err(error) => Check::failed("head", &error),
    }
}

fn check_clock(store: &Store, now: DateTime<Utc>) -> Check {
    const NAME: &str = "clock";
    let probe = probe(store);
    let written = store.files.publish(b"phasegate was here\n", &probe);
    let time = written.and_then(|_| store.files.written_at(&probe));
    let removed = store.files.remove(&probe);
    let time = match time.and_then(|time| removed.map(|()| time)) {
        Ok(time) => time,
        Err(error) => return Check::failed(NAME, &error),
    };
    let apart = (time - now).abs();
    if apart > CLOCK_TOLERANCE {
        let text = format!(
            "the store's clock and this machine's are {} s apart; set them, entries are dated \
             by the machine that records them",
            apart.num_seconds()
        );
        return Check::new(NAME, CheckVerdict::Warning, text);
    }
    match store.newest() {
        Ok(Some(newest)) if newest.recorded_at - now > CLOCK_TOLERANCE => {
            let text = format!(
                "entry {} is dated {}, which is later than now; the clock that dated it was \
                 wrong, or this one is",
                newest.head.number,
                newest.recorded_at.format("%Y-%m-%dT%H:%M:%SZ")
            );
            Check::new(NAME, CheckVerdict::Warning, text)
        }
        _ => Check::new(NAME, CheckVerdict::Good, "the store's clock and this machine's agree"),
    }
}

fn check_leftovers(store: &Store) -> Check {
    const NAME: &str = "leftovers";
    let mut found = BTreeSet::new();
    for folder in [store.dir.clone(), store.ledger.path.clone(), store.objects_path()] {
        let listed = store.files.list_if_present(&folder, &mut |name| {
            if name.as_encoded_bytes().starts_with(names::TEMPORARY.as_bytes()) {
                found.insert(folder.join(name));
            }
        });
        if let Err(error) = listed {
            return Check::failed(NAME, &error);
        }
    }
    match store.interrupted_rebase() {
        Ok(None) => (),
        Ok(Some(path)) => {
            let text = crate::verify::problem::Warning::UnfinishedRebase { path }.to_string();
            return Check::new(NAME, CheckVerdict::Warning, text);
        }
        Err(error) => return Check::failed(NAME, &error),
    }
    match unfinished_packing(store) {
        Ok(0) => (),
        Ok(files) => {
            let text = format!(
                "{files} entries are in a pack and still have files of their own; run \
                 `phasegate history pack`"
            );
            return Check::new(NAME, CheckVerdict::Warning, text);
        }
        Err(error) => return Check::failed(NAME, &error),
    }
    let Some(first) = found.first() else {
        return Check::new(NAME, CheckVerdict::Good, "no crash left temporary files behind");
    };
    let text = format!(
        "{} temporary, from crashes or from somebody who is appending now: `{}`{}; remove them \
         when nobody appends",
        if found.len() == 1 {
            "1 file is".to_owned()
        } else {
            format!("{} files are", found.len())
        },
        first.display(),
        if found.len() == 1 { "" } else { " and others" },
    );
    Check::new(NAME, CheckVerdict::Warning, text)
}
