//! `phasegate import --transcribed`: a phase that was decided before there was a ledger.

use std::path::Path;

use anyhow::Context as _;
use phasegate_history::{Digest, Draft, DraftBody, Recorded, Store, TranscriptionDraft, Upcoming};
use phasegate_model::Transcription;
use phasegate_report::ReportKind;
use phasegate_rules::{Source, parse_transcription};
use serde::Serialize;

use crate::args::{Format, ImportArgs};
use crate::input::diagnostics::Trouble;
use crate::input::diagnostics::report;
use crate::input::files::read_rules;
use crate::output::streams::{Exit, print, print_json};
use crate::program::{TOOL, now};
use crate::recorded::author::recorded_by;
use crate::recorded::history_place;
use crate::rendering::entry::{EntryHead, Templates};
use crate::rendering::transcription::transcribed;

pub(crate) fn run(args: &ImportArgs, document: &Path) -> anyhow::Result<Exit> {
    let source = read_rules(document)?;
    let transcription = parse_transcription(&source)
        .map_err(|problems| report(&Trouble { sources: vec![source.clone()], problems }))?;
    let location = args.place.location()?;
    let store = history_place::open(&location)?;
    // What can't be recorded is told before anything is rendered.
    store.prepare().with_context(|| format!("can't record in `{location}`"))?;
    refuse_twice(&store, &source)?;
    let recorded = record(&store, source, &transcription)?;
    let folder = store.folder(&recorded.entry).context("a transcription has no folder")?;
    print_recorded(args.format, &recorded, Some(&folder.join("report.md")))?;
    Ok(Exit::Done)
}

/// The same file twice is a mistake: the phase would be there twice.
fn refuse_twice(store: &Store, source: &Source) -> anyhow::Result<()> {
    let digest = Digest::of(source.text.as_bytes());
    for recorded in store.entries()? {
        let recorded = recorded?;
        if let Some(record) = recorded.entry.transcription()
            && record.document == digest
        {
            anyhow::bail!(
                "`{}` is recorded already, as entry {}",
                source.name,
                recorded.entry.number
            );
        }
    }
    Ok(())
}

fn record(
    store: &Store,
    source: Source,
    transcription: &Transcription,
) -> anyhow::Result<Recorded> {
    let document = source.text.into_bytes();
    let digest = Digest::of(&document);
    let body = DraftBody::Transcription(Box::new(TranscriptionDraft {
        document,
        transcription: transcription.clone(),
    }));
    let draft =
        Draft { recorded_at: now(), recorded_by: recorded_by(), tool: TOOL.to_owned(), body };
    let mut render = |upcoming: &Upcoming| {
        let entry = EntryHead::upcoming(upcoming, &draft);
        let context = transcribed(entry, digest, transcription, &[]);
        Ok(Templates::load(ReportKind::Transcription)?.files(&context)?)
    };
    Ok(store.append(&draft, &mut render)?)
}

/// Tells what was recorded; a report's path is the last line, where scripts look for it.
pub(crate) fn print_recorded(
    format: Format,
    recorded: &Recorded,
    report: Option<&Path>,
) -> anyhow::Result<()> {
    let entry = &recorded.entry;
    match format {
        Format::Json => print_json(&AddedJson {
            entry: entry.number,
            kind: entry.kind().as_str(),
            head: recorded.head().to_string(),
            report: report.map(|path| path.display().to_string()),
        }),
        Format::Text => {
            print(&format!("entry {}: {}\n", entry.number, entry.kind()))?;
            print(&format!("head {}\n", recorded.head()))?;
            report.map_or(Ok(()), |path| print(&format!("{}\n", path.display())))
        }
    }
}

/// A new entry, for programs.
#[derive(Serialize)]
struct AddedJson {
    entry: u64,
    kind: &'static str,
    head: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<String>,
}
