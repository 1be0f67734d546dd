//! What the catalogue says of a metric, column by column.

use rust_decimal::Decimal;

use crate::amount::{Dimension, Unit};

/// How a metric's readings come about, and so how a row over it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Measured anew in each trial and scattered by chance: decided by votes.
    Sampled,
    /// Told by the server or by an earlier phase: decided when all readings agree.
    Observed,
}

impl Kind {
    /// The word in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sampled => "sampled",
            Self::Observed => "observed",
        }
    }
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

    /// The word in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number(Dimension::Time) => "time",
            Self::Number(Dimension::Bytes) => "memory",
            Self::Number(Dimension::Ratio) => "ratio",
            Self::Number(Dimension::Count) => "count",
            Self::Number(Dimension::Rate) => "rate",
            Self::Text => "text",
            Self::Version => "version",
        }
    }
}

/// The least and the greatest reading that a metric's definition allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least, in base units.
    pub low: Option<Decimal>,
    /// The greatest, in base units.
    pub high: Option<Decimal>,
    /// Whether readings are whole numbers.
    pub whole: bool,
}

impl Bounds {
    /// Any number.
    pub const NONE: Self = Self { low: None, high: None, whole: false };

    /// What every amount of a domain is: nothing measured is less than nothing, and there are no
    /// parts of bytes. A metric that is a difference says otherwise in its row.
    pub(super) const fn of(domain: Domain) -> Self {
        let whole = matches!(domain, Domain::Number(Dimension::Bytes));
        match domain {
            Domain::Number(_) => Self { low: Some(Decimal::ZERO), high: None, whole },
            Domain::Text | Domain::Version => Self::NONE,
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

impl Better {
    /// The word in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
            Self::Neither => "neither",
        }
    }
}

/// Where a metric's readings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// They are measured or computed.
    Measured,
    /// A field of the server's reply to `INFO`, in the unit that the server has it in.
    Info(&'static str, Unit),
    /// A field of `INFO` that means something only where the allocator is jemalloc.
    InfoOfJemalloc(&'static str),
    /// The keys of all databases in `INFO keyspace`.
    Keyspace,
}

impl Source {
    /// The field of `INFO`, if it is read from one.
    #[must_use]
    pub const fn info_field(self) -> Option<&'static str> {
        match self {
            Self::Info(field, _) | Self::InfoOfJemalloc(field) => Some(field),
            Self::Measured | Self::Keyspace => None,
        }
    }
}
