//! What one trial says of each metric.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::metric::{Domain, Metric, MetricPlace};
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
    metric: Metric,
    text: String,
    wanted: &'static str,
}

/// One reading for each metric of a trial. Metrics without an entry were not measured.
///
/// Looking one up costs next to nothing, and what is held is little more than the readings that
/// there are: very many trials may have to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readings {
    /// The readings, in the catalogue's order.
    held: Vec<Reading>,
    /// Of each metric, by its place in the catalogue, the place in `held` counted from one; zero
    /// if it has no reading.
    places: [u8; Metric::COUNT],
}

impl Default for Readings {
    fn default() -> Self {
        Self { held: Vec::new(), places: [0; Metric::COUNT] }
    }
}

impl Readings {
    /// Adds or replaces a reading.
    ///
    /// # Errors
    /// If the reading is not of the metric's domain, say a text for a time.
    pub fn insert(&mut self, metric: Metric, reading: Reading) -> Result<(), ReadingError> {
        let fits = matches!(
            (&reading, metric.domain()),
            (Reading::Missing(_), _)
                | (Reading::Number(_), Domain::Number(_))
                | (Reading::Text(_), Domain::Text)
                | (Reading::Version(_), Domain::Version)
        );
        if !fits {
            let text = match &reading {
                Reading::Number(measured) => measured.value().to_string(),
                Reading::Text(text) => text.clone(),
                Reading::Version(version) => version.to_string(),
                Reading::Missing(missing) => missing.to_string(),
            };
            return Err(ReadingError { metric, text, wanted: metric.domain().describe() });
        }
        self.put(metric, reading);
        Ok(())
    }

    /// The reading of a metric, or nothing if it was not measured.
    #[must_use]
    #[inline]
    pub fn get(&self, metric: Metric) -> Option<&Reading> {
        self.at(metric.place())
    }

    /// The same for a metric whose place is already known.
    #[must_use]
    #[inline]
    pub fn at(&self, place: MetricPlace) -> Option<&Reading> {
        let place = self.places.get(place.0)?;
        self.held.get(usize::from(*place).checked_sub(1)?)
    }

    fn put(&mut self, metric: Metric, reading: Reading) {
        let index = metric.index();
        let before = self.places.get(..index).unwrap_or_default();
        let at = usize::from(before.iter().copied().max().unwrap_or(0));
        match self.places.get_mut(index) {
            None => (),
            Some(0) => {
                self.held.insert(at, reading);
                let behind = self.places.get_mut(index + 1..).unwrap_or_default();
                behind.iter_mut().filter(|place| **place > 0).for_each(|place| *place += 1);
                if let (Some(place), Ok(at)) = (self.places.get_mut(index), u8::try_from(at + 1)) {
                    *place = at;
                }
            }
            Some(_) => {
                if let Some(there) = self.held.get_mut(at) {
                    *there = reading;
                }
            }
        }
    }

    /// All readings, in the catalogue's order.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, &Reading)> {
        let there = Metric::all().zip(&self.places).filter(|(_, place)| **place > 0);
        there.map(|(metric, _)| metric).zip(&self.held)
    }

    /// Takes over all readings of `other`; its readings win.
    pub fn extend(&mut self, other: Self) {
        let there = Metric::all().zip(other.places).filter(|(_, place)| *place > 0);
        for ((metric, _), reading) in there.zip(other.held) {
            self.put(metric, reading);
        }
    }
}

/// A reading as evidence files hold it.
#[derive(Serialize)]
#[serde(untagged)]
enum Stored {
    Text(String),
    Bucket { value: Quantity, low: Quantity, high: Quantity },
    Missing(Missing),
}

/// The keys of a stored reading that is no text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    value: Option<Quantity>,
    low: Option<Quantity>,
    high: Option<Quantity>,
    missing: Option<MissingReason>,
    #[serde(default)]
    detail: String,
}

/// Evidence has thousands of readings, so they are read without being kept in another form first.
impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Stored;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reading, its bucket, or why it is missing")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Stored, E> {
                Ok(Stored::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Stored, A::Error> {
                let keys = Keys::deserialize(MapAccessDeserializer::new(map))?;
                match keys {
                    Keys {
                        value: Some(value),
                        low: Some(low),
                        high: Some(high),
                        missing: None,
                        ..
                    } => Ok(Stored::Bucket { value, low, high }),
                    Keys { value: None, low: None, high: None, missing: Some(reason), detail } => {
                        Ok(Stored::Missing(Missing { reason, detail }))
                    }
                    _ => Err(A::Error::invalid_type(Unexpected::Map, &self)),
                }
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl Stored {
    fn of(reading: &Reading, metric: Metric) -> Self {
        match reading {
            Reading::Number(measured) => {
                let Domain::Number(dimension) = metric.domain() else {
                    return Self::Text(measured.value().to_string());
                };
                let exact = |amount| Quantity::from_amount(dimension, amount);
                if measured.low() == measured.high() {
                    Self::Text(exact(measured.value()).to_string())
                } else {
                    Self::Bucket {
                        value: exact(measured.value()),
                        low: exact(measured.low()),
                        high: exact(measured.high()),
                    }
                }
            }
            Reading::Text(text) => Self::Text(text.clone()),
            Reading::Version(version) => Self::Text(version.to_string()),
            Reading::Missing(missing) => Self::Missing(missing.clone()),
        }
    }

    fn into_reading(self, metric: Metric) -> Result<Reading, String> {
        match (self, metric.domain()) {
            (Self::Missing(missing), _) => Ok(Reading::Missing(missing)),
            (Self::Text(text), domain) => Reading::parse(metric, &text)
                .map_err(|_| format!("`{text}` is not {} ({metric})", domain.describe())),
            (Self::Bucket { value, low, high }, Domain::Number(dimension)) => {
                let amount = |quantity: Quantity| amount_of(&quantity, dimension);
                amount(low)
                    .zip(amount(value))
                    .zip(amount(high))
                    .and_then(|((low, value), high)| Measured::within(low, value, high))
                    .map(Reading::Number)
                    .ok_or_else(|| format!("the bucket of {metric} does not hold its value"))
            }
            (Self::Bucket { .. }, domain) => {
                Err(format!("{metric} has a bucket, but is {}", domain.describe()))
            }
        }
    }
}

fn amount_of(quantity: &Quantity, dimension: Dimension) -> Option<Decimal> {
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

impl Serialize for Readings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(metric, r)| (metric, Stored::of(r, metric))))
    }
}

impl<'de> Deserialize<'de> for Readings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Readings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reading for each metric")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Readings, A::Error> {
                let mut readings = Readings::default();
                while let Some((metric, stored)) = map.next_entry::<Metric, Stored>()? {
                    let reading = stored.into_reading(metric).map_err(A::Error::custom)?;
                    readings.put(metric, reading);
                }
                Ok(readings)
            }
        }

        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Memory, Server, Statistic};

    fn sample() -> Readings {
        let mut readings = Readings::default();
        let bucket = Measured::within(9928.into(), 9935.into(), 9935.into()).unwrap();
        readings.insert(Metric::Rtt(Statistic::P99), Reading::Number(bucket)).unwrap();
        let missing = Reading::missing(MissingReason::Meaningless, "the allocator is libc");
        readings.insert(Metric::Memory(Memory::AllocatorFragRatio), missing).unwrap();
        let allocator = Reading::Text("jemalloc-5.3.0".to_owned());
        readings.insert(Metric::Memory(Memory::Allocator), allocator).unwrap();
        let version = Reading::Version("7.0.15".parse().unwrap());
        readings.insert(Metric::Server(Server::Version), version).unwrap();
        readings
    }

    #[test]
    fn readings_are_stored_as_people_write_them() {
        let json = serde_json::to_string(&sample()).unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"rtt.p99":{"value":"9.935us","low":"9.928us","high":"9.935us"},"#,
                r#""server.version":"7.0.15","#,
                r#""memory.allocator_frag_ratio":{"missing":"meaningless","detail":"the allocator is libc"},"#,
                r#""memory.allocator":"jemalloc-5.3.0"}"#
            )
        );
        assert_eq!(serde_json::from_str::<Readings>(&json).unwrap(), sample());
    }

    #[test]
    fn readings_are_found_replaced_and_told_in_the_catalogues_order_whatever_comes_first() {
        let number = |at: usize| Reading::exact(u64::try_from(at).unwrap().into());
        let numbers: Vec<Metric> =
            Metric::all().filter(|metric| matches!(metric.domain(), Domain::Number(_))).collect();
        let fill = |order: &mut dyn Iterator<Item = (usize, &Metric)>| {
            let mut readings = Readings::default();
            order.for_each(|(at, metric)| readings.insert(*metric, number(at)).unwrap());
            readings
        };
        let forward = fill(&mut numbers.iter().enumerate());
        assert_eq!(fill(&mut numbers.iter().enumerate().rev()), forward);
        let told: Vec<(Metric, Reading)> =
            forward.iter().map(|(metric, reading)| (metric, reading.clone())).collect();
        let expected: Vec<(Metric, Reading)> =
            numbers.iter().enumerate().map(|(at, metric)| (*metric, number(at))).collect();
        assert_eq!(told, expected);
        let mut every_second = fill(&mut numbers.iter().enumerate().step_by(2));
        assert_eq!(every_second.get(numbers[1]), None);
        assert_eq!(every_second.get(numbers[4]), Some(&number(4)));
        every_second.insert(numbers[4], number(1000)).unwrap();
        assert_eq!(every_second.get(numbers[4]), Some(&number(1000)));
        assert_eq!(every_second.get(numbers[2]), Some(&number(2)));
        every_second.extend(forward.clone());
        assert_eq!(every_second, forward);
    }

    #[test]
    fn a_reading_of_the_wrong_dimension_is_refused() {
        let load = |json: &str| serde_json::from_str::<Readings>(json).unwrap_err().to_string();
        assert!(load(r#"{"rtt.p99":"50MB"}"#).contains("is not a time"));
        assert!(load(r#"{"rtt.p9":"12us"}"#).contains("did you mean"));
        let mut readings = Readings::default();
        let text = Reading::Text("fast".to_owned());
        assert!(readings.insert(Metric::Rtt(Statistic::P99), text).is_err());
    }

    #[test]
    fn a_stored_reading_is_a_text_a_whole_bucket_or_a_reason() {
        let load = |stored: &str| {
            serde_json::from_str::<Readings>(&format!("{{\"rtt.p99\":{stored}}}")).is_ok()
        };
        for good in [
            r#""1us""#,
            r#"{"value":"2us","low":"1us","high":"3us"}"#,
            r#"{"missing":"refused"}"#,
            r#"{"missing":"refused","detail":"by \"it\""}"#,
        ] {
            assert!(load(good), "{good}");
        }
        for bad in [
            "1",
            "null",
            "{}",
            r#"{"value":"2us","low":"1us"}"#,
            r#"{"value":"1us","low":"2us","high":"3us"}"#,
            r#"{"detail":"refused"}"#,
            r#"{"missing":"refused","value":"2us"}"#,
            r#"{"missing":"refused","value":"2us","low":"1us","high":"3us"}"#,
            r#"{"missing":"refused","more":"words"}"#,
            r#"{"missing":"of no kind"}"#,
        ] {
            assert!(!load(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_not_finite_is_missing() {
        assert!(matches!(Reading::computed(f64::NAN, 3), Reading::Missing(_)));
        assert!(matches!(Reading::computed(f64::INFINITY, 3), Reading::Missing(_)));
        assert_eq!(Reading::computed(1.5, 3), Reading::exact(Decimal::new(15, 1)));
    }
}
