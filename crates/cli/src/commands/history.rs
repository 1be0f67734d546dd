//! `phasegate history`: what was decided before, and whether it still stands.

use phasegate_history::{DecisionRecord, ObjectKind, Objects, Recorded};
use phasegate_model::{Evidence, Outcome, PhaseId, RowId};
use serde::Serialize;

use crate::args::{Format, HistoryArgs, VerifyArgs};
use crate::output::{Exit, print, print_json, say};
use crate::recorded::{recorded_matrix, text};
use crate::{place, table};

pub(crate) fn list(args: &HistoryArgs) -> anyhow::Result<Exit> {
    let location = args.place.location()?;
    let store = place::open(&location)?;
    let entries = store.entries()?.collect::<Result<Vec<Recorded>, _>>()?;
    match args.format {
        Format::Json => {
            print_json(&entries.iter().map(EntryJson::of).collect::<Vec<_>>())?;
        }
        Format::Text if entries.is_empty() => {
            say(&format!("no decisions are recorded in `{location}`"));
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
    let store = args.history.place.open()?;
    let found = phasegate_history::verify(&store, args.head.as_ref(), &mut |record, objects| {
        replay(record, objects).map_err(|error| format!("{error:#}"))
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
fn replay(record: &DecisionRecord, objects: &Objects) -> anyhow::Result<()> {
    let evidence = text(objects.evidence.clone(), ObjectKind::Evidence)?;
    let evidence = Evidence::from_json(&evidence)?;
    let bases = objects.bases.iter().map(|base| text(base.clone(), ObjectKind::Base));
    let bases = bases.collect::<Result<Vec<String>, _>>()?;
    let matrix = recorded_matrix(text(objects.matrix.clone(), ObjectKind::Matrix)?, bases)?;
    let again = matrix.decide(&evidence);
    if serde_json::to_vec(&again)? == serde_json::to_vec(&record.decision)? {
        return Ok(());
    }
    let recorded = &record.decision;
    let row = recorded.rows.iter().zip(&again.rows).find(|(then, now)| then != now);
    match row {
        Some((then, now)) => anyhow::bail!(
            "row `{}` was recorded as {} and is {} now",
            then.id,
            then.finding,
            now.finding
        ),
        None => anyhow::bail!(
            "the outcome was recorded as {} and is {} now, or another part of it differs",
            recorded.outcome,
            again.outcome
        ),
    }
}
