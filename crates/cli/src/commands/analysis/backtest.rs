//! `phasegate backtest`: what another matrix would have decided, each time.

use phasegate_history::{Body, EntrySummary, Recorded, Store};
use phasegate_model::{
    Change, Decision, EntryKind, Evidence, Finding, Outcome, PhaseId, Readings, RowDecision,
    Transcription,
};
use phasegate_rules::{Background, Matrix, RecordedReadings};
use serde::Serialize;

use crate::args::{BacktestArgs, Format};
use crate::input::diagnostics::report;
use crate::input::files::read_rules;
use crate::input::project::checked_matrix;
use crate::output::layout::{Layout, plain};
use crate::output::listing::{Columns, OutputLines, Problems};
use crate::output::streams::{Exit, object, print, say};
use crate::output::table::{change, outcome};
use crate::recorded::decision::RecordedDecision;

/// How many decisions are in memory at a time, with their evidence.
const BATCH: usize = 64;

pub(crate) fn run(args: &BacktestArgs) -> anyhow::Result<Exit> {
    let source = read_rules(&args.matrix)?;
    let matrix = checked_matrix(&args.matrix, &source).map_err(|trouble| report(&trouble))?;
    let store = args.history.place.open_present()?;
    let mut problems = Problems::default();
    let mut left_out = 0;
    let entries = store.entries_that(|summary| {
        let asked = is_asked_for(args, summary);
        let asserted = summary.kind == EntryKind::Transcription;
        left_out += usize::from(asked && asserted && !args.transcribed);
        asked && (summary.kind == EntryKind::Decision || asserted && args.transcribed)
    })?;
    let mut shown = BacktestOutput::new(args.history.format, &matrix);
    let mut batch: Vec<Case> = Vec::with_capacity(BATCH);
    for recorded in entries {
        // An entry that can't be read doesn't keep the others from being decided.
        let Some(recorded) = problems.tell(recorded) else { continue };
        let Some(case) = Case::of(&store, recorded).transpose() else { continue };
        let Some(case) = problems.tell(case) else { continue };
        batch.push(case);
        if batch.len() >= BATCH {
            shown.decide(&matrix, &mut batch)?;
        }
        // The reader, such as `head`, has gone: what else is found is for nobody.
        if shown.lines.is_closed() {
            break;
        }
    }
    shown.decide(&matrix, &mut batch)?;
    // Only after the last entry it is known how many there are.
    let counts =
        BacktestCounts { transcriptions: left_out, unreadable: problems.count, ..shown.counts };
    shown.finish(counts)?;
    Ok(if problems.count == 0 { Exit::Done } else { Exit::Error })
}

fn is_asked_for(args: &BacktestArgs, summary: &EntrySummary) -> bool {
    let phase = |phase: &PhaseId| {
        summary.phase.as_ref().is_some_and(|of| of.as_str().eq_ignore_ascii_case(phase.as_str()))
    };
    args.phase.as_ref().is_none_or(phase)
        && args.since.is_none_or(|since| since.0 <= summary.recorded_at.date_naive())
}

/// Something that was decided, with what it is decided again on.
struct Case {
    entry: u64,
    outcome: Outcome,
    was: Was,
}

/// How it was decided.
enum Was {
    /// By a matrix, on evidence.
    Measured(Box<(Decision, Evidence)>),
    /// As a document has it. Its figures at the phase's end are asserted.
    Asserted(Box<(Transcription, Readings)>),
}

impl Case {
    /// Nothing if the entry decides nothing.
    fn of(store: &Store, Recorded { entry, .. }: Recorded) -> anyhow::Result<Option<Self>> {
        let number = entry.number;
        let was = match entry.body {
            Body::Decision(record) => {
                let evidence = RecordedDecision::new(store, &record)
                    .evidence()
                    .map_err(|error| error.context(format!("can't decide entry {number} again")))?;
                Was::Measured(Box::new((record.decision, evidence)))
            }
            Body::Transcription(record) => {
                let readings = record.transcription.typical_readings();
                Was::Asserted(Box::new((record.transcription, readings)))
            }
            Body::Addition(_) => return Ok(None),
        };
        let outcome = match &was {
            Was::Measured(of) => of.0.outcome,
            Was::Asserted(of) => of.0.outcome,
        };
        Ok(Some(Self { entry: number, outcome, was }))
    }

    fn readings(&self) -> phasegate_rules::PastDecision<'_> {
        match &self.was {
            Was::Measured(of) => phasegate_rules::PastDecision::of(&of.1, of.0.rule),
            Was::Asserted(of) => phasegate_rules::PastDecision {
                background: Background::NOTHING,
                readings: RecordedReadings::Typical(&of.1),
            },
        }
    }

    const fn is_asserted(&self) -> bool {
        matches!(self.was, Was::Asserted(_))
    }

    fn phase(&self) -> &PhaseId {
        match &self.was {
            Was::Measured(of) => &of.0.phase,
            Was::Asserted(of) => &of.0.phase,
        }
    }

    fn decide(&self, matrix: &Matrix) -> Decision {
        match &self.was {
            Was::Measured(of) => matrix.decide_under(of.0.rule, &of.1),
            Was::Asserted(of) => matrix.what_if_asserted(&of.0),
        }
    }

    fn difference<'d>(&'d self, again: &'d Decision) -> DecidingRow<'d> {
        match &self.was {
            Was::Measured(of) => DecidingRow::between(&of.0, again),
            Was::Asserted(_) => DecidingRow::alone(again),
        }
    }
}

/// What became of the decisions.
#[derive(Clone, Copy, Default, Serialize)]
struct BacktestCounts {
    decisions: usize,
    /// So many of them are a document's, decided again on what it asserts.
    asserted: usize,
    /// They come out as recorded.
    same: usize,
    /// They are decided otherwise.
    changed: usize,
    /// They were decided, and by the other matrix their evidence doesn't tell.
    undecided: usize,
    /// They are left out, unless they are asked for: a document has no evidence to decide on.
    transcriptions: usize,
    unreadable: usize,
}

/// What was shown so far.
struct BacktestOutput {
    format: Format,
    lines: OutputLines,
    columns: Columns<6>,
    counts: BacktestCounts,
    matrix: String,
    rows: usize,
}

impl BacktestOutput {
    fn new(format: Format, matrix: &Matrix) -> Self {
        let header = ["entry", "phase", "recorded as", "would be", "row", "why"];
        Self {
            format,
            lines: OutputLines::to_stdout(),
            columns: Columns::new(header, Layout::of_stdout()),
            counts: BacktestCounts::default(),
            matrix: matrix.id.to_string(),
            rows: 0,
        }
    }

    /// Decides what is in the batch, and empties it.
    fn decide(&mut self, matrix: &Matrix, batch: &mut Vec<Case>) -> anyhow::Result<()> {
        let records = batch.iter().map(Case::readings);
        // Outcomes alone first: a whole decision is worked out only for what comes out otherwise.
        let outcomes: Vec<Outcome> = matrix.outcomes_over(records).collect();
        for (case, outcome) in batch.iter().zip(outcomes) {
            self.counts.decisions += 1;
            self.counts.asserted += usize::from(case.is_asserted());
            if outcome == case.outcome {
                self.counts.same += 1;
                continue;
            }
            match outcome {
                Outcome::Undecided => self.counts.undecided += 1,
                Outcome::Decided(_) => self.counts.changed += 1,
            }
            self.show(case, &case.decide(matrix))?;
        }
        batch.clear();
        Ok(())
    }

    fn show(&mut self, case: &Case, again: &Decision) -> anyhow::Result<()> {
        let difference = case.difference(again);
        self.rows += 1;
        match self.format {
            Format::Json => {
                let changed = object! {
                    entry: case.entry,
                    phase: case.phase(),
                    recorded: case.outcome,
                    // A document's outcome, decided again on the figures that it asserts.
                    asserted: case.is_asserted(),
                    would_be: again.outcome,
                    // What an undecided one could come to.
                    possible: &again.possible,
                    row: difference.json(),
                };
                // Row by row, so that a history of any length can be told without keeping it.
                let before = if self.rows == 1 { self.opening() } else { ",\n".to_owned() };
                self.lines.write(&format!("{before}    {}", serde_json::to_string(&changed)?))
            }
            Format::Text => self.columns.row(
                [
                    case.entry.to_string(),
                    plain(case.phase().as_str()),
                    if case.is_asserted() {
                        format!("{} (asserted)", case.outcome)
                    } else {
                        case.outcome.to_string()
                    },
                    plain(&outcome(again)),
                    difference.row().to_owned(),
                    plain(&difference.in_words()),
                ],
                &mut self.lines,
            ),
        }
    }

    fn opening(&self) -> String {
        let matrix = serde_json::Value::from(self.matrix.as_str());
        format!("{{\n  \"matrix\": {matrix},\n  \"entries\": [\n")
    }

    fn finish(mut self, counts: BacktestCounts) -> anyhow::Result<()> {
        match self.format {
            Format::Json => {
                let opening = if self.rows == 0 { self.opening() } else { "\n".to_owned() };
                let counts = serde_json::to_string(&counts)?;
                self.lines.write(&format!("{opening}  ],\n  \"counts\": {counts}\n}}\n"))?;
                self.lines.finish()
            }
            Format::Text => {
                self.columns.finish(&mut self.lines)?;
                self.lines.finish()?;
                let BacktestCounts { decisions, same, changed, undecided, asserted, .. } = counts;
                if counts.transcriptions > 0 {
                    say(&format!(
                        "{} transcribed left out: a document has no evidence to decide on; --transcribed \
                         decides on what it asserts",
                        counts.transcriptions
                    ));
                }
                if asserted > 0 {
                    say(&format!(
                        "{asserted} asserted: decided on figures that were copied from a document, not \
                         measured, and are taken as settled"
                    ));
                }
                print(&format!(
                    "{decisions} decided again: {changed} otherwise, {undecided} undecided, {same} as recorded\n"
                ))
            }
        }
    }
}

/// The first row that makes the difference: of those that give the new outcome if one of them
/// does, else of all.
enum DecidingRow<'d> {
    /// It comes out otherwise, or wasn't there.
    Row { then: Option<&'d RowDecision>, now: &'d RowDecision },
    /// It had a say, and isn't in the other matrix.
    Gone(&'d RowDecision),
    /// The rows come out alike: another policy, default or error rate joins them.
    Joined,
    /// How the rows came out before isn't known. This one decides now, or keeps from deciding.
    Decides(&'d RowDecision),
    /// Nor does any row decide.
    Default,
}

impl<'d> DecidingRow<'d> {
    fn between(then: &'d Decision, again: &'d Decision) -> Self {
        let differs = |now: &&RowDecision| {
            then.row(&now.id)
                .is_none_or(|then| (&then.finding, &then.action) != (&now.finding, &now.action))
        };
        let deciding = again.deciding.iter().filter_map(|id| again.row(id));
        let row = deciding.chain(&again.rows).find(differs);
        let gone = || then.rows.iter().find(|row| again.row(&row.id).is_none());
        match (row, gone()) {
            (Some(now), _) => Self::Row { then: then.row(&now.id), now },
            (None, Some(gone)) => Self::Gone(gone),
            (None, None) => Self::Joined,
        }
    }

    /// What makes the outcome of a decision that there is no other to compare with.
    fn alone(again: &'d Decision) -> Self {
        let undecided = |row: &&RowDecision| matches!(row.finding, Finding::Undecided(_));
        let deciding = again.deciding.first().and_then(|id| again.row(id));
        let row = match again.outcome {
            Outcome::Undecided => again.rows.iter().find(undecided),
            Outcome::Decided(_) => deciding,
        };
        row.map_or(Self::Default, Self::Decides)
    }

    fn row(&self) -> &str {
        match self {
            Self::Row { now: row, .. } | Self::Gone(row) | Self::Decides(row) => row.id.as_str(),
            Self::Joined | Self::Default => "",
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Joined => "the rows come out alike, and are joined otherwise".to_owned(),
            Self::Gone(row) => format!("it is not in the matrix; it was {}", row.finding),
            Self::Default => "no row decides".to_owned(),
            Self::Decides(now) => {
                format!("{} ({}){}", said(now), now.normalized, how_far(now))
            }
            Self::Row { then, now } => {
                let was = then.map_or("not there".to_owned(), said);
                format!("{} ({}), was {was}{}", said(now), now.normalized, how_far(now))
            }
        }
    }

    fn json(&self) -> Option<impl Serialize> {
        let (id, then, now) = match self {
            Self::Row { then, now } => (&now.id, *then, Some(*now)),
            Self::Gone(then) => (&then.id, Some(*then), None),
            Self::Decides(now) => (&now.id, None, Some(*now)),
            Self::Joined | Self::Default => return None,
        };
        let finding = |row: &RowDecision| row.finding.to_string();
        Some(object! {
            id: id,
            was: then.map(finding),
            would_be: now.map(finding),
            condition: now.map(|row| &*row.normalized),
            reading: now.and_then(|row| row.readings.first()),
            margin: now.and_then(nearest),
        })
    }
}

fn said(row: &RowDecision) -> String {
    match (&row.finding, &row.action) {
        (Finding::Undecided(_), _) | (_, None) => row.finding.to_string(),
        (finding, Some(action)) => format!("{finding}: {action}"),
    }
}

fn how_far(row: &RowDecision) -> String {
    nearest(row).map(|near| format!("; it flips with {}", change(near))).unwrap_or_default()
}

/// The largest of the changes that flip the row.
fn nearest(row: &RowDecision) -> Option<&Change> {
    row.margin.as_ref()?.changes.first()
}
