//! What became of what the plan expects and offers. None of it has a say in the outcome.

use serde::{Deserialize, Serialize};

use crate::decision::finding::Finding;
use crate::decision::verdict::Verdict;
use crate::plan::Prediction;

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
