//! What one trial says of one metric.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::metric::{Domain, Metric};
use crate::quantity::Quantity;
use crate::unit::Dimension;
use crate::version::Version;

/// A measured amount in base units, with the finest interval that is known to hold it. A quantile
/// that was read from a histogram is known only to its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    low: Decimal,
    value: Decimal,
    high: Decimal,
    /// Whether `low` and `high` are the same, so that nobody has to compare them.
    exact: bool,
}

impl Measured {
    /// An amount without any rounding.
    #[must_use]
    pub const fn exact(amount: Decimal) -> Self {
        Self { low: amount, value: amount, high: amount, exact: true }
    }

    /// An amount known to lie between `low` and `high`; nothing if `value` doesn't.
    #[must_use]
    pub fn within(low: Decimal, value: Decimal, high: Decimal) -> Option<Self> {
        (low <= value && value <= high).then(|| Self { low, value, high, exact: low == high })
    }

    /// The amount that is reported.
    #[must_use]
    #[inline]
    pub const fn value(&self) -> Decimal {
        self.value
    }

    /// Whether it is known without any rounding: then low, value and high are the same.
    #[must_use]
    #[inline]
    pub const fn is_exact(&self) -> bool {
        self.exact
    }

    /// The smallest that the amount can be.
    #[must_use]
    #[inline]
    pub const fn low(&self) -> Decimal {
        self.low
    }

    /// The largest that the amount can be.
    #[must_use]
    #[inline]
    pub const fn high(&self) -> Decimal {
        self.high
    }
}

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

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// What one trial says of one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A finite number in the base unit of the metric's dimension.
    Number(Measured),
    /// A text.
    Text(String),
    /// A version.
    Version(Version),
    /// Nothing, and why.
    Missing(Missing),
}

impl Reading {
    /// An exact number in base units.
    #[must_use]
    pub const fn exact(amount: Decimal) -> Self {
        Self::Number(Measured::exact(amount))
    }

    /// No reading, with the reason and anything more that helps.
    #[must_use]
    pub fn missing(reason: MissingReason, detail: impl Into<String>) -> Self {
        Self::Missing(Missing { reason, detail: detail.into() })
    }

    /// A computed figure (a mean, a ratio) as an exact number, rounded to `decimals` decimal
    /// places of the base unit. What is not finite is a missing reading.
    #[must_use]
    pub fn computed(figure: f64, decimals: u32) -> Self {
        match Decimal::from_f64_retain(figure) {
            Some(number) => Self::exact(number.round_dp(decimals).normalize()),
            None => Self::missing(MissingReason::Unreadable, format!("computed as {figure}")),
        }
    }

    /// The number, if there is one.
    #[must_use]
    pub const fn number(&self) -> Option<&Measured> {
        match self {
            Self::Number(measured) => Some(measured),
            _ => None,
        }
    }
}

/// A reading does not fit its metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reading `{text}` of {metric} is not {wanted}")]
pub struct ReadingError {
    pub(crate) metric: Metric,
    pub(crate) text: String,
    pub(crate) wanted: &'static str,
}

/// An amount in base units, if it is of the dimension.
pub(crate) fn amount_of(quantity: &Quantity, dimension: Dimension) -> Option<Decimal> {
    quantity.fits(dimension).then(|| quantity.amount())
}

impl Reading {
    /// Parses a reading as people and evidence files write it: `9.93us`, `1.22`, `jemalloc-5.3.0`.
    ///
    /// # Errors
    /// If the text is not of the metric's domain.
    pub fn parse(metric: Metric, text: &str) -> Result<Self, ReadingError> {
        let error =
            || ReadingError { metric, text: text.to_owned(), wanted: metric.domain().describe() };
        match metric.domain() {
            Domain::Text => Ok(Self::Text(text.to_owned())),
            Domain::Version => text.parse().map(Self::Version).map_err(|_| error()),
            Domain::Number(dimension) => text
                .parse::<Quantity>()
                .ok()
                .and_then(|quantity| amount_of(&quantity, dimension))
                .map(Self::exact)
                .ok_or_else(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_missing() {
        assert!(matches!(Reading::computed(f64::NAN, 3), Reading::Missing(_)));
        assert!(matches!(Reading::computed(f64::INFINITY, 3), Reading::Missing(_)));
        assert_eq!(Reading::computed(1.5, 3), Reading::exact(Decimal::new(15, 1)));
    }
}
