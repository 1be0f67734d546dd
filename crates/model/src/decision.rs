//! The decision: outcome, findings, margins, and the obligations left open.
//!
//! Serialized, a decision holds strings and whole numbers only, so that the same decision is the
//! same bytes everywhere.

use chrono::NaiveDate;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::{Action, Outcome};
use crate::fact::{FactName, FactValue};
use crate::finding::Finding;
use crate::id::{MatrixId, PhaseId, RowId};
use crate::metric::Metric;
use crate::plan::Prediction;
use crate::quantity::Quantity;
use crate::reading::Missing;

/// What a matrix says of a run's evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The format's version; [`Decision::SCHEMA`].
    pub schema: u32,
    /// The phase that was decided.
    pub phase: PhaseId,
    /// The matrix that decided it.
    pub matrix: MatrixId,
    /// The chance that any row is wrong, as the matrix states it.
    pub error_rate: Quantity,
    /// Among how many voted conditions that chance is shared out.
    pub voted_conditions: u32,
    /// How many trials there were.
    pub trials: u32,
    /// What the phase does.
    pub outcome: Outcome,
    /// What it could still be, strongest first; empty unless undecided. `undecided` in this list
    /// stands for "no row applies".
    pub possible: Vec<Outcome>,
    /// The phase that follows, if the outcome is decided and the plan names one.
    pub next: Option<PhaseId>,
    /// The rows that gave the outcome; of an undecided one, the rows that would settle it.
    pub deciding: Vec<RowId>,
    /// Every row, in the matrix's order.
    pub rows: Vec<RowDecision>,
    /// What is left open.
    pub obligations: Vec<Obligation>,
    /// The smallest change of one metric that changes the outcome, if there is one.
    pub closest_flip: Option<Flip>,
    /// What became of the plan's predictions. They have no say in the outcome.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<PredictionResult>,
    /// The plan's next options that depend on a condition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_options: Vec<OptionResult>,
}

/// What the evidence says of a condition that isn't a row's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What the evidence says.
    pub finding: Finding,
    /// The votes, for a condition over sampled metrics.
    pub votes: Option<Votes>,
    /// What the trials said of each metric in the condition.
    pub readings: Vec<MetricSummary>,
    /// How far it is until the finding flips.
    pub margin: Option<Margin>,
    /// The plan's facts that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactUsed>,
}

/// What became of a prediction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredictionResult {
    /// The prediction, as the plan has it.
    #[serde(flatten)]
    pub prediction: Prediction,
    /// Whether it was made before the measurement, or on its day.
    pub made_before: bool,
    /// What the evidence says of its claim.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl PredictionResult {
    /// The word for tables: `confirmed`, `disproven`, `undecided`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.verdict.finding {
            Finding::Met => "confirmed",
            Finding::NotMet => "disproven",
            Finding::NotApplicable | Finding::Undecided(_) => "undecided",
        }
    }
}

/// What became of a next option that depends on a condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionResult {
    /// The option, in a few words.
    pub title: String,
    /// Its condition as written.
    pub when: String,
    /// Whether it is recommended: the plan does so, and the condition is met.
    pub recommended: bool,
    /// What the evidence says of the condition.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Decision {
    /// The version of the format that this code writes.
    pub const SCHEMA: u32 = 1;

    /// The row of that name.
    #[must_use]
    pub fn row(&self, id: &RowId) -> Option<&RowDecision> {
        self.rows.iter().find(|row| row.id == *id)
    }
}

/// What the evidence says of one row, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowDecision {
    /// The row.
    pub id: RowId,
    /// The line of the matrix file where the row begins, counted from one.
    pub line: u32,
    /// The base that the row comes from, by its path relative to the matrix file; nothing for a
    /// row of the matrix file itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The condition as written.
    pub when: Arc<str>,
    /// The condition with names, units and parentheses in full.
    pub normalized: Arc<str>,
    /// The condition that limits the row, as written.
    pub given: Option<Arc<str>>,
    /// What the evidence says of that condition; nothing also in decisions that were recorded
    /// before this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_verdict: Option<GivenVerdict>,
    /// Why the row is there, as written.
    pub why: Option<Arc<str>>,
    /// What the evidence says.
    pub finding: Finding,
    /// What follows; nothing if the branch has no action, or the row is undecided or has no say.
    pub action: Option<Action>,
    /// What follows if the condition is met.
    pub then: Action,
    /// What follows if it isn't.
    #[serde(rename = "else")]
    pub otherwise: Option<Action>,
    /// The votes, for a row over sampled metrics.
    pub votes: Option<Votes>,
    /// What the trials said of each metric in the condition; the one that the margin is about
    /// comes first.
    pub readings: Vec<MetricSummary>,
    /// How far it is until the finding flips; nothing if a reading is missing.
    pub margin: Option<Margin>,
    /// The plan's facts that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactUsed>,
}

/// What the evidence says of the condition that limits a row. Its readings are among the row's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenVerdict {
    /// Whether it is met; a row has a say only if it is.
    pub finding: Finding,
    /// Trials in which it held.
    pub met: u32,
    /// Trials in which it did not.
    pub not_met: u32,
    /// Trials whose readings don't tell.
    pub neither: u32,
    /// The evidence of these votes, for a condition over sampled metrics.
    pub votes: Option<Votes>,
    /// How far it is until its finding flips; nothing if a reading is missing.
    pub margin: Option<Margin>,
}

/// A fact that a row rests on, as the plan has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactUsed {
    /// Its name.
    pub name: FactName,
    /// What it says.
    pub value: FactValue,
    /// Who says so.
    pub author: String,
    /// The day on which it was true.
    pub date: NaiveDate,
}

/// The votes on one condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Votes {
    /// Trials in which the condition held.
    pub met: u32,
    /// Trials in which it did not.
    pub not_met: u32,
    /// Trials that count against both: ties and missing readings.
    pub neither: u32,
    /// The evidence (an e-value, to three significant digits) that it holds in a typical trial.
    pub evidence_met: String,
    /// The evidence that it doesn't.
    pub evidence_not_met: String,
    /// What the evidence has to reach: voted conditions / error rate.
    pub threshold: Arc<str>,
    /// The trial that settled it.
    pub settled_at: Option<u32>,
}

/// What the trials said of one metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricSummary {
    /// The metric.
    pub metric: Metric,
    /// Its readings.
    #[serde(flatten)]
    pub summary: Summary,
}

/// A summary of readings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Summary {
    /// Numbers.
    Number {
        /// The median of the trials' readings (of an even number, the smaller middle one).
        median: Quantity,
        /// The interval for the median trial that always agrees with the finding; nothing while
        /// there are too few trials for one.
        interval: Option<(Quantity, Quantity)>,
        /// The smallest reading.
        min: Quantity,
        /// The largest reading.
        max: Quantity,
        /// How many trials have a reading.
        n: u32,
    },
    /// Texts or versions: the different ones, in the order in which they came.
    Text {
        /// The texts.
        values: Vec<String>,
        /// How many trials have a reading.
        n: u32,
    },
    /// No trial has a reading.
    Missing {
        /// Why, from the first trial.
        why: Missing,
    },
}

/// How far readings would have to move until a finding flips. One change is enough unless a
/// condition joins several that all would have to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margin {
    /// The changes that together flip the finding; the largest (in relative terms) first.
    pub changes: Vec<Change>,
}

/// A metric moved from its median to a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The metric.
    pub metric: Metric,
    /// The median now.
    pub from: Quantity,
    /// The limit where it flips (or just beyond it).
    pub to: Quantity,
    /// The distance, never negative.
    pub absolute: Quantity,
    /// The distance in percent of the limit; nothing if the limit is zero.
    pub relative: Option<Quantity>,
}

/// The smallest change that gives another outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flip {
    /// The change.
    pub change: Change,
    /// What the outcome would be.
    pub outcome: Outcome,
}

/// What a `defer` leaves behind: take the action once the condition holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// The row that deferred.
    pub row: RowId,
    /// What is owed, such as `revisit allocator`.
    pub action: Action,
    /// When it is due, such as `memory.dataset > 50MB`.
    pub condition: String,
}
