//! Of what a finding is to be certain.

use serde::{Deserialize, Serialize};

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
