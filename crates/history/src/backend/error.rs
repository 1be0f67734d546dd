//! How what is asked of the place of a history fails, be it a folder or a bucket.

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
