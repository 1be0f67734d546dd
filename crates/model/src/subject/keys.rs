//! The keys that commands name.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The keys that commands name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// How many there are, where no dataset says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<NonZeroU32>,
    /// The exponent of a Zipf distribution: the key of rank k is named in proportion to 1 / kˢ.
    /// Without it, all are named alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zipf: Option<Exponent>,
}

/// The exponent of a Zipf distribution: above 0 and at most 10, beyond which there would be one key
/// only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exponent(Decimal);

/// A text is not an exponent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` can't be the exponent of a Zipf distribution, which is above 0 and at most 10, such as 0.99"
)]
pub struct ExponentError(String);

impl Exponent {
    /// The number.
    #[must_use]
    pub const fn value(self) -> Decimal {
        self.0
    }
}

impl FromStr for Exponent {
    type Err = ExponentError;

    fn from_str(text: &str) -> Result<Self, ExponentError> {
        let number = text.replace('_', "").parse().ok();
        number
            .filter(|number| *number > Decimal::ZERO && *number <= Decimal::TEN)
            .map(Self)
            .ok_or_else(|| ExponentError(text.to_owned()))
    }
}

impl fmt::Display for Exponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

crate::amount::serde_as_text!(Exponent);

impl Keys {
    /// As many as there are if nothing says so.
    pub const DEFAULT_COUNT: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

    /// For a field of a file that isn't written if it says nothing.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
