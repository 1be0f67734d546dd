//! Entries that two branches recorded after the same one, as a merge leaves them: whole, in one
//! file with a conflict, or one in the place of the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::entry::digest::Digest;
use crate::entry::error::EntryError;
use crate::entry::head::Head;
use crate::entry::recorded::{Entry, Recorded};
use crate::entry::wire::CONFLICT;
use crate::rebase::error::RebaseError;
use crate::store::open::Store;

/// All entries that were found, whatever file they were in.
#[derive(Default)]
pub(crate) struct Pile {
    entries: BTreeMap<Digest, Entry>,
    /// Those that are in a file of the history itself.
    in_store: BTreeSet<Digest>,
}

/// A history without other branches: from its first entry to its newest.
pub(crate) type Branch = Vec<Recorded>;

impl Pile {
    /// Adds the entries of a ledger.
    pub(crate) fn add(&mut self, store: &Store, is_other: bool) -> Result<(), RebaseError> {
        let listing = store.list_ledger()?;
        for pack in &listing.packs {
            let mut lines = store.pack_lines(*pack);
            while lines.advance()? {
                self.add_entry(lines.line(), is_other, || lines.place())?;
            }
        }
        // Beside a pack, too, there may be entries of another branch.
        for number in listing.numbers {
            let path = store.entry_path(number);
            let bytes = store.files.read(&path)?;
            for line in versions(&bytes) {
                self.add_entry(line, is_other, || path.clone())?;
            }
        }
        Ok(())
    }

    fn add_entry(
        &mut self,
        line: &[u8],
        is_other: bool,
        place: impl FnOnce() -> PathBuf,
    ) -> Result<(), RebaseError> {
        let digest = Digest::of(line);
        let entry =
            whole(line).map_err(|problem| RebaseError::Damaged { path: place(), problem })?;
        if !is_other {
            self.in_store.insert(digest);
        }
        self.entries.insert(digest, entry);
        Ok(())
    }

    /// The branches, by their newest entries.
    pub(crate) fn branches(&self) -> Result<Vec<Branch>, RebaseError> {
        // No file says which branch an entry is of; only the links between them do.
        let followed: BTreeSet<Digest> =
            self.entries.values().filter_map(|entry| entry.previous).collect();
        let newest = self.entries.keys().filter(|digest| !followed.contains(digest));
        newest.map(|digest| self.back_from(*digest)).collect()
    }

    fn back_from(&self, newest: Digest) -> Result<Branch, RebaseError> {
        let mut branch = Branch::new();
        let mut next = Some(newest);
        while let Some(digest) = next {
            let Some(entry) = self.entries.get(&digest) else {
                let number = branch.last().map_or(0, |found: &Recorded| found.entry.number);
                return Err(RebaseError::NoPredecessor { number, previous: digest });
            };
            next = entry.previous;
            branch.push(Recorded { entry: entry.clone(), digest });
        }
        branch.reverse();
        let counted = (1..).zip(&branch).all(|(number, found)| found.entry.number == number);
        if counted { Ok(branch) } else { Err(RebaseError::NotCounted) }
    }

    /// Whether the history itself has the branch's newest entry.
    pub(crate) fn is_in_store(&self, branch: &Branch) -> bool {
        branch.last().is_some_and(|newest| self.in_store.contains(&newest.digest))
    }
}

/// The entries in a file: one, or all versions that git left in it.
fn versions(bytes: &[u8]) -> Vec<&[u8]> {
    if bytes.starts_with(CONFLICT) {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        // What git writes between two versions doesn't begin like JSON.
        lines.filter(|line| line.starts_with(b"{")).collect()
    } else {
        vec![bytes]
    }
}

/// An entry whose bytes are what it would be written as.
fn whole(line: &[u8]) -> Result<Entry, EntryError> {
    let entry = Entry::parse(line)?;
    // Bytes that git or an editor touched have another digest, and nothing would follow them.
    if entry.to_line().map_err(EntryError::Format)? == line {
        Ok(entry)
    } else {
        Err(EntryError::NotItself)
    }
}

/// The head of a branch.
pub(crate) fn head(branch: &Branch) -> Option<Head> {
    branch.last().map(Recorded::head)
}

/// Which branches have an entry whose head begins like this: `7:3fa9`.
pub(crate) fn with_head(branches: &[Branch], begin: &str) -> Vec<usize> {
    let has =
        |branch: &Branch| branch.iter().any(|found| found.head().to_string().starts_with(begin));
    (0..).zip(branches).filter(|(_, branch)| has(branch)).map(|(at, _)| at).collect()
}

/// The name of a saved entry.
pub(crate) fn saved(folder: &Path, whose: &str, number: u64) -> PathBuf {
    folder.join(format!("{whose}-{number:06}.json"))
}
