//! The store: a folder with a ledger, its objects and what was rendered. This is the reading side.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use crate::digest::Digest;
use crate::disk::{Disk, RealDisk};
use crate::entry::{Entry, EntryError, Recorded};
use crate::files::Files;
use crate::folder::Folder;
use crate::head::Head;
use crate::location::{BucketUrl, Location};
use crate::names::{self, LEDGER, OBJECTS, ObjectKind, REPORT};
use crate::outline::Outline;
use crate::place_error::PlaceError;

/// So much of an entry's line is read for its outline. More than that comes before the outcome only
/// of a matrix that extends many others; then the whole line is read.
const OPENING: u16 = 2048;

/// A history in a folder or a bucket.
///
/// Reading needs no permission to write. A folder that doesn't exist yet is an empty history;
/// one that can't be read is an error, never an empty history.
pub struct Store {
    pub(crate) dir: PathBuf,
    pub(crate) files: Box<dyn Files>,
    /// The number of an entry that was seen to be there, from which to look for the newest; zero
    /// before the first.
    pub(crate) seen: AtomicU64,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir).finish_non_exhaustive()
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

/// Why something of a history can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file operation failed.
    #[error("can't read the history: {0}")]
    Place(PlaceError),
    /// A file in the ledger is not an entry that this code knows.
    #[error("can't use `{}`: {problem}", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: EntryError,
    },
    /// A file in the ledger holds an entry of another number.
    #[error(
        "`{}` holds entry {inside}; run `phasegate history verify` to see what was moved",
        path.display()
    )]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// The number of the entry in it.
        inside: u64,
    },
    /// Entries are missing, although later ones are there.
    #[error("entries {first} to {last} are missing from `{}`; restore their files", path.display())]
    Gap {
        /// The ledger.
        path: PathBuf,
        /// The first missing entry.
        first: u64,
        /// The last missing entry.
        last: u64,
    },
    /// There is no such entry.
    #[error("there is no entry {number} in `{}`; list the entries for their numbers", path.display())]
    NoEntry {
        /// The ledger.
        path: PathBuf,
        /// The number that was asked for.
        number: u64,
    },
    /// An object isn't there.
    #[error("the {kind} `{}` is missing; restore the file", path.display())]
    NoObject {
        /// What it is.
        kind: ObjectKind,
        /// Where it should be.
        path: PathBuf,
    },
    /// An object's bytes are not those that its name says.
    #[error("the {kind} `{}` was altered: its bytes don't match its name; restore the file", path.display())]
    AlteredObject {
        /// What it is.
        kind: ObjectKind,
        /// The file.
        path: PathBuf,
    },
}

impl From<PlaceError> for ReadError {
    fn from(error: PlaceError) -> Self {
        Self::Place(error)
    }
}

/// What is in the ledger's folder.
pub(crate) struct Listing {
    /// The numbers of the entries, ascending. Eight bytes for each entry are all that reading a
    /// whole history keeps in memory.
    pub(crate) numbers: Vec<u64>,
    /// Names that are neither entries nor hidden.
    pub(crate) strays: Vec<OsString>,
}

impl Listing {
    /// The missing numbers before each number, as first and last.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = (u64, u64)> {
        let before = std::iter::once(0).chain(self.numbers.iter().copied());
        before
            .zip(self.numbers.iter().copied())
            .filter(|(before, number)| number - before > 1)
            .map(|(before, number)| (before + 1, number - 1))
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
        let bucket = crate::bucket::Bucket::connect(url, variables)?;
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
        Self { dir: dir.to_owned(), files, seen: AtomicU64::new(0) }
    }

    /// Opens the history in any place.
    pub(crate) fn open_in(dir: &Path, files: Box<dyn Files>) -> Result<Self, OpenError> {
        let store = Self::of(dir, files);
        store.files.find(&store.ledger(), "").map_err(OpenError::Place)?;
        Ok(store)
    }

    /// The head: number and digest of the newest entry, or nothing if there is no entry.
    ///
    /// # Errors
    /// If the newest entry can't be read, isn't one, or entries before it are missing.
    pub fn head(&self) -> Result<Option<Head>, ReadError> {
        Ok(self.newest()?.map(|recorded| recorded.head()))
    }

    /// All entries, oldest first; each is read when its turn comes. A gap is one error, after
    /// which the entries behind it follow.
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn entries(&self) -> Result<Entries<'_>, ReadError> {
        let numbers = self.list_ledger()?.numbers.into_iter();
        Ok(Entries { store: self, numbers, gap_end: None, expected: 1 })
    }

    /// The entries whose outline passes, oldest first. Of the others no body is built, which is
    /// most of the work of reading an entry. Gaps and what can't be read are told as by
    /// [`Store::entries`], whatever the filter.
    ///
    /// # Errors
    /// If the ledger can't be listed.
    pub fn entries_that<'a>(
        &'a self,
        mut passes: impl FnMut(&Outline<'_>) -> bool + 'a,
    ) -> Result<impl Iterator<Item = Result<Recorded, ReadError>> + 'a, ReadError> {
        let mut entries = self.entries()?;
        Ok(std::iter::from_fn(move || {
            loop {
                let read = entries.turn()?.and_then(|number| self.entry_if(number, &mut passes));
                if let Some(item) = read.transpose() {
                    return Some(item);
                }
            }
        }))
    }

    /// The entry of that number.
    ///
    /// # Errors
    /// If it isn't there, can't be read, or isn't an entry.
    pub fn entry(&self, number: u64) -> Result<Recorded, ReadError> {
        self.recorded(number, &self.entry_bytes(number)?)
    }

    fn entry_if(
        &self,
        number: u64,
        passes: &mut impl FnMut(&Outline<'_>) -> bool,
    ) -> Result<Option<Recorded>, ReadError> {
        let opening =
            self.found(number, self.files.read_opening(&self.entry_path(number), OPENING))?;
        // An entry in another's place is an error, as it is without a filter.
        let outline = Outline::scan(&opening).filter(|outline| outline.number == number);
        if let Some(outline) = outline {
            return passes(&outline).then(|| self.entry(number)).transpose();
        }
        let recorded = self.entry(number)?;
        Ok(passes(&Outline::of(&recorded.entry)).then_some(recorded))
    }

    fn entry_bytes(&self, number: u64) -> Result<Vec<u8>, ReadError> {
        self.found(number, self.files.read(&self.entry_path(number)))
    }

    fn found(&self, number: u64, read: Result<Vec<u8>, PlaceError>) -> Result<Vec<u8>, ReadError> {
        match read {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(ReadError::NoEntry { path: self.ledger(), number })
            }
            read => Ok(read?),
        }
    }

    fn recorded(&self, number: u64, bytes: &[u8]) -> Result<Recorded, ReadError> {
        let entry = match Entry::parse(bytes) {
            Ok(entry) => entry,
            Err(problem) => {
                return Err(ReadError::Entry { path: self.entry_path(number), problem });
            }
        };
        if entry.number != number {
            let path = self.entry_path(number);
            return Err(ReadError::Misplaced { path, inside: entry.number });
        }
        Ok(Recorded { entry, digest: Digest::of(bytes) })
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

    /// The folder with what was rendered for an entry; nothing if nothing is rendered for entries
    /// of its kind.
    #[must_use]
    pub fn folder(&self, entry: &Entry) -> Option<PathBuf> {
        entry.folder().map(|folder| self.dir.join(folder))
    }

    pub(crate) fn list_ledger(&self) -> Result<Listing, PlaceError> {
        let mut listing = Listing { numbers: Vec::new(), strays: Vec::new() };
        self.list_folder(&self.ledger(), &mut |name| match names::entry_number(name) {
            Some(number) => listing.numbers.push(number),
            None if names::is_hidden(name) => (),
            None => listing.strays.push(name.to_owned()),
        })?;
        listing.numbers.sort_unstable();
        self.fill_false_gaps(&mut listing)?;
        Ok(listing)
    }

    /// A folder that grows while it is listed may show a later entry and not an earlier one, so
    /// what seems to be missing is looked for by name. A number is only ever taken after the one
    /// before it: from the first that truly isn't there, the gap is real.
    fn fill_false_gaps(&self, listing: &mut Listing) -> Result<(), PlaceError> {
        let mut found = Vec::new();
        for (first, last) in listing.gaps() {
            for number in first..=last {
                if !self.files.exists(&self.entry_path(number))? {
                    break;
                }
                found.push(number);
            }
        }
        listing.numbers.append(&mut found);
        listing.numbers.sort_unstable();
        Ok(())
    }

    /// Lists a folder; one that isn't there is empty.
    pub(crate) fn list_folder(
        &self,
        path: &Path,
        each: &mut dyn FnMut(&std::ffi::OsStr),
    ) -> Result<(), PlaceError> {
        match self.files.list(path, each) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            listed => listed,
        }
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
        if let Some(pending) = self.pending_folder(recorded)? {
            let read = self.files.read(&pending.join(REPORT));
            if !missing(&read) {
                return read;
            }
        }
        // It may have been published while we looked.
        self.files.read(&published)
    }

    /// The folder where an entry's rendered files wait to be published, if there is one.
    pub(crate) fn pending_folder(
        &self,
        recorded: &Recorded,
    ) -> Result<Option<PathBuf>, PlaceError> {
        let beginning = names::pending_prefix(recorded.entry.number, &recorded.digest);
        self.files.find(&self.dir, &beginning)
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.dir.join(LEDGER)
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.dir.join(OBJECTS)
    }

    pub(crate) fn entry_path(&self, number: u64) -> PathBuf {
        self.ledger().join(names::entry_file(number))
    }

    pub(crate) fn object_path(&self, digest: &Digest, kind: ObjectKind) -> PathBuf {
        self.objects().join(names::object_file(digest, kind))
    }
}

/// The entries of a history, oldest first; see [`Store::entries`].
#[derive(Debug)]
pub struct Entries<'a> {
    store: &'a Store,
    numbers: std::vec::IntoIter<u64>,
    /// The entry behind a gap that was just told.
    gap_end: Option<u64>,
    expected: u64,
}

impl Entries<'_> {
    /// The next number whose turn it is, or the gap before it.
    fn turn(&mut self) -> Option<Result<u64, ReadError>> {
        let number = self.gap_end.take().or_else(|| self.numbers.next())?;
        if number > self.expected {
            let (first, last) = (self.expected, number - 1);
            (self.gap_end, self.expected) = (Some(number), number);
            return Some(Err(ReadError::Gap { path: self.store.ledger(), first, last }));
        }
        self.expected = number.saturating_add(1);
        Some(Ok(number))
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Recorded, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.turn()?.and_then(|number| self.store.entry(number)))
    }
}
