//! The temporary folders of private servers and stand-ins, and what a killed run left of them.
//!
//! Who has a folder holds a lock on a file in it, and so does the server itself, which inherits the
//! lock as its empty standard input. The kernel gives it up with the last of them, however they end.

use std::fs::{File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Stdio;

use rustix::process::geteuid;
use tempfile::TempDir;

/// How its name begins.
const PREFIX: &str = "phasegate-";

/// The name of the file that is locked.
const LOCK: &str = "lock";

/// How often another folder is made because the last one was swept away at once.
const ATTEMPTS: u32 = 5;

/// A folder for us alone, removed when it is dropped.
pub(crate) struct PrivateFolder {
    // Removed before the lock is given up, because fields are dropped in their order.
    folder: TempDir,
    lock: File,
}

impl PrivateFolder {
    /// Makes one in the temporary folder.
    pub(crate) fn make() -> io::Result<Self> {
        Self::make_in(&std::env::temp_dir())
    }

    fn make_in(parent: &Path) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            // A server's socket and data lie in it, and the temporary folder is everybody's.
            let mode = Permissions::from_mode(0o700);
            let mut folder = tempfile::Builder::new();
            let folder = folder.prefix(PREFIX).permissions(mode).tempdir_in(parent)?;
            let mut lock = File::options();
            let lock = lock.read(true).write(true).create_new(true);
            let lock = lock.open(folder.path().join(LOCK))?;
            match lock.try_lock() {
                // Between the two calls another process may have taken it for one that was left.
                Ok(()) if lock.metadata()?.nlink() > 0 => return Ok(Self { folder, lock }),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other("others keep removing it"))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// An empty standard input that keeps the folder from being swept away while it is open.
    pub(crate) fn hold(&self) -> io::Result<Stdio> {
        self.lock.try_clone().map(Stdio::from)
    }
}

/// Removes the folders that runs before this one left because they were killed. What can't be
/// looked at or removed stays: it is nobody's business here.
pub(crate) fn sweep() {
    sweep_in(&std::env::temp_dir());
}

fn sweep_in(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())
            // Of the folder itself: a link is none.
            && entry.metadata().is_ok_and(|it| it.is_dir() && it.uid() == geteuid().as_raw());
        if !is_ours {
            continue;
        }
        if let Ok(lock) = File::open(entry.path().join(LOCK))
            // A lock that is free is nobody's: the kernel gives it up when its last holder ends.
            && lock.try_lock().is_ok()
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A folder as a killed process leaves it.
    fn left_in(parent: &Path) -> std::path::PathBuf {
        let PrivateFolder { folder, lock } = PrivateFolder::make_in(parent).unwrap();
        std::fs::write(folder.path().join("log"), "words").unwrap();
        drop(lock);
        folder.keep()
    }

    #[test]
    fn what_was_left_is_removed_and_what_is_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let used = PrivateFolder::make_in(parent.path()).unwrap();
        let left = left_in(parent.path());
        sweep_in(parent.path());
        assert!(used.path().exists() && !left.exists());
        let path = used.path().to_owned();
        drop(used);
        assert!(!path.exists());
    }

    #[test]
    fn a_server_that_lives_on_keeps_its_folder() {
        let parent = tempfile::tempdir().unwrap();
        let used = PrivateFolder::make_in(parent.path()).unwrap();
        // Stands for a server: it lives until it is stopped.
        let lock = used.hold().unwrap();
        let mut lives = Command::new("sleep").arg("600").stdin(lock).spawn().unwrap();
        let PrivateFolder { folder, lock } = used;
        drop(lock);
        let folder = folder.keep();
        sweep_in(parent.path());
        assert!(folder.exists());
        lives.kill().unwrap();
        lives.wait().unwrap();
        sweep_in(parent.path());
        assert!(!folder.exists());
    }

    #[test]
    fn what_is_not_known_to_be_ours_stays() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        for folder in ["phasegate-without-a-lock", "another"] {
            std::fs::create_dir(at(folder)).unwrap();
        }
        std::fs::write(at("another").join(LOCK), "").unwrap();
        std::fs::write(at("phasegate-file"), "").unwrap();
        // A link to a folder that would be swept away.
        std::os::unix::fs::symlink(at("another"), at("phasegate-link")).unwrap();
        sweep_in(parent.path());
        for name in ["phasegate-without-a-lock", "another/lock", "phasegate-file", "phasegate-link"]
        {
            assert!(at(name).exists(), "{name}");
        }
        sweep_in(&at("nowhere"));
    }

    #[test]
    fn a_folder_that_can_not_be_made_is_an_error() {
        let parent = tempfile::tempdir().unwrap();
        let error = PrivateFolder::make_in(&parent.path().join("nowhere")).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
