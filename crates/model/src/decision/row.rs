//! What the evidence says of one row, and what follows from it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::decision::finding::Finding;
use crate::decision::margin::Margin;
use crate::decision::summary::MetricSummary;
use crate::decision::verdict::{FactUsed, GivenVerdict, Votes};
use crate::id::RowId;

/// What the evidence says of one row, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowDecision {
    /// The row.
    pub id: RowId,
    /// The line of the matrix file where the row begins, counted from one.
    pub line: u32,
    /// The base that the row comes from, by its path relative to the matrix file; nothing for a
    /// row of the matrix file itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The condition as written.
    pub when: Arc<str>,
    /// The condition with names, units and parentheses in full.
    pub normalized: Arc<str>,
    /// The condition that limits the row, as written.
    pub given: Option<Arc<str>>,
    /// What the evidence says of that condition; nothing also in decisions that were recorded
    /// before this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_verdict: Option<GivenVerdict>,
    /// Why the row is there, as written.
    pub why: Option<Arc<str>>,
    /// What the evidence says.
    pub finding: Finding,
    /// What follows; nothing if the branch has no action, or the row is undecided or has no say.
    pub action: Option<Action>,
    /// What follows if the condition is met.
    pub then: Action,
    /// What follows if it isn't.
    #[serde(rename = "else")]
    pub otherwise: Option<Action>,
    /// The votes, for a row over sampled metrics.
    pub votes: Option<Votes>,
    /// What the trials said of each metric in the condition; the one that the margin is about
    /// comes first.
    pub readings: Vec<MetricSummary>,
    /// How far it is until the finding flips; nothing if a reading is missing.
    pub margin: Option<Margin>,
    /// The plan's facts that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactUsed>,
}

/// What a `defer` leaves behind: take the action once the condition holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// The row that deferred.
    pub row: RowId,
    /// What is owed, such as `revisit allocator`.
    pub action: Action,
    /// When it is due, such as `memory.dataset > 50MB`.
    pub condition: String,
}
