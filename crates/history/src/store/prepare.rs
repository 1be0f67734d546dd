//! Proof that an entry could be appended, before a long measurement.

use std::path::PathBuf;

use crate::backend::error::{PlaceError, TrialError};
use crate::entry::names;
use crate::store::error::ReadError;
use crate::store::open::Store;

/// Why nothing could be appended.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// What appending does can't be done there.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// The newest entry can't be read, so nothing can follow it.
    #[error("nothing can be added to the history: {0}")]
    Head(#[from] ReadError),
    /// There is a rendered folder of an entry that isn't there.
    #[error(
        "`{}` exists, but entry {number} does not; restore the entry or move the folder away",
        path.display()
    )]
    Leftover {
        /// The folder.
        path: PathBuf,
        /// The entry that it names.
        number: u64,
    },
}

impl From<PlaceError> for PrepareError {
    fn from(error: PlaceError) -> Self {
        Self::Trial(error.into())
    }
}

/// Where a rebase saves the entries as long as it takes.
pub(crate) const SAVED: &str = ".rebase";

impl Store {
    /// What an interrupted rebase left, for the next one to go on with.
    pub(crate) fn interrupted_rebase(&self) -> Result<Option<PathBuf>, PlaceError> {
        let Some(disk) = self.files.disk() else { return Ok(None) };
        let folder = self.dir.join(SAVED);
        Ok(disk.exists(&folder)?.then_some(folder))
    }

    /// Creates the folders and tries all that appending will do: on disk, files are written,
    /// linked, flushed and removed and a folder is renamed; in a bucket, an object is created, found
    /// taken, read and removed. Then the head is read.
    ///
    /// # Errors
    /// If any of it fails, with what to do.
    pub fn prepare(&self) -> Result<(), PrepareError> {
        self.make_folders()?;
        // Permissions don't tell of everything that can fail, such as a file system without links.
        self.files.try_out(&self.dir, &[self.ledger.path.clone(), self.objects_path()])?;
        let newest = self.newest()?;
        if let Some(newest) = &newest {
            self.finish(newest)?;
        }
        let next = newest.map_or(1, |newest| newest.head.number.saturating_add(1));
        match self.leftover(next)? {
            Some(path) => Err(PrepareError::Leftover { path, number: next }),
            None => Ok(()),
        }
    }

    /// A rendered folder of an entry that isn't there.
    fn leftover(&self, number: u64) -> Result<Option<PathBuf>, PlaceError> {
        let found = self.files.find(&self.dir, &names::folder_beginning(number))?;
        // Somebody may have recorded it meanwhile. An entry is there before its folder, so looking
        // for the entry last is sure.
        match found {
            Some(_) if self.has_entry(number)? => Ok(None),
            found => Ok(found),
        }
    }
}
