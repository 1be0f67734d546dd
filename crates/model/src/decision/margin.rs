//! How far readings would have to move until a finding, or the outcome, is another.

use serde::{Deserialize, Serialize};

use crate::action::Outcome;
use crate::amount::Quantity;
use crate::metric::Metric;

/// How far readings would have to move until a finding flips. One change is enough unless a
/// condition joins several that all would have to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margin {
    /// The changes that together flip the finding; the largest (in relative terms) first.
    pub changes: Vec<Change>,
}

/// A metric moved from its median to a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The metric.
    pub metric: Metric,
    /// The median now.
    pub from: Quantity,
    /// The limit where it flips (or just beyond it).
    pub to: Quantity,
    /// The distance, never negative.
    pub absolute: Quantity,
    /// The distance in percent of the limit; nothing if the limit is zero.
    pub relative: Option<Quantity>,
}

/// The smallest change that gives another outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flip {
    /// The change.
    pub change: Change,
    /// What the outcome would be.
    pub outcome: Outcome,
}
