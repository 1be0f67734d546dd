//! Finding the newest entry without listing all of them, where a place can list from the middle.
//!
//! A bucket sends names in the order of their bytes, a thousand at a time and from any name on. So
//! whoever looks again asks only for what is behind the entry seen last, and only the first look
//! lists them all. Gaps far before the end are left to `verify`.

use std::io::ErrorKind;
use std::sync::PoisonError;

use crate::backend::error::PlaceError;
use crate::entry::head::Head;
use crate::entry::names;
use crate::packs::range::Pack;
use crate::store::error::ReadError;
use crate::store::line::Line;
use crate::store::newest_entry::NewestEntry;
use crate::store::open::Store;

/// The first number whose name is longer: from here on, names sort otherwise than numbers.
const LONGER: u64 = 1_000_000;

/// How many entries of others are looked for one by one before the ledger is listed.
const PROBES: u64 = 64;

impl Store {
    /// The newest entry; nothing if there is none. It is read each time. Only if its bytes are those
    /// that were seen last, which their digest tells, they aren't made an entry of again.
    pub(crate) fn newest(&self) -> Result<Option<NewestEntry>, ReadError> {
        // Only a place to begin from is kept, which a panic elsewhere can't make wrong.
        let before = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let seen = before.as_ref().map_or(0, |newest| newest.head.number);
        let number = match self.names_behind(seen)? {
            Some(names) => self.end_by_names(seen, &names),
            None => self.end_by_probing(seen)?,
        };
        let newest = match number {
            Some(0) => None,
            // It isn't in a pack, which has only what is older than the newest.
            Some(number) => match self.files.read(&self.entry_path(number)) {
                Ok(bytes) => {
                    let line = Line { number, bytes, path: self.entry_path(number) };
                    let head = Head { number, digest: line.digest() };
                    let seen = before.filter(|before| before.head == head);
                    let read = || Ok(NewestEntry::of(&line.recorded()?));
                    Some(seen.map_or_else(read, Ok::<_, ReadError>)?)
                }
                // Others may have recorded ten thousand since, and packed this one.
                Err(error) if error.kind() == ErrorKind::NotFound => self.newest_listed()?,
                Err(error) => return Err(error.into()),
            },
            None => self.newest_listed()?,
        };
        if newest.is_some() {
            self.see(newest.clone());
        }
        Ok(newest)
    }

    /// Keeps from which entry to look for the newest next time; nothing to look for it anew.
    pub(crate) fn see(&self, newest: Option<NewestEntry>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = newest;
    }

    /// The newest entry's number, from one that was seen to be there: a folder can't be listed from
    /// the middle, but the next names can be looked for. Nothing if only a list can tell: at first,
    /// if others recorded many, if what follows is packed, or if there is a gap.
    fn end_by_probing(&self, seen: u64) -> Result<Option<u64>, PlaceError> {
        if seen == 0 {
            return Ok(None);
        }
        for end in seen..seen.saturating_add(PROBES) {
            if !self.files.file_exists(&self.entry_path(end + 1))? {
                // An entry behind the next number means that one is missing: this isn't the end.
                let follows = self.files.file_exists(&self.entry_path(end + 2))?
                    || self.ledger.is_packed(self.files.as_ref(), end + 1)?;
                return Ok((!follows).then_some(end));
            }
        }
        Ok(None)
    }

    /// The names behind an entry's, or from the first on; nothing if the place can't tell them.
    fn names_behind(&self, number: u64) -> Result<Option<Vec<String>>, PlaceError> {
        let name = if number == 0 { String::new() } else { names::entry_file(number) };
        self.files.names_behind(&self.ledger.path, &name)
    }

    /// The newest entry by a list of all, which must have no gap.
    fn newest_listed(&self) -> Result<Option<NewestEntry>, ReadError> {
        let listing = self.list_ledger()?;
        if let Some((first, last)) = listing.gaps().next() {
            return Err(ReadError::Gap { path: self.ledger.path.clone(), first, last });
        }
        let newest = listing.last().map(|number| self.entry(number)).transpose()?;
        Ok(newest.as_ref().map(NewestEntry::of))
    }

    /// The newest entry's number, zero if there is none; nothing if only a list of all can tell:
    /// if there is a gap, or numbers of seven digits, whose names sort otherwise than they do.
    fn end_by_names(&self, seen: u64, names: &[String]) -> Option<u64> {
        let named = names.iter().filter_map(|name| self.ledger.entries_of_name(name.as_ref()));
        let mut behind: Vec<Pack> = named.filter(|named| named.last > seen).collect();
        behind.sort_unstable();
        let mut last = seen;
        for named in behind {
            if named.first > last + 1 {
                return None;
            }
            last = last.max(named.last);
        }
        (last < LONGER).then_some(last)
    }
}
