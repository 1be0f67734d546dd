//! The file operations that a history needs, on disk.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::backend::error::PlaceError;

/// The file system, as far as a history uses it. The tests put one in its place that fails.
pub(crate) trait Disk: Send + Sync {
    fn read(&self, path: &Path) -> Result<Vec<u8>, PlaceError>;
    /// The bytes of a file from a place in it on, as many as that, or less if it ends before.
    fn read_part(&self, path: &Path, from: u64, most: usize) -> Result<Vec<u8>, PlaceError>;
    /// Tells the names in a folder, in no order.
    fn list(&self, path: &Path, each: &mut dyn FnMut(&OsStr)) -> Result<(), PlaceError>;
    fn exists(&self, path: &Path) -> Result<bool, PlaceError>;
    fn create_folder(&self, path: &Path) -> Result<(), PlaceError>;
    /// Creates a file that must not be there yet, writes it and flushes it to the device. After
    /// an error there may be part of a file.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), PlaceError>;
    /// Gives a file a second name, which must not be there yet.
    fn link(&self, path: &Path, name: &Path) -> Result<(), PlaceError>;
    /// Renames a folder; a folder that isn't empty is never replaced.
    fn rename(&self, path: &Path, name: &Path) -> Result<(), PlaceError>;
    /// Flushes a folder's names to the device.
    fn sync_folder(&self, path: &Path) -> Result<(), PlaceError>;
    fn remove_file(&self, path: &Path) -> Result<(), PlaceError>;
    fn remove_folder(&self, path: &Path) -> Result<(), PlaceError>;
    /// When a file was last changed.
    fn written_at(&self, path: &Path) -> Result<DateTime<Utc>, PlaceError>;
}

/// The operating system's files.
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn read(&self, path: &Path) -> Result<Vec<u8>, PlaceError> {
        fs::read(path).map_err(|cause| PlaceError::new("read", path, cause))
    }

    fn read_part(&self, path: &Path, from: u64, most: usize) -> Result<Vec<u8>, PlaceError> {
        let mut bytes = Vec::with_capacity(most);
        let mut read = || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(from))?;
            file.take(most as u64).read_to_end(&mut bytes)
        };
        read().map_err(|cause| PlaceError::new("read", path, cause))?;
        Ok(bytes)
    }

    fn list(&self, path: &Path, each: &mut dyn FnMut(&OsStr)) -> Result<(), PlaceError> {
        let error = |cause| PlaceError::new("list", path, cause);
        for item in fs::read_dir(path).map_err(error)? {
            each(&item.map_err(error)?.file_name());
        }
        Ok(())
    }

    fn exists(&self, path: &Path) -> Result<bool, PlaceError> {
        // `exists` would call a file absent that only can't be looked at.
        path.try_exists().map_err(|cause| PlaceError::new("look for", path, cause))
    }

    fn create_folder(&self, path: &Path) -> Result<(), PlaceError> {
        // Without those above it: the folder around each new one has to be flushed, too.
        fs::create_dir(path).map_err(|cause| PlaceError::new("create the folder", path, cause))
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), PlaceError> {
        let write = || {
            // A crash may have left a file of that name, which must not be written into.
            let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
            file.write_all(bytes)?;
            // Before the file gets its name, or a loss of power might leave half an entry.
            file.sync_all()
        };
        write().map_err(|cause| PlaceError::new("write", path, cause))
    }

    fn link(&self, path: &Path, name: &Path) -> Result<(), PlaceError> {
        // A link fails where the name is taken; a rename would replace what is there.
        fs::hard_link(path, name).map_err(|cause| PlaceError::new("create", name, cause))
    }

    fn rename(&self, path: &Path, name: &Path) -> Result<(), PlaceError> {
        fs::rename(path, name).map_err(|cause| PlaceError::new("rename a folder to", name, cause))
    }

    fn sync_folder(&self, path: &Path) -> Result<(), PlaceError> {
        // New names are on the disk only once their folder is flushed, which is opened like a file.
        File::open(path)
            .and_then(|folder| folder.sync_all())
            .map_err(|cause| PlaceError::new("flush to disk the folder", path, cause))
    }

    fn remove_file(&self, path: &Path) -> Result<(), PlaceError> {
        fs::remove_file(path).map_err(|cause| PlaceError::new("remove", path, cause))
    }

    fn remove_folder(&self, path: &Path) -> Result<(), PlaceError> {
        // Only an empty one, so that nothing goes that somebody else put there.
        fs::remove_dir(path).map_err(|cause| PlaceError::new("remove the folder", path, cause))
    }

    fn written_at(&self, path: &Path) -> Result<DateTime<Utc>, PlaceError> {
        fs::metadata(path)
            .and_then(|file| file.modified())
            .map(DateTime::from)
            .map_err(|cause| PlaceError::new("read the time of", path, cause))
    }
}
