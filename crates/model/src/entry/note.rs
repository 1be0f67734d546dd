//! What people add to a recorded decision: exceptions and notes.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::amount::Timespan;
use crate::id::RowId;

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
}
