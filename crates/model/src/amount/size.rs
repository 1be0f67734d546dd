//! Lengths of time and amounts of memory that are whole, and print as they were written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rust_decimal::Decimal;

use crate::amount::quantity::{Quantity, QuantityError};
use crate::amount::unit::Dimension;

/// Why a text is not a time span or a size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// It isn't a quantity at all.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// It measures something else.
    #[error("`{text}` is not {wanted}")]
    Dimension {
        /// The text as given.
        text: String,
        /// What should be there.
        wanted: &'static str,
    },
    /// It is negative, fractional or too large.
    #[error("`{text}` is out of range")]
    OutOfRange {
        /// The text as given.
        text: String,
    },
}

pub(crate) fn whole(text: &str, dimension: Dimension) -> Result<(Quantity, u64), SizeError> {
    let quantity: Quantity = text.parse()?;
    if quantity.dimension() != dimension {
        let wanted = dimension.describe();
        return Err(SizeError::Dimension { text: text.to_owned(), wanted });
    }
    let amount = quantity.amount();
    let out_of_range = || SizeError::OutOfRange { text: text.to_owned() };
    if amount.is_sign_negative() || amount.fract() != Decimal::ZERO {
        return Err(out_of_range());
    }
    u64::try_from(amount).map(|whole| (quantity, whole)).map_err(|_| out_of_range())
}

macro_rules! size {
    ($(#[$doc:meta])* $name:ident, $dimension:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name { written: Quantity, whole: u64 }

        impl $name {
            /// The quantity as written.
            #[must_use]
            pub const fn quantity(&self) -> Quantity {
                self.written
            }
        }

        impl FromStr for $name {
            type Err = SizeError;

            fn from_str(text: &str) -> Result<Self, SizeError> {
                whole(text, $dimension).map(|(written, whole)| Self { written, whole })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.written.fmt(f)
            }
        }

        crate::amount::serde_as_text!($name);
    };
}

size! {
    /// A length of time in whole nanoseconds, never negative, that prints as it was written.
    Timespan, Dimension::Time
}
size! {
    /// An amount of memory in whole bytes, never negative, that prints as it was written.
    ByteSize, Dimension::Bytes
}

impl Timespan {
    /// So many seconds.
    #[must_use]
    pub fn from_secs(seconds: u32) -> Self {
        let whole = u64::from(seconds) * 1_000_000_000;
        Self { whole, written: Quantity::from_amount(Dimension::Time, whole.into()) }
    }

    /// As the standard library has it.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        Duration::from_nanos(self.whole)
    }
}

impl ByteSize {
    /// The number of bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_and_of_their_dimension() {
        assert_eq!("1.8MB".parse::<ByteSize>().unwrap().bytes(), 1_800_000);
        assert_eq!("60s".parse::<Timespan>().unwrap().duration(), Duration::from_mins(1));
        assert_eq!("60s".parse(), Ok(Timespan::from_secs(60)));
        let message = |text: &str| text.parse::<ByteSize>().unwrap_err().to_string();
        assert_eq!(message("12us"), "`12us` is not an amount of memory, such as `50MB`");
        assert_eq!(message("0.5B"), "`0.5B` is out of range");
        assert_eq!(message("-1MB"), "`-1MB` is out of range");
    }
}
