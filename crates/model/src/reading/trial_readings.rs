//! What one trial says of each metric.

use std::collections::BTreeMap;

use crate::metric::{Domain, Metric};
use crate::reading::metric_reading::{Reading, ReadingError};

/// One reading for each metric of a trial. Metrics without an entry were not measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readings(BTreeMap<Metric, Reading>);

/// A metric that is looked up often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricPlace(Metric);

impl Metric {
    /// For those who look up very many readings of it.
    #[must_use]
    pub const fn place(self) -> MetricPlace {
        MetricPlace(self)
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
        self.0.insert(metric, reading);
        Ok(())
    }

    /// The reading of a metric, or nothing if it was not measured.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<&Reading> {
        self.0.get(&metric)
    }

    /// The same for a metric that is looked up often.
    #[must_use]
    pub fn at(&self, place: MetricPlace) -> Option<&Reading> {
        self.get(place.0)
    }

    /// All readings, in the catalogue's order.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, &Reading)> {
        self.0.iter().map(|(metric, reading)| (*metric, reading))
    }

    /// Takes over all readings of `other`; its readings win.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Of readings that are of their metrics' domains.
    pub(super) const fn of(readings: BTreeMap<Metric, Reading>) -> Self {
        Self(readings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::missing::Missing;

    #[test]
    fn what_nobody_asked_for_is_missing_and_says_why() {
        let why = |name: &str| Missing::not_recorded(name.parse().unwrap()).to_string();
        assert_eq!(why("P95"), "not measured: not recorded in this evidence");
        assert_eq!(why("improvement.cpu"), "not measured: not recorded in this evidence");
        assert_eq!(why("P99"), "not measured");
        assert_eq!(why("memory.used"), "not measured");
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
}
