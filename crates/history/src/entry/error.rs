//! Why a file's bytes are not an entry.

use phasegate_model::{EntryKind, PhaseId};

/// Why a file's bytes are not an entry.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// A schema or kind that this code doesn't know.
    #[error("it was written by a newer phasegate ({what}); use that one")]
    Newer {
        /// What is unknown: `schema 2`, `kind treaty`.
        what: String,
    },
    /// Git could not merge two versions of the file, and left both in it.
    #[error("it has a merge conflict; run `phasegate history rebase`")]
    Conflict,
    /// Not JSON, or not the keys and values of an entry.
    #[error("it is not an entry: {0}")]
    Format(serde_json::Error),
    /// A key that entries of its kind have is not there.
    #[error("it is not an entry: a {kind} has `{key}`, and it isn't there")]
    KeyMissing {
        /// The entry's kind.
        kind: EntryKind,
        /// The key.
        key: &'static str,
    },
    /// A key that entries of its kind don't have is there.
    #[error("it is not an entry: a {kind} has no `{key}`")]
    KeyTooMany {
        /// The entry's kind.
        kind: EntryKind,
        /// The key.
        key: &'static str,
    },
    /// A schema that never was.
    #[error("it is not an entry: there is no schema 0")]
    NoSuchSchema,
    /// The entry contradicts itself.
    #[error("it is of phase {phase}, but decides phase {decided}")]
    OtherPhase {
        /// The entry's phase.
        phase: PhaseId,
        /// The decision's.
        decided: PhaseId,
    },
    /// Written and read again, it is another entry.
    #[error("it does not read back as it was written")]
    NotItself,
}
