//! `METRIC=VALUE`: a reading that somebody imagines.

use std::str::FromStr;

use phasegate_model::{Dimension, Domain, Metric, Quantity, Reading, Unit, UnknownMetric};

/// A metric and what it should read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) metric: Metric,
    pub(crate) reading: Reading,
    /// The value as it was given.
    pub(crate) written: String,
}

/// Why a text is not a setting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingError {
    #[error("`{0}` sets nothing; write METRIC=VALUE, such as `dataset=60MB`")]
    NoValue(String),
    #[error(transparent)]
    Metric(#[from] UnknownMetric),
    #[error(transparent)]
    Quantity(#[from] phasegate_model::QuantityError),
    #[error("`{value}` has no unit; write a unit, such as `{metric}={value}{unit}`")]
    NoUnit { metric: Metric, value: String, unit: &'static str },
    #[error("{metric} is {wanted}; it can't be `{value}`")]
    Domain { metric: Metric, value: String, wanted: &'static str },
}

impl FromStr for Setting {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let (metric, value) =
            text.split_once('=').ok_or_else(|| SettingError::NoValue(text.to_owned()))?;
        let metric: Metric = metric.trim().parse()?;
        let value = value.trim();
        if value.is_empty() {
            return Err(SettingError::NoValue(text.to_owned()));
        }
        // Before the reading is parsed, whose error couldn't say which unit is missing.
        if let Domain::Number(dimension) = metric.domain() {
            check_unit(metric, dimension, value)?;
        }
        let reading = Reading::parse(metric, value).map_err(|_| wrong_domain(metric, value))?;
        Ok(Self { metric, reading, written: value.to_owned() })
    }
}

/// Says what is wrong with the unit, where that is what is wrong.
fn check_unit(metric: Metric, dimension: Dimension, value: &str) -> Result<(), SettingError> {
    let quantity: Quantity = value.parse()?;
    if quantity.fits(dimension) {
        return Ok(());
    }
    let unit = match dimension {
        Dimension::Time => "us",
        Dimension::Bytes => "MB",
        Dimension::Rate => "/s",
        Dimension::Ratio | Dimension::Count => return Err(wrong_domain(metric, value)),
    };
    if quantity.unit() == Unit::One {
        return Err(SettingError::NoUnit { metric, value: value.to_owned(), unit });
    }
    Err(wrong_domain(metric, value))
}

fn wrong_domain(metric: Metric, value: &str) -> SettingError {
    SettingError::Domain { metric, value: value.to_owned(), wanted: metric.domain().describe() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<Setting>().unwrap_err().to_string()
    }

    #[test]
    fn a_setting_is_a_metric_and_a_reading() {
        let setting: Setting = "dataset = 60MB".parse().unwrap();
        assert_eq!(setting.metric.to_string(), "memory.dataset");
        assert_eq!(setting.written, "60MB");
        for good in ["P99=11us", "headroom.exec=5%", "frag=1.6", "allocator=libc", "server.keys=3"]
        {
            assert!(good.parse::<Setting>().is_ok(), "{good}");
        }
        assert!("server.version=7.0.15".parse::<Setting>().is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write() {
        for (text, message) in [
            ("dataset", "`dataset` sets nothing; write METRIC=VALUE, such as `dataset=60MB`"),
            ("P99=", "`P99=` sets nothing; write METRIC=VALUE, such as `dataset=60MB`"),
            ("datset=60MB", "unknown metric `datset`; did you mean `dataset`?"),
            ("P99=11usec", "unknown unit `usec`; did you mean `us`?"),
            ("P99=11", "`11` has no unit; write a unit, such as `rtt.p99=11us`"),
            ("P99=60MB", "rtt.p99 is a time, such as `12us`; it can't be `60MB`"),
            (
                "frag=60MB",
                "memory.allocator_frag_ratio is a ratio, such as `1.5` or `5%`; it can't be `60MB`",
            ),
            ("server.keys=5%", "server.keys is a count, such as `1000`; it can't be `5%`"),
            ("P99=fast", "`fast` is not a quantity; write a number and a unit, such as `12us`"),
            (
                "server.version=new",
                "server.version is a version, such as `7.0.15`; it can't be `new`",
            ),
        ] {
            assert_eq!(refused(text), message);
        }
    }
}
