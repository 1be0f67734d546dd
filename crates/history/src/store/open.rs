//! The store: a folder with a ledger, its objects and what was rendered. This is the reading side.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::backend::disk::{Disk, RealDisk};
use crate::backend::error::{OpenError, PlaceError};
use crate::backend::files::Files;
use crate::backend::folder::Folder;
use crate::backend::location::{BucketUrl, Location};
use crate::entry::body::DecisionRecord;
use crate::entry::digest::Digest;
use crate::entry::draft::Objects;
use crate::entry::head::Head;
use crate::entry::names::{self, OBJECTS, ObjectKind, REPORT};
use crate::entry::recorded::{Entry, Recorded};
use crate::packs::ledger::Ledger;
use crate::packs::lines::PackLines;
use crate::packs::listing::Listing;
use crate::packs::range::Pack;
use crate::store::error::ReadError;
use crate::store::line::Line;
use crate::store::newest_entry::NewestEntry;

/// A history in a folder or a bucket.
///
/// Reading needs no permission to write. A folder that doesn't exist yet is an empty history;
/// one that can't be read is an error, never an empty history.
pub struct Store {
    pub(crate) dir: PathBuf,
    pub(crate) files: Box<dyn Files>,
    /// An entry that was seen to be there, from which to look for the newest.
    pub(crate) seen: Mutex<Option<NewestEntry>>,
    /// Whether this store made its folders, or found them made.
    pub(crate) has_folders: AtomicBool,
    pub(crate) ledger: Ledger,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the history in a folder, which needn't exist yet.
    ///
    /// # Errors
    /// If the ledger is there but can't be listed, or something on the way is not a folder.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_on(dir, Box::new(RealDisk))
    }

    /// Opens the history at a location, which may have no entry yet. `variables` are those of the
    /// environment, where the credentials for a bucket are; a folder needs none.
    ///
    /// # Errors
    /// If there is no way to the bucket, or what is there can't be listed.
    pub fn open_at(
        location: &Location,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, OpenError> {
        match location {
            Location::Folder(dir) => Self::open(dir),
            Location::Bucket(url) => Self::open_bucket(url, variables),
        }
    }

    #[cfg(feature = "object-store")]
    fn open_bucket(
        url: &BucketUrl,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, OpenError> {
        let bucket = crate::backend::bucket::client::Bucket::connect(url, variables)?;
        Self::open_in(&PathBuf::from(url.to_string()), Box::new(bucket))
    }

    #[cfg(not(feature = "object-store"))]
    fn open_bucket(url: &BucketUrl, _: &BTreeMap<String, String>) -> Result<Self, OpenError> {
        Err(OpenError::Bucket {
            url: url.to_string(),
            cause: "this phasegate was built without buckets".to_owned(),
            advice: "; build it with the feature `object-store`",
        })
    }

    pub(crate) fn open_on(dir: &Path, disk: Box<dyn Disk>) -> Result<Self, OpenError> {
        Self::open_in(dir, Box::new(Folder { disk }))
    }

    pub(crate) fn of(dir: &Path, files: Box<dyn Files>) -> Self {
        Self {
            dir: dir.to_owned(),
            files,
            seen: Mutex::default(),
            has_folders: AtomicBool::new(false),
            ledger: Ledger::of(dir),
        }
    }

    /// Opens the history in any place.
    pub(crate) fn open_in(dir: &Path, files: Box<dyn Files>) -> Result<Self, OpenError> {
        let store = Self::of(dir, files);
        // Any name will do: a place that can't be listed must not look like an empty history.
        store.files.find(&store.ledger.path, "").map_err(OpenError::Place)?;
        Ok(store)
    }

    /// The head: number and digest of the newest entry, or nothing if there is no entry.
    ///
    /// # Errors
    /// If the newest entry can't be read, isn't one, or entries before it are missing.
    pub fn head(&self) -> Result<Option<Head>, ReadError> {
        Ok(self.newest()?.map(|newest| newest.head))
    }

    /// The entry of that number.
    ///
    /// # Errors
    /// If it isn't there, can't be read, or isn't an entry.
    pub fn entry(&self, number: u64) -> Result<Recorded, ReadError> {
        self.line(number)?.recorded()
    }

    /// The line of an entry. If a pack has it, that counts: beside a pack, a file of the entry's
    /// own may be what an append left that came too late.
    pub(crate) fn line(&self, number: u64) -> Result<Line, ReadError> {
        match self.packed(number)? {
            Some(line) => Ok(line),
            None => self.single(number),
        }
    }

    /// The line of an entry that no pack had when that was looked at last. It may have been packed
    /// since.
    pub(crate) fn single(&self, number: u64) -> Result<Line, ReadError> {
        let path = self.entry_path(number);
        match self.files.read(&path) {
            Ok(bytes) => Ok(Line { number, bytes, path }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let missing = || ReadError::NoEntry { path: self.ledger.path.clone(), number };
                self.packed(number)?.ok_or_else(missing)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn packed(&self, number: u64) -> Result<Option<Line>, ReadError> {
        let found = self.ledger.packed_line(self.files.as_ref(), number)?;
        Ok(found.map(|(bytes, path)| Line { number, bytes, path }))
    }

    /// The bytes of an object, which are sure to have that digest.
    ///
    /// # Errors
    /// If it isn't there, can't be read, or has other bytes.
    pub fn object(&self, digest: &Digest, kind: ObjectKind) -> Result<Vec<u8>, ReadError> {
        let path = self.object_path(digest, kind);
        match self.files.read(&path) {
            Ok(bytes) if Digest::of(&bytes) == *digest => Ok(bytes),
            Ok(_) => Err(ReadError::AlteredObject { kind, path }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(ReadError::NoObject { kind, path })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// All that a decision rests on, each part sure to be as it was recorded.
    ///
    /// # Errors
    /// As [`Store::object`].
    pub fn objects(&self, record: &DecisionRecord) -> Result<Objects, ReadError> {
        let bases = record.bases.iter().map(|base| self.object(base, ObjectKind::Base));
        Ok(Objects {
            evidence: self.object(&record.evidence, ObjectKind::Evidence)?,
            matrix: self.object(&record.matrix, ObjectKind::Matrix)?,
            bases: bases.collect::<Result<_, _>>()?,
            plan: self.object(&record.plan, ObjectKind::Plan)?,
        })
    }

    /// The folder with what was rendered for an entry; nothing if nothing is rendered for entries
    /// of its kind.
    #[must_use]
    pub fn folder(&self, entry: &Entry) -> Option<PathBuf> {
        entry.folder().map(|folder| self.dir.join(folder))
    }

    /// Whether a file of that name was rendered for an entry and is published.
    ///
    /// # Errors
    /// If the place can't tell.
    pub fn has_rendered(&self, entry: &Entry, name: &str) -> Result<bool, ReadError> {
        match self.folder(entry) {
            Some(folder) => Ok(self.files.exists(&folder.join(name))?),
            None => Ok(false),
        }
    }

    /// The bytes of a file of that name that was rendered for an entry, wherever the history is.
    ///
    /// # Errors
    /// If it isn't there, or can't be read.
    pub fn rendered(&self, entry: &Entry, name: &str) -> Result<Vec<u8>, ReadError> {
        let folder = self.folder(entry).unwrap_or_else(|| self.dir.clone());
        Ok(self.files.read(&folder.join(name))?)
    }

    /// The bytes of an entry's `report.md`, whose folder is given. After a crash between recording
    /// and publishing it is still under its temporary name, and counts.
    pub(crate) fn report(&self, recorded: &Recorded, folder: &Path) -> Result<Vec<u8>, PlaceError> {
        let missing = |read: &Result<_, PlaceError>| {
            read.as_ref().is_err_and(|error: &PlaceError| error.kind() == ErrorKind::NotFound)
        };
        let published = folder.join(REPORT);
        let read = self.files.read(&published);
        if !missing(&read) {
            return read;
        }
        if let Some(pending) = self.pending_folder(recorded.head())? {
            let read = self.files.read(&pending.join(REPORT));
            if !missing(&read) {
                return read;
            }
        }
        // It may have been published while we looked.
        self.files.read(&published)
    }

    /// The folder where an entry's rendered files wait to be published, if there is one.
    pub(crate) fn pending_folder(&self, head: Head) -> Result<Option<PathBuf>, PlaceError> {
        let beginning = names::pending_prefix(head.number, &head.digest);
        self.files.find(&self.dir, &beginning)
    }

    pub(crate) fn list_ledger(&self) -> Result<Listing, PlaceError> {
        self.ledger.list(self.files.as_ref())
    }

    pub(crate) fn pack_lines(&self, pack: Pack) -> PackLines<'_> {
        self.ledger.pack_lines(self.files.as_ref(), pack)
    }

    /// Whether there is an entry of that number.
    pub(crate) fn has_entry(&self, number: u64) -> Result<bool, PlaceError> {
        self.ledger.has(self.files.as_ref(), number)
    }

    pub(crate) fn objects_path(&self) -> PathBuf {
        self.dir.join(OBJECTS)
    }

    pub(crate) fn entry_path(&self, number: u64) -> PathBuf {
        self.ledger.entry_path(number)
    }

    pub(crate) fn object_path(&self, digest: &Digest, kind: ObjectKind) -> PathBuf {
        self.objects_path().join(names::object_file(digest, kind))
    }
}
