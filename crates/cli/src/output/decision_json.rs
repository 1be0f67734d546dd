//! A decision as one JSON object for programs.

use std::path::Path;

use phasegate_history::Recorded;
use phasegate_model::{Decision, Finding, RowDecision};
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
pub(crate) fn decision_json(decision: &Decision, recorded: Option<RecordedJson>) -> impl Serialize {
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
    }
}
