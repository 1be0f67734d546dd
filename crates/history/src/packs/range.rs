//! Packs: entries that are kept together, a line each, in one file of a name that says which.
//!
//! Which entries go into one pack is fixed: `000001-010000.jsonl`, `010001-020000.jsonl`. So the name
//! of the pack that would have an entry follows from the entry's number, and whether an entry was
//! packed can be asked without a list.

use std::ffi::OsStr;
use std::path::PathBuf;

use crate::entry::names;
use crate::store::open::Store;

/// How many entries a pack has.
pub(crate) const PACK_SIZE: u64 = 10_000;

/// The entries of one pack, by the numbers of the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pack {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Pack {
    pub(crate) const fn has(&self, number: u64) -> bool {
        self.first <= number && number <= self.last
    }
}

impl Store {
    /// The pack that has that entry, or would have it.
    pub(crate) const fn pack_of(&self, number: u64) -> Pack {
        let before = number.saturating_sub(1) / self.pack_size * self.pack_size;
        Pack { first: before.saturating_add(1), last: before.saturating_add(self.pack_size) }
    }

    /// The pack of that name, if it is one.
    pub(crate) fn pack_named(&self, name: &OsStr) -> Option<Pack> {
        let first = names::pack_beginning(name)?;
        let pack = self.pack_of(first);
        (names::pack_file(pack.first, pack.last).as_str() == name).then_some(pack)
    }

    pub(crate) fn pack_path(&self, pack: &Pack) -> PathBuf {
        self.ledger().join(names::pack_file(pack.first, pack.last))
    }

    /// Whether there is the pack that would have that entry.
    pub(crate) fn is_packed(&self, number: u64) -> Result<bool, crate::PlaceError> {
        self.files.file_exists(&self.pack_path(&self.pack_of(number)))
    }

    /// Whether there is an entry of that number, in a file of its own or in a pack.
    pub(crate) fn has_entry(&self, number: u64) -> Result<bool, crate::PlaceError> {
        Ok(self.files.file_exists(&self.entry_path(number))? || self.is_packed(number)?)
    }
}
