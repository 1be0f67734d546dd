//! A decision as one JSON object for programs.

use std::path::Path;

use phasegate_history::Recorded;
use phasegate_model::{
    Action, Decision, Flip, Margin, MetricSummary, Obligation, Outcome, PhaseId, RowDecision,
    RowId, RowRuns, Scope, Votes,
};
use phasegate_report::Ended;
use serde::Serialize;

/// What `--format json` prints of a decision. Fields are only ever added.
#[derive(Serialize)]
pub(crate) struct DecisionJson<'a> {
    phase: &'a PhaseId,
    outcome: Outcome,
    next: Option<&'a PhaseId>,
    possible: &'a [Outcome],
    deciding: &'a [RowId],
    rows: Vec<RowJson<'a>>,
    obligations: &'a [Obligation],
    closest_flip: Option<&'a Flip>,
    trials: u32,
    /// Of what it is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a Scope>,
    /// What earlier runs said of each row.
    runs: &'a [RowRuns],
    /// Whether the outcome is decided and no earlier run contradicts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<bool>,
    /// Why measuring ended, and what to do next.
    ended: Ended,
    #[serde(flatten)]
    recorded: Option<RecordedJson>,
    /// The decision as the ledger has it, to the byte.
    decision: &'a Decision,
}

#[derive(Serialize)]
struct RowJson<'a> {
    id: &'a RowId,
    finding: &'static str,
    reason: Option<String>,
    action: Option<&'a Action>,
    reading: Option<&'a MetricSummary>,
    margin: Option<&'a Margin>,
    /// If its votes are unanimous, for how many percent of all restarts they speak at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    speaks_for: Option<u32>,
}

/// Where a decision was recorded.
#[derive(Serialize)]
pub(crate) struct RecordedJson {
    entry: u64,
    head: String,
    report: String,
}

impl RecordedJson {
    pub(crate) fn of(recorded: &Recorded, report: &Path) -> Self {
        Self {
            entry: recorded.entry.number,
            head: recorded.head().to_string(),
            report: report.display().to_string(),
        }
    }
}

pub(crate) fn decision_json(
    decision: &Decision,
    ended: Ended,
    recorded: Option<RecordedJson>,
) -> DecisionJson<'_> {
    DecisionJson {
        phase: &decision.phase,
        outcome: decision.outcome,
        next: decision.next.as_ref(),
        possible: &decision.possible,
        deciding: &decision.deciding,
        rows: decision.rows.iter().map(row_json).collect(),
        obligations: &decision.obligations,
        closest_flip: decision.closest_flip.as_ref(),
        trials: decision.trials,
        scope: decision.scope.as_ref(),
        runs: &decision.runs,
        settled: decision.settled,
        ended,
        recorded,
        decision,
    }
}

fn row_json(row: &RowDecision) -> RowJson<'_> {
    let reason = match &row.finding {
        phasegate_model::Finding::Undecided(reason) => Some(reason.to_string()),
        _ => None,
    };
    RowJson {
        id: &row.id,
        finding: row.finding.word(),
        reason,
        action: row.action.as_ref(),
        reading: row.readings.first(),
        margin: row.margin.as_ref(),
        speaks_for: row.votes.as_ref().and_then(Votes::speaks_for),
    }
}
