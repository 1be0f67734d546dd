//! Reading entries one after another, from files of their own and from packs.

use std::path::PathBuf;

use crate::backend::error::PlaceError;
use crate::entry::recorded::Recorded;
use crate::line::outline::{Link, Outline};
use crate::line::text::Line;
use crate::packs::lines::{Found, PackLines};
use crate::packs::listing::{Cursor, Listing, Segment};
use crate::store::error::ReadError;
use crate::store::open::{OPENING, Store};

/// The entries of a history, oldest first; see [`Store::entries`].
pub struct Entries<'a> {
    walk: Walk<'a>,
}

impl std::fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entries").field("store", self.walk.store).finish_non_exhaustive()
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Recorded, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.walk.turn()?.and_then(|turn| self.walk.read(turn, recorded)))
    }
}

impl Store {
    /// All entries, oldest first; each is read when its turn comes. A gap is one error, after
    /// which the entries behind it follow.
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn entries(&self) -> Result<Entries<'_>, ReadError> {
        Ok(Entries { walk: self.walk()? })
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

    /// The entries whose outline passes, oldest first. Of the others no body is built, which is
    /// most of the work of reading an entry. Gaps and what can't be read are told as by
    /// [`Store::entries`], whatever the filter.
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn entries_that<'a>(
        &'a self,
        passes: impl FnMut(&Outline<'_>) -> bool + 'a,
    ) -> Result<impl Iterator<Item = Result<Recorded, ReadError>> + 'a, ReadError> {
        self.lines_that(passes, recorded)
    }

    /// What `read` makes of the lines of the entries whose outline passes; see
    /// [`Store::entries_that`].
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn lines_that<'a, T: 'a>(
        &'a self,
        mut passes: impl FnMut(&Outline<'_>) -> bool + 'a,
        mut read: impl FnMut(&Line<'_>) -> Result<T, ReadError> + 'a,
    ) -> Result<impl Iterator<Item = Result<T, ReadError>> + 'a, ReadError> {
        let mut walk = self.walk()?;
        Ok(std::iter::from_fn(move || {
            loop {
                let read = walk.turn()?.and_then(|turn| walk.read_if(turn, &mut passes, &mut read));
                if let Some(item) = read.transpose() {
                    return Some(item);
                }
            }
        }))
    }

    /// The entries of these numbers, which ascend. As [`Store::entry`] for each of them, but a pack
    /// is read once for all of its entries.
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn entries_numbered(
        &self,
        numbers: impl IntoIterator<Item = u64>,
    ) -> Result<impl Iterator<Item = Result<Recorded, ReadError>>, ReadError> {
        self.lines_numbered(numbers, recorded)
    }

    /// What `read` makes of the lines of these entries; see [`Store::entries_numbered`].
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn lines_numbered<T>(
        &self,
        numbers: impl IntoIterator<Item = u64>,
        mut read: impl FnMut(&Line<'_>) -> Result<T, ReadError>,
    ) -> Result<impl Iterator<Item = Result<T, ReadError>>, ReadError> {
        let listing = self.list_ledger()?;
        let mut lines: Option<PackLines<'_>> = None;
        Ok(numbers.into_iter().map(move |number| {
            let Some(pack) = listing.pack_with(number) else {
                let Found { bytes, place } = self.single(number)?;
                return read(&Line { number, bytes: &bytes, place: &|| place.clone() });
            };
            let here = lines.take().filter(|lines| lines.pack == *pack && lines.number() < number);
            let lines = lines.insert(here.unwrap_or_else(|| self.pack_lines(*pack)));
            while lines.advance()? {
                if lines.number() == number {
                    return read(&line_in(number, lines, &|| lines.place()));
                }
            }
            Err(ReadError::NoEntry { path: self.ledger(), number })
        }))
    }

    fn walk(&self) -> Result<Walk<'_>, PlaceError> {
        let (listing, cursor) = (self.list_ledger()?, Cursor::default());
        let (lines, behind_gap, expected, buffer) = (None, None, 1, Vec::new());
        Ok(Walk { store: self, listing, cursor, lines, behind_gap, expected, buffer })
    }
}

fn recorded(line: &Line<'_>) -> Result<Recorded, ReadError> {
    line.recorded()
}

/// The line that was read, which must be that of an entry.
fn line_in<'a>(number: u64, lines: &'a PackLines<'_>, place: &'a dyn Fn() -> PathBuf) -> Line<'a> {
    Line { number, bytes: lines.line(), place }
}

/// Whose turn it is.
#[derive(Clone, Copy)]
enum Turn {
    /// The entry with that number, in a file of its own.
    Single(u64),
    /// The entry with that number, which is the line that was read.
    Line(u64),
}

impl Turn {
    const fn number(self) -> u64 {
        match self {
            Self::Single(number) | Self::Line(number) => number,
        }
    }
}

/// A history that is gone through.
struct Walk<'a> {
    store: &'a Store,
    listing: Listing,
    cursor: Cursor,
    /// The pack that is being read.
    lines: Option<PackLines<'a>>,
    /// Whose turn it is behind a gap that was just told.
    behind_gap: Option<Turn>,
    expected: u64,
    /// For one entry with a file of its own after another.
    buffer: Vec<u8>,
}

impl Walk<'_> {
    /// Whose turn it is, or what is wrong before it.
    fn turn(&mut self) -> Option<Result<Turn, ReadError>> {
        if let Some(turn) = self.behind_gap.take() {
            return Some(Ok(turn));
        }
        loop {
            if let Some(lines) = &mut self.lines {
                match lines.advance() {
                    Ok(true) => return Some(self.line()),
                    Ok(false) => {
                        let last = lines.pack.last;
                        self.lines = None;
                        if let Some(gap) = self.gap_before(last.saturating_add(1)) {
                            return Some(Err(gap));
                        }
                    }
                    Err(error) => {
                        self.expected = lines.pack.last.saturating_add(1);
                        self.lines = None;
                        return Some(Err(error.into()));
                    }
                }
                continue;
            }
            match self.listing.next(&mut self.cursor)? {
                Segment::Single(number) => return Some(self.reach(Turn::Single(number))),
                Segment::Pack(pack) => {
                    self.lines = Some(self.store.pack_lines(pack));
                    if let Some(gap) = self.gap_before(pack.first) {
                        return Some(Err(gap));
                    }
                }
            }
        }
    }

    /// The line that was read, which is taken for the entry that it says.
    fn line(&mut self) -> Result<Turn, ReadError> {
        let Some(lines) = &self.lines else { return Ok(Turn::Line(self.expected)) };
        let said = Link::scan(lines.line()).map_or(self.expected, |link| link.number);
        if said < self.expected || !lines.pack.has(said) {
            return Err(ReadError::Misplaced { path: lines.place(), inside: said });
        }
        self.reach(Turn::Line(said))
    }

    fn reach(&mut self, turn: Turn) -> Result<Turn, ReadError> {
        let gap = self.gap_before(turn.number());
        self.expected = turn.number().saturating_add(1);
        match gap {
            Some(gap) => {
                self.behind_gap = Some(turn);
                Err(gap)
            }
            None => Ok(turn),
        }
    }

    fn gap_before(&mut self, number: u64) -> Option<ReadError> {
        let (first, last) = (self.expected, number.saturating_sub(1));
        self.expected = number.max(first);
        (first <= last).then(|| ReadError::Gap { path: self.store.ledger(), first, last })
    }

    fn read<T>(
        &mut self,
        turn: Turn,
        mut read: impl FnMut(&Line<'_>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let number = turn.number();
        if let (Turn::Line(_), Some(lines)) = (turn, &self.lines) {
            return read(&line_in(number, lines, &|| lines.place()));
        }
        let place = self.store.read_single(&mut self.buffer, number, usize::MAX)?;
        read(&Line { number, bytes: &self.buffer, place: &|| place.clone() })
    }

    fn read_if<T>(
        &mut self,
        turn: Turn,
        passes: &mut impl FnMut(&Outline<'_>) -> bool,
        read: &mut impl FnMut(&Line<'_>) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let number = turn.number();
        let (bytes, place) = if let (Turn::Line(_), Some(lines)) = (turn, &self.lines) {
            (lines.line(), None)
        } else {
            let place = self.store.read_single(&mut self.buffer, number, OPENING)?;
            // What is shorter was read to its end.
            (self.buffer.as_slice(), (self.buffer.len() < OPENING).then_some(place))
        };
        // An entry in another's place is an error, as it is without a filter.
        let outline = Outline::scan(bytes).filter(|outline| outline.number == number);
        if let Some(outline) = outline {
            if !passes(&outline) {
                return Ok(None);
            }
            return match place {
                Some(place) => read(&Line { number, bytes, place: &|| place.clone() }),
                None => self.read(turn, read),
            }
            .map(Some);
        }
        self.read(turn, |line| {
            let recorded = line.recorded()?;
            passes(&Outline::of(&recorded.entry)).then(|| read(line)).transpose()
        })
    }
}
