//! What the evidence says of a row.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount::Timespan;
use crate::metric::Metric;
use crate::plan::FactName;
use crate::reading::Missing;

/// What the evidence says of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The condition holds in a typical trial.
    Met,
    /// It doesn't.
    NotMet,
    /// The row's `given` isn't met, so the row has no say.
    NotApplicable,
    /// The evidence doesn't tell, and why.
    Undecided(Reason),
}

impl Finding {
    /// The word for tables: `met`, `not met`, `not applicable`, `undecided`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::NotApplicable => "not applicable",
            Self::Undecided(_) => "undecided",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecided(reason) => write!(f, "undecided: {reason}"),
            decided => f.write_str(decided.word()),
        }
    }
}

/// Why a row is undecided. The list is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The votes agree so far, but there are too few of them for the stated error rate.
    TooFewTrials,
    /// The trials disagree: the limit lies inside the noise.
    InsideNoise,
    /// The outcome was settled without it, so that measuring ended before it was.
    NotNeeded,
    /// The readings depend on those before them, so they don't count as independent.
    Drifting,
    /// A metric that the condition needs has no reading.
    ReadingMissing {
        /// The metric.
        metric: Metric,
        /// Why it isn't there.
        why: Missing,
    },
    /// The row is decided by runs, and so far too few agree.
    TooFewRuns {
        /// How many runs voted.
        runs: u32,
        /// How many it takes at least.
        least: u32,
    },
    /// The server told different trials different things.
    ReadingsDisagree,
    /// The limit lies within the interval to which a reading is known.
    LimitFinerThanResolution,
    /// The condition divides by a reading that is zero, or known so coarsely that it may be.
    DivisionByZero,
    /// The condition computes an amount that is too large to be held.
    TooLarge,
    /// The earlier phase that the condition compares with was measured in another environment.
    NotComparable {
        /// The metric of the earlier phase.
        metric: Metric,
        /// The properties that differ.
        differing: String,
    },
    /// The plan's own condition can't be read. (Plans are checked before they are measured: this
    /// one was altered, or is of a newer phasegate.)
    ConditionUnreadable {
        /// What is wrong with it.
        problem: String,
    },
    /// The plan doesn't have a fact that the condition needs.
    FactMissing {
        /// The fact.
        fact: FactName,
    },
    /// The plan's fact is not what the condition compares, say a text where a time is needed.
    FactUnfit {
        /// The fact.
        fact: FactName,
    },
    /// The plan's fact was too old when the measurement began.
    StaleFact {
        /// The fact.
        fact: FactName,
        /// How old it was.
        age: Timespan,
        /// How old it may be.
        max_age: Timespan,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewTrials => f.write_str("too few trials"),
            Self::InsideNoise => f.write_str("inside the noise"),
            Self::NotNeeded => f.write_str("not needed: the outcome was settled without it"),
            Self::Drifting => f.write_str("the readings drift"),
            Self::ReadingMissing { metric, why } => write!(f, "no reading of {metric} ({why})"),
            Self::TooFewRuns { runs, least } => write!(f, "{runs} of at least {least} runs"),
            Self::ReadingsDisagree => f.write_str("the readings disagree"),
            Self::LimitFinerThanResolution => f.write_str("the limit is finer than the resolution"),
            Self::DivisionByZero => f.write_str("the condition divides by zero"),
            Self::NotComparable { metric, differing } => {
                write!(f, "{metric} is not comparable: {differing} differ")
            }
            Self::ConditionUnreadable { problem } => {
                write!(f, "the condition can't be read: {problem}")
            }
            Self::FactMissing { fact } => write!(f, "the plan has no {fact}"),
            Self::FactUnfit { fact } => {
                write!(f, "{fact} is not what the condition compares")
            }
            Self::StaleFact { fact, age, max_age } => {
                write!(f, "{fact} is stale: {age} old, and {max_age} at most")
            }
            Self::TooLarge => f.write_str("the condition computes an amount that is too large"),
        }
    }
}
