//! The kinds of entries, and what people add to a history beside decisions.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decision::{Decision, Finding};
use crate::entry::note::{Note, Waiver};
use crate::entry::revisit::Revisit;
use crate::entry::transcription::Transcription;
use crate::id::RowId;

/// What kind of thing an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
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

impl EntryKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Decision, Self::Transcription, Self::Waiver, Self::Note, Self::Revisit];

    /// The word that an entry has for it, which is the key of its body as well.
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
    #[must_use]
    pub const fn known_schema(self) -> Option<u32> {
        match self {
            Self::Decision => Some(Decision::SCHEMA),
            Self::Transcription => Some(Transcription::SCHEMA),
            _ => None,
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What people add to a history beside decisions: no file and no report goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Addition {
    /// An exception to a decision.
    Waiver(Waiver),
    /// Something added to an entry.
    Note(Note),
    /// A later look at the open obligations.
    Revisit(Revisit),
}

impl Addition {
    /// What kind of entry it makes.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        match self {
            Self::Waiver(_) => EntryKind::Waiver,
            Self::Note(_) => EntryKind::Note,
            Self::Revisit(_) => EntryKind::Revisit,
        }
    }

    /// The rows that it says something of.
    #[must_use]
    pub fn rows(&self) -> Vec<&RowId> {
        match self {
            Self::Waiver(waiver) => vec![&waiver.row],
            Self::Note(_) => Vec::new(),
            Self::Revisit(revisit) => revisit.obligations.iter().map(|owed| &owed.row).collect(),
        }
    }

    /// What it says in a few words, for a list; `of` is the number of the entry that it is about.
    #[must_use]
    pub fn words(&self, of: u64) -> String {
        match self {
            Self::Waiver(Waiver { row, expires, .. }) => {
                format!("row {row} of entry {of} until {expires}")
            }
            Self::Note(_) => format!("on entry {of}"),
            Self::Revisit(Revisit { obligations, .. }) => {
                let due = obligations.iter().filter(|owed| owed.finding == Finding::Met);
                format!("{} of {} due", due.count(), obligations.len())
            }
        }
    }
}
