//! What is rendered for a transcription, from its entry alone.

use phasegate_history::Digest;
use phasegate_model::Transcription;
use phasegate_report::{RecordedNote, TranscribedContext, TranscribedMaterial};

use crate::rendering::entry::{EntryHead, VERIFY};

/// What templates may use of a transcription, with these notes on the entry.
pub(crate) fn transcribed(
    entry: EntryHead<'_>,
    document: Digest,
    transcription: &Transcription,
    notes: &[RecordedNote<'_>],
) -> TranscribedContext {
    let head_before = entry.previous.as_ref().map(ToString::to_string);
    TranscribedContext::of(&TranscribedMaterial {
        transcription,
        number: entry.number,
        head_before: head_before.as_deref(),
        recorded_at: entry.recorded_at,
        recorded_by: entry.recorded_by,
        tool: entry.tool,
        document_digest: &document.to_string(),
        verify: VERIFY,
        notes,
    })
}
