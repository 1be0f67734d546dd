//! Finding the newest entry without listing all of them, where a place can list from the middle.
//!
//! A bucket sends names in the order of their bytes, a thousand at a time, so a history of up to a
//! thousand entries shows its end in one request. In a longer one the end is looked for by doubling
//! and halving, a few requests for each doubling of its length, and what is behind it is
//! listed: if anything is, that wasn't the end. Whoever looks again begins where the end was. Gaps
//! far before the end are left to `verify`.

use std::sync::atomic::Ordering;

use crate::entry::Recorded;
use crate::files::Page;
use crate::names;
use crate::place_error::PlaceError;
use crate::store::{ReadError, Store};

/// The first number whose name is longer: from here on, names sort otherwise than numbers.
const LONGER: u64 = 1_000_000;

impl Store {
    /// The newest entry; nothing if there is none.
    pub(crate) fn newest(&self) -> Result<Option<Recorded>, ReadError> {
        let seen = self.seen.load(Ordering::Relaxed);
        let number = match self.page_behind(seen)? {
            Some(page) => self.end_by_pages(seen, page)?,
            None => None,
        };
        if let Some(number) = number {
            self.seen.fetch_max(number, Ordering::Relaxed);
        }
        match number {
            Some(0) => Ok(None),
            Some(number) => self.entry(number).map(Some),
            None => self.newest_listed(),
        }
    }

    /// The names behind an entry's, or from the first on; nothing if the place can't tell them.
    fn page_behind(&self, number: u64) -> Result<Option<Page>, PlaceError> {
        let name = if number == 0 { String::new() } else { names::entry_file(number) };
        self.files.page_behind(&self.ledger(), &name)
    }

    /// The newest entry by a list of all, which must have no gap.
    fn newest_listed(&self) -> Result<Option<Recorded>, ReadError> {
        let listing = self.list_ledger()?;
        if let Some((first, last)) = listing.gaps().next() {
            return Err(ReadError::Gap { path: self.ledger(), first, last });
        }
        listing.numbers.last().map(|number| self.entry(*number)).transpose()
    }

    /// The newest entry's number, zero if there is none; nothing if only a list of all can tell.
    fn end_by_pages(&self, seen: u64, first: Page) -> Result<Option<u64>, PlaceError> {
        let (mut end, mut page) = (seen, first);
        loop {
            let names = page.names.iter().filter_map(|name| names::entry_number(name.as_ref()));
            let mut behind: Vec<u64> = names.filter(|number| *number > end).collect();
            behind.sort_unstable();
            let follow = (end + 1..).zip(&behind).all(|(next, number)| next == *number);
            let last = behind.last().copied().unwrap_or(end);
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
        let is_there = |number| self.files.exists(&self.entry_path(number));
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
