//! What a team expects of a phase, and what could come after it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::action::Gate;
use crate::id::PhaseId;

/// What somebody expects, said before it is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// In words.
    pub text: String,
    /// As a condition, which is decided like a row's.
    pub claim: String,
    /// Who expects it.
    pub by: String,
    /// The day on which it was said.
    pub on: NaiveDate,
}

/// The phases that follow, by how the gate came out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextPhases {
    /// After skip, defer or no action.
    pub closed: Option<PhaseId>,
    /// After act, revisit or investigate.
    pub open: Option<PhaseId>,
}

impl NextPhases {
    /// The phase that follows.
    #[must_use]
    pub const fn after(&self, gate: Gate) -> Option<&PhaseId> {
        match gate {
            Gate::Closed => self.closed.as_ref(),
            Gate::Open => self.open.as_ref(),
        }
    }
}

/// Something that could be done next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextOption {
    /// In a few words.
    pub title: String,
    /// Whether the team recommends it.
    #[serde(default)]
    pub recommended: bool,
    /// The condition without which it isn't recommended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}
