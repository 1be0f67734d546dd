//! What is rendered for a transcription, from its entry alone.

use chrono::{DateTime, Utc};
use phasegate_history::{Digest, Entry, Head, TranscriptionRecord};
use phasegate_model::Transcription;
use phasegate_report::{RecordedNote, TranscribedContext, TranscribedMaterial};

use crate::rendering::entry::VERIFY;

/// A transcription as it is in the ledger or about to be.
pub(crate) struct Transcribed<'a> {
    pub(crate) number: u64,
    pub(crate) previous: Option<Head>,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) recorded_by: &'a str,
    pub(crate) tool: &'a str,
    pub(crate) document: Digest,
    pub(crate) transcription: &'a Transcription,
}

impl<'a> Transcribed<'a> {
    /// A transcription of the ledger.
    pub(crate) fn of(entry: &'a Entry, record: &'a TranscriptionRecord) -> Self {
        let before = entry.number.saturating_sub(1);
        Self {
            number: entry.number,
            previous: entry.previous.map(|digest| Head { number: before, digest }),
            recorded_at: entry.recorded_at,
            recorded_by: &entry.recorded_by,
            tool: &entry.tool,
            document: record.document,
            transcription: &record.transcription,
        }
    }

    /// What templates may use, with these notes on the entry.
    pub(crate) fn context(&self, notes: &[RecordedNote<'_>]) -> TranscribedContext {
        let head_before = self.previous.as_ref().map(ToString::to_string);
        TranscribedContext::of(&TranscribedMaterial {
            transcription: self.transcription,
            number: self.number,
            head_before: head_before.as_deref(),
            recorded_at: self.recorded_at,
            recorded_by: self.recorded_by,
            tool: self.tool,
            document_digest: &self.document.to_string(),
            verify: VERIFY,
            notes,
        })
    }
}
