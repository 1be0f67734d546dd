//! `phasegate history export`: the history for other tools, entry by entry.

use std::collections::BTreeMap;

use phasegate_history::{Body, Recorded};
use phasegate_model::{
    Addition, Dimension, Domain, Metric, Outcome, PhaseId, Reading, Readings, RowId,
};
use serde::Serialize;

use crate::args::{ExportArgs, ExportFormat};
use crate::output::listing::{OutputLines, Problems};
use crate::output::streams::Exit;
use crate::recorded::typical::typical_of;

pub(crate) fn run(args: &ExportArgs) -> anyhow::Result<Exit> {
    let store = args.place.open_present()?;
    let mut lines = OutputLines::to_stdout();
    let mut problems = Problems::default();
    let metrics: Vec<Metric> = Metric::all().filter(|metric| !is_of_before(*metric)).collect();
    // Without any entry, too: other tools take the columns from it.
    if args.format == ExportFormat::Csv {
        lines.write(&csv_line(&header(&metrics))?)?;
    }
    for recorded in store.entries()? {
        let Some(recorded) = problems.tell(recorded) else { continue };
        let readings = problems.tell(typical_of(&store, &recorded.entry)).flatten();
        let line = match args.format {
            ExportFormat::Jsonl => json_line(&recorded, readings.as_ref())?,
            ExportFormat::Csv => csv_line(&record(&recorded, readings.as_ref(), &metrics))?,
        };
        lines.write(&line)?;
        if lines.is_closed() {
            break;
        }
    }
    lines.finish()?;
    Ok(if problems.count == 0 { Exit::Done } else { Exit::Error })
}

/// What an earlier phase measured stands in that phase's own line.
const fn is_of_before(metric: Metric) -> bool {
    matches!(metric, Metric::PreviousRtt(_) | Metric::PreviousMemory(_))
}

/// The entry as the ledger has it, with its digest and its typical readings, on one line.
fn json_line(recorded: &Recorded, readings: Option<&Readings>) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct DigestLine {
        digest: String,
    }
    let entry = String::from_utf8(recorded.entry.to_line()?)?;
    let digest = serde_json::to_string(&DigestLine { digest: recorded.digest.to_string() })?;
    let readings = serde_json::to_string(&readings)?;
    // Joined as texts, since writing the entry anew could change the order of its keys.
    let digest = digest.trim_end_matches('}');
    Ok(format!("{digest},\"readings\":{readings},\"entry\":{}}}\n", entry.trim_end()))
}

/// The columns that every entry has, as far as its kind has them.
const COLUMNS: [&str; 17] = [
    "number",
    "digest",
    "kind",
    "phase",
    "outcome",
    "next",
    "deciding",
    "trials",
    "recorded_at",
    "recorded_by",
    "tool",
    "of",
    "row",
    "owner",
    "reason",
    "expires",
    "text",
];

fn header(metrics: &[Metric]) -> Vec<String> {
    let readings = metrics.iter().map(|metric| format!("{metric}{}", base_unit(*metric)));
    COLUMNS.into_iter().map(str::to_owned).chain(readings).collect()
}

/// The unit of a column's numbers: always the base unit, so that they compare.
const fn base_unit(metric: Metric) -> &'static str {
    match metric.domain() {
        Domain::Number(Dimension::Time) => "_ns",
        Domain::Number(Dimension::Bytes) => "_bytes",
        Domain::Number(Dimension::Ratio) => "_ratio",
        Domain::Number(Dimension::Count) => "_count",
        Domain::Number(Dimension::Rate) => "_per_second",
        Domain::Text | Domain::Version => "",
    }
}

fn record(recorded: &Recorded, readings: Option<&Readings>, metrics: &[Metric]) -> Vec<String> {
    let mut cells = told(recorded);
    let mut cell = |name: &str| cells.remove(name).unwrap_or_default();
    let mut record: Vec<String> = COLUMNS.into_iter().map(&mut cell).collect();
    record.extend(metrics.iter().map(|metric| {
        match readings.and_then(|readings| readings.get(*metric)) {
            Some(Reading::Number(measured)) => measured.value().normalize().to_string(),
            Some(Reading::Text(text)) => text.clone(),
            Some(Reading::Version(version)) => version.to_string(),
            // What is missing is empty, never zero.
            Some(Reading::Missing(_)) | None => String::new(),
        }
    }));
    record
}

/// What the entry has of the columns.
fn told(recorded: &Recorded) -> BTreeMap<&'static str, String> {
    let Recorded { entry, digest } = recorded;
    let mut cells = BTreeMap::from([
        ("number", entry.number.to_string()),
        ("digest", digest.to_string()),
        ("kind", entry.kind().to_string()),
        ("recorded_at", entry.recorded_at.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("recorded_by", entry.recorded_by.clone()),
        ("tool", entry.tool.clone()),
    ]);
    cells.extend(entry.phase().map(|phase| ("phase", phase.to_string())));
    cells.extend(entry.outcome().map(|outcome: Outcome| ("outcome", outcome.to_string())));
    cells.extend(entry.body.of().map(|of| ("of", of.number.to_string())));
    let next = |next: &Option<PhaseId>| next.as_ref().map(|next| ("next", next.to_string()));
    match &entry.body {
        Body::Decision(record) => {
            let decision = &record.decision;
            let deciding: Vec<&str> = decision.deciding.iter().map(RowId::as_str).collect();
            cells.insert("deciding", deciding.join(" "));
            cells.insert("trials", decision.trials.to_string());
            cells.extend(next(&decision.next));
        }
        Body::Transcription(record) => cells.extend(next(&record.transcription.next)),
        Body::Addition(record) => match &record.addition {
            Addition::Waiver(waiver) => cells.extend([
                ("row", waiver.row.to_string()),
                ("owner", waiver.owner.clone()),
                ("reason", waiver.reason.clone()),
                ("expires", waiver.expires.to_string()),
            ]),
            Addition::Note(note) => cells.extend(note.text.clone().map(|text| ("text", text))),
            Addition::Revisit(_) => (),
        },
    }
    cells
}

/// A record as RFC 4180 has it, quoted where it must be.
fn csv_line(record: &[String]) -> anyhow::Result<String> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(record)?;
    let bytes = writer.into_inner().map_err(|error| anyhow::anyhow!("{}", error.error()))?;
    Ok(String::from_utf8(bytes)?)
}
