//! Why something of a history can't be read.

use std::path::PathBuf;

use crate::backend::error::PlaceError;
use crate::entry::error::EntryError;
use crate::entry::names::ObjectKind;

/// Why something of a history can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file operation failed.
    #[error("can't read the history: {0}")]
    Place(#[from] PlaceError),
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
