//! A history's files in a folder on disk: how they come to their names, whole, flushed, and never
//! in the place of another.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::backend::disk::Disk;
use crate::backend::error::{PlaceError, TrialError};
use crate::backend::files::{Files, Published};
use crate::entry::draft::RenderedFile;
use crate::entry::names::{self, REPORT};

/// How often a new temporary name is tried. Taken names are left over from crashes.
const NAMES_TRIED: u32 = 100;

/// A folder on some disk.
pub(crate) struct Folder {
    pub(crate) disk: Box<dyn Disk>,
}

impl Files for Folder {
    fn read(&self, path: &Path) -> Result<Vec<u8>, PlaceError> {
        self.disk.read(path)
    }

    fn read_part(&self, path: &Path, from: u64, most: usize) -> Result<Vec<u8>, PlaceError> {
        self.disk.read_part(path, from, most)
    }

    fn part_size(&self) -> usize {
        1 << 18
    }

    fn list(&self, path: &Path, each: &mut dyn FnMut(&OsStr)) -> Result<(), PlaceError> {
        self.disk.list(path, each)
    }

    fn find(&self, folder: &Path, beginning: &str) -> Result<Option<PathBuf>, PlaceError> {
        let mut found = None;
        let listed = self.disk.list(folder, &mut |name| {
            if name.as_encoded_bytes().starts_with(beginning.as_bytes()) {
                found = Some(folder.join(name));
            }
        });
        match listed {
            // Before the first entry there are no folders, and that is an empty history.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            listed => listed.map(|()| found),
        }
    }

    fn names_behind(&self, _: &Path, _: &str) -> Result<Option<Vec<String>>, PlaceError> {
        // A folder can only be listed as a whole; the store looks for the next names instead.
        Ok(None)
    }

    fn exists(&self, path: &Path) -> Result<bool, PlaceError> {
        self.disk.exists(path)
    }

    fn make_folder(&self, path: &Path) -> Result<(), PlaceError> {
        let parent = path
            .parent()
            // The parent of `reports` is an empty path, which can't be opened to be flushed.
            .map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
        let mut created = self.disk.create_folder(path);
        if let (Err(error), Some(parent)) = (&created, parent)
            && error.kind() == ErrorKind::NotFound
        {
            self.make_folder(parent)?;
            created = self.disk.create_folder(path);
        }
        match (created, parent) {
            // Else a loss of power might take the new folder and all that is in it.
            (Ok(()), Some(parent)) => self.disk.sync_folder(parent),
            (Err(error), _) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    fn publish(&self, bytes: &[u8], path: &Path) -> Result<Published, PlaceError> {
        let folder = path.parent().unwrap_or(path);
        let temporary = self.write_temporary(folder, bytes)?;
        let linked = self.disk.link(&temporary, path);
        // A temporary file that stays behind harms nobody.
        _ = self.disk.remove_file(&temporary);
        let Err(error) = linked else { return Ok(Published::Ours) };
        // What the name holds is the truth: over a network, a link may succeed and report failure.
        match self.disk.read(path) {
            Ok(there) if there == bytes => Ok(Published::Ours),
            Ok(_) => Ok(Published::Others),
            Err(unread) if error.kind() == ErrorKind::AlreadyExists => match unread.kind() {
                // It was somebody's, and has been packed since.
                ErrorKind::NotFound => Ok(Published::Others),
                _ => Ok(Published::Unknown(unread)),
            },
            Err(unread) if unread.kind() == ErrorKind::NotFound => Err(error),
            Err(_) => Ok(Published::Unknown(error)),
        }
    }

    fn sync_folder(&self, path: &Path) -> Result<(), PlaceError> {
        self.disk.sync_folder(path)
    }

    fn write_pending(
        &self,
        dir: &Path,
        beginning: &str,
        files: &[RenderedFile],
    ) -> Result<PathBuf, PlaceError> {
        let pending = under_new_name(dir, beginning, |path| self.disk.create_folder(path))?;
        let write = || {
            for file in files {
                self.disk.write_new(&pending.join(&file.name), &file.bytes)?;
            }
            // Both before the entry is linked: from then on its report has to be there.
            self.disk.sync_folder(&pending)?;
            self.disk.sync_folder(dir)
        };
        match write() {
            Ok(()) => Ok(pending),
            Err(error) => {
                self.discard(&pending);
                Err(error)
            }
        }
    }

    fn publish_folder(&self, pending: &Path, name: &Path) -> Result<(), PlaceError> {
        // A rename replaces no folder with files in it, so a report that is there stays.
        if let Err(error) = self.disk.rename(pending, name) {
            // Whoever appended next may have published it in this writer's place.
            if !self.disk.exists(&name.join(REPORT))? {
                return Err(error);
            }
            self.discard(pending);
        }
        // Not flushed: under either name the files outlast a loss of power, and under the temporary
        // one they count as well.
        Ok(())
    }

    fn discard(&self, pending: &Path) {
        let mut files = Vec::new();
        _ = self.disk.list(pending, &mut |name| files.push(pending.join(name)));
        for file in files {
            _ = self.disk.remove_file(&file);
        }
        _ = self.disk.remove_folder(pending);
    }

    /// Files are written, linked, flushed and removed, and a folder is created and renamed.
    fn try_out(&self, dir: &Path, folders: &[PathBuf]) -> Result<(), TrialError> {
        for folder in folders {
            self.try_files(folder)?;
        }
        Ok(self.try_folder(dir)?)
    }

    fn disk(&self) -> Option<&dyn Disk> {
        Some(self.disk.as_ref())
    }

    fn remove(&self, path: &Path) -> Result<(), PlaceError> {
        self.disk.remove_file(path)
    }

    fn written_at(&self, path: &Path) -> Result<DateTime<Utc>, PlaceError> {
        self.disk.written_at(path)
    }
}

impl Folder {
    fn write_temporary(&self, folder: &Path, bytes: &[u8]) -> Result<PathBuf, PlaceError> {
        under_new_name(folder, names::TEMPORARY, |path| {
            self.disk.write_new(path, bytes).inspect_err(|error| {
                // A file that was there before is somebody else's.
                if error.kind() != ErrorKind::AlreadyExists {
                    _ = self.disk.remove_file(path);
                }
            })
        })
    }

    fn try_files(&self, folder: &Path) -> Result<(), TrialError> {
        let file = self.write_temporary(folder, b"phasegate was here\n")?;
        let name = folder.join(names::temporary(names::TEMPORARY));
        let linked = self.disk.link(&file, &name);
        let flushed = self.disk.sync_folder(folder);
        // Both go, whatever failed; the errors that matter come first.
        let removed = [self.disk.remove_file(&file), self.disk.remove_file(&name)];
        linked.map_err(|error| match error.kind() {
            // What file systems without hard links answer.
            ErrorKind::PermissionDenied | ErrorKind::Unsupported => TrialError::NoHardLinks(error),
            _ => error.into(),
        })?;
        flushed?;
        removed.into_iter().try_for_each(|removed| Ok(removed?))
    }

    fn try_folder(&self, dir: &Path) -> Result<(), PlaceError> {
        let folder = dir.join(names::temporary(names::TEMPORARY));
        let name = dir.join(names::temporary(names::TEMPORARY));
        self.disk.create_folder(&folder)?;
        let renamed = self.disk.rename(&folder, &name);
        let removed = self.disk.remove_folder(if renamed.is_ok() { &name } else { &folder });
        renamed.and(removed).and_then(|()| self.disk.sync_folder(dir))
    }
}

/// Creates something under a temporary name that nobody has.
fn under_new_name(
    folder: &Path,
    beginning: &str,
    create: impl Fn(&Path) -> Result<(), PlaceError>,
) -> Result<PathBuf, PlaceError> {
    let mut tried = 0;
    loop {
        let path = folder.join(names::temporary(beginning));
        tried += 1;
        match create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tried < NAMES_TRIED => (),
            Err(error) => return Err(error),
        }
    }
}
