//! `phasegate backtest`: what another matrix would have decided, each time.

use phasegate_history::{Kind, Outline, Recorded};
use phasegate_model::{Change, Decision, Evidence, Finding, MetricSummary, Outcome, RowDecision};
use phasegate_rules::Matrix;
use serde::Serialize;

use crate::args::{BacktestArgs, Format};
use crate::diagnostics::report;
use crate::files::read_rules;
use crate::layout::plain;
use crate::lines::{Columns, Lines, Problems};
use crate::output::{Exit, print, say};
use crate::project::checked_matrix;
use crate::recorded::recorded_evidence;
use crate::table::{change, outcome};

/// How many decisions are in memory at a time, with their evidence.
const BATCH: usize = 64;

pub(crate) fn run(args: &BacktestArgs) -> anyhow::Result<Exit> {
    let source = read_rules(&args.matrix)?;
    let matrix = checked_matrix(&args.matrix, &source).map_err(|trouble| report(&trouble))?;
    let store = args.history.place.open()?;
    let mut problems = Problems::default();
    let mut asserted = 0;
    let entries = store.entries_that(|outline| {
        let asked = is_asked_for(args, outline);
        asserted += usize::from(asked && outline.kind == Kind::Transcription);
        asked && outline.kind == Kind::Decision
    })?;
    let mut shown = Shown::new(args.history.format, &matrix);
    let mut batch: Vec<(Recorded, Evidence)> = Vec::with_capacity(BATCH);
    for recorded in entries {
        let Some(recorded) = problems.tell(recorded) else { continue };
        let Some(record) = recorded.entry.decision() else { continue };
        let number = recorded.entry.number;
        let evidence = recorded_evidence(&store, record)
            .map_err(|error| error.context(format!("can't decide entry {number} again")));
        let Some(evidence) = problems.tell(evidence) else { continue };
        batch.push((recorded, evidence));
        if batch.len() >= BATCH {
            shown.decide(&matrix, &mut batch)?;
        }
        if shown.lines.is_closed() {
            break;
        }
    }
    shown.decide(&matrix, &mut batch)?;
    // Only after the last entry it is known how many there are.
    let counts = Counts { transcriptions: asserted, unreadable: problems.count, ..shown.counts };
    shown.finish(counts)?;
    Ok(if problems.count == 0 { Exit::Done } else { Exit::Error })
}

fn is_asked_for(args: &BacktestArgs, outline: &Outline<'_>) -> bool {
    let phase = |phase: &phasegate_model::PhaseId| {
        outline.phase.is_some_and(|of| of.eq_ignore_ascii_case(phase.as_str()))
    };
    args.phase.as_ref().is_none_or(phase)
        && args.since.is_none_or(|since| since.0 <= outline.recorded_at.date_naive())
}

/// What became of the decisions.
#[derive(Clone, Copy, Default, Serialize)]
struct Counts {
    decisions: usize,
    /// They come out as recorded.
    same: usize,
    /// They are decided otherwise.
    changed: usize,
    /// They were decided, and by the other matrix their evidence doesn't tell.
    undecided: usize,
    /// They are left out: a document has no evidence to decide on.
    transcriptions: usize,
    unreadable: usize,
}

/// What was shown so far.
struct Shown {
    format: Format,
    lines: Lines,
    columns: Columns<6>,
    counts: Counts,
    matrix: String,
    rows: usize,
}

impl Shown {
    fn new(format: Format, matrix: &Matrix) -> Self {
        let header = ["entry", "phase", "recorded as", "would be", "row", "why"];
        Self {
            format,
            lines: Lines::to_stdout(),
            columns: Columns::new(header),
            counts: Counts::default(),
            matrix: matrix.id.to_string(),
            rows: 0,
        }
    }

    /// Decides what is in the batch, and empties it.
    fn decide(
        &mut self,
        matrix: &Matrix,
        batch: &mut Vec<(Recorded, Evidence)>,
    ) -> anyhow::Result<()> {
        let records = batch.iter().map(|(_, evidence)| phasegate_rules::Recorded::of(evidence));
        let outcomes: Vec<Outcome> = matrix.outcomes_over(records).collect();
        for ((recorded, evidence), outcome) in batch.iter().zip(outcomes) {
            let Some(record) = recorded.entry.decision() else { continue };
            self.counts.decisions += 1;
            if outcome == record.decision.outcome {
                self.counts.same += 1;
                continue;
            }
            match outcome {
                Outcome::Undecided => self.counts.undecided += 1,
                Outcome::Decided(_) => self.counts.changed += 1,
            }
            self.show(recorded, &record.decision, &matrix.decide(evidence))?;
        }
        batch.clear();
        Ok(())
    }

    fn show(
        &mut self,
        recorded: &Recorded,
        then: &Decision,
        again: &Decision,
    ) -> anyhow::Result<()> {
        let difference = Difference::between(then, again);
        self.rows += 1;
        let number = recorded.entry.number;
        match self.format {
            Format::Json => {
                let changed = ChangedJson {
                    entry: number,
                    phase: &then.phase,
                    recorded: then.outcome,
                    would_be: again.outcome,
                    possible: &again.possible,
                    row: difference.json(),
                };
                let before = if self.rows == 1 { self.opening() } else { ",\n".to_owned() };
                self.lines.write(&format!("{before}    {}", serde_json::to_string(&changed)?))
            }
            Format::Text => self.columns.row(
                [
                    number.to_string(),
                    plain(then.phase.as_str()),
                    then.outcome.to_string(),
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

    fn finish(mut self, counts: Counts) -> anyhow::Result<()> {
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
                let Counts { decisions, same, changed, undecided, transcriptions, .. } = counts;
                if transcriptions > 0 {
                    say(&format!(
                        "{transcriptions} transcribed left out: a document has no evidence to decide on"
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
enum Difference<'d> {
    /// It comes out otherwise, or wasn't there.
    Row { then: Option<&'d RowDecision>, now: &'d RowDecision },
    /// It had a say, and isn't in the other matrix.
    Gone(&'d RowDecision),
    /// The rows come out alike: another policy, default or error rate joins them.
    Joined,
}

impl<'d> Difference<'d> {
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

    fn row(&self) -> &str {
        match self {
            Self::Row { now: row, .. } | Self::Gone(row) => row.id.as_str(),
            Self::Joined => "",
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Joined => "the rows come out alike, and are joined otherwise".to_owned(),
            Self::Gone(row) => format!("it is not in the matrix; it was {}", row.finding),
            Self::Row { then, now } => {
                let was = then.map_or("not there".to_owned(), said);
                let how_far = nearest(now).map(|near| format!("; it flips with {}", change(near)));
                format!(
                    "{} ({}), was {was}{}",
                    said(now),
                    now.normalized,
                    how_far.unwrap_or_default()
                )
            }
        }
    }

    fn json(&self) -> Option<RowJson<'_>> {
        let (id, then, now) = match self {
            Self::Row { then, now } => (&now.id, *then, Some(*now)),
            Self::Gone(then) => (&then.id, Some(*then), None),
            Self::Joined => return None,
        };
        let finding = |row: &RowDecision| row.finding.to_string();
        Some(RowJson {
            id,
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

/// The largest of the changes that flip the row.
fn nearest(row: &RowDecision) -> Option<&Change> {
    row.margin.as_ref()?.changes.first()
}

/// A decision that comes out otherwise, for programs. Fields are only ever added.
#[derive(Serialize)]
struct ChangedJson<'a> {
    entry: u64,
    phase: &'a phasegate_model::PhaseId,
    recorded: Outcome,
    would_be: Outcome,
    /// What an undecided one could come to.
    possible: &'a [Outcome],
    row: Option<RowJson<'a>>,
}

#[derive(Serialize)]
struct RowJson<'a> {
    id: &'a phasegate_model::RowId,
    was: Option<String>,
    would_be: Option<String>,
    condition: Option<&'a str>,
    reading: Option<&'a MetricSummary>,
    margin: Option<&'a Change>,
}
