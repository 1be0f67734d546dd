//! Facts: what a team asserts in its plan, with a name under it and a date.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::amount::Timespan;
use crate::amount::Version;
use crate::amount::{Quantity, QuantityError};

/// The longest name that is accepted.
const LONGEST: usize = 64;

/// The name of a fact, such as `order_budget`; conditions call it `fact.order_budget`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactName(String);

/// A text is not a fact's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` can't be a fact's name; use 1 to {LONGEST} letters, digits and `_`, beginning with a letter"
)]
pub struct FactNameError {
    text: String,
}

impl FactName {
    /// The name as written, without `fact.`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FactName {
    type Err = FactNameError;

    fn from_str(text: &str) -> Result<Self, FactNameError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let good = text.len() <= LONGEST
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(allowed);
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(FactNameError { text: text.chars().take(LONGEST).collect() })
        }
    }
}

impl fmt::Display for FactName {
    /// As conditions call it: `fact.order_budget`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fact.{}", self.0)
    }
}

impl Serialize for FactName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FactName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a fact says: a quantity, a version or a text, in the order in which it is tried.
///
/// ```
/// use phasegate_model::FactValue;
/// assert!(matches!(FactValue::from("12us"), FactValue::Quantity(_)));
/// assert!(matches!(FactValue::from("7.0.15"), FactValue::Version(_)));
/// assert!(matches!(FactValue::from("jemalloc-5.3.0"), FactValue::Text(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactValue {
    /// A quantity. One without a unit may stand for a version, `7.2`.
    Quantity(Quantity),
    /// A version.
    Version(Version),
    /// A text.
    Text(String),
}

impl FactValue {
    /// The version that it may stand for.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Quantity(quantity) => quantity.to_string().parse().ok(),
            Self::Version(version) => Some(version.clone()),
            Self::Text(_) => None,
        }
    }
}

impl FactValue {
    /// Why a value that looks like a quantity isn't one; nothing if it doesn't look so.
    #[must_use]
    pub fn mistaken(&self) -> Option<QuantityError> {
        let Self::Text(text) = self else { return None };
        let text = text.trim();
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let begins_with_digit = unsigned.starts_with(|c: char| c.is_ascii_digit());
        // Such a text was meant as an amount; taken as a text it would equal nothing, silently.
        if begins_with_digit || text.is_empty() { text.parse::<Quantity>().err() } else { None }
    }
}

impl From<&str> for FactValue {
    fn from(text: &str) -> Self {
        match (text.parse(), text.parse()) {
            (Ok(quantity), _) => Self::Quantity(quantity),
            (_, Ok(version)) => Self::Version(version),
            _ => Self::Text(text.to_owned()),
        }
    }
}

impl fmt::Display for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity(quantity) => quantity.fmt(f),
            Self::Version(version) => version.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Serialize for FactValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FactValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// A fact of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it says.
    pub value: FactValue,
    /// Who says so.
    pub author: String,
    /// The day on which it was true.
    pub date: NaiveDate,
    /// How long it may be relied on; nothing for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Timespan>,
}

impl Fact {
    /// How old it is on a day; nothing if it is of that day or a later one.
    #[must_use]
    pub fn age_on(&self, day: NaiveDate) -> Option<Timespan> {
        let days = day.signed_duration_since(self.date).num_days();
        if days > 0 { format!("{days}d").parse().ok() } else { None }
    }

    /// Its age and the age that it may have, if it is too old on a day.
    #[must_use]
    pub fn too_old_on(&self, day: NaiveDate) -> Option<(Timespan, Timespan)> {
        let (age, limit) = (self.age_on(day)?, self.max_age?);
        (age.duration() > limit.duration()).then_some((age, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(max_age: Option<&str>) -> Fact {
        Fact {
            value: "12us".into(),
            author: "A. Lovelace".to_owned(),
            date: "2026-11-01".parse().unwrap(),
            max_age: max_age.map(|text| text.parse().unwrap()),
        }
    }

    #[test]
    fn a_fact_is_too_old_once_its_age_exceeds_the_limit() {
        let too_old = |limit, day: &str| {
            let (age, limit) = fact(limit).too_old_on(day.parse().unwrap())?;
            Some(format!("{age} of {limit}"))
        };
        assert_eq!(too_old(Some("30d"), "2026-12-01"), None);
        assert_eq!(too_old(Some("30d"), "2026-12-02").as_deref(), Some("31d of 30d"));
        assert_eq!(too_old(Some("12h"), "2026-11-02").as_deref(), Some("1d of 12h"));
        assert_eq!(too_old(None, "2099-01-01"), None);
        assert_eq!(too_old(Some("0s"), "2026-10-01"), None, "of a later day");
    }

    #[test]
    fn a_fact_reads_back_as_it_was_written() {
        for fact in [fact(None), fact(Some("30d"))] {
            let text = serde_json::to_string(&fact).unwrap();
            assert_eq!(serde_json::from_str::<Fact>(&text).unwrap(), fact);
        }
        let text = serde_json::to_string(&fact(None)).unwrap();
        assert_eq!(text, r#"{"value":"12us","author":"A. Lovelace","date":"2026-11-01"}"#);
    }

    #[test]
    fn names_are_words_that_conditions_can_hold() {
        assert_eq!("order_budget".parse::<FactName>().unwrap().to_string(), "fact.order_budget");
        for bad in ["", "a-b", "a.b", "1a", "_a", "µs", &"x".repeat(65)] {
            assert!(bad.parse::<FactName>().is_err(), "{bad}");
        }
    }
}
