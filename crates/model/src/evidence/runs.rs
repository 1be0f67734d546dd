//! What earlier runs said of the same question, as far as a decision tells of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::amount::Quantity;

/// An earlier run that asked at least one of the questions of this one: measured in the same way,
/// of the same subject, on the same kind of machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierRun {
    /// The number that its entry had when this run was measured.
    pub entry: u64,
    /// The digest of its evidence, which stays the same whatever becomes of the number.
    pub evidence: String,
    /// When its measuring began.
    pub started_at: DateTime<Utc>,
    /// The kind of machine, in words.
    pub machine: String,
    /// How many trials its decision rests on.
    pub trials: u32,
    /// What it said of the questions that both ask.
    pub rows: Vec<RunRow>,
}

/// The run that another one goes on with: its trials come first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContinuedRun {
    /// The number of its entry.
    pub entry: u64,
    /// The digest of its evidence.
    pub evidence: String,
}

/// What a run said of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRow {
    /// What was asked: the normalized condition, what limits it, and the facts that it rests on.
    pub question: String,
    /// What the run itself found.
    pub finding: RunVote,
    /// Its one vote for a standing verdict: what more than half of its first eight trials said.
    pub vote: RunVote,
    /// The median over those trials of the first metric of the condition; nothing if that is no
    /// number or no trial has a reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<Quantity>,
}

/// What a run says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunVote {
    /// The condition holds.
    Met,
    /// It doesn't.
    NotMet,
    /// What limits the row isn't met.
    NotApplicable,
    /// Neither. As a vote it counts against every finding.
    Undecided,
}

impl RunVote {
    /// The word for tables, as that of a finding.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::NotApplicable => "not applicable",
            Self::Undecided => "undecided",
        }
    }
}
