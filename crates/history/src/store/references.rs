//! What an entry says of earlier ones: a waiver or a note names one by number and digest, a later
//! look names obligations by entry and row. Both sides ask here: `append` before such an entry is
//! written, `verify` afterwards.

use std::collections::BTreeMap;

use phasegate_model::{Addition, EntryKind, PhaseId, RowId};

use crate::entry::body::{About, AdditionRecord, Body};
use crate::entry::digest::Digest;
use crate::entry::draft::DraftBody;
use crate::entry::head::Head;
use crate::entry::recorded::{Entry, Recorded};
use crate::store::error::ReadError;
use crate::store::open::Store;

/// What an entry says of an earlier one isn't so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceProblem {
    /// There is no such entry before it.
    #[error("it names entry {number}, and no entry before it has that number")]
    NoSuchEntry {
        /// The number that is named.
        number: u64,
    },
    /// The entry of that number is another one.
    #[error("it names entry {}, but with the digest of another: that one was edited or replaced", of.number)]
    OtherEntry {
        /// What is named.
        of: Head,
    },
    /// The entry is about another phase.
    #[error("it is about phase {phase}, and names entry {number}, which is about another")]
    OtherPhase {
        /// The number that is named.
        number: u64,
        /// The phase that the later entry is about.
        phase: PhaseId,
    },
    /// The entry decides nothing, so that nothing of it can be waived or owed.
    #[error("it names entry {number}, which is a {kind} and decides nothing")]
    NoDecision {
        /// The number that is named.
        number: u64,
        /// What kind of entry that is.
        kind: EntryKind,
    },
    /// The entry has no such row.
    #[error("it names row `{row}` of entry {number}, which has no such row")]
    NoSuchRow {
        /// The number that is named.
        number: u64,
        /// The row.
        row: RowId,
    },
    /// The entry owes nothing by that row.
    #[error("it names row `{row}` of entry {number}, by which nothing is owed")]
    NotOwed {
        /// The number that is named.
        number: u64,
        /// The row.
        row: RowId,
    },
}

impl ReferenceProblem {
    /// A name for programs, which stays the same.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoSuchEntry { .. } => "reference-to-no-entry",
            Self::OtherEntry { .. } => "reference-to-other-entry",
            Self::OtherPhase { .. } => "reference-to-other-phase",
            Self::NoDecision { .. } => "reference-to-no-decision",
            Self::NoSuchRow { .. } | Self::NotOwed { .. } => "reference-to-no-row",
        }
    }
}

/// Why what is to be recorded can't be.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// What it says of an earlier entry isn't so.
    #[error("{0}; `phasegate history list` has numbers, `phasegate explain NUMBER` rows")]
    Problem(#[from] ReferenceProblem),
    /// The earlier entry can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
}

/// What is said of one earlier entry.
struct Reference<'a> {
    number: u64,
    /// Nothing where it is named by number alone.
    digest: Option<Digest>,
    phase: Option<&'a PhaseId>,
    waived: Option<&'a RowId>,
    owed: Vec<&'a RowId>,
}

impl<'a> Reference<'a> {
    fn of(AdditionRecord { about, addition }: &'a AdditionRecord) -> Vec<Self> {
        // One for each entry, so that each is read once.
        let mut owed = BTreeMap::<u64, Vec<&RowId>>::new();
        let mut waived = None;
        match addition {
            Addition::Waiver(waiver) => waived = Some(&waiver.row),
            Addition::Note(_) => (),
            Addition::Revisit(revisit) => {
                for obligation in &revisit.obligations {
                    owed.entry(obligation.entry).or_default().push(&obligation.row);
                }
            }
        }
        let about = about.iter().map(|About { phase, of: Head { number, digest } }| {
            let (digest, phase) = (Some(*digest), Some(phase));
            Self { number: *number, digest, phase, waived, owed: Vec::new() }
        });
        let owed = owed.into_iter().map(|(number, owed)| Self {
            number,
            digest: None,
            phase: None,
            waived: None,
            owed,
        });
        about.chain(owed).collect()
    }

    /// Whether the entry that was found is the one that is named, and has what is said of it.
    fn check(&self, found: &Recorded) -> Result<(), ReferenceProblem> {
        let number = self.number;
        if let Some(digest) = self.digest
            && digest != found.digest
        {
            return Err(ReferenceProblem::OtherEntry { of: Head { number, digest } });
        }
        let named = &found.entry;
        self.phase.map_or(Ok(()), |phase| check_phase(named, phase))?;
        self.waived.map_or(Ok(()), |row| check_waived(named, row))?;
        self.owed.iter().try_for_each(|row| check_owed(named, row))
    }
}

impl Store {
    /// Whether what is to be recorded names earlier entries that are there, and rows that they
    /// have. Entries are never replaced, so what is so now is so when the entry is written.
    pub(crate) fn check_references(&self, body: &DraftBody) -> Result<(), ReferenceError> {
        let DraftBody::Addition(record) = body else { return Ok(()) };
        Reference::of(record).iter().try_for_each(|reference| self.refers(reference))
    }

    /// What an entry of a history says of earlier ones that isn't so. What can't be read says
    /// nothing: that it can't be read is found where it is.
    pub(crate) fn wrong_references(&self, entry: &Entry) -> Vec<ReferenceProblem> {
        let references = entry.body.addition().map(Reference::of).unwrap_or_default();
        let checked = references.iter().map(|reference| {
            let number = reference.number;
            // What an entry says of itself or of a later one can't have been so.
            let earlier = number < entry.number;
            if earlier { self.refers(reference) } else { Err(no_such_entry(number)) }
        });
        let problem = |checked| match checked {
            Err(ReferenceError::Problem(problem)) => Some(problem),
            _ => None,
        };
        checked.filter_map(problem).collect()
    }

    fn refers(&self, reference: &Reference<'_>) -> Result<(), ReferenceError> {
        match self.entry(reference.number) {
            Ok(found) => Ok(reference.check(&found)?),
            Err(ReadError::NoEntry { number, .. }) => Err(no_such_entry(number)),
            Err(error) => Err(error.into()),
        }
    }
}

fn no_such_entry(number: u64) -> ReferenceError {
    ReferenceProblem::NoSuchEntry { number }.into()
}

fn check_phase(named: &Entry, phase: &PhaseId) -> Result<(), ReferenceProblem> {
    // A later look is about all phases.
    if named.phase().is_none_or(|of| of == phase) {
        Ok(())
    } else {
        Err(ReferenceProblem::OtherPhase { number: named.number, phase: phase.clone() })
    }
}

fn check_waived(named: &Entry, row: &RowId) -> Result<(), ReferenceProblem> {
    let number = named.number;
    let there = match &named.body {
        Body::Decision(record) => record.decision.rows.iter().any(|there| there.id == *row),
        Body::Transcription(record) => {
            record.transcription.rows.iter().any(|there| there.id == *row)
        }
        Body::Addition(_) => {
            return Err(ReferenceProblem::NoDecision { number, kind: named.kind() });
        }
    };
    if there { Ok(()) } else { Err(ReferenceProblem::NoSuchRow { number, row: row.clone() }) }
}

fn check_owed(named: &Entry, row: &RowId) -> Result<(), ReferenceProblem> {
    let number = named.number;
    if named.outcome().is_none() {
        return Err(ReferenceProblem::NoDecision { number, kind: named.kind() });
    }
    if named.body.obligations().iter().any(|there| there.row == *row) {
        Ok(())
    } else {
        Err(ReferenceProblem::NotOwed { number, row: row.clone() })
    }
}
