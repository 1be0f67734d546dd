//! What an entry records: a decision, or what people add to one.

use std::fmt;

use phasegate_model::{Decision, Note, Outcome, PhaseId, Revisit, Transcription, Waiver};
use serde::{Deserialize, Serialize};

use crate::entry::digest::Digest;
use crate::entry::head::Head;

/// What kind of thing an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A decision that phasegate made.
    Decision,
    /// A decision that was made before, as a document has it.
    Transcription,
    /// An exception.
    Waiver,
    /// Something added to an entry.
    Note,
    /// A later look at the open obligations.
    Revisit,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Decision, Self::Transcription, Self::Waiver, Self::Note, Self::Revisit];

    /// The word that an entry has for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Transcription => "transcription",
            Self::Waiver => "waiver",
            Self::Note => "note",
            Self::Revisit => "revisit",
        }
    }

    /// The newest schema of its body that this code knows, where the body has one of its own.
    pub(crate) const fn known_schema(self) -> Option<u32> {
        match self {
            Self::Decision => Some(Decision::SCHEMA),
            Self::Transcription => Some(Transcription::SCHEMA),
            Self::Waiver | Self::Note | Self::Revisit => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an entry records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A decision that phasegate made.
    Decision(Box<DecisionRecord>),
    /// A decision that was made before, as a document has it.
    Transcription(Box<TranscriptionRecord>),
    /// An exception.
    Waiver(WaiverRecord),
    /// Something added to an entry.
    Note(NoteRecord),
    /// A later look at the open obligations.
    Revisit(Revisit),
}

/// A decision with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRecord {
    /// The evidence that the decision rests on.
    pub evidence: Digest,
    /// The matrix that decided.
    pub matrix: Digest,
    /// The matrices that it extends: its base, the base's base, and so on.
    pub bases: Vec<Digest>,
    /// The phase plan.
    pub plan: Digest,
    /// The rendered `report.md`.
    pub report: Digest,
    /// The decision.
    pub decision: Decision,
}

/// A phase that was decided before there was a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptionRecord {
    /// The file that people wrote it in.
    pub document: Digest,
    /// The rendered `report.md`.
    pub report: Digest,
    /// What it says.
    pub transcription: Transcription,
}

/// An exception to a recorded decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverRecord {
    /// The phase of the decision.
    pub phase: PhaseId,
    /// The decision's entry.
    pub of: Head,
    /// The exception.
    pub waiver: Waiver,
}

/// Something added to an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteRecord {
    /// The phase of that entry.
    pub phase: PhaseId,
    /// The entry.
    pub of: Head,
    /// What was added.
    pub note: Note,
}

impl Body {
    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Decision(_) => Kind::Decision,
            Self::Transcription(_) => Kind::Transcription,
            Self::Waiver(_) => Kind::Waiver,
            Self::Note(_) => Kind::Note,
            Self::Revisit(_) => Kind::Revisit,
        }
    }

    /// The phase that it is about; nothing for a later look, which is about all of them.
    #[must_use]
    pub const fn phase(&self) -> Option<&PhaseId> {
        match self {
            Self::Decision(record) => Some(&record.decision.phase),
            Self::Transcription(record) => Some(&record.transcription.phase),
            Self::Waiver(record) => Some(&record.phase),
            Self::Note(record) => Some(&record.phase),
            Self::Revisit(_) => None,
        }
    }

    /// What was decided; nothing if this is no decision.
    #[must_use]
    pub const fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Decision(record) => Some(record.decision.outcome),
            Self::Transcription(record) => Some(record.transcription.outcome),
            Self::Waiver(_) | Self::Note(_) | Self::Revisit(_) => None,
        }
    }

    /// The digest of the rendered report, where there is one.
    #[must_use]
    pub const fn report(&self) -> Option<&Digest> {
        match self {
            Self::Decision(record) => Some(&record.report),
            Self::Transcription(record) => Some(&record.report),
            Self::Waiver(_) | Self::Note(_) | Self::Revisit(_) => None,
        }
    }

    /// The earlier entry that it is about, where it is about one.
    #[must_use]
    pub const fn of(&self) -> Option<&Head> {
        match self {
            Self::Waiver(record) => Some(&record.of),
            Self::Note(record) => Some(&record.of),
            Self::Decision(_) | Self::Transcription(_) | Self::Revisit(_) => None,
        }
    }

    /// Its kind, its own schema, and the newest that this code knows.
    pub(crate) const fn schema(&self) -> Option<(Kind, u32, u32)> {
        match self {
            Self::Decision(record) => {
                Some((Kind::Decision, record.decision.schema, Decision::SCHEMA))
            }
            Self::Transcription(record) => {
                Some((Kind::Transcription, record.transcription.schema, Transcription::SCHEMA))
            }
            Self::Waiver(_) | Self::Note(_) | Self::Revisit(_) => None,
        }
    }
}
