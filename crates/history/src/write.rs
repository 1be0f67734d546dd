//! How files come to their names: whole, on disk, and never in the place of another.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::disk::DiskError;
use crate::draft::RenderedFile;
use crate::entry::Recorded;
use crate::names;
use crate::store::Store;

/// How often a new temporary name is tried. Taken names are left over from crashes.
const NAMES_TRIED: u32 = 100;

/// Whose bytes are under a name now.
#[derive(Debug)]
pub(crate) enum Published {
    /// Ours, or the same.
    Ours,
    /// Somebody else's.
    Others,
    /// Giving the name failed, and so did looking whether it was given nevertheless.
    Unknown(DiskError),
}

impl Store {
    /// Creates the history's folders where they are missing.
    pub(crate) fn make_folders(&self) -> Result<(), DiskError> {
        self.make_folder(&self.dir)?;
        self.make_folder(&self.ledger())?;
        self.make_folder(&self.objects())
    }

    pub(crate) fn make_folder(&self, path: &Path) -> Result<(), DiskError> {
        let parent = path
            .parent()
            .map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
        let mut created = self.disk.create_folder(path);
        if let (Err(error), Some(parent)) = (&created, parent)
            && error.kind() == ErrorKind::NotFound
        {
            self.make_folder(parent)?;
            created = self.disk.create_folder(path);
        }
        match (created, parent) {
            (Ok(()), Some(parent)) => self.disk.sync_folder(parent),
            (Err(error), _) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// Gives bytes a name that stays theirs: the file appears whole and on disk, or not at all.
    /// Its folder is not flushed yet. After an error the name was surely not given.
    pub(crate) fn publish(&self, bytes: &[u8], path: &Path) -> Result<Published, DiskError> {
        let folder = path.parent().unwrap_or(&self.dir);
        let temporary = self.write_temporary(folder, bytes)?;
        let linked = self.disk.link(&temporary, path);
        // A temporary file that stays behind harms nobody.
        _ = self.disk.remove_file(&temporary);
        let Err(error) = linked else { return Ok(Published::Ours) };
        // What the name holds is the truth: over a network, a link may succeed and report failure.
        match self.disk.read(path) {
            Ok(there) if there == bytes => Ok(Published::Ours),
            Ok(_) => Ok(Published::Others),
            Err(unread) if unread.kind() == ErrorKind::NotFound => Err(error),
            Err(_) => Ok(Published::Unknown(error)),
        }
    }

    pub(crate) fn write_temporary(
        &self,
        folder: &Path,
        bytes: &[u8],
    ) -> Result<PathBuf, DiskError> {
        under_new_name(folder, ".tmp-", |path| {
            self.disk.write_new(path, bytes).inspect_err(|error| {
                if error.kind() != ErrorKind::AlreadyExists {
                    _ = self.disk.remove_file(path);
                }
            })
        })
    }

    /// Writes rendered files to a folder under a temporary name, all of it on disk.
    pub(crate) fn write_pending(
        &self,
        recorded: &Recorded,
        files: &[RenderedFile],
    ) -> Result<PathBuf, DiskError> {
        let prefix = names::pending_prefix(recorded.entry.number, &recorded.digest);
        let pending = under_new_name(&self.dir, &prefix, |path| self.disk.create_folder(path))?;
        let write = || {
            for file in files {
                self.disk.write_new(&pending.join(&file.name), &file.bytes)?;
            }
            self.disk.sync_folder(&pending)?;
            self.disk.sync_folder(&self.dir)
        };
        match write() {
            Ok(()) => Ok(pending),
            Err(error) => {
                self.discard(&pending);
                Err(error)
            }
        }
    }

    /// Removes a folder of rendered files, as far as that goes: what stays behind has a temporary
    /// name and is passed over.
    pub(crate) fn discard(&self, pending: &Path) {
        let mut files = Vec::new();
        _ = self.disk.list(pending, &mut |name| files.push(pending.join(name)));
        for file in files {
            _ = self.disk.remove_file(&file);
        }
        _ = self.disk.remove_folder(pending);
    }

    /// Gives an entry's rendered folder its name. That may be done already: by whoever appended
    /// next, or by another process that recorded the very same entry.
    pub(crate) fn publish_folder(&self, pending: &Path, name: &Path) -> Result<(), DiskError> {
        if let Err(error) = self.disk.rename(pending, name) {
            if !self.disk.exists(name)? {
                return Err(error);
            }
            self.discard(pending);
        }
        self.disk.sync_folder(&self.dir)
    }

    /// Publishes the rendered folder of an entry whose writer didn't come to it.
    pub(crate) fn finish(&self, recorded: &Recorded) -> Result<(), DiskError> {
        let Some(name) = self.folder(&recorded.entry) else { return Ok(()) };
        if self.disk.exists(&name)? {
            return Ok(());
        }
        match self.pending_folder(recorded)? {
            Some(pending) => self.publish_folder(&pending, &name),
            None => Ok(()),
        }
    }
}

/// Creates something under a temporary name that nobody has.
fn under_new_name(
    folder: &Path,
    prefix: &str,
    create: impl Fn(&Path) -> Result<(), DiskError>,
) -> Result<PathBuf, DiskError> {
    let mut tried = 0;
    loop {
        let path = folder.join(names::temporary(prefix));
        tried += 1;
        match create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tried < NAMES_TRIED => (),
            Err(error) => return Err(error),
        }
    }
}
