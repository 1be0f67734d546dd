//! Phases that were decided before there was a ledger, as documents have them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::action::{Action, Outcome};
use crate::amount::Timespan;
use crate::decision::Obligation;
use crate::entry::asserted::AssertedReading;
use crate::id::{PhaseId, RowId};
use crate::metric::Metric;
use crate::reading::Readings;

/// A phase that was decided before there was a ledger, as a document has it. All of it is
/// asserted: nothing of it was measured by phasegate, and nothing can be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcription {
    /// The format's version; [`Transcription::SCHEMA`].
    pub schema: u32,
    /// The phase.
    pub phase: PhaseId,
    /// What the phase would do, or did, in a few words.
    pub title: String,
    /// What was decided about, such as `the allocator`.
    pub subject: String,
    /// The document that it was copied from.
    pub source: String,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When, as far as the document tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_on: Option<NaiveDate>,
    /// What was decided.
    pub outcome: Outcome,
    /// The phase that followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<PhaseId>,
    /// What the work would have cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_effort: Option<Timespan>,
    /// What the phase took instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Timespan>,
    /// The figures before the phase's work, for the trajectory.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<Metric, AssertedReading>,
    /// The figures at its end.
    pub readings: BTreeMap<Metric, AssertedReading>,
    /// The decision matrix, as far as the document has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<TranscribedRow>,
    /// What it left open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<Obligation>,
    /// What was expected, and what became of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<TranscribedPrediction>,
    /// What could be done next, the recommended first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_options: Vec<TranscribedOption>,
    /// What the phase delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliverables: Vec<String>,
    /// What was learned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lessons: Vec<String>,
    /// Where the document was wrong, and what is right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<String>,
}

impl Transcription {
    /// The version of the format that this code writes.
    pub const SCHEMA: u32 = 1;
}

/// A row of a document's decision matrix, in its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranscribedRow {
    /// A name for it.
    pub id: RowId,
    /// The condition in the document's words.
    pub condition: String,
    /// What the document says was seen.
    pub reading: String,
    /// What followed.
    pub action: Action,
}

/// A prediction of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranscribedPrediction {
    /// In words.
    pub text: String,
    /// What became of it, as the document has it.
    pub became: Became,
}

/// What became of a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Became {
    /// It came out so.
    Confirmed,
    /// It did not.
    Disproven,
    /// Nobody could tell.
    Undecided,
}

/// A next option of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranscribedOption {
    /// In a few words.
    pub title: String,
    /// Whether the document recommends it.
    #[serde(default)]
    pub recommended: bool,
}

impl Transcription {
    /// The figures at the phase's end, as readings.
    #[must_use]
    pub fn typical_readings(&self) -> Readings {
        let mut readings = Readings::default();
        for (metric, asserted) in &self.readings {
            if let Some(reading) = asserted.reading(*metric) {
                // What fits the metric's domain can be inserted.
                let _ = readings.insert(*metric, reading);
            }
        }
        readings
    }
}
