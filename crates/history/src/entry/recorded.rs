//! The entry: something recorded, one line of JSON.

use chrono::{DateTime, Utc};
use phasegate_model::{EntryKind, Outcome, PhaseId};

use crate::entry::body::{Body, DecisionRecord, TranscriptionRecord};
use crate::entry::digest::Digest;
use crate::entry::head::Head;
use crate::entry::names;

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

impl Entry {
    /// The version of the format that this code writes.
    pub const SCHEMA: u32 = 1;

    /// What kind of entry it is.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        self.body.kind()
    }

    /// The phase that it is about; nothing for an entry about all of them.
    #[must_use]
    pub fn phase(&self) -> Option<&PhaseId> {
        self.body.phase()
    }

    /// What was decided, measured or transcribed; nothing for what people add to a decision.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
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
