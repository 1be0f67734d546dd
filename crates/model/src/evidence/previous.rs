//! What an earlier phase measured, as far as a run compares with it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::evidence::change::PropertyChange;
use crate::id::PhaseId;
use crate::metric::Metric;
use crate::reading::{MissingReason, Reading, Readings};

/// What an earlier phase measured, as far as this one compares with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// The number of its entry in the ledger.
    pub entry: u64,
    /// The digest of that entry.
    pub digest: String,
    /// The phase that it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<PhaseId>,
    /// When its measuring began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// One reading for each metric, under its own name: `rtt.p99` is what conditions call
    /// `previous.rtt.p99`.
    pub readings: Readings,
    /// The properties in which the environments differ and that matter to latency; none if the
    /// two are comparable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differing: Vec<String>,
    /// All that changed between the two runs, those properties included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<PropertyChange>,
}

impl Previous {
    /// The reading of a `previous.*` metric; nothing for any other metric.
    #[must_use]
    pub fn reading(&self, metric: Metric) -> Option<Reading> {
        let own = metric.of_before()?;
        if !self.differing.is_empty() {
            return Some(Reading::missing(MissingReason::NotComparable, self.differing.join(", ")));
        }
        let missing = || Reading::missing(MissingReason::NotMeasured, "");
        Some(self.readings.get(own).cloned().unwrap_or_else(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_phase_of_before_it_told_its_name_reads_and_writes_as_it_was() {
        let old = r#"{"entry":2,"digest":"9b74","readings":{"rtt.p99":"9.93us"},"differing":["os.kernel"]}"#;
        let previous: Previous = serde_json::from_str(old).unwrap();
        assert!(previous.phase.is_none() && previous.changed.is_empty());
        assert_eq!(serde_json::to_string(&previous).unwrap(), old);
        for damaged in [old.replace("2,", "-2,"), old.replace("digest", "digst"), "{}".to_owned()] {
            assert!(serde_json::from_str::<Previous>(&damaged).is_err(), "{damaged}");
        }
    }
}
