//! What a site is made from.

use chrono::{DateTime, Utc};
use phasegate_model::{Decision, Note, Outcome, PhaseId, Quantity, Revisit, Transcription, Waiver};

use crate::phases::trajectory::Stage;

/// An entry of a history.
#[derive(Clone, Copy, Debug)]
pub struct SiteEntry<'a> {
    /// Its number, counted from one.
    pub number: u64,
    /// Its SHA-256 digest, in hex.
    pub digest: &'a str,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: &'a str,
    /// The program that recorded it, with its version.
    pub tool: &'a str,
    /// What it is about.
    pub matter: SiteMatter<'a>,
    /// Its P99 for the trajectory, if it is a phase that has one.
    pub stage: Option<&'a Stage>,
    /// The report as one HTML file, from the site's root.
    pub report: Option<&'a str>,
}

impl SiteEntry<'_> {
    /// The typical `rtt.p99` of its trials, or the one that a document has.
    pub(crate) fn p99(&self) -> Option<Quantity> {
        self.stage.map(|stage| stage.figures.own())
    }
}

/// What an entry is about.
#[derive(Clone, Copy, Debug)]
pub enum SiteMatter<'a> {
    /// A decision.
    Decision(&'a Decision),
    /// A phase that was decided before there was a ledger.
    Transcription(&'a Transcription),
    /// An exception to a decision.
    Waiver {
        /// The number of the decision's entry.
        of: u64,
        /// Its phase.
        phase: &'a PhaseId,
        /// The exception.
        waiver: &'a Waiver,
    },
    /// Something added to an entry.
    Note {
        /// The entry's number.
        of: u64,
        /// Its phase.
        phase: &'a PhaseId,
        /// What was added.
        note: &'a Note,
    },
    /// A later look at obligations.
    Revisit(&'a Revisit),
}

impl SiteMatter<'_> {
    /// What kind of entry it is.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Decision(_) => "decision",
            Self::Transcription(_) => "transcription",
            Self::Waiver { .. } => "waiver",
            Self::Note { .. } => "note",
            Self::Revisit(_) => "revisit",
        }
    }

    /// The phase, unless it is about all of them.
    pub(crate) const fn phase(&self) -> Option<&PhaseId> {
        match self {
            Self::Decision(decision) => Some(&decision.phase),
            Self::Transcription(transcription) => Some(&transcription.phase),
            Self::Waiver { phase, .. } | Self::Note { phase, .. } => Some(phase),
            Self::Revisit(_) => None,
        }
    }

    /// What was decided, if anything.
    pub(crate) const fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Decision(decision) => Some(decision.outcome),
            Self::Transcription(transcription) => Some(transcription.outcome),
            Self::Waiver { .. } | Self::Note { .. } | Self::Revisit(_) => None,
        }
    }

    /// The rows that a reader looks for: those that decided, that are waived, or that defer.
    pub(crate) fn rows(&self) -> Vec<String> {
        match self {
            Self::Decision(decision) => decision.deciding.iter().map(ToString::to_string).collect(),
            Self::Waiver { waiver, .. } => vec![waiver.row.to_string()],
            Self::Revisit(revisit) => {
                revisit.obligations.iter().map(|owed| owed.row.to_string()).collect()
            }
            Self::Transcription(_) | Self::Note { .. } => Vec::new(),
        }
    }

    /// The numbers of the earlier entries that it is about, each once.
    pub(crate) fn about(&self) -> impl Iterator<Item = u64> {
        let mut numbers = match self {
            Self::Waiver { of, .. } | Self::Note { of, .. } => vec![*of],
            Self::Revisit(revisit) => revisit.obligations.iter().map(|owed| owed.entry).collect(),
            Self::Decision(_) | Self::Transcription(_) => Vec::new(),
        };
        // A revisit looks at several rows, which may be of one entry.
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter()
    }
}
