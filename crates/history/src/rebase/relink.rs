//! Recording entries again behind another head, from what they were made of.

use phasegate_model::Addition;

use crate::entry::body::{About, AdditionRecord, Body};
use crate::entry::draft::{
    CallerRenderError, DecisionDraft, Draft, DraftBody, RenderedFile, TranscriptionDraft, Upcoming,
};
use crate::entry::head::Head;
use crate::entry::names::ObjectKind;
use crate::entry::recorded::{Entry, Recorded};
use crate::rebase::branches::Branch;
use crate::rebase::error::RebaseError;
use crate::store::error::ReadError;
use crate::store::open::Store;

/// Renders the files of an entry from what is recorded.
pub type Render<'a> =
    dyn FnMut(&Upcoming, &Draft) -> Result<Vec<RenderedFile>, CallerRenderError> + 'a;

/// Records the entries behind the head that is kept; the numbers that they had, and what they
/// are now. What an interrupted run recorded isn't recorded twice.
pub(crate) fn relink(
    store: &Store,
    onto: Head,
    own: &Branch,
    render: &mut Render<'_>,
) -> Result<Vec<(u64, Recorded)>, RebaseError> {
    let mut moved: Vec<(Head, Recorded)> = Vec::new();
    for found in own {
        let mut draft = draft_of(store, &found.entry)?;
        // What is said of an entry of one's own names a digest that it hasn't any more.
        rename(&mut draft.body, &moved);
        // An interrupted run may have come this far; appending again would record it twice.
        let recorded = match already(store, onto, &draft)? {
            Some(recorded) => recorded,
            None => store.append(&draft, &mut |upcoming| render(upcoming, &draft))?,
        };
        moved.push((found.head(), recorded));
    }
    Ok(moved.into_iter().map(|(before, recorded)| (before.number, recorded)).collect())
}

/// The entry with what is to be recorded, if a run that was interrupted came to it.
fn already(store: &Store, onto: Head, draft: &Draft) -> Result<Option<Recorded>, RebaseError> {
    let end = store.head()?.map_or(0, |head| head.number);
    for number in onto.number + 1..=end {
        let recorded = store.entry(number)?;
        if draft_of(store, &recorded.entry)? == *draft {
            return Ok(Some(recorded));
        }
    }
    Ok(None)
}

/// What an entry was made from.
pub(crate) fn draft_of(store: &Store, entry: &Entry) -> Result<Draft, ReadError> {
    Ok(Draft {
        recorded_at: entry.recorded_at,
        recorded_by: entry.recorded_by.clone(),
        tool: entry.tool.clone(),
        body: body(store, entry)?,
    })
}

pub(crate) fn body(store: &Store, entry: &Entry) -> Result<DraftBody, ReadError> {
    Ok(match &entry.body {
        Body::Decision(record) => DraftBody::Decision(Box::new(DecisionDraft {
            objects: store.objects(record)?,
            decision: record.decision.clone(),
        })),
        Body::Transcription(record) => DraftBody::Transcription(Box::new(TranscriptionDraft {
            document: store.object(&record.document, ObjectKind::Document)?,
            transcription: record.transcription.clone(),
        })),
        Body::Addition(record) => DraftBody::Addition(record.clone()),
    })
}

/// Names the re-linked entries as they are called now.
fn rename(body: &mut DraftBody, moved: &[(Head, Recorded)]) {
    let DraftBody::Addition(AdditionRecord { about, addition }) = body else { return };
    if let Some(About { of, .. }) = about
        && let Some((_, recorded)) = moved.iter().find(|(before, _)| before == of)
    {
        *of = recorded.head();
    }
    if let Addition::Revisit(revisit) = addition {
        for obligation in &mut revisit.obligations {
            // Later looks name entries by number alone.
            let entry = obligation.entry;
            let found = moved.iter().find(|(before, _)| before.number == entry);
            obligation.entry = found.map_or(entry, |(_, recorded)| recorded.entry.number);
        }
    }
}
