//! `NAME=VALUE`: a fact as somebody asserts it today.

use std::str::FromStr;

use phasegate_model::{FactName, FactNameError, FactValue, QuantityError};

/// A fact, and what it says from today on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AssertedFact {
    pub(crate) name: FactName,
    pub(crate) value: FactValue,
}

/// Why a text asserts nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssertedFactError {
    #[error("`{0}` asserts nothing; write NAME=VALUE, such as `order_budget=12us`")]
    NoValue(String),
    #[error(transparent)]
    Name(#[from] FactNameError),
    #[error(transparent)]
    Quantity(#[from] QuantityError),
}

impl FromStr for AssertedFact {
    type Err = AssertedFactError;

    fn from_str(text: &str) -> Result<Self, AssertedFactError> {
        let no_value = || AssertedFactError::NoValue(text.to_owned());
        let (name, value) = text.split_once('=').ok_or_else(no_value)?;
        // As conditions call it, or as the plan does.
        let name = name.trim();
        let name = name.strip_prefix("fact.").unwrap_or(name).parse()?;
        let value = value.trim();
        if value.is_empty() {
            return Err(no_value());
        }
        let value = FactValue::from(value);
        value.mistaken().map_or(Ok(Self { name, value }), |error| Err(error.into()))
    }
}

/// Facts that go before those of the plan.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct FactOptions {
    /// A fact as you assert it today, such as `order_budget=12us`, instead of the plan's; may be given
    /// for several facts
    #[arg(long = "fact", value_name = "NAME=VALUE")]
    pub(crate) facts: Vec<AssertedFact>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_has_a_name_and_a_value() {
        let parsed = |text: &str| text.parse::<AssertedFact>().map(|it| it.value.to_string());
        assert_eq!(parsed("order_budget=12us").unwrap(), "12us");
        assert_eq!(parsed("fact.allocator = jemalloc").unwrap(), "jemalloc");
        for wrong in ["order_budget", "order_budget=", "order-budget=12us", "order_budget=12 usec"]
        {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
