//! What a site is made from.

use chrono::{DateTime, Utc};
use phasegate_model::{Addition, Decision, EntryKind, Outcome, PhaseId, Quantity, Transcription};

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
    /// What people add.
    Addition {
        /// The earlier entry that it is about, by number and phase; nothing for a later look.
        about: Option<(u64, &'a PhaseId)>,
        /// What is added.
        addition: &'a Addition,
    },
}

impl SiteMatter<'_> {
    /// What kind of entry it is.
    pub(crate) const fn kind(&self) -> EntryKind {
        match self {
            Self::Decision(_) => EntryKind::Decision,
            Self::Transcription(_) => EntryKind::Transcription,
            Self::Addition { addition, .. } => addition.kind(),
        }
    }

    /// The phase, unless it is about all of them.
    pub(crate) fn phase(&self) -> Option<&PhaseId> {
        match self {
            Self::Decision(decision) => Some(&decision.phase),
            Self::Transcription(transcription) => Some(&transcription.phase),
            Self::Addition { about, .. } => about.map(|(_, phase)| phase),
        }
    }

    /// What was decided, if anything.
    pub(crate) const fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Decision(decision) => Some(decision.outcome),
            Self::Transcription(transcription) => Some(transcription.outcome),
            Self::Addition { .. } => None,
        }
    }

    /// The rows that a reader looks for: those that decided, that are waived, or that defer.
    pub(crate) fn rows(&self) -> Vec<String> {
        match self {
            Self::Decision(decision) => decision.deciding.iter().map(ToString::to_string).collect(),
            Self::Transcription(_) => Vec::new(),
            Self::Addition { addition, .. } => {
                addition.rows().into_iter().map(ToString::to_string).collect()
            }
        }
    }

    /// The numbers of the earlier entries that it is about, each once.
    pub(crate) fn about(&self) -> impl Iterator<Item = u64> {
        let mut numbers = Vec::new();
        if let Self::Addition { about, addition } = self {
            numbers.extend(about.map(|(of, _)| of));
            if let Addition::Revisit(revisit) = addition {
                numbers.extend(revisit.obligations.iter().map(|owed| owed.entry));
            }
        }
        // A revisit looks at several rows, which may be of one entry.
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter()
    }
}
