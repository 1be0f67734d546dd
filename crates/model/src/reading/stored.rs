//! Readings as evidence files hold them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::amount::Quantity;
use crate::metric::{Domain, Metric};
use crate::reading::measured::Measured;
use crate::reading::metric_reading::{Reading, amount_of};
use crate::reading::missing::Missing;
use crate::reading::trial_readings::Readings;

/// A reading as evidence files hold it.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Stored {
    Text(String),
    Bucket { value: Quantity, low: Quantity, high: Quantity },
    Missing(Missing),
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

impl Serialize for Readings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(metric, r)| (metric, Stored::of(r, metric))))
    }
}

impl<'de> Deserialize<'de> for Readings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = BTreeMap::<Metric, Stored>::deserialize(deserializer)?;
        let readings = stored.into_iter().map(|(metric, stored)| {
            let reading = stored.into_reading(metric).map_err(serde::de::Error::custom)?;
            Ok((metric, reading))
        });
        readings.collect::<Result<_, _>>().map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Memory, Server, Statistic};
    use crate::reading::MissingReason;

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
    fn a_reading_of_the_wrong_dimension_is_refused() {
        let load = |json: &str| serde_json::from_str::<Readings>(json).unwrap_err().to_string();
        assert!(load(r#"{"rtt.p99":"50MB"}"#).contains("is not a time"));
        assert!(load(r#"{"rtt.p9o":"12us"}"#).contains("did you mean"));
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
}
