//! Of what a finding is to be certain.

use serde::{Deserialize, Serialize};

use crate::amount::Timespan;

/// Of what a finding is certain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeKind {
    /// Of a typical restart within this run.
    #[default]
    Run,
    /// Of a typical run: runs decide it, of which each has one vote.
    Standing,
}

/// Over which time the trials of a run were spread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The time.
    pub over: Timespan,
    /// Whether trials began at random moments within it; else at the same distance.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_random: bool,
    /// What those moments were drawn by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// Whether it should have been longer, and the budget didn't allow it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}
