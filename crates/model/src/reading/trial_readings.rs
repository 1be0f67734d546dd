//! What one trial says of each metric.

use crate::metric::{Domain, Metric, MetricPlace};
use crate::reading::metric_reading::{Reading, ReadingError};

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

    /// Adds or replaces a reading that is of the metric's domain.
    pub(crate) fn put(&mut self, metric: Metric, reading: Reading) {
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

    /// Adds the reading of a metric that is behind all that have one.
    pub(crate) fn push(&mut self, metric: Metric, reading: Reading) {
        self.held.push(reading);
        let at = u8::try_from(self.held.len());
        if let (Some(place), Ok(at)) = (self.places.get_mut(metric.index()), at) {
            *place = at;
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

#[cfg(test)]
mod tests {
    use super::*;

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
