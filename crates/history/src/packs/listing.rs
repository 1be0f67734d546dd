//! What is in the ledger: entries in files of their own, packs, and what doesn't belong there.

use std::ffi::OsString;

use crate::packs::range::Pack;

/// What is in the ledger's folder.
pub(crate) struct Listing {
    /// The numbers of the entries with a file of their own, ascending. Eight bytes for each are all
    /// that reading a whole history keeps in memory; for those in packs it keeps nothing.
    pub(crate) numbers: Vec<u64>,
    /// The packs, in their order.
    pub(crate) packs: Vec<Pack>,
    /// Names that are neither entries nor packs nor hidden.
    pub(crate) strays: Vec<OsString>,
}

/// Where a part of the ledger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// An entry in a file of its own.
    Single(u64),
    Pack(Pack),
}

impl Segment {
    pub(crate) const fn first(self) -> u64 {
        match self {
            Self::Single(number) => number,
            Self::Pack(pack) => pack.first,
        }
    }

    pub(crate) const fn last(self) -> u64 {
        match self {
            Self::Single(number) => number,
            Self::Pack(pack) => pack.last,
        }
    }
}

/// How far a listing was gone through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor {
    numbers: usize,
    packs: usize,
}

impl Listing {
    /// The next part of the ledger, in the order of the entries. What is in a pack counts as the
    /// pack has it, whether or not it has a file of its own as well.
    pub(crate) fn next(&self, cursor: &mut Cursor) -> Option<Segment> {
        let pack = self.packs.get(cursor.packs);
        let number = self.numbers.get(cursor.numbers);
        match (number, pack) {
            (Some(number), pack) if pack.is_none_or(|pack| *number < pack.first) => {
                cursor.numbers += 1;
                Some(Segment::Single(*number))
            }
            (_, Some(pack)) => {
                cursor.packs += 1;
                cursor.numbers = self.numbers.partition_point(|number| *number <= pack.last);
                Some(Segment::Pack(*pack))
            }
            (_, None) => None,
        }
    }

    fn segments(&self) -> impl Iterator<Item = Segment> {
        let mut cursor = Cursor::default();
        std::iter::from_fn(move || self.next(&mut cursor))
    }

    /// The entries of a pack that have a file of their own as well.
    pub(crate) fn doubles(&self, pack: &Pack) -> &[u64] {
        let begin = self.numbers.partition_point(|number| *number < pack.first);
        let end = self.numbers.partition_point(|number| *number <= pack.last);
        self.numbers.get(begin..end).unwrap_or_default()
    }

    /// The pack that has the entry.
    pub(crate) fn pack_with(&self, number: u64) -> Option<&Pack> {
        let at = self.packs.partition_point(|pack| pack.last < number);
        self.packs.get(at).filter(|pack| pack.has(number))
    }

    pub(crate) fn has(&self, number: u64) -> bool {
        self.numbers.binary_search(&number).is_ok() || self.pack_with(number).is_some()
    }

    /// The newest entry's number.
    pub(crate) fn last(&self) -> Option<u64> {
        let packed = self.packs.last().map(|pack| pack.last);
        self.numbers.last().copied().max(packed)
    }

    /// The numbers of all entries, ascending, as names tell them.
    pub(crate) fn all(&self) -> impl Iterator<Item = u64> {
        self.segments().flat_map(|segment| segment.first()..=segment.last())
    }

    /// The missing numbers before each part, as first and last.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = (u64, u64)> {
        let before = std::iter::once(0).chain(self.segments().map(Segment::last));
        before
            .zip(self.segments().map(Segment::first))
            .filter(|(before, first)| first.saturating_sub(*before) > 1)
            .map(|(before, first)| (before + 1, first - 1))
    }

    pub(crate) fn sort(&mut self) {
        self.numbers.sort_unstable();
        self.packs.sort_unstable();
    }
}
