//! `phasegate history`: what was decided before, and whether it still stands.

use phasegate_history::{Recorded, Store};
use phasegate_model::{Outcome, PhaseId, RowId};
use serde::Serialize;

use crate::args::{Format, HistoryArgs};
use crate::output::{Exit, print, print_json, say};
use crate::table;

pub(crate) fn list(args: &HistoryArgs) -> anyhow::Result<Exit> {
    let store = Store::open(&args.reports)?;
    let entries = store.entries()?.collect::<Result<Vec<Recorded>, _>>()?;
    match args.format {
        Format::Json => {
            print_json(&entries.iter().map(EntryJson::of).collect::<Vec<_>>())?;
        }
        Format::Text if entries.is_empty() => {
            say(&format!("no decisions are recorded in `{}`", args.reports.display()));
        }
        Format::Text => print(&table::entries(&entries))?,
    }
    Ok(Exit::Done)
}

/// An entry, for programs.
#[derive(Serialize)]
struct EntryJson<'a> {
    number: u64,
    digest: String,
    kind: &'a str,
    phase: Option<&'a str>,
    outcome: Option<&'a str>,
    next: Option<&'a str>,
    deciding: &'a [RowId],
    recorded_at: String,
    recorded_by: &'a str,
}

impl<'a> EntryJson<'a> {
    fn of(recorded: &'a Recorded) -> Self {
        let Recorded { entry, digest, .. } = recorded;
        let decision = entry.decision().map(|record| &record.decision);
        Self {
            number: entry.number,
            digest: digest.to_string(),
            kind: entry.kind().as_str(),
            phase: entry.phase().map(PhaseId::as_str),
            outcome: entry.outcome().map(Outcome::as_str),
            next: decision.and_then(|decision| decision.next.as_ref()).map(PhaseId::as_str),
            deciding: decision.map_or(&[], |decision| &decision.deciding),
            recorded_at: entry.recorded_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            recorded_by: &entry.recorded_by,
        }
    }
}
