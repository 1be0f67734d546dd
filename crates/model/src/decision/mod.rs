//! The decision that a matrix makes of evidence: findings, votes, margins, and what is left open.
//! Records use it; it knows plans and readings, but no evidence as a whole.

mod expected;
mod finding;
mod margin;
mod row;
mod rule;
mod runs;
mod summary;
mod verdict;
mod whole;

pub use self::expected::{OptionResult, PredictionResult};
pub use self::finding::{Finding, Reason};
pub use self::margin::{Change, Flip, Margin};
pub use self::row::{Obligation, RowDecision};
pub use self::rule::Rule;
pub use self::runs::{RowRuns, RowStanding, Scope, TrialUnit};
pub use self::summary::{MetricSummary, Summary};
pub use self::verdict::{FactUsed, GivenVerdict, Verdict, Votes};
pub use self::whole::Decision;
