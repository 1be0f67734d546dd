//! What a metric is: what its readings are, how they come about, and which direction is wanted.

use crate::amount::Dimension;

/// How a metric's readings come about, and so how a row over it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Measured anew in each trial and scattered by chance: decided by votes.
    Sampled,
    /// Told by the server or by an earlier phase: decided when all readings agree.
    Observed,
}

/// What a metric's readings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Numbers of this dimension.
    Number(Dimension),
    /// Texts, which can be equal or not.
    Text,
    /// Versions, which have an order.
    Version,
}

impl Domain {
    /// The name in messages, with an example of how to write one.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Number(dimension) => dimension.describe(),
            Self::Text => "a text in quotes",
            Self::Version => "a version, such as `7.0.15`",
        }
    }
}

/// Which direction of a metric users want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
    /// Neither.
    Neither,
}
