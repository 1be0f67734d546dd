//! What an entry records: a decision, or what people add to one.

use phasegate_model::{
    Addition, Decision, EntryKind, Obligation, Outcome, PhaseId, RowId, Transcription,
};
use serde::Serialize;

use crate::entry::digest::Digest;
use crate::entry::head::Head;

/// What an entry records. Serialized, it has the keys that follow those of every entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Body {
    /// A decision that phasegate made.
    Decision(Box<DecisionRecord>),
    /// A decision that was made before, as a document has it.
    Transcription(Box<TranscriptionRecord>),
    /// What people add.
    Addition(AdditionRecord),
}

/// A decision with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionRecord {
    /// The evidence that the decision rests on.
    pub evidence: Digest,
    /// The matrix that decided.
    pub matrix: Digest,
    /// The matrices that it extends: its base, the base's base, and so on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<Digest>,
    /// The phase plan.
    pub plan: Digest,
    /// The rendered `report.md`.
    pub report: Digest,
    /// The decision.
    pub decision: Decision,
}

/// A phase that was decided before there was a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscriptionRecord {
    /// The file that people wrote it in.
    pub document: Digest,
    /// The rendered `report.md`.
    pub report: Digest,
    /// What it says.
    pub transcription: Transcription,
}

/// What people add, to an entry or to the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdditionRecord {
    /// What a waiver or a note is about; nothing for a later look, which is about all phases.
    #[serde(skip)]
    pub about: Option<About>,
    /// What is added.
    #[serde(flatten)]
    pub addition: Addition,
}

/// The earlier entry that an addition is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The phase of that entry.
    pub phase: PhaseId,
    /// The entry.
    pub of: Head,
}

/// What a decision and a transcription have in common.
pub(crate) struct Decided<'a> {
    pub(crate) schema: u32,
    phase: &'a PhaseId,
    outcome: Outcome,
    next: Option<&'a PhaseId>,
    deciding: &'a [RowId],
    obligations: &'a [Obligation],
    report: &'a Digest,
}

impl Body {
    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        match self {
            Self::Decision(_) => EntryKind::Decision,
            Self::Transcription(_) => EntryKind::Transcription,
            Self::Addition(record) => record.addition.kind(),
        }
    }

    /// What was decided, with what comes of it; nothing if this is no decision.
    pub(crate) fn decided(&self) -> Option<Decided<'_>> {
        match self {
            Self::Decision(record) => Some(Decided {
                schema: record.decision.schema,
                phase: &record.decision.phase,
                outcome: record.decision.outcome,
                next: record.decision.next.as_ref(),
                deciding: &record.decision.deciding,
                obligations: &record.decision.obligations,
                report: &record.report,
            }),
            Self::Transcription(record) => Some(Decided {
                schema: record.transcription.schema,
                phase: &record.transcription.phase,
                outcome: record.transcription.outcome,
                next: record.transcription.next.as_ref(),
                deciding: &[],
                obligations: &record.transcription.obligations,
                report: &record.report,
            }),
            Self::Addition(_) => None,
        }
    }

    /// What was added, with what it is about; nothing for a decision or a transcription.
    #[must_use]
    pub const fn addition(&self) -> Option<&AdditionRecord> {
        match self {
            Self::Addition(record) => Some(record),
            _ => None,
        }
    }

    fn about(&self) -> Option<&About> {
        self.addition()?.about.as_ref()
    }

    /// The phase that it is about; nothing for a later look, which is about all of them.
    #[must_use]
    pub fn phase(&self) -> Option<&PhaseId> {
        let decided = self.decided().map(|decided| decided.phase);
        decided.or_else(|| self.about().map(|about| &about.phase))
    }

    /// What was decided; nothing if this is no decision.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.decided().map(|decided| decided.outcome)
    }

    /// The digest of the rendered report, where there is one.
    #[must_use]
    pub fn report(&self) -> Option<&Digest> {
        self.decided().map(|decided| decided.report)
    }

    /// The earlier entry that it is about, where it is about one.
    #[must_use]
    pub fn of(&self) -> Option<&Head> {
        self.about().map(|about| &about.of)
    }

    /// The phase that it says follows.
    #[must_use]
    pub fn next(&self) -> Option<&PhaseId> {
        self.decided().and_then(|decided| decided.next)
    }

    /// The rows that gave the outcome.
    #[must_use]
    pub fn deciding(&self) -> &[RowId] {
        self.decided().map_or(&[], |decided| decided.deciding)
    }

    /// What it leaves open.
    #[must_use]
    pub fn obligations(&self) -> &[Obligation] {
        self.decided().map_or(&[], |decided| decided.obligations)
    }

    /// What it says in a few words, for a list: the outcome, or what people say of another entry.
    #[must_use]
    pub fn words(&self) -> String {
        let of = self.of().map_or(0, |of| of.number);
        match self {
            Self::Decision(record) => record.decision.outcome.to_string(),
            Self::Transcription(record) => format!("{} (asserted)", record.transcription.outcome),
            Self::Addition(record) => record.addition.words(of),
        }
    }

    /// Sets the digest of the rendered report, where there is one.
    pub(crate) const fn set_report(&mut self, digest: Digest) {
        match self {
            Self::Decision(record) => record.report = digest,
            Self::Transcription(record) => record.report = digest,
            Self::Addition(_) => (),
        }
    }
}
