//! A line of the ledger, of which as little is read as is asked for.

use std::path::PathBuf;

use phasegate_model::{EntryKind, Readings};
use serde::de::DeserializeOwned;

use crate::entry::digest::Digest;
use crate::entry::recorded::{Entry, Recorded};
use crate::store::error::ReadError;
use crate::summary::{EntrySummary, Medians};

/// The line of an entry, as it is in the ledger.
#[derive(Debug)]
pub struct Line {
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
    /// What messages call the place where it is.
    pub(crate) path: PathBuf,
}

impl Line {
    /// The entry's number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The digest of the line.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// The whole entry.
    ///
    /// # Errors
    /// If it isn't one, or another's.
    pub fn recorded(&self) -> Result<Recorded, ReadError> {
        let path = || self.path.clone();
        let entry = Entry::parse(&self.bytes)
            .map_err(|problem| ReadError::Entry { path: path(), problem })?;
        if entry.number != self.number {
            return Err(ReadError::Misplaced { path: path(), inside: entry.number });
        }
        Ok(Recorded { entry, digest: self.digest() })
    }

    /// What lists need of the entry.
    ///
    /// # Errors
    /// If it isn't one, or another's, as far as it is read.
    pub fn summary(&self) -> Result<EntrySummary, ReadError> {
        match EntrySummary::read(&self.bytes).filter(|read| read.number == self.number) {
            Some(summary) => Ok(summary),
            // Says what is wrong.
            None => Ok(EntrySummary::of(&self.recorded()?.entry)),
        }
    }

    /// The medians in the rows of the entry's decision; nothing if there is none, or a metric isn't in its rows.
    ///
    /// # Errors
    /// As [`Line::summary`].
    pub fn medians(&self, wanted: &Medians) -> Result<Option<Readings>, ReadError> {
        let is_decision = self.summary()?.kind == EntryKind::Decision;
        Ok(is_decision.then(|| wanted.read(&self.bytes)).flatten())
    }

    /// The keys of the line that `T` has.
    pub(crate) fn keys<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.bytes).ok()
    }
}
