//! A bucket as a backend: every operation is one or a few requests.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use tokio::runtime::Runtime;

use crate::backend::bucket::connect::connect;
pub(crate) use crate::backend::bucket::failure::Access;
#[cfg(test)]
pub(crate) use crate::backend::bucket::failure::Credentials;
use crate::backend::bucket::failure::{RequestEffect, effect, failure};
use crate::backend::error::{OpenError, PlaceError, TrialError};
use crate::backend::files::{Files, Published};
use crate::backend::location::BucketUrl;
use crate::entry::draft::RenderedFile;
use crate::entry::names::{self, REPORT};

/// How many bytes of a pack are asked for at a time: few requests, and little memory.
const PART: usize = 1 << 23;

/// How often creating an object is tried when it isn't clear whether the last attempt worked.
const ATTEMPTS: u32 = 4;

/// How long to wait before the next attempt.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a writer gives way at most.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A bucket, or what is under a prefix in one.
pub(crate) struct Bucket {
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
    access: Access,
    /// What all paths begin with: the URL.
    root: PathBuf,
    /// What all names in the bucket begin with.
    prefix: Key,
}

impl Bucket {
    /// Makes the client. Nothing is sent yet.
    pub(crate) fn connect(
        url: &BucketUrl,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, OpenError> {
        let (store, access) = connect(url, variables)?;
        Self::over(store, url, access)
    }

    /// The bucket behind a client.
    pub(crate) fn over(
        store: Arc<dyn ObjectStore>,
        url: &BucketUrl,
        access: Access,
    ) -> Result<Self, OpenError> {
        // One thread, the caller's: between two calls nothing runs that could disturb samples.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|cause| OpenError::Bucket {
            url: url.to_string(),
            cause: cause.to_string(),
            advice: "; check the limits on open files and processes",
        })?;
        let prefix = url.prefix.split('/').filter(|part| !part.is_empty()).collect();
        Ok(Self { store, runtime, access, root: url.to_string().into(), prefix })
    }

    /// The name in the bucket.
    fn key(&self, path: &Path) -> Key {
        // Paths begin with the URL, for messages to show; in the bucket names begin behind it.
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let parts = relative.iter().map(|part| part.to_string_lossy());
        parts.fold(self.prefix.clone(), |key, part| key.join(part.as_ref()))
    }

    fn error(&self, action: &'static str, path: &Path, error: &Error) -> PlaceError {
        failure(action, path, error, self.access)
    }

    /// As [`Self::error`], for requests that can't be answered with "not found" unless the bucket
    /// itself isn't there: an empty listing is a success.
    fn list_error(&self, path: &Path, error: &Error) -> PlaceError {
        let error = self.error("list", path, error);
        if error.kind() != ErrorKind::NotFound {
            return error;
        }
        let cause = io::Error::other("the bucket doesn't exist");
        PlaceError::with_advice(
            "list",
            path,
            cause,
            "; create it, or check its name and the endpoint",
        )
    }

    fn get(&self, key: &Key) -> Result<Vec<u8>, Error> {
        self.runtime.block_on(async {
            let bytes = self.store.get(key).await?.bytes().await?;
            Ok(bytes.into())
        })
    }

    fn put(&self, key: &Key, bytes: &[u8], mode: PutMode) -> Result<(), Error> {
        let options = PutOptions::from(mode);
        let put = self.store.put_opts(key, bytes.to_vec().into(), options);
        self.runtime.block_on(put).map(|_| ())
    }

    fn put_over(&self, path: &Path, bytes: &[u8]) -> Result<(), PlaceError> {
        let put = self.put(&self.key(path), bytes, PutMode::Overwrite);
        put.map_err(|error| self.error("write", path, &error))
    }

    /// The names behind one in a folder, as many as that, in the order of their bytes. Of an
    /// object further down it is the name of the folder in between.
    fn some_names_behind(
        &self,
        folder: &Path,
        name: &str,
        limit: usize,
    ) -> Result<Vec<String>, PlaceError> {
        let prefix = self.key(folder);
        let listed = if name.is_empty() {
            self.store.list(Some(&prefix))
        } else {
            self.store.list_with_offset(Some(&prefix), &prefix.clone().join(name))
        };
        let collect = listed.take(limit).try_filter_map(|object| {
            let name = first_part(&object.location, &prefix);
            async { Ok(name) }
        });
        let names: Result<Vec<String>, Error> = self.runtime.block_on(collect.try_collect());
        let mut names = names.map_err(|error| self.list_error(folder, &error))?;
        // The client's lists promise no order, and callers rely on that of the bytes.
        names.sort_unstable();
        Ok(names)
    }
}

/// The part of a name that follows the prefix.
fn first_part(key: &Key, prefix: &Key) -> Option<String> {
    Some(key.prefix_match(prefix)?.next()?.as_ref().to_owned())
}

impl Files for Bucket {
    fn read(&self, path: &Path) -> Result<Vec<u8>, PlaceError> {
        self.get(&self.key(path)).map_err(|error| self.error("read", path, &error))
    }

    fn read_part(&self, path: &Path, from: u64, most: usize) -> Result<Vec<u8>, PlaceError> {
        let key = self.key(path);
        let range = from..from.saturating_add(most as u64);
        let error = match self.runtime.block_on(self.store.get_range(&key, range)) {
            Ok(bytes) => return Ok(bytes.into()),
            Err(error) => error,
        };
        // Nothing is behind the end; asked for it, servers answer with an error.
        match self.runtime.block_on(self.store.head(&key)) {
            Ok(object) if object.size <= from => Ok(Vec::new()),
            _ => Err(self.error("read", path, &error)),
        }
    }

    fn part_size(&self) -> usize {
        PART
    }

    fn list(&self, path: &Path, each: &mut dyn FnMut(&OsStr)) -> Result<(), PlaceError> {
        if path == self.root {
            return self.list_root(each);
        }
        let prefix = self.key(path);
        let listed = self.runtime.block_on(async {
            // The entries, of which there may be many, are told while they come in.
            let mut objects = self.store.list(Some(&prefix));
            while let Some(object) = objects.try_next().await? {
                if let Some(name) = first_part(&object.location, &prefix) {
                    each(name.as_ref());
                }
            }
            Ok(())
        });
        listed.map_err(|error| self.list_error(path, &error))
    }

    fn find(&self, folder: &Path, beginning: &str) -> Result<Option<PathBuf>, PlaceError> {
        let names = self.some_names_behind(folder, beginning, 1)?;
        let found = names.into_iter().find(|name| name.starts_with(beginning));
        Ok(found.map(|name| folder.join(name)))
    }

    fn names_behind(&self, folder: &Path, name: &str) -> Result<Option<Vec<String>>, PlaceError> {
        self.some_names_behind(folder, name, usize::MAX).map(Some)
    }

    fn exists(&self, path: &Path) -> Result<bool, PlaceError> {
        Ok(self.file_exists(path)? || !self.some_names_behind(path, "", 1)?.is_empty())
    }

    fn file_exists(&self, path: &Path) -> Result<bool, PlaceError> {
        match self.runtime.block_on(self.store.head(&self.key(path))) {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.error("look for", path, &error)),
        }
    }

    /// A bucket has no folders.
    fn make_folder(&self, _: &Path) -> Result<(), PlaceError> {
        Ok(())
    }

    fn publish(&self, bytes: &[u8], path: &Path) -> Result<Published, PlaceError> {
        let key = self.key(path);
        let mut attempt = 1;
        loop {
            let Err(error) = self.put(&key, bytes, PutMode::Create) else {
                return Ok(Published::Ours);
            };
            let exists = matches!(error, Error::AlreadyExists { .. });
            // Only what surely didn't arrive is an error; else what the name holds is the truth.
            if !exists && effect(&error) == RequestEffect::None {
                return Err(self.error("create", path, &error));
            }
            match self.get(&key) {
                Ok(there) if there == bytes => return Ok(Published::Ours),
                Ok(_) => return Ok(Published::Others),
                // It isn't there yet: the reply, or what was asked, was lost; or two creators met
                // and both were sent away.
                Err(Error::NotFound { .. }) if attempt < ATTEMPTS => {
                    // A request may still be on its way, and gets more time with each attempt.
                    self.runtime.block_on(async { tokio::time::sleep(PAUSE * attempt).await });
                    attempt += 1;
                }
                Err(unread) if exists => {
                    return Ok(Published::Unknown(self.error("read", path, &unread)));
                }
                Err(_) => return Ok(Published::Unknown(self.error("create", path, &error))),
            }
        }
    }

    /// What a bucket acknowledges is kept.
    fn sync_folder(&self, _: &Path) -> Result<(), PlaceError> {
        Ok(())
    }

    fn write_pending(
        &self,
        dir: &Path,
        beginning: &str,
        files: &[RenderedFile],
    ) -> Result<PathBuf, PlaceError> {
        let pending = dir.join(names::temporary(beginning));
        let mut files = files.iter();
        files
            .try_for_each(|file| self.put_over(&pending.join(&file.name), &file.bytes))
            .inspect_err(|_| self.discard(&pending))?;
        Ok(pending)
    }

    fn publish_folder(&self, pending: &Path, name: &Path) -> Result<(), PlaceError> {
        let report = name.join(REPORT);
        let publish = || {
            // `report.md` last: whoever sees it takes the folder for published.
            let mut files = self.some_names_behind(pending, "", usize::MAX)?;
            // False comes before true.
            files.sort_by_key(|file| file == REPORT);
            for file in files {
                self.put_over(&name.join(&file), &self.read(&pending.join(&file))?)?;
            }
            Ok(())
        };
        let published: Result<(), PlaceError> = publish();
        // Somebody else may be publishing it, too, and have removed what we were about to read.
        if !self.exists(&report)? {
            let gone = || self.error("find", pending, &not_found(pending));
            return Err(published.err().unwrap_or_else(gone));
        }
        self.discard(pending);
        Ok(())
    }

    /// Every attempt is many requests, and of writers in step all but one lose each time: so they
    /// are brought out of step.
    fn give_way(&self, losses: u32) {
        let longest = LONGEST_WAIT.min(PAUSE * losses);
        // Each state of a hash map is another: a small source of chance.
        let chance = RandomState::new().build_hasher().finish() % 1000;
        let wait = longest * u32::try_from(chance).unwrap_or_default() / 1000;
        self.runtime.block_on(async { tokio::time::sleep(wait).await });
    }

    fn discard(&self, pending: &Path) {
        // What can't be listed stays under its temporary name, which readers pass over.
        for file in self.some_names_behind(pending, "", usize::MAX).unwrap_or_default() {
            _ = self.remove(&pending.join(file));
        }
    }

    /// An object is created, found taken, read and removed.
    fn try_out(&self, _: &Path, folders: &[PathBuf]) -> Result<(), TrialError> {
        for folder in folders {
            let probe = folder.join(names::temporary(names::TEMPORARY));
            let tried = self.try_creating(&probe);
            let removed = self.remove(&probe);
            tried?;
            removed?;
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<(), PlaceError> {
        match self.runtime.block_on(self.store.delete(&self.key(path))) {
            // Of what isn't there S3 says that it was deleted, others that it wasn't found.
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.error("remove", path, &error)),
        }
    }

    fn written_at(&self, path: &Path) -> Result<DateTime<Utc>, PlaceError> {
        let head = self.runtime.block_on(self.store.head(&self.key(path)));
        head.map(|object| object.last_modified)
            .map_err(|error| self.error("read the time of", path, &error))
    }
}

impl Bucket {
    /// Above the entries and objects, each rendered folder is told once.
    fn list_root(&self, each: &mut dyn FnMut(&OsStr)) -> Result<(), PlaceError> {
        // Without a delimiter every file of every report would be listed for the names of folders.
        let listed = self.runtime.block_on(self.store.list_with_delimiter(Some(&self.prefix)));
        let listed = listed.map_err(|error| self.list_error(&self.root, &error))?;
        let objects = listed.objects.into_iter().map(|object| object.location);
        for key in listed.common_prefixes.into_iter().chain(objects) {
            let Some(name) = first_part(&key, &self.prefix) else { continue };
            // Some servers show a folder for a while after the last object in it was removed.
            let temporary = name.starts_with(names::TEMPORARY);
            if !temporary || !self.some_names_behind(&self.root.join(&name), "", 1)?.is_empty() {
                each(name.as_ref());
            }
        }
        Ok(())
    }

    fn try_creating(&self, probe: &Path) -> Result<(), TrialError> {
        if let Published::Unknown(error) = self.publish(b"phasegate was here\n", probe)? {
            return Err(error.into());
        }
        // Other bytes than before, because the same ones would count as one's own.
        match self.publish(b"phasegate was here, too\n", probe)? {
            Published::Others if self.read(probe)? == b"phasegate was here\n" => Ok(()),
            Published::Unknown(error) => Err(error.into()),
            _ => Err(TrialError::NotExclusive { place: self.root.clone() }),
        }
    }
}

fn not_found(path: &Path) -> Error {
    Error::NotFound { path: path.display().to_string(), source: "nothing is there".into() }
}
