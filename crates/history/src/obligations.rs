//! What a history still owes.

use std::collections::BTreeMap;

use phasegate_model::{EntryKind, Finding, MatrixId, Obligation, PhaseId, RowDecision, RowId};
use serde::Deserialize;

use crate::entry::body::Body;
use crate::entry::recorded::Entry;
use crate::store::error::ReadError;
use crate::store::line::Line;

/// An obligation that nobody has taken up yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenObligation {
    /// The number of the entry that left it open.
    pub entry: u64,
    /// The phase of that entry.
    pub phase: PhaseId,
    /// The matrix that decided it; nothing for a transcription.
    pub matrix: Option<MatrixId>,
    /// What is owed.
    pub obligation: Obligation,
}

/// The keys of a decision's line that say what it settles and leaves open.
#[derive(Deserialize)]
struct DecisionLine {
    decision: Settled,
}

#[derive(Deserialize)]
struct Settled {
    phase: PhaseId,
    matrix: MatrixId,
    rows: Vec<FoundRow>,
    obligations: Vec<Obligation>,
}

#[derive(Deserialize)]
struct FoundRow {
    id: RowId,
    finding: Finding,
}

/// The obligations of a history that are open after the entries so far, which are taken in their
/// order. What it keeps grows with what is open, not with the history.
///
/// An obligation stands until its row is *decided again*: until a later decision of the same phase,
/// by a matrix of the same name, finds that row met or not met, or a later transcription of the
/// phase has the row. If that entry defers once more, it owes the newer obligation instead. A row
/// that is undecided or has no say takes nothing up, and neither does a later look: looking is not
/// doing. (A transcription doesn't name its matrix, so there the phase and the row are enough.)
#[derive(Clone, Debug, Default)]
pub struct OpenObligations {
    by_row: BTreeMap<(PhaseId, RowId), Vec<OpenObligation>>,
}

impl OpenObligations {
    /// Those of a history.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Vec<OpenObligation> {
        let mut open = Self::default();
        for entry in entries {
            open.take(entry);
        }
        open.into_open()
    }

    /// Takes the next entry into account.
    pub fn take(&mut self, entry: &Entry) {
        let number = entry.number;
        match &entry.body {
            Body::Decision(record) => {
                let decision = &record.decision;
                let is_settled =
                    |row: &&RowDecision| matches!(row.finding, Finding::Met | Finding::NotMet);
                self.decided(
                    number,
                    (&decision.phase, &decision.matrix),
                    decision.rows.iter().filter(is_settled).map(|row| &row.id),
                    &decision.obligations,
                );
            }
            Body::Transcription(record) => {
                let told = &record.transcription;
                let rows = told.rows.iter().map(|row| &row.id);
                for row in rows.chain(told.obligations.iter().map(|owed| &owed.row)) {
                    self.take_up(&told.phase, None, row);
                }
                self.owe(number, &told.phase, None, &told.obligations);
            }
            Body::Addition(_) => (),
        }
    }

    /// Takes the entry of the next line into account, of which no more is read than that needs.
    ///
    /// # Errors
    /// If it isn't an entry, or another's, as far as it is read.
    pub fn take_line(&mut self, line: &Line) -> Result<(), ReadError> {
        let keys = match line.summary()?.kind {
            EntryKind::Decision => line.keys::<DecisionLine>(),
            _ => None,
        };
        match keys {
            Some(DecisionLine { decision }) => {
                let is_settled =
                    |row: &&FoundRow| matches!(row.finding, Finding::Met | Finding::NotMet);
                let settled = decision.rows.iter().filter(is_settled).map(|row| &row.id);
                let by = (&decision.phase, &decision.matrix);
                self.decided(line.number(), by, settled, &decision.obligations);
            }
            // Read whole, an entry also says what is wrong with it.
            None => self.take(&line.recorded()?.entry),
        }
        Ok(())
    }

    fn decided<'r>(
        &mut self,
        number: u64,
        (phase, matrix): (&PhaseId, &MatrixId),
        settled: impl Iterator<Item = &'r RowId>,
        obligations: &[Obligation],
    ) {
        for row in settled {
            self.take_up(phase, Some(matrix), row);
        }
        self.owe(number, phase, Some(matrix), obligations);
    }

    /// What is open, in the order of the entries that owe it.
    #[must_use]
    pub fn into_open(self) -> Vec<OpenObligation> {
        let mut open: Vec<OpenObligation> = self.by_row.into_values().flatten().collect();
        // Those of one entry stay in the order of their rows.
        open.sort_by_key(|owed| owed.entry);
        open
    }

    fn take_up(&mut self, phase: &PhaseId, matrix: Option<&MatrixId>, row: &RowId) {
        if let Some(owed) = self.by_row.get_mut(&(phase.clone(), row.clone())) {
            owed.retain(|owed| {
                Option::zip(owed.matrix.as_ref(), matrix).is_some_and(|(then, now)| then != now)
            });
        }
    }

    fn owe(
        &mut self,
        entry: u64,
        phase: &PhaseId,
        matrix: Option<&MatrixId>,
        obligations: &[Obligation],
    ) {
        for obligation in obligations {
            let (phase, matrix) = (phase.clone(), matrix.cloned());
            let place = self.by_row.entry((phase.clone(), obligation.row.clone())).or_default();
            place.push(OpenObligation { entry, phase, matrix, obligation: obligation.clone() });
        }
    }
}
