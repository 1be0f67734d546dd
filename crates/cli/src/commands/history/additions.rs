//! `phasegate history waive` and `history note`: what people add to a recorded entry.

use phasegate_history::{About, AdditionRecord, Draft, DraftBody, Recorded, Store};
use phasegate_model::{Addition, Note, RowId, Waiver, nearest};

use crate::args::day::today;
use crate::args::{NoteArgs, WaiveArgs};
use crate::commands::exchange::import_transcribed::print_recorded;
use crate::output::streams::Exit;
use crate::program::{TOOL, now};
use crate::recorded::author::recorded_by;
use crate::recorded::decision::decision_of;

/// Records an exception to a row of a decision.
pub(crate) fn waive(args: &WaiveArgs) -> anyhow::Result<Exit> {
    let store = args.history.place.open()?;
    let recorded = store.entry(args.entry)?;
    let decision = &decision_of(&recorded.entry)?.decision;
    // Appending refuses such a row as well, but knows no name that was meant.
    anyhow::ensure!(
        decision.row(&args.row).is_some(),
        "entry {} has no row `{}`; {}",
        args.entry,
        args.row,
        advice(&args.row, decision.rows.iter().map(|row| &row.id).collect())
    );
    let waiver = Waiver {
        row: args.row.clone(),
        owner: said("--owner", &args.owner)?,
        reason: said("--reason", &args.reason)?,
        expires: args.expires.0,
    };
    anyhow::ensure!(
        waiver.is_valid_on(today()),
        "a waiver that ended on {} would never count; give a day from today on in --expires",
        waiver.expires
    );
    // With its digest, so that it can't pass for a waiver of another entry with the number.
    let about = About { phase: decision.phase.clone(), of: recorded.head() };
    let recorded = append(&store, Some(about), Addition::Waiver(waiver))?;
    print_recorded(args.history.format, &recorded, None)?;
    Ok(Exit::Done)
}

/// Records a note on an entry.
pub(crate) fn note(args: &NoteArgs) -> anyhow::Result<Exit> {
    let all = |name: &str, texts: &[String]| -> anyhow::Result<Vec<String>> {
        texts.iter().map(|text| said(name, text)).collect()
    };
    let note = Note {
        text: args.text.as_deref().map(|text| said("--text", text)).transpose()?,
        lessons: all("--lesson", &args.lesson)?,
        deliverables: all("--deliverable", &args.deliverable)?,
        time_saved: args.time_saved,
    };
    anyhow::ensure!(
        !note.is_empty(),
        "the note says nothing; give --text, --lesson, --deliverable or --time-saved"
    );
    let store = args.history.place.open()?;
    let recorded = store.entry(args.entry)?;
    let phase = recorded.entry.phase().cloned().ok_or_else(|| {
        anyhow::anyhow!(
            "entry {} is a {}, which is of no phase; a note is about a phase",
            args.entry,
            recorded.entry.kind()
        )
    })?;
    let about = About { phase, of: recorded.head() };
    let recorded = append(&store, Some(about), Addition::Note(note))?;
    print_recorded(args.history.format, &recorded, None)?;
    Ok(Exit::Done)
}

/// A text that says something.
fn said(option: &str, text: &str) -> anyhow::Result<String> {
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), "{option} is empty; an auditor will want to know");
    Ok(text.to_owned())
}

fn advice(row: &RowId, rows: Vec<&RowId>) -> String {
    if let Some(near) = nearest(row.as_str(), rows.iter().map(|row| row.as_str())) {
        return format!("did you mean `{near}`?");
    }
    let names: Vec<&str> = rows.into_iter().map(RowId::as_str).collect();
    format!("its rows are {}", names.join(", "))
}

/// Records what people add; nothing is rendered for it.
pub(crate) fn append(
    store: &Store,
    about: Option<About>,
    addition: Addition,
) -> anyhow::Result<Recorded> {
    let body = DraftBody::Addition(AdditionRecord { about, addition });
    let draft =
        Draft { recorded_at: now(), recorded_by: recorded_by(), tool: TOOL.to_owned(), body };
    Ok(store.append(&draft, &mut |_| Ok(Vec::new()))?)
}
