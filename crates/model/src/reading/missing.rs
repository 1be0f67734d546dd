//! Why a reading is not there.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::metric::{Metric, Statistic};

/// Why there is no reading. Missing is never zero and never a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingReason {
    /// This run did not measure it.
    NotMeasured,
    /// The server's answer does not have it.
    NotGiven,
    /// The server refused to answer.
    Refused,
    /// The server answered something that is not a finite value.
    Unreadable,
    /// The server gives a figure that means nothing here.
    Meaningless,
    /// There were too few samples for it.
    TooFewSamples,
    /// The trial was cut off by the end of the time that there was.
    CutOff,
    /// An earlier phase measured it in another environment; the detail names what differs.
    NotComparable,
}

impl fmt::Display for MissingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotMeasured => "not measured",
            Self::NotGiven => "not given by the server",
            Self::Refused => "refused by the server",
            Self::Unreadable => "unreadable",
            Self::Meaningless => "meaningless",
            Self::TooFewSamples => "too few samples",
            Self::CutOff => "cut off",
            Self::NotComparable => "not comparable",
        })
    }
}

/// A reading that is not there, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// The kind of reason.
    #[serde(rename = "missing")]
    pub reason: MissingReason,
    /// Anything more that helps, such as the server's own words; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Missing {
    /// For a metric of which evidence has nothing at all.
    #[must_use]
    pub fn not_recorded(metric: Metric) -> Self {
        // Only the quantiles and CPU times that conditions named when it was measured are there, so a
        // matrix that names another one later asks for what could have been.
        let usual = match metric.statistic() {
            Some(statistic) => Statistic::USUAL.contains(&statistic),
            None => !matches!(metric, Metric::Cpu(_)),
        };
        let detail = if usual { "" } else { "not recorded in this evidence" };
        Self { reason: MissingReason::NotMeasured, detail: detail.to_owned() }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}
