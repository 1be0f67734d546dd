//! Shares of one reading in another.

use phasegate_model::{Decimal, Measured, MissingReason, Reading};

/// How many decimal places a share is given to: hundredths of a percent.
pub(crate) const PLACES: u32 = 4;

/// `1 - part / whole`. It is negative where the part is larger than the whole, and known as well
/// as the buckets of both. Without one of the two it is missing for the same reason.
pub(crate) fn one_minus(part: &Reading, whole: &Reading) -> Reading {
    share(part, whole, |part, whole| Some(Decimal::ONE - part.checked_div(whole)?))
}

/// `whole / part - 1`, by how much more `whole` is. Otherwise as [`one_minus`].
pub(crate) fn more_than(part: &Reading, whole: &Reading) -> Reading {
    share(part, whole, |part, whole| Some(whole.checked_div(part)? - Decimal::ONE))
}

/// A share that falls with `part` and grows with `whole`.
fn share(
    part: &Reading,
    whole: &Reading,
    of: impl Fn(Decimal, Decimal) -> Option<Decimal>,
) -> Reading {
    let (part, whole) = match (part.number(), whole.number()) {
        (Some(part), Some(whole)) => (part, whole),
        (None, _) => return missing_as(part),
        (_, None) => return missing_as(whole),
    };
    let low = of(part.high(), whole.low());
    let value = of(part.value(), whole.value());
    let high = of(part.low(), whole.high());
    // What holds the exact share must hold the rounded one as well, so the ends are rounded alike.
    let places = |share: Option<Decimal>| share.map(|share| share.round_dp(PLACES).normalize());
    match (places(low), places(value), places(high)) {
        (Some(low), Some(value), Some(high)) => Measured::within(low, value, high)
            .map_or_else(|| Reading::exact(value), Reading::Number),
        _ => of_zero(),
    }
}

/// A share of zero.
pub(crate) fn of_zero() -> Reading {
    Reading::missing(MissingReason::Unreadable, "it would be a share of zero")
}

/// Missing for the reason that another reading is.
pub(crate) fn missing_as(reading: &Reading) -> Reading {
    match reading {
        Reading::Missing(missing) => Reading::Missing(missing.clone()),
        _ => not_measured(),
    }
}

/// Missing because nobody measured it.
pub(crate) fn not_measured() -> Reading {
    Reading::missing(MissingReason::NotMeasured, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(low: u64, value: u64, high: u64) -> Reading {
        Reading::Number(Measured::within(low.into(), value.into(), high.into()).unwrap())
    }

    fn shown(reading: &Reading) -> String {
        match reading {
            Reading::Number(number) => {
                format!("{} in {}..{}", number.value(), number.low(), number.high())
            }
            other => format!("{other:?}"),
        }
    }

    fn exact(nanoseconds: u64) -> Reading {
        Reading::exact(nanoseconds.into())
    }

    #[test]
    fn what_is_left_above_a_part_is_told() {
        assert_eq!(shown(&one_minus(&exact(9_500), &exact(10_000))), "0.05 in 0.05..0.05");
        assert_eq!(shown(&one_minus(&exact(2_500), &exact(10_000))), "0.75 in 0.75..0.75");
    }

    #[test]
    fn a_share_is_known_as_well_as_both_buckets() {
        let share = one_minus(&bucket(9_528, 9_535, 9_535), &bucket(9_928, 9_935, 9_935));
        // 1 - 9535/9928, 1 - 9535/9935, 1 - 9528/9935
        assert_eq!(shown(&share), "0.0403 in 0.0396..0.041");
    }

    #[test]
    fn a_part_above_the_whole_is_told_as_it_is() {
        let share = one_minus(&bucket(10_200, 10_207, 10_207), &bucket(10_000, 10_007, 10_007));
        assert_eq!(shown(&share), "-0.02 in -0.0207..-0.0193");
    }

    #[test]
    fn what_is_more_can_be_more_than_twice_as_much() {
        assert_eq!(shown(&more_than(&exact(10), &exact(35))), "2.5 in 2.5..2.5");
        assert_eq!(shown(&more_than(&exact(10), &exact(9))), "-0.1 in -0.1..-0.1");
    }

    #[test]
    fn a_share_without_one_of_its_two_is_missing_for_the_same_reason() {
        let refused = Reading::missing(MissingReason::Refused, "NOPERM");
        for share in [one_minus, more_than] {
            assert_eq!(share(&refused, &exact(1)), refused);
            assert_eq!(share(&exact(1), &refused), refused);
        }
        assert_eq!(one_minus(&exact(1), &exact(0)), of_zero());
        assert_eq!(more_than(&exact(0), &exact(1)), of_zero());
    }
}
