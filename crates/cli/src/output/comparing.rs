//! Two campaigns' figures side by side: what a typical trial of each reads.

use phasegate_model::{Decimal, Metric, Quantity, Readings, Summary, Trial};
use phasegate_rules::typical_reading;
use serde::Serialize;

use crate::output::table::human;

/// What a typical trial reads.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    #[serde(skip)]
    metric: Metric,
    pub(crate) median: Quantity,
    /// Where the typical reading is, as far as the trials tell; nothing if they are too few.
    pub(crate) interval: Option<(Quantity, Quantity)>,
    pub(crate) trials: u32,
}

impl Figure {
    /// Of all trials; nothing if none of them has a number.
    pub(crate) fn of(metric: Metric, trials: &[Trial]) -> Option<Self> {
        let readings: Vec<&Readings> = trials.iter().map(|trial| &trial.readings).collect();
        match typical_reading(metric, &readings).summary {
            Summary::Number { median, interval, n, .. } => {
                Some(Self { metric, median, interval, trials: n })
            }
            Summary::Text { .. } | Summary::Missing { .. } => None,
        }
    }

    pub(crate) fn median(&self) -> String {
        human(self.metric, &self.median)
    }

    /// `9.90 us to 10.1 us`
    pub(crate) fn interval(&self) -> String {
        let human = |end| human(self.metric, end);
        self.interval
            .as_ref()
            .map_or_else(String::new, |(low, high)| format!("{} to {}", human(low), human(high)))
    }

    /// Whether two intervals have something in common; nothing if either isn't known.
    pub(crate) fn overlaps(&self, other: &Self) -> Option<bool> {
        let ends = |figure: &Self| {
            let (low, high) = figure.interval.as_ref()?;
            Some((low.amount(), high.amount()))
        };
        let (first, second) = (ends(self)?, ends(other)?);
        Some(first.0 <= second.1 && second.0 <= first.1)
    }

    /// By what share another median is more than this one.
    pub(crate) fn change_to(&self, other: &Self) -> Option<Decimal> {
        let share = other.median.amount().checked_div(self.median.amount())? - Decimal::ONE;
        Some(share.round_dp(4).normalize())
    }
}

#[cfg(test)]
mod tests {
    use phasegate_model::Dimension;

    use super::*;

    fn figure(median: u32, interval: Option<(u32, u32)>) -> Figure {
        let quantity = |amount: u32| Quantity::from_amount(Dimension::Time, amount.into());
        Figure {
            metric: "rtt.p99".parse().unwrap(),
            median: quantity(median),
            interval: interval.map(|(low, high)| (quantity(low), quantity(high))),
            trials: 8,
        }
    }

    #[test]
    fn intervals_that_touch_overlap_and_an_unknown_one_says_nothing() {
        let overlap = |first, second| figure(1, first).overlaps(&figure(1, second));
        assert_eq!(overlap(Some((1, 3)), Some((3, 4))), Some(true));
        assert_eq!(overlap(Some((1, 9)), Some((3, 4))), Some(true));
        assert_eq!(overlap(Some((5, 9)), Some((3, 4))), Some(false));
        assert_eq!(overlap(Some((1, 3)), None), None);
    }

    #[test]
    fn a_change_is_a_share_of_the_first() {
        let change = |first, second| figure(first, None).change_to(&figure(second, None));
        assert_eq!(change(100, 110), Some(Decimal::new(1, 1)));
        assert_eq!(change(100, 75), Some(Decimal::new(-25, 2)));
        assert_eq!(change(0, 75), None);
    }
}
