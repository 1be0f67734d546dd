//! Finding the newest entry without listing all of them, where a place can list from the middle.
//!
//! A bucket sends names in the order of their bytes, a thousand at a time, so a history of up to a
//! thousand entries shows its end in one request. In a longer one the end is looked for by doubling
//! and halving, a few requests for each doubling of its length, and what is behind it is
//! listed: if anything is, that wasn't the end. Whoever looks again begins where the end was. Gaps
//! far before the end are left to `verify`.

use std::io::ErrorKind;
use std::sync::PoisonError;

use crate::backend::error::PlaceError;
use crate::backend::files::Page;
use crate::entry::head::Head;
use crate::entry::names;
use crate::packs::range::Pack;
use crate::store::error::ReadError;
use crate::store::line::Line;
use crate::store::newest_entry::Newest;
use crate::store::open::Store;

/// The first number whose name is longer: from here on, names sort otherwise than numbers.
const LONGER: u64 = 1_000_000;

/// How many entries of others are looked for one by one before the ledger is listed.
const PROBES: u64 = 64;

impl Store {
    /// The newest entry; nothing if there is none. It is read each time. Only if its bytes are those
    /// that were seen last, which their digest tells, they aren't made an entry of again.
    pub(crate) fn newest(&self) -> Result<Option<Newest>, ReadError> {
        let before = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let seen = before.as_ref().map_or(0, |newest| newest.head.number);
        let number = match self.page_behind(seen)? {
            Some(page) => self.end_by_pages(seen, page)?,
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
                    let read = || Ok(Newest::of(&line.recorded()?));
                    Some(seen.map_or_else(read, Ok::<_, ReadError>)?)
                }
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
    pub(crate) fn see(&self, newest: Option<Newest>) {
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
                let follows = self.files.file_exists(&self.entry_path(end + 2))?
                    || self.ledger.is_packed(self.files.as_ref(), end + 1)?;
                return Ok((!follows).then_some(end));
            }
        }
        Ok(None)
    }

    /// The names behind an entry's, or from the first on; nothing if the place can't tell them.
    fn page_behind(&self, number: u64) -> Result<Option<Page>, PlaceError> {
        let name = if number == 0 { String::new() } else { names::entry_file(number) };
        self.files.page_behind(&self.ledger.path, &name)
    }

    /// The newest entry by a list of all, which must have no gap.
    fn newest_listed(&self) -> Result<Option<Newest>, ReadError> {
        let listing = self.list_ledger()?;
        if let Some((first, last)) = listing.gaps().next() {
            return Err(ReadError::Gap { path: self.ledger.path.clone(), first, last });
        }
        let newest = listing.last().map(|number| self.entry(number)).transpose()?;
        Ok(newest.as_ref().map(Newest::of))
    }

    /// The newest entry's number, zero if there is none; nothing if only a list of all can tell.
    fn end_by_pages(&self, seen: u64, first: Page) -> Result<Option<u64>, PlaceError> {
        let (mut end, mut page) = (seen, first);
        loop {
            let names =
                page.names.iter().filter_map(|name| self.ledger.entries_of_name(name.as_ref()));
            let mut behind: Vec<Pack> = names.filter(|named| named.last > end).collect();
            behind.sort_unstable();
            let mut last = end;
            let follow = behind.iter().all(|named| {
                let follows = named.first <= last + 1;
                last = last.max(named.last);
                follows
            });
            if !follow || last >= LONGER {
                return Ok(None);
            }
            if !page.full {
                return Ok(Some(last));
            }
            let Some(found) = self.search_end(last)? else { return Ok(None) };
            if found == end {
                // A full page of names that are no entries.
                return Ok(None);
            }
            end = found;
            let Some(next) = self.page_behind(end)? else { return Ok(None) };
            page = next;
        }
    }

    /// A number that is there and isn't followed by the next, from one that is there.
    fn search_end(&self, from: u64) -> Result<Option<u64>, PlaceError> {
        let is_there = |number| self.has_entry(number);
        if is_there(LONGER)? {
            return Ok(None);
        }
        let (mut there, mut step) = (from, 1);
        let mut missing = loop {
            let number = there.saturating_add(step).min(LONGER);
            if number == LONGER || !is_there(number)? {
                break number;
            }
            (there, step) = (number, step * 2);
        };
        while missing - there > 1 {
            let middle = there.midpoint(missing);
            if is_there(middle)? {
                there = middle;
            } else {
                missing = middle;
            }
        }
        Ok(Some(there))
    }
}
