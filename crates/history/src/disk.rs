//! The file operations that a history needs, and how they fail.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

/// A file operation failed, on disk or in a bucket.
#[derive(Debug, thiserror::Error)]
#[error("can't {action} `{}`: {cause}{advice}", path.display())]
pub struct DiskError {
    action: &'static str,
    path: PathBuf,
    // Not named `source`: the message has it already.
    cause: io::Error,
    /// What to do, after a semicolon.
    advice: &'static str,
}

impl DiskError {
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

/// The file system, as far as a history uses it. The tests put one in its place that fails.
pub(crate) trait Disk: Send + Sync {
    fn read(&self, path: &Path) -> Result<Vec<u8>, DiskError>;
    /// The first bytes of a file: all of them if there are less than `most`.
    fn read_opening(&self, path: &Path, most: u16) -> Result<Vec<u8>, DiskError>;
    /// Tells the names in a folder, in no order.
    fn list(&self, path: &Path, each: &mut dyn FnMut(&OsStr)) -> Result<(), DiskError>;
    fn exists(&self, path: &Path) -> Result<bool, DiskError>;
    fn create_folder(&self, path: &Path) -> Result<(), DiskError>;
    /// Creates a file that must not be there yet, writes it and flushes it to the device. After
    /// an error there may be part of a file.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError>;
    /// Gives a file a second name, which must not be there yet.
    fn link(&self, path: &Path, name: &Path) -> Result<(), DiskError>;
    /// Renames a folder; a folder that isn't empty is never replaced.
    fn rename(&self, path: &Path, name: &Path) -> Result<(), DiskError>;
    /// Flushes a folder's names to the device.
    fn sync_folder(&self, path: &Path) -> Result<(), DiskError>;
    fn remove_file(&self, path: &Path) -> Result<(), DiskError>;
    fn remove_folder(&self, path: &Path) -> Result<(), DiskError>;
    /// When a file was last changed.
    fn written_at(&self, path: &Path) -> Result<DateTime<Utc>, DiskError>;
}

/// The operating system's files.
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn read(&self, path: &Path) -> Result<Vec<u8>, DiskError> {
        fs::read(path).map_err(|cause| DiskError::new("read", path, cause))
    }

    fn read_opening(&self, path: &Path, most: u16) -> Result<Vec<u8>, DiskError> {
        let mut bytes = Vec::with_capacity(most.into());
        File::open(path)
            .and_then(|file| file.take(most.into()).read_to_end(&mut bytes))
            .map_err(|cause| DiskError::new("read", path, cause))?;
        Ok(bytes)
    }

    fn list(&self, path: &Path, each: &mut dyn FnMut(&OsStr)) -> Result<(), DiskError> {
        let error = |cause| DiskError::new("list", path, cause);
        for item in fs::read_dir(path).map_err(error)? {
            each(&item.map_err(error)?.file_name());
        }
        Ok(())
    }

    fn exists(&self, path: &Path) -> Result<bool, DiskError> {
        path.try_exists().map_err(|cause| DiskError::new("look for", path, cause))
    }

    fn create_folder(&self, path: &Path) -> Result<(), DiskError> {
        fs::create_dir(path).map_err(|cause| DiskError::new("create the folder", path, cause))
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|cause| DiskError::new("write", path, cause))
    }

    fn link(&self, path: &Path, name: &Path) -> Result<(), DiskError> {
        fs::hard_link(path, name).map_err(|cause| DiskError::new("create", name, cause))
    }

    fn rename(&self, path: &Path, name: &Path) -> Result<(), DiskError> {
        fs::rename(path, name).map_err(|cause| DiskError::new("rename a folder to", name, cause))
    }

    fn sync_folder(&self, path: &Path) -> Result<(), DiskError> {
        File::open(path)
            .and_then(|folder| folder.sync_all())
            .map_err(|cause| DiskError::new("flush to disk the folder", path, cause))
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        fs::remove_file(path).map_err(|cause| DiskError::new("remove", path, cause))
    }

    fn remove_folder(&self, path: &Path) -> Result<(), DiskError> {
        fs::remove_dir(path).map_err(|cause| DiskError::new("remove the folder", path, cause))
    }

    fn written_at(&self, path: &Path) -> Result<DateTime<Utc>, DiskError> {
        fs::metadata(path)
            .and_then(|file| file.modified())
            .map(DateTime::from)
            .map_err(|cause| DiskError::new("read the time of", path, cause))
    }
}
