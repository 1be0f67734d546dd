//! A line of the ledger, of which as little is read as is asked for.
//!
//! Building an entry takes many times as long as finding a few of its keys, and long histories have
//! a million of them. So what can be found in a line as phasegate writes it is taken from there, and
//! any other line is read whole. What isn't asked for isn't looked at: damage in it is for `verify`
//! to find.

use std::fmt;
use std::path::PathBuf;

use crate::entry::body::Kind;
use crate::entry::digest::Digest;
use crate::entry::recorded::Recorded;
use crate::line::outline::Opening;
use crate::store::error::ReadError;
use crate::store::open::recorded_from;

/// The line of an entry, as it is in the ledger.
pub struct Line<'a> {
    pub(crate) number: u64,
    pub(crate) bytes: &'a [u8],
    /// What messages call the place where it is.
    pub(crate) place: &'a dyn Fn() -> PathBuf,
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("number", &self.number).finish_non_exhaustive()
    }
}

impl<'a> Line<'a> {
    /// The entry's number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The digest of the line.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.bytes)
    }

    /// The whole entry.
    ///
    /// # Errors
    /// If it isn't one, or another's.
    pub fn recorded(&self) -> Result<Recorded, ReadError> {
        recorded_from(self.number, self.bytes, self.place)
    }

    /// What kind of entry it is.
    ///
    /// # Errors
    /// As [`Line::recorded`].
    pub fn kind(&self) -> Result<Kind, ReadError> {
        match self.opening() {
            Some(opening) => Ok(opening.kind),
            None => Ok(self.recorded()?.entry.kind()),
        }
    }

    /// The first keys of a whole line that is this entry's, as phasegate writes it.
    pub(crate) fn opening(&self) -> Option<Opening<'a>> {
        let opening = Opening::scan(self.bytes)?;
        (opening.link.number == self.number && self.bytes.ends_with(b"}}\n")).then_some(opening)
    }
}
