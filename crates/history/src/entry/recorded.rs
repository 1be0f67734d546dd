//! The entry: something recorded, one line of JSON.

use chrono::{DateTime, Utc};
use phasegate_model::{Outcome, PhaseId};
use serde_json::Value;

use crate::entry::body::{Body, DecisionRecord, Kind, TranscriptionRecord};
use crate::entry::digest::Digest;
use crate::entry::head::Head;
use crate::entry::names;
use crate::entry::wire::Wire;

/// What git writes before the first of two versions.
pub(crate) const CONFLICT: &[u8] = b"<<<<<<< ";

/// An entry of the ledger. On disk it is one line of JSON, strings and whole numbers only, its
/// keys in a fixed order, with a newline at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The format's version; [`Entry::SCHEMA`].
    pub schema: u32,
    /// Counted from one, without gaps.
    pub number: u64,
    /// The digest of the entry before it; nothing for the first.
    pub previous: Option<Digest>,
    /// When it was recorded, in whole seconds. The clock of whoever recorded it is taken as it is.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: String,
    /// The program that recorded it, with its version.
    pub tool: String,
    /// What was recorded.
    pub body: Body,
}

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
        kind: Kind,
        /// The key.
        key: &'static str,
    },
    /// A key that entries of its kind don't have is there.
    #[error("it is not an entry: a {kind} has no `{key}`")]
    KeyTooMany {
        /// The entry's kind.
        kind: Kind,
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

impl Entry {
    /// The version of the format that this code writes.
    pub const SCHEMA: u32 = 1;

    /// Reads the bytes of an entry's file.
    ///
    /// # Errors
    /// If they are not an entry, or are of a newer format.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.starts_with(CONFLICT) {
            return Err(EntryError::Conflict);
        }
        let wire: Wire<'_> = serde_json::from_slice(bytes).map_err(|error| {
            unknown(bytes).map_or(EntryError::Format(error), |what| EntryError::Newer { what })
        })?;
        if wire.schema > Self::SCHEMA {
            return Err(EntryError::Newer { what: format!("schema {}", wire.schema) });
        }
        if wire.schema == 0 {
            return Err(EntryError::NoSuchSchema);
        }
        let entry = wire.into_entry()?;
        if let Some((kind, schema, known)) = entry.body.schema() {
            if schema > known {
                return Err(EntryError::Newer { what: format!("{kind} schema {schema}") });
            }
            if schema == 0 {
                return Err(EntryError::NoSuchSchema);
            }
        }
        Ok(entry)
    }

    /// The bytes of the entry's file. The same entry gives the same bytes.
    ///
    /// # Errors
    /// Never for an entry of this crate's types; the signature is the serializer's.
    pub fn to_line(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut line = serde_json::to_vec(&Wire::of(self))?;
        line.push(b'\n');
        Ok(line)
    }

    /// The bytes of the entry's file, which are sure to read back as this entry.
    pub(crate) fn to_readable_line(&self) -> Result<Vec<u8>, EntryError> {
        let line = self.to_line().map_err(EntryError::Format)?;
        if Self::parse(&line)? == *self { Ok(line) } else { Err(EntryError::NotItself) }
    }

    /// What kind of entry it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// The phase that it is about; nothing for an entry about all of them.
    #[must_use]
    pub const fn phase(&self) -> Option<&PhaseId> {
        self.body.phase()
    }

    /// What was decided, measured or transcribed; nothing for what people add to a decision.
    #[must_use]
    pub const fn outcome(&self) -> Option<Outcome> {
        self.body.outcome()
    }

    /// The decision with what it rests on, if it is one that phasegate made.
    #[must_use]
    pub const fn decision(&self) -> Option<&DecisionRecord> {
        match &self.body {
            Body::Decision(record) => Some(record),
            _ => None,
        }
    }

    /// The phase of before, if it is one.
    #[must_use]
    pub const fn transcription(&self) -> Option<&TranscriptionRecord> {
        match &self.body {
            Body::Transcription(record) => Some(record),
            _ => None,
        }
    }

    /// The name of the folder with what was rendered for this entry: `000001-3a-skip`. Nothing if
    /// nothing is rendered for entries of its kind.
    #[must_use]
    pub fn folder(&self) -> Option<String> {
        Some(names::folder(self.number, self.phase()?, self.outcome()?))
    }
}

/// What this code does not know in an entry that it could not read, if there is such a thing.
fn unknown(bytes: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let newer = |schema: Option<&Value>, known: u32| {
        schema.and_then(Value::as_u64).filter(|schema| *schema > u64::from(known))
    };
    if let Some(schema) = newer(value.get("schema"), Entry::SCHEMA) {
        return Some(format!("schema {schema}"));
    }
    let name = value.get("kind").and_then(Value::as_str)?;
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str() == name) else {
        return Some(format!("kind {name}"));
    };
    let schema = value.get(name).and_then(|body| body.get("schema"));
    let schema = newer(schema, kind.known_schema()?)?;
    Some(format!("{kind} schema {schema}"))
}

/// An entry as it is in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The entry.
    pub entry: Entry,
    /// The digest of its file's bytes as written.
    pub digest: Digest,
}

impl Recorded {
    /// The head of the history that ends with this entry.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head { number: self.entry.number, digest: self.digest }
    }
}
