//! The ledger's folder: which entries it has, in files of their own or in packs, and the bytes of those in packs.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::backend::error::PlaceError;
use crate::backend::files::Files;
use crate::entry::names::{self, LEDGER};
use crate::packs::lines::{PackLines, line_of};
use crate::packs::listing::Listing;
use crate::packs::range::{PACK_SIZE, Pack};

/// The ledger's folder in a backend.
pub(crate) struct Ledger {
    pub(crate) path: PathBuf,
    /// How many entries a pack has: always the same, but for tests.
    pub(crate) pack_size: u64,
    /// Where the lines of packs begin that single entries were asked of.
    beginnings: Mutex<BTreeMap<Pack, Arc<[u64]>>>,
}

impl Ledger {
    /// That of the history in `dir`.
    pub(crate) fn of(dir: &Path) -> Self {
        Self { path: dir.join(LEDGER), pack_size: PACK_SIZE, beginnings: Mutex::default() }
    }

    /// The file of an entry that no pack has.
    pub(crate) fn entry_path(&self, number: u64) -> PathBuf {
        self.path.join(names::entry_file(number))
    }

    pub(crate) fn pack_path(&self, pack: &Pack) -> PathBuf {
        self.path.join(names::pack_file(pack.first, pack.last))
    }

    /// The pack that has that entry, or would have it.
    pub(crate) const fn pack_of(&self, number: u64) -> Pack {
        let before = number.saturating_sub(1) / self.pack_size * self.pack_size;
        Pack { first: before.saturating_add(1), last: before.saturating_add(self.pack_size) }
    }

    /// The pack of that name, if it is one.
    fn pack_named(&self, name: &OsStr) -> Option<Pack> {
        let first = names::pack_beginning(name)?;
        let pack = self.pack_of(first);
        // Packs are aligned: of any other range nobody could compute the name.
        (names::pack_file(pack.first, pack.last).as_str() == name).then_some(pack)
    }

    /// The entries that a file of that name has.
    pub(crate) fn entries_of_name(&self, name: &OsStr) -> Option<Pack> {
        let single = names::entry_number(name).map(|number| Pack { first: number, last: number });
        single.or_else(|| self.pack_named(name))
    }

    /// Whether there is the pack that would have that entry.
    pub(crate) fn is_packed(&self, files: &dyn Files, number: u64) -> Result<bool, PlaceError> {
        files.file_exists(&self.pack_path(&self.pack_of(number)))
    }

    /// Whether there is an entry of that number, in a file of its own or in a pack.
    pub(crate) fn has(&self, files: &dyn Files, number: u64) -> Result<bool, PlaceError> {
        // In this order none is missed, for a file goes only after its pack has come.
        Ok(files.file_exists(&self.entry_path(number))? || self.is_packed(files, number)?)
    }

    /// What is in the folder.
    pub(crate) fn list(&self, files: &dyn Files) -> Result<Listing, PlaceError> {
        let mut listing = Listing { numbers: Vec::new(), packs: Vec::new(), strays: Vec::new() };
        files.list_if_present(&self.path, &mut |name| {
            if let Some(number) = names::entry_number(name) {
                listing.numbers.push(number);
            } else if let Some(pack) = self.pack_named(name) {
                listing.packs.push(pack);
            } else if !names::is_hidden(name) {
                listing.strays.push(name.to_owned());
            }
        })?;
        listing.sort();
        self.fill_false_gaps(files, &mut listing)?;
        Ok(listing)
    }

    /// A folder that grows while it is listed may show a later entry and not an earlier one, or
    /// neither entries nor the pack that they went into; so what seems to be missing is looked for
    /// by name. A number is only ever taken after the one before it: from the first that truly
    /// isn't there, the gap is real.
    fn fill_false_gaps(&self, files: &dyn Files, listing: &mut Listing) -> Result<(), PlaceError> {
        let (mut numbers, mut packs) = (Vec::new(), Vec::new());
        for (first, last) in listing.gaps() {
            let mut number = first;
            while number <= last {
                if files.file_exists(&self.entry_path(number))? {
                    numbers.push(number);
                    number += 1;
                } else if self.is_packed(files, number)? {
                    let pack = self.pack_of(number);
                    number = pack.last.saturating_add(1);
                    packs.push(pack);
                } else {
                    break;
                }
            }
        }
        listing.numbers.append(&mut numbers);
        listing.packs.append(&mut packs);
        listing.sort();
        listing.packs.dedup();
        Ok(())
    }

    /// The lines of a pack, one after another.
    pub(crate) fn pack_lines<'f>(&self, files: &'f dyn Files, pack: Pack) -> PackLines<'f> {
        PackLines::of(pack, self.pack_path(&pack), files)
    }

    /// The bytes of an entry as its pack has it, and what messages call the place where they are;
    /// nothing if it isn't in one.
    pub(crate) fn packed_line(
        &self,
        files: &dyn Files,
        number: u64,
    ) -> Result<Option<(Vec<u8>, PathBuf)>, PlaceError> {
        let pack = self.pack_of(number);
        let kept = self.kept_beginnings(pack);
        // Most entries that are asked for are in no pack, which a look tells sooner than reading.
        if kept.is_none() && !self.is_packed(files, number)? {
            return Ok(None);
        }
        let begins = kept.map_or_else(|| self.line_beginnings(files, pack), Ok)?;
        let line = number.saturating_sub(pack.first);
        let at = usize::try_from(line).unwrap_or(usize::MAX);
        let (Some(begin), Some(end)) = (begins.get(at), begins.get(at.saturating_add(1))) else {
            return Ok(None);
        };
        let path = self.pack_path(&pack);
        let length = usize::try_from(end - begin).unwrap_or(usize::MAX);
        // One line of up to ten thousand: from a bucket the rest would come over the network.
        let bytes = files.read_part(&path, *begin, length)?;
        Ok(Some((bytes, line_of(&path, line + 1))))
    }

    fn kept_beginnings(&self, pack: Pack) -> Option<Arc<[u64]>> {
        self.beginnings.lock().unwrap_or_else(PoisonError::into_inner).get(&pack).map(Arc::clone)
    }

    /// Where the lines of a pack begin, and where the last one ends.
    fn line_beginnings(&self, files: &dyn Files, pack: Pack) -> Result<Arc<[u64]>, PlaceError> {
        let (mut begins, mut end) = (vec![0], 0);
        let mut lines = self.pack_lines(files, pack);
        while lines.advance()? {
            end += lines.line().len() as u64;
            begins.push(end);
        }
        let begins: Arc<[u64]> = begins.into();
        let mut kept = self.beginnings.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(pack, Arc::clone(&begins));
        Ok(begins)
    }
}
