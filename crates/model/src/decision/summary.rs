//! What the trials said of a metric, summed up.

use serde::{Deserialize, Serialize};

use crate::amount::Quantity;
use crate::metric::Metric;
use crate::reading::Missing;

/// What the trials said of one metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricSummary {
    /// The metric.
    pub metric: Metric,
    /// Its readings.
    #[serde(flatten)]
    pub summary: Summary,
}

/// A summary of readings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Summary {
    /// Numbers.
    Number {
        /// The median of the trials' readings (of an even number, the smaller middle one).
        median: Quantity,
        /// The interval for the median trial, by the rule that decides rows; nothing while there
        /// are too few trials for one. While readings drift the row is undecided wherever it lies.
        interval: Option<(Quantity, Quantity)>,
        /// The smallest reading.
        min: Quantity,
        /// The largest reading.
        max: Quantity,
        /// How many trials have a reading.
        n: u32,
    },
    /// Texts or versions: the different ones, in the order in which they came.
    Text {
        /// The texts.
        values: Vec<String>,
        /// How many trials have a reading.
        n: u32,
    },
    /// No trial has a reading.
    Missing {
        /// Why, from the first trial.
        why: Missing,
    },
}
