//! Which readings a metric can have at all.

use phasegate_model::{Decimal, Metric};

/// The least and the greatest reading of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadingRange {
    pub(crate) low: Option<Decimal>,
    pub(crate) high: Option<Decimal>,
    /// Whether readings are whole numbers.
    pub(crate) whole: bool,
}

impl ReadingRange {
    pub(crate) const NONE: Self = Self { low: None, high: None, whole: false };

    /// What the catalogue allows for the metric.
    pub(crate) const fn of(metric: Metric) -> Self {
        let phasegate_model::Bounds { low, high, whole } = metric.bounds();
        Self { low, high, whole }
    }

    pub(crate) fn contain(&self, number: Decimal) -> bool {
        self.low.is_none_or(|low| number >= low) && self.high.is_none_or(|high| number <= high)
    }

    /// Some numbers strictly between, the plainest first.
    pub(crate) fn between(&self, low: Option<Decimal>, high: Option<Decimal>) -> Vec<Decimal> {
        let inside = |number: &Decimal| {
            low.is_none_or(|low| *number > low)
                && high.is_none_or(|high| *number < high)
                && (!self.whole || number.fract().is_zero())
        };
        let two = Decimal::TWO;
        let mut candidates = Vec::new();
        match (low, high) {
            (Some(low), Some(high)) => {
                // A round number first, since people read the witness.
                candidates.extend(plainest(low, high, self.whole));
                let quarter = high.checked_sub(low).map(|width| width / Decimal::from(4));
                for steps in [two, Decimal::ONE, Decimal::from(3)] {
                    let step = quarter.and_then(|quarter| quarter.checked_mul(steps));
                    candidates.extend(step.and_then(|step| low.checked_add(step)));
                }
            }
            (Some(low), None) => {
                for far in [two, Decimal::TEN, Decimal::ONE_HUNDRED] {
                    candidates.extend(low.checked_mul(far).map(|number| number.ceil()));
                    candidates.extend(low.floor().checked_add(far - Decimal::ONE));
                }
            }
            (None, Some(high)) => {
                candidates.push(Decimal::ZERO);
                for far in [two, Decimal::TEN, Decimal::ONE_HUNDRED] {
                    candidates.extend(high.checked_mul(far).map(|number| number.floor()));
                    candidates.extend(high.ceil().checked_sub(far - Decimal::ONE));
                }
            }
            (None, None) => candidates.push(Decimal::ZERO),
        }
        candidates.retain(inside);
        candidates
    }
}

/// The multiple of the largest power of ten that lies strictly between.
fn plainest(low: Decimal, high: Decimal, whole: bool) -> Option<Decimal> {
    let scales = if whole { 0 } else { 20 };
    let large = (0..=20).rev().map(|zeros| Decimal::from_i128_with_scale(10_i128.pow(zeros), 0));
    let small = (1..=scales).map(|places| Decimal::new(1, places));
    // Above zero nothing lies between that is a multiple of a larger step than the upper end.
    let fits = |step: &Decimal| low.is_sign_negative() || *step < high;
    large.chain(small).filter(fits).find_map(|step| {
        let multiple = low.checked_div(step)?.floor().checked_add(Decimal::ONE)?;
        let candidate = multiple.checked_mul(step)?;
        (candidate > low && candidate < high).then(|| candidate.normalize())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plainest_number_between_is_taken() {
        let number = |text: &str| text.parse::<Decimal>().unwrap();
        for (low, high, between) in
            [("10000", "12000", "11000"), ("0", "600000", "100000"), ("1.5", "1.6", "1.51")]
        {
            assert_eq!(plainest(number(low), number(high), false), Some(number(between)));
        }
        assert_eq!(plainest(number("4"), number("5"), true), None);
    }

    #[test]
    fn every_number_offered_lies_between() {
        for low in [None, Some(Decimal::from(-3)), Some(Decimal::ZERO), Some(Decimal::new(5, 2))] {
            for high in [None, Some(Decimal::ONE), Some(Decimal::from(7))] {
                let found = ReadingRange::NONE.between(low, high);
                assert!(!found.is_empty(), "{low:?} {high:?}");
            }
        }
    }
}
