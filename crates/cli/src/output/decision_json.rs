//! A decision as one JSON object for programs.

use std::path::Path;

use phasegate_history::Recorded;
use phasegate_model::{Decision, Finding, RowDecision, Votes};
use phasegate_report::Ended;
use serde::Serialize;

use crate::output::streams::object;

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

/// What `--format json` prints of a decision.
pub(crate) fn decision_json(
    decision: &Decision,
    ended: Ended,
    recorded: Option<RecordedJson>,
) -> impl Serialize {
    object! {
        phase: &decision.phase,
        outcome: decision.outcome,
        next: decision.next.as_ref(),
        possible: &decision.possible,
        deciding: &decision.deciding,
        rows: decision.rows.iter().map(row_json).collect::<Vec<_>>(),
        obligations: &decision.obligations,
        closest_flip: decision.closest_flip.as_ref(),
        trials: decision.trials,
        // Of what it is certain.
        scope: decision.scope.as_ref(),
        // What earlier runs said of each row.
        runs: &decision.runs,
        // Whether the outcome is decided and no earlier run contradicts it.
        settled: decision.settled,
        // Why measuring ended, and what to do next.
        ended: ended,
        #[serde(flatten)]
        recorded: recorded,
        // The decision as the ledger has it, to the byte.
        decision: decision,
    }
}

fn row_json(row: &RowDecision) -> impl Serialize {
    let reason = match &row.finding {
        Finding::Undecided(reason) => Some(reason.to_string()),
        _ => None,
    };
    object! {
        id: &row.id,
        finding: row.finding.word(),
        reason: reason,
        action: row.action.as_ref(),
        reading: row.readings.first(),
        margin: row.margin.as_ref(),
        // If its votes are unanimous, for how many percent of all restarts they speak at least.
        speaks_for: row.votes.as_ref().and_then(Votes::speaks_for),
    }
}
