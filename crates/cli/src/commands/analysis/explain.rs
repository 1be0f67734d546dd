//! `phasegate explain`: why a recorded decision is as it is, and what would change it.

use phasegate_history::{DecisionRecord, Recorded};
use serde::Serialize;

use crate::args::{ExplainArgs, Format};
use crate::output::explanation::explanation;
use crate::output::layout::Layout;
use crate::output::settled_at::Settling;
use crate::output::streams::{Exit, object, print, print_json};
use crate::recorded::decision::{decision_of, entry_or_newest};

pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let place = &args.history.place;
    let recorded = entry_or_newest(place, &place.open()?, args.entry)?;
    match args.history.format {
        Format::Json => print_json(&json(&recorded, decision_of(&recorded.entry)?))?,
        Format::Text => print(&explanation(
            &recorded.entry,
            &decision_of(&recorded.entry)?.decision,
            Layout::of_stdout(),
        ))?,
    }
    Ok(Exit::Done)
}

/// An explained entry, for programs.
fn json(recorded: &Recorded, record: &DecisionRecord) -> impl Serialize {
    let Recorded { entry, digest } = recorded;
    object! {
        entry: entry.number,
        digest: digest.to_string(),
        recorded_at: entry.recorded_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        recorded_by: &entry.recorded_by,
        evidence: record.evidence.to_string(),
        matrix: record.matrix.to_string(),
        plan: record.plan.to_string(),
        // What would settle an undecided outcome.
        settling: Settling::of(&record.decision),
        // The decision as the ledger has it: rows with condition, why, readings, votes and margin.
        decision: &record.decision,
    }
}
