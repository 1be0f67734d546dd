//! `phasegate history`: what was decided before, and whether it still stands.

use phasegate_history::{Entry, Objects, Recorded, Store};
use phasegate_model::{Outcome, PhaseId, RowId};
use serde::Serialize;

use crate::args::{Format, HistoryArgs, VerifyArgs};
use crate::output::{Exit, print, print_json, say};
use crate::recorded::decision_of;
use crate::replay::{decide_again, must_be_as_recorded, must_compare_with_its_entry};
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

pub(crate) fn verify(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let store = Store::open(&args.history.reports)?;
    let found = phasegate_history::verify(&store, args.head.as_ref(), &mut |entry, objects| {
        replay(&store, entry, objects).map_err(|error| format!("{error:#}"))
    });
    let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    let head = found.head.as_ref().map(ToString::to_string);
    match args.history.format {
        Format::Json => print_json(&VerificationJson {
            entries: found.entries,
            head: head.as_deref(),
            problems: &problems,
        })?,
        Format::Text => {
            for problem in &problems {
                print(&format!("problem: {problem}\n"))?;
            }
            let verdict = if found.is_sound() {
                "every digest, link, object and report is as recorded, every decision replays"
            } else {
                "the history is not as it was recorded"
            };
            let entries = if found.entries == 1 { "entry" } else { "entries" };
            print(&format!("{} {entries}: {verdict}\n", found.entries))?;
            if let Some(head) = &head {
                print(&format!("head {head}\n"))?;
            }
        }
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Error })
}

/// What verifying found, for programs.
#[derive(Serialize)]
struct VerificationJson<'a> {
    entries: u64,
    head: Option<&'a str>,
    problems: &'a [String],
}

/// Decides again on the recorded evidence and matrix: the same bytes must come out.
fn replay(store: &Store, entry: &Entry, objects: &Objects) -> anyhow::Result<()> {
    let again = decide_again(objects)?;
    must_be_as_recorded(&decision_of(entry)?.decision, &again.decision)?;
    again
        .evidence
        .previous
        .iter()
        .try_for_each(|previous| must_compare_with_its_entry(store, entry.number, previous))
}
