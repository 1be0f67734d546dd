//! The decision: outcome, findings, margins, and the obligations left open.
//!
//! Serialized, a decision holds strings and whole numbers only, so that the same decision is the
//! same bytes everywhere.

use serde::{Deserialize, Serialize};

use crate::action::Outcome;
use crate::amount::Quantity;
use crate::decision::expected::{OptionResult, PredictionResult};
use crate::decision::finding::Finding;
use crate::decision::margin::Flip;
use crate::decision::row::{Obligation, RowDecision};
use crate::decision::rule::Rule;
use crate::decision::runs::{RowRuns, Scope};
use crate::id::{MatrixId, PhaseId, RowId};

/// What a matrix says of a run's evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The format's version; see [`Decision::schema_of`].
    pub schema: u32,
    /// By which rule it was decided.
    #[serde(default = "Rule::untold", skip_serializing_if = "Rule::is_untold")]
    pub rule: Rule,
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
    /// What its certainty is about. Decisions of versions that didn't tell don't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The entry of the run that this one goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<u64>,
    /// What earlier runs said of the rows that are voted on; empty if there were none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RowRuns>,
    /// Whether the outcome is decided, and runs that contradict this one couldn't change it.
    /// Decisions of versions that didn't tell don't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<bool>,
}

impl Decision {
    /// The newest version of the format that this code knows.
    pub const SCHEMA: u32 = 2;

    /// The version of the format in which decisions under a rule are told.
    #[must_use]
    pub const fn schema_of(rule: Rule) -> u32 {
        match rule {
            Rule::First => 1,
            Rule::Second => 2,
        }
    }

    /// The row of that name.
    #[must_use]
    pub fn row(&self, id: &RowId) -> Option<&RowDecision> {
        self.rows.iter().find(|row| row.id == *id)
    }

    /// What earlier runs said of that row.
    #[must_use]
    pub fn runs_of(&self, id: &RowId) -> Option<&RowRuns> {
        self.runs.iter().find(|runs| runs.row == *id)
    }

    /// The rows whose votes are unanimous: how many trials voted, for how many percent of all
    /// restarts they speak at least, and the rows of which that is so.
    #[must_use]
    pub fn spoken_for(&self) -> Vec<(u32, u32, Vec<&RowId>)> {
        let mut found: Vec<(u32, u32, Vec<&RowId>)> = Vec::new();
        for row in &self.rows {
            let decided = !matches!(row.finding, Finding::Undecided(_) | Finding::NotApplicable);
            let Some(votes) = row.votes.as_ref().filter(|_| decided) else { continue };
            let Some(percent) = votes.speaks_for() else { continue };
            let trials = votes.met.max(votes.not_met);
            match found.iter_mut().find(|(n, ..)| *n == trials) {
                Some((_, _, rows)) => rows.push(&row.id),
                None => found.push((trials, percent, vec![&row.id])),
            }
        }
        found
    }

    /// Whether the outcome is decided, but earlier runs contradict this one in a way that could
    /// change it.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.settled == Some(false) && self.outcome != Outcome::Undecided
    }
}
