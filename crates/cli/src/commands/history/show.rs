//! `phasegate history show`: all that an auditor asks of an entry first.

use phasegate_history::{
    Body, DecisionRecord, Entry, ReadError, Recorded, Store, TranscriptionRecord,
};
use phasegate_model::{
    Addition, AssertedReading, Became, EntryKind, NaiveDate, Obligation, Outcome, Waiver,
};
use phasegate_rules::Effective;
use serde::Serialize;
use serde_json::Value;

use crate::args::day::today;
use crate::args::{Format, ShowArgs};
use crate::output::layout::Layout;
use crate::output::listing::Problems;
use crate::output::streams::{Exit, object, print, print_json};
use crate::output::table;
use crate::recorded::waivers::{Granted, RecordedWaivers, waiver_json};

pub(crate) fn run(args: &ShowArgs) -> anyhow::Result<Exit> {
    let store = args.history.place.open()?;
    let recorded = store.entry(args.entry)?;
    let day = args.as_of.map_or_else(today, |day| day.0);
    let mut problems = Problems::default();
    let (waivers, notes) = later(&store, &recorded, &mut problems)?;
    let added = Added {
        waivers: waivers.of(&recorded, day),
        effective: waivers.effective(&store, &recorded, day)?,
        notes,
        day,
    };
    match args.history.format {
        Format::Json => print_json(&json(&recorded, &added)?)?,
        Format::Text => print(&text(&store, &recorded, &added))?,
    }
    Ok(if problems.count == 0 { Exit::Done } else { Exit::Error })
}

/// What later entries say of this one.
struct Added<'a> {
    waivers: Vec<&'a Granted>,
    effective: Option<Effective>,
    notes: Vec<Recorded>,
    day: NaiveDate,
}

/// The waivers, and the notes on an entry. Entries that can't be read are named.
fn later(
    store: &Store,
    of: &Recorded,
    problems: &mut Problems,
) -> anyhow::Result<(RecordedWaivers, Vec<Recorded>)> {
    let (mut waivers, mut notes) = (RecordedWaivers::default(), Vec::new());
    for recorded in after(store, of)? {
        let Some(recorded) = problems.tell(recorded) else { continue };
        waivers.add(&recorded);
        // By number and digest: a note on another entry that had the number doesn't count.
        if recorded.entry.kind() == EntryKind::Note && recorded.entry.body.of() == Some(&of.head())
        {
            notes.push(recorded);
        }
    }
    Ok((waivers, notes))
}

/// How many entries are read one by one: more are read faster in one go, as packs are.
const ONE_BY_ONE: u64 = 64;

/// The entries that may say something of this one.
fn after<'a>(
    store: &'a Store,
    of: &Recorded,
) -> anyhow::Result<Box<dyn Iterator<Item = Result<Recorded, ReadError>> + 'a>> {
    let number = of.entry.number;
    // Nothing before an entry speaks of it, so showing the newest leaves a long history alone.
    // Where the newest can't be read, the whole walk names what is wrong.
    match store.head() {
        Ok(Some(head)) if head.number <= number.saturating_add(ONE_BY_ONE) => {
            Ok(Box::new((number.saturating_add(1)..=head.number).map(|later| store.entry(later))))
        }
        _ => Ok(Box::new(store.entries()?)),
    }
}

fn text(store: &Store, recorded: &Recorded, added: &Added<'_>) -> String {
    let Recorded { entry, .. } = recorded;
    let layout = Layout::of_stdout();
    let mut out = String::new();
    let mut line = |name: &str, value: &str| out.push_str(&layout.line(name, value));
    line("entry", &format!("{}, a {}", entry.number, entry.kind()));
    line("phase", &entry.phase().map_or_else(|| "all".to_owned(), ToString::to_string));
    let at = entry.recorded_at.format("%Y-%m-%d %H:%M:%SZ");
    line("recorded", &format!("{at} by {} with {}", entry.recorded_by, entry.tool));
    if let Some(of) = entry.body.of() {
        line("of", &format!("entry {} ({})", of.number, of.digest));
    }
    out.push_str(&match &entry.body {
        Body::Decision(record) => decision(record, added, layout),
        Body::Transcription(record) => transcription(record, layout),
        Body::Addition(record) => addition(&record.addition, added.day, layout),
    });
    for Recorded { entry, .. } in &added.notes {
        let by = format!("entry {} by {}", entry.number, entry.recorded_by);
        out.push_str(&layout.line("noted", &by));
        let note = entry.body.addition();
        out.extend(note.map(|note| addition(&note.addition, added.day, layout)));
    }
    out + &proof(store, recorded, layout)
}

fn decision(record: &DecisionRecord, added: &Added<'_>, layout: Layout) -> String {
    let decision = &record.decision;
    let mut out = String::from("\n") + &table::rows(decision) + "\n";
    let mut line = |name: &str, value: &str| out.push_str(&layout.line(name, value));
    for (name, value) in table::conclusion(decision) {
        line(name, &value);
    }
    for granted in &added.waivers {
        let Granted { entry, recorded_by, waiver, .. } = granted;
        let validity = validity(waiver, added.day);
        line(
            "waived",
            &format!(
                "{} {validity}: {}, because {} (entry {entry} by {recorded_by})",
                waiver.row, waiver.owner, waiver.reason
            ),
        );
    }
    if let Some(effective) = &added.effective {
        line("in force", &in_force(effective, decision.outcome, added.day));
    }
    line("trials", &decision.trials.to_string());
    out
}

/// `until 2026-12-31, valid on 2026-11-23`
fn validity(waiver: &Waiver, day: NaiveDate) -> String {
    if waiver.is_valid_on(day) {
        format!("until {}, valid on {day}", waiver.expires)
    } else {
        format!("until {}, expired on {day}", waiver.expires)
    }
}

/// What the outcome is without the waived rows.
fn in_force(effective: &Effective, recorded: Outcome, day: NaiveDate) -> String {
    let rows: Vec<&str> = effective.deciding.iter().map(phasegate_model::RowId::as_str).collect();
    let by = if rows.is_empty() { String::new() } else { format!(" (by {})", rows.join(", ")) };
    let change = if effective.outcome == recorded {
        ", as recorded".to_owned()
    } else {
        format!(", recorded as {recorded}")
    };
    format!("on {day} without the waived rows: {}{by}{change}", effective.outcome)
}

fn transcription(record: &TranscriptionRecord, layout: Layout) -> String {
    let told = &record.transcription;
    let mut out = String::new();
    let mut line = |name: &str, value: &str| out.push_str(&layout.line(name, value));
    line("asserted", "copied from a document, not measured, cannot be replayed");
    line("title", &told.title);
    line("source", &told.source);
    let next = told.next.as_ref().map(|next| format!(", next phase {next}"));
    line("outcome", &format!("{}{}", told.outcome, next.unwrap_or_default()));
    for (metric, figure) in &told.readings {
        let before = told.before.get(metric).map(|before| format!("{} before, ", written(before)));
        line("figure", &format!("{metric}: {}{}", before.unwrap_or_default(), written(figure)));
    }
    for row in &told.rows {
        line("row", &format!("{}: {}; {} → {}", row.id, row.condition, row.reading, row.action));
    }
    for prediction in &told.predictions {
        let became = match prediction.became {
            Became::Confirmed => "confirmed",
            Became::Disproven => "disproven",
            Became::Undecided => "undecided",
        };
        line("expected", &format!("{}: {became}", prediction.text));
    }
    for Obligation { action, condition, .. } in &told.obligations {
        line("owed", &format!("{action} when {condition}"));
    }
    for option in &told.next_options {
        let recommended = if option.recommended { " (recommended)" } else { "" };
        line("option", &format!("{}{recommended}", option.title));
    }
    for correction in &told.corrections {
        line("wrong", correction);
    }
    out
}

/// A document's figure with its range.
fn written(figure: &AssertedReading) -> String {
    match figure {
        AssertedReading::Number(value) => value.to_string(),
        AssertedReading::Range { value, min, max } => format!("{value} ({min} to {max})"),
        AssertedReading::Text(text) => text.clone(),
    }
}

/// What people added.
fn addition(addition: &Addition, day: NaiveDate, layout: Layout) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| out.push_str(&layout.line(name, value));
    match addition {
        Addition::Waiver(waiver) => {
            line("row", waiver.row.as_str());
            line("valid", &validity(waiver, day));
            line("owner", &waiver.owner);
            line("reason", &waiver.reason);
        }
        Addition::Note(note) => {
            note.text.iter().for_each(|text| line("text", text));
            note.lessons.iter().for_each(|lesson| line("lesson", lesson));
            note.deliverables.iter().for_each(|deliverable| line("deliver", deliverable));
            note.time_saved.iter().for_each(|saved| line("saved", &saved.to_string()));
        }
        Addition::Revisit(revisit) => {
            line("server", &revisit.server);
            let read_at = revisit.read_at.iter();
            read_at.for_each(|at| line("read", &at.format("%Y-%m-%d %H:%M:%SZ").to_string()));
            for owed in &revisit.obligations {
                line(
                    "owed",
                    &format!("row {} of entry {}: {}", owed.row, owed.entry, owed.finding),
                );
            }
        }
    }
    out
}

/// What the entry rests on, and its place in the ledger.
fn proof(store: &Store, recorded: &Recorded, layout: Layout) -> String {
    let Recorded { entry, .. } = recorded;
    let mut out = String::new();
    let mut line = |name: &str, value: &str| out.push_str(&layout.line(name, value));
    match &entry.body {
        Body::Decision(record) => {
            line("evidence", &record.evidence.to_string());
            line("matrix", &record.matrix.to_string());
            for base in &record.bases {
                line("base", &base.to_string());
            }
            line("plan", &record.plan.to_string());
        }
        Body::Transcription(record) => line("document", &record.document.to_string()),
        Body::Addition(_) => (),
    }
    if let (Some(folder), Some(digest)) = (store.folder(entry), entry.body.report()) {
        line("report", &format!("{digest} {}", folder.join("report.md").display()));
    }
    if let Some(before) = &entry.previous {
        line("after", &format!("{}:{before}", entry.number.saturating_sub(1)));
    }
    line("head", &recorded.head().to_string());
    out
}

/// An entry with what later ones say of it, for programs.
fn json(recorded: &Recorded, added: &Added<'_>) -> anyhow::Result<impl Serialize> {
    let notes = added.notes.iter().map(|note| as_recorded(&note.entry));
    let waivers = added.waivers.iter().map(|granted| waiver_json(granted, added.day));
    Ok(object! {
        head: recorded.head().to_string(),
        // The day on which waivers are valid or not.
        as_of: added.day,
        // The outcome without the waived rows; nothing without a valid waiver.
        effective: added.effective.as_ref().map(|effective| effective.outcome),
        waivers: waivers.collect::<Vec<_>>(),
        notes: notes.collect::<anyhow::Result<Vec<_>>>()?,
        // The entry as the ledger has it.
        entry: as_recorded(&recorded.entry)?,
    })
}

fn as_recorded(entry: &Entry) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&entry.to_line()?)?)
}
