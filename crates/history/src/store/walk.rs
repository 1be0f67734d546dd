//! Reading entries one after another, from files of their own and from packs.

use crate::entry::recorded::Recorded;
use crate::packs::lines::PackLines;
use crate::packs::listing::{Cursor, Listing, Segment};
use crate::store::error::ReadError;
use crate::store::line::Line;
use crate::store::open::Store;
use crate::summary::{EntrySummary, Link};

/// The entries of a history, oldest first; see [`Store::entries`].
#[derive(Debug)]
pub struct Entries<'a> {
    lines: Lines<'a>,
}

impl Iterator for Entries<'_> {
    type Item = Result<Recorded, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.lines.next()?.and_then(|line| line.recorded()))
    }
}

impl Store {
    /// All entries, oldest first; each is read when its turn comes. A gap is one error, after
    /// which the entries behind it follow.
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn entries(&self) -> Result<Entries<'_>, ReadError> {
        Ok(Entries { lines: self.lines()? })
    }

    /// The entries from the newest backwards; each is read when its turn comes, so that asking for
    /// the newest few costs the same however long the history is.
    ///
    /// # Errors
    /// If the ledger can't be listed, has a gap, or the newest entry can't be read.
    pub fn newest_first(
        &self,
    ) -> Result<impl Iterator<Item = Result<Recorded, ReadError>> + '_, ReadError> {
        let newest = self.head()?.map_or(0, |head| head.number);
        Ok((1..=newest).rev().map(|number| self.entry(number)))
    }

    /// The lines of all entries, oldest first, as [`Store::entries`] tells them.
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn lines(&self) -> Result<Lines<'_>, ReadError> {
        let (listing, cursor) = (self.list_ledger()?, Cursor::default());
        Ok(Lines { store: self, listing, cursor, pack: None, behind_gap: None, expected: 1 })
    }

    /// The entries whose summary passes, oldest first. Of the others no body is built, which is
    /// most of the work of reading an entry. Gaps and what can't be read are told as by
    /// [`Store::entries`], whatever the filter.
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn entries_that<'a>(
        &'a self,
        mut passes: impl FnMut(&EntrySummary) -> bool + 'a,
    ) -> Result<impl Iterator<Item = Result<Recorded, ReadError>> + 'a, ReadError> {
        Ok(self.lines()?.filter_map(move |line| {
            let read =
                line.and_then(|line| passes(&line.summary()?).then(|| line.recorded()).transpose());
            read.transpose()
        }))
    }

    /// The lines of the entries of these numbers, which ascend. As [`Store::entry`] for each of them,
    /// but a pack is read once for all of its entries.
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn lines_numbered(
        &self,
        numbers: impl IntoIterator<Item = u64>,
    ) -> Result<impl Iterator<Item = Result<Line, ReadError>>, ReadError> {
        let listing = self.list_ledger()?;
        let mut open: Option<PackLines<'_>> = None;
        Ok(numbers.into_iter().map(move |number| {
            let Some(pack) = listing.pack_with(number) else { return self.single(number) };
            // Numbers ascend, so the pack that is open is read on instead of from its beginning.
            let here = open.take().filter(|lines| lines.pack == *pack && lines.number() < number);
            let lines = open.insert(here.unwrap_or_else(|| self.pack_lines(*pack)));
            while lines.advance()? {
                if lines.number() == number {
                    return Ok(line_in(number, lines));
                }
            }
            Err(ReadError::NoEntry { path: self.ledger.path.clone(), number })
        }))
    }
}

/// The line that was read, which must be that of an entry.
fn line_in(number: u64, lines: &PackLines<'_>) -> Line {
    Line { number, bytes: lines.line().to_vec(), path: lines.place() }
}

/// The lines of a history's entries, oldest first; see [`Store::lines`].
pub struct Lines<'a> {
    store: &'a Store,
    listing: Listing,
    cursor: Cursor,
    /// The pack that is being read.
    pack: Option<PackLines<'a>>,
    /// What is behind a gap that was just told.
    behind_gap: Option<Result<Line, ReadError>>,
    expected: u64,
}

impl std::fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("store", self.store).finish_non_exhaustive()
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<Line, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(line) = self.behind_gap.take() {
            return Some(line);
        }
        loop {
            let Some(lines) = &mut self.pack else {
                match self.listing.next(&mut self.cursor)? {
                    Segment::Single(number) => {
                        let line = self.store.single(number);
                        return Some(self.reach(number, line));
                    }
                    Segment::Pack(pack) => {
                        self.pack = Some(self.store.pack_lines(pack));
                        if let Some(gap) = self.gap_before(pack.first) {
                            return Some(Err(gap));
                        }
                    }
                }
                continue;
            };
            let behind = lines.pack.last.saturating_add(1);
            match lines.advance() {
                Ok(true) => return Some(self.line_of_pack()),
                Ok(false) => {
                    self.pack = None;
                    if let Some(gap) = self.gap_before(behind) {
                        return Some(Err(gap));
                    }
                }
                Err(error) => {
                    // The rest of this pack can't be read, but what is behind it can.
                    self.expected = behind;
                    self.pack = None;
                    return Some(Err(error.into()));
                }
            }
        }
    }
}

impl Lines<'_> {
    /// The line that was read, which is taken for the entry that it says.
    fn line_of_pack(&mut self) -> Result<Line, ReadError> {
        let expected = self.expected;
        let Some(lines) = &self.pack else {
            return Err(ReadError::NoEntry {
                path: self.store.ledger.path.clone(),
                number: expected,
            });
        };
        // By what it says and not by its place, which is wrong behind a line that was removed.
        let said = Link::read(lines.line()).map_or(expected, |link| link.number);
        if said < expected || !lines.pack.has(said) {
            return Err(ReadError::Misplaced { path: lines.place(), inside: said });
        }
        let line = line_in(said, lines);
        self.reach(said, Ok(line))
    }

    fn reach(&mut self, number: u64, line: Result<Line, ReadError>) -> Result<Line, ReadError> {
        let gap = self.gap_before(number);
        self.expected = number.saturating_add(1);
        match gap {
            Some(gap) => {
                self.behind_gap = Some(line);
                Err(gap)
            }
            None => line,
        }
    }

    fn gap_before(&mut self, number: u64) -> Option<ReadError> {
        let (first, last) = (self.expected, number.saturating_sub(1));
        self.expected = number.max(first);
        (first <= last).then(|| ReadError::Gap {
            path: self.store.ledger.path.clone(),
            first,
            last,
        })
    }
}
