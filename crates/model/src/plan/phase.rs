//! What a phase is about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::amount::Timespan;
use crate::id::PhaseId;
use crate::plan::fact::{Fact, FactName};
use crate::plan::measuring::MeasurePlan;
use crate::plan::next::{NextOption, NextPhases, Prediction};
use crate::subject::{SubjectKind, SubjectPlan};

/// A checked phase plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The phase.
    pub phase: PhaseId,
    /// What the phase would do, in a few words.
    pub title: String,
    /// What is decided about, such as `the allocator`.
    pub subject: String,
    /// The decision matrix's file as written, relative to the plan's.
    pub matrix: String,
    /// What comes after this phase.
    pub next: NextPhases,
    /// What the phase would cost if it were done.
    pub planned_effort: Option<Timespan>,
    /// How to measure.
    pub measure: MeasurePlan,
    /// What is measured; without it, what is on PATH or what the command line names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<SubjectPlan>,
    /// What the target is compared with, in pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<SubjectPlan>,
    /// What could be done next.
    pub next_options: Vec<NextOption>,
    /// What the phase delivers.
    pub deliverables: Vec<String>,
    /// What was learned.
    pub lessons: Vec<String>,
    /// What the team asserts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<FactName, Fact>,
    /// What the team expects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<Prediction>,
}

impl Plan {
    /// What kind of subject it measures: a Redis server, if it doesn't say.
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        self.target.as_ref().map_or(SubjectKind::Redis, SubjectPlan::kind)
    }
}
