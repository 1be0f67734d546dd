//! The decision: outcome, findings, margins, and the obligations left open.
//!
//! Serialized, a decision holds strings and whole numbers only, so that the same decision is the
//! same bytes everywhere.

use serde::{Deserialize, Serialize};

use crate::action::Outcome;
use crate::amount::Quantity;
use crate::decision::expected::{OptionResult, PredictionResult};
use crate::decision::margin::Flip;
use crate::decision::row::{Obligation, RowDecision};
use crate::decision::rule::Rule;
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
}
