//! Proof that an entry could be appended, before a long measurement.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::disk::DiskError;
use crate::names;
use crate::store::{ReadError, Store};

/// Why nothing could be appended.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// A file operation failed.
    #[error("the history can't be written: {0}")]
    Disk(DiskError),
    /// The file system has no hard links, without which an entry could appear in part or in the
    /// place of another.
    #[error(
        "the history can't be kept here: the ledger needs hard links, and {0}; choose a folder on another file system"
    )]
    NoHardLinks(DiskError),
    /// The newest entry can't be read, so nothing can follow it.
    #[error("nothing can be added to the history: {0}")]
    Head(ReadError),
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

impl From<DiskError> for PrepareError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

impl From<ReadError> for PrepareError {
    fn from(error: ReadError) -> Self {
        Self::Head(error)
    }
}

impl Store {
    /// Creates the folders and tries all that appending will do: files are written, linked,
    /// flushed and removed in the ledger and among the objects, a folder is created and renamed,
    /// and the head is read.
    ///
    /// # Errors
    /// If any of it fails, with what to do.
    pub fn prepare(&self) -> Result<(), PrepareError> {
        self.make_folders()?;
        self.try_files(&self.ledger())?;
        self.try_files(&self.objects())?;
        self.try_folder()?;
        let newest = self.newest()?;
        if let Some(recorded) = &newest {
            self.finish(recorded)?;
        }
        let next = newest.map_or(1, |recorded| recorded.entry.number.saturating_add(1));
        match self.leftover(next)? {
            Some(path) => Err(PrepareError::Leftover { path, number: next }),
            None => Ok(()),
        }
    }

    fn try_files(&self, folder: &Path) -> Result<(), PrepareError> {
        let file = self.write_temporary(folder, b"phasegate was here\n")?;
        let name = folder.join(names::temporary(".tmp-"));
        let linked = self.disk.link(&file, &name);
        let flushed = self.disk.sync_folder(folder);
        // Both go, whatever failed; the errors that matter come first.
        let removed = [self.disk.remove_file(&file), self.disk.remove_file(&name)];
        linked.map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::Unsupported => {
                PrepareError::NoHardLinks(error)
            }
            _ => error.into(),
        })?;
        flushed?;
        removed.into_iter().try_for_each(|removed| Ok(removed?))
    }

    fn try_folder(&self) -> Result<(), DiskError> {
        let folder = self.dir.join(names::temporary(".tmp-"));
        let name = self.dir.join(names::temporary(".tmp-"));
        self.disk.create_folder(&folder)?;
        let renamed = self.disk.rename(&folder, &name);
        let removed = self.disk.remove_folder(if renamed.is_ok() { &name } else { &folder });
        renamed.and(removed).and_then(|()| self.disk.sync_folder(&self.dir))
    }

    /// A rendered folder of an entry that isn't there.
    fn leftover(&self, number: u64) -> Result<Option<PathBuf>, DiskError> {
        let mut found = None;
        self.list_folder(&self.dir, &mut |name| {
            if names::folder_number(name) == Some(number) {
                found = Some(self.dir.join(name));
            }
        })?;
        // Somebody may have recorded it meanwhile. An entry is there before its folder, so looking
        // for the entry last is sure.
        match found {
            Some(_) if self.disk.exists(&self.entry_path(number))? => Ok(None),
            found => Ok(found),
        }
    }
}
