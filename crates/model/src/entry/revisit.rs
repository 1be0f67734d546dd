//! What a later look at the open obligations found.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decision::{FactUsed, Finding};
use crate::id::RowId;
use crate::reading::Readings;

/// A later look at the open obligations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revisit {
    /// The server that was asked, without secrets; the evidence file's name if none was.
    pub server: String,
    /// When that was, if long before it was recorded: the time of an evidence file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<DateTime<Utc>>,
    /// What it said of the metrics that the obligations name.
    pub readings: Readings,
    /// The facts that were asserted anew, as far as the obligations name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactUsed>,
    /// The obligations that were open, with what became of each.
    pub obligations: Vec<RevisitedObligation>,
}

/// What a later look says of an obligation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevisitedObligation {
    /// The number of the entry that left it open.
    pub entry: u64,
    /// The row that deferred.
    pub row: RowId,
    /// Whether its condition holds: met is due.
    pub finding: Finding,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_look_of_before_it_told_its_time_reads_and_writes_as_it_was() {
        let old =
            r#"{"server":"redis://a:1","readings":{"memory.dataset":"1.8MB"},"obligations":[]}"#;
        let look: Revisit = serde_json::from_str(old).unwrap();
        assert_eq!(look.read_at, None);
        assert_eq!(serde_json::to_string(&look).unwrap(), old);
        assert!(serde_json::from_str::<Revisit>(&old.replace("server", "servr")).is_err());
    }
}
