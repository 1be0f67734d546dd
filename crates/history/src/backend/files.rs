//! The seam: what a history asks of the place where it is kept, a folder or a bucket.
//!
//! Places are named by paths. Those of a bucket begin with its URL, `s3://team/history/ledger`, so
//! that every message names them in the one way that people know.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::backend::disk::Disk;
use crate::backend::error::{PlaceError, TrialError};
use crate::entry::draft::RenderedFile;

/// Whose bytes are under a name now.
#[derive(Debug)]
pub(crate) enum Published {
    /// Ours, or the same.
    Ours,
    /// Somebody else's.
    Others,
    /// Giving the name failed, and so did looking whether it was given nevertheless.
    Unknown(PlaceError),
}

/// What is asked of a place.
pub(crate) trait Files: Send + Sync {
    /// The bytes of a file.
    fn read(&self, path: &Path) -> Result<Vec<u8>, PlaceError>;

    /// The bytes of a file from a place in it on, as many as that, or less if it ends before.
    fn read_part(&self, path: &Path, from: u64, most: usize) -> Result<Vec<u8>, PlaceError>;

    /// How many bytes of a long file are best read at a time.
    fn part_size(&self) -> usize;

    /// Tells the names in a folder, in no order. Of a folder that isn't there it tells none, or
    /// says that it isn't found.
    fn list(&self, path: &Path, each: &mut dyn FnMut(&OsStr)) -> Result<(), PlaceError>;

    /// Lists a folder; one that isn't there is empty.
    fn list_if_present(&self, path: &Path, each: &mut dyn FnMut(&OsStr)) -> Result<(), PlaceError> {
        match self.list(path, each) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            listed => listed,
        }
    }

    /// Something in a folder whose name begins so.
    fn find(&self, folder: &Path, beginning: &str) -> Result<Option<PathBuf>, PlaceError>;

    /// The names in a folder behind this one, in the order of their bytes; nothing if the place can
    /// only list folders as a whole.
    fn names_behind(&self, folder: &Path, name: &str) -> Result<Option<Vec<String>>, PlaceError>;

    /// Whether there is a file or folder.
    fn exists(&self, path: &Path) -> Result<bool, PlaceError>;

    /// Whether there is a file.
    fn file_exists(&self, path: &Path) -> Result<bool, PlaceError> {
        self.exists(path)
    }

    /// Makes a folder, and what is missing above it, if the place has such a thing.
    fn make_folder(&self, path: &Path) -> Result<(), PlaceError>;

    /// Gives bytes a name that stays theirs: the file appears whole, or not at all. On disk its
    /// name is not flushed yet. After an error the name was surely not given.
    fn publish(&self, bytes: &[u8], path: &Path) -> Result<Published, PlaceError>;

    /// Sees to it that the names in a folder outlast a loss of power.
    fn sync_folder(&self, path: &Path) -> Result<(), PlaceError>;

    /// Writes rendered files, to last, into a folder of a name in `dir` that nobody has and that
    /// begins so.
    fn write_pending(
        &self,
        dir: &Path,
        beginning: &str,
        files: &[RenderedFile],
    ) -> Result<PathBuf, PlaceError>;

    /// Gives a folder of rendered files its name, to last. That may be done already, in part or
    /// as a whole: by whoever appended next, or by another process that recorded the very same
    /// entry. The name's `report.md` is there only if everything is.
    fn publish_folder(&self, pending: &Path, name: &Path) -> Result<(), PlaceError>;

    /// Lets others go first, after so many losses of a number to somebody else. Where losing costs
    /// little there is no need.
    fn give_way(&self, _losses: u32) {}

    /// Removes a folder of rendered files, as far as that goes: what stays behind has a temporary
    /// name and is passed over.
    fn discard(&self, pending: &Path);

    /// Tries all that appending to the history in `dir` will do, and removes the traces.
    fn try_out(&self, dir: &Path, folders: &[PathBuf]) -> Result<(), TrialError>;

    /// The disk below, for what only makes sense on one; nothing in a bucket.
    fn disk(&self) -> Option<&dyn Disk> {
        None
    }

    /// Removes a file.
    fn remove(&self, path: &Path) -> Result<(), PlaceError>;

    /// When a file was written, by the clock of the place.
    fn written_at(&self, path: &Path) -> Result<DateTime<Utc>, PlaceError>;
}
