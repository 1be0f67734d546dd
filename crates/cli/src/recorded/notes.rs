//! The notes on an entry, as they were on a day.

use phasegate_history::{Recorded, Store};
use phasegate_model::{Addition, EntryKind, NaiveDate};
use phasegate_report::RecordedNote;

/// The notes on one entry that were recorded up to a day, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    recorded: Vec<Recorded>,
}

impl Notes {
    /// Reads them. A note on another entry that had the number counts for nothing.
    pub(crate) fn read(store: &Store, of: &Recorded, day: NaiveDate) -> anyhow::Result<Self> {
        let mut recorded = Vec::new();
        for entry in store.entries_that(|summary| summary.kind == EntryKind::Note)? {
            let entry = entry?;
            if entry.entry.body.of() == Some(&of.head())
                && entry.entry.recorded_at.date_naive() <= day
            {
                recorded.push(entry);
            }
        }
        Ok(Self { recorded })
    }

    /// What templates are given of them.
    pub(crate) fn lines(&self) -> Vec<RecordedNote<'_>> {
        let noted = self.recorded.iter().filter_map(|Recorded { entry, .. }| {
            let Addition::Note(note) = &entry.body.addition()?.addition else { return None };
            Some(RecordedNote {
                entry: entry.number,
                recorded_by: &entry.recorded_by,
                recorded_on: entry.recorded_at.date_naive(),
                note,
            })
        });
        noted.collect()
    }
}
