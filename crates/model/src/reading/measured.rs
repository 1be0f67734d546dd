//! A measured amount, and how well it is known.

use rust_decimal::Decimal;

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
