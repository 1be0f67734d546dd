//! What one trial says of one metric.

use rust_decimal::Decimal;

use crate::amount::{Dimension, Quantity, Version};
use crate::metric::{Domain, Metric};
use crate::reading::measured::Measured;
use crate::reading::missing::{Missing, MissingReason};

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
