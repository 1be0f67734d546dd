//! The waivers of a history, and what decisions come to with them on a day.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_history::{AdditionRecord, Head, Recorded, Store};
use phasegate_model::{Addition, EntryKind, NaiveDate, Outcome, RowId, Waiver};
use phasegate_rules::Effective;
use serde::Serialize;

use crate::output::streams::object;
use crate::recorded::decision::RecordedDecision;

/// A recorded waiver.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    /// The number of its own entry.
    pub(crate) entry: u64,
    pub(crate) recorded_by: String,
    recorded_on: NaiveDate,
    pub(crate) waiver: Waiver,
    /// The decision's entry.
    of: Head,
}

/// The waivers of a history, by the entries that they are about. There are few of them.
#[derive(Debug, Default)]
pub(crate) struct RecordedWaivers {
    granted: BTreeMap<u64, Vec<Granted>>,
    /// The newest entry that was looked at.
    pub(crate) head: Option<Head>,
}

impl RecordedWaivers {
    /// Reads them. Entries that can't be read are passed over: whoever lists them names them.
    pub(crate) fn read(store: &Store) -> anyhow::Result<Self> {
        let mut waivers = Self::default();
        let mut newest = 0;
        let entries = store.entries_that(|summary| {
            newest = summary.number;
            summary.kind == EntryKind::Waiver
        })?;
        for recorded in entries.flatten() {
            waivers.add(&recorded);
        }
        // Also without any waiver: the head says how far it was looked for them.
        if newest > 0 {
            waivers.head = Some(store.entry(newest)?.head());
        }
        Ok(waivers)
    }

    /// Whether an entry was ever waived in part.
    pub(crate) fn concern(&self, entry: u64) -> bool {
        self.granted.contains_key(&entry)
    }

    /// Takes an entry into account.
    pub(crate) fn add(&mut self, recorded: &Recorded) {
        self.head = Some(recorded.head());
        if let Some(AdditionRecord { about: Some(about), addition }) =
            recorded.entry.body.addition()
            && let Addition::Waiver(waiver) = addition
        {
            self.granted.entry(about.of.number).or_default().push(Granted {
                entry: recorded.entry.number,
                recorded_by: recorded.entry.recorded_by.clone(),
                recorded_on: recorded.entry.recorded_at.date_naive(),
                waiver: waiver.clone(),
                of: about.of,
            });
        }
    }

    /// Those of an entry that were there on a day, valid or not, oldest first. A waiver of another
    /// entry that had the number counts for nothing.
    pub(crate) fn of(&self, recorded: &Recorded, day: NaiveDate) -> Vec<&Granted> {
        let all = self.granted.get(&recorded.entry.number).into_iter().flatten();
        all.filter(|granted| granted.of == recorded.head() && granted.recorded_on <= day).collect()
    }

    /// What a decision comes to on a day; nothing if no waiver of it is valid then.
    pub(crate) fn effective(
        &self,
        store: &Store,
        recorded: &Recorded,
        day: NaiveDate,
    ) -> anyhow::Result<Option<Effective>> {
        let valid = self.of(recorded, day).into_iter().filter(|g| g.waiver.is_valid_on(day));
        let rows: BTreeSet<RowId> = valid.map(|granted| granted.waiver.row.clone()).collect();
        // Without a valid waiver the matrix need not be read at all.
        let Some(record) = recorded.entry.decision().filter(|_| !rows.is_empty()) else {
            return Ok(None);
        };
        Ok(Some(RecordedDecision::new(store, record).matrix()?.without(&record.decision, &rows)))
    }
}

/// A waiver, for programs.
pub(crate) fn waiver_json(granted: &Granted, day: NaiveDate) -> impl Serialize {
    let Granted { entry, recorded_by, waiver, .. } = granted;
    object! {
        entry: entry,
        recorded_by: recorded_by,
        #[serde(flatten)]
        waiver: waiver,
        valid: waiver.is_valid_on(day),
    }
}

/// An outcome with what waivers make of it: `act, with waivers skip`.
pub(crate) fn outcome_with(outcome: Outcome, effective: Option<&Effective>) -> String {
    match effective {
        Some(effective) if effective.outcome != outcome => {
            format!("{outcome}, with waivers {}", effective.outcome)
        }
        _ => outcome.to_string(),
    }
}
