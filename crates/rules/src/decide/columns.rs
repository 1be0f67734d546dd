//! The readings of each metric over the trials, gathered once: for the votes, and for what readers
//! are told of them.

use phasegate_model::{Decimal, Domain, Measured, Metric, Readings};

use crate::exact::Digits;

/// What the trials read of some metrics.
pub(crate) struct Columns<'t> {
    trials: &'t [&'t Readings],
    /// Of the numeric metrics, in the catalogue's order; those without a column have to be looked
    /// up in the trials.
    columns: Vec<(Metric, Option<Column>)>,
}

/// What the trials read of one metric, as digits at one scale: whole numbers, which compare and
/// sort at once. There is none if a trial has no reading, or one of too many digits.
pub(crate) struct Column {
    values: Vec<i64>,
    /// The ends of the intervals that hold the readings; empty if all are exact.
    ends: Vec<(i64, i64)>,
    scale: u32,
}

impl<'t> Columns<'t> {
    /// Of these metrics, which are in the catalogue's order.
    pub(crate) fn of(metrics: &[Metric], trials: &'t [&'t Readings]) -> Self {
        let numeric = metrics.iter().filter(|metric| matches!(metric.domain(), Domain::Number(_)));
        let mut columns = Vec::with_capacity(metrics.len());
        columns.extend(numeric.map(|metric| (*metric, Column::of(*metric, trials))));
        Self { trials, columns }
    }

    pub(crate) const fn trials(&self) -> &'t [&'t Readings] {
        self.trials
    }

    pub(crate) fn get(&self, metric: Metric) -> Option<&Column> {
        self.columns.iter().find(|(other, _)| *other == metric)?.1.as_ref()
    }

    /// What so many of the first trials read, in the order of its size.
    pub(crate) fn sorted(self, trials: usize) -> Vec<(Metric, Sorted)> {
        let first = self.trials.get(..trials).unwrap_or(self.trials);
        let sorted = |(metric, column): (Metric, Option<Column>)| match column {
            Some(column) => (metric, column.sorted(trials)),
            None => (metric, Sorted::slowly(metric, first)),
        };
        self.columns.into_iter().map(sorted).collect()
    }
}

impl Column {
    fn of(metric: Metric, trials: &[&Readings]) -> Option<Self> {
        let place = metric.place();
        let values = Vec::with_capacity(trials.len());
        let mut column = Self { values, ends: Vec::new(), scale: 0 };
        for readings in trials {
            let measured = readings.at(place)?.number()?;
            match column.exactly(measured) {
                Some(value) => column.values.push(value),
                None => column.push(measured)?,
            }
        }
        Some(column)
    }

    /// The digits of a reading like nearly all: exact, and not of a finer scale than the others.
    #[inline]
    fn exactly(&self, measured: &Measured) -> Option<i64> {
        let exact = measured.is_exact() && self.ends.is_empty();
        if exact { Digits::of(measured.value())?.at_scale(self.scale) } else { None }
    }

    /// Adds any reading.
    #[inline(never)]
    fn push(&mut self, measured: &Measured) -> Option<()> {
        let digits = [measured.low(), measured.value(), measured.high()].map(Digits::of);
        let [Some(low), Some(value), Some(high)] = digits else { return None };
        self.refine(low.scale().max(value.scale()).max(high.scale()))?;
        if !measured.is_exact() && self.ends.is_empty() {
            self.ends.reserve(self.values.capacity());
            self.ends.extend(self.values.iter().map(|value| (*value, *value)));
        }
        self.values.push(value.at_scale(self.scale)?);
        if !measured.is_exact() || !self.ends.is_empty() {
            self.ends.push((low.at_scale(self.scale)?, high.at_scale(self.scale)?));
        }
        Some(())
    }

    fn refine(&mut self, scale: u32) -> Option<()> {
        if scale > self.scale {
            let ends = self.ends.iter_mut().flat_map(|(low, high)| [low, high]);
            for digits in self.values.iter_mut().chain(ends) {
                *digits = Digits::new(*digits, self.scale).at_scale(scale)?;
            }
            self.scale = scale;
        }
        Some(())
    }

    /// How many of the digits follow the point.
    pub(crate) const fn scale(&self) -> u32 {
        self.scale
    }

    /// The digits of each trial's reading, if all are exact.
    pub(crate) fn exact(&self) -> Option<&[i64]> {
        self.ends.is_empty().then_some(&self.values)
    }

    /// The ends of each trial's interval, unless all readings are exact.
    pub(crate) fn ends(&self) -> &[(i64, i64)] {
        &self.ends
    }

    /// The smallest and the largest reading of so many of the first trials.
    pub(crate) fn range(&self, trials: usize) -> Option<(Decimal, Decimal)> {
        let first = self.values.get(..trials)?;
        let decimal = |digits: &i64| Digits::new(*digits, self.scale).decimal();
        Some((decimal(first.iter().min()?), decimal(first.iter().max()?)))
    }

    fn sorted(self, trials: usize) -> Sorted {
        let Self { values: mut digits, scale, .. } = self;
        digits.truncate(trials);
        digits.sort_unstable();
        Sorted::Digits { digits, scale }
    }
}

/// Amounts in the order of their size.
#[derive(Debug)]
pub(crate) enum Sorted {
    /// As digits at one scale.
    Digits {
        /// The digits.
        digits: Vec<i64>,
        /// How many of them follow the point.
        scale: u32,
    },
    /// As they are, because some have too many digits.
    Decimals(Vec<Decimal>),
}

impl Sorted {
    fn slowly(metric: Metric, trials: &[&Readings]) -> Self {
        let readings = trials.iter().filter_map(|readings| readings.get(metric)?.number());
        let mut decimals: Vec<Decimal> = readings.map(Measured::value).collect();
        decimals.sort_unstable();
        Self::Decimals(decimals)
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Digits { digits, .. } => digits.len(),
            Self::Decimals(decimals) => decimals.len(),
        }
    }

    /// The amount before which there are so many; nothing if there are no more.
    pub(crate) fn get(&self, at: usize) -> Option<Decimal> {
        match self {
            Self::Digits { digits, scale } => {
                digits.get(at).map(|digits| Digits::new(*digits, *scale).decimal())
            }
            Self::Decimals(decimals) => decimals.get(at).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use phasegate_model::Reading;
    use proptest::prelude::*;

    use super::*;
    use crate::exact::tests::decimal;

    fn trial(amount: Decimal) -> Readings {
        let mut readings = Readings::default();
        readings.insert("frag".parse().unwrap(), Reading::exact(amount)).unwrap();
        readings
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn sorting_by_digits_is_sorting(
            values in proptest::collection::vec(decimal(), 0..40), most in 0..40_usize,
        ) {
            let trials: Vec<Readings> = values.iter().copied().map(trial).collect();
            let trials: Vec<&Readings> = trials.iter().collect();
            let columns = Columns::of(&["frag".parse().unwrap()], &trials);
            let (_, found) = columns.sorted(most).pop().unwrap();
            let found: Vec<Decimal> = (0..found.len()).filter_map(|at| found.get(at)).collect();
            let mut first: Vec<Decimal> = values.into_iter().take(most).collect();
            first.sort();
            prop_assert_eq!(found, first);
        }
    }
}
