//! The figures of a transcription, as texts and as readings that compare like measured ones.

use serde::{Deserialize, Serialize};

use crate::amount::Quantity;
use crate::metric::{Domain, Metric};
use crate::reading::{Measured, Reading};

/// A figure of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AssertedReading {
    /// One amount.
    Number(Quantity),
    /// An amount with the range that the document gives.
    Range {
        /// The amount.
        value: Quantity,
        /// The smallest.
        min: Quantity,
        /// The largest.
        max: Quantity,
    },
    /// A text, such as an allocator's name.
    Text(String),
}

impl AssertedReading {
    /// The amount; nothing for a text.
    #[must_use]
    pub const fn value(&self) -> Option<Quantity> {
        match self {
            Self::Number(value) | Self::Range { value, .. } => Some(*value),
            Self::Text(_) => None,
        }
    }

    /// What the figure says of a metric; nothing if it isn't of the metric's domain. A range is
    /// the document's, not the interval to which the amount is known, so it plays no part.
    #[must_use]
    pub fn reading(&self, metric: Metric) -> Option<Reading> {
        match (self, metric.domain()) {
            (Self::Number(value) | Self::Range { value, .. }, Domain::Number(dimension)) => {
                value.fits(dimension).then(|| Reading::Number(Measured::exact(value.amount())))
            }
            // A version such as 7.0 reads like a number, and prints as it was written.
            (Self::Number(value), Domain::Text | Domain::Version) => {
                Reading::parse(metric, &value.to_string()).ok()
            }
            (Self::Text(text), Domain::Text | Domain::Version) => Reading::parse(metric, text).ok(),
            (Self::Range { .. }, Domain::Text | Domain::Version)
            | (Self::Text(_), Domain::Number(_)) => None,
        }
    }
}

impl From<&str> for AssertedReading {
    /// An amount if the text is one, so that writing and reading it again gives the same.
    fn from(text: &str) -> Self {
        text.parse::<Quantity>().map_or_else(|_| Self::Text(text.to_owned()), Self::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_reading_of_metrics_of_its_domain_only() {
        let reading = |metric: &str, text: &str| {
            let metric: Metric = metric.parse().unwrap();
            AssertedReading::from(text).reading(metric)
        };
        assert_eq!(reading("P99", "9.93us"), Some(Reading::exact(9930.into())));
        assert_eq!(reading("P99", "50MB"), None);
        assert_eq!(reading("P99", "fast"), None);
        assert_eq!(reading("allocator", "5"), Some(Reading::Text("5".to_owned())));
        let version = Reading::Version("7.0".parse().unwrap());
        assert_eq!(reading("server.version", "7.0"), Some(version));
    }

    #[test]
    fn a_range_counts_with_its_value() {
        let quantity = |text: &str| text.parse::<Quantity>().unwrap();
        let range = AssertedReading::Range {
            value: quantity("9.93us"),
            min: quantity("9.67us"),
            max: quantity("10.09us"),
        };
        let p99: Metric = "P99".parse().unwrap();
        assert_eq!(range.reading(p99), Some(Reading::exact(9930.into())));
        assert_eq!(range.reading("allocator".parse().unwrap()), None);
    }

    #[test]
    fn asserted_readings_are_amounts_ranges_or_texts() {
        let read = |json: &str| serde_json::from_str::<AssertedReading>(json).unwrap();
        let microseconds = "9.93us".parse().unwrap();
        assert_eq!(read(r#""9.93us""#), AssertedReading::Number(microseconds));
        assert_eq!(read(r#""jemalloc-5.3.0""#).value(), None);
        let range = r#"{"value":"9.93us","min":"9.67us","max":"10.09us"}"#;
        assert_eq!(read(range).value(), Some(microseconds));
        assert_eq!(serde_json::to_string(&read(range)).unwrap(), range);
    }
}
