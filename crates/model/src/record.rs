//! What people add to a history beside decisions: exceptions, notes, what a later look found, and
//! phases that were decided before there was a ledger.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::action::{Action, Outcome};
use crate::decision::Obligation;
use crate::finding::Finding;
use crate::id::{PhaseId, RowId};
use crate::metric::Metric;
use crate::plan::Timespan;
use crate::quantity::Quantity;
use crate::readings::Readings;

/// An exception: somebody answers for not following a row of a recorded decision, until a day.
/// The decision itself stays as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The row whose action is not followed.
    pub row: RowId,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub expires: NaiveDate,
}

impl Waiver {
    /// Whether it counts on a day: up to and including its last. This is the one place where that
    /// is decided.
    #[must_use]
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        day <= self.expires
    }
}

/// What was added to a recorded decision afterwards. At least one part is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What was learned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lessons: Vec<String>,
    /// What the phase delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliverables: Vec<String>,
    /// The time that the decision saved, where the computed one was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_saved: Option<Timespan>,
}

impl Note {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A later look at the open obligations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revisit {
    /// The server that was asked, without secrets; the evidence file's name if none was.
    pub server: String,
    /// When that was, if long before it was recorded: the time of an evidence file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<DateTime<Utc>>,
    /// What it said of the metrics that the obligations name.
    pub readings: Readings,
    /// The obligations that were open, with what became of each.
    pub obligations: Vec<RevisitedObligation>,
}

/// What a later look says of an obligation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevisitedObligation {
    /// The number of the entry that left it open.
    pub entry: u64,
    /// The row that deferred.
    pub row: RowId,
    /// Whether its condition holds: met is due.
    pub finding: Finding,
}

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

/// A figure of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AssertedReading {
    /// One amount.
    Number(Quantity),
    /// An amount with the range that the document gives.
    Range {
        /// The amount.
        value: Quantity,
        /// The smallest.
        min: Quantity,
        /// The largest.
        max: Quantity,
    },
    /// A text, such as an allocator's name.
    Text(String),
}

impl AssertedReading {
    /// The amount; nothing for a text.
    #[must_use]
    pub const fn value(&self) -> Option<Quantity> {
        match self {
            Self::Number(value) | Self::Range { value, .. } => Some(*value),
            Self::Text(_) => None,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_counts_up_to_and_including_its_last_day() {
        let waiver = Waiver {
            row: "rtt".parse().unwrap(),
            owner: "ada".to_owned(),
            reason: "the fix is on its way".to_owned(),
            expires: "2026-12-31".parse().unwrap(),
        };
        let valid = |day: &str| waiver.is_valid_on(day.parse().unwrap());
        assert!(valid("2026-12-31") && valid("2026-01-01"));
        assert!(!valid("2027-01-01"));
    }

    #[test]
    fn a_later_look_of_before_it_told_its_time_reads_and_writes_as_it_was() {
        let old =
            r#"{"server":"redis://a:1","readings":{"memory.dataset":"1.8MB"},"obligations":[]}"#;
        let look: Revisit = serde_json::from_str(old).unwrap();
        assert_eq!(look.read_at, None);
        assert_eq!(serde_json::to_string(&look).unwrap(), old);
        assert!(serde_json::from_str::<Revisit>(&old.replace("server", "servr")).is_err());
    }

    #[test]
    fn asserted_readings_are_amounts_ranges_or_texts() {
        let read = |json: &str| serde_json::from_str::<AssertedReading>(json).unwrap();
        let microseconds = "9.93us".parse().unwrap();
        assert_eq!(read(r#""9.93us""#), AssertedReading::Number(microseconds));
        assert_eq!(read(r#""jemalloc-5.3.0""#).value(), None);
        let range = r#"{"value":"9.93us","min":"9.67us","max":"10.09us"}"#;
        assert_eq!(read(range).value(), Some(microseconds));
        assert_eq!(serde_json::to_string(&read(range)).unwrap(), range);
    }
}
