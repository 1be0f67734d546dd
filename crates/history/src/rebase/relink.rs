//! Recording entries again behind another head, from what they were made of.

use phasegate_model::Revisit;

use crate::entry::body::{Body, NoteRecord, WaiverRecord};
use crate::entry::draft::{DecisionDraft, Draft, Matter, TranscriptionDraft};
use crate::entry::head::Head;
use crate::entry::names::ObjectKind;
use crate::entry::recorded::{Entry, Recorded};
use crate::rebase::branches::Branch;
use crate::rebase::error::RebaseError;
use crate::rebase::steps::Render;
use crate::store::error::ReadError;
use crate::store::open::Store;

impl Store {
    /// Records the entries behind the head that is kept; the numbers that they had, and what they
    /// are now. What an interrupted run recorded isn't recorded twice.
    pub(crate) fn relink(
        &self,
        onto: Head,
        own: &Branch,
        render: &mut Render<'_>,
    ) -> Result<Vec<(u64, Recorded)>, RebaseError> {
        let mut moved: Vec<(Head, Recorded)> = Vec::new();
        for found in own {
            let mut draft = self.draft_of(&found.entry)?;
            rename(&mut draft.matter, &moved);
            let recorded = match self.already(onto, &draft)? {
                Some(recorded) => recorded,
                None => self.append(&draft, &mut |upcoming| render(upcoming, &draft))?,
            };
            moved.push((found.head(), recorded));
        }
        Ok(moved.into_iter().map(|(before, recorded)| (before.number, recorded)).collect())
    }

    /// The entry with what is to be recorded, if a run that was interrupted came to it.
    fn already(&self, onto: Head, draft: &Draft) -> Result<Option<Recorded>, RebaseError> {
        let end = self.head()?.map_or(0, |head| head.number);
        for number in onto.number + 1..=end {
            let recorded = self.entry(number)?;
            if self.draft_of(&recorded.entry)? == *draft {
                return Ok(Some(recorded));
            }
        }
        Ok(None)
    }

    /// What an entry was made from.
    pub(crate) fn draft_of(&self, entry: &Entry) -> Result<Draft, ReadError> {
        Ok(Draft {
            recorded_at: entry.recorded_at,
            recorded_by: entry.recorded_by.clone(),
            tool: entry.tool.clone(),
            matter: self.matter(entry)?,
        })
    }

    pub(crate) fn matter(&self, entry: &Entry) -> Result<Matter, ReadError> {
        Ok(match &entry.body {
            Body::Decision(record) => {
                let bases = record.bases.iter().map(|base| self.object(base, ObjectKind::Base));
                Matter::Decision(Box::new(DecisionDraft {
                    evidence: self.object(&record.evidence, ObjectKind::Evidence)?,
                    matrix: self.object(&record.matrix, ObjectKind::Matrix)?,
                    bases: bases.collect::<Result<Vec<_>, _>>()?,
                    plan: self.object(&record.plan, ObjectKind::Plan)?,
                    decision: record.decision.clone(),
                }))
            }
            Body::Transcription(record) => Matter::Transcription(Box::new(TranscriptionDraft {
                document: self.object(&record.document, ObjectKind::Document)?,
                transcription: record.transcription.clone(),
            })),
            Body::Waiver(record) => Matter::Waiver(record.clone()),
            Body::Note(record) => Matter::Note(record.clone()),
            Body::Revisit(revisit) => Matter::Revisit(revisit.clone()),
        })
    }
}

/// Names the re-linked entries as they are called now.
fn rename(matter: &mut Matter, moved: &[(Head, Recorded)]) {
    let now = |of: &mut Head| {
        if let Some((_, recorded)) = moved.iter().find(|(before, _)| before == of) {
            *of = recorded.head();
        }
    };
    match matter {
        Matter::Decision(_) | Matter::Transcription(_) => (),
        Matter::Waiver(WaiverRecord { of, .. }) | Matter::Note(NoteRecord { of, .. }) => now(of),
        Matter::Revisit(Revisit { obligations, .. }) => {
            for obligation in obligations {
                let entry = obligation.entry;
                let found = moved.iter().find(|(before, _)| before.number == entry);
                obligation.entry = found.map_or(entry, |(_, recorded)| recorded.entry.number);
            }
        }
    }
}
