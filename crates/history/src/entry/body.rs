//! What an entry records: a decision, or what people add to one.

use std::fmt;

use phasegate_model::{
    Decision, Finding, Note, Obligation, Outcome, PhaseId, Revisit, RowId, Transcription, Waiver,
};
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

    /// The phase that it says follows.
    #[must_use]
    pub const fn next(&self) -> Option<&PhaseId> {
        match self {
            Self::Decision(record) => record.decision.next.as_ref(),
            Self::Transcription(record) => record.transcription.next.as_ref(),
            Self::Waiver(_) | Self::Note(_) | Self::Revisit(_) => None,
        }
    }

    /// The rows that gave the outcome.
    #[must_use]
    pub fn deciding(&self) -> &[RowId] {
        match self {
            Self::Decision(record) => &record.decision.deciding,
            _ => &[],
        }
    }

    /// What it leaves open.
    #[must_use]
    pub fn obligations(&self) -> &[Obligation] {
        match self {
            Self::Decision(record) => &record.decision.obligations,
            Self::Transcription(record) => &record.transcription.obligations,
            Self::Waiver(_) | Self::Note(_) | Self::Revisit(_) => &[],
        }
    }

    /// The exception, if it is one.
    #[must_use]
    pub const fn waiver(&self) -> Option<&WaiverRecord> {
        match self {
            Self::Waiver(record) => Some(record),
            _ => None,
        }
    }

    /// The note, if it is one.
    #[must_use]
    pub const fn note(&self) -> Option<&NoteRecord> {
        match self {
            Self::Note(record) => Some(record),
            _ => None,
        }
    }

    /// The later look, if it is one.
    #[must_use]
    pub const fn revisit(&self) -> Option<&Revisit> {
        match self {
            Self::Revisit(revisit) => Some(revisit),
            _ => None,
        }
    }

    /// What it says in a few words, for a list: the outcome, or what people say of another entry.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Decision(record) => record.decision.outcome.to_string(),
            Self::Transcription(record) => format!("{} (asserted)", record.transcription.outcome),
            Self::Waiver(WaiverRecord { of, waiver, .. }) => {
                format!("row {} of entry {} until {}", waiver.row, of.number, waiver.expires)
            }
            Self::Note(record) => format!("on entry {}", record.of.number),
            Self::Revisit(revisit) => {
                let due = revisit.obligations.iter().filter(|owed| owed.finding == Finding::Met);
                format!("{} of {} due", due.count(), revisit.obligations.len())
            }
        }
    }

    /// Sets the digest of the rendered report, where there is one.
    pub(crate) const fn set_report(&mut self, digest: Digest) {
        match self {
            Self::Decision(record) => record.report = digest,
            Self::Transcription(record) => record.report = digest,
            Self::Waiver(_) | Self::Note(_) | Self::Revisit(_) => (),
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
