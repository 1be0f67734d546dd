//! By which rule a decision was made, so that it can be made again.

use serde::{Deserialize, Serialize};

/// The version of the rule that makes findings of votes, and a decision of findings. Recorded
/// decisions are made again under their own.
///
/// In JSON it is a number; decisions that don't tell were made under the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum Rule {
    /// The threshold is voted conditions / error rate, and readings that drift veto a finding.
    First,
    /// Thresholds are calibrated for a first look at eight trials, and restarts that resemble those
    /// before them count for less.
    Second,
}

impl Rule {
    /// The rule of new decisions.
    pub const CURRENT: Self = Self::Second;

    /// For decisions that don't tell.
    pub(crate) const fn untold() -> Self {
        Self::First
    }

    /// Whether it needn't be told.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(crate) const fn is_untold(&self) -> bool {
        matches!(self, Self::First)
    }
}

impl From<Rule> for u32 {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::First => 1,
            Rule::Second => 2,
        }
    }
}

impl TryFrom<u32> for Rule {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        match number {
            1 => Ok(Self::First),
            2 => Ok(Self::Second),
            _ => Err(format!(
                "rule {number} is of a newer phasegate: this one knows the rules 1 and 2"
            )),
        }
    }
}
