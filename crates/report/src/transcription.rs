//! The report of a phase that was decided before there was a ledger. Nothing in it was measured
//! by phasegate, and it says so wherever a figure stands.

use chrono::{DateTime, Utc};
use phasegate_model::{
    AssertedReading, Became, Dimension, Domain, Gate, Metric, Outcome, Quantity, Transcription,
};
use serde::Serialize;

use crate::additions::notes;
use crate::additions::notes::{NoteSection, RecordedNote};
use crate::decision::details::Property;
use crate::decision::headline::PhaseLine;
use crate::phases::trajectory::{Figures, Stage, Trajectory};
use crate::picture::PictureLine;
use crate::template::render::{Report, ReportKind};
use crate::text::figures::{as_written, count, duration, moment, text, text_if_any};

/// What a transcription's report is made from.
#[derive(Clone, Copy, Debug)]
pub struct TranscribedMaterial<'a> {
    /// What the document says.
    pub transcription: &'a Transcription,
    /// The entry's number in the ledger, counted from one.
    pub number: u64,
    /// The ledger's head before the entry, `12:hex`; nothing for the first entry.
    pub head_before: Option<&'a str>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: &'a str,
    /// The program that recorded it, with its version.
    pub tool: &'a str,
    /// The SHA-256 digest of the file that people wrote it in, in hex.
    pub document_digest: &'a str,
    /// The command that verifies the ledger, ready to be pasted into a shell.
    pub verify: &'a str,
    /// The notes on the entry, oldest first; none in the report that is kept with it.
    pub notes: &'a [RecordedNote<'a>],
}

/// Everything that a template of a transcription may use. All figures are formatted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscribedContext {
    /// [`TranscribedContext::VERSION`].
    pub version: u32,
    /// What a reader has to know before anything else.
    pub asserted: String,
    /// The phase.
    pub phase: PhaseLine,
    /// The outcome, `skip`.
    pub outcome: String,
    /// `open` or `closed`; nothing if undecided.
    pub gate: Option<String>,
    /// The phase that followed.
    pub next: Option<String>,
    /// The document.
    pub source: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_on: Option<String>,
    /// The summary's sentences.
    pub summary: Vec<String>,
    /// The document's figures.
    pub figures: Vec<TranscribedFigure>,
    /// Whether any of those has a figure before the phase's work.
    pub has_before: bool,
    /// Whether the document gives a range of any.
    pub has_ranges: bool,
    /// The decision matrix, in the document's words.
    pub rows: Vec<TranscribedRowLine>,
    /// What was expected.
    pub predictions: Vec<TranscribedPredictionLine>,
    /// What was left open.
    pub obligations: Vec<TranscribedObligation>,
    /// What could be done next.
    pub next_options: Vec<TranscribedChoice>,
    /// What the phase delivered.
    pub deliverables: Vec<String>,
    /// What was learned.
    pub lessons: Vec<String>,
    /// Where the document was wrong, and what is right.
    pub corrections: Vec<String>,
    /// Planned effort less the time spent; only if the gate stayed closed.
    pub time_saved: Option<String>,
    /// What was noted later; empty in the report that is kept with the entry.
    pub notes: NoteSection,
    /// How it was recorded, by name.
    pub record: Vec<Property>,
    /// The entry's number.
    pub number: String,
    /// The command that verifies the ledger.
    pub verify: String,
}

/// A figure of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscribedFigure {
    /// The metric.
    pub metric: String,
    /// Before the phase's work.
    pub before: Option<String>,
    /// At its end.
    pub value: String,
    /// The range that the document gives.
    pub range: Option<String>,
    /// What changed, computed.
    pub change: Option<String>,
}

/// A row of the document's decision matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscribedRowLine {
    /// Its name.
    pub id: String,
    /// The condition.
    pub condition: String,
    /// What was seen.
    pub reading: String,
    /// What followed.
    pub action: String,
}

/// A prediction of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscribedPredictionLine {
    /// In words.
    pub text: String,
    /// `confirmed`, `disproven` or `undecided`.
    pub became: String,
}

/// What the document left open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscribedObligation {
    /// The row that deferred.
    pub row: String,
    /// What is owed.
    pub action: String,
    /// When it is due.
    pub condition: String,
}

/// A next option of the document. It has no condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscribedChoice {
    /// In a few words.
    pub title: String,
    /// Whether the document recommends it.
    pub recommended: bool,
}

impl TranscribedContext {
    /// The version of the context that this code makes.
    pub const VERSION: u32 = 1;

    /// What a template may use of this material. The same material gives the same context.
    #[must_use]
    pub fn of(material: &TranscribedMaterial<'_>) -> Self {
        let told = material.transcription;
        let figures: Vec<TranscribedFigure> =
            told.readings.iter().map(|(metric, end)| figure(told, *metric, end)).collect();
        Self {
            version: Self::VERSION,
            asserted: "asserted: copied from a document, not measured, cannot be replayed"
                .to_owned(),
            phase: PhaseLine {
                id: told.phase.to_string(),
                title: text(&told.title),
                subject: text(&told.subject),
            },
            outcome: told.outcome.to_string(),
            gate: gate(told.outcome),
            next: told.next.as_ref().map(ToString::to_string),
            source: text(&told.source),
            decided_by: text_if_any(told.decided_by.as_deref()),
            decided_on: told.decided_on.map(|day| day.to_string()),
            summary: summary(told, &figures),
            has_before: figures.iter().any(|figure| figure.before.is_some()),
            has_ranges: figures.iter().any(|figure| figure.range.is_some()),
            figures,
            rows: rows(told),
            predictions: predictions(told),
            obligations: obligations(told),
            next_options: told
                .next_options
                .iter()
                .map(|option| TranscribedChoice {
                    title: text(&option.title),
                    recommended: option.recommended,
                })
                .collect(),
            deliverables: texts(&told.deliverables),
            lessons: texts(&told.lessons),
            corrections: texts(&told.corrections),
            time_saved: time_saved(told),
            notes: notes::section(material.notes),
            record: record(material),
            number: material.number.to_string(),
            verify: material.verify.to_owned(),
        }
    }
}

impl Report for TranscribedContext {
    const KIND: ReportKind = ReportKind::Transcription;

    // A document has no samples to draw.
    fn pictures(&self) -> Vec<&PictureLine> {
        Vec::new()
    }
}

fn gate(outcome: Outcome) -> Option<String> {
    outcome.gate().map(|gate| {
        match gate {
            Gate::Open => "open",
            Gate::Closed => "closed",
        }
        .to_owned()
    })
}

fn figure(told: &Transcription, metric: Metric, end: &AssertedReading) -> TranscribedFigure {
    let before = told.before.get(&metric);
    let range = match end {
        AssertedReading::Range { min, max, .. } => {
            Some(format!("{} to {}", as_written(*min), as_written(*max)))
        }
        AssertedReading::Number(_) | AssertedReading::Text(_) => None,
    };
    TranscribedFigure {
        metric: metric.to_string(),
        before: before.map(written),
        value: written(end),
        range,
        change: change(told, metric),
    }
}

/// A figure with the digits of the document.
fn written(asserted: &AssertedReading) -> String {
    match asserted {
        AssertedReading::Number(value) | AssertedReading::Range { value, .. } => as_written(*value),
        AssertedReading::Text(words) => text(words),
    }
}

/// What the phase changed of a metric, where the document has both figures and work was done.
fn change(told: &Transcription, metric: Metric) -> Option<String> {
    let before = told.before.get(&metric)?.value()?;
    let end = told.readings.get(&metric)?.value()?;
    // Texts have no share by which they could change.
    is_number(metric, before).then_some(())?;
    // Computed as a trajectory is, so that the same change is never told in two ways.
    let stage = Stage {
        entry: 0,
        phase: told.phase.clone(),
        title: String::new(),
        outcome: told.outcome,
        figures: Figures::Asserted { before: Some(before), end },
    };
    let section = Trajectory::of(metric, &[stage]).section();
    section.rows.into_iter().next().map(|row| row.change)
}

fn is_number(metric: Metric, quantity: Quantity) -> bool {
    let fits = |dimension: Dimension| quantity.fits(dimension);
    matches!(metric.domain(), Domain::Number(dimension) if fits(dimension))
}

fn summary(told: &Transcription, figures: &[TranscribedFigure]) -> Vec<String> {
    let mut sentences = vec![format!(
        "Phase {} ({}) was decided as {}.",
        told.phase,
        text(&told.title),
        told.outcome
    )];
    for figure in figures {
        if let (Some(before), Some(change)) = (&figure.before, &figure.change) {
            let TranscribedFigure { metric, value, .. } = figure;
            sentences.push(format!("{metric} was {before} before and {value} after: {change}."));
        }
    }
    sentences.push(match told.obligations.as_slice() {
        [] => "It left no obligation open.".to_owned(),
        [only] => format!(
            "It left one obligation open: {} when {}.",
            text(only.action.as_str()),
            text(&only.condition)
        ),
        several => format!("It left {} open.", count(several.len(), "obligation", "obligations")),
    });
    sentences
}

fn rows(told: &Transcription) -> Vec<TranscribedRowLine> {
    told.rows
        .iter()
        .map(|row| TranscribedRowLine {
            id: row.id.to_string(),
            condition: text(&row.condition),
            reading: text(&row.reading),
            action: text(row.action.as_str()),
        })
        .collect()
}

fn predictions(told: &Transcription) -> Vec<TranscribedPredictionLine> {
    let became = |became| match became {
        Became::Confirmed => "confirmed",
        Became::Disproven => "disproven",
        Became::Undecided => "undecided",
    };
    told.predictions
        .iter()
        .map(|prediction| TranscribedPredictionLine {
            text: text(&prediction.text),
            became: became(prediction.became).to_owned(),
        })
        .collect()
}

fn obligations(told: &Transcription) -> Vec<TranscribedObligation> {
    told.obligations
        .iter()
        .map(|owed| TranscribedObligation {
            row: owed.row.to_string(),
            action: text(owed.action.as_str()),
            condition: text(&owed.condition),
        })
        .collect()
}

fn texts(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| text(line)).collect()
}

/// Planned effort less the time spent; only if the gate stayed closed.
fn time_saved(told: &Transcription) -> Option<String> {
    let (planned, spent) = (told.planned_effort?, told.spent?);
    // An open gate begins the planned work, so nothing of it is saved.
    if told.outcome.gate() != Some(Gate::Closed) {
        return None;
    }
    let saved = planned.duration().checked_sub(spent.duration())?;
    let (planned, spent) = (as_written(planned.quantity()), as_written(spent.quantity()));
    Some(format!("{} ({planned} planned, {spent} spent)", duration(saved)))
}

fn record(material: &TranscribedMaterial<'_>) -> Vec<Property> {
    let mut properties = vec![
        ("Entry", material.number.to_string()),
        ("Recorded", moment(material.recorded_at)),
        ("By", text(material.recorded_by)),
        ("With", text(material.tool)),
    ];
    properties.extend(material.head_before.map(|head| ("After the head", head.to_owned())));
    properties.push(("SHA-256 of the transcription", material.document_digest.to_owned()));
    properties.into_iter().map(|(name, value)| Property { name: name.to_owned(), value }).collect()
}
