//! What lists need of an entry, read from its line without building the rest.
//!
//! A decision's line is mostly rows, votes and readings, which no list shows; passing over them costs a fraction of
//! building them. What isn't asked for isn't looked at: damage in it is for `verify` to find.

use chrono::{DateTime, TimeDelta, Utc};
use phasegate_model::{
    EntryKind, Metric, MetricSummary, Outcome, PhaseId, Reading, Readings, RowId, Summary,
};
use serde::Deserialize;

use crate::entry::body::DecisionRecord;
use crate::entry::digest::Digest;
use crate::entry::recorded::Entry;

/// What lists and filters need of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntrySummary {
    /// Its number.
    pub number: u64,
    /// What kind of entry it is.
    pub kind: EntryKind,
    /// The phase that it is about; nothing for an entry about all of them.
    pub phase: Option<PhaseId>,
    /// What was decided or transcribed; nothing for what people add to a decision.
    pub outcome: Option<Outcome>,
    /// The phase that follows.
    pub next: Option<PhaseId>,
    /// The rows that gave the outcome.
    pub deciding: Vec<RowId>,
    /// Whether the outcome is decided and no earlier run contradicts it; nothing if the entry
    /// doesn't tell.
    pub settled: Option<bool>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: String,
}

/// The keys of a line that a summary has.
#[derive(Deserialize)]
struct SummaryLine {
    schema: u32,
    number: u64,
    kind: EntryKind,
    phase: Option<PhaseId>,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
    decision: Option<DecidedKeys>,
    transcription: Option<DecidedKeys>,
}

/// The keys of a decision or a transcription that a summary has.
#[derive(Deserialize)]
struct DecidedKeys {
    schema: u32,
    phase: PhaseId,
    outcome: Outcome,
    next: Option<PhaseId>,
    #[serde(default)]
    deciding: Vec<RowId>,
    #[serde(default)]
    settled: Option<bool>,
}

impl EntrySummary {
    /// The summary of an entry.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        Self {
            number: entry.number,
            kind: entry.kind(),
            phase: entry.phase().cloned(),
            outcome: entry.outcome(),
            next: entry.body.next().cloned(),
            deciding: entry.body.deciding().to_vec(),
            settled: entry.decision().and_then(|record| record.decision.settled),
            recorded_at: entry.recorded_at,
            recorded_by: entry.recorded_by.clone(),
        }
    }

    /// That of an entry's line; nothing for whatever only [`Entry::parse`] can say what is wrong with.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let line: SummaryLine = serde_json::from_slice(line).ok()?;
        let decided = match line.kind {
            EntryKind::Decision => Some(line.decision?),
            EntryKind::Transcription => Some(line.transcription?),
            _ => None,
        };
        // A newer schema may mean something else by the same keys.
        let is_known = line.schema == Entry::SCHEMA
            && decided.as_ref().is_none_or(|decided| {
                line.kind.known_schema().is_some_and(|known| (1..=known).contains(&decided.schema))
                    && Some(&decided.phase) == line.phase.as_ref()
            });
        let (outcome, next, deciding, settled) = decided.map_or_else(Default::default, |it| {
            (Some(it.outcome), it.next, it.deciding, it.settled)
        });
        is_known.then_some(Self {
            number: line.number,
            kind: line.kind,
            phase: line.phase,
            outcome,
            next,
            deciding,
            settled,
            recorded_at: line.recorded_at,
            recorded_by: line.recorded_by,
        })
    }
}

/// How an entry says that it is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Link {
    pub(crate) number: u64,
    pub(crate) previous: Option<Digest>,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl Link {
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    pub(crate) const fn of(entry: &Entry) -> Self {
        let Entry { number, previous, recorded_at, .. } = *entry;
        Self { number, previous, recorded_at }
    }
}

/// How far the clocks of machines may differ. Who writes at the same time as others dates an entry
/// before it is known which place it gets.
pub(crate) const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// Whether an entry of this time can't follow one of the time `before`, unless a clock was wrong: it
/// is earlier by more than a minute, which writers at the same time and clocks in use may differ.
#[must_use]
pub fn clock_went_back(before: DateTime<Utc>, time: DateTime<Utc>) -> bool {
    before - time > CLOCK_TOLERANCE
}

/// Some metrics whose medians are looked for in the rows of many decisions.
#[derive(Debug)]
pub struct Medians {
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
struct MediansLine {
    decision: MediansDecision,
}

#[derive(Deserialize)]
struct MediansDecision {
    rows: Vec<MediansRow>,
}

#[derive(Deserialize)]
struct MediansRow {
    readings: Vec<MetricSummary>,
}

impl Medians {
    /// Those of these metrics.
    #[must_use]
    pub fn of(metrics: &[Metric]) -> Self {
        Self { metrics: metrics.to_vec() }
    }

    /// The medians in a decision's rows; nothing if a metric isn't in them, or has none.
    #[must_use]
    pub fn in_record(&self, record: &DecisionRecord) -> Option<Readings> {
        let rows = record.decision.rows.iter();
        self.among(&rows.flat_map(|row| &row.readings).collect::<Vec<_>>())
    }

    /// The medians in the rows of a decision's line.
    pub(crate) fn read(&self, line: &[u8]) -> Option<Readings> {
        let line: MediansLine = serde_json::from_slice(line).ok()?;
        let rows = line.decision.rows.iter();
        self.among(&rows.flat_map(|row| &row.readings).collect::<Vec<_>>())
    }

    fn among(&self, summaries: &[&MetricSummary]) -> Option<Readings> {
        let mut readings = Readings::default();
        for metric in &self.metrics {
            match &summaries.iter().find(|summary| summary.metric == *metric)?.summary {
                Summary::Number { median, .. } => {
                    readings.insert(*metric, Reading::exact(median.amount())).ok()?;
                }
                Summary::Text { .. } | Summary::Missing { .. } => return None,
            }
        }
        Some(readings)
    }
}
