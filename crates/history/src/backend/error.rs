//! How what is asked of a backend fails, be it a folder or a bucket.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file operation failed, on disk or in a bucket.
#[derive(Debug, thiserror::Error)]
#[error("can't {action} `{}`: {cause}{advice}", path.display())]
pub struct PlaceError {
    action: &'static str,
    path: PathBuf,
    // Not named `source`: the message has it already.
    cause: io::Error,
    /// What to do, after a semicolon.
    advice: &'static str,
}

impl PlaceError {
    pub(crate) fn new(action: &'static str, path: &Path, cause: io::Error) -> Self {
        let advice = advice(cause.kind());
        Self::with_advice(action, path, cause, advice)
    }

    pub(crate) fn with_advice(
        action: &'static str,
        path: &Path,
        cause: io::Error,
        advice: &'static str,
    ) -> Self {
        Self { action, path: path.to_owned(), cause, advice }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.cause.kind()
    }

    /// The file or folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "; free some space, then try again",
        ErrorKind::PermissionDenied => "; check the owner and permissions of the folder",
        ErrorKind::ReadOnlyFilesystem => "; choose a folder that can be written",
        ErrorKind::NotADirectory => "; a file is in the place of a folder, move it away",
        ErrorKind::NotFound => "; check that the folder above it is still there",
        _ => "; check the disk, then try again",
    }
}

/// Why a folder can't be opened as a history.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its ledger can't be listed.
    #[error("can't open the history: {0}")]
    Place(PlaceError),
    /// There is no way to a bucket.
    #[error("can't open the history `{url}`: {cause}{advice}")]
    Bucket {
        /// The bucket.
        url: String,
        /// What is wrong.
        cause: String,
        /// What to do, after a semicolon.
        advice: &'static str,
    },
}

/// Why nothing could be created where a history is kept, found by trying.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// A file operation failed.
    #[error("the history can't be written: {0}")]
    Place(#[from] PlaceError),
    /// The file system has no hard links, without which an entry could appear in part or in the
    /// place of another.
    #[error(
        "the history can't be kept here: the ledger needs hard links, and {0}; choose a folder on another file system"
    )]
    NoHardLinks(PlaceError),
    /// The store lets two writers create the same name, so entries could replace each other.
    #[error(
        "the history can't be kept in `{}`: the store ignores \"create only if absent\", so two writers could overwrite each other's entries; use a store that honours `If-None-Match: *`",
        place.display()
    )]
    NotExclusive {
        /// The store.
        place: PathBuf,
    },
}
